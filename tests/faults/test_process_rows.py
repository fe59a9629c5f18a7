"""Rows 24, 28, 29, 32, 33, 34, 37, 47, 48 and 51: the life of the process, as its host sees it."""

import asyncio
import resource
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import commands, faults, spec
from tests.fakes.commands import Ran
from tests.fakes.forking import ROOT
from tests.fakes.interactions import Reply
from tests.fakes.process import BotProcess
from tests.fakes.world import SEND_MESSAGES, Channel
from tests.faults.scenario import Scenario, scenario
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Scenario]:
    async with scenario(tmp_path, channels=1, papers=12) as day:
        yield day


def intact(day: Scenario) -> bool:
    """Whether all was delivered and no promise broken."""
    findings = day.check()
    assert findings.problems == []
    return findings.unknown == 0 and day.is_done()


def command(day: Scenario, *arguments: str) -> Ran:
    """Run another command of the program."""
    return commands.run(day.environ, *arguments, cwd=day.path.parent)


async def finished_cleanly(day: Scenario, bot: BotProcess) -> None:
    assert await day.finished(bot), bot.log
    await bot.ticks()
    assert await bot.stop() == 0, bot.log


async def test_row_24_a_permission_that_is_taken_and_given_back(day: Scenario) -> None:
    """One notice, no further try; the digest resumes, and what was refused is posted."""
    channel = day.channels[0]
    channel.denied |= SEND_MESSAGES
    owner = day.guild.owner
    async with day.running() as bot:
        await day.discord.wait_until(lambda: bool(day.discord.told(owner)))
        tries = _sends(day, channel)
        await bot.ticks()
        assert (len(day.discord.told(owner)), _sends(day, channel)) == (1, tries)
        await day.discord.allow(channel, SEND_MESSAGES)
        await bot.says("subscription resumed")
        await until(lambda: set(day.states()) == {"sent"})
        assert await bot.stop() == 0
    assert intact(day)
    assert len(day.discord.told(owner)) == 1


def _sends(day: Scenario, channel: Channel) -> int:
    return sum(
        call.template == spec.MESSAGES and call.channel_id == channel.id
        for call in day.discord.calls
    )


@pytest.mark.slow(14)
@pytest.mark.parametrize("disturbance", ["dropped", "closed", "void session", "asked to reconnect"])
async def test_row_28_the_gateway_comes_back(day: Scenario, disturbance: str) -> None:
    """discord.py reconnects; nothing is started twice, nothing is posted again."""
    gateway = day.discord.gateway
    async with day.running() as bot:
        assert await day.finished(bot)
        for _ in range(2):
            gateway.connected.clear()
            match disturbance:
                case "dropped":
                    await gateway.drop()
                case "closed":
                    await gateway.drop(4000)
                case "void session":
                    await gateway.forget_sessions()
                case _:
                    for session in gateway.live:
                        await session.send({"op": 7, "d": None})
            await day.discord.wait_connected()
        await bot.ticks()
        reply = await day.discord.slash(
            day.guild, day.channels[0], day.discord.add_user(), "paper search", query="paper"
        )
        assert reply.embeds
        assert await bot.stop() == 0
    assert intact(day)
    assert day.discord.command_puts == 1
    assert gateway.identifies <= 3


async def test_row_28_a_dead_connection_is_noticed(day: Scenario) -> None:
    """Heartbeats stay unanswered on an open connection; discord.py has a shorter patience here."""
    gateway = day.discord.gateway
    gateway.heartbeat_interval_ms = 400
    async with day.running(GATEWAY_PATIENCE_S="5") as bot:
        assert await day.finished(bot)
        gateway.is_mute = True
        before = gateway.resumes + gateway.identifies
        await until(lambda: gateway.resumes + gateway.identifies > before)
        gateway.is_mute = False
        await bot.ticks()
        assert await bot.stop() == 0
    assert intact(day)


async def test_row_28_an_event_that_discord_py_cannot_read_ends_the_process(
    day: Scenario,
) -> None:
    """With a clear line and a code, for the supervisor to restart it."""
    async with day.running() as bot:
        assert await day.finished(bot)
        await day.discord.gateway.tell(day.guild.id, "GUILD_CREATE", {"nonsense": True})
        code = await bot.wait()
    assert code not in (0, 78)
    await day.run_to_the_end()
    assert intact(day)


async def test_row_29_a_revoked_token_ends_the_process_at_once(day: Scenario) -> None:
    async with day.running() as bot:
        await day.discord.wait_connected()
        before = len(day.discord.calls)
        await day.discord.revoke_token()
        assert await bot.wait() == 78
    assert len(day.discord.calls) <= before + 1
    assert day.discord.token not in day.log
    assert "token" in day.log


async def test_row_29_a_token_that_only_the_api_refuses(day: Scenario) -> None:
    """Delivery meets it first: one refused request, and the message waits for the new token."""
    async with day.running() as bot:
        await day.discord.wait_connected()
        before = len(day.discord.calls)
        day.discord.inject(faults.refuse(401, 0), standing=True)
        assert await bot.wait() == 78
        refused = day.discord.calls[before:]
        assert sum(call.method == "POST" for call in refused) <= 2
    day.discord.clear_faults()
    await day.run_to_the_end()
    assert intact(day)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_row_32_a_signal_lets_the_post_in_flight_finish(
    day: Scenario, number: signal.Signals
) -> None:
    day.discord.inject(faults.hang(1.0, after=True))
    async with day.running() as bot:
        await day.discord.wait_for_messages(1)
        bot.send_signal(number)
        assert await bot.wait() == 0
    assert day.states()[0] in ("sent", "sending")
    await day.run_to_the_end()
    assert intact(day)


async def test_row_32_a_second_signal_ends_at_once(day: Scenario) -> None:
    """What was being sent stays of unknown outcome, and is found at the next start."""
    day.discord.inject(faults.hang(30, after=True))
    async with day.running() as bot:
        await day.discord.wait_for_messages(1)
        bot.send_signal(signal.SIGTERM)
        await bot.says("once more stops at once")
        bot.send_signal(signal.SIGTERM)
        assert await bot.wait() == 128 + signal.SIGTERM
    assert day.states()[0] == "sending"
    await day.run_to_the_end()
    assert intact(day)


async def test_row_32_a_signal_during_a_rate_limit(day: Scenario) -> None:
    day.discord.inject(faults.rate_limited(2.0, is_global=True))
    async with day.running() as bot:
        await until(lambda: any(call.method == "POST" for call in day.discord.calls))
        bot.send_signal(signal.SIGTERM)
        assert await bot.wait() == 0
    await day.run_to_the_end()
    assert intact(day)


async def test_row_33_a_disk_that_fills_up(tmp_path: Path) -> None:
    """Posting stops or goes on, nothing is doubled, and with space again all is there."""
    async with scenario(tmp_path, channels=30, papers=12) as day:
        before = day.path.stat().st_size
        limit = before + 150_000
        day.environ["PAPER_BOT_DELIVERY__PACE_PER_S"] = "20"
        async with day.running() as bot:
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (limit, limit))
            await bot.says("The database refused")
            await bot.ticks()
            await bot.kill()
        assert not day.is_done()
        await day.run_to_the_end()
        assert intact(day)


async def test_row_34_a_database_locked_by_another_program(day: Scenario) -> None:
    """Delivery waits for the lock, what reads goes on answering, what writes says so."""
    is_locked = asyncio.Event()
    day.discord.inject(faults.late(is_locked))
    async with day.running() as bot:
        await day.discord.wait_for_messages(1)
        other = sqlite3.connect(day.path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        is_locked.set()
        reply = await day.discord.slash(
            day.guild, day.channels[0], day.discord.add_user(), "paper search", query="paper"
        )
        assert reply.embeds
        assert "busy" in (await _add_topic(day)).text
        await bot.says("The database is busy")
        other.execute("ROLLBACK")
        other.close()
        assert "busy" not in (await _add_topic(day)).text
        await finished_cleanly(day, bot)
    assert intact(day)
    assert "Traceback" not in day.log


async def _add_topic(day: Scenario) -> Reply:
    admin = day.discord.add_user(is_admin=True)
    return await day.discord.slash(
        day.guild, day.channels[0], admin, "topic add", name="all", query="paper"
    )


async def test_row_37_a_second_instance_is_refused(day: Scenario) -> None:
    async with day.running() as bot:
        await day.discord.wait_connected()
        async with day.running() as second:
            assert await second.wait() == 75
            assert len(second.log.strip().splitlines()) == 1
        await finished_cleanly(day, bot)
    assert intact(day)


async def test_row_47_a_backup_put_back_posts_nothing_again(day: Scenario) -> None:
    copy = day.path.with_name("copy.db")
    assert command(day, "backup", str(copy)).code == 0
    await day.run_to_the_end()
    count = len(day.discord.ledger)
    assert command(day, "restore", str(copy)).code == 0
    day.discord.nonce_window_s = 0
    async with day.running() as bot:
        await bot.says("compared with the channels")
        await bot.ticks()
        assert await bot.stop() == 0
    assert len(day.discord.ledger) == count
    assert "restored from a copy" in day.log


@pytest.mark.parametrize("closed", ["1", "2", "1 2"], ids=["stdout", "stderr", "both"])
async def test_row_48_nobody_reads_what_it_writes(day: Scenario, closed: str) -> None:
    """A closed terminal or a full log does not keep it from delivering."""
    redirect = " ".join(f"{number}>&-" for number in closed.split())
    script = f'exec "{sys.executable}" -m bot run {redirect}'
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, env={**day.environ, "PYTHONPATH": str(ROOT)}, cwd=day.path.parent
    )
    try:
        await until(day.is_done)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert intact(day)


async def test_row_51_a_gateway_that_is_down_at_the_start(day: Scenario) -> None:
    """Waited for inside the process, with few sessions begun; discord.py waits less here."""
    day.discord.gateway.is_refusing = True
    async with day.running(GATEWAY_PAUSE_S="0.2") as bot:
        await until(lambda: day.discord.gateway.refused >= 2)
        day.discord.gateway.is_refusing = False
        await day.discord.wait_connected()
        await finished_cleanly(day, bot)
    assert intact(day)
    assert day.discord.gateway.identifies <= 2


async def test_row_51_a_discord_that_is_down_at_the_start(day: Scenario) -> None:
    await day.discord.stop_listening()
    async with day.running() as bot:
        await bot.says("Discord not reached")
        await day.discord.listen_again()
        await finished_cleanly(day, bot)
    assert intact(day)


async def test_row_51_tries_to_log_in_leave_no_session_open(day: Scenario) -> None:
    """Neither those that fail nor one that is under way when the bot is stopped."""
    await day.discord.stop_listening()
    async with day.running() as bot:
        await bot.says("Discord not reached", times=3)
        await day.discord.listen_again()
        await day.discord.wait_connected()
        await bot.ticks(1)
        assert await bot.stop() == 0
    await day.discord.stop_listening()
    async with day.running() as bot:
        await bot.says("Discord not reached", times=2)
        assert await bot.stop() == 0
    assert "Unclosed" not in day.log
    assert "Traceback" not in day.log


async def test_a_crash_loop_of_the_host_posts_nothing_twice(day: Scenario) -> None:
    """Started and stopped again and again without being given the time to finish."""
    channel: Channel = day.channels[0]
    for _ in range(4):
        async with day.running() as bot:
            await asyncio.sleep(1.2)
            assert await bot.stop() == 0
    await day.run_to_the_end()
    assert intact(day)
    assert len(day.discord.messages_in(channel)) == len(day.states())
