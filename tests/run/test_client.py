"""The Discord client: what it asks Discord for, when it sends its commands, how it fails."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import simcord

from bot.delivery.edge import DiscordSender
from bot.delivery.worker import Delivery
from bot.pipeline import Pipeline
from bot.run.client import PaperBot
from bot.run.metrics import Metrics
from tests.cogs.replies import is_private, shown
from tests.conftest import LISTING, World
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.waiting import HUNG_S


@pytest.fixture
def bot(pipeline: Pipeline, delivery: Delivery) -> PaperBot:
    return PaperBot(pipeline, delivery)


@asynccontextmanager
async def running(bot: PaperBot, *faults: Mapping[str, Any]) -> AsyncIterator[simcord.Env]:
    """Run a bot of its own, whose errors the test itself looks at."""
    env = simcord.Env(bot, shard_count=1, check_errors=False, settle_timeout=HUNG_S)
    for fault in faults:
        env.inject_error("*", **fault)
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()


def test_it_asks_for_servers_and_nothing_else(bot: PaperBot) -> None:
    assert bot.intents.value == discord.Intents(guilds=True).value == 1


def test_nothing_it_says_pings_anybody(bot: PaperBot) -> None:
    allowed = bot.allowed_mentions
    assert allowed is not None
    kinds = (allowed.everyone, allowed.users, allowed.roles, allowed.replied_user)
    assert not any(kinds)


def syncs(env: simcord.Env) -> int:
    return sum(
        request.method == "PUT" and request.path.endswith("/commands")
        for request in env.http_requests
    )


async def test_commands_are_sent_only_when_they_changed(world: World) -> None:
    assert syncs(world.env) == 1
    await world.restart()
    assert syncs(world.env) == 1

    class Changed(PaperBot):
        async def setup_hook(self) -> None:
            @self.tree.command(description="Something new")
            async def novelty(interaction: discord.Interaction) -> None: ...

            await super().setup_hook()

    await world.env.restart_bot(Changed(world.pipeline, world.delivery))
    assert syncs(world.env) == 2


async def test_the_commands_ids_are_known_after_a_restart(world: World) -> None:
    before = shown(await world.member.slash(world.channel, "bot help"))
    await world.restart()
    assert "</paper search:" in before
    assert shown(await world.member.slash(world.channel, "bot help")) == before


async def test_refused_commands_do_not_stop_the_bot(
    pipeline: Pipeline, bot: PaperBot, caplog: pytest.LogCaptureFixture
) -> None:
    refused = {"path": "/applications/*/commands", "status": 400, "code": 30034}
    async with running(bot, refused) as env:
        assert "commands not synced" in caplog.text
        await env.restart_bot(PaperBot(pipeline, bot.delivery))
        assert syncs(env) == 2


async def test_a_mistake_of_the_bot_is_an_apology_with_a_number_and_one_log_entry(
    pipeline: Pipeline, bot: PaperBot, caplog: pytest.LogCaptureFixture
) -> None:
    @bot.tree.command(description="Fails")
    async def fail(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        raise ZeroDivisionError("secret inside")

    caplog.set_level(logging.ERROR, "bot")  # from the start: another test may have lowered it
    async with running(bot) as env:
        guild = env.create_guild()
        alice = guild.add_member(env.create_user("alice"))
        result = await alice.slash(guild.create_text_channel("lobby"), "fail")
    said = shown(result)
    assert "Something went wrong on my side" in said
    assert "secret inside" not in said
    assert "Traceback" not in said
    assert is_private(result)
    entries = [record for record in caplog.records if record.name.startswith("bot")]
    assert len(entries) == 1
    assert getattr(entries[0], "error_id", "nothing") in said
    assert entries[0].exc_info


async def test_an_answer_that_comes_too_late_is_only_logged(
    bot: PaperBot, caplog: pytest.LogCaptureFixture
) -> None:
    too_late = {"path": "/interactions/*/callback", "status": 404, "code": 10062}
    async with running(bot, too_late) as env:
        guild = env.create_guild()
        alice = guild.add_member(env.create_user("alice"))
        result = await alice.slash(guild.create_text_channel("lobby"), "bot help")
    assert not result.acknowledged
    assert [record.levelname for record in caplog.records if record.name.startswith("bot.c")] == [
        "WARNING"
    ]
    assert "too late" in caplog.text


# -- over real HTTP and a real gateway, where simcord is not in between -------------------------


@pytest.fixture
async def server(clock: VirtualClock) -> AsyncIterator[DiscordServer]:
    async with DiscordServer(now=clock.now) as server:
        yield server
        assert server.refusals == []


async def test_people_are_answered_over_the_wire(
    server: DiscordServer, pipeline: Pipeline, clock: VirtualClock
) -> None:
    guild = server.add_guild()
    channel = server.add_channel(guild)
    ada, eve = server.add_user("ada", is_admin=True), server.add_user("eve")
    sender = DiscordSender(now=clock.now)
    delivery = Delivery(pipeline.store.outbox, sender, now=clock.now)
    metrics = Metrics()
    bot = PaperBot(pipeline, delivery, meter=metrics)
    sender.use(bot)
    async with server.connected(bot):
        await bot.wait_until_ready()
        for name in ("paper search", "follow add", "Papers in this message"):
            never = {"command": name, "outcome": "failed"}
            assert metrics.registry.get_sample_value("paper_bot_commands_total", never) == 0
        delivering = asyncio.create_task(delivery.run())

        done = await server.slash(guild, channel, ada, "digest setup", categories="cs.CV")
        assert "Digest set up" in done.text
        assert done.is_private

        await pipeline.store.papers.add_listing(LISTING, now=clock.now())
        sent = await server.slash(guild, channel, ada, "digest send")
        assert "Posted in" in sent.content
        assert len(server.messages_in(channel)) == 3

        found = await server.slash(guild, channel, eve, "paper search", query="networks")
        assert "25 papers" in found.text
        assert not found.is_private
        (on,) = [each["custom_id"] for each in found.buttons if each.get("label") == "Next →"]
        turned = await server.click(guild, channel, eve, found, on)
        assert "**6.**" in turned.text
        offered = await server.complete(guild, channel, eve, "paper show", paper="diffusion")
        assert "Diffusion networks, part 24" in offered

        search = {"command": "paper search", "outcome": "done"}
        took_s = metrics.registry.get_sample_value("paper_bot_command_seconds_sum", search)
        assert took_s is not None
        assert 0 < took_s < HUNG_S  # Discord's clock, by which its ids are made, is weeks off

        await delivery.stop()
        await delivering
