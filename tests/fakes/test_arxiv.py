"""The stand-in of arXiv measures what it is asked as arXiv would."""

import asyncio
from datetime import date

import aiohttp

from tests.fakes.arxiv import ArxivServer, Record, hang
from tests.waiting import until


async def test_a_client_that_left_long_ago_did_not_ask_twice_at_once() -> None:
    """On a busy machine it is seen only after the next request that the one before was given up."""
    at_s = 0.0
    async with ArxivServer(monotonic=lambda: at_s) as arxiv, aiohttp.ClientSession() as http:
        arxiv.publish("cs.CV", date(2024, 8, 2), [Record("2408.00001")])
        arxiv.fail(hang())
        url = f"{arxiv.url}/rss/cs.CV"
        first = asyncio.create_task(http.get(url))
        await until(lambda: arxiv.requests)
        at_s = 3.0
        async with http.get(url) as answer:
            await answer.read()
        first.cancel()
        await until(lambda: arxiv.requests[0].ended_at is not None)
    assert arxiv.gaps_s() == [3.0]
