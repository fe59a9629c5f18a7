"""Row 65: what comes too late, and what somebody made up, is answered or given up quietly."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cogs.answers import EXPIRED
from bot.delivery.edge import DiscordSender
from bot.delivery.trace import http_trace
from bot.delivery.worker import Delivery
from bot.run.app import offline_pipeline
from bot.run.client import PaperBot
from tests.builders import NOW
from tests.conftest import LISTING
from tests.fakes import faults
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.fakes.faults import Fault
from tests.fakes.interactions import Reply
from tests.fakes.world import Channel, Guild, User
from tests.stores import open_store

EDIT = ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A Discord with a bot connected to it, one channel and an admin."""

    server: DiscordServer
    guild: Guild
    channel: Channel
    admin: User

    async def slash(self, command: str, **options: object) -> Reply:
        return await self.server.slash(self.guild, self.channel, self.admin, command, **options)

    async def press(self, custom_id: str) -> Reply:
        pressing = self.server.interactions.press
        return await pressing(self.guild, self.channel, self.admin, custom_id)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    clock = VirtualClock(NOW)
    async with DiscordServer(now=clock.now) as server, open_store(tmp_path / "bot.db") as store:
        guild = server.add_guild()
        channel = server.add_channel(guild)
        await store.papers.add_listing(LISTING, now=NOW)
        pipeline = offline_pipeline(store, now=clock.now)
        delivery = Delivery(store.outbox, DiscordSender(now=clock.now), now=clock.now)
        bot = PaperBot(pipeline, delivery, http_trace=http_trace())
        async with server.connected(bot):
            admin = server.add_user("admin", is_admin=True)
            yield Scene(server=server, guild=guild, channel=channel, admin=admin)


LATE = {
    "the token is over": faults.refuse(401, 50027, "Invalid Webhook Token"),
    "its webhook is gone": faults.refuse(404, 10015, "Unknown Webhook"),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@pytest.mark.parametrize("category", ["cs.CV", "cs.XX"], ids=["an answer", "a mistake"])
async def test_row_65_an_answer_after_the_token_is_over_is_one_quiet_line(
    scene: Scene, caplog: pytest.LogCaptureFixture, late: Fault, category: str
) -> None:
    """The interaction was acknowledged in time, and the answer took more than fifteen minutes."""
    scene.server.interactions.timeout_s = 0.5
    scene.server.inject(late, route=EDIT, standing=True)
    caplog.set_level(logging.INFO)
    with pytest.raises(TimeoutError):
        await scene.slash("digest setup", categories=category)
    (line,) = [each for each in caplog.records if each.name.startswith("bot.")]
    assert (line.levelno, line.getMessage()) == (logging.WARNING, "interaction answered too late")
    assert line.exc_info is None


MEANINGLESS = (
    "preview:2:{channel}:2024-02-31:0:all",
    "preview:2:{channel}:0000-01-01:0:all",
    "preview:1:{channel}:2024-03-05:0",
    "again:1:{channel}:2024-13-01:1:00000000:yes",
    "search:1:{admin}:nothing:start",
    "offer:1:{admin}:nothing:networks",
    "of:another:version",
)
"""Dates that never were, orders that there are not, buttons of another bot: expired."""

FORGED = (
    *MEANINGLESS,
    "preview:2:99999999999999999999:2024-03-05:0:all",
    "again:1:99999999999999999999:2024-03-05:1:00000000:yes",
    "remove:1:99999999999999999999:yes",
    "search:1:{admin}:relevance:....",
    "search:1:99999999999999999999:newest:+-+-",
    "offer:1:{admin}:newest:author:(",
    "similar:1:../../..",
    "similar:1:9999.99999",
)


async def test_row_65_a_button_that_somebody_made_up_is_answered(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """In a sentence, to that person alone, and the log has no traceback."""
    caplog.set_level(logging.WARNING)
    for forged in FORGED:
        custom_id = forged.format(channel=scene.channel.id, admin=scene.admin.id)
        reply = await scene.press(custom_id)
        assert reply.text, custom_id
        assert "on my side" not in reply.text, custom_id
        assert (reply.content == EXPIRED) is (forged in MEANINGLESS), custom_id
    assert [each.getMessage() for each in caplog.records] == []
