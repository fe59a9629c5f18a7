"""Whatever is typed is answered, by papers or by one sentence, and in time.

Hostile and random texts go the ways of `/paper search`, of a topic's daily matching and of
autocomplete, over a file of a few hundred papers. More of them: ``FUZZ=200000 make slow
ARGS=tests/test_engine_fuzz.py``, with ``-s`` to see what came out; ``FUZZ=100000-200000`` takes
only those numbers.
"""

import asyncio
import hashlib
import os
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from bot.cogs.options import read_search
from bot.cogs.suggestions import complete_author, complete_paper, complete_query
from bot.errors import InputError, QuerySyntaxError
from bot.models import AnnounceType, ArxivId, Paper
from bot.query.ast import Query
from bot.query.compile import compile_query
from bot.query.parser import clean, parse_query
from bot.query.results import Cursor, SearchPage, Sort
from bot.run.demo import first_listing
from bot.store.search import words as search_words
from bot.store.search.search import ADVISE_DEADLINE_S
from bot.store.store import Store
from bot.text import markdown
from bot.ui.advice import make_suggestions, render_nothing
from bot.ui.embeds import MAX_DESCRIPTION, MAX_TITLE
from bot.ui.search import render_search
from tests.builders import DAY, NOW, make_link, make_listing, make_paper
from tests.engine_table import announce_papers
from tests.indexes import connect
from tests.query.hostile import HOSTILE
from tests.query.random_texts import random_text
from tests.stores import open_store

NUMBERS = range(*map(int, os.environ.get("FUZZ", "4000").split("-")))
USER = 7
PAGE = 5
TOPICS = 50
PATIENCE_S = 10.0  # by the clock, which other programs hurry

TIMES = 300
"""How much more than the median of the first pages, on the machine at hand, anything may compute:
six times what the slowest text takes."""
TIMES_OF_KIND = {"daily matching": 750}
ALLOWED_S = {"advice": ADVISE_DEADLINE_S}
"""Advice computes until its deadline where a text is long, and the garbage collector beyond it."""

T = TypeVar("T")

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_COLUMNS = r"title|abstract|authors|comment|\{title abstract comment\}"
_OURS = re.compile(rf"(?:T|AND|OR|NOT|(?:{_COLUMNS}) :|[ ()*])*")


def titles() -> list[str]:
    return [each.paper.title for each in first_listing().announcements]


def made_papers(dice: random.Random) -> Iterator[Paper]:
    """Make papers whose titles and names are as odd as what is searched."""
    names = (
        "Kaiming He",
        "J.-P. Serre",
        "Łukasz Ábel",
        "王伟",
        "O'Brien, C.",
        "The X Collaboration",
    )
    codes = ("cs.CV", "cs.LG", "math.AG", "astro-ph.CO", "eess.SY", "hep-th")
    known = titles()
    for number in range(100, 350):
        yield make_paper(
            number,
            title=clean(random_text(number, known))[:300] or "Untitled",
            abstract=f"{dice.choice(known)}. Deep learning of {dice.choice(known)}, shallow halos.",
            authors=dice.sample(names, dice.randrange(1, 4)),
            categories=dice.sample(codes, dice.randrange(1, 3)),
            links=[make_link()] if number % 5 == 0 else (),
            doi=f"10.1000/{number}" if number % 7 == 0 else None,
        )


async def fill(store: Store) -> None:
    await announce_papers(store)
    await store.papers.add_listing(first_listing(), now=NOW)
    dice = random.Random(8)
    papers = list(made_papers(dice))
    for day in range(10):
        announced = [(each, dice.choice(list(AnnounceType))) for each in papers[day::10]]
        listing = make_listing(*announced, announced_on=DAY - timedelta(days=day))
        await store.papers.add_listing(listing, now=NOW)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fuzz") / "papers.db"

    async def make() -> None:
        async with open_store(path) as store:
            await fill(store)
            assert await store.search.tidy() > 0

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(search_words, "SMALL", 0)  # count words, as in a grown archive
        asyncio.run(make())
    return path


@dataclass
class Trial:
    """A store being asked; counts the answers and remembers the slowest of each kind."""

    store: Store
    newest_first: Sequence[ArxivId]
    answers: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict)
    pages_s: list[float] = field(default_factory=list)
    topics: list[tuple[Query, SearchPage]] = field(default_factory=list)

    async def ask(self, text: str) -> None:
        await self.complete(text)
        self.narrow(text)
        query = self.read(text)
        if query is not None:
            await self.search(query)

    async def complete(self, text: str) -> None:
        """Offer choices as at every key; no error is quietened here."""
        for choices in (
            await self.timed("query", text, complete_query(self.store, USER, text, today=DAY)),
            await self.timed("author", text, complete_author(self.store, text)),
            await self.timed("paper", text, complete_paper(self.store, text)),
        ):
            assert len(choices) <= 25
            assert all(1 <= len(each.value) <= 100 for each in choices)

    def narrow(self, text: str) -> None:
        """Type it into the options beside the query, as far as Discord lets one."""
        for category, author, day in (
            (text[:50], None, None),
            (None, text[:100], None),
            (None, None, text),
        ):
            with suppress(InputError):
                read_search("deep", category, author, day, day, None)

    def read(self, text: str) -> Query | None:
        begun = time.process_time()
        query = self.parsed(text)
        self.took("reading", text, time.process_time() - begun)
        if query is not None:
            again = parse_query(query.text)
            assert again.root == query.root, "a turned page would be of another query"
            expression = compile_query(query).select(lambda place: True).expression()
            assert _OURS.fullmatch(_QUOTED.sub("T", expression)), expression
        return query

    def parsed(self, text: str) -> Query | None:
        try:
            return parse_query(text)
        except QuerySyntaxError as error:
            self.answers["sentence"] += 1
            sentence, place, length = str(error), error.position, len(error.query)
        assert re.fullmatch(r"At character \d+: found .+, expected .+\.", sentence)
        assert 0 <= place <= length
        return None

    async def search(self, query: Query) -> None:
        page = await self.find(query, Sort.NEWEST)
        await self.find(query, Sort.RELEVANCE, total=page.total)
        self.topics.append((query, page))
        self.answers["papers" if page.matches else "nothing"] += 1
        if page.matches:
            embed = render_search(page, query, posted={})
        else:
            advice = await self.timed("advice", query.text, self.store.search.advise(query))
            embed = render_nothing(page, query, advice)
            for offer in make_suggestions(query, advice):
                offered = await self.find(parse_query(offer.query), Sort.NEWEST)
                assert offered.matches, f"{offer.query!r} is offered and finds nothing"
        assert markdown.width(embed.title or "") <= MAX_TITLE
        assert 1 <= markdown.width(embed.description or "") <= MAX_DESCRIPTION

    async def find(self, query: Query, sort: Sort, total: int | None = None) -> SearchPage:
        """Find a first page and turn to the second."""
        page = await self.page(query, sort)
        assert page.total_is_exact
        assert total in (None, page.total), "the order changes what is found"
        assert len(page.matches) == min(PAGE, page.total)
        if page.next:
            second = await self.page(query, sort, Cursor.parse(str(page.next)))
            assert second.first_number == PAGE + 1
            assert not {*keys(page)} & {*keys(second)}
        return page

    async def page(self, query: Query, sort: Sort, after: Cursor | None = None) -> SearchPage:
        finding = self.store.search.find(
            query, sort=sort, limit=PAGE, after=after, deadline_s=PATIENCE_S
        )
        page = await self.timed(sort.value, query.text, finding)
        assert not page.overran
        return page

    async def match_topics(self) -> None:
        """Match the queries so far as a day's topics: each gets what its search found."""
        topics, self.topics = self.topics, []
        matching = self.store.search.match_many([query for query, _ in topics], self.newest_first)
        found = await self.timed("daily matching", f"{len(topics)} topics", matching)
        for (query, page), matched in zip(topics, found, strict=True):
            newest = [arxiv_id for arxiv_id in self.newest_first if arxiv_id in matched]
            shown = [match.stored.paper.arxiv_id for match in page.matches]
            assert (page.total, shown) == (len(newest), newest[:PAGE]), query.text

    async def timed(self, kind: str, text: str, asked: Awaitable[T]) -> T:
        begun = time.process_time()
        answer = await asked
        self.took(kind, text, time.process_time() - begun)
        return answer

    def took(self, kind: str, text: str, took_s: float) -> None:
        if kind == Sort.NEWEST.value:
            self.pages_s.append(took_s)
        self.slowest[kind] = max(self.slowest.get(kind, (0.0, "")), (took_s, text[:80]))

    def report(self) -> Iterator[str]:
        yield ", ".join(f"{count:,} {answer}" for answer, count in self.answers.most_common())
        for kind, (took_s, text) in self.slowest.items():
            yield f"slowest {kind:<15} {took_s * 1000:6.1f} ms  {text!r}"


def keys(page: SearchPage) -> list[int]:
    return [match.stored.key for match in page.matches]


@pytest.fixture
async def trial(path: Path) -> AsyncIterator[Trial]:
    before = contents(path)
    async with open_store(path) as store:
        everything = await store.search.find(parse_query(""), limit=1000)
        newest_first = [match.stored.paper.arxiv_id for match in everything.matches]
        assert len(newest_first) == 300
        yield Trial(store, newest_first)
    assert contents(path) == before, "a search changed the database"


def contents(path: Path) -> str:
    connection = connect(path)
    said = hashlib.sha256("\n".join(connection.iterdump()).encode())
    connection.close()
    return said.hexdigest()


@pytest.mark.slow
async def test_hostile_text_gives_papers_or_a_sentence(trial: Trial) -> None:
    for text in HOSTILE:
        await trial.ask(text)
        for query, page in trial.topics:
            trace = await trial.store.search.trace(query, limit=PAGE)
            assert trace.page == page
        await trial.match_topics()
    check_times(trial)


@pytest.mark.slow(40)
@pytest.mark.cpu_limit(3600)
async def test_random_texts_give_papers_or_a_sentence(trial: Trial) -> None:
    known = titles()
    for number in NUMBERS:
        try:
            await trial.ask(random_text(number, known))
        except Exception as error:
            error.add_note(f"text {number}: {random_text(number, known)!r}")
            raise
        if len(trial.topics) >= TOPICS:
            await trial.match_topics()
    await trial.match_topics()
    check_times(trial)
    rarest = min(trial.answers[each] for each in ("papers", "nothing", "sentence"))
    assert rarest > len(NUMBERS) // 10, "the texts are too much alike"


def check_times(trial: Trial) -> None:
    print(*trial.report(), sep="\n")  # noqa: T201  # for whoever tries more of them, with -s
    usual_s = statistics.median(trial.pages_s)
    for kind, (took_s, text) in trial.slowest.items():
        most_s = TIMES_OF_KIND.get(kind, TIMES) * usual_s + ALLOWED_S.get(kind, 0)
        assert took_s < most_s, (kind, text)
