"""After a backup was restored: learn from the channels what they already have.

The database then knows less than Discord, and planning from it would post papers again. So each
subscribed channel is read as far back as the copy does not know it, or as anything could be
planned, and what it shows counts as delivered. So does what the copy has in trouble and an admin
had posted again since. A channel that cannot be read is paused: its admin decides.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.delivery.edge import Sender
from bot.delivery.fingerprint import CLOCK_TOLERANCE, Likeness, Seen, Sighting, compare
from bot.delivery.history import PostedPapers
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Reason, ReasonCode, Subscription
from bot.models import ArxivId, Clock
from bot.store.store import Store
from bot.ui.reasons import say_reason
from bot.ui.styles import cadence_of, style_of

log = logging.getLogger(__name__)

IN_PIECES: Final = Reason(code=ReasonCode.SHOWN_IN_PIECES)


class Reconciliation:
    """Compares a database that was restored with the channels, once."""

    def __init__(self, store: Store, sender: Sender, *, window: timedelta, now: Clock) -> None:
        self._store = store
        self._sender = sender
        self._window = window
        self._now = now
        self._is_done = False
        self._compared: set[int] = set()
        self._newest: int | None = None

    async def is_done(self) -> bool:
        """Compare what is still to be compared; True when nothing is left to do."""
        if not self._is_done and await self._store.restored.is_waiting():
            channels = await self._store.subscriptions.list_subscriptions()
            for subscription in (*channels, *await self._store.follows.list_all()):
                if subscription.channel_id not in self._compared:
                    if not await self._compare(subscription):
                        return False
                    self._compared.add(subscription.channel_id)
            await self._store.restored.finish(self._now(), self._newest)
            log.info("database compared with the channels", extra={"channels": len(self._compared)})
        self._is_done = True
        return True

    async def _compare(self, subscription: Subscription) -> bool:
        """Adopt what one channel holds; False when it cannot be asked yet."""
        channel_id = subscription.channel_id
        posted = await self._sender.list_posted(
            subscription.guild_id,
            channel_id,
            await self._since(),
            await self._store.restored.unfinished_threads(channel_id),
        )
        if isinstance(posted, Sighting):
            if posted.seen is Seen.CANNOT_TELL:
                await self._pause(subscription, posted.reason)
            return posted.seen is Seen.CANNOT_TELL
        ids = [each.message_id for each in posted]
        self._newest = max([*ids, self._newest or 0]) or None
        known = await self._store.restored.known_messages(channel_id)
        news = [message for message in posted if message.message_id not in known]
        found = await self._recognise(channel_id, news)
        if any(each.shown.is_stripped and each.message_id not in found for each in news):
            await self._pause(subscription, Reason(code=ReasonCode.BARE_MESSAGE))
        forgotten = sum([await self._adopt(subscription, message) for message in news])
        log.info(
            "posted papers found in a channel",
            extra={"channel": channel_id, "papers": forgotten},
        )
        return True

    async def _since(self) -> datetime:
        """Return from when on a channel may hold what the copy does not know."""
        planned_from = self._now() - self._window
        copied_at = await self._store.restored.last_known() or planned_from
        return min(planned_from, copied_at - CLOCK_TOLERANCE)

    async def _recognise(self, channel_id: int, news: Sequence[PostedPapers]) -> set[int]:
        """Find the messages that the copy does not have as sent; returns their identifiers.

        An admin may have had one posted again since that is in trouble in the copy. One that is
        not there, but some of its papers are, may have been posted in pieces.
        """
        now, troubles = self._now(), self._store.troubles
        found = set()
        for record in await troubles.list_open_in(channel_id):
            if (message := _find(record, news)) is not None:
                found.add(message.message_id)
                await troubles.mark_found(record.id, message.message_id, now, message.thread_id)
            elif _shows_some(news, await self._store.outbox.list_papers(record.id)):
                await troubles.doubt(record.id, IN_PIECES, now)
        for record in await self._store.outbox.list_sending():
            message = _find(record, news) if record.channel_id == channel_id else None
            if message is not None:
                found.add(message.message_id)
                await self._store.outbox.mark_sent(
                    record.id, message.message_id, now, thread_id=message.thread_id
                )
        return found

    async def _adopt(self, subscription: Subscription, message: PostedPapers) -> int:
        if subscription.user_id is not None and message.shown.news:
            await self._store.restored.adopt_news(subscription.user_id, message.shown.news)
        return await self._store.restored.adopt(
            subscription,
            message.shown.papers,
            message_id=message.message_id,
            posted_at=message.posted_at,
            thread_id=message.thread_id,
            thread_name=message.thread_name,
            cadence=cadence_of(message.shown.line),
        )

    async def _pause(self, subscription: Subscription, reason: Reason | None) -> None:
        """Leave it to an admin, whatever paused it before: going on may repeat papers."""
        because = Reason(code=ReasonCode.PUT_BACK, because=reason)
        await self._store.subscriptions.pause(subscription.channel_id, because, is_final=True)
        for record in await self._store.troubles.list_open_in(subscription.channel_id):
            await self._store.troubles.doubt(record.id, because, self._now())
        log.warning("subscription paused: %s", say_reason(because))


def _find(record: DeliveryRecord, news: Sequence[PostedPapers]) -> PostedPapers | None:
    """Find a message of the copy among those that the copy does not know."""
    wanted = style_of(record.style).read(record.body) if record.is_intact else None
    if wanted is None:
        return None
    same = (each for each in news if compare(wanted, each.shown) is Likeness.SAME)
    return next(same, None)


def _shows_some(news: Sequence[PostedPapers], papers: Iterable[tuple[ArxivId, int]]) -> bool:
    """Whether one of ``papers`` is in a message; a card names the versions of replacements only."""
    shown = dict(paper for message in news for paper in message.shown.papers)
    return any(arxiv_id in shown and version >= shown[arxiv_id] for arxiv_id, version in papers)


def may_repeat(subscription: Subscription) -> bool:
    """Whether a digest is paused because it is not known what its channel got before."""
    because = subscription.paused_because
    return because is not None and because.code is ReasonCode.PUT_BACK
