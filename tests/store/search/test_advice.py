"""What a person is told whose search found nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.query.parser import parse_query
from bot.query.results import Advice, Blame
from bot.store.search import advice as search_advice
from bot.store.search import search
from bot.store.search import words as search_words
from bot.store.store import Store
from tests.builders import NOW, make_listing, make_paper
from tests.stores import open_filled


async def fill(store: Store) -> None:
    papers = [
        make_paper(
            number,
            title=f"Deep transformers for segmentation {number}",
            abstract="We segment images with networks.",
            authors=("Kaiming He",),
            categories=("cs.CV",),
        )
        for number in range(1, 8)
    ]
    papers.append(make_paper(9, title="Dark halos", abstract="Stars.", categories=("astro-ph.CO",)))
    await store.papers.add_listing(make_listing(*papers), now=NOW)


async def fill_and_count(store: Store) -> None:
    await fill(store)
    assert await store.search.tidy() > 5


@pytest.fixture(params=[fill_and_count, fill], ids=["counted", "never counted"])
async def filled(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    if request.param is fill_and_count:
        monkeypatch.setattr(search_words, "SMALL", 0)
    async with open_filled(tmp_path / "papers.db", request.param) as store:
        yield store


async def advise(store: Store, query: str) -> Advice:
    return await store.search.advise(parse_query(query))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("transfomers", "transformers"),
        ("transfromers", "transformers"),
        ("segmentaton", "segmentation"),
        ("netwroks", "networks"),
        ("deepsegmentation", "deep segmentation"),
    ],
)
async def test_a_misspelt_word_is_corrected(filled: Store, typed: str, meant: str) -> None:
    advice = await advise(filled, typed)
    (doubtful,) = advice.doubtful
    assert doubtful.word == typed
    assert doubtful.suggestions[0] == meant
    assert advice.corrected is not None
    assert advice.corrected.text.strip('"') == meant


async def test_the_corrected_query_keeps_everything_else(filled: Store) -> None:
    advice = await advise(filled, "segmentaton title:transfomers -halos category:cs.CV")
    assert advice.corrected is not None
    assert advice.corrected.text == "segmentation title:transformers -halos category:cs.CV"


async def test_a_correction_that_finds_nothing_is_not_offered(filled: Store) -> None:
    advice = await advise(filled, "segmentaton category:astro-ph.CO")
    assert advice.doubtful[0].suggestions
    assert advice.corrected is None


async def test_a_word_like_no_other_has_no_suggestion(filled: Store) -> None:
    advice = await advise(filled, "qqqqxq")
    assert [(each.word, each.suggestions) for each in advice.doubtful] == [("qqqqxq", ())]
    assert advice.corrected is None


async def test_a_run_of_letters_too_long_for_a_word_has_no_suggestion(filled: Store) -> None:
    (doubtful,) = (await advise(filled, "가" * 1990)).doubtful
    assert (doubtful.papers, doubtful.suggestions) == (0, ())


async def test_advice_ends_when_its_time_is_over(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ADVISE_DEADLINE_S", 0)
    assert await advise(filled, "segmentaton halos deep") == Advice()


async def test_the_part_to_blame_is_named(filled: Store) -> None:
    advice = await advise(filled, "segmentation networks category:astro-ph.CO")
    assert advice.blame == (Blame(part="category:astro-ph.*", papers=7),) or advice.blame == (
        Blame(part="category:astro-ph.CO", papers=7),
    )
    assert not advice.doubtful


async def test_the_most_helpful_part_to_leave_out_comes_first(filled: Store) -> None:
    advice = await advise(filled, "halos deep")
    assert advice.blame == (Blame(part="halos", papers=7), Blame(part="deep", papers=1))


async def test_a_query_of_one_part_has_nobody_to_blame(filled: Store) -> None:
    assert (await advise(filled, "qqqqxq")).blame == ()


async def test_excluded_words_are_not_doubted(filled: Store) -> None:
    assert (await advise(filled, "deep -transfomer category:math.AG")).doubtful == ()


@pytest.mark.parametrize(
    ("query", "nearest", "corrected"),
    [
        ('author:"Kaiming Hee"', ("Kaiming He",), 'author:"Kaiming He"'),
        ('author:"He, Kaming"', ("Kaiming He",), 'author:"Kaiming He"'),
        ('segmentation author:"Kaimin He"', ("Kaiming He",), 'segmentation author:"Kaiming He"'),
        ('halos author:"Kaimin He"', ("Kaiming He",), None),
        ("author:xyzzy", (), None),
    ],
)
async def test_a_name_that_nobody_has_brings_the_nearest(
    filled: Store, query: str, nearest: tuple[str, ...], corrected: str | None
) -> None:
    advice = await advise(filled, query)
    assert [name.nearest for name in advice.names] == [nearest]
    assert (advice.corrected.text if advice.corrected else None) == corrected


async def test_a_name_that_somebody_has_is_not_doubted(filled: Store) -> None:
    assert not (await advise(filled, 'author:"K. He" category:math.AG')).names


async def test_each_part_is_counted_by_itself(filled: Store) -> None:
    advice = await advise(filled, 'segment halos (deep OR stars) -networks author:he "x y"')
    assert advice.counts == (
        ("segment", 7),
        ("halos", 1),
        ("deep OR stars", 8),
        ("-networks", 1),
        ("author:he", 7),
        ('"x y"', 0),
    )


async def test_what_is_no_and_has_no_parts_to_count(filled: Store) -> None:
    assert (await advise(filled, "zzz")).counts == ()
    assert (await advise(filled, "zzz OR yyy")).counts == ()
    assert (await advise(filled, "zzz zzz")).counts == ()
    assert (await advise(filled, " ".join(f"zz{number}" for number in range(9)))).counts == ()


async def test_parts_are_counted_all_or_none(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ADVISE_DEADLINE_S", 0)
    assert (await advise(filled, "segment halos")).counts == ()


async def test_nobody_waits_for_a_count_of_all(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_advice, "MOST_COUNTED", 5)
    assert (await advise(filled, "segment halos")).counts == (("segment", 5), ("halos", 1))


async def test_a_slip_that_reads_as_a_form_of_another_word_is_one(store: Store) -> None:
    """*Mathing* finds papers that say *math*, but none with the rest of the query."""
    papers = [make_paper(n, title="The math", abstract="Names.") for n in range(1, 40)]
    papers += [make_paper(n, title="Matching", abstract="Of nets.") for n in range(40, 80)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    advice = await advise(store, "mathing nets")
    (doubtful,) = advice.doubtful
    assert (doubtful.word, doubtful.papers, doubtful.suggestions) == (
        "mathing",
        0,
        ("matching",),
    )
    assert advice.corrected is not None
    assert advice.corrected.text == "matching nets"
    assert (await advise(store, "mathing halos")).doubtful[0].word == "halos"
    assert len((await advise(store, "mathing halos")).doubtful) == 1


async def test_a_form_is_not_what_was_meant(filled: Store) -> None:
    """One paper says *halos*: the word's plural is offered for no plural."""
    for doubtful in (await advise(filled, "haloes segment")).doubtful:
        assert "halos" not in doubtful.suggestions


async def test_a_field_by_a_wrong_name_is_named_and_the_right_one_is_tried(filled: Store) -> None:
    advice = await advise(filled, "segmentaton autor:he year:2024 -halos")
    assert [each.typed for each in advice.misnamed] == ["autor:he", "year:2024"]
    assert [each.word for each in advice.doubtful] == ["segmentaton"]
    assert advice.corrected is not None
    assert advice.corrected.text == (
        "segmentation -halos author:he since:2024-01-01 until:2024-12-31"
    )


async def test_a_right_name_that_finds_nothing_is_not_offered(filled: Store) -> None:
    advice = await advise(filled, "catgory:math.AG")
    assert [each.typed for each in advice.misnamed] == ["catgory:math.AG"]
    assert advice.corrected is None
