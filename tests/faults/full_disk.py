"""Row 33 on a disk that is truly full: a file system of its own, filled while the bot runs.

`test_full_disk_row.py` runs each of these tests in a process that alone sees such a disk, and
names its folder in the environment.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.run.health import find_disk_problem
from tests.builders import make_listing, make_paper
from tests.fakes import faults
from tests.fakes.arxiv import Page
from tests.fakes.interactions import Reply
from tests.fakes.process import BotProcess
from tests.faults.scenario import CATEGORY, Scenario, last_announcement_day, scenario
from tests.run.test_health import HOST, find_free_port
from tests.stores import open_store
from tests.waiting import until

MB = 1024 * 1024
ENOUGH, TOO_LITTLE = 60 * MB, 40 * MB
"""On either side of the 50 MB under which nothing is posted."""


class Disk:
    """The disk: a folder for the bot's files, and a file that takes the rest of the space."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "bot"
        self.folder.mkdir()
        self._ballast = place / "ballast"

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def fill(self, leave: int = 0) -> None:
        """Leave only so many bytes."""
        with self._ballast.open("ab") as file:
            while (excess := self.free - leave) > 0:
                try:
                    os.posix_fallocate(file.fileno(), file.tell(), excess)
                except OSError:  # the bot took some meanwhile
                    continue
                file.seek(0, os.SEEK_END)

    def clear(self, leave: int | None = None) -> None:
        """Give all of the space back, or so much of it."""
        self._ballast.unlink(missing_ok=True)
        if leave is not None:
            self.fill(leave)


@pytest.fixture
def disk() -> Iterator[Disk]:
    place = Path(os.environ["SMALL_DISK"])
    assert place.is_mount()
    disk = Disk(place)
    yield disk
    disk.clear()
    shutil.rmtree(disk.folder)


@pytest.fixture
async def day(disk: Disk) -> AsyncIterator[Scenario]:
    async with scenario(disk.folder, channels=3, papers=12) as day:
        yield day


async def search(day: Scenario) -> Reply:
    user = day.discord.add_user()
    return await day.discord.slash(day.guild, day.channels[0], user, "paper search", query="paper")


async def set_up(day: Scenario) -> Reply:
    admin = day.discord.add_user(is_admin=True)
    return await day.discord.slash(
        day.guild, day.channels[0], admin, "digest setup", categories="cs.LG"
    )


def calls_of(day: Scenario, method: str, template: str) -> int:
    return sum((call.method, call.template) == (method, template) for call in day.discord.calls)


def complaints(day: Scenario, bot: BotProcess | None = None) -> list[str]:
    """What the bot logged of trouble, without times; that there is no room for a copy, once."""
    lines = (day.log if bot is None else bot.log).splitlines()
    parts = [line.split(maxsplit=2)[1:] for line in lines]
    told = [text for level, text in parts if level in ("WARNING", "ERROR") and "bot." in text]
    assert sum(text.startswith(NO_COPY) for text in told) <= 1
    return [text for text in told if not text.startswith(NO_COPY)]


async def delivered(day: Scenario, bot: BotProcess) -> None:
    """All arrives, once."""
    assert await day.finished(bot), bot.log
    await bot.ticks()
    assert await bot.stop() == 0, bot.log


def intact(day: Scenario) -> bool:
    assert "Traceback" not in day.log
    assert day.discord.refusals == []
    findings = day.check()
    assert findings.problems == []
    return findings.unknown == 0 and day.is_done()


PUT_OFF = "bot.run.ticker: tick postponed: There is no space left for the database."
PUT_OFF_AGAIN = "bot.run.ticker: tick postponed again: There is no space left for the database."
NO_COPY = "bot.run.housekeeping: no backup made"
NEARLY_FULL = "bot.delivery.worker: disk nearly full: nothing is posted until there is space again"


async def test_full_before_a_listing_is_stored(disk: Disk, day: Scenario) -> None:
    """It cannot be kept: told once, asked for ever less often, posted when there is space."""
    is_full = asyncio.Event()

    async def held_back(request: web.Request, page: Page) -> web.Response:
        await is_full.wait()
        return page.response()

    day.arxiv.fail(held_back)
    async with day.running() as bot:
        await day.discord.wait_connected()
        disk.fill()
        is_full.set()
        await bot.says(PUT_OFF_AGAIN, times=2)
        await bot.says(NEARLY_FULL)
        assert sorted(complaints(day, bot)) == [NEARLY_FULL, PUT_OFF]
        assert "No paper" in (await search(day)).text
        refused = await set_up(day)
        assert refused.content == "There is no space left for the database."
        assert refused.is_private
        assert day.states() == []
        assert day.discord.ledger == []
        disk.clear()
        await delivered(day, bot)
    assert sorted(complaints(day)) == [NEARLY_FULL, PUT_OFF]
    assert "ticks resume" in day.log
    assert intact(day)


async def test_full_before_a_digest_is_planned(disk: Disk, day: Scenario) -> None:
    """Due in three channels, the listing is there: told once in all, nothing is half planned."""
    today = last_announcement_day(day.discord.now())
    day.arxiv.publish(CATEGORY, today, [])
    async with day.running() as bot:  # so that it has no commands to note at the next start
        await day.discord.wait_connected()
        assert await bot.stop() == 0
    papers = [make_paper(arxiv_id=record.arxiv_id) for record in day.records]
    async with open_store(day.path) as store:
        listing = make_listing(*papers, category=CATEGORY, announced_on=today)
        await store.papers.add_listing(listing, now=day.discord.now())
    logging_in = "GET", "/users/@me"
    is_full = asyncio.Event()
    day.discord.inject(faults.late(is_full), route=logging_in)
    async with day.running() as bot:
        await day.discord.wait_until(lambda: calls_of(day, *logging_in) == 2)
        assert day.states() == []
        disk.fill()
        is_full.set()
        await bot.says(PUT_OFF_AGAIN, times=2)
        await bot.says(NEARLY_FULL)
        assert sorted(complaints(day, bot)) == [NEARLY_FULL, PUT_OFF]
        assert (await search(day)).embeds
        assert day.states() == []
        assert day.discord.ledger == []
        disk.clear()
        await delivered(day, bot)
    assert "ticks resume" in day.log
    assert intact(day)


async def test_too_little_space_for_posting(disk: Disk, day: Scenario) -> None:
    """Planned, but not claimed: the outcome might not fit. Told once; all commands answer."""
    disk.fill(TOO_LITTLE)
    async with day.running() as bot:
        await bot.says(NEARLY_FULL)
        await until(lambda: len(day.states()) == 6)
        await bot.ticks()
        assert set(day.states()) == {"planned"}
        assert day.discord.ledger == []
        assert (await search(day)).embeds
        assert "Digest changed" in (await set_up(day)).text
        disk.clear(ENOUGH)
        await delivered(day, bot)
    assert complaints(day) == [NEARLY_FULL]
    assert day.log.count("there is space again: posting resumes") == 1
    assert intact(day)


@pytest.mark.parametrize("is_killed", [False, True], ids=["running", "killed"])
async def test_full_between_accept_and_finish(
    disk: Disk, day: Scenario, *, is_killed: bool
) -> None:
    """What Discord accepted stays `sending`, nothing more is sent, and it is found in the end.

    Killed and away for long, it is found in the channel, not by its nonce.
    """
    is_full = asyncio.Event()
    day.discord.inject(*[faults.late(is_full)] * 3)
    async with day.running() as bot:
        await day.discord.wait_for_messages(3)
        disk.fill()
        is_full.set()
        await bot.says(NEARLY_FULL)
        await until(lambda: len(complaints(day, bot)) >= 4, lambda: bot.log)
        assert day.states() == ["sending", "planned"] * 3
        assert len(day.discord.ledger) == 3
        assert (await search(day)).embeds
        assert "no space left" in (await set_up(day)).content
        assert len(complaints(day, bot)) <= 6, bot.log  # each channel once, and the disk
        if is_killed:
            await bot.kill()
            disk.clear()
            day.discord.nonce_window_s = 0
            day.age_claims(30)
        else:
            disk.clear()
            await delivered(day, bot)
    if is_killed:
        await day.run_to_the_end()
    assert "nearly full" in day.log
    assert intact(day)


async def test_full_is_not_ready(disk: Disk, day: Scenario) -> None:
    """`/readyz` says so from the reserve on and is green again with space; `/healthz` always is."""
    port = find_free_port()
    day.environ["PAPER_BOT_HEALTH__PORT"] = str(port)
    async with day.running() as bot, aiohttp.ClientSession(f"http://{HOST}:{port}") as http:

        async def ask(path: str) -> tuple[int, str]:
            async with http.get(path) as answer:
                return answer.status, await answer.text()

        assert await day.finished(bot), bot.log

        async def is_ready() -> bool:
            return await ask("/readyz") == (200, "ok\n")

        await until(is_ready)
        for left in (TOO_LITTLE, 0):
            disk.clear(left)
            status, said = await ask("/readyz")
            assert (status, "nothing is posted below 52 MB" in said) == (503, True), said
            assert "database_writable 0" in (await ask("/metrics"))[1]
            assert (await ask("/healthz"))[0] == 200
        disk.clear()
        assert await ask("/readyz") == (200, "ok\n")
        assert await bot.stop() == 0


async def test_a_folder_on_a_full_disk_takes_no_writes(disk: Disk) -> None:
    """Whatever the reserve: it is tried."""
    assert find_disk_problem(disk.folder, reserve=0) == ""
    disk.fill()
    said = find_disk_problem(disk.folder, reserve=0)
    assert said == f"{disk.folder} takes no writes (No space left on device)"


async def test_full_at_the_start(disk: Disk, day: Scenario) -> None:
    """Refused with one sentence, touching nothing."""
    disk.fill()
    async with day.running() as bot:
        assert await bot.wait() == 74
    (line,) = day.log.splitlines()
    assert line == (f"There is no space left on the disk of {day.path}; make some and start again.")
    disk.clear()
    await day.run_to_the_end()
    assert intact(day)
