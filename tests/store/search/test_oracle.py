"""The engine finds what the grammar says, and nothing else.

A random query is made together with its meaning, a plain function of a paper, straight from
docs/query-language.md; neither the parser nor the compiler has a part in that. The words of a
text, which no grammar defines, are FTS5's.
"""

import asyncio
import gzip
import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.arxiv.paper import build_paper
from bot.models import AnnounceType, LinkKind, Paper
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.store.store import Store
from tests.builders import NOW, make_listing
from tests.shared import shared
from tests.stores import open_store

COUNT = 2000
TYPES = (AnnounceType.NEW, AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE)


@dataclass(frozen=True)
class Known:
    """A paper with all that its meaning needs."""

    paper: Paper
    day: date
    announce_type: AnnounceType
    terms: dict[str, list[str]]


@dataclass(frozen=True)
class Archive:
    runner: asyncio.Runner
    store: Store
    papers: Sequence[Known]


Meaning = Callable[[Known], bool]
Meant = tuple[str, Meaning]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    path = tmp_path_factory.mktemp("oracle") / "papers.db"
    papers = list(read_papers(shared("corpus/papers.jsonl.gz")))
    with asyncio.Runner() as runner:
        opened = open_store(path)
        store = runner.run(opened.__aenter__())
        runner.run(fill(store, papers))
        yield Archive(runner, store, papers)
        runner.run(opened.__aexit__(None, None, None))


def read_papers(path: Path) -> Iterator[Known]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [record for line in lines if "announced" in (record := json.loads(line))]
    step = len(records) // COUNT
    papers = [
        build_paper(
            arxiv_id=record["id"],
            version=record["version"],
            title=record["title"],
            abstract=record["abstract"],
            authors=tuple(record["authors"]),
            categories=tuple(record["categories"]),
        )
        for record in records[: COUNT * step : step]
    ]
    days = [date.fromisoformat(record["announced"]) for record in records[: COUNT * step : step]]
    for number, (paper, day, terms) in enumerate(
        zip(papers, days, read_terms(papers), strict=True)
    ):
        yield Known(paper, day, TYPES[number % len(TYPES)], terms)


def read_terms(papers: Sequence[Paper]) -> list[dict[str, list[str]]]:
    """Let FTS5 take the texts apart."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE f USING fts5 (title, abstract, author, comment, "
        "tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (f, instance)")
    connection.executemany(
        "INSERT INTO f (rowid, title, abstract, author, comment) VALUES (?, ?, ?, ?, ?)",
        [
            (number, paper.title, paper.abstract, "\n".join(paper.authors), paper.comment)
            for number, paper in enumerate(papers)
        ],
    )
    terms: list[dict[str, list[str]]] = [
        {"title": [], "abstract": [], "author": [], "comment": []} for _ in papers
    ]
    for term, row, column, _ in connection.execute("SELECT * FROM v ORDER BY doc, col, offset"):
        terms[row][column].append(term)
    connection.close()
    return terms


async def fill(store: Store, papers: Sequence[Known]) -> None:
    for day in sorted({known.day for known in papers}):
        announced = [(each.paper, each.announce_type) for each in papers if each.day == day]
        # A replacement alone would be dated by its identifier: it was new on that day as well.
        first = [(each, AnnounceType.NEW) for each, _ in announced]
        await store.papers.add_listing(make_listing(*first, announced_on=day), now=NOW)
        again = make_listing(*announced, announced_on=day, category="cs.XX")
        await store.papers.add_listing(again, now=NOW)


# Queries with their meaning


def terms_of(text: str) -> list[str]:
    paper = build_paper(arxiv_id="2401.00001", version=1, title=text, abstract="")  # type: ignore[arg-type]
    return read_terms([paper])[0]["title"]


def says(text: str, field: str | None) -> Meaning:
    wanted = terms_of(text)

    def meaning(known: Known) -> bool:
        fields = known.terms.values() if field is None else [known.terms[field]]
        return any(
            terms[at : at + len(wanted)] == wanted
            for terms in fields
            for at in range(len(terms) - len(wanted) + 1)
        )

    return meaning


def bare(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def name_parts(name: str) -> list[str]:
    """Split at blanks and hyphens; a double name counts without its hyphen, too."""
    parts: list[str] = []
    for chunk in re.split(r"[\s,()]+", bare(name)):
        pieces = re.findall(r"[^\W_]+", chunk)
        parts += [*pieces, "".join(pieces)] if "-" in chunk and len(pieces) > 1 else pieces
    return parts


def is_by(given: str, surname: str) -> Meaning:
    """Somebody has this surname, and a given name or initial that agrees with ``given``."""

    def agrees(part: str) -> bool:
        return part == given or (min(len(part), len(given)) == 1 and part[0] == given[0])

    def meaning(known: Known) -> bool:
        for name in known.paper.authors:
            parts = name_parts(name)
            for at, part in enumerate(parts):
                others = parts[:at] + parts[at + 1 :]
                if part == surname and (not given or any(map(agrees, others))):
                    return True
        return False

    return meaning


@st.composite
def leaves(draw: st.DrawFn, papers: Sequence[Known]) -> Meant:
    known = draw(st.sampled_from(papers))
    kind = draw(st.integers(0, 11))
    if kind <= 4:
        return draw(texts(known))
    if kind <= 6:
        return draw(authors(known))
    if kind == 7:
        code = draw(st.sampled_from(known.paper.categories))
        archive = code.partition(".")[0]
        if draw(st.booleans()):
            return f"category:{code}", lambda known: code in known.paper.categories
        return f"category:{archive}.*", lambda known: any(
            each.partition(".")[0] == archive for each in known.paper.categories
        )
    if kind == 8:
        wanted = known.announce_type
        return (
            f"type:{wanted.value}",
            lambda known: (
                wanted
                in (
                    known.announce_type,
                    AnnounceType.NEW,
                )
            ),
        )
    if kind == 9:
        return "has:code", lambda known: bool(known.paper.links_of(LinkKind.CODE))
    if kind == 10:
        arxiv_id = known.paper.arxiv_id
        return draw(st.sampled_from(["", "id:", "arXiv:"])) + arxiv_id, (
            lambda known: known.paper.arxiv_id == arxiv_id
        )
    day = known.day
    dates: list[Meant] = [
        (f"since:{day}", lambda known: known.day >= day),
        (f"until:{day}", lambda known: known.day <= day),
        (f"since:{day:%Y-%m}", lambda known: f"{known.day:%Y-%m}" >= f"{day:%Y-%m}"),
        (f"until:{day:%Y-%m}", lambda known: f"{known.day:%Y-%m}" <= f"{day:%Y-%m}"),
    ]
    return draw(st.sampled_from(dates))


@st.composite
def texts(draw: st.DrawFn, known: Known) -> Meant:
    field = draw(st.sampled_from([None, None, None, "title", "abstract"]))
    words = [
        word
        for word in known.paper.title.split() + known.paper.abstract.split()
        if word.isalpha() and word not in ("OR", "NOT", "AND")
    ] or ["model"]
    length = draw(st.sampled_from([1, 1, 2, 3]))
    at = draw(st.integers(0, max(0, len(words) - length)))
    text = " ".join(words[at : at + length])
    prefix = f"{field}:" if field else ""
    shown = text if length == 1 else f'"{text}"'
    return prefix + shown, says(text, field)


@st.composite
def authors(draw: st.DrawFn, known: Known) -> Meant:
    simple = [
        name for name in known.paper.authors
        if len(name.split()) == 2 and name.replace(" ", "").replace(".", "").isalpha()
    ]  # fmt: skip
    if not simple:
        return "author:he", is_by("", "he")
    given, surname = bare(draw(st.sampled_from(simple))).replace(".", "").split()
    if len(surname) == 1:
        return "author:he", is_by("", "he")
    return draw(
        st.sampled_from(
            [
                (f"author:{surname}", is_by("", surname)),
                (f'author:"{given} {surname}"', is_by_either(given, surname)),
                (f'author:"{surname}, {given}"', is_by_either(given, surname)),
                (f'author:"{given[0]}. {surname}"', is_by(given[0], surname)),
            ]
        )
    )


def is_by_either(given: str, surname: str) -> Meaning:
    """Which of two names written out is the surname, the query does not say."""
    meanings = [is_by(given, surname)] + ([is_by(surname, given)] if len(given) > 1 else [])
    return lambda known: any(meaning(known) for meaning in meanings)


@st.composite
def queries(draw: st.DrawFn, papers: Sequence[Known], depth: int = 3) -> Meant:
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind <= 1:
        return draw(leaves(papers))
    if kind == 2:
        text, meaning = draw(queries(papers, depth - 1))
        sign = draw(st.sampled_from(["-", "NOT "]))
        return f"{sign}({text})", lambda known: not meaning(known)
    one, one_means = draw(queries(papers, depth - 1))
    other, other_means = draw(queries(papers, depth - 1))
    if kind == 3:
        return f"({one}) OR ({other})", lambda known: one_means(known) or other_means(known)
    return f"({one}) ({other})", lambda known: one_means(known) and other_means(known)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_engine_agrees_with_the_grammar(archive: Archive) -> None:
    @settings(
        max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(queries(archive.papers))
    def agree(meant: Meant) -> None:
        check(archive, *meant)

    agree()


def check(archive: Archive, text: str, meaning: Meaning) -> None:
    expected = {known.paper.arxiv_id for known in archive.papers if meaning(known)}
    query = parse_query(text)
    everything = [known.paper.arxiv_id for known in archive.papers]
    for sort in Sort:
        page = archive.runner.run(
            archive.store.search.find(query, sort=sort, limit=COUNT, deadline_s=30)
        )
        assert {match.stored.paper.arxiv_id for match in page.matches} == expected
        assert len(page.matches) == len(expected)
        assert not page.overran
    matched = archive.runner.run(archive.store.search.match(query, everything[::40]))
    assert matched == expected.intersection(everything[::40])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_beginning_finds_every_word_that_begins_so(archive: Archive) -> None:
    @settings(
        max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(st.sampled_from(archive.papers), st.integers(0, 11), st.integers(3, 9))
    def find(known: Known, at: int, length: int) -> None:
        words = [word for word in known.paper.title.split() if word.isascii() and word.isalpha()]
        if not words:
            return
        beginning = words[at % len(words)][:length].lower()
        if len(beginning) < 3 or beginning in ("and", "not"):
            return
        query = parse_query(f"title:{beginning}*")
        page = archive.runner.run(archive.store.search.find(query, limit=COUNT, deadline_s=30))
        found = {match.stored.paper.arxiv_id for match in page.matches}
        begun = {
            each.paper.arxiv_id
            for each in archive.papers
            if any(begins(word, beginning) for word in each.paper.title.split())
        }
        assert begun <= found

    find()


def begins(word: str, beginning: str) -> bool:
    return word.isascii() and word.isalpha() and word.lower().startswith(beginning)
