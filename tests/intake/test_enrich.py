"""Late links, over a real store and a Hugging Face on loopback."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.config.schema import Config
from bot.intake.enrich import ASKED, CHECKS, Enrichment, due_days
from bot.links.client import PAUSE_S, HuggingFaceClient
from bot.models import AnnounceType, LinkKind, Provenance
from bot.query.parser import parse_query
from bot.run.app import offline_pipeline, open_enrichment
from bot.run.ticker import ticking
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_link, make_listing, make_paper
from tests.fakes import arxiv as fake
from tests.fakes.clock import VirtualClock
from tests.fakes.huggingface import HuggingFaceServer
from tests.stores import open_store
from tests.waiting import until

MONDAY = date(2024, 3, 4)
CODE = "https://github.com/example/late"
FIRST = CHECKS[0]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "papers.db") as store:
        yield store


@pytest.fixture
async def hub() -> AsyncIterator[HuggingFaceServer]:
    async with HuggingFaceServer() as hub:
        hub.show(DAY, {make_id(1): {"githubRepo": CODE}})
        yield hub


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def client(
    hub: HuggingFaceServer, session: aiohttp.ClientSession, clock: VirtualClock
) -> HuggingFaceClient:
    return HuggingFaceClient(session, hub.url, timeout_s=0.3, monotonic=clock.monotonic)


@pytest.fixture
def enrichment(store: Store, client: HuggingFaceClient, clock: VirtualClock) -> Enrichment:
    return Enrichment(store, client, now=clock.now)


async def announce(store: Store, clock: VirtualClock, *days: date) -> None:
    """Store a listing of two papers for each date, now."""
    for day in days or (DAY,):
        listing = make_listing(make_paper(1), make_paper(2), announced_on=day)
        await store.papers.add_listing(listing, now=clock.now())


async def found(store: Store, query: str) -> list[str]:
    page = await store.search.find(parse_query(query))
    return [match.stored.paper.arxiv_id for match in page.matches]


async def look_for(
    hours: float, enrichment: Enrichment, clock: VirtualClock, *, every: timedelta
) -> None:
    end = clock.now() + timedelta(hours=hours)
    while clock.now() < end:
        await enrichment.look()
        clock.advance(every)


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged about the source, without the reasons."""
    ours = [record for record in caplog.records if record.name == "bot.intake.enrich"]
    return [record.getMessage().partition(":")[0] for record in ours]


# --- what comes of it -------------------------------------------------------------------------


async def test_a_paper_without_code_in_its_abstract_has_code_afterwards(
    store: Store, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await announce(store, clock)
    assert await found(store, "has:code") == []
    clock.advance(FIRST)
    assert await enrichment.look() == 1
    assert await found(store, "has:code") == [make_id(1)]
    stored = await store.papers.get_paper(make_id(1))
    assert stored is not None
    [link] = stored.paper.links_of(LinkKind.CODE)
    assert (link.url, link.provenance) == (CODE, Provenance.HUGGING_FACE)


async def test_what_the_authors_named_is_not_added_again(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    """Another spelling of the same repository is no other link."""
    paper = make_paper(links=[make_link("https://github.com/Example/Late")])
    await store.papers.add_listing(make_listing(paper), now=clock.now())
    clock.advance(FIRST)
    assert await enrichment.look() == 0
    assert len(hub.requests) == 1
    stored = await store.papers.get_paper(paper.arxiv_id)
    assert stored is not None
    assert stored.paper.links == paper.links


async def test_papers_that_we_do_not_have_are_ignored(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    hub.show(DAY, {"2403.99999": {"githubRepo": CODE}})
    await announce(store, clock)
    clock.advance(FIRST)
    assert await enrichment.look() == 0
    assert await store.papers.count_papers() == 2


async def test_a_link_that_comes_late_is_found_by_a_later_check(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await announce(store, clock)
    clock.advance(FIRST)
    await enrichment.look()
    hub.show(DAY, {make_id(1): {"githubRepo": CODE}, make_id(2): {"githubRepo": f"{CODE}2"}})
    assert await enrichment.look() == 0
    clock.advance(CHECKS[1])
    assert await enrichment.look() == 1
    assert set(await found(store, "has:code")) == {make_id(1), make_id(2)}


# --- when it asks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored_ago_h", "asked_ago_h", "is_due"),
    [
        (0, None, False),
        (0.1, None, False),
        (0.2, None, True),
        (11, 10.8, False),
        (12, 11.8, True),
        (12.1, 0.1, False),
        (24, 11.9, True),
        (71.9, 23.9, False),
        (72, 24, True),
        (72, 70, True),
        (160, 88, False),
        (160, 89, True),
        (160, -5, False),
        (-5, None, False),
    ],
)
def test_a_date_is_due_when_a_check_has_passed_since_it_was_asked(
    stored_ago_h: float, asked_ago_h: float | None, is_due: bool
) -> None:
    stored = {DAY: NOW - timedelta(hours=stored_ago_h)}
    asked = {} if asked_ago_h is None else {DAY: NOW - timedelta(hours=asked_ago_h)}
    assert bool(due_days(stored, asked, NOW)) is is_due


async def test_an_announcement_day_costs_five_requests(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await announce(store, clock)
    await look_for(9 * 24, enrichment, clock, every=timedelta(minutes=7))
    assert hub.asked == [DAY] * len(CHECKS)


@pytest.mark.parametrize(
    "note",
    [
        "no JSON",
        "[1]",
        "7",
        '{"once": "2024-03-05T09:00:00+00:00"}',
        '{"2024-03-05": "x"}',
        '{"2024-03-05": "1999-12-31T09:00:00"}',
    ],
)
async def test_a_damaged_note_of_what_was_asked_counts_for_nothing(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock, note: str
) -> None:
    await announce(store, clock)
    clock.advance(FIRST)
    await store.facts.set(ASKED, note)
    assert await enrichment.look() == 1
    assert hub.asked == [DAY]


async def test_without_listings_nobody_is_asked(
    hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await look_for(2, enrichment, clock, every=timedelta(minutes=7))
    assert hub.requests == []


async def test_each_look_asks_about_one_date_the_newest_first(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    """History that was imported today is not asked about."""
    await announce(store, clock, date(2020, 8, 21), MONDAY, DAY)
    clock.advance(FIRST)
    for expected in ([DAY], [DAY, MONDAY], [DAY, MONDAY]):
        await enrichment.look()
        assert hub.asked == expected


async def test_a_listing_that_is_stored_later_is_asked_about_again(
    store: Store, hub: HuggingFaceServer, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await announce(store, clock)
    clock.advance(timedelta(hours=1))
    await enrichment.look()
    other = make_listing(make_paper(3, categories=["cs.LG"]), category="cs.LG")
    await store.papers.add_listing(other, now=clock.now())
    clock.advance(FIRST)
    await enrichment.look()
    assert hub.asked == [DAY, DAY]


async def test_a_restart_asks_nothing_again_and_makes_up_for_checks_with_one(
    store: Store,
    hub: HuggingFaceServer,
    client: HuggingFaceClient,
    enrichment: Enrichment,
    clock: VirtualClock,
) -> None:
    await announce(store, clock)
    clock.advance(FIRST)
    await enrichment.look()
    await Enrichment(store, client, now=clock.now).look()
    assert hub.asked == [DAY]
    clock.advance(timedelta(days=2, hours=1))
    again = Enrichment(store, client, now=clock.now)
    assert [await again.look() for _ in range(3)] == [0, 0, 0]
    assert hub.asked == [DAY, DAY]


async def test_dates_that_are_over_are_forgotten(
    store: Store, enrichment: Enrichment, clock: VirtualClock
) -> None:
    await announce(store, clock)
    await look_for(1, enrichment, clock, every=FIRST)
    clock.advance(timedelta(days=10))
    later = clock.now().astimezone(UTC).date()
    await announce(store, clock, later)
    await look_for(1, enrichment, clock, every=FIRST)
    fact = await store.facts.get(ASKED) or ""
    assert later.isoformat() in fact
    assert DAY.isoformat() not in fact


# --- a source that is broken ------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        fake.answer(500),
        fake.answer(429, headers={"Retry-After": "30"}),
        fake.hang(),
        fake.cut(0.5),
    ],
    ids=["500", "429", "slow", "cut"],
)
async def test_an_outage_is_logged_once_and_so_is_its_end(
    store: Store,
    hub: HuggingFaceServer,
    enrichment: Enrichment,
    clock: VirtualClock,
    caplog: pytest.LogCaptureFixture,
    fault: fake.Fault,
) -> None:
    """It is asked once an hour until it answers; then its links are there."""
    caplog.set_level(logging.INFO)
    await announce(store, clock)
    hub.fail(*[fault] * 3)
    clock.advance(FIRST)
    await look_for(5, enrichment, clock, every=timedelta(seconds=PAUSE_S / 4))
    assert hub.asked == [DAY] * 4
    assert events(caplog) == [
        "late links not fetched",
        "late links fetched again",
        "late links added",
    ]
    assert await found(store, "has:code") == [make_id(1)]


@pytest.mark.parametrize(
    "fault",
    [
        fake.html_instead(),
        fake.answer(200, " " * 6_000_000),
        fake.redirect("https://example.org/", 302),
        fake.answer(400, '{"error": "Invalid date"}'),
    ],
    ids=["html", "huge", "redirect", "400"],
)
async def test_an_answer_of_no_use_keeps_no_other_date_waiting(
    store: Store,
    hub: HuggingFaceServer,
    enrichment: Enrichment,
    clock: VirtualClock,
    caplog: pytest.LogCaptureFixture,
    fault: fake.Fault,
) -> None:
    caplog.set_level(logging.INFO)
    await announce(store, clock, MONDAY, DAY)
    hub.fail(fault)
    clock.advance(FIRST)
    await look_for(1, enrichment, clock, every=timedelta(minutes=5))
    assert hub.asked == [DAY, MONDAY]
    assert events(caplog) == ["late links not fetched", "late links fetched again"]
    clock.advance(CHECKS[1])
    assert await enrichment.look() == 1


# --- in the process ---------------------------------------------------------------------------


@asynccontextmanager
async def enriching(hub: HuggingFaceServer, store: Store) -> AsyncIterator[None]:
    """Look for links every now and then, as the process does."""
    async with open_enrichment(settings(hub, enabled=True), store) as enrichment:
        assert enrichment is not None
        async with ticking(enrichment.look, every_s=0.1):
            yield


def settings(hub: HuggingFaceServer, **changes: object) -> Config:
    return Config.model_validate({"huggingface": {"url": hub.url, **changes}})


async def stored_before_now(store: Store) -> date:
    """Store today's listing an hour ago, by the real clock."""
    moment = datetime.now(UTC) - timedelta(hours=1)
    today = moment.date()
    await store.papers.add_listing(make_listing(make_paper(), announced_on=today), now=moment)
    return today


async def test_by_default_hugging_face_is_not_asked(store: Store, hub: HuggingFaceServer) -> None:
    await stored_before_now(store)
    async with open_enrichment(settings(hub), store) as enrichment:
        assert enrichment is None
    assert hub.requests == []


async def test_where_the_settings_ask_for_it_links_come_by_themselves(
    store: Store, hub: HuggingFaceServer
) -> None:
    today = await stored_before_now(store)
    hub.show(today, {make_id(1): {"githubRepo": CODE}})
    async with enriching(hub, store):
        pass  # the first look begins at once, and is waited for
    assert hub.asked == [today]
    assert await found(store, "has:code") == [make_id(1)]


async def test_a_digest_never_waits_for_a_slow_source(store: Store, hub: HuggingFaceServer) -> None:
    is_planned = asyncio.Event()
    hub.fail(fake.hang(is_planned))
    await store.subscriptions.set_subscription(
        guild_id=1001,
        channel_id=2001,
        categories=("cs.CV",),
        announce_types=(AnnounceType.NEW,),
        post_at=None,
        zone="UTC",
        style="cards",
        now=datetime.now(UTC) - timedelta(hours=2),
    )
    today = await stored_before_now(store)
    hub.show(today, {make_id(1): {"githubRepo": CODE}})
    async with enriching(hub, store):
        await until(lambda: hub.requests)
        assert await offline_pipeline(store).tick() == 1
        assert await found(store, "has:code") == []
        is_planned.set()
    assert await found(store, "has:code") == [make_id(1)]
