"""One announcement day, from arXiv to the outbox. Read this first.

    every tick:
        fetch:  for each watched category and date that is not settled (intake/ask.py)
                    arxiv.client -> arxiv.feeds.parse_feed -> intake.judge -> store.papers
        plan:   for each date, and the channels for which it is due (planning/due.py)
                    planning.announced           -> the date's lists, read once for all of them,
                                                    and which papers each topic wants
                for each of these channels
                    planning.decisions           -> what is posted, and why the rest is not
                    digest.build -> digest.rank -> ui.layout: a style renders it
                    store.digests.plan           -> frozen messages (a few channels in one
                                                    transaction)
                the same for each channel's week (digest/week.py), of all its dates, and for the
                digests of people (planning/readers.py)
        tell:   for each date without digest, where a channel wants to know why (digest/quiet.py)
        then delivery (a task of its own): claim -> send -> mark sent

What is due is a question to the database, never state in a scheduler, and every step can be
repeated: storing a listing twice adds nothing, planning a day twice posts nothing twice. So a
restart, a clock jump or a second tick at the same moment is harmless. Only that nothing was due for
a channel is remembered, until what that follows from has changed (planning/agenda.py).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final, TypeVar

from bot.digest.decided import settings_text
from bot.digest.messages import MessageDraft
from bot.digest.models import (
    Cadence,
    Digest,
    Place,
    QuietDays,
    Subscription,
    SubscriptionState,
    Tally,
)
from bot.digest.outlook import KnownDays, Outlook, look_ahead
from bot.digest.quiet import list_quiet_days
from bot.errors import BotError, DatabaseFull
from bot.intake.ask import Intake
from bot.log import digest_id, listing_id
from bot.models import Clock
from bot.planning.agenda import Agenda, Look, QuietLook
from bot.planning.announced import AnnouncedDay
from bot.planning.decisions import Decisions
from bot.planning.due import Decided, is_done, last_growth, list_due, list_due_dates
from bot.planning.known import oldest_day, read_known_days
from bot.planning.once import list_lost
from bot.planning.readers import divide, resolve, with_settings
from bot.store.digests import DigestRecord
from bot.store.outbox.outbox import Parts
from bot.store.store import Store
from bot.turns import in_turns
from bot.ui.layout import lay_out, say_quiet
from bot.ui.styles import render_news, render_quiet, thread_name

log = logging.getLogger(__name__)

T = TypeVar("T")

PLANNED_AT_ONCE: Final = 1000
"""Channels whose topics are matched, and whose posted papers are read, together."""

WRITTEN_AT_ONCE: Final = 10
"""Digests of one transaction; it takes the writer some hundredths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What planning one digest came to: how many messages, for which papers."""

    messages: int
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A digest that was decided and rendered: what is left is to ``write`` its messages."""

    tally: Tally
    write: Callable[[], Awaitable[int]]


class Pipeline:
    """The steps of the story above, over one store and one source of listings."""

    def __init__(self, store: Store, intake: Intake, *, now: Clock) -> None:
        self.store = store
        self.intake = intake
        self.now = now
        self.decisions = Decisions(store, now=now)
        self._on_step: Callable[[], None] = lambda: None
        self._agendas = {cadence: Agenda() for cadence in Cadence}
        self._quiet = Agenda()
        self._failing: set[tuple[object, ...]] = set()
        self.failed = 0
        """Times that a digest could not be planned, since the start."""

    async def tick(self, on_step: Callable[[], None] = lambda: None) -> int:
        """Do whatever is due now; returns how many messages were planned.

        Calls ``on_step`` whenever it got somewhere: asking for many categories takes minutes, and
        so does planning for many channels.
        """
        self._on_step = on_step
        active = await self._list_active()
        messages = await self._plan_due(active) + await self._plan_quiet(active)
        on_step()
        async for outcome in self.intake.poll(await self._watch(active)):
            on_step()
            if outcome.added is not None:
                messages += await self.plan_due()
        return messages

    async def watched_categories(self) -> list[str]:
        """The categories of active subscriptions and those that the settings add."""
        return await self._watch(await self._list_active())

    async def _watch(self, active: Sequence[Subscription]) -> list[str]:
        followed = [name for each in active for name in each.categories]
        wanted = await self.store.follows.list_wanted()
        return sorted({*followed, *wanted, *self.intake.rules.categories})

    async def _list_active(self) -> list[Subscription]:
        subscriptions = await self.store.subscriptions.list_subscriptions()
        return [each for each in subscriptions if each.state is SubscriptionState.ACTIVE]

    # -- what is due ---------------------------------------------------------------------------

    async def plan_due(self) -> int:
        """Plan every digest that is due; returns the number of messages."""
        return await self._plan_due(await self._list_active())

    async def _plan_due(self, active: Sequence[Subscription]) -> int:
        people = await self._list_people(active)
        days = await self._plan_cadence(active, people, Cadence.DAY)
        return days + await self._plan_cadence(active, people, Cadence.WEEK)

    async def _plan_cadence(
        self, active: Sequence[Subscription], of_people: Sequence[Subscription], cadence: Cadence
    ) -> int:
        wanting = [each for each in active if cadence in each.cadences]
        people = [each for each in of_people if cadence in each.cadences]
        if not wanting and not people:
            return 0
        now, store = self.now(), self.store.digests
        since = oldest_day(cadence, self.intake.rules, now)
        look = Look(await store.listings_since(since), now)
        chosen = self._agendas[cadence].open(wanting, look)
        decided = await store.list_of([each.channel_id for each in chosen], since, cadence)
        due = await self._find_due(chosen, cadence, look, decided)
        planned = [await self._plan_day(due[day], day, cadence) for day in sorted(due)]
        decided = await store.list_of([each.channel_id for each in people], since, cadence)
        due = await self._find_due(people, cadence, look, decided)
        for day in sorted(due):
            # Those with the same categories beside each other: these are brought together once.
            digests = sorted(due[day], key=lambda each: each.categories)
            digests = await self.store.follows.with_topics(digests)
            digests = with_settings(digests, day, decided)
            planned.append(await self._plan_day(digests, day, cadence))
        if cadence is Cadence.DAY:
            planned.append(await self._plan_lost(wanting, since))
        return sum(planned)

    async def _find_due(
        self, digests: Sequence[Subscription], cadence: Cadence, look: Look, decided: Decided
    ) -> Mapping[date, list[Subscription]]:
        """Find by date which digests are due, and let others have turns meanwhile."""
        grown = last_growth(look.listings)
        due: dict[date, list[Subscription]] = {}
        async for each in in_turns(digests):
            is_quiet = cadence is Cadence.DAY and is_done(each, grown, decided)
            found = () if is_quiet else self._list_due(each, cadence, look, decided)
            if found is not None and not found and each.user_id is None:
                self._agendas[cadence].pass_over(each, look)
            for day, followed in found or ():
                due.setdefault(day, []).append(followed)
        return due

    async def _plan_lost(self, subscriptions: Sequence[Subscription], since: date) -> int:
        """Plan again the digests that left papers to a channel which does not have them now."""
        lost = await list_lost(self.store, subscriptions, since, now=self.now())
        return sum([await self._plan_few([each], day, Cadence.DAY, None) for day, each in lost])

    async def _list_people(self, active: Sequence[Subscription]) -> list[Subscription]:
        """List the digests of people that may be planned, without their topics."""
        digests = [
            each
            for each in await self.store.follows.list_all()
            if each.state is SubscriptionState.ACTIVE
        ]
        watched = tuple(await self._watch(active)) if digests else ()
        return [resolve(each, watched) async for each in in_turns(digests)]

    def _list_due(
        self, subscription: Subscription, cadence: Cadence, look: Look, decided: Decided
    ) -> Sequence[tuple[date, Subscription]] | None:
        """List what is due of a digest; None where that cannot be told, so it is tried again.

        The settings of people come later, with their topics (`with_settings`).
        """
        of_it = list_due if subscription.user_id is None else list_due_dates
        try:
            return of_it(subscription, cadence, look.listings, decided, now=look.now)
        except Exception as error:
            self._note_failure(error, {"channel": subscription.channel_id})
            return None

    async def _plan_day(
        self, subscriptions: Sequence[Subscription], day: date, cadence: Cadence
    ) -> int:
        """Plan the digests of one date, some channels at a time."""
        planned = 0
        for first in range(0, len(subscriptions), PLANNED_AT_ONCE):
            some = subscriptions[first : first + PLANNED_AT_ONCE]
            planned += await self._plan_some(some, day, cadence)
            self._on_step()
        return planned

    async def _plan_some(
        self, subscriptions: Sequence[Subscription], day: date, cadence: Cadence
    ) -> int:
        """Plan the digests of one date, whose listings are read and matched once for these."""
        announced: AnnouncedDay | None = None
        try:
            announced = await self.decisions.read(subscriptions, day, cadence)
        except DatabaseFull:
            raise
        except Exception as error:
            log.warning("channels planned one by one: %s", error)
        if announced is not None and subscriptions[0].user_id is not None:
            subscriptions, quiet = divide(announced, subscriptions)
            await self.store.digests.note_quiet(quiet)
        return sum(
            [
                await self._plan_few(
                    subscriptions[first : first + WRITTEN_AT_ONCE], day, cadence, announced
                )
                for first in range(0, len(subscriptions), WRITTEN_AT_ONCE)
            ]
        )

    async def _plan_few(
        self,
        subscriptions: Sequence[Subscription],
        day: date,
        cadence: Cadence,
        announced: AnnouncedDay | None,
    ) -> int:
        """Prepare a few digests, and write them together."""
        prepared: list[tuple[Subscription, Prepared]] = []
        for each in subscriptions:
            preparing = self._prepare(each, day, announced, cadence)
            one = await self._safely(preparing, _log_fields(each, day, cadence))
            if one is not None:
                prepared.append((each, one))
            await asyncio.sleep(0)  # people press buttons meanwhile
        writing = [
            self._safely(_write(one, each, day, cadence), _log_fields(each, day, cadence))
            for each, one in prepared
        ]
        return sum(filter(None, await asyncio.gather(*writing)))

    # -- one digest ----------------------------------------------------------------------------

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
            announced = await self.decisions.read([subscription], day, cadence)
        if with_offered:
            subscription, announced = replace(subscription, cap=0), announced.take_back_offers()
        prepared = await self._prepare(subscription, day, announced, cadence)
        return PlanResult(messages=await prepared.write(), tally=prepared.tally)

    async def _prepare(
        self,
        subscription: Subscription,
        day: date,
        announced: AnnouncedDay | None,
        cadence: Cadence,
    ) -> Prepared:
        """Decide and render a digest, from the day as it was read or is read now."""
        if announced is None:
            announced = await self.decisions.read([subscription], day, cadence)
        parts = announced.parts.get(subscription.channel_id, Parts())
        decisions = await self.decisions.decide_from(announced, subscription)
        digest = announced.build(subscription, decisions, is_supplement=parts.has_digest)
        likes = await self.decisions.likes(subscription, digest, announced.told)
        drafts = lay_out(subscription, digest, likes=likes, first_part=parts.own + 1)
        place = subscription
        if not drafts and not parts.own:
            drafts = say_quiet(subscription, digest)
            # Into the channel itself: a thread begins with a digest.
            place = replace(subscription, place=Place.CHANNEL) if drafts else subscription
        news = self._say_news(subscription, announced, len(drafts))
        # If another writer planned part of this, nothing is planned: the next tick decides again.
        write = partial(
            self.store.digests.plan,
            place,
            (*drafts, *news),
            _record(subscription, announced, digest),
            follow=parts.all,
            thread_name=thread_name(digest),
            known_update=announced.known_update,
            left={
                each.entry.paper.arxiv_id: each.home for each in decisions if each.home is not None
            },
            now=self.now(),
            tells_news=bool(news),
        )
        return Prepared(tally=digest.tally, write=write)

    def _say_news(
        self, subscription: Subscription, announced: AnnouncedDay, drafts: int
    ) -> Sequence[MessageDraft]:
        """Make the messages about papers that a person follows, after those of the digest."""
        parts = announced.parts.get(subscription.channel_id, Parts())
        news = announced.news.get(subscription.user_id or 0, ())
        if not drafts and parts.own:
            return ()  # what is added to a digest is told by its papers: this waits for the next
        first_part = parts.own + drafts + 1
        return render_news(news, announced.day, first_part=first_part, is_alone=first_part == 1)

    # -- dates without a digest, and those to come ---------------------------------------------

    async def _plan_quiet(self, active: Sequence[Subscription]) -> int:
        """Plan the line of each channel that wants to be told why there is no digest.

        It is told once of a date, and never in a forum, where each date is a post of its own.
        """
        wanting = [
            each
            for each in active
            if each.quiet_days is not QuietDays.NONE and each.place is not Place.FORUM
        ]
        if not wanting:
            return 0
        look = QuietLook(await self.known_days(()), self.now())
        chosen = self._quiet.open(wanting, look)
        if not chosen:
            return 0
        known = await self.known_days(chosen)
        ids = [each.channel_id for each in chosen]
        told = await self.store.outbox.list_dates_of(ids, known.since)
        return await self._plan_all_lines(chosen, known, told, look)

    async def _plan_all_lines(
        self,
        chosen: Sequence[Subscription],
        known: KnownDays,
        told: Collection[tuple[int, date]],
        look: QuietLook,
    ) -> int:
        planned = [
            await self._safely(
                self._plan_lines(each, known, told, look), {"channel": each.channel_id}
            )
            async for each in in_turns(chosen)
        ]
        return sum(filter(None, planned))

    async def _plan_lines(
        self,
        subscription: Subscription,
        known: KnownDays,
        told: Collection[tuple[int, date]],
        look: QuietLook,
    ) -> int:
        days = [
            quiet
            for quiet in list_quiet_days(subscription, known, now=self.now())
            if (subscription.channel_id, quiet.day) not in told
        ]
        if not days:
            self._quiet.pass_over(subscription, look)
            return 0
        # Into the channel itself: a thread begins with a digest.
        in_channel = replace(subscription, place=Place.CHANNEL)
        return sum(
            [
                await self.store.outbox.plan(
                    in_channel, quiet.day, [render_quiet(subscription, quiet)], now=self.now()
                )
                for quiet in days
            ]
        )

    async def outlooks(self, subscriptions: Sequence[Subscription]) -> dict[int, Outlook]:
        """Say by channel which digest comes next, when, and what it waits for."""
        known, now = await self.known_days(subscriptions), self.now()
        return {each.channel_id: look_ahead(each, known, now=now) for each in subscriptions}

    async def known_days(self, subscriptions: Sequence[Subscription]) -> KnownDays:
        """Gather what is known of the days whose digests may still be planned."""
        ids = [each.channel_id for each in subscriptions]
        return await read_known_days(self.store, self.intake.rules, ids, now=self.now())

    # -- what goes wrong -----------------------------------------------------------------------

    async def _safely(self, planning: Awaitable[T], fields: Mapping[str, object]) -> T | None:
        """Plan for one channel; what goes wrong with one (None) never stops the others."""
        try:
            return await planning
        except DatabaseFull:
            raise  # it stops them all: told once, not for each channel
        except Exception as error:
            self._note_failure(error, fields)
            return None

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


async def _write(
    prepared: Prepared, subscription: Subscription, day: date, cadence: Cadence
) -> int:
    """Write a digest, and say so in the log."""
    messages = await prepared.write()
    tally = prepared.tally
    fields = {**_log_fields(subscription, day, cadence), "papers": tally.chosen}
    listings = " ".join(listing_id(each, day) for each in subscription.categories)
    log.info("digest planned", extra={**fields, "of": tally.announced, "listings": listings})
    return messages


def _record(subscription: Subscription, announced: AnnouncedDay, digest: Digest) -> DigestRecord:
    return DigestRecord(
        channel_id=subscription.channel_id,
        announced_on=announced.day,
        decided_at=announced.read_at,  # what is stored later is a supplement
        announced=digest.tally.announced,
        matching=None if digest.tally.no_topics else digest.tally.matching,
        planned=digest.tally.chosen,
        settings=settings_text(subscription),
        offered=digest.tally.offered,
        cadence=announced.cadence,
    )


def _log_fields(
    subscription: Subscription, day: date, cadence: Cadence = Cadence.DAY
) -> dict[str, object]:
    return {
        "digest": digest_id(subscription.channel_id, day, cadence.value),
        "channel": subscription.channel_id,
        "announced_on": day.isoformat(),
    }
