"""Finds out who has left every server where they used the bot, and forgets them.

The bot has no privileged intent, so Discord does not tell it who leaves. It asks about single
people, one request a tick, and only about those of whom something is kept and who did not use the
bot for a month (docs/decisions/0030-who-has-left.md).
"""

import logging
from collections import deque
from collections.abc import Collection
from datetime import date
from typing import Final, Protocol

from bot.digest.absence import NOTHING, Answer, PersonSeen, decide
from bot.digest.models import NO_GUILD
from bot.models import Clock
from bot.store.readers.presence import Used
from bot.store.store import Store

log = logging.getLogger(__name__)

MOST_A_DAY: Final = 500
"""Questions: of more than 15,000 quiet people, not all are asked about within a month."""


class Members(Protocol):
    """Who knows which people are where: Discord's edge, or a stand-in."""

    def guild_ids(self) -> Collection[int] | None:
        """Return the guilds that the bot is in; None: not known."""

    async def is_member(self, guild_id: int, user_id: int) -> bool | None:
        """Whether a person is in a guild; None: it cannot be told now."""


class Leaving:
    """Call `see` for each interaction, `look` every now and then."""

    def __init__(self, store: Store, members: Members, *, now: Clock) -> None:
        self._store = store
        self._members = members
        self._now = now
        self._used: dict[tuple[int, int], Used] = {}
        self._day: date | None = None
        self._due: deque[int] = deque()
        self._left = 0
        self.asked = self.forgotten = 0
        """Questions and people since the start."""

    def see(self, user_id: int, guild_id: int | None, *, is_own: bool) -> None:
        """Note that a person uses the bot, in a server that it is in or elsewhere.

        ``is_own``: they have added the bot to their account.
        """
        if guild_id is not None:
            self._used[user_id, guild_id] = Used(user_id=user_id, guild_id=guild_id)
        if guild_id is None or is_own:
            used = Used(user_id=user_id, guild_id=NO_GUILD, is_own=is_own)
            self._used[user_id, NO_GUILD] = used

    async def write_down(self) -> None:
        """Store who used the bot since the last time; what was not stored is kept for the next."""
        used = dict(self._used)
        if not used:
            return
        await self._store.presence.note(list(used.values()), self._today())
        for key, each in used.items():
            if self._used.get(key) is each:
                del self._used[key]

    async def look(self) -> None:
        """Write down who used the bot, and ask one question if any is due.

        Nobody is asked about before Discord has told which servers there are, nor while a database
        that was restored is compared with the channels.
        """
        await self.write_down()
        guild_ids = self._members.guild_ids()
        if guild_ids is None or await self._store.restored.is_waiting():
            return
        today = self._today()
        if today != self._day:
            await self._begin(today, guild_ids)
        if self._due and self._left > 0 and not await self._take(self._due[0], today, guild_ids):
            self._due.popleft()

    async def _begin(self, today: date, guild_ids: Collection[int]) -> None:
        """Find out who is due today; after a restart the questions of before count."""
        presence = self._store.presence
        await presence.gather(today)
        self._left = MOST_A_DAY - await presence.count_asked(today)
        self._due = deque(await presence.list_due(today, guild_ids, MOST_A_DAY))
        self._day = today

    async def _take(self, user_id: int, today: date, guild_ids: Collection[int]) -> bool:
        """Ask the next question about a person, or forget them; False: there is no more to do."""
        person = await self._store.presence.get(user_id)
        verdict = decide(person, today, guild_ids) if person else None
        if verdict is None:
            return False
        if verdict.ask:
            asked = await self._ask(user_id, verdict.ask[0], today)
            return asked is not None and decide(asked, today, guild_ids) != NOTHING
        if verdict.is_gone and await self._store.presence.forget_gone(user_id, today):
            self.forgotten += 1
            log.info("person forgotten who has left all servers")
        return False

    async def _ask(self, user_id: int, guild_id: int, today: date) -> PersonSeen | None:
        is_there = await self._members.is_member(guild_id, user_id)
        answer = ANSWERS[is_there]
        self.asked += 1
        self._left -= 1
        return await self._store.presence.note_answer(user_id, guild_id, answer, today)

    def _today(self) -> date:
        return self._now().date()


ANSWERS: Final = {True: Answer.THERE, False: Answer.GONE, None: Answer.UNSURE}
