"""Hugging Face's client against a stand-in that answers, misbehaves or says nothing."""

from collections.abc import AsyncIterator
from datetime import date

import aiohttp
import pytest

from bot.errors import LinksError, LinksFormatError, LinksUnavailable
from bot.links.client import PAUSE_S, HuggingFaceClient
from bot.models import ArxivId
from tests.builders import DAY, NOW
from tests.fakes import arxiv as fake
from tests.fakes.arxiv import Fault
from tests.fakes.clock import VirtualClock
from tests.fakes.huggingface import HuggingFaceServer

PAPERS = {"2403.00001": {"githubRepo": "https://github.com/example/project"}}


@pytest.fixture
async def hub() -> AsyncIterator[HuggingFaceServer]:
    async with HuggingFaceServer() as hub:
        hub.show(DAY, PAPERS)
        yield hub


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def client(
    hub: HuggingFaceServer, session: aiohttp.ClientSession, clock: VirtualClock
) -> HuggingFaceClient:
    return HuggingFaceClient(
        session, hub.url, timeout_s=0.3, max_bytes=100_000, monotonic=clock.monotonic
    )


async def test_a_date_is_one_request(hub: HuggingFaceServer, client: HuggingFaceClient) -> None:
    found = await client.fetch_links(DAY)
    [link] = found[ArxivId("2403.00001")]
    assert link.url == "https://github.com/example/project"
    [request] = hub.requests
    assert request.path_qs == "/api/daily_papers?date=2024-03-05&limit=100"
    assert request.headers["User-Agent"].startswith("paper-digest-bot/")


PASSING = {
    "500": fake.answer(500),
    "503": fake.answer(503),
    "429": fake.answer(429, headers={"Retry-After": "5"}),
    "408": fake.answer(408),
    "hang": fake.hang(),
    "drip": fake.drip(),
    "cut": fake.cut(0.5),
    "damaged": fake.damaged_gzip(),
}
LASTING = {
    "html": fake.html_instead(),
    "cut quietly": fake.cut(0.5, declared=False),
    "error": fake.answer(400, '{"error": "Invalid date"}'),
    "not found": fake.answer(404),
    "huge": fake.answer(200, "[" + " " * 200_000 + "]"),
    "bomb": fake.bomb(),
    "redirect": fake.redirect("http://127.0.0.1:1/elsewhere", 302),
    "redirect home": fake.redirect("/api/daily_papers?date=2024-03-05", 307),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_a_source_that_cannot_answer_is_left_alone_for_an_hour(
    hub: HuggingFaceServer, client: HuggingFaceClient, clock: VirtualClock, fault: Fault
) -> None:
    hub.fail(fault)
    for _ in range(3):
        with pytest.raises(LinksUnavailable, match=r"^Hugging Face .*\.$"):
            await client.fetch_links(DAY)
    assert len(hub.requests) == 1
    await clock.sleep(PAUSE_S)
    assert await client.fetch_links(DAY)


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
async def test_an_answer_of_no_use_is_refused_and_other_dates_can_be_asked(
    hub: HuggingFaceServer, client: HuggingFaceClient, fault: Fault
) -> None:
    hub.fail(fault)
    with pytest.raises(LinksFormatError, match=r"^Hugging Face.*\.$"):
        await client.fetch_links(date(2024, 3, 4))
    assert await client.fetch_links(DAY)
    assert len(hub.requests) == 2


async def test_nobody_there_is_told_in_one_sentence(session: aiohttp.ClientSession) -> None:
    client = HuggingFaceClient(session, "http://127.0.0.1:1")
    with pytest.raises(LinksError, match="could not be reached"):
        await client.fetch_links(DAY)
