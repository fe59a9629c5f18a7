"""The engine finds what the grammar says, and nothing else.

A random query is made together with its meaning, a plain function of a paper, straight from
docs/query-language.md; neither the parser nor the compiler has a part in that. What a word is, and
which are its inflections, has tests of its own (`tests/query`) and is taken from there.

Other queries, and more of them: ``ORACLE=1000 make slow ARGS=tests/store/search/test_oracle.py``.
"""

import asyncio
import gzip
import json
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, product, zip_longest
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.arxiv.paper import build_paper
from bot.models import AnnounceType, LinkKind, Paper
from bot.query.inflect import inflections
from bot.query.parser import parse_query
from bot.query.results import Sort
from bot.query.tokens import compounds, is_separate, words
from bot.store.store import Store
from tests.builders import NOW, make_listing
from tests.shared import shared
from tests.stores import open_store

COUNT = 2000
QUERIES = int(os.environ.get("ORACLE", "0"))
"""How many other queries to try; by default the same, but for numbers that Hypothesis takes from
whichever modules are there."""
COMMENTS = (None, "Accepted at CVPR 2026", "Submitted to CVPR 2026", "This paper is withdrawn.")
LICENSES = (None, "http://creativecommons.org/licenses/by/4.0/", None)
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


@dataclass(frozen=True)
class Part:
    """One part of an AND: what it means, and the plain word that it is, if it is one.

    ``negated`` are the parts that it negates.
    """

    meaning: Meaning
    word: str | None = None
    field: str | None = None
    negated: "tuple[Part, ...]" = ()


Meant = tuple[str, tuple[Part, ...]]

HYPHENATED: set[tuple[str, str]] = set()
"""The neighbours that some paper joins with a hyphen."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    path = tmp_path_factory.mktemp("oracle") / "papers.db"
    papers = list(read_papers(shared("corpus/papers.jsonl.gz")))
    for known in papers:
        for text in (known.paper.title, known.paper.abstract):
            HYPHENATED.update(compounds(text))
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
            journal_ref=record.get("journal_ref"),
            comment=COMMENTS[number % len(COMMENTS)],
            license=LICENSES[number % len(LICENSES)],
        )
        for number, record in enumerate(records[: COUNT * step : step])
    ]
    days = [date.fromisoformat(record["announced"]) for record in records[: COUNT * step : step]]
    for number, (paper, day) in enumerate(zip(papers, days, strict=True)):
        terms = {
            "title": words(paper.title),
            "abstract": words(paper.abstract),
            "author": words("\n".join(paper.authors)),
            "comment": words(paper.comment or ""),
        }
        yield Known(paper, day, TYPES[number % len(TYPES)], terms)


async def fill(store: Store, papers: Sequence[Known]) -> None:
    for day in sorted({known.day for known in papers}):
        announced = [(each.paper, each.announce_type) for each in papers if each.day == day]
        # A replacement alone would be dated by its identifier: it was new on that day as well.
        first = [(each, AnnounceType.NEW) for each, _ in announced]
        await store.papers.add_listing(make_listing(*first, announced_on=day), now=NOW)
        again = make_listing(*announced, announced_on=day, category="cs.XX")
        await store.papers.add_listing(again, now=NOW)


# Queries with their meaning


def says(field: str | None, phrases: Collection[str], *, named: str = "") -> Meaning:
    """Some field says one of the phrases; authors' names say only ``named``, as it is."""

    def meaning(known: Known) -> bool:
        for name, terms in known.terms.items():
            if field not in (None, name):
                continue
            wanted = phrases if name != "author" else [named] if len(named) > 1 else []
            text = f" {' '.join(terms)} "
            if any(f" {phrase} " in text for phrase in wanted):
                return True
        return False

    return meaning


def said(text: str, field: str | None) -> Part:
    """A phrase in quotes: its words, next to each other."""
    phrase = " ".join(words(text))
    return Part(says(field, [phrase], named=phrase))


def plain(text: str, field: str | None) -> Part:
    """A word: in any form, and cut where papers put a hyphen and where digits begin or end."""
    (word,) = words(text)
    phrases = [way for form in inflections(word) for way in apart(form)]
    return Part(says(field, phrases, named=word), word=word, field=field)


def compound(text: str, field: str | None) -> Part:
    """Words with hyphens: side by side, the last in any form, or some of them written together."""
    *others, last = words(text)
    phrases = [phrase for form in inflections(last) for phrase in joined((*others, form))]
    whole = "".join((*others, last))
    phrases += [way for form in inflections(whole) for way in apart(form)]
    word = None if whole.isalpha() else whole
    return Part(says(field, phrases, named=" ".join((*others, last))), word=word, field=field)


def joined(parts: Sequence[str]) -> Iterator[str]:
    """Write parts with a blank or nothing between two of them, in every way."""
    for signs in product(("", " "), repeat=len(parts) - 1):
        yield "".join(chain.from_iterable(zip_longest(parts, signs, fillvalue="")))


def apart(word: str) -> Iterator[str]:
    """Write a word with blanks where it may be cut, in every way."""
    yield word
    for at in range(1, len(word)):
        one, other = word[:at], word[at:]
        if is_joint(one, other):
            yield from (f"{first} {rest}" for first in apart(one) for rest in apart(other))


def is_joint(one: str, other: str, *, any_form: bool = False) -> bool:
    """Letters and a digit meet, a name and its version, or letters that some paper joins."""
    if one[-1].isdigit() or other[0].isdigit():
        return one[-1].isdigit() != other[0].isdigit()
    if not (one + other).isascii():
        return False
    if re.match(r"v[0-9]", other) and len(one) > 1 and not is_separate(one):
        return True
    last, first = re.findall(r"[a-z]*$", one)[0], re.findall(r"^[a-z]*", other)[0]
    if not (one + other).isalpha() and len(last + first) < 3:
        return False
    forms = inflections(first) if any_form and first == other else [first]
    return any((last, form) in HYPHENATED for form in forms)


def all_hold(parts: Sequence[Part]) -> Meaning:
    """Each part holds; of plain words side by side also if they are written together."""
    meanings = [[part.meaning, *together(parts, at)] for at, part in enumerate(parts)]
    return lambda known: all(any(meaning(known) for meaning in each) for each in meanings)


def together(parts: Sequence[Part], at: int) -> Iterator[Meaning]:
    """List what two, three or four words in a row, this one among them, may be as one."""
    for length in (2, 3, 4):
        for start in range(max(0, at - length + 1), min(at, len(parts) - length) + 1):
            run = parts[start : start + length]
            row = [part.word for part in run if part.word and part.field == run[0].field]
            if len(row) == length and are_one(row):
                stem, last = "".join(row[:-1]), row[-1]
                whole = [*inflections(stem + last), *(stem + form for form in inflections(last))]
                yield says(run[0].field, [form.replace(".", " ") for form in whole])


def are_one(row: Sequence[str]) -> bool:
    """Whether words are one: two halves that are, which some paper joins, or of which digits."""
    if len(row) == 1:
        return True
    for at in range(1, len(row)):
        one, other = "".join(row[:at]), "".join(row[at:])
        if is_joint(one, other, any_form=True) and are_one(row[:at]) and are_one(row[at:]):
            return True
    return False


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


CALLED = {
    "cvpr": ("conference on computer vision and pattern recognition",),
    "neurips": ("nips", "conference on neural information processing systems",
                "advances in neural information processing systems"),
}  # fmt: skip


def published(word: str) -> Meaning:
    """The journal reference, or a comment that speaks of acceptance, says the word."""

    def meaning(known: Known) -> bool:
        accepted = " cvpr 2026 " if known.paper.comment == COMMENTS[1] else ""
        said = f"{accepted} {' '.join(words(known.paper.journal_ref or ''))} "
        return any(f" {name} " in said for name in (word, *CALLED.get(word, ())))

    return meaning


FACTS: list[tuple[str, Meaning]] = [
    ("is:withdrawn", lambda known: known.paper.comment == COMMENTS[3]),
    ("license:cc-by", lambda known: bool(known.paper.license)),
    ("venue:cvpr", published("cvpr")),
    ('venue:"CVPR 2026"', lambda known: known.paper.comment == COMMENTS[1]),
]


def one(text: str, meaning: Meaning) -> Meant:
    return text, (Part(meaning),)


@st.composite
def leaves(draw: st.DrawFn, papers: Sequence[Known]) -> Meant:
    known = draw(st.sampled_from(papers))
    kind = draw(st.integers(0, 13))
    if kind <= 4:
        return draw(texts(known))
    if kind <= 6:
        return draw(authors(known))
    if kind == 7:
        code = draw(st.sampled_from(known.paper.categories))
        archive = code.partition(".")[0]
        if draw(st.booleans()):
            return one(f"category:{code}", lambda known: code in known.paper.categories)
        return one(
            f"category:{archive}.*",
            lambda known: any(each.partition(".")[0] == archive for each in known.paper.categories),
        )
    if kind == 8:
        wanted = known.announce_type
        return one(
            f"type:{wanted.value}",
            lambda known: wanted in (known.announce_type, AnnounceType.NEW),
        )
    if kind == 9:
        return one("has:code", lambda known: bool(known.paper.links_of(LinkKind.CODE)))
    if kind == 12:
        return one(*draw(st.sampled_from(FACTS)))
    if kind == 13:
        named = [word for word in words(known.paper.journal_ref or "") if word.isalpha()]
        word = draw(st.sampled_from([word for word in named if len(word) > 5] or ["journal"]))
        return one(f"venue:{word}", published(word))
    if kind == 10:
        arxiv_id = known.paper.arxiv_id
        form = draw(st.sampled_from(["", "id:", "arXiv:"]))
        return one(f"{form}{arxiv_id}", lambda known: known.paper.arxiv_id == arxiv_id)
    day = known.day
    dates: list[tuple[str, Meaning]] = [
        (f"since:{day}", lambda known: known.day >= day),
        (f"until:{day}", lambda known: known.day <= day),
        (f"since:{day:%Y-%m}", lambda known: f"{known.day:%Y-%m}" >= f"{day:%Y-%m}"),
        (f"until:{day:%Y-%m}", lambda known: f"{known.day:%Y-%m}" <= f"{day:%Y-%m}"),
    ]
    return one(*draw(st.sampled_from(dates)))


@st.composite
def texts(draw: st.DrawFn, known: Known) -> Meant:
    field = draw(st.sampled_from([None, None, None, "title", "abstract"]))
    prefix = f"{field}:" if field else ""
    written = [
        word
        for word in known.paper.title.split() + known.paper.abstract.split()
        if word.isalpha() and word not in ("OR", "NOT", "AND") and len(words(word)) == 1
    ] or ["model"]
    kind = draw(st.integers(0, 7))
    pairs = sorted(pair for pair in HYPHENATED if pair[0] in known.terms["abstract"])
    chains = [chain for word in known.terms["abstract"] if len(chain := pieces(word)) in (2, 3, 4)]
    numbered = re.findall(NUMBERED, f"{known.paper.title} {known.paper.abstract}")
    if kind == 7 and numbered:
        return draw(with_point(draw(st.sampled_from(numbered)), field))
    if kind >= 6 and chains:
        return draw(chained(draw(st.sampled_from(chains)), field))
    if kind <= 1 and pairs:
        pair = draw(st.sampled_from(pairs))
        if kind == 0:
            return f"{prefix}{'-'.join(pair)}", (compound("-".join(pair), field),)
        return f"{prefix}{''.join(pair)}", (plain("".join(pair), field),)
    length = draw(st.sampled_from([1, 1, 2, 3]))
    at = draw(st.integers(0, max(0, len(written) - length)))
    text = " ".join(written[at : at + length])
    if length == 1 and kind == 2:
        return f"{prefix}={text}", (said(text, field),)
    if length == 1:
        return f"{prefix}{text}", (plain(text, field),)
    if kind == 3 and not field:
        return text, tuple(plain(each, field) for each in text.split())
    return f'{prefix}"{text}"', (said(text, field),)


def pieces(word: str) -> list[str]:
    """Cut a word between letters and digits, before a version, and at a known hyphen."""
    cut = r"[a-z]{2,}(?=v[0-9])|v(?=[0-9])|[a-z]+|[0-9]+"
    parts = re.findall(cut, word) if word.isascii() else []
    for at, part in enumerate(parts):
        for one, other in HYPHENATED if len(parts) in (2, 3) else ():
            if one + other == part:
                return [*parts[:at], one, other, *parts[at + 1 :]]
    return parts


@st.composite
def chained(draw: st.DrawFn, parts: Sequence[str], field: str | None) -> Meant:
    """A word of letters and digits: together, with hyphens, with blanks, or with both."""
    glued = draw(st.integers(0, len(parts) - 1))  # yolo v8, res net50
    parts = [*parts[:glued], "".join(parts[glued : glued + 2]), *parts[glued + 2 :]]
    cut = draw(st.integers(0, len(parts)))
    first, rest = parts[:cut], parts[cut:]
    sign = draw(st.sampled_from(["", "-"]))
    typed = [sign.join(first), *rest] if first else [*rest]
    meant = [compound(each, field) if "-" in each else plain(each, field) for each in typed]
    return " ".join(f"{field}:{each}" if field else each for each in typed), tuple(meant)


NUMBERED = r"\b([A-Za-z]{2,9})[- ]?([0-9])\.([0-9])\b"


@st.composite
def with_point(draw: st.DrawFn, numbered: tuple[str, str, str], field: str | None) -> Meant:
    """A name with a number that has a point: together, with a hyphen, or with a blank."""
    name, one, other = numbered
    sign = draw(st.sampled_from(["", "-", " "]))
    if sign == " ":
        number = Part(says(field, [f"{one} {other}"]), word=f"{one}.{other}", field=field)
        typed = f"{field}:({name} {one}.{other})" if field else f"{name} {one}.{other}"
        return typed, (plain(name, field), number)
    phrases = [f"{way} {other}" for way in apart(f"{name.lower()}{one}")]
    typed = f"{name}{sign}{one}.{other}"
    return f"{field}:{typed}" if field else typed, (Part(says(field, phrases)),)


@st.composite
def authors(draw: st.DrawFn, known: Known) -> Meant:
    simple = [
        name for name in known.paper.authors
        if len(name.split()) == 2 and name.replace(" ", "").replace(".", "").isalpha()
    ]  # fmt: skip
    if not simple:
        return one("author:he", is_by("", "he"))
    given, surname = bare(draw(st.sampled_from(simple))).replace(".", "").split()
    if len(surname) == 1:
        return one("author:he", is_by("", "he"))
    text, meaning = draw(
        st.sampled_from(
            [
                (f"author:{surname}", is_by("", surname)),
                (f'author:"{given} {surname}"', is_by_either(given, surname)),
                (f'author:"{surname}, {given}"', is_by_either(given, surname)),
                (f'author:"{given[0]}. {surname}"', is_by(given[0], surname)),
            ]
        )
    )
    return one(text, meaning)


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
        text, parts = draw(queries(papers, depth - 1))
        sign = draw(st.sampled_from(["-", "NOT "]))
        if len(parts) == 1 and parts[0].negated:  # twice is not at all
            return f"{sign}({text})", parts[0].negated
        holds = all_hold(parts)
        return f"{sign}({text})", (Part(lambda known: not holds(known), negated=parts),)
    first, first_parts = draw(queries(papers, depth - 1))
    second, second_parts = draw(queries(papers, depth - 1))
    if kind == 3:
        holds, also = all_hold(first_parts), all_hold(second_parts)
        return f"({first}) OR ({second})", (Part(lambda known: holds(known) or also(known)),)
    return f"({first}) ({second})", (*first_parts, *second_parts)


def some(count: int) -> settings:
    """Try so many queries, or as many as were asked for."""
    return settings(
        max_examples=QUERIES or count,
        derandomize=not QUERIES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )


@pytest.mark.slow(30)
@pytest.mark.cpu_limit(600)
def test_the_engine_agrees_with_the_grammar(archive: Archive) -> None:
    @some(150)
    @given(queries(archive.papers))
    def agree(meant: Meant) -> None:
        check(archive, *meant)

    agree()


def check(archive: Archive, text: str, parts: Sequence[Part]) -> None:
    meaning = all_hold(parts)
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
@pytest.mark.cpu_limit(600)
def test_a_beginning_finds_every_word_that_begins_so(archive: Archive) -> None:
    @some(100)
    @given(st.sampled_from(archive.papers), st.integers(0, 11), st.integers(3, 9))
    def find(known: Known, at: int, length: int) -> None:
        titled = [word for word in known.paper.title.split() if word.isascii() and word.isalpha()]
        if not titled:
            return
        beginning = titled[at % len(titled)][:length].lower()
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
