"""The nouns of the project: papers, listings, topics, subscriptions, digests.

Everything here is a frozen value without behaviour beyond small derived properties; nothing
here knows where it came from (a feed, a file) or where it goes (SQLite, Discord).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import NewType

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""

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

    @property
    def is_replacement(self) -> bool:
        return self in (AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS)


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
    """Who told us of a link: arXiv's own address scheme, the authors' text, or a third party."""

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

    @property
    def primary_category(self) -> str | None:
        return self.categories[0] if self.categories and self.is_primary_known else None

    def links_of(self, kind: LinkKind) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.kind is kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A paper as one category's daily listing announced it."""

    paper: Paper
    announce_type: AnnounceType
    position: int
    """Place in the listing, counted from 1 over all sections."""


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
    ``markdown``.
    """

    category: str
    announced_on: date
    announcements: tuple[Announcement, ...]
    source: str
    skipped: tuple[SkippedRecord, ...] = ()
    is_complete: bool = True

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

    @property
    def difference(self) -> tuple[int, int] | None:
        """The papers of the feed and of the page, where both were read whole and differ."""
        feed, page = (
            self.inquiries[source].papers if source in self.inquiries else None
            for source in (IntakeSource.FEED, IntakeSource.CATCHUP)
        )
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
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearListing:
    """A stored listing of a date near the one at hand.

    ``is_record`` says that arXiv's own record of the date told of it. ``papers`` counts them.
    """

    day: date
    papers: int
    is_record: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """How the category announced a paper on another date."""

    day: date
    version: int
    announce_type: AnnounceType


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A saved search of one subscription: a name and a query."""

    name: str
    query: str


class ReasonCode(StrEnum):
    """Why a message is in its state, or a digest is paused; ``bot/ui/reasons.py`` says it.

    The values are stored, so they stay as they are.
    """

    # Discord refuses the channel.
    CHANNEL_GONE = "channel-gone"
    GUILD_GONE = "guild-gone"
    CHANNEL_HIDDEN = "channel-hidden"
    MAY_NOT_POST = "may-not-post"
    NO_PRIVATE_MESSAGES = "no-private-messages"
    NO_TEXT_CHANNEL = "no-text-channel"
    THREAD_ARCHIVED = "thread-archived"
    THREAD_LOCKED = "thread-locked"
    CHANNEL_REFUSED = "channel-refused"

    # Discord refuses the message, or it is not as it was planned.
    MESSAGE_REFUSED = "message-refused"
    DAMAGED = "damaged"
    OTHER_CHANNEL = "other-channel"

    # Certainly not posted, and tried again later.
    RATE_LIMITED = "rate-limited"
    ADDRESS_BANNED = "address-banned"
    ANSWERED_BY_OTHERS = "answered-by-others"
    TEMPORARILY_OFF = "temporarily-off"
    TOKEN_REFUSED = "token-refused"  # noqa: S105
    UNREACHABLE = "unreachable"

    # It may have arrived.
    NO_ANSWER = "no-answer"
    SERVER_ERROR = "server-error"
    WINDOW_OVER = "window-over"
    AFTER_UNSURE_TRY = "after-unsure-try"

    # What the channel's history says, or why it says nothing.
    DELETED = "deleted"
    FOUND = "found"
    NOT_IN_HISTORY = "not-in-history"
    BARE_MESSAGE = "bare-message"
    CHANNEL_UNREADABLE = "channel-unreadable"
    CLOCK_WRONG = "clock-wrong"
    HISTORY_HIDDEN = "history-hidden"
    HISTORY_TOO_LONG = "history-too-long"
    NO_MESSAGES_THERE = "no-messages-there"
    NOT_IN_GUILD = "not-in-guild"
    NOT_READ_YET = "not-read-yet"

    # A backup was put back.
    COPIED = "copied"
    PUT_BACK = "put-back"
    SHOWN_IN_PIECES = "shown-in-pieces"

    # Decided by people or by time.
    GIVEN_UP = "given-up"
    PAUSED_BY_ADMIN = "paused-by-admin"
    POSTED_AGAIN = "posted-again"
    SUBSCRIPTION_DELETED = "subscription-deleted"

    # Written by another version: ``text`` is its sentence or code.
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason with what belongs to it; each code uses the fields that its sentence names.

    ``status`` is an HTTP status, ``discord_code`` one of Discord's error codes (0: none). ``text``
    is what Discord, Python or an earlier version said, ``number`` a count or an identifier, and
    ``because`` the reason behind this one.
    """

    code: ReasonCode
    status: int | None = None
    discord_code: int = 0
    text: str = ""
    number: int | None = None
    because: "Reason | None" = None


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one Discord channel gets: the categories it follows, filtered by its topics.

    ``post_at`` is a local time in ``zone`` (an IANA name); None means as soon as announced.
    ``starts_after`` is the number of the newest listing that was stored before it began.
    Without topics the channel gets every paper of ``announce_types``.
    """

    id: int
    guild_id: int
    channel_id: int
    categories: tuple[str, ...]
    announce_types: tuple[AnnounceType, ...] = (AnnounceType.NEW, AnnounceType.CROSS)
    topics: tuple[Topic, ...] = ()
    post_at: time | None = None
    zone: str = "UTC"
    style: str = "cards"
    state: SubscriptionState = SubscriptionState.ACTIVE
    paused_because: Reason | None = None
    created_at: datetime
    starts_after: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIn:
    """One listing that announced a paper: category, type and place in it."""

    category: str
    announce_type: AnnounceType
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One paper of a digest, with every reason why it is there.

    ``announce_type`` is the weightiest of the listings' (new before cross before replacements).
    """

    paper: Paper
    announce_type: AnnounceType
    listed_in: tuple[ListedIn, ...]
    topics: tuple[str, ...] = ()

    @property
    def least_version(self) -> int:
        """The version, or the least it can be where it is unknown."""
        return least_version(self.paper.version, self.announce_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is posted to one channel for one announcement date.

    ``announced`` counts the distinct papers that the followed categories announced that day with
    the chosen announce types, whether they matched or not: the 47 of '12 of 47 announced'.
    ``is_supplement`` marks papers that reached the listing after a first digest was posted.
    """

    categories: tuple[str, ...]
    announced_on: date
    entries: tuple[DigestEntry, ...]
    announced: int
    is_supplement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDraft:
    """One Discord message to be posted: the JSON body, and the papers that it carries.

    ``body`` has the keys of Discord's create-message body that we use (``content``, ``embeds``,
    ``components``) with JSON values only; it never changes once it is planned.
    """

    style: str
    """The code of the style that made it, and alone can read and split it."""
    body: Mapping[str, object]
    papers: tuple[tuple[ArxivId, int], ...]
    """The identifiers and versions of the papers in this message, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """What everybody sees of a posted message, by which it is recognised.

    ``line`` is the first line of its content, ``papers`` the identifiers and versions that it
    shows, in order. What ``is_stripped`` had papers that cannot be seen any more: an admin can
    remove the embeds of any message.
    """

    line: str
    papers: tuple[tuple[ArxivId, int], ...] = ()
    is_stripped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment by the clocks of the host.

    ``up_s`` counts seconds since ``boot`` (the name of one start of the host), also while the
    process is stopped or the host sleeps. ``wall`` is the time of day, which can be set.
    """

    boot: str
    up_s: float
    wall: datetime


class DeliveryState(StrEnum):
    """What is known about one message.

    ``planned`` is certainly not on Discord, ``sending`` may be; the others are final, unless an
    admin has a failed or unknown one posted again.
    """

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One message of the outbox. ``part`` counts from 1 over a channel's date.

    ``style`` is the code of the style that made it. What is not ``is_intact`` is not as it was
    planned: it was changed in the database. ``has_next`` says whether there was
    something to be sent after it when it was claimed.
    """

    id: int
    subscription_id: int
    guild_id: int
    channel_id: int
    announced_on: date
    part: int
    key: str
    nonce: str
    style: str
    payload: str
    is_intact: bool
    state: DeliveryState
    attempts: int
    not_before: datetime
    planned_at: datetime
    claimed_at: datetime | None
    first_try: Instant | None
    message_id: int | None
    reason: Reason | None
    has_next: bool = field(default=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it was neither posted nor given up."""
        return self.state in (DeliveryState.PLANNED, DeliveryState.SENDING)

    @property
    def is_in_trouble(self) -> bool:
        return self.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)

    @property
    def posted(self) -> "PostedMessage | None":
        """Where it is, as far as that is known."""
        if self.message_id is None:
            return None
        return PostedMessage(
            guild_id=self.guild_id, channel_id=self.channel_id, message_id=self.message_id
        )

    @property
    def body(self) -> Mapping[str, object]:
        """The message as it was planned; empty where that cannot be read."""
        try:
            body = json.loads(self.payload)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage:
    """Where a paper was posted."""

    guild_id: int
    channel_id: int
    message_id: int

    @property
    def url(self) -> str:
        return f"https://discord.com/channels/{self.guild_id}/{self.channel_id}/{self.message_id}"
