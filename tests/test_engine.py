"""The same query finds the same papers wherever it is asked."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.cogs.paper import PAGE_SIZE
from bot.models import AnnounceType, Paper
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.run.app import offline_pipeline
from bot.store.search import words as search_words
from bot.store.store import Store
from tests.builders import (
    DAY,
    NOW,
    make_listing,
    make_paper,
    make_subscription,
    make_topic,
)
from tests.cogs.replies import is_private, shown
from tests.conftest import World
from tests.engine_table import (
    CHAINED,
    CHAINS,
    FACTS,
    OF_READERS,
    PAPERS,
    PUBLISHED,
    SPELLED,
    SPELLINGS,
    TABLE,
    announce_chained,
    announce_papers,
    announce_published,
    announce_read,
    announce_spelled,
)
from tests.stores import open_store

_NUMBER = re.compile(r"arxiv\.org/(?:abs|pdf)/2403\.0000(\d)")


@dataclass(frozen=True)
class Archive:
    """Papers, how they are announced, and what queries find among them."""

    papers: Sequence[Paper]
    announce: Callable[[Store], Awaitable[None]]
    table: Sequence[tuple[str, str, str]]


ARCHIVES = {
    "language": Archive(PAPERS, announce_papers, TABLE),
    "spellings": Archive(SPELLED, announce_spelled, SPELLINGS),
    "chains": Archive(CHAINED, announce_chained, CHAINS),
    "facts": Archive(PUBLISHED, announce_published, FACTS),
}
ROWS = [
    pytest.param(name, *row, id=row[0] or "(empty)")
    for name, archive in ARCHIVES.items()
    for row in archive.table
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("engine")

    async def fill(name: str, path: Path) -> None:
        async with open_store(path) as store:
            await ARCHIVES[name].announce(store)

    paths = {name: folder / f"{name}.db" for name in ARCHIVES}
    for name, path in paths.items():
        asyncio.run(fill(name, path))
    return paths


@pytest.mark.parametrize(("name", "query", "expected", "why"), ROWS)
async def test_the_store_and_the_daily_matching_agree(
    paths: dict[str, Path], name: str, query: str, expected: str, why: str
) -> None:
    async with open_store(paths[name]) as store:
        page = await store.search.find(parse_query(query))
        found = [match.stored.paper.arxiv_id for match in page.matches]
        assert "".join(arxiv_id[-1] for arxiv_id in found) == expected, why
        assert (page.total, page.total_is_exact) == (len(expected), True)
        ranked = await store.search.find(parse_query(query), sort=Sort.RELEVANCE)
        assert {match.stored.paper.arxiv_id for match in ranked.matches} == set(found)
        papers = [paper.arxiv_id for paper in ARCHIVES[name].papers]
        assert await store.search.match(parse_query(query), papers) == set(found)


@pytest.mark.parametrize(("name", "query", "expected", "why"), ROWS)
async def test_a_topic_posts_what_its_query_finds(
    paths: dict[str, Path], name: str, query: str, expected: str, why: str
) -> None:
    """On each date, of what was announced then: the digest itself, not only the matching."""
    subscription = make_subscription(
        announce_types=tuple(AnnounceType), topics=[make_topic("it", query)]
    )
    async with open_store(paths[name]) as store:
        for day in (DAY, DAY + timedelta(days=1)):
            listing = await store.papers.get_listing("cs.CV", day)
            if listing is None:
                assert name != "language"
                continue
            announced = {each.paper.arxiv_id for each in listing.announcements}
            digest = await offline_pipeline(store).decisions.preview(subscription, day)
            posted = {entry.paper.arxiv_id for entry in digest.entries}
            assert posted == {each for each in announced if each[-1] in expected}, why


async def test_a_word_that_is_new_today_counts_today(tmp_path: Path) -> None:
    """Counted long ago or not: its forms and its hyphen as well."""
    subscription = make_subscription(topics=[make_topic("it", "neurofusion")])
    older = make_paper(1, title="Old halos", abstract="x")
    newer = [
        make_paper(2, title="On neuro-fusion", abstract="x"),
        make_paper(3, title="On neurofusions", abstract="x"),
        make_paper(4, title="Neuro fusion", abstract="x"),
    ]
    async with open_store(tmp_path / "papers.db") as store:
        before = DAY - timedelta(days=1)
        await store.papers.add_listing(make_listing(older, announced_on=before), now=NOW)
        await store.search.count_again()
        await store.papers.add_listing(make_listing(*newer), now=NOW)
        digest = await offline_pipeline(store).decisions.preview(subscription, DAY)
        page = await store.search.find(parse_query("neurofusion"))
    assert {entry.paper.arxiv_id[-1] for entry in digest.entries} == set("234")
    assert page.total == 3


async def test_a_beginning_too_broad_to_search_is_posted_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search takes only its most used words, and says so; a day's matching takes them all."""
    monkeypatch.setattr(search_words, "SMALL", 0)
    monkeypatch.setattr(search_words, "BROAD", 5)
    monkeypatch.setattr(search_words, "BROADEST_WORDS", 1)
    papers = [
        *(make_paper(number, title="Prodigal sons", abstract="") for number in range(1, 4)),
        *(make_paper(number, title="Protein folding", abstract="") for number in range(4, 9)),
        make_paper(9, title="Dark halos", abstract=""),
    ]
    subscription = make_subscription(topics=[make_topic("it", "pro*"), make_topic("not", "-pro*")])
    async with open_store(tmp_path / "papers.db") as store:
        await store.papers.add_listing(make_listing(*papers), now=NOW)
        assert await store.search.tidy() > 0
        for query, searched in ((f"pro* since:{DAY} until:{DAY}", "87654"), ("-pro*", "9321")):
            page = await store.search.find(parse_query(query))
            assert "".join(each.stored.paper.arxiv_id[-1] for each in page.matches) == searched
            assert page.overran
        digest = await offline_pipeline(store).decisions.preview(subscription, DAY)
    posted = {entry.paper.arxiv_id[-1]: entry.topics for entry in digest.entries}
    assert posted == dict.fromkeys("12345678", ("it",)) | {"9": ("not",)}


def test_the_command_line_agrees(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, path in paths.items():
        monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(path))
        for query, expected, why in ARCHIVES[name].table:
            assert main(["search", "--json", "--sort", "newest", "--", query]) == 0
            found = json.loads(capsys.readouterr().out)
            assert "".join(paper["arxiv_id"][-1] for paper in found["papers"]) == expected, why


def test_the_command_line_says_which_rule_widened_a_word(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(paths["spellings"]))
    assert main(["search", "--explain", 'pretraining "train" GPT-4']) == 0
    shown = capsys.readouterr().out
    for line in (
        "widened      pretraining: pre training (written apart)",
        "widened      GPT-4: gpt4 (written together)",
    ):
        assert line in shown
    assert 'widened      "train"' not in shown


def test_the_command_line_explains_itself(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(paths["language"]))
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


@pytest.mark.parametrize("name", ARCHIVES)
async def test_paper_search_agrees(world: World, name: str) -> None:
    await ARCHIVES[name].announce(world.store)
    for query, expected, why in ARCHIVES[name].table:
        if query:  # the command wants one
            result = await world.member.slash(
                world.channel, "paper search", query=query, sort="newest"
            )
            strict = shown(result).split("all of this. These come closest:")[0]
            found = dict.fromkeys(_NUMBER.findall(strict))
            shown_there = expected[:PAGE_SIZE]
            assert "".join(found) == shown_there, (query, why)


async def test_paper_search_knows_who_asks_and_where(world: World) -> None:
    """What asks of the person is answered to the person alone."""
    await announce_read(world.store, world.member.id, world.guild.id)
    for query, expected, why in OF_READERS:
        result = await world.member.slash(world.channel, "paper search", query=query, sort="newest")
        strict = shown(result).split("all of this. These come closest:")[0]
        found = dict.fromkeys(_NUMBER.findall(strict))
        assert "".join(found) == expected[:PAGE_SIZE], (query, why)
        is_personal = re.search("in:|tag:|is:", query) is not None
        assert is_private(result) is (is_personal or not expected), query


def test_the_command_line_does_not_know_who_asks(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPER_BOT_DATABASE__PATH", str(paths["language"]))
    for query in ("deep in:library", "-tag:slam", "is:unread", "posted:here", "liked:>3"):
        assert main(["search", "--", query]) == 2
        said = capsys.readouterr().err
        assert "only /paper search and /library list know that, so leave it out here" in said
    assert main(["topic", "test", "--category", "cs.CV", "--query", "posted:here"]) == 2
