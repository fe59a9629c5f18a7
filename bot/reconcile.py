"""After a backup was put back: learn from the channels what they already have.

The database then knows less than Discord, and planning from it would post papers again. So each
subscribed channel is read as far back as anything could be planned, and what it shows counts as
delivered. A channel that cannot be read is paused: its admin decides.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from bot.models import Subscription, SubscriptionState
from bot.sender import Seen, Sender, Sighting
from bot.store.store import Store

log = logging.getLogger(__name__)

PUT_BACK: Final = "a backup was put back, and what was posted cannot be known"


class Reconciliation:
    """Compares a database that was put back with the channels, once."""

    def __init__(
        self, store: Store, sender: Sender, *, window: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._sender = sender
        self._window = window
        self._now = now
        self._is_done = False
        self._compared: set[int] = set()

    async def is_done(self) -> bool:
        """Compare what is still to be compared; True when nothing is left to do."""
        if not self._is_done and await self._store.restored.is_waiting():
            for subscription in await self._store.subscriptions.list_subscriptions():
                if subscription.channel_id not in self._compared:
                    if not await self._compare(subscription):
                        return False
                    self._compared.add(subscription.channel_id)
            await self._store.restored.finish()
            log.info("database compared with the channels", extra={"channels": len(self._compared)})
        self._is_done = True
        return True

    async def _compare(self, subscription: Subscription) -> bool:
        """Adopt what one channel holds; False when it cannot be asked yet."""
        since = self._now() - self._window
        posted = await self._sender.list_posted(
            subscription.guild_id, subscription.channel_id, since
        )
        if isinstance(posted, Sighting):
            if posted.seen is Seen.CANNOT_TELL:
                await self._pause(subscription, posted.reason or "")
            return posted.seen is Seen.CANNOT_TELL
        forgotten = 0
        for message in posted:
            forgotten += await self._store.restored.adopt(
                subscription,
                message.papers,
                message_id=message.message_id,
                posted_at=message.posted_at,
            )
        extra = {"channel": subscription.channel_id, "papers": forgotten}
        log.info("posted papers found in a channel", extra=extra)
        return True

    async def _pause(self, subscription: Subscription, reason: str) -> None:
        if subscription.state is SubscriptionState.ACTIVE:
            sentence = f"{PUT_BACK}: {reason}"
            await self._store.subscriptions.pause(subscription.channel_id, sentence)
            log.warning("subscription paused: %s", sentence)


def may_repeat(subscription: Subscription) -> bool:
    """Whether a digest is paused because nobody knows what its channel got before."""
    return (subscription.paused_because or "").startswith(PUT_BACK)
