"""The same query finds the same papers wherever it is asked."""

import asyncio
import json
import random
import re
import string
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import offline_pipeline
from bot.cli import main
from bot.errors import QuerySyntaxError
from bot.models import AnnounceType
from bot.query.explain import explain
from bot.query.parser import parse_query
from bot.store.search import Sort
from bot.store.store import Store, open_store
from tests.builders import DAY, make_subscription, make_topic
from tests.cogs.replies import shown
from tests.conftest import World
from tests.engine_table import PAPERS, TABLE, announce_papers
from tests.query.hostile import HOSTILE, HOSTILE_PIECES

IDS = [query or "(empty)" for query, _, _ in TABLE]
_NUMBER = re.compile(r"arxiv\.org/(?:abs|pdf)/2403\.0000(\d)")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "papers.db"

    async def fill() -> None:
        async with open_store(path) as store:
            await announce_papers(store)

    asyncio.run(fill())
    return path


@pytest.mark.parametrize(("query", "expected", "why"), TABLE, ids=IDS)
async def test_the_store_and_the_daily_matching_agree(
    path: Path, query: str, expected: str, why: str
) -> None:
    async with open_store(path) as store:
        page = await store.search.find(parse_query(query))
        found = [match.stored.paper.arxiv_id for match in page.matches]
        assert "".join(arxiv_id[-1] for arxiv_id in found) == expected, why
        assert (page.total, page.total_is_exact) == (len(expected), True)
        ranked = await store.search.find(parse_query(query), sort=Sort.RELEVANCE)
        assert {match.stored.paper.arxiv_id for match in ranked.matches} == set(found)
        papers = [paper.arxiv_id for paper in PAPERS]
        assert await store.search.match(parse_query(query), papers) == set(found)


@pytest.mark.parametrize(("query", "expected", "why"), TABLE, ids=IDS)
async def test_a_topic_posts_what_its_query_finds(
    path: Path, query: str, expected: str, why: str
) -> None:
    """On each date, of what was announced then: the digest itself, not only the matching."""
    subscription = make_subscription(
        announce_types=tuple(AnnounceType), topics=[make_topic("it", query)]
    )
    async with open_store(path) as store:
        for day in (DAY, DAY + timedelta(days=1)):
            listing = await store.papers.get_listing("cs.CV", day)
            assert listing is not None
            announced = {each.paper.arxiv_id for each in listing.announcements}
            digest = await offline_pipeline(store).preview(subscription, day)
            posted = {entry.paper.arxiv_id for entry in digest.entries}
            assert posted == {each for each in announced if each[-1] in expected}, why


def test_the_command_line_agrees(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(path))
    for query, expected, why in TABLE:
        assert main(["search", "--json", "--", query]) == 0
        found = json.loads(capsys.readouterr().out)
        assert "".join(paper["arxiv_id"][-1] for paper in found["papers"]) == expected, why


def test_the_command_line_explains_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(path))
    query = 'author:"K. He" recogn* category:cs.* since:2024'
    assert main(["search", "--explain", "--sort", "relevance", query]) == 0
    shown = capsys.readouterr().out
    for part in (
        'understood   author:"K. He" recogn* category:cs.* since:2024-01-01',
        "‹name he› ‹initial k›",
        "‹archive cs›",
        "2024-01-01 to today: 1 papers",
        PAPERS[0].title,
        'author:"K. He" in author',
        "recogn* in title",
    ):
        assert part in shown
    assert "\ue000" not in shown


async def test_paper_search_agrees(world: World) -> None:
    await announce_papers(world.store)
    for query, expected, why in TABLE:
        if query:  # the command wants one
            result = await world.member.slash(world.channel, "paper search", query=query)
            found = dict.fromkeys(_NUMBER.findall(shown(result)))
            assert "".join(found) == expected, (query, why)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_gives_results_or_a_sentence(path: Path, text: str) -> None:
    async with open_store(path) as store:
        await check_any_text(store, text)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_thousands_of_random_texts_give_results_or_a_sentence(path: Path) -> None:
    dice = random.Random(11)
    pieces = [*HOSTILE_PIECES, "deep", "learn", "halos", "he", "cs.CV", *string.ascii_letters]
    async with open_store(path) as store:
        for _ in range(3000):
            await check_any_text(store, "".join(dice.choices(pieces, k=dice.randrange(1, 20))))


async def check_any_text(store: Store, text: str) -> None:
    """Finding, matching, completing, advising and tracing raise nothing but the one sentence."""
    await store.search.suggest_titles(text)
    await store.search.suggest_authors(text)
    try:
        query = parse_query(text)
    except QuerySyntaxError:
        return
    papers = [paper.arxiv_id for paper in PAPERS]
    page = await store.search.find(query)
    found = {match.stored.paper.arxiv_id for match in page.matches}
    assert await store.search.match(query, papers) == found
    ranked = await store.search.find(query, sort=Sort.RELEVANCE)
    assert {match.stored.paper.arxiv_id for match in ranked.matches} == found
    assert not page.overran
    await store.search.advise(query)
    await store.search.trace(query)
    for match in page.matches:
        explain(query.root, match.stored.paper)
