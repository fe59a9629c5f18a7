"""The nouns that every room shares: papers, listings, and what is known about listings.

Those of subscriptions and digests are in `bot.digest.models`, of delivery in `bot.digest.messages`.

Everything here is a frozen value without behaviour beyond small derived properties; nothing
here knows where it came from (a feed, a file) or where it goes (SQLite, Discord).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

Clock = Callable[[], datetime]
"""Returns the time, aware and in UTC."""

ArxivId = NewType("ArxivId", str)
"""An arXiv identifier without its version: ``2401.01234`` or ``hep-th/9901001``."""

UNKNOWN_VERSION = 0
"""The version of a paper whose source names none, as arXiv's listing pages do."""


class AnnounceType(StrEnum):
    """How arXiv announced a paper; the values are those of ``<arxiv:announce_type>``."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    __hash__ = str.__hash__  # Python's own for members takes five times as long

    @property
    def is_replacement(self) -> bool:
        return self.startswith("replace")


def least_version(version: int, announce_type: AnnounceType) -> int:
    """Return ``version``, or the least that a paper announced so can have where it is unknown."""
    if version != UNKNOWN_VERSION:
        return version
    return 2 if announce_type.is_replacement else 1


class LinkKind(StrEnum):
    """What a link leads to. A project page is never called code."""

    ABS = "abs"
    PDF = "pdf"
    CODE = "code"
    PROJECT = "project"
    DATA = "data"
    MODEL = "model"


class Provenance(StrEnum):
    """Where a link comes from: arXiv's own address scheme, the authors' text, or a third party."""

    ARXIV = "arxiv"
    ABSTRACT = "abstract"
    COMMENT = "comment"
    HUGGING_FACE = "huggingface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One address that belongs to a paper, and where we learned of it."""

    kind: LinkKind
    url: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The work itself, with text already made readable (Unicode, no TeX or HTML left).

    ``source_title`` and ``source_abstract`` are what the authors submitted (TeX, HTML undone);
    they equal the readable text in most papers. ``categories`` has the primary category first.
    ``authors`` are display names in the paper's order. Fields that a source does not carry are
    empty, never guessed; ``is_primary_known`` is False when only cross-lists are known.
    """

    arxiv_id: ArxivId
    version: int = 1
    title: str
    abstract: str
    source_title: str
    source_abstract: str
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    submitted_at: datetime | None = None
    links: tuple[Link, ...] = ()
    is_primary_known: bool = True

    def __hash__(self) -> int:
        """Hash as little as is enough: caches of what papers look like ask for it all day."""
        return hash(self.arxiv_id)

    @property
    def primary_category(self) -> str | None:
        return self.categories[0] if self.categories and self.is_primary_known else None

    def links_of(self, kind: LinkKind) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.kind is kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Why a paper is to a server's taste.

    ``papers`` counts the liked ones that say one of the ``words`` too; authors are words here. A
    paper that is alike by small words alone names none.
    """

    papers: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likes:
    """How much papers are to a server's taste, above 0 if at all.

    ``explain`` tells why a paper with a score above 0 is: only of those that will say it, as that
    takes ten times as long as the score.
    """

    scores: Mapping[ArxivId, float]
    explain: Callable[[Paper], Likeness]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A paper as one category's daily listing announced it."""

    paper: Paper
    announce_type: AnnounceType
    position: int
    """Place in the listing, counted from 1 over all sections."""

    @property
    def version(self) -> int:
        return self.paper.version


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRecord:
    """A record of a source that could not be read: its name (as far as known) and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one category announced on one date, in arXiv's order.

    ``announced_on`` is arXiv's own date (US/Eastern calendar date of the listing). ``source``
    names the interface or file form it was read from: ``rss``, ``atom``, ``list``, ``catchup``,
    ``markdown``. ``built_at`` is when a feed says that it was made.
    """

    category: str
    announced_on: date
    announcements: tuple[Announcement, ...]
    source: str
    skipped: tuple[SkippedRecord, ...] = ()
    is_complete: bool = True
    built_at: datetime | None = field(default=None, compare=False)

    def counts(self) -> Mapping[AnnounceType, int]:
        counts = dict.fromkeys(AnnounceType, 0)
        for announcement in self.announcements:
            counts[announcement.announce_type] += 1
        return counts


class IntakeSource(StrEnum):
    """Which of arXiv's interfaces is asked what a date announced.

    The daily feed; the catch-up page of the date, arXiv's own record of it; and OAI-PMH, which
    knows when papers were submitted and from which the date can only be worked out.
    """

    FEED = "feed"
    CATCHUP = "catchup"
    OAI = "oai"


class IntakeVerdict(StrEnum):
    """What is known about a category's listing of one date."""

    COMPLETE = "complete"
    GROWING = "growing"
    UNDATED = "undated"
    HELD = "held"
    STALE = "stale"
    EMPTY_EXPECTED = "empty-expected"
    EMPTY_UNEXPECTED = "empty-unexpected"
    MISSED = "missed"
    FAILED = "failed"

    @property
    def has_listing(self) -> bool:
        return self in (IntakeVerdict.COMPLETE, IntakeVerdict.GROWING, IntakeVerdict.UNDATED)


class IntakeCode(StrEnum):
    """Why a date has its verdict, or why a request failed; ``bot/ui/intake.py`` says it.

    The values are stored, so they stay as they are.
    """

    # Nothing to be had.
    NO_ANNOUNCEMENT = "no-announcement"
    EMPTY = "empty"
    HOLIDAY = "holiday"
    OTHERS_HAVE_ONE = "others-have-one"
    NONE_SUBMITTED = "none-submitted"
    NEVER_ASKED = "never-asked"
    BACKFILLED = "backfilled"

    # Another date's listing.
    REPEATS_EARLIER = "repeats-earlier"
    CARRIES_EARLIER = "carries-earlier"
    SURFACED_UNDER = "surfaced-under"
    NOT_ON_PAGE = "not-on-page"

    # A listing whose date is not certain, or that is not whole.
    MAY_REPEAT = "may-repeat"
    UNCONFIRMED = "unconfirmed"
    ESTIMATED = "estimated"
    PART = "part"
    SHORT = "short"

    # What became of a request.
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no-answer"
    TOO_MANY_REQUESTS = "too-many-requests"
    ASKED_TO_WAIT = "asked-to-wait"
    REFUSED = "refused"
    HTTP_STATUS = "http-status"
    REDIRECTED = "redirected"
    NOT_A_LISTING = "not-a-listing"
    IMPOSSIBLE = "impossible"

    # Written by another version: ``text`` is its sentence or code.
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReason:
    """A reason with what belongs to it; each code uses the fields that its sentence names.

    ``source`` is the interface that it is about, ``day`` another date, ``papers`` and ``usual``
    are counts, ``status`` is an HTTP status and ``seconds`` a time. ``text`` is what arXiv, Python
    or an earlier version said.
    """

    code: IntakeCode
    source: IntakeSource | None = None
    day: date | None = None
    papers: int | None = None
    usual: int | None = None
    status: int | None = None
    seconds: float | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What came of asking one source about a date.

    ``failures`` counts the failed requests in a row, ``failing_since`` is the time of the first and
    ``error`` says what was wrong with the last; ``not_before`` is when it may be asked again.
    ``papers`` counts what the last answer held, None when there was none.
    """

    asked_at: datetime
    papers: int | None = None
    failures: int = 0
    failing_since: datetime | None = None
    not_before: datetime | None = None
    error: IntakeReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """Everything remembered about one category and date; ``day`` is an Eastern date.

    ``source`` names the form in which the listing was read last, ``papers`` counts what is stored
    of it. ``held_since`` is when a listing was first held back because its date was not certain.
    ``is_confirmed`` says that a second reading agreed, ``is_closed`` that nothing more is asked.
    """

    category: str
    day: date
    verdict: IntakeVerdict | None = None
    source: str | None = None
    reason: IntakeReason | None = None
    papers: int = 0
    inquiries: Mapping[IntakeSource, Inquiry] = field(default_factory=dict)
    held_since: datetime | None = None
    is_confirmed: bool = False
    is_closed: bool = False

    @property
    def error(self) -> IntakeReason | None:
        """Why the feed could not be read, or another source where the listing depends on it."""
        is_there = self.verdict is not None and self.verdict.has_listing
        sources = (IntakeSource.FEED,) if is_there else tuple(IntakeSource)
        errors = (self.inquiries[each].error for each in sources if each in self.inquiries)
        return next((error for error in errors if error is not None), None)

    def papers_of(self, source: IntakeSource) -> int | None:
        """Return how many papers the last answer of a source held; None without one."""
        return self.inquiries[source].papers if source in self.inquiries else None

    @property
    def difference(self) -> tuple[int, int] | None:
        """The papers of the feed and of the page, where both were read whole and differ."""
        feed, page = self.papers_of(IntakeSource.FEED), self.papers_of(IntakeSource.CATCHUP)
        if feed is None or page is None or feed == page or not page:
            return None
        return feed, page


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStatus:
    """How things stand with a category: its newest record, and when arXiv is asked next."""

    record: DayRecord
    next_poll: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedStep:
    """A verdict that a date had from ``at`` on, and why."""

    at: datetime
    verdict: IntakeVerdict
    reason: IntakeReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A category that cannot be read, since when, and why the last request failed."""

    category: str
    since: datetime
    error: IntakeReason | None
    is_notified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearListing:
    """A stored listing of a date near the one at hand.

    ``is_record`` says that arXiv's own record of the date has it, ``is_uncertain`` that it came
    from a file and nothing confirms its date. ``papers`` counts them.
    """

    day: date
    papers: int
    is_record: bool = False
    is_uncertain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """How the category announced a paper on another date.

    ``is_estimated`` says that submissions alone tell so: the date may be too early.
    """

    day: date
    version: int
    announce_type: AnnounceType
    is_estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingStatus:
    """One stored listing in numbers."""

    category: str
    announced_on: date
    counts: Mapping[AnnounceType, int]
    source: str
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPaper:
    """A paper with the date of its first announcement, as the store knows it.

    ``is_date_estimated`` says that the date was worked out (from a metadata snapshot), not read
    from a listing. ``key`` orders papers by announcement; it is opaque outside the store.
    """

    paper: Paper
    announced_on: date
    is_date_estimated: bool
    key: int
