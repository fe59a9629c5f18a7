"""Row 43, signals at any moment and periodic backups: what the host of a long life sees."""

import asyncio
import contextlib
import re
import shlex
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.models import AnnounceType
from bot.store.backup.copies import list_copies, list_temporary_files
from bot.store.sqlite.database import instance_lock
from tests.fakes import commands
from tests.fakes.arxiv import Record
from tests.fakes.commands import Ran
from tests.fakes.process import BotProcess, running_bot
from tests.fakes.world import Channel
from tests.faults.invariants import Pair
from tests.faults.scenario import Scenario, last_announcement_day, scenario
from tests.run.test_health import HOST, find_free_port
from tests.stores import open_store
from tests.waiting import until

pytestmark = pytest.mark.slow

BLOCKED_S = 20
"""Longer than the watchdog waits before it speaks and the container's check for an answer."""


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Scenario]:
    async with scenario(tmp_path, channels=1, papers=12) as day:
        yield day


async def probed(day: Scenario) -> tuple[int, str]:
    """Ask as the container's health check does: exit code and sentence."""
    probe = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.run.probe", env=day.environ, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await probe.communicate()
    return probe.returncode or 0, out.decode()


async def page(port: int, path: str) -> str:
    timeout = aiohttp.ClientTimeout(total=2)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(f"http://{HOST}:{port}{path}") as answer,
    ):
        return await answer.text()


async def tick_age_s(port: int) -> float:
    metrics = await page(port, "/metrics")
    return float(metrics.partition("\npaper_bot_tick_age_seconds ")[2].split()[0])


LATE = Record("2408.00099", title="A late paper", abstract="We say little.")


async def add_late_channel(day: Scenario) -> Channel:
    """Add a channel whose digest is due at once, as if an admin had set it up."""
    day.arxiv.publish("cs.LG", last_announcement_day(datetime.now(UTC)), [LATE])
    channel = day.discord.add_channel(day.guild, "late")
    async with open_store(day.path) as store:
        await store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.LG"],
            announce_types=list(AnnounceType),
            post_at=None,
            zone="UTC",
            style="cards",
            now=datetime.now(UTC),
        )
    return channel


@pytest.mark.slow(20)
async def test_row_43_a_blocked_loop_is_told_and_what_it_missed_is_caught_up(
    day: Scenario,
) -> None:
    """The watchdog says where it stands, the check is red, what became due is posted once."""
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(find_free_port())
    day.discord.gateway.heartbeat_interval_ms = 3000  # so that discord.py notices it too
    async with day.running(BLOCK_AT=f"after_finish:1:{BLOCKED_S}") as bot:
        await day.discord.wait_for_messages(1)
        late = await add_late_channel(day)
        await bot.says("the event loop is blocked")
        assert "the event loop runs again" not in bot.log
        code, sentence = await probed(day)
        assert (code, "no answer" in sentence) == (1, True), sentence
        await bot.says("the event loop runs again")
        await until(lambda: bool(day.discord.messages_in(late)))
        assert await day.finished(bot), bot.log
        await bot.ticks()
        assert await probed(day) == (0, "ok\n")
        assert await bot.stop() == 0
    assert day.check(day.expected | {Pair(late.id, LATE.arxiv_id)}).problems == []
    told = [line for line in day.log.splitlines() if re.search("(is|heartbeat) blocked", line)]
    assert len(told) == 1
    assert "crashing.py" in told[0]
    assert "bot/delivery/worker.py" in told[0]


async def test_waiting_for_discord_is_no_hang(day: Scenario) -> None:
    """An outage at the start may last hours: each try counts as a sign of life."""
    port = find_free_port()
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(port)
    await day.discord.stop_listening()
    async with day.running() as bot:
        await bot.says("Discord not reached")
        ages = [await tick_age_s(port)]

        async def grows_young() -> bool:
            ages.append(await tick_age_s(port))
            return ages[-1] < ages[-2]

        await until(grows_young)
        assert await bot.stop() == 0
    await day.discord.listen_again()


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


async def test_garbage_is_looked_for_once_the_servers_are_known(day: Scenario) -> None:
    """From then on what stays, most of it servers, is passed over for an hour."""
    async with day.running() as bot:
        await bot.says("garbage looked for")
        await bot.ticks()
        assert bot.log.count("garbage looked for") == 1
        assert await bot.stop() == 0


async def begun(bot: BotProcess) -> None:
    """Wait until our first lines have run: before, nobody can answer a signal."""
    await until(lambda: catches(bot.pid, signal.SIGTERM))


MOMENTS = 8
IMPORTED_S, POSTED_S = 1.2, 0.3
"""What Python computes until it has imported the bot, and the bot after that until it posts."""
IDLE_TICKS = 2
"""After so many it only waits: one moment is like another, and it computes next to nothing."""


@pytest.mark.slow(12)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
async def test_a_signal_at_any_moment_of_the_start_ends_it_cleanly(day: Scenario) -> None:
    """While it imports, opens, logs in, ticks or posts: exit code 0, and the next start is fine."""
    for moment in range(2 * MOMENTS):
        is_import, part = moment < MOMENTS, moment % MOMENTS / MOMENTS
        async with running_bot(day.environ, is_python_started=is_import) as bot:
            await begun(bot)
            after_s = bot.cpu_s() + part * (IMPORTED_S if is_import else POSTED_S)

            def is_moment(bot: BotProcess = bot, after_s: float = after_s) -> bool:
                return bot.cpu_s() >= after_s or bot.ticked() >= IDLE_TICKS

            await until(is_moment)
            bot.send_signal((signal.SIGTERM, signal.SIGINT)[moment % 2])
            assert await bot.wait() == 0, (moment, bot.log)
        assert is_sound(day.path)
        assert "Traceback" not in bot.log
        assert "put back" not in bot.log
    await day.run_to_the_end()
    assert day.check().problems == []


def is_sound(path: Path) -> bool:
    """Whether the database is whole and nobody's."""
    with instance_lock(path), contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_second_signal_ends_even_a_blocked_loop(day: Scenario) -> None:
    async with day.running(BLOCK_AT="after_plan:1:60") as bot:
        await until(lambda: bool(day.states()))

        def insist() -> bool:
            bot.send_signal(signal.SIGTERM)
            return bot.has_ended

        await until(insist)  # two that come at once count as one
        assert await bot.wait() == 128 + signal.SIGTERM
    await day.run_to_the_end()
    assert day.check().problems == []


# Backups


async def command(day: Scenario, *arguments: str) -> Ran:
    """Run another command of the program, which may ask the stand-ins here."""
    return await asyncio.to_thread(commands.run, day.environ, *arguments, cwd=day.path.parent)


async def test_a_running_bot_makes_a_backup_that_can_be_put_back(day: Scenario) -> None:
    """Beside its work, without the token in it; what it posted since is not posted again."""
    folder = day.path.parent / "backups"
    day.environ["PAPER_BOT_BACKUP__EVERY_H"] = "24"
    async with day.running() as bot:
        await bot.says("backup made")
        await bot.says("backup tried and found good")
        assert await day.finished(bot)
        assert await bot.stop() == 0
    (copy,) = list_copies(day.path, folder)
    assert day.discord.token.encode() not in copy.file.read_bytes()
    assert f"last backup {copy.made_at:%Y-%m-%d %H:%M} UTC" in (await command(day, "check")).out
    await day.run_to_the_end()
    assert list_copies(day.path, folder) == [copy]
    assert (await command(day, "restore", str(copy.file))).code == 0
    day.age_claims(30)
    async with day.running() as bot:
        await bot.says("compared with the channels")
        await bot.ticks()
        assert await bot.stop() == 0
    assert len(day.discord.messages_in(day.channels[0])) == 2


async def test_no_backup_is_made_where_the_settings_want_none(day: Scenario) -> None:
    assert day.environ["PAPER_BOT_BACKUP__EVERY_H"] == "0"
    await day.run_to_the_end()
    assert not (day.path.parent / "backups").exists()


async def test_row_35_a_refusal_names_the_newest_backup_and_how_to_put_it_back(
    day: Scenario,
) -> None:
    """Wherever the settings have the backups; followed to the letter, the bot runs again."""
    folder = day.path.parent / "other disk"
    day.environ["PAPER_BOT_BACKUP__EVERY_H"] = "24"
    day.environ["PAPER_BOT_BACKUP__FOLDER"] = str(folder)
    async with day.running() as bot:
        await bot.says("backup made")
        assert await day.finished(bot)
        assert await bot.stop() == 0
    content = bytearray(day.path.read_bytes())
    content[8192:] = b"\x5a" * (len(content) - 8192)
    day.path.write_bytes(content)
    refused = await command(day, "run")
    assert refused.code == 74
    assert len(refused.err.strip().splitlines()) == 1, refused.err
    _, _, advice = refused.err.strip().partition("python -m bot ")
    (copy,) = list_copies(day.path, folder)
    assert shlex.split(advice) == ["restore", str(copy.file)]
    assert advice in (await command(day, "check")).out
    posted = len(day.discord.ledger)
    assert (await command(day, *shlex.split(advice))).code == 0
    await day.run_to_the_end()
    assert len(day.discord.ledger) == posted


async def test_a_stop_does_not_wait_for_a_backup_and_a_kill_leaves_no_half_of_one(
    day: Scenario,
) -> None:
    await day.run_to_the_end()
    folder = day.path.parent / "backups"
    connection = sqlite3.connect(day.path)
    with connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
            "INSERT INTO fact SELECT 'n' || i, hex(zeroblob(2000)) FROM n"
        )
    connection.close()
    day.environ["PAPER_BOT_BACKUP__EVERY_H"] = "24"
    async with day.running() as bot:
        await until(lambda: bool(list_temporary_files(day.path, folder)))
        await bot.kill()
    left = list_temporary_files(day.path, folder)
    assert left
    async with day.running() as bot:
        await until(lambda: bool(set(list_temporary_files(day.path, folder)) - set(left)))
        assert await bot.stop() == 0
    assert list_temporary_files(day.path, folder) == []
    assert day.check().problems == []
