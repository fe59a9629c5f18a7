"""Hello on joining a server, and the way from there to the first digest, over the wire."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.reading import WELCOMED
from tests.builders import DAY, NOW
from tests.conftest import LISTING
from tests.fakes.discord import SEND
from tests.fakes.faults import refuse
from tests.fakes.world import SEND_MESSAGES, Channel, Guild
from tests.waiting import until
from tests.wire import Scene, make_bot, open_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        yield scene


def new_guild(scene: Scene) -> tuple[Guild, Channel]:
    """Make a server with a system channel that the bot is not told of yet."""
    guild = scene.server.add_guild("Newcomers")
    channel = scene.server.add_channel(guild, "general")
    guild.system_channel_id = channel.id
    guild.joined_at = NOW
    return guild, channel


async def told(scene: Scene, guild: Guild) -> bool:
    """Return whether the bot has noted that it said hello, once it has read all it was told."""
    await scene.server.gateway.heard()
    return await scene.store.facts.get(f"{WELCOMED}{guild.id}") is not None


async def settled(scene: Scene) -> None:
    """Let the bot do all that follows from what it was told."""
    await scene.server.gateway.heard()
    while others := [each for each in asyncio.all_tasks() if "on_guild" in each.get_name()]:
        await asyncio.wait(others)


async def test_hello_is_said_once_also_after_a_reconnect_a_return_and_a_restart(
    scene: Scene,
) -> None:
    guild, channel = new_guild(scene)
    server = scene.server
    await server.welcome(guild)
    await settled(scene)
    (hello,) = server.messages_in(channel)
    assert "Nothing is posted before" in hello.content
    connections = server.gateway.connections
    await server.gateway.drop()
    await until(lambda: server.gateway.connections > connections)
    await server.wait_connected()
    await server.remove_guild(guild)
    await server.welcome(guild)
    await server.take_down(guild)
    await server.welcome(guild)
    await settled(scene)
    assert await told(scene, guild)
    await scene.bot.close()
    again = make_bot(scene.bot.pipeline, scene.delivery)
    async with server.connected(again):
        await again.wait_until_ready()
        await settled(scene)
        assert server.messages_in(channel) == [hello]
    tried = [each for each in server.calls if (each.method, each.template) == SEND]
    assert len(tried) == 1  # Discord would take a second for a repetition, for some minutes


async def test_who_added_the_bot_while_it_was_not_running_hears_hello_too(scene: Scene) -> None:
    """And nobody whose server it has been in for long."""
    (new, channel), (old, elsewhere) = new_guild(scene), new_guild(scene)
    old.joined_at = NOW - timedelta(days=2)
    await scene.bot.close()
    again = make_bot(scene.bot.pipeline, scene.delivery)
    async with scene.server.connected(again):
        await again.wait_until_ready()
        await settled(scene)
        assert len(scene.server.messages_in(channel)) == 1
        assert scene.server.messages_in(elsewhere) == []
        assert not await told(scene, old)
    assert await told(scene, new)


@pytest.mark.parametrize("lacks", ["a system channel", "the permission"])
async def test_where_it_may_not_write_it_says_nothing_and_notes_nothing(
    scene: Scene, lacks: str
) -> None:
    guild, channel = new_guild(scene)
    if lacks == "a system channel":
        guild.system_channel_id = None
    else:
        channel.denied |= SEND_MESSAGES
    await scene.server.welcome(guild)
    await settled(scene)
    assert scene.server.messages_in(channel) == []
    assert not await told(scene, guild)


async def test_a_hello_that_is_refused_is_one_quiet_line(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    guild, channel = new_guild(scene)
    scene.server.inject(refuse(403, 50013, "Missing Permissions"), channel=channel)
    await scene.server.welcome(guild)
    await settled(scene)
    (line,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert line.getMessage().startswith("no welcome: 403 Forbidden")
    assert line.exc_info is None


async def test_a_forgotten_server_leaves_no_note_of_the_hello(scene: Scene) -> None:
    guild, _ = new_guild(scene)
    await scene.server.welcome(guild)
    await settled(scene)
    await scene.store.departures.note([], NOW)
    assert guild.id in await scene.store.departures.list_since(NOW + timedelta(days=1))
    await scene.store.departures.forget(guild.id)
    assert not await told(scene, guild)


async def test_from_invite_to_the_first_digest_in_four_actions(scene: Scene) -> None:
    """Nothing of arXiv's is posted before the fourth."""
    guild, channel = new_guild(scene)
    server, admin = scene.server, scene.admin
    delivering = asyncio.create_task(scene.delivery.run())
    try:
        await server.welcome(guild)  # 1: invite
        await settled(scene)
        done = await server.slash(  # 2: set up with one topic
            guild, channel, admin, "digest setup", categories="computer vision", query="diffusion"
        )
        assert "25 papers; 6 with your topics" in done.text
        seen = await server.click(guild, channel, admin, done, "preview:")  # 3
        assert "6 would be posted" in seen.text
        assert len(server.messages_in(channel)) == 1
        posted = await server.click(guild, channel, admin, seen, f"send:1:{channel.id}")  # 4
        assert "6 posted" in posted.text
        hello, *digest = server.messages_in(channel)
        assert "Hello!" in hello.content
        found = {paper for message in digest for paper in message.papers}
        matching = [each for each in LISTING.announcements if "Diffusion" in each.paper.title]
        assert found == {each.paper.arxiv_id for each in matching}
        assert LISTING.announced_on == DAY
    finally:
        await scene.delivery.stop()
        await delivering
