"""Plans what posted messages should say of their papers now (docs/decisions/0015-living-posts.md).

    every tick:
        updates that nobody looked at yet -> the messages that show their papers
        each of these: its body as planned, with a line under each paper -> store.edits

It costs one query where nothing is new, whatever the number of messages.
"""

import json
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.digest.updates import still_true
from bot.models import Clock
from bot.store.outbox.edits import Edits, MessageToAmend, PlannedEdit
from bot.store.outbox.plans import frozen_json
from bot.ui.styles import style_of
from bot.ui.updates import render_updates

log = logging.getLogger(__name__)

LIVES: Final = timedelta(days=30)
"""How long after it was planned a message is still edited."""

UPDATES_AT_ONCE: Final = 50
MESSAGES_AT_ONCE: Final = 50
"""A twentieth of a second: the loop has other work meanwhile."""


class Amendments:
    """Call `plan` at each tick."""

    def __init__(self, edits: Edits, *, now: Clock) -> None:
        self._edits = edits
        self._now = now

    async def plan(self) -> int:
        """Plan the edits that new updates ask for; returns how many."""
        planned = 0
        while pending := await self._edits.take_pending(self._now().date(), UPDATES_AT_ONCE):
            since = self._now() - LIVES
            ids = await self._edits.list_affected(set(pending.values()), since)
            for start in range(0, len(ids), MESSAGES_AT_ONCE):
                planned += await self._amend(ids[start : start + MESSAGES_AT_ONCE])
            await self._edits.settle_pending(pending)
        if planned:
            log.info("edits planned", extra={"messages": planned})
        return planned

    async def _amend(self, delivery_ids: Sequence[int]) -> int:
        messages = await self._edits.load(delivery_ids)
        edits = [edit for each in messages if (edit := _amended_safely(each)) is not None]
        return await self._edits.plan(edits, self._now())


def _amended_safely(message: MessageToAmend) -> PlannedEdit | None:
    """Amend a message; one that cannot be amended must not stop the others."""
    try:
        return amend(message)
    except Exception:
        log.exception("message not amended", extra={"delivery": message.delivery_id})
        return None


def amend(message: MessageToAmend) -> PlannedEdit | None:
    """Return the message as it should be now; None where it says all that is known."""
    notes = {
        paper.arxiv_id: render_updates(
            still_true(
                [each for each in message.updates if each.arxiv_id == paper.arxiv_id],
                known=message.known_update,
                version=paper.version,
            )
        )
        for paper in message.papers
    }
    notes = {arxiv_id: forms for arxiv_id, forms in notes.items() if forms}
    if not notes:
        return None
    base = json.loads(message.payload)
    body = style_of(message.style).amend(base, notes)
    if body == base:
        return None
    revision = max(each.number for each in message.updates)
    return PlannedEdit(message.delivery_id, revision, frozen_json(body))
