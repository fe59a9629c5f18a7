"""What a reply of arXiv means for one category and date. Pure; `schedule` says when to ask.

A daily feed says less than its manual: it may repeat the day before under a new date (with the
version numbers of the moment), stay empty on a holiday without notice, show a list days late or
only under Saturday's date, or never show it. So a listing is judged by its content, in two steps:
`find_out` tells what came, by comparing it with what is stored, and `VERDICTS` is the table of what
that means, given the day and what was known before.

The catch-up page is arXiv's own record of a date: what it says is believed, and what was stored
for another date on the word of a feed is corrected by it. A feed's list counts without it when the
list of the day before is known; else it is held until the page confirms it, and taken as of
uncertain date when the page cannot be had. OAI-PMH knows when papers were submitted; what it
tells is an estimate, and better than nothing: what another date's list has, moderators held back.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

from bot.arxiv.calendar import (
    EASTERN,
    SATURDAY,
    announcement_day,
    is_announcement_day,
    previous_announcement_day,
)
from bot.models import (
    Announcement,
    ArxivId,
    DayRecord,
    Earlier,
    Inquiry,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
    Listing,
    NearListing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a source answered: a listing, or why there is none."""

    source: IntakeSource
    asked_at: datetime
    listing: Listing | None = None
    error: IntakeReason | None = None
    retry_after_s: float | None = None

    def is_after(self, day: date) -> bool:
        """Whether ``day`` was over by then."""
        return announcement_day(self.asked_at) > day


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the store knows when a reply is judged.

    ``day`` is the date to which the listing belongs (`belongs_to`).
    ``announced`` maps each identifier of the reply that the category announced on another date
    than ``day`` to those announcements; ``stored`` are the identifiers stored for ``day``, which
    are arXiv's own record of it where ``is_record`` says so. ``near`` are the stored listings of
    the dates around it. ``own`` is the record of ``day``, ``previous`` that of the announcement
    day before it. ``usual`` is the category's usual number of papers, None while unknown.
    ``others`` counts the other categories that have a listing of the date asked for.
    """

    day: date
    announced: Mapping[ArxivId, Collection[Earlier]] = field(default_factory=dict)
    stored: Collection[ArxivId] = ()
    is_record: bool = False
    near: Mapping[date, NearListing] = field(default_factory=dict)
    own: DayRecord | None = None
    previous: DayRecord | None = None
    usual: int | None = None
    others: int = 0


class Correction(NamedTuple):
    """These papers were stored for the wrong date; ``to`` is the right one, None if unknown."""

    day: date
    arxiv_ids: frozenset[ArxivId]
    to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The new records of the date asked for and of the list's own, and what is to be stored.

    ``accepted`` carries the right announcement date and only what is news. ``of_own`` is there
    when the list belongs to another date than the one asked for.
    """

    record: DayRecord
    accepted: Listing | None = None
    of_own: DayRecord | None = None
    corrections: tuple[Correction, ...] = ()


REPEATED_SHARE = 0.5
"""A listing of which more was announced on other dates repeats another day. On ordinary days
that share is near zero, in the repeats of March to May 2024 over 0.99."""

RECENT = timedelta(days=4)
"""Two replacements of one paper so near each other are rare, in a repeated listing the rule."""

SHORT_SHARE = 1 / 3
"""A listing with less than this part of the usual number is read twice before it counts as
whole."""

SETTLED_FROM = time(9, 0)
"""A second reading that agrees settles a day from then on, Eastern; an earlier one may be as
stale as the first."""

NEAR = timedelta(days=8)
"""How far the dates around a listing go that are compared with it."""

HELD_FOR = timedelta(hours=3)
"""How long a list waits for its date to be confirmed."""

HELD_BRIEFLY = timedelta(minutes=20)
"""The same if the date before was also waited for: one missed date holds up nothing else."""

# --- the table -----------------------------------------------------------------------------------


class Came(StrEnum):
    """What came."""

    FAILURE = "failure"
    NOTHING = "nothing"
    NONE_ANYWHERE = "none, nor in other categories"
    NONE_HERE = "none, but other categories have one"
    NONE_SUBMITTED = "none submitted"
    REPEAT = "a list of another date"
    EARLIER = "a list of an earlier date, stored for that"
    DENIED = "a list that is not the date's, by the page"
    UNCERTAIN = "a list that may be of the day before"
    UNDATED = "a list whose date nothing confirms"
    ESTIMATE = "a list worked out from submissions"
    PART = "a part"
    SHORT = "suspiciously few papers"
    WHOLE = "a whole list"


class Known(IntEnum):
    """How much was known of a date before, the least first."""

    NOTHING = 0
    EMPTY = 1
    STALE = 2
    HELD = 3
    UNDATED = 4
    PART = 5
    WHOLE = 6


KNOWN: Mapping[IntakeVerdict | None, Known] = {
    None: Known.NOTHING,
    IntakeVerdict.FAILED: Known.NOTHING,
    IntakeVerdict.MISSED: Known.NOTHING,
    IntakeVerdict.EMPTY_EXPECTED: Known.EMPTY,
    IntakeVerdict.EMPTY_UNEXPECTED: Known.EMPTY,
    IntakeVerdict.STALE: Known.STALE,
    IntakeVerdict.HELD: Known.HELD,
    IntakeVerdict.UNDATED: Known.UNDATED,
    IntakeVerdict.GROWING: Known.PART,
    IntakeVerdict.COMPLETE: Known.WHOLE,
}


class Rule(NamedTuple):
    """A line of the table: what ``came`` gives this verdict, if no more than ``most`` was known.

    ``is_expected`` tells days of announcement from the others, None is both.
    """

    came: Came
    is_expected: bool | None
    most: Known
    verdict: IntakeVerdict
    why: IntakeCode | None


Verdict, Code = IntakeVerdict, IntakeCode
# fmt: off
VERDICTS: tuple[Rule, ...] = (
    Rule(Came.FAILURE,        None,  Known.NOTHING, Verdict.FAILED,           None),
    Rule(Came.NOTHING,        False, Known.NOTHING, Verdict.EMPTY_EXPECTED,   Code.NO_ANNOUNCEMENT),
    Rule(Came.NOTHING,        True,  Known.NOTHING, Verdict.EMPTY_UNEXPECTED, Code.EMPTY),
    Rule(Came.NONE_ANYWHERE,  False, Known.NOTHING, Verdict.EMPTY_EXPECTED,   Code.NO_ANNOUNCEMENT),
    Rule(Came.NONE_HERE,      False, Known.NOTHING, Verdict.EMPTY_EXPECTED,   Code.NO_ANNOUNCEMENT),
    Rule(Came.NONE_ANYWHERE,  True,  Known.UNDATED, Verdict.EMPTY_UNEXPECTED, Code.HOLIDAY),
    Rule(Came.NONE_HERE,      True,  Known.HELD,    Verdict.EMPTY_UNEXPECTED, Code.OTHERS_HAVE_ONE),
    Rule(Came.NONE_SUBMITTED, True,  Known.HELD,    Verdict.EMPTY_UNEXPECTED, Code.NONE_SUBMITTED),
    Rule(Came.REPEAT,         False, Known.NOTHING, Verdict.EMPTY_EXPECTED,   Code.REPEATS_EARLIER),
    Rule(Came.REPEAT,         True,  Known.EMPTY,   Verdict.STALE,            Code.REPEATS_EARLIER),
    Rule(Came.EARLIER,        False, Known.EMPTY,   Verdict.EMPTY_EXPECTED,   Code.CARRIES_EARLIER),
    Rule(Came.EARLIER,        True,  Known.EMPTY,   Verdict.STALE,            Code.CARRIES_EARLIER),
    Rule(Came.DENIED,         True,  Known.HELD,    Verdict.STALE,            Code.NOT_ON_PAGE),
    Rule(Came.UNCERTAIN,      True,  Known.STALE,   Verdict.HELD,             Code.MAY_REPEAT),
    Rule(Came.UNDATED,        None,  Known.HELD,    Verdict.UNDATED,          Code.UNCONFIRMED),
    Rule(Came.ESTIMATE,       None,  Known.HELD,    Verdict.UNDATED,          Code.ESTIMATED),
    Rule(Came.PART,           None,  Known.PART,    Verdict.GROWING,          Code.PART),
    Rule(Came.SHORT,          None,  Known.PART,    Verdict.GROWING,          Code.SHORT),
    Rule(Came.WHOLE,          None,  Known.WHOLE,   Verdict.COMPLETE,         None),
)
# fmt: on
"""The first line that fits counts. Where none does, what is known stays known: no poorer reading
takes a listing away, and no verdict flips between two that say the same."""

CLOSING = (Code.HOLIDAY, Code.NONE_SUBMITTED)
"""With these nothing more is asked."""

ACCEPTED = (Came.UNDATED, Came.ESTIMATE, Came.PART, Came.SHORT, Came.WHOLE)
"""What of this came is stored."""


# --- what came -----------------------------------------------------------------------------------


def belongs_to(record: DayRecord, reply: Reply, before: DayRecord | None) -> date:
    """Return the announcement date of what came; ``before`` is the day before the stamp.

    The catch-up page and OAI-PMH answer for the date they were asked for; a feed's stamp is judged.
    """
    if reply.source is not IntakeSource.FEED or reply.listing is None:
        return record.day
    today = announcement_day(reply.asked_at)
    return listing_day(reply.listing.announced_on, today, before)


def listing_day(stamp: date, today: date, before: DayRecord | None) -> date:
    """Return the announcement date of a fresh listing that carries the date ``stamp``.

    ArXiv announces nothing for Saturdays, Sundays and the days after holidays: a listing under
    such a date is that of the announcement day before it (six Friday lists of 2024 to 2026
    surfaced only on Saturday). A weekday that we take for a holiday keeps its listing when the
    day before has its own.
    """
    stamp = min(stamp, today)
    if is_announcement_day(stamp):
        return stamp
    has_own = before is not None and before.verdict is IntakeVerdict.COMPLETE
    if stamp.weekday() < SATURDAY and has_own:
        return stamp
    return previous_announcement_day(stamp)


def find_out(record: DayRecord, reply: Reply, knowledge: Knowledge) -> Came:
    """Say what came when ``record``'s date was asked for."""
    listing = reply.listing
    if listing is None:
        return Came.FAILURE
    if not listing.announcements:
        return _which_nothing(record, reply, knowledge)
    if reply.source is IntakeSource.OAI:
        return Came.ESTIMATE
    if reply.source is IntakeSource.FEED:
        own = _own(record, knowledge)
        if _is_repeat(record, own, listing, knowledge):
            return Came.REPEAT
        if (doubt := _doubt(own, reply, listing, knowledge)) is not None:
            return doubt
    if not listing.is_complete:
        return Came.PART
    ids = ids_of(listing)
    is_news = not _is_known(ids, knowledge)
    return Came.SHORT if is_news and _is_short(ids, knowledge) else Came.WHOLE


def _which_nothing(record: DayRecord, reply: Reply, knowledge: Knowledge) -> Came:
    if reply.source is IntakeSource.OAI:
        # By itself it proves nothing: its records may come later.
        page = record.inquiries.get(IntakeSource.CATCHUP)
        is_sure = page is not None and page.papers == 0
        return Came.NONE_SUBMITTED if is_sure else Came.NOTHING
    if reply.source is IntakeSource.CATCHUP and reply.is_after(record.day):
        return Came.NONE_HERE if knowledge.others else Came.NONE_ANYWHERE
    return Came.NOTHING


def _is_repeat(record: DayRecord, own: DayRecord, listing: Listing, knowledge: Knowledge) -> bool:
    """Whether a feed's list tells nothing new, or is not the one that its date is known to have."""
    if repeated_share(listing, knowledge.announced) > REPEATED_SHARE:
        return True
    if _holds_another(listing, knowledge):
        return True
    if own.day != record.day and not _added(listing, knowledge):
        return True
    return own.verdict is not IntakeVerdict.UNDATED and _is_another(listing, knowledge)


def _holds_another(listing: Listing, knowledge: Knowledge) -> bool:
    """Whether a list has most of what is stored of another date, which may be only its half.

    Replacements do not count: one may follow another.
    """
    common = Counter(
        each.day
        for entry in listing.announcements
        if not entry.announce_type.is_replacement
        for each in knowledge.announced.get(entry.paper.arxiv_id, ())
        if not each.announce_type.is_replacement
    )
    return any(
        count > REPEATED_SHARE * knowledge.near[day].papers
        for day, count in common.items()
        if day in knowledge.near
    )


def _doubt(own: DayRecord, reply: Reply, listing: Listing, knowledge: Knowledge) -> Came | None:
    """Say what makes the date of a feed's fresh list uncertain; None when nothing does."""
    if own.verdict is IntakeVerdict.UNDATED:
        return None if _is_another(listing, knowledge) else Came.UNDATED
    if knowledge.stored or _is_day_before_known(knowledge):
        return None
    if _is_denied(own):
        return Came.DENIED
    before = knowledge.previous
    is_brief = before is not None and before.verdict in (Verdict.UNDATED, Verdict.MISSED)
    patience = HELD_BRIEFLY if is_brief else HELD_FOR
    is_held = own.held_since is None or reply.asked_at < own.held_since + patience
    return Came.UNCERTAIN if is_held else Came.UNDATED


def _is_denied(own: DayRecord) -> bool:
    """Whether the page was asked because of a list, and knows none of that date."""
    page = own.inquiries.get(IntakeSource.CATCHUP)
    if page is None or own.held_since is None:
        return False
    return page.papers == 0 and page.asked_at >= own.held_since


def _is_another(listing: Listing, knowledge: Knowledge) -> bool:
    """Whether a list is another one than what is stored for its date."""
    if not knowledge.stored:
        return False
    ids = ids_of(listing)
    common = len(ids & set(knowledge.stored))
    return common <= REPEATED_SHARE * min(len(ids), len(knowledge.stored))


def _is_day_before_known(knowledge: Knowledge) -> bool:
    """Whether a list of the day before would be recognised as such."""
    stored = knowledge.near.get(previous_announcement_day(knowledge.day))
    before = knowledge.previous
    if stored is not None and (stored.is_record or before is None):
        return stored.is_record or not stored.is_uncertain
    if before is None:
        return False
    if before.verdict in (IntakeVerdict.COMPLETE, IntakeVerdict.GROWING):
        return True
    return before.is_closed and KNOWN[before.verdict] is Known.EMPTY


def _own(record: DayRecord, knowledge: Knowledge) -> DayRecord:
    """Return the record of the date to which the list belongs."""
    if knowledge.day == record.day:
        return record
    return knowledge.own or DayRecord(category=record.category, day=knowledge.day)


def news_of(
    listing: Listing, announced: Mapping[ArxivId, Collection[Earlier]]
) -> tuple[Announcement, ...]:
    """Return what the category had not announced before.

    A paper is new or cross-listed in a category once. Replacements all count: the version that
    is stored for another date may be a later one than that date's (the query API knows only the
    latest), so it proves nothing. Nor does an estimate of another date.
    """
    return tuple(
        entry
        for entry in listing.announcements
        if entry.announce_type.is_replacement
        or all(each.is_estimated for each in announced.get(entry.paper.arxiv_id, ()))
    )


def repeated_share(listing: Listing, announced: Mapping[ArxivId, Collection[Earlier]]) -> float:
    """Return which part of the listing, from 0 to 1, repeats what other dates announced.

    Versions do not decide here: a feed that repeats yesterday's list carries the versions of the
    moment (5 of 182 papers on 21 March 2024 in cs.AI). A replacement may follow another one, but
    hardly within days.
    """
    repeated = sum(
        _repeats(entry, listing.announced_on, announced.get(entry.paper.arxiv_id, ()))
        for entry in listing.announcements
    )
    return repeated / len(listing.announcements)


def _repeats(entry: Announcement, stamp: date, earlier: Collection[Earlier]) -> bool:
    if not entry.announce_type.is_replacement:
        return bool(earlier)
    return any(
        each.version >= entry.paper.version
        or (each.announce_type is entry.announce_type and abs(stamp - each.day) <= RECENT)
        for each in earlier
    )


def _tells(told: Announcement | Earlier, estimated: Announcement | Earlier) -> bool:
    """Whether a list tells of the very announcement that submissions led to on another date.

    ArXiv's moderators hold some submissions for days. A paper is new or cross-listed in a category
    once; no version is a replacement there on one date and announced on another as well.
    """
    if estimated.announce_type.is_replacement:
        return told.version == estimated.version
    return not told.announce_type.is_replacement


def _without_told(
    listing: Listing, announced: Mapping[ArxivId, Collection[Earlier]]
) -> tuple[Announcement, ...]:
    """Return what submissions lead to without what other dates' lists announced.

    A list that has most of it is this date's, shown late, and proves nothing.
    """
    rest = tuple(
        entry
        for entry in listing.announcements
        if not any(
            not each.is_estimated and _tells(each, entry)
            for each in announced.get(entry.paper.arxiv_id, ())
        )
    )
    told = len(listing.announcements) - len(rest)
    return listing.announcements if told > REPEATED_SHARE * len(listing.announcements) else rest


def ids_of(listing: Listing) -> set[ArxivId]:
    return {entry.paper.arxiv_id for entry in listing.announcements}


def _added(listing: Listing, knowledge: Knowledge) -> set[ArxivId]:
    """Return the papers that are neither stored for the list's date nor known from another."""
    news = news_of(listing, knowledge.announced)
    return {entry.paper.arxiv_id for entry in news} - set(knowledge.stored)


def _is_known(ids: Collection[ArxivId], knowledge: Knowledge) -> bool:
    """Whether a reading brings nothing that is not stored."""
    return bool(knowledge.stored) and set(ids) <= set(knowledge.stored)


def _is_short(ids: Collection[ArxivId], knowledge: Knowledge) -> bool:
    return knowledge.usual is not None and len(ids) < knowledge.usual * SHORT_SHARE


# --- what it means -------------------------------------------------------------------------------


def judge(record: DayRecord, reply: Reply, knowledge: Knowledge) -> Judgement:
    """Judge what a source replied when it was asked for ``record``'s date."""
    came = find_out(record, reply, knowledge)
    own = record if came is Came.REPEAT else _own(record, knowledge)
    is_of_record = own is record
    record = _noted(record, reply, came, is_own=is_of_record)
    accepted = _accepted(came, own, reply, knowledge)
    corrections = _corrections(came, own, reply, accepted, knowledge)
    if is_of_record:
        after = _after(record, came, reply, accepted, knowledge)
        return Judgement(record=after, accepted=accepted, corrections=corrections)
    return Judgement(
        record=_ruled(record, Came.EARLIER, reply, knowledge),
        of_own=_after(own, came, reply, accepted, knowledge),
        accepted=accepted,
        corrections=corrections,
    )


def _noted(record: DayRecord, reply: Reply, came: Came, *, is_own: bool) -> DayRecord:
    """Note what came of asking the source."""
    before = record.inquiries.get(reply.source)
    if reply.listing is None:
        inquiry = _failed(record, reply, before)
    else:
        listing = reply.listing
        papers: int | None = len(listing.announcements) + len(listing.skipped)
        if reply.source is IntakeSource.FEED and papers and not (is_own and came in ACCEPTED):
            papers = None  # another date's, or nobody's yet
        inquiry = Inquiry(asked_at=reply.asked_at, papers=papers if listing.is_complete else None)
    return replace(record, inquiries={**record.inquiries, reply.source: inquiry})


def _failed(record: DayRecord, reply: Reply, before: Inquiry | None) -> Inquiry:
    before = before or Inquiry(asked_at=reply.asked_at)
    if reply.error is not None and reply.error.code is IntakeCode.ASKED_TO_WAIT:
        # Nothing was asked: another request's answer said how long to stay away.
        pause = timedelta(seconds=reply.retry_after_s or 0)
        return replace(before, not_before=reply.asked_at + pause, error=reply.error)
    wait_s = max(reply.retry_after_s or 0, _backoff_s(record, reply, before.failures))
    return replace(
        before,
        asked_at=reply.asked_at,
        failures=before.failures + 1,
        failing_since=before.failing_since or reply.asked_at,
        not_before=reply.asked_at + timedelta(seconds=wait_s),
        error=reply.error,
    )


LONGEST_BACKOFF_MIN = 60
REFUSED_FOR_MIN = 30
LONGEST_REFUSED_MIN = 360
"""Who is refused (HTTP 403) keeps away longer: https://info.arxiv.org/help/robots.html."""


def _backoff_s(record: DayRecord, reply: Reply, failures: int) -> float:
    """Return the pause after a failure: doubled each time up to a limit, and a bit more.

    The bit, up to a quarter, comes from the moment of the answer: hosts that failed together do
    not come back together.
    """
    seed = f"{record.category} {record.day} {reply.asked_at.isoformat()}".encode()
    share = hashlib.sha256(seed).digest()[0] / 256
    first, most = 1, LONGEST_BACKOFF_MIN
    if reply.error is not None and reply.error.code is IntakeCode.REFUSED:
        first, most = REFUSED_FOR_MIN, LONGEST_REFUSED_MIN
    minutes = min(first << min(failures, 6), most)
    return 60 * minutes * (1 + share / 4)


def _accepted(came: Came, own: DayRecord, reply: Reply, knowledge: Knowledge) -> Listing | None:
    """Return what is to be stored, under its own date."""
    listing = reply.listing
    if listing is None or came not in ACCEPTED:
        return None
    if came is Came.ESTIMATE and KNOWN[own.verdict] > Known.HELD:
        return None  # a listing tells it better
    news = listing.announcements
    if reply.source is IntakeSource.FEED:
        news = news_of(listing, knowledge.announced)
    elif reply.source is IntakeSource.OAI:
        news = _without_told(listing, knowledge.announced)
    # The catch-up page is arXiv's own record of the date, and knows no versions to compare.
    return replace(listing, announced_on=own.day, announcements=news)


def _after(
    record: DayRecord, came: Came, reply: Reply, accepted: Listing | None, knowledge: Knowledge
) -> DayRecord:
    """Return a date's record after what came for it."""
    record = _ruled(record, came, reply, knowledge)
    if accepted is None:
        return record
    ids = ids_of(accepted)
    is_late = reply.asked_at >= datetime.combine(record.day, SETTLED_FROM, tzinfo=EASTERN)
    is_over = reply.source is IntakeSource.CATCHUP and reply.is_after(record.day)
    is_agreed = _is_known(ids, knowledge) and is_late and not _is_short(ids, knowledge)
    return replace(
        record,
        source=accepted.source,
        papers=len(ids | set(knowledge.stored)),
        is_confirmed=came is Came.WHOLE and (is_over or is_agreed),
        is_closed=False,
    )


def _ruled(record: DayRecord, came: Came, reply: Reply, knowledge: Knowledge) -> DayRecord:
    """Apply the table; what it has no line for stays as it is."""
    is_expected, known = is_announcement_day(record.day), KNOWN[record.verdict]
    for rule in VERDICTS:
        if rule.came is came and rule.is_expected in (None, is_expected) and known <= rule.most:
            break
    else:
        return record
    return replace(
        record,
        verdict=rule.verdict,
        source=reply.source if reply.listing is not None else record.source,
        reason=_reason(rule, record, reply, knowledge),
        held_since=_held_since(came, record, reply),
        is_closed=rule.why in CLOSING,
    )


def _held_since(came: Came, record: DayRecord, reply: Reply) -> datetime | None:
    if came is Came.UNCERTAIN:
        return record.held_since or reply.asked_at
    return record.held_since


def _reason(
    rule: Rule, record: DayRecord, reply: Reply, knowledge: Knowledge
) -> IntakeReason | None:
    """Say why: for a whole listing, what had been wrong before."""
    if rule.why is None:
        return record.reason
    code, listing = rule.why, reply.listing
    is_counted = code in (IntakeCode.SHORT, IntakeCode.ESTIMATED)
    days = {
        IntakeCode.CARRIES_EARLIER: knowledge.day,
        IntakeCode.MAY_REPEAT: previous_announcement_day(record.day),
    }
    return IntakeReason(
        code=code,
        source=reply.source if code in (IntakeCode.EMPTY, IntakeCode.REPEATS_EARLIER) else None,
        day=days.get(code),
        papers=len(listing.announcements) if listing is not None and is_counted else None,
        usual=knowledge.usual if code is IntakeCode.SHORT else None,
    )


# --- what was stored for the wrong date ----------------------------------------------------------


def _corrections(
    came: Came, own: DayRecord, reply: Reply, accepted: Listing | None, knowledge: Knowledge
) -> tuple[Correction, ...]:
    """Find what was stored for a date on the word of a feed, and is known better now.

    A list that is another date's goes there whole: what both lists have (replacements), it has in
    other versions.
    """
    stored = frozenset(knowledge.stored)
    if came is Came.NONE_ANYWHERE and own.verdict is IntakeVerdict.UNDATED:
        return _misplaced(own, stored, knowledge)
    if accepted is None or reply.source is IntakeSource.OAI:
        return ()
    early = _held_back(accepted, knowledge)
    if knowledge.is_record:
        return early
    others = stored - ids_of(accepted)
    if reply.source is IntakeSource.FEED:
        is_undated = own.verdict is IntakeVerdict.UNDATED
        is_other = is_undated and came is not Came.UNDATED
        return (*(_misplaced(own, stored, knowledge) if is_other else ()), *early)
    if not accepted.is_complete:
        return early
    claimed = (*_claimed(accepted, knowledge), *early)
    if len(others) > REPEATED_SHARE * len(stored):
        return (*_misplaced(own, stored, knowledge), *claimed)
    if others and own.verdict is IntakeVerdict.UNDATED:
        return (Correction(own.day, others, None), *claimed)
    return claimed


def _misplaced(
    own: DayRecord, arxiv_ids: frozenset[ArxivId], knowledge: Knowledge
) -> tuple[Correction, ...]:
    """Say where papers belong that are not of the date for which they are stored.

    A feed shows no list of days to come, so they are the day before's, unless that one's own
    record is known.
    """
    if not arxiv_ids:
        return ()
    before = previous_announcement_day(own.day)
    listing = knowledge.near.get(before)
    is_unknown = own.source == IntakeSource.OAI or (listing is not None and listing.is_record)
    return (Correction(own.day, arxiv_ids, None if is_unknown else before),)


def _claimed(accepted: Listing, knowledge: Knowledge) -> tuple[Correction, ...]:
    """Find the papers of a date's own record that are stored for dates near it as well.

    A feed showed the list on another day. A paper is new in a category, or cross-listed, only
    once; a replacement may follow another, but not all of a list's.
    """
    found: list[Correction] = []
    for day, listing in knowledge.near.items():
        if abs(day - accepted.announced_on) > RECENT:
            continue
        common = {
            entry.paper.arxiv_id: entry.announce_type.is_replacement
            for entry in accepted.announcements
            for each in knowledge.announced.get(entry.paper.arxiv_id, ())
            if each.day == day
            and not each.is_estimated
            and each.announce_type.is_replacement == entry.announce_type.is_replacement
        }
        is_same_list = not listing.is_record and len(common) > REPEATED_SHARE * listing.papers
        ids = frozenset(
            arxiv_id for arxiv_id, is_replaced in common.items() if is_same_list or not is_replaced
        )
        if ids:
            found.append(Correction(day, ids, None))
    return tuple(found)


def _held_back(accepted: Listing, knowledge: Knowledge) -> tuple[Correction, ...]:
    """Find what a date's list has of estimates of other dates: moderators held it until then."""
    found: dict[date, set[ArxivId]] = {}
    for entry in accepted.announcements:
        for each in knowledge.announced.get(entry.paper.arxiv_id, ()):
            if each.is_estimated and _tells(entry, each):
                found.setdefault(each.day, set()).add(entry.paper.arxiv_id)
    return tuple(Correction(day, frozenset(ids), None) for day, ids in sorted(found.items()))


def corrected(record: DayRecord, papers: int, day: date) -> DayRecord:
    """Return the record of a date from or to which papers were moved; ``papers`` are there now.

    ``day`` is the date of which arXiv's own record told.
    """
    if not papers:
        reason = IntakeReason(code=IntakeCode.CARRIES_EARLIER, day=day)
        verdict = IntakeVerdict.STALE
    elif record.verdict is None or not record.verdict.has_listing:
        reason = IntakeReason(code=IntakeCode.SURFACED_UNDER, day=day)
        verdict = IntakeVerdict.UNDATED
    else:
        return replace(record, papers=papers)
    return replace(
        record,
        verdict=verdict,
        reason=reason,
        papers=papers,
        is_confirmed=False,
        is_closed=False,
    )


def no_holiday(record: DayRecord) -> DayRecord:
    """Return the record of a date that was taken for a holiday, and was none.

    What the page said does not count: it is asked again at once.
    """
    inquiries = dict(record.inquiries)
    inquiries.pop(IntakeSource.CATCHUP, None)
    reason = IntakeReason(code=IntakeCode.OTHERS_HAVE_ONE)
    return replace(record, reason=reason, inquiries=inquiries, is_closed=False)


def expired(record: DayRecord) -> DayRecord:
    """Close a date that left the catch-up window; without evidence it counts as missed.

    Evidence of an empty date is the word of the page or of OAI-PMH, which closes it, or the
    calendar's. An empty or stale feed proves nothing.
    """
    is_known = record.is_closed or (record.verdict is not None and record.verdict.has_listing)
    if is_known or not is_announcement_day(record.day):
        return replace(record, is_closed=True)
    reason = record.reason
    if record.verdict is None:
        reason = IntakeReason(code=IntakeCode.NEVER_ASKED)
    return replace(record, verdict=IntakeVerdict.MISSED, reason=reason, is_closed=True)
