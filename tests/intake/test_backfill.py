"""A category's past over OAI-PMH: which papers, in which requests, through which disturbances."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.arxiv.calendar import EASTERN, announcement_days
from bot.arxiv.client import ArxivClient
from bot.config.schema import ArxivConfig
from bot.errors import ArxivUnavailable, InputError, ListingFormatError
from bot.intake.backfill import (
    FIRST_WINDOW_DAYS,
    LONGEST_WINDOW_DAYS,
    PAUSES_S,
    Backfill,
    Bookmark,
    PastDays,
    check_days,
)
from bot.intake.history import IntakeTally
from bot.store.store import Store
from tests.fakes import commands
from tests.fakes.arxiv import ArxivServer, Fault, Page, Record, answer, cut, html_instead
from tests.fakes.arxiv_forms import oai_error
from tests.stores import open_store

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2024, 10, 1)
SINCE, UNTIL = date(2024, 8, 5), date(2024, 9, 13)
ASKED = PastDays(category="cs.CV", since=SINCE, until=UNTIL)
A_DAY = 3
"""Papers that every announcement day has here."""


def submitted_for(day: date) -> datetime:
    """Return a moment of submission that leads to the announcement of ``day``."""
    before = day - timedelta(days=3 if day.weekday() == 0 else 1)
    return datetime.combine(before, time(10), EASTERN).astimezone(UTC)


def records_of(day: date, **changes: object) -> list[Record]:
    number = (day - date(day.year, day.month, 1)).days * 10
    return [
        Record(f"{day:%y%m}.{number + each:05d}", submitted_at=submitted_for(day), **changes)  # type: ignore[arg-type]
        for each in range(1, A_DAY + 1)
    ]


def publish(arxiv: ArxivServer, days: Iterable[date]) -> None:
    for day in days:
        arxiv.publish("cs.CV", day, records_of(day))


@dataclass
class Backfilled:
    """A stand-in with two months of papers, a store, and what was said."""

    arxiv: ArxivServer
    store: Store
    backfill: Backfill
    said: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def run(self, asked: PastDays = ASKED) -> IntakeTally:
        return await self.backfill.run(asked)

    async def dates(self) -> set[date]:
        """Return the days of all stored papers."""
        page = await self.store.database.read(
            lambda connection: connection.execute("SELECT announced_on FROM paper").fetchall()
        )
        return {date.fromisoformat(row[0]) for row in page}

    def asked(self) -> list[tuple[date, date]]:
        """Return the days that were asked for, token after token left out."""
        queries = [parse_qs(urlsplit(each.path).query) for each in self.arxiv.requests]
        return [
            (date.fromisoformat(query["from"][0]), date.fromisoformat(query["until"][0]))
            for query in queries
            if "from" in query
        ]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Backfilled]:
    said: list[str] = []
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with (
        ArxivServer(page_size=20) as arxiv,
        open_store(tmp_path / "papers.db") as store,
        aiohttp.ClientSession() as session,
    ):
        publish(arxiv, announcement_days(date(2024, 7, 1), TODAY))
        settings = ArxivConfig(oai_url=arxiv.url, request_spacing_s=0)
        clock = [0.0]

        async def client_sleep(seconds: float) -> None:
            clock[0] += seconds

        def monotonic() -> float:
            return clock[0] + sum(slept)

        client = ArxivClient(session, settings, sleep=client_sleep, monotonic=monotonic)
        backfill = Backfill(
            store,
            client,
            now=lambda: datetime.combine(TODAY, time(12), UTC),
            report=said.append,
            sleep=sleep,
        )
        yield Backfilled(arxiv, store, backfill, said, slept)


ALL = set(announcement_days(SINCE, UNTIL))


async def test_the_papers_of_the_days_asked_for_are_stored_and_no_others(
    world: Backfilled,
) -> None:
    tally = await world.run()
    assert await world.dates() == ALL
    assert tally.added.new == tally.papers == A_DAY * len(ALL)
    outside = announcement_days(UNTIL + timedelta(days=1), TODAY)
    assert tally.outside == A_DAY * len(outside)
    assert world.said == [f"cs.CV from {SINCE} to {UNTIL}: {tally}"]
    assert world.slept == []


async def test_everything_that_changed_since_the_first_day_is_asked_for_once(
    world: Backfilled,
) -> None:
    """Windows join without gap or overlap, from the first day to today."""
    await world.run()
    windows = world.asked()
    assert windows[0][0] == SINCE
    assert windows[-1][1] == TODAY
    for (_, end), (begin, _) in pairwise(windows):
        assert begin == end + timedelta(days=1)


async def test_a_paper_that_changed_later_is_found(world: Backfilled) -> None:
    """A new version moves a record out of the days of its announcement, not out of reach."""
    day = announcement_days(SINCE, UNTIL)[0]
    newer = records_of(day, version=2, announce_type="replace")
    world.arxiv.publish("cs.CV", date(2024, 9, 27), newer)
    await world.run()
    stored = await world.store.papers.get_paper(records_of(day)[0].arxiv_id)  # type: ignore[arg-type]
    assert stored is not None
    assert (stored.announced_on, stored.paper.version) == (day, 2)
    assert stored.is_date_estimated


async def test_a_second_run_changes_nothing(world: Backfilled) -> None:
    await world.run()
    requests = len(world.arxiv.requests)
    again = await world.run()
    assert (again.added.new, again.added.updated) == (0, 0)
    assert len(world.arxiv.requests) == 2 * requests


async def test_a_listing_keeps_its_dates(world: Backfilled) -> None:
    """What a listing said of a paper is worth more than what a backfill works out."""
    day = announcement_days(SINCE, UNTIL)[3]
    late = day + timedelta(days=1)
    record = records_of(day)[0]
    world.arxiv.publish("cs.LG", late, [record])
    async with aiohttp.ClientSession() as session:
        client = ArxivClient(session, ArxivConfig(feed_url=world.arxiv.url, request_spacing_s=0))
        listing = await client.fetch_listing("cs.LG")
    assert listing.announced_on == late
    await world.store.papers.add_listing(listing, now=datetime(2024, 10, 1, tzinfo=UTC))
    await world.run()
    stored = await world.store.papers.get_paper(record.arxiv_id)  # type: ignore[arg-type]
    assert stored is not None
    assert (stored.announced_on, stored.is_date_estimated) == (late, False)


async def test_days_without_papers_are_no_error(world: Backfilled) -> None:
    asked = PastDays(category="math.CO", since=SINCE, until=UNTIL)
    assert (await world.run(asked)).papers == 0


# -- disturbances --------------------------------------------------------------------------------


async def as_it_is(request: web.Request, page: Page) -> web.StreamResponse:
    """Answer without any fault."""
    return page.response()


EXPIRED = answer(200, oai_error("badResumptionToken", "Expired."), headers={"Content-Type": "t/x"})


@pytest.mark.parametrize(
    "faults",
    [
        [answer(503), answer(503)],
        [answer(503, headers={"Retry-After": "400"})],
        [answer(429, "Rate exceeded.")],
        [cut(0.5), cut(0.9, declared=False)],
        [html_instead()],
    ],
)
@pytest.mark.parametrize("after", [0, 1, 2])
async def test_an_outage_is_waited_out(
    world: Backfilled, faults: Sequence[Fault], after: int
) -> None:
    fine: list[Fault] = [as_it_is] * after
    world.arxiv.fail(*fine, *faults)
    await world.run()
    assert await world.dates() == ALL
    assert len(world.slept) == len(faults)
    if len(faults) == 1:
        assert world.slept[0] >= 5


async def test_a_pause_is_as_long_as_arxiv_asks(world: Backfilled) -> None:
    world.arxiv.fail(answer(503, headers={"Retry-After": "400"}))
    await world.run()
    assert world.slept == [400.0]


async def test_an_outage_that_does_not_end_is_told_and_the_place_kept(world: Backfilled) -> None:
    world.arxiv.fail(as_it_is, as_it_is, *[answer(503)] * (len(PAUSES_S) + 1))
    with pytest.raises(ArxivUnavailable):
        await world.run()
    assert sum(world.slept) > 600
    stored = await world.dates()
    assert stored
    assert stored < ALL
    before = len(world.arxiv.requests)
    await world.run()
    assert await world.dates() == ALL
    assert "resumptionToken" in world.arxiv.requests[before].path


async def test_a_token_that_ran_out_costs_no_more_than_its_window(world: Backfilled) -> None:
    world.arxiv.fail(as_it_is, as_it_is, EXPIRED)
    await world.run()
    assert await world.dates() == ALL
    windows = world.asked()
    assert windows[0] == windows[1]
    assert len(set(windows)) == len(windows) - 1


async def test_tokens_that_always_run_out_are_no_endless_loop(world: Backfilled) -> None:
    world.arxiv.fail(*[as_it_is, EXPIRED] * 20)
    with pytest.raises(ListingFormatError, match="Expired"):
        await world.run()


async def test_a_page_that_is_refused_is_told_in_arxivs_words(world: Backfilled) -> None:
    refusal = answer(200, oai_error("badArgument", "No such set."), headers={"Content-Type": "t/x"})
    world.arxiv.fail(*[refusal] * 20)
    with pytest.raises(ListingFormatError, match="No such set"):
        await world.run()
    assert len(world.slept) == 3


# -- places --------------------------------------------------------------------------------------


def test_a_bookmark_survives_being_written_down() -> None:
    for place in (
        Bookmark(day=SINCE),
        Bookmark(day=SINCE, days=3, token="verb%3DListRecords", pages=2),
    ):
        assert Bookmark.from_json(place.to_json()) == place


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[1]",
        "{}",
        '{"day": "once"}',
        '{"odd": 1}',
        '{"day": "2024-03-05", "days": "x", "token": null, "pages": 0}',
    ],
)
def test_a_damaged_bookmark_is_none(text: str) -> None:
    assert Bookmark.from_json(text) is None


@pytest.mark.parametrize(
    ("pages", "days"),
    [(1, 2 * FIRST_WINDOW_DAYS), (3, FIRST_WINDOW_DAYS), (9, FIRST_WINDOW_DAYS // 2)],
)
def test_windows_follow_what_they_hold(pages: int, days: int) -> None:
    place = Bookmark(day=SINCE)
    for number in range(pages):
        place = place.after_page(f"t{number}" if number < pages - 1 else None)
    assert place == Bookmark(day=SINCE + timedelta(days=FIRST_WINDOW_DAYS), days=days)


def test_windows_stay_between_a_day_and_a_year() -> None:
    long, short = Bookmark(day=SINCE), Bookmark(day=SINCE)
    for _ in range(12):
        long = long.after_page(None)
        for _ in range(9):
            short = short.after_page("token")
        short = short.after_page(None)
    assert (long.days, short.days) == (LONGEST_WINDOW_DAYS, 1)


@pytest.mark.parametrize(
    ("since", "until", "part"),
    [
        (date(1990, 1, 1), UNTIL, "from 1991-08-14 to 2024-10-01"),
        (SINCE, TODAY + timedelta(days=1), "from 1991-08-14 to 2024-10-01"),
        (UNTIL, SINCE, "swap"),
    ],
)
def test_impossible_days_say_which_are_possible(since: date, until: date, part: str) -> None:
    with pytest.raises(InputError, match=part) as raised:
        check_days(since, until, TODAY)
    assert len(str(raised.value).splitlines()) == 1
    check_days(SINCE, UNTIL, TODAY)
    check_days(date(1991, 8, 14), TODAY, TODAY)


# -- the command ---------------------------------------------------------------------------------


async def command(arxiv_url: str, folder: Path, *arguments: str, **crash: str) -> tuple[int, str]:
    environ = {
        "PATH": os.environ["PATH"],
        "PAPER_BOT_DATABASE__PATH": str(folder / "papers.db"),
        "PAPER_BOT_ARXIV__OAI_URL": arxiv_url,
        "PAPER_BOT_ARXIV__REQUEST_SPACING_S": "0",
        **crash,
    }
    ran = await asyncio.to_thread(commands.run, environ, "backfill", *arguments)
    return ran.code, ran.err


DAYS = ("--from", str(SINCE), "--until", str(UNTIL))


@pytest.mark.parametrize("crash", ["before_commit:1", "before_commit:2", "before_commit:3"])
async def test_a_crash_costs_a_page_at_most(tmp_path: Path, crash: str) -> None:
    """Wherever it dies, the next run ends with every paper and asks for no page twice but one."""
    async with ArxivServer(page_size=20) as arxiv:
        publish(arxiv, announcement_days(date(2024, 7, 1), TODAY))
        async with open_store(tmp_path / "papers.db"):
            pass  # so that the first transaction is the first page
        code, _ = await command(arxiv.url, tmp_path, "--category", "cs.CV", *DAYS, CRASH_AT=crash)
        assert code == 137
        code, err = await command(arxiv.url, tmp_path, "--category", "cs.CV", *DAYS)
        assert code == 0, err
        paths = [re.sub(r"until=\S*", "", unquote(asked.path)) for asked in arxiv.requests]
    assert len(paths) - len(set(paths)) <= 1
    async with open_store(tmp_path / "papers.db") as store:
        assert await store.papers.count_papers() == A_DAY * len(ALL)


async def test_several_categories_are_fetched_in_turn(tmp_path: Path) -> None:
    async with ArxivServer() as arxiv:
        publish(arxiv, announcement_days(SINCE, UNTIL))
        arxiv.publish("hep-th", UNTIL, [Record("2409.09999", categories=["hep-th"])])
        arguments = ("--category", "cs.cv", "--category", "HEP-TH", *DAYS)
        code, err = await command(arxiv.url, tmp_path, *arguments)
    assert code == 0, err
    first, second = err.splitlines()
    assert first.startswith(f"cs.CV from {SINCE} to {UNTIL}: {A_DAY * len(ALL)} papers")
    assert second.startswith("hep-th from ")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--category", "cs.XV", *DAYS), ["cs.XV", "cs.CV"]),
        (("--category", "cs.CV", "--from", "1980-01-01"), ["1991-08-14"]),
        (("--category", "cs.CV", "--from", "2024-02-30"), ["2024-02-30", "YYYY-MM-DD"]),
        (("--category", "cs.CV", "--from", str(SINCE), "--until", "2999-01-01"), ["future"]),
        (("--category", "cs.CV", "--from", str(UNTIL), "--until", str(SINCE)), ["swap"]),
    ],
)
async def test_bad_input_gets_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], parts: list[str]
) -> None:
    code, err = await command("http://127.0.0.1:1", tmp_path, *arguments)
    assert (code, len(err.splitlines())) == (2, 1), err
    assert all(part in err for part in parts)
    assert not (tmp_path / "papers.db").exists()
