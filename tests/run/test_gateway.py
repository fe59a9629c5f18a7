"""Shards: each is connected on its own, ever more rarely where that does not last."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import discord
import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.takeover import TakeoverCheck
from bot.delivery.worker import Delivery
from bot.pipeline import Pipeline
from bot.run.client import PaperBot
from bot.run.gateway import LASTING_S, LONGEST_PAUSE_S, GatewayPauses, SessionTurns, next_pause
from tests.builders import NOW
from tests.fakes import faults
from tests.fakes.discord import DiscordServer
from tests.waiting import until

ASK_FOR_SHARDS = ("GET", "/gateway/bot")


# -- pauses --------------------------------------------------------------------------------------


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [0.0]
    for _ in range(10):
        pauses.append(next_pause(0.1, pauses[-1]))
    assert pauses[1:5] == [1, 2, 4, 8]
    assert all(before <= after for before, after in pairwise(pauses))
    assert pauses[-1] == LONGEST_PAUSE_S < 60


@pytest.mark.parametrize(("lasted_s", "pause_s"), [(LASTING_S, 0.0), (LASTING_S - 1, 16.0)])
def test_a_connection_that_lasted_needs_no_pause(lasted_s: float, pause_s: float) -> None:
    assert next_pause(lasted_s, 8.0) == pause_s


async def test_a_shard_whose_connections_do_not_last_makes_no_other_wait() -> None:
    """The first connection of each is a start, not a storm; the second of one waits."""
    closed = False
    pauses = GatewayPauses(is_closed=lambda: closed, first_pause_s=30)
    for shard in (0, 1, 2):
        await pauses.before_connecting(shard)
    closed = True
    with pytest.raises(asyncio.CancelledError):
        await pauses.before_connecting(1)
    await pauses.before_connecting(3)


# -- turns ---------------------------------------------------------------------------------------


async def times_of(turns: SessionTurns, shards: range) -> list[float]:
    """Return when each shard may connect, by the loop's clock."""
    loop = asyncio.get_running_loop()

    async def wait(shard: int) -> float:
        await turns.wait(shard)
        return loop.time()

    return await asyncio.gather(*map(wait, shards))


async def enough() -> tuple[int, float]:
    return 1000, 0.0


async def test_sessions_begin_one_after_the_other() -> None:
    times = await times_of(SessionTurns(enough, every_s=0.02), range(4))
    assert all(after - before >= 0.02 for before, after in pairwise(times))


async def test_as_many_shards_in_a_row_as_discord_allows_begin_at_once() -> None:
    turns = SessionTurns(enough, every_s=30)
    turns.concurrency = 4
    await times_of(turns, range(4))  # the fifth would wait for half a minute


# -- the bot over a real gateway -----------------------------------------------------------------


@asynccontextmanager
async def connected(
    server: DiscordServer,
    pipeline: Pipeline,
    delivery: Delivery,
    *,
    shards: int = 0,
    every_s: float = 0.0,
) -> AsyncIterator[PaperBot]:
    bot = PaperBot(
        pipeline,
        delivery,
        shards=shards,
        first_pause_s=0.01,
        identify_every_s=every_s,
        on_lost=lambda: losses.append(sorted(bot.connected)),
    )
    losses.clear()
    running = asyncio.create_task(enter(server, bot))
    await until(lambda: bot.http.token is not None)
    try:
        yield bot
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


losses: list[list[int]] = []


async def enter(server: DiscordServer, bot: PaperBot) -> None:
    async with server.connected(bot):
        await asyncio.Event().wait()


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A Discord that recommends two shards, with a guild in each."""
    async with DiscordServer() as server:
        server.gateway.recommended = 2
        for shard in (0, 1):
            server.add_channel(server.add_guild(f"shard {shard}", shard=shard))
        yield server


async def test_each_shard_hears_of_its_own_guilds_once(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: len(bot.guilds) == 2 and not bot.lost_shards)
        assert sorted(each.shard for each in server.gateway.live) == [(0, 2), (1, 2)]
        assert {each.id: each.shard_id for each in bot.guilds} == {
            each.id: (each.id >> 22) % 2 for each in server.guilds.values()
        }
        assert server.gateway.identifies == 2


async def test_a_session_begins_some_time_after_the_one_before(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    async with connected(server, pipeline, delivery, every_s=60) as bot:
        await until(lambda: bot.connected)
        await server.gateway.heard()
        assert server.gateway.connections == 1


async def test_the_settings_may_ask_for_other_shards_than_discord_recommends(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    async with connected(server, pipeline, delivery, shards=3) as bot:
        await until(lambda: bot.shard_count == 3 and not bot.lost_shards)
        assert sorted(each.shard for each in server.gateway.live) == [(0, 3), (1, 3), (2, 3)]


# -- a shard in trouble --------------------------------------------------------------------------


async def test_a_shard_that_hears_nothing_holds_up_no_other_at_the_start(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    """discord.py would wait three minutes for it before it begins with the next."""
    server.gateway.silent = 1
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: len(bot.connected) == 1)
        assert bot.lost_shards == [0]


async def test_a_shard_that_cannot_be_connected_again_holds_up_no_other(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: not bot.lost_shards)
        server.gateway.silent = 1
        await server.gateway.drop(shard=0)
        await until(lambda: server.gateway.silent == 0)
        await server.gateway.drop(shard=1)
        await until(lambda: server.gateway.resumes == 1 and bot.lost_shards == [0])


async def test_a_session_that_is_void_begins_anew(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: not bot.lost_shards)
        await server.gateway.forget_sessions()
        await until(lambda: len(server.gateway.live) == 2 and not bot.lost_shards)
        assert server.gateway.identifies == 4


async def test_only_the_loss_of_every_shard_is_one_of_the_connection(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    """Another host may have posted meanwhile: with one shard left the bot was not away."""
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: not bot.lost_shards)
        for shard in (0, 1):
            assert losses == []
            server.gateway.down.add(shard)
            await server.gateway.drop(shard=shard)
            await until(lambda: shard in bot.lost_shards)  # noqa: B023  # awaited within the turn
        assert losses


async def test_posting_and_its_checks_need_no_shard_that_is_down(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    """What its guilds are not told of is asked; that they are left is concluded by nobody."""
    server.gateway.down.add(0)
    sender = DiscordSender(now=pipeline.now)
    missing, there = (each for each in server.guilds.values())
    async with connected(server, pipeline, delivery) as bot:
        sender.use(bot)
        await until(lambda: bot.guilds and sender.is_reachable(there.id))
        assert sender.is_ready()
        assert sender.guild_ids() is None
        (channel,) = missing.channels.values()
        assert await sender.list_posted(missing.id, channel.id, NOW) == []
        assert await TakeoverCheck(pipeline.store, sender).is_clear()
        assert await sender.tell_admins(missing.id, "text", "1") is None
        assert await sender.tell_admins(there.id, "text", "2")
        admin = server.add_user("ada", is_admin=True)
        (papers,) = there.channels.values()
        done = await server.slash(there, papers, admin, "digest setup", categories="cs.CV")
        assert "Digest set up" in done.text
        server.gateway.down.clear()
        await until(lambda: not bot.lost_shards and len(bot.guilds) == 2)


# -- what Discord may answer ---------------------------------------------------------------------


async def test_the_next_day_is_waited_for_when_discord_lets_no_session_begin(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    """Above its limit Discord would reset the token."""
    server.gateway.starts_left, server.gateway.starts_again_s = 0, 0.05
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: "no further session" in caplog.text)
        assert server.gateway.connections == 0
        server.gateway.starts_left = 10
        await until(lambda: not bot.lost_shards)


async def test_an_outage_of_the_api_is_waited_out(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    server.inject(faults.answer(404), route=ASK_FOR_SHARDS)
    async with connected(server, pipeline, delivery) as bot:
        await until(lambda: bot.guilds)
    assert "Discord names no gateway" in caplog.text


async def test_a_token_that_is_refused_meanwhile_ends_it(
    server: DiscordServer, pipeline: Pipeline, delivery: Delivery
) -> None:
    bot = PaperBot(pipeline, delivery)
    with server.pointed_at():
        await bot.login(server.token)
        server.inject(faults.answer(401), route=ASK_FOR_SHARDS)
        try:
            with pytest.raises(discord.HTTPException):
                await bot.connect()
        finally:
            await bot.close()
