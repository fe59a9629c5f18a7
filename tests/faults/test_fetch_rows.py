"""Rows 1 to 8: what may become of a request to arXiv, from the fault to the channel."""

import asyncio
import gzip
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.arxiv.calendar import announcement_day, previous_announcement_day
from bot.config.schema import ArxivConfig
from bot.models import DayRecord, IntakeSource, IntakeVerdict
from bot.text.words import long_date
from bot.ui.intake import say_intake_reason
from tests.beats import heartbeat, longest_silence_s
from tests.builders import DAY, make_listing, make_papers
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import ArxivServer, Fault, Record
from tests.fakes.arxiv_forms import rss_feed
from tests.fakes.process import bot_environ
from tests.faults.fetching import (
    ALWAYS,
    HOUR,
    MINUTE,
    Fetching,
    cut_chunked,
    ids,
    records,
)
from tests.faults.scenario import scenario
from tests.replay.faults import at
from tests.run.test_health import find_free_port
from tests.stores import open_store
from tests.waiting import until

LISTED = records(3)


@pytest.fixture(autouse=True)
def published(day: Fetching) -> None:
    day.arxiv.publish("cs.CV", DAY, LISTED)


class NoNames(AbstractResolver):
    """A resolver that knows no name, as on a host without network."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def close(self) -> None:
        pass


# --- row 1 -------------------------------------------------------------------------------------


@pytest.fixture(params=["refused", "without a name"])
async def unreachable(
    day: Fetching, request: pytest.FixtureRequest
) -> AsyncIterator[Callable[[], None]]:
    """An arXiv that cannot be reached; call the value to bring it back."""
    url = day.settings.url
    connector = aiohttp.TCPConnector(resolver=NoNames())
    async with aiohttp.ClientSession(connector=connector) as session:
        if request.param == "refused":
            day.settings.refuses = True
        else:
            day.settings.url = "http://rss.arxiv.example"
            day.use(session)

        def bring_back() -> None:
            day.settings.refuses = False
            day.settings.url = url

        yield bring_back


async def test_row_1_an_arxiv_that_cannot_be_reached_is_waited_for(
    day: Fetching, unreachable: Callable[[], None]
) -> None:
    await day.subscribe()
    waits = {}
    while day.clock.now() < at(DAY, 4):
        await day.tick()
        inquiry = (await day.record()).inquiries.get(IntakeSource.FEED)
        if inquiry is not None and inquiry.not_before is not None:
            waits[inquiry.asked_at] = inquiry.not_before - inquiry.asked_at
            day.clock.advance_to(inquiry.asked_at + waits[inquiry.asked_at] * 0.9)
        day.clock.advance(MINUTE)
    backoff = [MINUTE * minutes for minutes in (1, 2, 4, 8, 16, 32, 60)]
    assert len(waits) >= len(backoff)
    shares = [wait / least for wait, least in zip(waits.values(), backoff, strict=False)]
    assert all(1 <= share < 1.25 for share in shares)
    assert len(set(shares)) > 1  # jitter
    assert all(after >= before + waits[before] for before, after in pairwise(waits))
    assert await day.planned() == 0
    unreachable()
    await day.until(at(DAY, 6))
    assert day.posted() == ids(LISTED)


async def test_row_1_the_tick_goes_on_meanwhile(
    day: Fetching, unreachable: Callable[[], None]
) -> None:
    """What is stored is posted at its time, whatever arXiv does."""
    other = day.server.add_channel(day.guild, "other")
    await day.subscribe()
    await day.subscribe("cs.LG", channel=other, post_at=time(2))
    papers = make_papers(2, first=50, categories=["cs.LG"])
    listing = make_listing(*papers, category="cs.LG")
    await day.store.papers.add_listing(listing, now=day.clock.now())
    await day.until(at(DAY, 1, 55))
    assert day.posted(other) == []
    await day.until(at(DAY, 2, 5))
    assert day.posted(other) == [paper.arxiv_id for paper in papers]
    assert day.posted() == []


# --- rows 2 and 3 --------------------------------------------------------------------------------

PAUSES: dict[str, tuple[str, Callable[[timedelta], timedelta]]] = {
    "seconds": ("1800", lambda asked: asked + 30 * MINUTE),
    "date": (format_datetime(at(DAY, 1).astimezone(UTC), usegmt=True), lambda _: HOUR),
    "a day": ("86400", lambda asked: asked + HOUR),
    "garbage": ("soon", lambda asked: asked + MINUTE),
}


@pytest.mark.parametrize("status", [429, 503], ids=["row 2", "row 3"])
@pytest.mark.parametrize("name", PAUSES)
async def test_row_2_3_arxiv_is_left_alone_as_long_as_it_asks(
    day: Fetching, status: int, name: str
) -> None:
    """No category is asked before that time (I6), and then soon; an hour is the most."""
    header, until = PAUSES[name]
    day.arxiv.publish("cs.LG", DAY, records(2, first=10))
    await day.subscribe("cs.CV", "cs.LG")
    day.arxiv.fail(fake.answer(status, headers={"Retry-After": header}))
    first, second, *_ = await day.until_asked(2)
    await day.until(at(DAY, 3))
    assert until(first) <= second < until(first) + 3 * MINUTE
    assert day.posted() == ids([*LISTED, *records(2, first=10)])


async def test_row_3_the_host_hears_once_of_an_arxiv_that_fails_for_ever(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked until the window ends; then the listing counts as missed."""
    await day.subscribe()
    day.arxiv.fail(*[fake.answer(503)] * ALWAYS)
    await day.until(at(DAY, 6), every=10 * MINUTE)
    assert day.told() == []
    await day.until(at(DAY, 6, 20), every=10 * MINUTE)
    (notice,) = day.told()
    assert "**cs.CV**" in notice
    assert "HTTP 503" in notice
    end = at(DAY + timedelta(days=5), 0)  # 96 hours after the day
    await day.until(end - MINUTE, every=20 * MINUTE)
    asked = day.asked("cs.CV")
    assert all(after - before < 2 * HOUR for before, after in pairwise(asked))
    assert end - at(DAY, 0) - asked[-1] < 2 * HOUR
    assert day.pipeline.intake.missed == 0
    await day.until(end + HOUR, every=30 * MINUTE)
    record = await day.record()
    assert (record.verdict, record.is_closed) == (IntakeVerdict.MISSED, True)
    assert day.pipeline.intake.missed == 1
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == [
        "arXiv not read for hours",
        "listing missed",
    ]
    _, missed = day.told()
    assert f"**cs.CV** of {long_date(DAY)}" in missed
    assert f"`backfill --category cs.CV --from {DAY} --until {DAY}`" in missed
    assert await day.planned() == 0


@pytest.mark.slow
async def test_row_3_a_missed_listing_is_counted_for_who_watches_the_process(
    tmp_path: Path,
) -> None:
    """One, or two where the list after it, too, can be had no more by now."""
    port = find_free_port()
    async with scenario(tmp_path / "other", channels=1, health__port=port) as made:
        async with open_store(made.path) as store:
            gone = previous_announcement_day(
                announcement_day(datetime.now(UTC)) - timedelta(days=5)
            )
            failed = DayRecord(category="cs.CV", day=gone, verdict=IntakeVerdict.FAILED)
            await store.intake.set_records([failed], now=datetime.now(UTC))
        async with made.running() as bot, aiohttp.ClientSession() as http:
            await made.discord.wait_connected()

            async def is_counted() -> bool:
                missed = bot.log.count("listing missed")
                async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    counted = f"paper_bot_listings_missed_total {missed}.0\n"
                    return missed > 0 and counted in await answer.text()

            await until(is_counted, lambda: bot.log)


# --- rows 4 to 8: answers that are none ---------------------------------------------------------


async def failed_then_posted(day: Fetching, fault: Fault, reason: str) -> None:
    """Whatever came is a failure with this reason, not a listing; the next answer is posted."""
    await day.subscribe()
    day.arxiv.fail(fault)
    record = await day.first_poll()
    assert record.verdict is IntakeVerdict.FAILED
    assert reason in say_intake_reason(record.error)
    assert await day.planned() == 0
    await day.until(day.clock.now() + 3 * MINUTE, every=MINUTE)
    assert (await day.record()).verdict is IntakeVerdict.COMPLETE
    assert day.posted() == ids(LISTED)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (fake.answer(200, "Rate exceeded."), "too many requests"),
        (fake.html_instead(), "expected a daily feed"),
    ],
    ids=["rate exceeded", "page"],
)
async def test_row_4_a_success_with_something_else_is_a_failure(
    day: Fetching, fault: Fault, reason: str
) -> None:
    await failed_then_posted(day, fault, reason)


@pytest.mark.parametrize("fault", [fake.drip(4, 0.5), fake.hang()], ids=["drip", "hang"])
async def test_row_5_a_request_without_end_is_cut(day: Fetching, fault: Fault) -> None:
    """By the total, which is 60 s for the host and less here."""
    assert ArxivConfig().timeout_s == 60
    day.settings.timeout_s = 0.3
    await failed_then_posted(day, fault, "did not answer within 0.3 seconds")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (fake.cut(0.5), "could not be reached"),
        (cut_chunked(0.5), "could not be reached"),
        (fake.cut(0.5, declared=False), "not complete XML"),
    ],
    ids=["content-length", "chunked", "connection: close"],
)
async def test_row_6_a_cut_answer_is_refused(day: Fetching, fault: Fault, reason: str) -> None:
    """HTTP tells of the first two; of the third only the XML."""
    await failed_then_posted(day, fault, reason)


TOO_LARGE = {
    "gzip bomb": lambda: fake.bomb(),
    "60 MB feed": lambda: fake.answer_bytes(b"<rss>" + b"<x>y</x>" * 7_500_000 + b"</rss>"),
    "many members": lambda: fake.answer_bytes(
        gzip.compress(b" " * 1000) * 60_000, {"Content-Encoding": "gzip"}
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
async def test_row_7_an_answer_without_end_is_stopped_at_20_mb(day: Fetching, name: str) -> None:
    """And the loop goes on meanwhile."""
    assert ArxivConfig().max_bytes == day.settings.max_bytes == 20_000_000
    day.settings.timeout_s = 30
    fault = TOO_LARGE[name]()
    async with heartbeat() as beats:
        await failed_then_posted(day, fault, "larger than 20 MB")
    assert longest_silence_s(beats) < 0.25


PEAK = """
import sys
from bot.cli.main import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    peak_kb = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
print(code, peak_kb)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by Linux")
@pytest.mark.parametrize("name", TOO_LARGE)
async def test_row_7_such_an_answer_takes_little_memory(
    day: Fetching, tmp_path: Path, name: str
) -> None:
    """The shipped program keeps under 200 MB, loaded libraries included."""
    day.arxiv.fail(TOO_LARGE[name]())
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PEAK,
        "fetch",
        "--category",
        "cs.CV",
        env=bot_environ(tmp_path / "other", arxiv=day.arxiv, discord=None),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, log = await process.communicate()
    assert "larger than 20 MB" in log.decode() + said.decode()
    code, peak_kb = said.split()[-2:]
    assert int(code) == 69
    assert int(peak_kb) < 200_000


# --- row 8 ---------------------------------------------------------------------------------------


def entity(declared: str) -> bytes:
    """Return a feed of cs.CV whose only paper is titled by an entity."""
    feed = rss_feed("cs.CV", DAY, [Record("2403.00009", title="THE-ENTITY")])
    head, _, rest = feed.partition("\n")
    return f"{head}<!DOCTYPE rss [{declared}]>\n{rest.replace('THE-ENTITY', '&z;')}".encode()


LAUGHS = "".join(
    f'<!ENTITY {after} "{f"&{before};" * 10}">' for before, after in pairwise("abcdefghijz")
)

HOSTILE: dict[str, Callable[[Path, str], bytes]] = {
    "billion laughs": lambda _, __: entity(f'<!ENTITY a "ha">{LAUGHS}'),
    "file": lambda path, _: entity(f'<!ENTITY z SYSTEM "file://{path}">'),
    "network": lambda _, url: entity(f'<!ENTITY z SYSTEM "{url}/rss/evil">'),
    "outer type": lambda _, url: entity("").replace(
        b"DOCTYPE rss []", f'DOCTYPE rss SYSTEM "{url}/rss/evil"'.encode()
    ),
    "deep": lambda _, __: b"<rss>" * 200_000 + b"</rss>" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_row_8_hostile_xml_is_refused(day: Fetching, tmp_path: Path, name: str) -> None:
    """No file is read, no address asked. Whoever opened the pipe would wait there for ever."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with ArxivServer() as elsewhere, heartbeat() as beats:
        fault = fake.answer_bytes(HOSTILE[name](pipe, elsewhere.url))
        await failed_then_posted(day, fault, "expected a daily feed")
        assert elsewhere.requests == []
    assert longest_silence_s(beats) < 0.25
