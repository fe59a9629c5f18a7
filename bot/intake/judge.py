"""What an answer of arXiv means for one category and date. Pure; `schedule` says when to ask.

A daily feed says less than its manual: it may repeat the day before under a new date (with the
version numbers of the moment), stay empty on a holiday without notice, surface a Friday's list
only under Saturday's date, or never carry it. So a listing is judged by its content: `judge` takes
what came back, what is stored and what the calendar expects, and returns the date to which the
listing belongs, the part of it that is news, and the day's new record.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.arxiv.calendar import (
    EASTERN,
    announcement_day,
    is_announcement_day,
    previous_announcement_day,
)
from bot.models import (
    Announcement,
    ArxivId,
    DayRecord,
    Earlier,
    IntakeSource,
    IntakeVerdict,
    Listing,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: a listing, or the sentence that says why none did."""

    source: IntakeSource
    asked_at: datetime
    listing: Listing | None = None
    error: str = ""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the store knows when an answer is judged.

    ``announced`` maps each identifier of the answer that the category announced on another date
    than the one to which the listing belongs (`belongs_to`) to those announcements; ``stored``
    holds the identifiers already stored for that date. ``usual`` is the category's usual number
    of papers, None while unknown. ``previous`` is the record of the last announcement day before
    the listing's stamp.
    """

    announced: Mapping[ArxivId, Collection[Earlier]]
    stored: Collection[ArxivId] = ()
    usual: int | None = None
    previous: DayRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The new record of the day asked for, and what is to be stored under which date.

    ``accepted`` carries the right announcement date and only what is news; ``of_previous`` is
    the new record of an earlier day when the listing turned out to be that day's.
    """

    record: DayRecord
    accepted: Listing | None = None
    of_previous: DayRecord | None = None


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

HELD_FOR = timedelta(hours=3)
"""How long a listing is held back that may be the one of the day before."""

# --- judging -------------------------------------------------------------------------------------


def listing_day(stamp: date, today: date, previous: DayRecord | None) -> date:
    """Return the announcement date of a fresh listing that carries the date ``stamp``.

    ArXiv announces nothing for Saturdays, Sundays and the days after holidays: a listing under
    such a date is that of the announcement day before it (six Friday lists of 2024 to 2026
    surfaced only on Saturday). A weekday that we take for a holiday keeps its listing when the
    day before has its own.
    """
    stamp = min(stamp, today)
    if is_announcement_day(stamp):
        return stamp
    has_own = previous is not None and previous.verdict is IntakeVerdict.COMPLETE
    if stamp.weekday() < 5 and has_own:
        return stamp
    return previous_announcement_day(stamp)


def judge(record: DayRecord, answer: Answer, knowledge: Knowledge) -> Judgement:
    """Judge what a source answered when it was asked for ``record``'s day."""
    record = _asked(record, answer)
    if answer.listing is None:
        return Judgement(record=_failed(record, answer))
    record = replace(record, failures=0, failing_since=None, not_before=None, error="")
    if not answer.listing.announcements:
        return Judgement(record=_empty(record, answer))
    is_feed = answer.source is IntakeSource.FEED
    if is_feed and repeated_share(answer.listing, knowledge.announced) > REPEATED_SHARE:
        return Judgement(record=_stale(record, answer))
    if is_feed and _may_be_of_previous(record, answer, knowledge):
        return Judgement(record=_held(record, answer, knowledge))
    return _fresh(record, answer, answer.listing, knowledge)


def _may_be_of_previous(record: DayRecord, answer: Answer, knowledge: Knowledge) -> bool:
    """Whether a listing that looks fresh may repeat a day before that we never saw.

    Held back for some hours only: the day before is asked for meanwhile, and if nobody answers
    the listing counts as what its date says.
    """
    before = knowledge.previous
    if before is None or before.is_closed or knowledge.stored:
        return False
    if not is_announcement_day(record.day):
        return False
    if before.verdict is not None and before.verdict.has_listing:
        return False
    return record.held_since is None or answer.asked_at < record.held_since + HELD_FOR


def _held(record: DayRecord, answer: Answer, knowledge: Knowledge) -> DayRecord:
    before = knowledge.previous
    day = before.day if before is not None else "the day before"
    return replace(
        record,
        verdict=IntakeVerdict.STALE,
        source=answer.source.value,
        held_since=record.held_since or answer.asked_at,
        reason=f"may repeat {day}, which is not known yet",
    )


def news_of(
    listing: Listing, announced: Mapping[ArxivId, Collection[Earlier]]
) -> tuple[Announcement, ...]:
    """Return what the category had not announced before.

    A paper is new or cross-listed in a category once. Replacements all count: the version that
    is stored for another date may be a later one than that date's (the query API knows only the
    latest), so it proves nothing.
    """
    return tuple(
        entry
        for entry in listing.announcements
        if entry.announce_type.is_replacement or entry.paper.arxiv_id not in announced
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


def _asked(record: DayRecord, answer: Answer) -> DayRecord:
    if answer.source is IntakeSource.FEED:
        return replace(record, feed_asked_at=answer.asked_at)
    return replace(record, catchup_asked_at=answer.asked_at)


def _failed(record: DayRecord, answer: Answer) -> DayRecord:
    failures = record.failures + 1
    wait_s = max(answer.retry_after_s or 0, _backoff_s(record, answer))
    record = replace(
        record,
        failures=failures,
        failing_since=record.failing_since or answer.asked_at,
        not_before=answer.asked_at + timedelta(seconds=wait_s),
        error=answer.error,
    )
    if record.verdict not in (None, IntakeVerdict.FAILED):
        return record  # what is known of the day stays known
    return replace(record, verdict=IntakeVerdict.FAILED, reason=answer.error)


def _backoff_s(record: DayRecord, answer: Answer) -> float:
    """Return the pause after a failure: a minute, doubled each time up to an hour, and a bit more.

    The bit, up to a quarter, comes from the moment of the answer: hosts that failed together do
    not come back together.
    """
    seed = f"{record.category} {record.day} {answer.asked_at.isoformat()}".encode()
    share = hashlib.sha256(seed).digest()[0] / 256
    minutes = min(1 << min(record.failures, 6), 60)
    return 60 * minutes * (1 + share / 4)


def _empty(record: DayRecord, answer: Answer) -> DayRecord:
    if record.verdict is not None and record.verdict.has_listing:
        return record  # the stored listing outweighs a feed that was emptied later
    if not is_announcement_day(record.day):
        verdict, reason = IntakeVerdict.EMPTY_EXPECTED, "no announcement on this day"
    else:
        verdict = IntakeVerdict.EMPTY_UNEXPECTED
        reason = f"the {answer.source} is empty on a day that should have a listing"
    is_over = (
        answer.source is IntakeSource.CATCHUP and announcement_day(answer.asked_at) > record.day
    )
    if is_over and record.verdict is IntakeVerdict.STALE:
        reason = f"{record.reason}; the catch-up page has none: taken for a holiday"
    elif is_over:
        reason = "feed and catch-up page are empty: taken for a holiday"
    return replace(
        record, verdict=verdict, source=answer.source.value, reason=reason, is_closed=is_over
    )


def _stale(record: DayRecord, answer: Answer) -> DayRecord:
    if record.verdict is not None and record.verdict.has_listing:
        return record
    if not is_announcement_day(record.day):
        return replace(
            record,
            verdict=IntakeVerdict.EMPTY_EXPECTED,
            source=answer.source.value,
            reason="no announcement on this day; the feed repeats an earlier one",
        )
    return replace(
        record,
        verdict=IntakeVerdict.STALE,
        source=answer.source.value,
        reason=f"the {answer.source} repeats an earlier day under this date",
    )


def _fresh(record: DayRecord, answer: Answer, listing: Listing, knowledge: Knowledge) -> Judgement:
    day = belongs_to(record, answer, listing, knowledge.previous)
    # The catch-up page is arXiv's own record of the date, and knows no versions to compare.
    is_record = answer.source is IntakeSource.CATCHUP
    news = listing.announcements if is_record else news_of(listing, knowledge.announced)
    accepted = replace(listing, announced_on=day, announcements=news)
    if day == record.day:
        return Judgement(record=_read(record, answer, accepted, knowledge), accepted=accepted)
    added = {entry.paper.arxiv_id for entry in news} - set(knowledge.stored)
    if not added:
        return Judgement(record=_stale(record, answer))
    return _elsewhere(record, accepted, knowledge, len(added))


def belongs_to(
    record: DayRecord, answer: Answer, listing: Listing, previous: DayRecord | None
) -> date:
    """Return the announcement date of what came back.

    The catch-up page answers for the date it was asked for; the feed's stamp is judged.
    """
    if answer.source is IntakeSource.CATCHUP:
        return record.day
    today = announcement_day(answer.asked_at)
    return listing_day(listing.announced_on, today, previous)


def _read(record: DayRecord, answer: Answer, accepted: Listing, knowledge: Knowledge) -> DayRecord:
    """Record a listing of the day itself.

    A second reading settles the day when it is late enough; a short listing is settled only by
    the catch-up page, because a feed may stay half for hours.
    """
    papers = {entry.paper.arxiv_id for entry in accepted.announcements}
    is_known = bool(knowledge.stored) and papers <= set(knowledge.stored)
    is_short = knowledge.usual is not None and len(papers) < knowledge.usual * SHORT_SHARE
    is_late = answer.asked_at >= datetime.combine(record.day, SETTLED_FROM, tzinfo=EASTERN)
    is_record = (
        answer.source is IntakeSource.CATCHUP and announcement_day(answer.asked_at) > record.day
    )
    if not accepted.is_complete:
        verdict, reason = IntakeVerdict.GROWING, "the answer was not the whole listing"
    elif is_short and not is_known:
        verdict = IntakeVerdict.GROWING
        reason = f"{len(papers)} papers where about {knowledge.usual} are usual: read again"
    else:
        verdict, reason = IntakeVerdict.COMPLETE, _how(record)
    return replace(
        record,
        verdict=verdict,
        source=accepted.source,
        reason=reason,
        papers=len(papers | set(knowledge.stored)),
        is_confirmed=is_record or (is_known and is_late and not is_short),
    )


def _how(record: DayRecord) -> str:
    """Say what had gone wrong before the day became complete; nothing for an ordinary day."""
    if record.verdict is None or record.verdict is IntakeVerdict.COMPLETE:
        return record.reason
    return f"complete after: {record.reason}"


def _elsewhere(record: DayRecord, accepted: Listing, knowledge: Knowledge, added: int) -> Judgement:
    """Record a listing that belongs to an earlier day than the one asked for."""
    day = accepted.announced_on
    if is_announcement_day(record.day):
        own = replace(
            record,
            verdict=IntakeVerdict.STALE,
            source=accepted.source,
            reason=f"the feed still carries the listing of {day}",
        )
    else:
        own = replace(
            record,
            verdict=IntakeVerdict.EMPTY_EXPECTED,
            source=accepted.source,
            reason=f"no announcement on this day; the feed carried the listing of {day}",
        )
    before = knowledge.previous
    if before is None or before.day != day:
        before = DayRecord(category=record.category, day=day)
    earlier = replace(
        before,
        verdict=IntakeVerdict.COMPLETE,
        source=accepted.source,
        reason=f"surfaced under the date {record.day}",
        papers=len(knowledge.stored) + added,
    )
    return Judgement(record=own, accepted=accepted, of_previous=earlier)


def expired(record: DayRecord) -> DayRecord:
    """Close a day that left the catch-up window; without the listing it had it counts as missed."""
    is_unknown = record.verdict in (IntakeVerdict.FAILED, IntakeVerdict.STALE, None)
    if is_unknown and is_announcement_day(record.day):
        reason = record.reason or "never asked"
        return replace(record, verdict=IntakeVerdict.MISSED, reason=reason, is_closed=True)
    return replace(record, is_closed=True)
