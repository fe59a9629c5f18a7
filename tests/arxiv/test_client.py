import asyncio
import contextlib
import socket
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest

from bot.arxiv.calendar import announcement_days
from bot.arxiv.client import ArxivClient, parse_retry_after
from bot.arxiv.oaipmh import OaiPage, TokenExpired
from bot.errors import (
    ArxivError,
    ArxivUnavailable,
    InputError,
    ListingFormatError,
    UnknownCategory,
)
from bot.models import AnnounceType, ArxivId, Listing
from tests.beats import heartbeat, longest_silence_s
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import ArxivServer, Record
from tests.fakes.arxiv_forms import api_feed, oai_records, rss_feed
from tests.waiting import until

DAY = date(2024, 8, 2)
RECORDS = [Record("2408.00001"), Record("2408.00002"), Record("2407.09999", "cross")]


@dataclass
class VirtualTime:
    """A clock that only sleeping moves."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2024, 8, 2, 5, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Settings:
    feed_url: str
    listing_url: str
    api_url: str
    oai_url: str
    timeout_s: float = 30
    max_bytes: int = 20_000_000
    user_agent_header: str = "paper-digest-bot/test (admin@example.org)"
    spacing_s: float = 3

    def spacing_for(self, url: str) -> float:
        return self.spacing_s


@dataclass
class World:
    arxiv: ArxivServer
    time: VirtualTime
    session: aiohttp.ClientSession
    settings: Settings

    def client(self, **changes: object) -> ArxivClient:
        return ArxivClient(
            self.session,
            replace(self.settings, **changes),  # type: ignore[arg-type]  # any of its fields
            sleep=self.time.sleep,
            monotonic=self.time.monotonic,
            now=self.time.now,
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    time = VirtualTime()
    async with ArxivServer(monotonic=time.monotonic) as arxiv, aiohttp.ClientSession() as session:
        arxiv.publish("cs.CV", DAY, RECORDS)
        settings = Settings(arxiv.url, arxiv.url, arxiv.url, arxiv.url)
        yield World(arxiv, time, session, settings)


async def test_a_daily_feed_becomes_a_listing(world: World) -> None:
    listing = await world.client().fetch_listing("cs.cv")
    assert (listing.category, listing.announced_on) == ("cs.CV", DAY)
    assert [a.paper.arxiv_id for a in listing.announcements] == [r.arxiv_id for r in RECORDS]
    assert listing.counts()[AnnounceType.CROSS] == 1


async def test_who_asks_is_named(world: World) -> None:
    await world.client().fetch_listing("cs.CV")
    assert world.arxiv.requests[0].headers["User-Agent"] == world.settings.user_agent_header


async def test_a_second_name_is_asked_for_by_the_canonical_one(world: World) -> None:
    await world.client().fetch_listing("cs.SY")
    assert world.arxiv.requests[0].path == "/rss/eess.SY"


async def test_an_unknown_category_asks_nothing(world: World) -> None:
    with pytest.raises(UnknownCategory):
        await world.client().fetch_listing("cs.VC")
    assert world.arxiv.requests == []


async def test_the_feed_of_another_category_is_refused(world: World) -> None:
    world.arxiv.fail(fake.redirect("/rss/cs.LG"))
    with pytest.raises(ListingFormatError, match=r"cs\.CV.*cs\.LG"):
        await world.client().fetch_listing("cs.CV")


# --- the other interfaces --------------------------------------------------------------------


def ids(listing: Listing) -> list[str]:
    return [announcement.paper.arxiv_id for announcement in listing.announcements]


@pytest.mark.parametrize("page_size", [1, 2, 3, 2000])
async def test_a_listing_page_is_fetched_to_its_end(world: World, page_size: int) -> None:
    world.arxiv.page_size = page_size
    listing = await world.client().fetch_listing_page("cs.CV")
    assert ids(listing) == [record.arxiv_id for record in RECORDS]
    assert listing.is_complete
    assert len(world.arxiv.requests) == -(-len(RECORDS) // page_size)
    assert all(gap >= 3 for gap in world.arxiv.gaps_s())


@pytest.mark.parametrize("page_size", [1, 2, 3, 2000])
async def test_a_past_listing_is_fetched_to_its_end(world: World, page_size: int) -> None:
    world.arxiv.page_size = page_size
    world.arxiv.publish("cs.CV", date(2024, 8, 1), [Record("2407.00001")])
    listing = await world.client().fetch_catchup("cs.CV", DAY)
    assert (listing.source, listing.announced_on, listing.is_complete) == ("catchup", DAY, True)
    assert ids(listing) == [record.arxiv_id for record in RECORDS]


async def test_a_past_day_without_a_listing_is_empty(world: World) -> None:
    listing = await world.client().fetch_catchup("cs.CV", date(2024, 7, 29))
    assert listing.announcements == ()
    assert listing.announced_on == date(2024, 7, 29)


@pytest.mark.parametrize("day", [date(2024, 5, 1), date(2024, 8, 4)])
async def test_a_day_that_arxiv_cannot_give_is_told_with_those_it_can(
    world: World, day: date
) -> None:
    with pytest.raises(InputError, match="from 2024-05-04 to 2024-08-02"):
        await world.client().fetch_catchup("cs.CV", day)
    assert world.arxiv.requests == []


async def test_a_listing_with_a_missing_page_is_incomplete(world: World) -> None:
    """The second page shows nothing: what is there is known to be a part."""
    world.arxiv.page_size = 2
    world.arxiv.fail(fake.redirect("/list/cs.CV/new?skip=2000&show=25"), path="skip=2")
    listing = await world.client().fetch_listing_page("cs.CV")
    assert ids(listing) == [record.arxiv_id for record in RECORDS[:2]]
    assert not listing.is_complete


async def test_the_page_of_another_category_or_day_is_refused(world: World) -> None:
    world.arxiv.publish("cs.LG", DAY, RECORDS)
    world.arxiv.fail(fake.redirect("/list/cs.LG/new"))
    with pytest.raises(ListingFormatError, match=r"cs\.CV.*cs\.LG"):
        await world.client().fetch_listing_page("cs.CV")
    world.arxiv.fail(fake.redirect("/catchup/cs.CV/2024-08-01?abs=True"))
    with pytest.raises(ListingFormatError, match="2024-08-01"):
        await world.client().fetch_catchup("cs.CV", DAY)


async def test_metadata_is_fetched_in_batches(world: World) -> None:
    records = [Record(f"2408.{number:05d}", comment="10 pages") for number in range(1, 251)]
    world.arxiv.publish("cs.CV", DAY, [*records, Record("hep-th/9901001")])
    asked = [ArxivId(record.arxiv_id) for record in records]
    unknown = [ArxivId("hep-th/9901001"), ArxivId("2408.99999")]
    papers = await world.client().fetch_metadata([*asked, *unknown], DAY)
    assert [paper.arxiv_id for paper in papers] == [*asked, "hep-th/9901001"]
    assert papers[0].comment == "10 pages"
    assert len(world.arxiv.requests) == 3


async def test_metadata_is_of_the_version_that_a_date_had(world: World) -> None:
    """The latest is asked for first, and most of them are it."""
    days = announcement_days(DAY, DAY + timedelta(days=6))[:3]
    for version, day in enumerate(days, start=1):
        revised = [Record(f"2408.0000{number}", version=version) for number in range(version, 4)]
        world.arxiv.publish("cs.CV", day, revised)
    asked = [ArxivId(f"2408.0000{number}") for number in (1, 2, 3)]
    found = {
        paper.arxiv_id: paper.version
        for paper in await world.client().fetch_metadata(asked, days[1])
    }
    assert found == dict(zip(asked, (1, 2, 2), strict=True))
    assert len(world.arxiv.requests) == 2


async def test_no_papers_ask_for_no_metadata(world: World) -> None:
    assert await world.client().fetch_metadata([], DAY) == ()
    assert world.arxiv.requests == []


def emptied(total: int) -> fake.Fault:
    """Answer with a page that says there are papers and has none."""

    async def fault(request: object, page: fake.Page) -> aiohttp.web.Response:
        text = api_feed("", [], 0, 10).replace("totalResults>0<", f"totalResults>{total}<")
        return replace(page, body=text.encode()).response()

    return fault


async def test_a_spurious_empty_page_is_asked_for_again(world: World) -> None:
    world.arxiv.fail(emptied(3), emptied(3))
    asked = [ArxivId(record.arxiv_id) for record in RECORDS]
    assert len(await world.client().fetch_metadata(asked, DAY)) == 3
    world.arxiv.fail(*[emptied(3)] * 3)
    with pytest.raises(ArxivUnavailable, match="empty pages"):
        await world.client().fetch_metadata(asked, DAY)


async def test_a_page_of_metadata_may_be_shorter_than_the_answer(world: World) -> None:
    world.arxiv.page_size = 2
    asked = [ArxivId(record.arxiv_id) for record in RECORDS]
    papers = await world.client().fetch_metadata(asked, DAY)
    assert [paper.arxiv_id for paper in papers] == asked


async def harvest(client: ArxivClient, token: str | None = None) -> list[OaiPage]:
    since, until = date(2024, 8, 1), date(2024, 8, 2)
    return [page async for page in client.iter_oai("cs:cs:CV", since, until, token=token)]


async def test_history_is_fetched_page_by_page(world: World) -> None:
    world.arxiv.page_size = 2
    pages = await harvest(world.client())
    assert [len(page.papers) for page in pages] == [2, 1]
    assert pages[-1].token is None
    assert "%253D" in world.arxiv.requests[-1].path  # percent-encoded once more
    assert all(gap >= 3 for gap in world.arxiv.gaps_s())


async def test_an_interrupted_harvest_goes_on_with_its_last_token(world: World) -> None:
    world.arxiv.page_size = 1
    client = world.client()
    first, *rest = await harvest(client)
    assert await harvest(client, first.token) == rest


async def test_a_token_that_is_too_old_is_told_apart(world: World) -> None:
    with pytest.raises(TokenExpired):
        await harvest(world.client(), "nonsense")


async def test_nothing_changed_is_one_empty_page(world: World) -> None:
    world.arxiv.publish("cs.CV", DAY, [])
    assert await harvest(world.client()) == [OaiPage(papers=())]


async def test_a_token_that_leads_to_itself_ends_the_harvest(world: World) -> None:
    world.arxiv.page_size = 2
    client = world.client()
    token = (await harvest(client))[0].token
    circle = oai_records([(DAY, RECORDS[0])], token)

    async def fault(request: object, page: fake.Page) -> aiohttp.web.Response:
        return replace(page, body=circle.encode()).response()

    world.arxiv.fail(fault)
    with pytest.raises(ListingFormatError, match="in circles"):
        await harvest(client, token)


# --- politeness ------------------------------------------------------------------------------


async def test_requests_keep_their_distance_and_never_overlap(world: World) -> None:
    """However many tasks ask at once, one request is in flight and 3 s lie between them."""
    client = world.client()
    await asyncio.gather(*(client.fetch_listing(c) for c in ("cs.CV", "cs.LG", "cs.AI", "cs.CL")))
    assert len(world.arxiv.requests) == 4
    assert all(gap >= 3 for gap in world.arxiv.gaps_s())


async def test_the_distance_counts_from_the_end_of_an_answer(world: World) -> None:
    client = world.client()
    await client.fetch_listing("cs.CV")
    world.time.seconds += 2
    await client.fetch_listing("cs.CV")
    assert world.time.slept == [pytest.approx(1)]


async def test_no_wait_when_enough_time_has_passed(world: World) -> None:
    client = world.client()
    await client.fetch_listing("cs.CV")
    world.time.seconds += 60
    await client.fetch_listing("cs.CV")
    assert world.time.slept == []


async def test_a_failed_request_counts_for_the_distance(world: World) -> None:
    client = world.client()
    world.arxiv.fail(fake.answer(500))
    with pytest.raises(ArxivUnavailable):
        await client.fetch_listing("cs.CV")
    await client.fetch_listing("cs.CV")
    assert world.arxiv.gaps_s() == [pytest.approx(3)]


async def test_each_hop_of_a_redirect_keeps_its_distance(world: World) -> None:
    world.arxiv.fail(fake.redirect("/rss/cs.CV"))
    await world.client().fetch_listing("cs.CV")
    assert world.arxiv.gaps_s() == [pytest.approx(3)]


async def test_a_cancelled_caller_lets_the_next_one_in(world: World) -> None:
    client = world.client()
    world.arxiv.fail(fake.hang())
    task = asyncio.create_task(client.fetch_listing("cs.CV"))
    await until(lambda: world.arxiv.requests)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    listing = await client.fetch_listing("cs.CV")
    assert len(listing.announcements) == 3


# --- asked to stay away ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_told_and_kept(world: World, status: int) -> None:
    client = world.client()
    world.arxiv.fail(fake.answer(status, headers={"Retry-After": "120"}))
    with pytest.raises(ArxivUnavailable) as caught:
        await client.fetch_listing("cs.CV")
    assert caught.value.retry_after_s == 120
    world.time.seconds += 100
    with pytest.raises(ArxivUnavailable) as caught:
        await client.fetch_listing("cs.LG")
    assert caught.value.retry_after_s == pytest.approx(20)
    assert len(world.arxiv.requests) == 1
    world.time.seconds += 20
    await client.fetch_listing("cs.CV")
    assert len(world.arxiv.requests) == 2


async def test_a_host_that_is_left_alone_does_not_hold_up_the_others(world: World) -> None:
    """A listing page that is refused for hours must not keep the feeds from being read."""
    client = world.client(listing_url=world.arxiv.url.replace("127.0.0.1", "localhost"))
    world.arxiv.fail(fake.answer(503, headers={"Retry-After": "3600"}), path="/list/")
    with pytest.raises(ArxivUnavailable):
        await client.fetch_listing_page("cs.CV")
    assert len((await client.fetch_listing("cs.CV")).announcements) == 3
    with pytest.raises(ArxivUnavailable, match="asked us to wait"):
        await client.fetch_listing_page("cs.CV")
    assert world.arxiv.gaps_s() == [pytest.approx(3)]


@pytest.mark.parametrize(
    "fault",
    [
        fake.answer(429, "Rate exceeded."),
        fake.answer(200, "Rate exceeded."),
        fake.answer(503),
    ],
)
async def test_too_much_without_a_time_is_a_pause_of_twenty_turns(
    world: World, fault: fake.Fault
) -> None:
    world.arxiv.fail(fault)
    with pytest.raises(ArxivUnavailable) as caught:
        await world.client().fetch_listing("cs.CV")
    assert caught.value.retry_after_s == 60


NOW = datetime(2024, 8, 2, 5, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("Fri, 02 Aug 2024 05:05:00 GMT", 300),
        ("Fri, 02 Aug 2024 04:00:00 GMT", 0),
        ("Sat, 03 Aug 2024 05:00:00 GMT", 3600),
        ("Friday, 02-Aug-24 05:05:00 GMT", 300),
        ("Fri, 02 Aug 2024 05:05:00 -0000", 300),
        ("Fri, 02 Aug 99999 05:05:00 GMT", 60),
        ("-5", 60),
        ("1.5", 60),
        ("soon", 60),
        ("", 60),
        ("٣", 60),
    ],
)
def test_retry_after_is_seconds_or_a_date_capped_and_garbage_is_a_minute(
    header: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(header, NOW) == seconds


# --- answers that are none -------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 304, 403, 404, 418, 500, 502])
async def test_other_statuses_are_unavailable(world: World, status: int) -> None:
    world.arxiv.fail(fake.answer(status))
    with pytest.raises(ArxivUnavailable, match=str(status)) as caught:
        await world.client().fetch_listing("cs.CV")
    assert caught.value.url.endswith("/rss/cs.CV")


async def test_a_refusal_is_told_in_arxivs_words(world: World) -> None:
    """ArXiv answers HTTP 400 with a feed that says why."""
    world.arxiv.fail(fake.redirect("/rss/cs.XX"))
    with pytest.raises(ListingFormatError, match="Bad archive") as caught:
        await world.client().fetch_listing("cs.CV")
    assert caught.value.url


async def test_a_refusal_is_one_even_with_a_proper_body(world: World) -> None:
    async def refuse(request: object, page: fake.Page) -> aiohttp.web.Response:
        return replace(page, status=400).response()

    world.arxiv.fail(refuse)
    with pytest.raises(ListingFormatError, match="refused"):
        await world.client().fetch_listing("cs.CV")


@pytest.mark.parametrize("keep", [0, 0.3, 0.99])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_cut_answer_is_never_a_listing(world: World, keep: float, declared: bool) -> None:
    """Without a declared length HTTP calls it a success: only the XML tells."""
    world.arxiv.fail(fake.cut(keep, declared=declared))
    with pytest.raises(ArxivError):
        await world.client().fetch_listing("cs.CV")


@pytest.mark.parametrize("fault", [fake.html_instead(), fake.answer(200), fake.answer(200, "Hi")])
async def test_something_else_is_never_an_empty_listing(world: World, fault: fake.Fault) -> None:
    world.arxiv.fail(fault)
    with pytest.raises(ListingFormatError):
        await world.client().fetch_listing("cs.CV")


async def test_damaged_compression_is_unavailable(world: World) -> None:
    world.arxiv.fail(fake.damaged_gzip())
    with pytest.raises(ArxivUnavailable):
        await world.client().fetch_listing("cs.CV")


@pytest.mark.parametrize("fault", [fake.hang(), fake.drip(1, 0.05)])
async def test_the_time_of_a_request_is_limited(world: World, fault: fake.Fault) -> None:
    """Also that of one which sends a byte now and then."""
    world.arxiv.fail(fault)
    with pytest.raises(ArxivUnavailable, match=r"within 0\.2 seconds"):
        await world.client(timeout_s=0.2).fetch_listing("cs.CV")


async def test_the_size_of_an_answer_is_limited_after_decompression(world: World) -> None:
    world.arxiv.fail(fake.bomb(30_000_000))
    with pytest.raises(ListingFormatError, match="larger than 2 MB"):
        await world.client(max_bytes=2_000_000).fetch_listing("cs.CV")


async def test_nobody_there_is_unavailable(world: World) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ArxivUnavailable, match="could not be reached"):
            await world.client(feed_url=address).fetch_listing("cs.CV")


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/",
        "http://127.0.0.1:1/rss/cs.CV",
        "https://arxiv.org/",  # a stand-in must not send anybody to the real one
        "https://arxiv.org.example.com/",
        "file:///etc/passwd",
        "http://[",
    ],
)
async def test_redirects_to_other_places_are_refused(world: World, location: str) -> None:
    world.arxiv.fail(fake.redirect(location))
    with pytest.raises(ArxivUnavailable, match="redirected to another place"):
        await world.client().fetch_listing("cs.CV")
    assert len(world.arxiv.requests) == 1


async def test_redirects_are_followed_three_times(world: World) -> None:
    client = world.client()
    world.arxiv.fail(*[fake.redirect("/rss/cs.CV")] * 3)
    assert len((await client.fetch_listing("cs.CV")).announcements) == 3
    world.arxiv.fail(*[fake.redirect("/rss/cs.CV")] * 4)
    with pytest.raises(ArxivUnavailable, match="more than 3 times"):
        await client.fetch_listing("cs.CV")


async def test_the_loop_goes_on_while_a_large_feed_is_parsed(world: World) -> None:
    """Discord's heartbeat must not wait for a listing."""
    records = [Record(f"2408.{n:05d}", abstract="Text. " * 200) for n in range(1, 1500)]
    body = rss_feed("cs.CV", DAY, records).encode()
    world.arxiv.fail(fake.answer_bytes(body))
    async with heartbeat() as beats:
        listing = await world.client().fetch_listing("cs.CV")
    assert len(listing.announcements) == 1499
    assert longest_silence_s(beats) < 0.25


HOSTILE = {
    "gzip bomb": lambda: fake.bomb(100_000_000),
    "60 MB": lambda: fake.answer_bytes(b"<rss>" + b"<x>y</x>" * 7_500_000 + b"</rss>"),
    "entities": lambda: fake.answer_bytes(
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><rss>&b;</rss>'
    ),
    "deep": lambda: fake.answer_bytes(b"<rss>" * 200_000 + b"</rss>" * 200_000),
    "deep and cut": lambda: fake.answer_bytes(b"<rss><channel>" + b"<item>" * 2_000_000),
    "long attribute": lambda: fake.answer_bytes(b'<rss a="' + b"x" * 19_000_000 + b'"/>'),
    "one long line": lambda: fake.answer_bytes(b"x" * 19_000_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_answers_are_refused_within_limits(world: World, kind: str) -> None:
    """No answer blocks the loop or takes more memory than a few times its size."""
    world.arxiv.fail(HOSTILE[kind]())
    client = world.client()
    tracemalloc.start()
    try:
        async with heartbeat() as beats:
            with pytest.raises(ListingFormatError):
                await client.fetch_listing("cs.CV")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert longest_silence_s(beats) < 0.25
    assert peak < 200_000_000
