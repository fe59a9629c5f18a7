"""Misspelt words and what they were meant to be."""

import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.query.compile import quoted
from bot.store.search import words as search_words
from bot.store.search.spelling import Guess, likeliest, suggest
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.stores import open_filled


async def fill(store: Store) -> None:
    papers = [
        *(make_paper(n, title=f"Complex attention {n}", abstract="x") for n in range(1, 30)),
        *(make_paper(n, title=f"A compiler optimization {n}", abstract="x") for n in range(40, 45)),
        *(make_paper(n, title=f"Revisiting networks {n}", abstract="x") for n in range(50, 60)),
        make_paper(90, title="A slip: attentoin", abstract="x"),
    ]
    await store.papers.add_listing(make_listing(*papers), now=NOW)


async def fill_and_count(store: Store) -> None:
    await fill(store)
    await store.search.count_again()


@pytest.fixture(params=[fill_and_count, fill], ids=["counted", "never counted"])
async def filled(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    assert search_words.SMALL
    async with open_filled(tmp_path / "papers.db", request.param) as store:
        yield store


async def suggestions(store: Store, word: str, papers: int = 0, *company: str) -> list[str]:
    expressions = [quoted(each) for each in company]
    return await store.database.search(5, lambda r: suggest(r, word, papers, expressions))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("attentin", "attention"),
        ("atention", "attention"),
        ("attetnion", "attention"),
        ("attentoon", "attention"),
        ("revisitig", "revisiting"),
        ("revisitign", "revisiting"),
        ("netwrks", "networks"),
        ("compilr", "compiler"),
        ("newtorsk", "networks"),
        ("complexattention", "complex attention"),
        ("revistng", "revisiting"),
        ("revxisitxng", "revisiting"),
        ("revsiitign", "revisiting"),
        ("reviziting", "revisiting"),
        ("rexiziting", "revisiting"),
    ],
)
async def test_a_slip_is_mended_by_a_word_that_papers_use(
    filled: Store, typed: str, meant: str
) -> None:
    assert (await suggestions(filled, typed))[0] == meant


async def test_the_other_words_decide_between_two(filled: Store) -> None:
    assert (await suggestions(filled, "compler", 0, "optimization"))[0] == "compiler"
    assert (await suggestions(filled, "compler", 0, "attention"))[0] == "complex"


@pytest.mark.parametrize("most", [1, 2, 8])
def test_the_likeliest_are_those_of_all_guesses_counted_in_full(most: int) -> None:
    """What is not counted, or not to the end, changes nothing, and is the larger part."""
    dice = random.Random(most)
    done, in_full = 0, 0
    for _ in range(300):
        usual = {round(10 ** dice.uniform(0.5, 6)) for _ in range(dice.randint(2, 8))}
        guesses = [Guess(str(n), n, dice.choice([2, 4.4, 6.4])) for n in usual]
        together = {each.word: dice.randint(0, min(400, each.papers)) for each in guesses}
        asked: list[int] = []

        def count(
            word: str, enough: int, together: Mapping[str, int] = together, asked: list[int] = asked
        ) -> int:
            asked.append(min(enough, together[word]))
            return asked[-1]

        expected = sorted(guesses, key=lambda guess: -guess.worth(together[guess.word]))
        assert likeliest(guesses, count, most)[:most] == expected[:most]
        done += sum(asked)
        in_full += sum(together.values())
    assert done < in_full * {1: 0.3, 2: 0.5, 8: 0.9}[most]


async def test_a_word_that_papers_use_is_doubted_only_beside_a_far_more_usual_one(
    filled: Store,
) -> None:
    assert await suggestions(filled, "compiler", 5) == []


@pytest.mark.parametrize("word", ["qqqqxq", "abc", "x" * 50, "gpt4", ""])
async def test_nothing_is_suggested_for(filled: Store, word: str) -> None:
    assert await suggestions(filled, word) == []


async def test_a_word_that_stands_beside_everything_is_not_meant_by_that(store: Store) -> None:
    """Half of the papers on compilers speak of caches, and one in twenty complex ones."""
    papers = [
        make_paper(n, title="A complex cache" if n < 20 else "Complex study", abstract="x")
        for n in range(1, 400)
    ]
    papers += [make_paper(n, title="Compiler cache", abstract="x") for n in range(400, 410)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    assert (await suggestions(store, "compler", 0, "cache"))[0] == "compiler"
    assert (await suggestions(store, "compler"))[0] == "complex"
