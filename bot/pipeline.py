"""One announcement day, from arXiv to the outbox. Read this first.

    every tick:
        fetch:  for each watched category and date that is not settled (intake/ask.py)
                    arxiv.client -> arxiv.feeds.parse_feed -> intake.judge -> store.papers
        plan:   for each date, and the channels for which it is due (digest.due) and not decided
                    store.search.match_many(topics)  -> which papers each topic wants
                for each of these channels
                    digest.select.decide             -> what is posted, and why the rest is not
                    digest.build -> digest.rank -> ui.styles: a style renders it
                    store.digests.plan               -> frozen messages (one transaction)
                the same for each channel's week (digest.week), of all its dates
        then delivery (a task of its own): claim -> send -> mark sent

What is due is a question to the database, never state in a scheduler, and every step can be
repeated: storing a listing twice adds nothing, planning a day twice posts nothing twice. So a
restart, a clock jump or a second tick at the same moment is harmless.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache, partial

from bot.arxiv.calendar import (
    announcement_day,
    announcement_days,
    is_announcement_day,
)
from bot.digest.audit import DayAudit, check_listings, count_whereabouts
from bot.digest.build import build_digest
from bot.digest.decided import as_decided, settings_text
from bot.digest.due import digest_due, following, starts_with
from bot.digest.messages import MessageDraft
from bot.digest.models import (
    Cadence,
    Digest,
    DigestEntry,
    ListingCheck,
    Place,
    QuietDays,
    Subscription,
    SubscriptionState,
    Tally,
)
from bot.digest.outlook import KnownDays, Outlook, look_ahead
from bot.digest.quiet import list_quiet_days
from bot.digest.rank import NO_LIKES, Likes, put_best_first, rank
from bot.digest.select import IS_SENT, Decider, Decision, Verdict, cap_papers, merge
from bot.digest.week import (
    WEEK,
    count_shown,
    days_of,
    find_end,
    last_end,
    starts_with_week,
    week_due,
)
from bot.errors import BotError, DatabaseFull, InputError
from bot.intake.ask import Intake, IntakeOutcome
from bot.models import ArxivId, Clock, IntakeVerdict, Listing
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.store.digests import DigestRecord, ListingTimes
from bot.store.outbox.outbox import Parts
from bot.store.store import Store
from bot.ui.pings import roles_to_ping, with_pings
from bot.ui.styles import (
    QUIET_STYLE,
    WEEK_STYLE,
    render_quiet,
    render_quiet_week,
    render_then_cards,
    style_of,
    thread_name,
)

MAX_ASKED = 3
"""Requests to arXiv that a person waits for: they are at least three seconds apart."""

NOT_OUT = (IntakeVerdict.EMPTY_EXPECTED, IntakeVerdict.EMPTY_UNEXPECTED, IntakeVerdict.STALE)
"""What arXiv says of a date while its list is still to come."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What planning one digest came to: how many messages, for which papers."""

    messages: int
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedDay:
    """One date, or the week that ends on it, as it was read for some channels at ``read_at``.

    ``decider`` is that of the papers that some categories announced; ``found`` says by query which
    of them it finds; ``checks`` say how the listings were checked. By channel, ``delivered`` are
    the versions that it was sent, ``offered`` the papers that were not posted but offered, and
    ``parts`` counts the date's messages. ``known_update`` is the number of the last
    update of papers that was stored then.
    ``days`` says of a week's papers when some categories announced each first.
    """

    day: date
    cadence: Cadence
    days: Callable[[tuple[str, ...]], Mapping[ArxivId, date]]
    read_at: datetime
    decider: Callable[[tuple[str, ...]], Decider]
    found: Mapping[str, Collection[ArxivId]]
    checks: Sequence[ListingCheck]
    known_update: int
    delivered: Mapping[int, Mapping[ArxivId, int]]
    offered: Mapping[int, Collection[ArxivId]]
    parts: Mapping[int, Parts]


class Pipeline:
    """The steps of the story above, over one store and one source of listings."""

    def __init__(self, store: Store, intake: Intake, *, now: Clock) -> None:
        self.store = store
        self.intake = intake
        self.now = now
        self._failing: set[tuple[object, ...]] = set()
        self.failed = 0
        """Times that a digest could not be planned, since the start."""

    async def tick(self, on_step: Callable[[], None] = lambda: None) -> int:
        """Do whatever is due now; returns how many messages were planned.

        Calls ``on_step`` whenever it got somewhere: asking for many categories takes minutes.
        """
        messages = await self.plan_due() + await self.plan_quiet()
        on_step()
        async for outcome in self.intake.poll(await self.watched_categories()):
            on_step()
            if outcome.added is not None:
                messages += await self.plan_due()
        return messages

    async def watched_categories(self) -> list[str]:
        """The categories of active subscriptions and those that the settings add."""
        subscriptions = await self.store.subscriptions.list_subscriptions()
        followed = [
            category
            for subscription in subscriptions
            if subscription.state is SubscriptionState.ACTIVE
            for category in subscription.categories
        ]
        return sorted({*followed, *self.intake.rules.categories})

    async def count_as_out(self, categories: Iterable[str]) -> dict[str, date]:
        """Return of each category the newest date whose list may be out, stored or not."""
        today = announcement_day(self.now())
        newest = {each: await self.store.papers.latest_listing_date(each) for each in categories}
        return {category: max(day or today, today) for category, day in newest.items()}

    async def find_late(self, categories: Iterable[str]) -> list[str]:
        """Ask arXiv for today's lists that are not stored; return those that are not out yet.

        It is asked about the first `MAX_ASKED`: a person waits for it.
        """
        today = announcement_day(self.now())
        missing = [
            category
            for category in categories
            if (await self.store.papers.latest_listing_date(category) or date.min) < today
        ]
        if not is_announcement_day(today):
            return []
        outcomes = await self.fetch_listings(missing[:MAX_ASKED])
        return [
            each.record.category
            for each in outcomes
            if each.error is None and each.record.verdict in NOT_OUT
        ]

    async def fetch_listings(self, categories: Iterable[str]) -> list[IntakeOutcome]:
        """Fetch and store today's listing of each category; a failure stops only its own."""
        return [await self.intake.fetch(category) for category in categories]

    async def decide(
        self,
        subscription: Subscription,
        day: date,
        cadence: Cadence = Cadence.DAY,
        *,
        from_scratch: bool = False,
    ) -> tuple[Decision, ...]:
        """Decide for every announced paper of ``day`` whether the channel gets it, and why.

        A week is named by its last day. ``from_scratch`` decides as if nothing had been posted.
        """
        announced = await self._read_day([subscription], day, cadence)
        return await self._decide(
            subscription, _forget_posted(announced) if from_scratch else announced
        )

    async def decide_day_of_week(
        self, subscription: Subscription, day: date
    ) -> tuple[Decision, ...]:
        """Decide for the papers of the week of ``day`` that were announced first on it."""
        end = find_end(day, subscription.weekday)
        announced = await self._read_day([subscription], end, Cadence.WEEK)
        days = announced.days(subscription.categories)
        decisions = await self._decide(subscription, announced)
        return tuple(each for each in decisions if days[each.entry.paper.arxiv_id] == day)

    async def _decide(
        self, subscription: Subscription, announced: AnnouncedDay
    ) -> tuple[Decision, ...]:
        decisions = announced.decider(subscription.categories).decide(
            subscription,
            {topic.name: announced.found[topic.query] for topic in subscription.topics},
            announced.delivered.get(subscription.channel_id, {}),
            announced.offered.get(subscription.channel_id, ()),
        )
        is_week = announced.cadence is Cadence.WEEK
        cap = count_shown(subscription) if is_week else subscription.cap
        posted = [each.entry for each in decisions if each.verdict is Verdict.POST]
        if not cap or len(posted) <= cap:
            return decisions
        if is_week or style_of(subscription.style).is_ranked:
            posted = [*put_best_first(posted, await self._compare(subscription, posted))]
        return cap_papers(decisions, posted[:cap])

    async def _read_day(
        self, subscriptions: Sequence[Subscription], day: date, cadence: Cadence = Cadence.DAY
    ) -> AnnouncedDay:
        """Read what these channels follow of ``day``, and match all their topics at once."""
        read_at, known_update = self.now(), await self.store.edits.last_update()
        days = [day] if cadence is Cadence.DAY else days_of(day)
        categories = sorted({name for each in subscriptions for name in each.categories})
        read = [
            await self.store.papers.get_listing(category, each)
            for each in days
            for category in categories
        ]
        listings = [listing for listing in read if listing is not None]
        queries = {topic.query for each in subscriptions for topic in each.topics}
        arxiv_ids = {entry.paper.arxiv_id for each in listings for entry in each.announcements}
        channel_ids = [each.channel_id for each in subscriptions]
        found = await self._match(queries, arxiv_ids)
        return AnnouncedDay(
            day=day,
            cadence=cadence,
            days=lru_cache(maxsize=16)(partial(_find_days, listings)),
            read_at=read_at,
            decider=lru_cache(maxsize=16)(partial(_make_decider, listings)),
            found=found,
            checks=await self._read_checks(listings) if cadence is Cadence.DAY else (),
            known_update=known_update,
            delivered=await self._read_delivered(channel_ids, arxiv_ids, cadence),
            offered=await self.store.outbox.find_offered(arxiv_ids, cadence),
            parts=await self.store.outbox.count_parts(channel_ids, day, cadence, but=QUIET_STYLE),
        )

    async def _read_checks(self, listings: Sequence[Listing]) -> Sequence[ListingCheck]:
        """Say how the listings of one date were checked."""
        if not listings:
            return ()
        names = [each.category for each in listings]
        return check_listings(await self.store.intake.list_of(names, listings[0].announced_on))

    async def _read_delivered(
        self, channel_ids: Sequence[int], arxiv_ids: Collection[ArxivId], cadence: Cadence
    ) -> Mapping[int, Mapping[ArxivId, int]]:
        outbox = self.store.outbox
        if len(channel_ids) > 1:
            return await outbox.delivered_anywhere(arxiv_ids, cadence)
        (channel_id,) = channel_ids
        return {channel_id: await outbox.delivered_versions(channel_id, arxiv_ids, cadence)}

    async def _match(
        self, texts: Collection[str], arxiv_ids: Collection[ArxivId]
    ) -> Mapping[str, Collection[ArxivId]]:
        """Return for each query which of the papers it finds; the same as a search would."""
        queries: dict[str, Query] = {}
        for text in sorted(texts):
            try:
                queries[text] = parse_query(text)
            except InputError as error:
                # Saved by another version of the language: the topic waits for its admin.
                log.warning("topic not readable: %s", error, extra={"query": text})
        if not queries:
            return dict.fromkeys(texts, ())
        found = await self.store.search.match_many(list(queries.values()), arxiv_ids)
        return {**dict.fromkeys(texts, ()), **dict(zip(queries, found, strict=True))}

    async def preview(
        self,
        subscription: Subscription,
        day: date,
        cadence: Cadence = Cadence.DAY,
        *,
        from_scratch: bool = False,
        with_offered: bool = False,
    ) -> Digest:
        """Build the digest that would be posted for ``day`` now; stores nothing."""
        announced = await self._read_day([subscription], day, cadence)
        if from_scratch:
            announced = _forget_posted(announced)
        if with_offered:
            subscription, announced = replace(subscription, cap=0), _take_back_offers(announced)
        return _build(subscription, announced, await self._decide(subscription, announced))

    async def plan(
        self,
        subscription: Subscription,
        day: date,
        announced: AnnouncedDay | None = None,
        *,
        cadence: Cadence = Cadence.DAY,
        with_offered: bool = False,
    ) -> PlanResult:
        """Put the digest of ``day`` into the outbox; what was posted before is left out.

        A week is named by its last day. ``announced`` is that day as it was read for several
        channels, else it is read for this one. What was only offered is left out, too, unless it
        is to be posted ``with_offered``.
        """
        if announced is None:
            announced = await self._read_day([subscription], day, cadence)
        if with_offered:
            subscription, announced = replace(subscription, cap=0), _take_back_offers(announced)
        parts = announced.parts.get(subscription.channel_id, Parts())
        decisions = await self._decide(subscription, announced)
        digest = _build(subscription, announced, decisions, is_supplement=parts.has_digest)
        likes = await self.likes(subscription, digest)
        drafts = lay_out(subscription, digest, likes=likes, first_part=parts.own + 1)
        if cadence is Cadence.WEEK and not drafts and not parts.own:
            drafts = _say_quiet_week(subscription, digest)
        # If another writer planned part of this, nothing is planned: the next tick decides again.
        decided = DigestRecord(
            channel_id=subscription.channel_id,
            announced_on=day,
            decided_at=announced.read_at,  # what is stored later is a supplement
            announced=digest.tally.announced,
            matching=None if digest.tally.no_topics else digest.tally.matching,
            planned=digest.tally.chosen,
            settings=settings_text(subscription),
            offered=digest.tally.offered,
            cadence=cadence,
        )
        messages = await self.store.digests.plan(
            subscription,
            drafts,
            decided,
            follow=parts.all,
            thread_name=thread_name(digest),
            known_update=announced.known_update,
            now=self.now(),
        )
        return PlanResult(messages=messages, tally=digest.tally)

    async def likes(self, subscription: Subscription, digest: Digest) -> Likes:
        """Say which papers of a digest are like those that its server liked.

        They only order the digest, so it does without rather than fail.
        """
        is_ranked = digest.cadence is Cadence.WEEK or style_of(subscription.style).is_ranked
        return await self._compare(subscription, digest.entries) if is_ranked else NO_LIKES

    async def _compare(self, subscription: Subscription, entries: Sequence[DigestEntry]) -> Likes:
        if not entries:
            return NO_LIKES
        try:
            return await self.store.tastes.compare(
                subscription.guild_id,
                subscription.channel_id,
                subscription.categories,
                [entry.paper for entry in entries],
            )
        except BotError as error:
            log.warning("digest without likes: %s", error)
            return NO_LIKES

    async def explain(
        self, subscription: Subscription, day: date, cadence: Cadence = Cadence.DAY
    ) -> tuple[Decision, ...]:
        """Decide as `decide` does, and say what became of papers that were not posted after all."""
        return await self._explain(
            subscription, await self.decide(subscription, day, cadence), cadence
        )

    async def _explain(
        self, subscription: Subscription, decisions: Sequence[Decision], cadence: Cadence
    ) -> tuple[Decision, ...]:
        before = [each.entry.paper.arxiv_id for each in decisions if each.verdict in IS_SENT]
        statuses = await self.store.arrivals.find_statuses(subscription.channel_id, before, cadence)
        return tuple(
            replace(each, delivery=statuses.get(each.entry.paper.arxiv_id)) for each in decisions
        )

    async def audit(
        self,
        subscription: Subscription,
        since: date,
        until: date,
        cadence: Cadence = Cadence.DAY,
    ) -> list[DayAudit]:
        """Account for every paper announced for a channel, date by date, oldest first."""
        days = set(announcement_days(since, min(until, announcement_day(self.now()))))
        for category, day in await self.store.digests.listings_since(since):
            if category in subscription.categories and day <= until:
                days.add(day)
        return [await self._audit_day(subscription, day, cadence) for day in sorted(days)]

    async def _audit_day(self, subscription: Subscription, day: date, cadence: Cadence) -> DayAudit:
        if cadence is Cadence.DAY:
            posted_with, decisions = day, await self.decide(subscription, day)
        else:
            posted_with = find_end(day, subscription.weekday)
            decisions = await self.decide_day_of_week(subscription, day)
        decisions = await self._explain(subscription, decisions, cadence)
        arxiv_ids = [each.entry.paper.arxiv_id for each in decisions]
        posted_on = await self.store.arrivals.find_days(subscription.channel_id, arxiv_ids, cadence)
        records = await self.store.intake.list_of(subscription.categories, day)
        return DayAudit(
            day=day,
            papers=count_whereabouts(posted_with, decisions, posted_on),
            records=tuple(records),
        )

    async def outlooks(self, subscriptions: Iterable[Subscription]) -> dict[int, Outlook]:
        """Say by channel which digest comes next, when, and what it waits for."""
        known, now = await self.known_days(), self.now()
        return {each.channel_id: look_ahead(each, known, now=now) for each in subscriptions}

    async def known_days(self) -> KnownDays:
        """Gather what is known of the days whose digests may still be planned."""
        now = self.now()
        since = announcement_day(now - self.intake.rules.catchup_window)
        listings = await self.store.digests.listings_since(since)
        decided = await self.store.digests.list_since(since)
        records = await self.store.intake.list_since(since)
        return KnownDays(
            since=since,
            numbers={place: times.number for place, times in listings.items()},
            ready_at=self._ready(listings),
            decided=decided.keys(),
            unmatched={
                place: record.announced for place, record in decided.items() if record.is_unmatched
            },
            records={(record.category, record.day): record for record in records},
            poll_start=self.intake.rules.poll_start,
            week_ready_at=self._ready(await self._list_week_listings()),
            week_decided=(await self._list_decided_weeks()).keys(),
        )

    def _ready(
        self, listings: Mapping[tuple[str, date], ListingTimes]
    ) -> Mapping[tuple[str, date], datetime]:
        ready = {place: times.ready_at(self.now()) for place, times in listings.items()}
        return {place: at for place, at in ready.items() if at is not None}

    async def _list_week_listings(self) -> Mapping[tuple[str, date], ListingTimes]:
        """List the listings of the weeks that may still be posted: those of two weeks."""
        return await self.store.digests.listings_since(announcement_day(self.now()) - 2 * WEEK)

    async def _list_decided_weeks(self) -> Mapping[tuple[int, date], DigestRecord]:
        since = announcement_day(self.now()) - 2 * WEEK
        return await self.store.digests.list_since(since, Cadence.WEEK)

    async def plan_due(self) -> int:
        """Plan every digest that is due; returns the number of messages."""
        since = announcement_day(self.now() - self.intake.rules.catchup_window)
        listings = await self.store.digests.listings_since(since)
        decided = await self.store.digests.list_since(since)
        due: dict[date, list[Subscription]] = {}
        for subscription in await self.store.subscriptions.list_subscriptions():
            for day in self._due_days_safely(subscription, listings, decided):
                record = decided.get((subscription.channel_id, day))
                settings = record.settings if record else None
                followed = following(subscription, day, self.now())
                due.setdefault(day, []).append(as_decided(followed, settings))
        planned = [await self._plan_day(due[day], day) for day in sorted(due)]
        return sum(planned) + await self._plan_weeks()

    async def _plan_weeks(self) -> int:
        """Plan the last week of each channel with a weekly digest, if it is due."""
        weekly = [
            each
            for each in await self.store.subscriptions.list_subscriptions()
            if Cadence.WEEK in each.cadences and each.state is SubscriptionState.ACTIVE
        ]
        if not weekly:
            return 0
        listings, records = await self._list_week_listings(), await self._list_decided_weeks()
        ready_at, today = self._ready(listings), announcement_day(self.now())
        due: dict[date, list[Subscription]] = {}
        for each in weekly:
            end = last_end(today, each.weekday)
            record = records.get((each.channel_id, end))
            if record is None:
                is_due = self._is_week_due(each, end, ready_at)
            else:
                is_due = any(
                    times.updated_at > record.decided_at
                    for (category, day), times in listings.items()
                    if category in each.categories and day in days_of(end)
                )
            if is_due:
                settings = record.settings if record else None
                due.setdefault(end, []).append(as_decided(each, settings))
        return sum([await self._plan_day(due[end], end, Cadence.WEEK) for end in sorted(due)])

    def _is_week_due(
        self,
        subscription: Subscription,
        end: date,
        ready_at: Mapping[tuple[str, date], datetime],
    ) -> bool:
        try:
            at = week_due(subscription, end, ready_at)
        except Exception as error:
            self._note_failure(error, {"channel": subscription.channel_id})
            return False
        return at <= self.now() and starts_with_week(subscription, at)

    async def plan_quiet(self) -> int:
        """Plan the line of each channel that wants to be told why there is no digest.

        It is told once of a date, and never in a forum, where each date is a post of its own.
        """
        wanting = [
            each
            for each in await self.store.subscriptions.list_subscriptions()
            if each.quiet_days is not QuietDays.NONE
            and each.state is SubscriptionState.ACTIVE
            and each.place is not Place.FORUM
        ]
        if not wanting:
            return 0
        known = await self.known_days()
        told = await self.store.outbox.list_dates_since(known.since)
        return sum(
            [
                await self._safely(
                    self._plan_lines(each, known, told), {"channel": each.channel_id}
                )
                for each in wanting
            ]
        )

    async def _plan_lines(
        self, subscription: Subscription, known: KnownDays, told: Collection[tuple[int, date]]
    ) -> int:
        # Into the channel itself: a thread begins with a digest.
        in_channel = replace(subscription, place=Place.CHANNEL)
        return sum(
            [
                await self.store.outbox.plan(
                    in_channel, quiet.day, [render_quiet(subscription, quiet)], now=self.now()
                )
                for quiet in list_quiet_days(subscription, known, now=self.now())
                if (subscription.channel_id, quiet.day) not in told
            ]
        )

    async def _plan_day(
        self, subscriptions: Sequence[Subscription], day: date, cadence: Cadence = Cadence.DAY
    ) -> int:
        """Plan the digests of one date, whose listings are read and matched once for all."""
        announced: AnnouncedDay | None = None
        try:
            announced = await self._read_day(subscriptions, day, cadence)
        except DatabaseFull:
            raise
        except Exception as error:
            log.warning("channels planned one by one: %s", error)
        return sum(
            [
                await self._safely(
                    self._plan_one(each, day, cadence, announced), _log_fields(each, day)
                )
                for each in subscriptions
            ]
        )

    async def _safely(self, planning: Awaitable[int], fields: Mapping[str, object]) -> int:
        """Plan for one channel; what goes wrong with one never stops the others."""
        try:
            return await planning
        except DatabaseFull:
            raise  # it stops them all: told once, not for each channel
        except Exception as error:
            self._note_failure(error, fields)
            return 0

    async def _plan_one(
        self,
        subscription: Subscription,
        day: date,
        cadence: Cadence,
        announced: AnnouncedDay | None,
    ) -> int:
        result = await self.plan(subscription, day, announced, cadence=cadence)
        fields = {**_log_fields(subscription, day), "papers": result.tally.chosen}
        log.info("digest planned", extra={**fields, "of": result.tally.announced})
        return result.messages

    def _due_days_safely(
        self,
        subscription: Subscription,
        listings: Mapping[tuple[str, date], ListingTimes],
        decided: Mapping[tuple[int, date], DigestRecord],
    ) -> Sequence[date]:
        try:
            return self._due_days(subscription, listings, decided)
        except Exception as error:
            self._note_failure(error, {"channel": subscription.channel_id})
            return []

    def _note_failure(self, error: Exception, fields: Mapping[str, object]) -> None:
        """Count a digest that could not be planned, and log why once: each tick tries again."""
        self.failed += 1
        what = (*fields.values(), str(error))
        if what in self._failing:
            return
        self._failing.add(what)
        if isinstance(error, BotError):
            log.warning("digest not planned: %s", error, extra=fields)
        else:
            log.error("digest not planned", exc_info=error, extra=fields)

    def _due_days(
        self,
        subscription: Subscription,
        listings: Mapping[tuple[str, date], ListingTimes],
        decided: Mapping[tuple[int, date], DigestRecord],
    ) -> Sequence[date]:
        """The dates, oldest first, whose digest is due for the channel and not decided."""
        if subscription.state is not SubscriptionState.ACTIVE:
            return []
        if Cadence.DAY not in subscription.cadences:
            return []
        days = sorted({day for category, day in listings if category in subscription.categories})
        return [day for day in days if self._is_due(subscription, day, listings, decided)]

    def _is_due(
        self,
        subscription: Subscription,
        day: date,
        listings: Mapping[tuple[str, date], ListingTimes],
        decided: Mapping[tuple[int, date], DigestRecord],
    ) -> bool:
        subscription = following(subscription, day, self.now())
        times = [listings.get((category, day)) for category in subscription.categories]
        stored = [each for each in times if each is not None]
        ready = [None if each is None else each.ready_at(self.now()) for each in times]
        due = digest_due(subscription, day, ready)
        if due is None or self.now() < due:
            return False
        record = decided.get((subscription.channel_id, day))
        if record is not None:  # what is added to its lists later is a supplement
            return any(each.updated_at > record.decided_at for each in stored)
        return starts_with(subscription, [each.number for each in stored])


def _build(
    subscription: Subscription,
    announced: AnnouncedDay,
    decisions: Sequence[Decision],
    *,
    is_supplement: bool = False,
) -> Digest:
    is_week = announced.cadence is Cadence.WEEK
    return build_digest(
        subscription,
        announced.day,
        decisions,
        checks=announced.checks,
        is_supplement=is_supplement,
        cadence=announced.cadence,
        days=announced.days(subscription.categories) if is_week else {},
    )


def _find_days(listings: Sequence[Listing], categories: tuple[str, ...]) -> Mapping[ArxivId, date]:
    """Find when some categories announced each paper first; ``listings`` are oldest first."""
    days: dict[ArxivId, date] = {}
    for listing in listings:
        if listing.category in categories:
            for each in listing.announcements:
                days.setdefault(each.paper.arxiv_id, listing.announced_on)
    return days


def _say_quiet_week(subscription: Subscription, digest: Digest) -> tuple[MessageDraft, ...]:
    """Say in one line why a week has no digest, as far as the channel wants to be told."""
    is_told = subscription.quiet_days is QuietDays.ALL or (
        subscription.quiet_days is QuietDays.UNEXPECTED and not digest.tally.announced
    )
    is_quiet = not digest.tally.matching and subscription.place is not Place.FORUM
    return (render_quiet_week(digest),) if is_told and is_quiet else ()


def _forget_posted(announced: AnnouncedDay) -> AnnouncedDay:
    """Read a day as if nothing had been posted or offered in any channel."""
    return replace(announced, delivered={}, offered={})


def _take_back_offers(announced: AnnouncedDay) -> AnnouncedDay:
    """Read a day as if nothing had been offered in any channel."""
    delivered = {
        channel_id: {
            arxiv_id: version
            for arxiv_id, version in versions.items()
            if arxiv_id not in announced.offered.get(channel_id, ())
        }
        for channel_id, versions in announced.delivered.items()
    }
    return replace(announced, delivered=delivered, offered={})


def _make_decider(listings: Sequence[Listing], categories: tuple[str, ...]) -> Decider:
    return Decider(merge(categories, listings))


def lay_out(
    subscription: Subscription, digest: Digest, *, likes: Likes = NO_LIKES, first_part: int = 1
) -> tuple[MessageDraft, ...]:
    """Make the messages of a digest: in the channel's style, the best papers first if it ranks."""
    is_week = digest.cadence is Cadence.WEEK
    style = style_of(WEEK_STYLE if is_week else subscription.style)
    if style.is_ranked:
        digest = rank(digest, top=subscription.top, likes=likes)
    if subscription.place is Place.THREAD and subscription.cards_in_thread:
        drafts = render_then_cards(style, digest, first_part)
    else:
        drafts = style.render(digest, first_part=first_part)
    if drafts and digest.offered:
        offered = tuple((each.paper.arxiv_id, each.least_version) for each in digest.offered)
        drafts = (*drafts[:-1], replace(drafts[-1], offered=offered))
    return with_pings(drafts, roles_to_ping(subscription, digest))


def _log_fields(subscription: Subscription, day: date) -> dict[str, object]:
    return {"channel": subscription.channel_id, "announced_on": day.isoformat()}
