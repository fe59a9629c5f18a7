"""Which words and compounds the papers write."""

import json
from datetime import timedelta

import pytest

from bot.models import AnnounceType
from bot.query.parser import parse_query
from bot.query.widen import Lexicon
from bot.store.search.vocabulary import read_lexicon, read_lexicon_of
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import Parameters, Row
from bot.store.store import Store
from tests.builders import DAY, NOW, make_listing, make_paper


async def lexicon(store: Store, *wanted: str) -> Lexicon:
    return await store.database.search(5, lambda r: read_lexicon(r.rows, wanted))


async def test_words_are_known_as_soon_as_a_paper_is_stored(store: Store) -> None:
    wanted = ("diffusion", "zebra", "segmentation", "pages", "pretraining", "preprint")
    known = await lexicon(store, *wanted)
    assert not any(map(known.holds, wanted))
    paper = make_paper(
        1, title="Diffusion", abstract="Pre-training, segmentation.", comment="9 pages"
    )
    await store.papers.add_listing(make_listing(paper), now=NOW)
    known = await lexicon(store, *wanted)
    assert [word for word in wanted if known.holds(word)] == ["diffusion", "segmentation", "pages"]
    assert known.cuts == {"pretraining": [3]}
    assert known.joins("pre", "training")
    assert not known.joins("pre", "print")
    assert known.joins("gpt", "4")


async def test_words_of_a_replacement_are_known_too(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1, title="Dark halos")), now=NOW)
    newer = (make_paper(1, version=2, title="Bright quasars"), AnnounceType.REPLACE)
    later = make_listing(newer, announced_on=DAY + timedelta(days=1))
    await store.papers.add_listing(later, now=NOW)
    known = await lexicon(store, "quasars", "halos")
    assert known.holds("quasars")
    assert known.holds("halos"), "a word is never forgotten"


@pytest.mark.parametrize(
    ("query", "times"),
    [("dark halos", 2), ("YOLO v8", 2), ("geohydrology", 5), ("thermogeohydrology", 6)],
)
async def test_each_word_is_asked_for_once(store: Store, query: str, times: int) -> None:
    """Who writes it, and where it takes a hyphen; longer compounds in two or three goes."""
    abstract = "Thermo-geohydrology, geo-hydrology, hydro-logy."
    await store.papers.add_listing(make_listing(make_paper(1, abstract=abstract)), now=NOW)
    asked: list[tuple[str, str]] = []

    def read(reading: Reading) -> Lexicon:
        def ask(sql: str, parameters: Parameters) -> list[Row]:
            asked.extend((sql, str(each)) for each in parameters)
            return reading.rows(sql, parameters)

        return read_lexicon_of(ask, parse_query(query).root)

    known = await store.database.search(5, read)
    assert len(asked) == times
    for table in {sql for sql, _ in asked}:
        words = [word for sql, each in asked if sql == table for word in json.loads(each)]
        assert table.startswith("SELECT word FROM") or len(words) == len({*words})
    assert query != "thermogeohydrology" or known.cuts["hydrology"] == [5]


async def test_counting_forgets_no_word(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1, title="Onceseen gpt9")), now=NOW)
    await store.search.count_again()
    known = await lexicon(store, "onceseen", "gpt9", "never")
    assert known.holds("onceseen")
    assert not known.holds("never")
    assert known.holds("gpt9"), "what is no word of letters is always asked for"
