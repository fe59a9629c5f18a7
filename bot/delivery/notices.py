"""Looks after what is in trouble: tells a channel's admins once, resumes it once; tells the host.

A digest that cannot be posted must not fail in silence, and one notice is enough: what was told
is noted in the database, so that a restart does not tell it again. When arXiv cannot be read for
hours, the host hears of it: a server's admins could do nothing about it.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from bot.arxiv.calendar import announcement_day
from bot.digest.messages import DeliveryRecord
from bot.digest.models import ReasonCode, Subscription, SubscriptionState
from bot.models import Clock, Outage
from bot.store.store import Store
from bot.turns import in_turns
from bot.ui.defects import find_defects, render_defects
from bot.ui.notices import Paused, render_missed, render_notice, render_outages, render_paused
from bot.ui.pause import describe_reason
from bot.ui.pings import say_role_gone

log = logging.getLogger(__name__)

TELL_WITHIN: Final = timedelta(hours=24)
"""How long to try to reach admins; what is older they see in /digest status."""

FAILING_FOR: Final = timedelta(hours=6)
"""How long arXiv may fail before its host hears of it: shorter troubles pass by themselves."""

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)

DEFECTS: Final = "defects_told:"
"""Begins the fact that a channel's admins know what is wrong with its settings."""

NO_ROLES: Final[Mapping[int, Sequence[str]]] = MappingProxyType({})

HOST: Final = 0
"""Stands for the host among the guilds."""

ASKED_WITHIN: Final = timedelta(hours=3)
"""A category that was not asked for so long is not followed any more."""

REFUSED_WITHIN: Final = timedelta(days=30)
"""For so long a message that was refused is posted by itself once its channel takes it."""

GO_AWAY: Final = frozenset(
    {
        ReasonCode.CHANNEL_GONE,
        ReasonCode.GUILD_GONE,
        ReasonCode.CHANNEL_HIDDEN,
        ReasonCode.MAY_NOT_POST,
        ReasonCode.NO_PRIVATE_MESSAGES,
        ReasonCode.THREAD_ARCHIVED,
        ReasonCode.THREAD_LOCKED,
        ReasonCode.MAY_NOT_CREATE_POSTS,
        ReasonCode.TAG_WANTED,
        ReasonCode.MAY_NOT_START_THREADS,
        ReasonCode.MAY_NOT_POST_IN_THREADS,
    }
)
"""Why a channel may be refused that the bot can see go away."""


class Admins(Protocol):
    """The way to the host and a guild's admins, and what is known of its channels."""

    def is_ready(self) -> bool:
        """Whether anyone can be written to, which is not so before Discord has told the guilds."""

    async def tell_host(self, text: str, nonce: str) -> bool | None:
        """Write to the person who runs the bot; answers as `tell_admins` does."""

    async def tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        """Write to them; False when nobody can be reached, None when it may work later."""

    def has_role(self, guild_id: int, role_id: int) -> bool | None:
        """Whether a guild has a role; None when that is not known."""

    def can_post(self, subscription: Subscription) -> bool | None:
        """Whether the bot may post where a digest goes; None when that is not known."""


class Patience:
    """Leaves those alone for a while, ever longer, to whom a notice could not be sent."""

    def __init__(self) -> None:
        self._pauses: dict[int, tuple[datetime, timedelta]] = {}

    def may_try(self, addressee: int, now: datetime) -> bool:
        began, pause = self._pauses.get(addressee, (now, timedelta()))
        return not began <= now < began + pause  # a clock that was set back ends it

    def note(self, addressee: int, told: bool | None, now: datetime) -> None:
        """Note how a try ended, as `Admins.tell_admins` answers."""
        _, pause = self._pauses.pop(addressee, (now, timedelta()))
        if told is None:
            self._pauses[addressee] = now, min(max(2 * pause, FIRST_PAUSE), LONGEST_PAUSE)


class Looked(NamedTuple):
    """What is wrong with a digest's settings, and which roles it pings, with names of topics."""

    subscription: Subscription
    defects: tuple[str, ...]
    roles: Mapping[int, Sequence[str]]


class Caretaker:
    """Call `look_around` every now and then."""

    def __init__(self, store: Store, admins: Admins, *, now: Clock) -> None:
        self._store = store
        self._admins = admins
        self._now = now
        self._could_post: dict[int, bool] = {}
        self._patience = Patience()
        self._looked_at: dict[int, Looked] = {}
        self.defective = 0
        """Digests with something wrong in their settings, when they were last looked at."""

    async def look_around(self, on_step: Callable[[], None] = lambda: None) -> int:
        """Say what is new, resume what can go on; returns how many subscriptions were resumed.

        Calls ``on_step`` whenever it got somewhere: the first look at very many takes a minute.
        """
        if not self._admins.is_ready():
            return 0  # a try now would count as one that failed, and the next come a minute later
        await self._tell()
        await self._tell_host()
        await self._tell_missed()
        subscriptions = await self._store.subscriptions.list_subscriptions()
        resumed = await self._resume(subscriptions)
        if resumed:
            subscriptions = await self._store.subscriptions.list_subscriptions()
        await self._tell_paused(subscriptions)
        await self._look_at(subscriptions, on_step)
        await self._tell_defects([each for each in self._looked_at.values() if each.defects])
        await self._forget_roles([each for each in self._looked_at.values() if each.roles])
        return resumed

    async def _tell(self) -> None:
        unnotified = await self._store.troubles.list_unnotified()
        unnotified.sort(key=lambda record: (record.guild_id, record.channel_id, record.id))
        for (guild_id, channel_id), group in groupby(
            unnotified, key=lambda record: (record.guild_id, record.channel_id)
        ):
            await self._tell_of(guild_id, channel_id, list(group))

    async def _tell_of(
        self, guild_id: int, channel_id: int, records: Sequence[DeliveryRecord]
    ) -> None:
        subscription = await self._store.subscriptions.get_subscription(channel_id)
        if subscription is None:
            # Cancelled with its subscription: the admin who removed it knows.
            await self._note_notified(records)
            return
        paused = _paused(subscription) if _is_paused(subscription) else None
        text = render_notice(channel_id, records, paused)
        told = await self._tell_admins(guild_id, text, _nonce(records))
        oldest = min(record.planned_at for record in records)
        if told is not None or self._now() - oldest > TELL_WITHIN:
            await self._note_notified(records)
            log.info("admins told" if told else "no admin to tell", extra={"guild": guild_id})

    async def _tell_admins(self, guild_id: int, text: str, nonce: str) -> bool | None:
        """Answer as `Admins.tell_admins`; None too while it is too early for another try."""
        now = self._now()
        if not self._patience.may_try(guild_id, now):
            return None
        told = await self._admins.tell_admins(guild_id, text, nonce)
        self._patience.note(guild_id, told, now)
        return told

    async def _note_notified(self, records: Sequence[DeliveryRecord]) -> None:
        await self._store.troubles.mark_notified([record.id for record in records], self._now())

    async def _tell_host(self) -> None:
        """Report categories that could not be read for hours, once until they are read again."""
        now = self._now()
        outages = await self._store.intake.list_outages(asked_since=now - ASKED_WITHIN)
        news = [each for each in outages if not each.is_notified]
        lasts = now - min((each.since for each in news), default=now)
        if lasts < FAILING_FOR:
            return
        told = None
        if self._patience.may_try(HOST, now):
            told = await self._admins.tell_host(render_outages(news, now), _outage_nonce(news))
            self._patience.note(HOST, told, now)
        if told is not None or lasts > FAILING_FOR + TELL_WITHIN:
            categories = [each.category for each in news]
            await self._store.intake.mark_notified(categories, now)
            log.error("arXiv not read for hours", extra={"categories": categories, "told": told})

    async def _tell_missed(self) -> None:
        """Report to the host the listings that could not be read in time, each once."""
        missed = await self._store.intake.list_missed_unnotified()
        now = self._now()
        if not missed or not self._patience.may_try(HOST, now):
            return
        nonce = _digest(f"{each.category}:{each.day}" for each in missed)
        told = await self._admins.tell_host(render_missed(missed), nonce)
        self._patience.note(HOST, told, now)
        if told is not None:
            await self._store.intake.mark_missed_notified(now)

    async def _tell_paused(self, subscriptions: Sequence[Subscription]) -> None:
        """Say what is still paused after a backup was restored: it may have been resumed since."""
        waiting = await self._store.restored.list_paused()
        if not waiting:
            return
        paused = [each for each in subscriptions if each.channel_id in waiting and _is_paused(each)]
        paused.sort(key=lambda each: (each.guild_id, each.channel_id))
        done = waiting.keys() - {each.channel_id for each in paused}
        for guild_id, group in groupby(paused, key=lambda each: each.guild_id):
            mine = {each.channel_id: each for each in group}
            since = max(waiting[channel_id] for channel_id in mine)
            if await self._is_told_of_pauses(guild_id, list(mine.values()), since):
                done |= mine.keys()
        await self._store.restored.forget_paused(done)

    async def _is_told_of_pauses(
        self, guild_id: int, subscriptions: Sequence[Subscription], since: datetime
    ) -> bool:
        """Tell a guild's admins; False while it is worth trying again."""
        text = render_paused([_paused(each) for each in subscriptions])
        channels = [str(each.channel_id) for each in subscriptions]
        told = await self._tell_admins(guild_id, text, _digest([since.isoformat(), *channels]))
        if told is None and self._now() - since <= TELL_WITHIN:
            return False
        log.info("admins told" if told else "no admin to tell", extra={"guild": guild_id})
        return True

    async def _forget_roles(self, pinging: Sequence[Looked]) -> None:
        """Let roles that were deleted no longer be pinged, and tell the admins once."""
        async for subscription, _, roles in in_turns(pinging):
            guild_id = subscription.guild_id
            for role_id, topics in roles.items():
                if self._admins.has_role(guild_id, role_id) is not False:
                    continue
                text = say_role_gone(subscription.channel_id, topics)
                nonce = _digest([str(subscription.channel_id), str(role_id)])
                if await self._tell_admins(guild_id, text, nonce) is not None:
                    await self._store.subscriptions.forget_role(guild_id, role_id)
                    extra = {"channel": subscription.channel_id, "role": role_id}
                    log.warning("role deleted that a digest pinged", extra=extra)

    async def _tell_defects(self, defective: Sequence[Looked]) -> None:
        """Say what is wrong with a digest's settings, once until something else is wrong."""
        self.defective = len(defective)
        for subscription, defects, _ in defective:
            channel_id = subscription.channel_id
            fact, mark = f"{DEFECTS}{channel_id}", _digest([str(channel_id), *defects])
            if await self._store.facts.get(fact) == mark:
                continue
            text = render_defects(channel_id, defects)
            told = await self._tell_admins(subscription.guild_id, text, mark)
            if told is not None:
                await self._store.facts.set(fact, mark)
                log.warning("settings of a digest are wrong", extra={"channel": channel_id})

    async def _look_at(
        self, subscriptions: Sequence[Subscription], on_step: Callable[[], None]
    ) -> None:
        """Look at the settings of each digest that was written since it was looked at.

        What was not is the same object as before (`Roster`); so a look costs next to nothing.
        """
        known = self._looked_at
        written = [
            each
            for each in subscriptions
            if (before := known.get(each.id)) is None or before.subscription is not each
        ]
        async for each in in_turns(written):
            on_step()
            before = known.get(each.id)
            if before is not None and before.subscription == each:
                known[each.id] = before._replace(subscription=each)  # a digest of it was decided
                continue
            known[each.id] = Looked(each, find_defects(each), _roles(each))
        if len(known) > len(subscriptions):
            self._looked_at = {each.id: known[each.id] for each in subscriptions}

    async def _resume(self, subscriptions: Sequence[Subscription]) -> int:
        """Resume what Discord's refusal paused, once the bot may post there (again)."""
        resumed = 0
        paused = [each for each in subscriptions if each.state is SubscriptionState.PAUSED]
        waiting = [each for each in paused if resumes_by_itself(each)]
        ids = {each.channel_id for each in waiting}
        self._could_post = {each: known for each, known in self._could_post.items() if each in ids}
        async for subscription in in_turns(waiting):
            if self._has_changed(subscription):
                await post_refused(self._store, subscription.channel_id, self._now())
                await self._store.subscriptions.resume(subscription.channel_id)
                log.info("subscription resumed", extra={"channel": subscription.channel_id})
                resumed += 1
        return resumed

    def _has_changed(self, subscription: Subscription) -> bool:
        """Whether the bot may post now and did not know so before.

        Where it believed so all along, Discord knows of a reason that the bot does not: going on
        would be refused, paused and told again and again.
        """
        channel_id = subscription.channel_id
        can_post = self._admins.can_post(subscription)
        if can_post is None:
            return False
        could_post = self._could_post.get(channel_id)
        self._could_post[channel_id] = can_post
        return can_post and not could_post


async def post_refused(store: Store, channel_id: int, now: datetime) -> int:
    """Plan again what a channel refused and may take now: Discord said that it is not there."""
    since = announcement_day(now - REFUSED_WITHIN)
    posted = await store.troubles.post_refused(channel_id, GO_AWAY, since, now)
    if posted:
        log.info("refused messages planned again", extra={"channel": channel_id, "n": posted})
    return posted


def resumes_by_itself(subscription: Subscription) -> bool:
    """Whether a digest is paused for a cause that the bot can see go away."""
    because = subscription.paused_because
    return _is_paused(subscription) and because is not None and because.code in GO_AWAY


def _roles(subscription: Subscription) -> Mapping[int, Sequence[str]]:
    """Return the roles that a digest pings, each with the names of its topics."""
    roles: dict[int, list[str]] = {}
    if subscription.ping_role is not None:
        roles[subscription.ping_role] = []
    for topic in subscription.topics:
        if topic.ping_role is not None:
            roles.setdefault(topic.ping_role, []).append(topic.name)
    return roles or NO_ROLES


def _is_paused(subscription: Subscription) -> bool:
    return subscription.state is SubscriptionState.PAUSED


def _paused(subscription: Subscription) -> Paused:
    return Paused(
        channel_id=subscription.channel_id,
        reason=describe_reason(subscription),
        resumes_by_itself=resumes_by_itself(subscription),
    )


def _nonce(records: Sequence[DeliveryRecord]) -> str:
    """Name a notice, so that telling it again at once, after a crash, tells it once."""
    return _digest(f"{record.nonce}:{record.state}" for record in records)


def _outage_nonce(outages: Iterable[Outage]) -> str:
    return _digest(f"{each.category}:{each.since.isoformat()}" for each in outages)


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:24]
