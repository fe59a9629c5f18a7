"""Papers that say most of a search, where too few say all of it."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

import pytest

from bot.query.ast import And, Node, Or, Text, TextField, leaves
from bot.query.parser import parse_query
from bot.query.printer import print_node
from bot.query.results import Answer, Closest, Match, Sort
from bot.store.search import closest as closest_module
from bot.store.search import search, spelling
from bot.store.search.closest import Part, part_of
from bot.store.sqlite.executor import Reading
from bot.store.store import Store
from tests.builders import DAY, NOW, make_link, make_listing, make_paper

PAPERS = (
    make_paper(
        1,
        title="Gaussian splatting for large scenes",
        abstract="We reconstruct cities from photographs with attention.",
        authors=("Kaiming He",),
        links=(make_link(),),
    ),
    make_paper(
        2,
        title="Neural radiance fields in the dark",
        abstract="Reconstruction of scenes from noisy photographs.",
        authors=("Ada Example",),
    ),
    make_paper(3, title="Dark matter halos", abstract="Of stars and of gas.", authors=("B. Test",)),
    make_paper(4, title="Attention for halos", abstract="Nothing else.", authors=("B. Test",)),
    *(
        make_paper(number, title=f"Common study of attention {number}", abstract="Usual words.")
        for number in range(10, 40)
    ),
)


@pytest.fixture
async def filled(store: Store) -> Store:
    older = make_listing(*PAPERS[2:], announced_on=DAY - timedelta(days=40))
    await store.papers.add_listing(older, now=NOW)
    await store.papers.add_listing(make_listing(*PAPERS[:2]), now=NOW)
    return store


async def closest(store: Store, query: str, **options: object) -> Closest | None:
    return await store.search.find_closest(
        parse_query(query),
        today=DAY + timedelta(days=1),
        limit=5,
        **options,  # type: ignore[arg-type]
    )


def numbers(found: Closest | None) -> str:
    assert found is not None
    return "".join(match.stored.paper.arxiv_id[-1] for match in found.matches)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("gaussian splatting of big scenes from photographs", "1"),
        ("radiance fields noisy pictures", "2"),
        ("dark matter haloes simulation", "3"),
        ("halos attention quux", "4"),
        ("gausian splating", "1"),
        ("what papers about gaussian splatting came out this week?", "1"),
        ("scenes by Kaiming He", "1"),
        ("scenes by ada example", "2"),
        ("reconstruct cities with code", "1"),
        ("photographs cities since february", "1"),
    ],
)
async def test_what_says_most_comes_first(filled: Store, query: str, first: str) -> None:
    assert numbers(await closest(filled, query))[:1] == first


async def fill_up(store: Store, typed: str, limit: int = 3, sort: Sort = Sort.RELEVANCE) -> Answer:
    query = parse_query(typed)
    page = await store.search.find(query, sort=sort, limit=limit)
    return await store.search.fill_up(
        query, page, sort=sort, today=DAY + timedelta(days=1), limit=limit
    )


def listed(matches: Sequence[Match]) -> list[int]:
    return [int(match.stored.paper.arxiv_id[-2:]) for match in matches]


@pytest.mark.parametrize(
    ("typed", "meant", "papers", "total"),
    [
        ("what papers about gaussian splatting came out this week?",
         "gaussian splatting since:2024-02-28", [1], 1),
        ("anything about attention by B. Test", 'attention author:"B Test"', [4], 1),
        ("papers about common attention", "common attention", [39, 38, 37], 30),
        ("attentin", "attention", [4, 39, 38], 32),
    ],
)  # fmt: skip
async def test_papers_that_say_all_that_was_understood_are_shown_as_found(
    filled: Store, typed: str, meant: str, papers: list[int], total: int
) -> None:
    answer = await fill_up(filled, typed)
    assert (answer.query.text, answer.is_understood) == (meant, True)
    assert (listed(answer.page.matches), answer.page.total) == (papers, total)
    assert answer.closest is not None
    assert not {*papers} & {*listed(answer.closest.matches)}
    assert len(papers) + len(answer.closest.matches) <= 3
    assert (answer.page.next is not None) is (total > 3)


async def test_below_a_full_page_of_what_was_understood_nothing_is_close(filled: Store) -> None:
    """Of papers that say all of it the closest is not among the newest, which fill the page."""
    best = make_paper(60, title="Common attention")
    await filled.papers.add_listing(
        make_listing(best, announced_on=DAY - timedelta(days=50)), now=NOW
    )
    typed = "papers about common attention"
    found = await closest(filled, typed)
    assert found is not None
    assert listed(found.matches)[0] == 60
    answer = await fill_up(filled, typed, sort=Sort.NEWEST)
    assert listed(answer.page.matches) == [39, 38, 37]
    assert answer.closest is not None
    assert answer.closest.matches == ()


@pytest.mark.parametrize(
    ("typed", "papers"),
    [
        ("what papers about gaussian splatting of zebras came out this week?", []),
        ("papers about radiance fields since 2025", []),  # none since then
        ("attention for halos", [4]),
        ("gaussian halos", []),
        ("common attention halos", []),
        ("common study of attention", [39, 38, 37]),
    ],
)
async def test_what_was_typed_stays_where_it_says_more_or_nothing_says_the_rest(
    filled: Store, typed: str, papers: list[int]
) -> None:
    answer = await fill_up(filled, typed)
    assert (answer.query.text, answer.is_understood) == (typed, False)
    assert listed(answer.page.matches) == papers
    assert (answer.closest is None) is (len(papers) == 3)


async def test_one_common_word_of_many_is_not_close(filled: Store) -> None:
    """Thirty papers say *attention*: two of three words are asked for."""
    found = numbers(await closest(filled, "attention radiance photographs"))
    assert set(found) == {"1", "2"}


async def test_what_was_found_already_is_left_out(filled: Store) -> None:
    page = await filled.search.find(parse_query("scenes photographs"))
    known = [match.stored.key for match in page.matches]
    assert len(known) == 2
    found = await closest(filled, "scenes photographs", known=known)
    assert found is not None
    assert found.matches == ()


async def test_it_tells_what_was_made_of_the_words(filled: Store) -> None:
    found = await closest(filled, "papers about gausian splatting this week with code")
    assert found is not None
    assert [(each.typed, each.meant) for each in found.mended] == [("gausian", "gaussian")]
    assert found.left_out == ("papers", "about")
    assert found.query.text == f"gaussian splatting since:{DAY - timedelta(days=6)} has:code"
    assert found.counts == (("gaussian", 1), ("splatting", 1))


@pytest.mark.parametrize(
    ("query", "first", "kept", "unmet"),
    [
        ("halos of stars yesterday", "3", "", f"since:{DAY} until:{DAY}"),
        ("halos of stars with code since march", "3", "", "has:code since:2024-03-01"),
        ("gaussian cities with code since 2025", "1", "has:code", "since:2025-01-01"),
        ("cities by Kaiming He this week", "1", 'author:"Kaiming He" since:2024-02-28', ""),
    ],
)
async def test_filters_that_nothing_close_meets_are_set_aside(
    filled: Store, query: str, first: str, kept: str, unmet: str
) -> None:
    """Those of time before the others: they came from words, not from a filter that was typed."""
    found = await closest(filled, query)
    assert found is not None
    assert numbers(found)[0] == first
    assert " ".join(map(print_node, found.filters)) == kept
    assert " ".join(map(print_node, found.unmet)) == unmet
    assert unmet.split(" ")[0] not in found.query.text or not unmet


async def test_a_rare_word_like_a_usual_one_is_doubted_but_looked_for(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spelling, "USUAL", 10)
    slip = make_paper(50, title="Atention for gas", abstract="Quiet.")
    await filled.papers.add_listing(make_listing(slip, announced_on=DAY), now=NOW)
    found = await closest(filled, "atention study gas quux")
    assert found is not None
    assert numbers(found)[0] == "0"
    assert [(each.typed, each.meant) for each in found.doubtful] == [("atention", "attention")]
    assert found.corrected is not None
    assert found.corrected.text == "attention study gas quux"


async def test_what_is_excluded_and_filtered_stays_so(filled: Store) -> None:
    assert numbers(await closest(filled, "dark scenes quux -halos")) == "21"
    assert numbers(await closest(filled, 'scenes photographs quux author:"Ada Example"')) == "2"


async def test_a_name_that_nobody_has_is_words_again(filled: Store) -> None:
    found = await closest(filled, "scenes by Noisy Photographs")
    assert found is not None
    assert found.filters == ()
    assert numbers(found)[0] == "2"


@pytest.mark.parametrize("query", ["author:he", "category:cs.CV", "2403.00001", "quuxx", ""])
async def test_there_is_nothing_closer_than(filled: Store, query: str) -> None:
    found = await closest(filled, query)
    assert found is None or found.matches == ()


async def test_out_of_time_it_shows_what_it_has(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CLOSEST_DEADLINE_S", 0)
    found = await closest(filled, "gaussian splatting scenes")
    assert found is None or len(found.matches) <= 5


async def test_topics_are_strict(filled: Store) -> None:
    asked = [paper.arxiv_id for paper in PAPERS]
    query = parse_query("gaussian splatting this week")
    assert await filled.search.match(query, asked) == set()


@pytest.mark.parametrize("count", range(2, 11))
@pytest.mark.parametrize("are_phrases", [False, True])
def test_all_but_one_is_said_wherever_the_missing_word_is(count: int, are_phrases: bool) -> None:
    """Of phrases every paper here says the words."""
    words = [Text(text=str(number)) for number in range(count)]
    guards = [Text(text=f"in {number}") for number in range(count)] if are_phrases else words
    parts = [Part(word, (guard,)) for word, guard in zip(words, guards, strict=True)]
    asked = closest_module.all_but_one(parts)
    for missing in range(3):
        for left_out in combinations(words, missing):
            said = {*words} - {*left_out}
            assert _holds(asked.exact, said.union(guards if are_phrases else ())) == (missing < 2)
            assert _holds(asked.guards[0], said.union(guards)) >= (missing < 2)


FORMS = (
    ("sim to real",),
    ("spatial temporal", "spatial temporals", "spatialtemporal"),
    ("multi stream", "multi streaming", "mul ti stream"),
    ("pretraining", "pre training"),
    ("x y", "xy"),
    ("point e",),
)
COUNTS = {"sim": 9, "real": 70, "to": 900, "spatial": 30, "temporal": 20, "multi": 90, "stream": 8}


@pytest.mark.parametrize("forms", FORMS)
@pytest.mark.parametrize("field", [None, TextField.TITLE])
def test_what_says_a_phrase_in_any_form_is_behind_all_its_guards(
    forms: tuple[str, ...], field: TextField | None
) -> None:
    leaf = Text(text=forms[0], field=field)
    part = part_of(leaf, forms, COUNTS)
    assert part.exact == leaf
    for guard in part.guards if part.guards != (leaf,) else ():
        asked = [each for each in leaves(guard) if isinstance(each, Text)]
        assert {each.field for each in asked} == {field}
        for form in forms:
            assert {each.text for each in asked} & {*form.split(" ")}
        assert all(len(each.text) > 1 for each in asked)  # no initial of a name


def test_the_rarest_place_of_a_phrase_is_its_first_guard() -> None:
    guards = part_of(Text(text="sim-to-real"), ("sim to real",), COUNTS).guards
    assert [guard.text for guard in guards if isinstance(guard, Text)] == ["sim", "real", "to"]


async def test_a_phrase_is_said_by_who_says_its_words_side_by_side(filled: Store) -> None:
    """Paper 2 is of the dark and of scenes and photographs."""
    assert numbers(await closest(filled, "dark-scenes photographs halos")) == ""
    assert numbers(await closest(filled, "radiance-fields photographs halos")) == "2"


async def test_texts_are_not_asked_for_the_rare_inflections_of_a_phrase(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closest_module, "USUAL_SHARE", 0.05)
    others = [make_paper(60 + n, abstract="Dark matter fields.") for n in range(3)]
    others.append(make_paper(70, title="It all matters", abstract="Dark matters."))
    await filled.papers.add_listing(make_listing(*others, announced_on=DAY), now=NOW)
    typed = "dark-matter gas quasars"
    assert await count_asked(filled, typed, '"dark matter"')
    assert not await count_asked(filled, typed, '"dark matters"')
    assert await count_asked(filled, "matter-field gas quasars", '"matter fields"')


def _holds(node: Node, said: set[Text]) -> bool:
    match node:
        case And(parts):
            return all(_holds(part, said) for part in parts)
        case Or(parts):
            return any(_holds(part, said) for part in parts)
        case _:
            return node in said


async def test_titles_are_asked_as_far_back_as_they_go_and_texts_are_not(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Papers 3 and 4 are older than the newest by more than texts are walked through then."""
    in_texts, in_titles = "stars gas radiance", "dark matter halos splatting"
    assert "3" in numbers(await closest(filled, in_texts))
    monkeypatch.setattr(closest_module, "STEPS", (1, 1, 1))
    assert "3" not in numbers(await closest(filled, in_texts))
    assert "3" in numbers(await closest(filled, in_titles))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("dark matter halos splatting", "3"),
        ("dark matter halos splatting gaussian", ""),
        ("dark matter splatting abstract:cities", ""),
    ],
)
@pytest.mark.parametrize("most", [1, 400])
async def test_titles_that_say_the_rarest_words_have_to_say_the_others_but_one(
    filled: Store, monkeypatch: pytest.MonkeyPatch, query: str, found: str, most: int
) -> None:
    """Where they are too many to be read, as one is here, the index is asked for all words."""
    monkeypatch.setattr(closest_module, "STEPS", (1, 1, 1))
    monkeypatch.setattr(closest_module, "RAREST_OF_A_TITLE", 2)
    monkeypatch.setattr(closest_module, "MOST_TITLES", most)
    assert numbers(await closest(filled, query)).replace("1", "") == found


@pytest.mark.parametrize(
    ("query", "step", "is_walked_on"), [("stars radiance", 1, False), ("usual words", 100, True)]
)
async def test_no_step_is_taken_that_promises_no_paper(
    filled: Store, monkeypatch: pytest.MonkeyPatch, query: str, step: int, is_walked_on: bool
) -> None:
    """Each begins with a look for the oldest paper; of words in few papers it reads all."""
    asked = []
    for steps in ((step, 10_000), (10_000,)):
        monkeypatch.setattr(closest_module, "STEPS", steps)
        asked.append(await count_asked(filled, query, "paper_text MATCH"))
    assert (asked[0] > asked[1]) is is_walked_on


async def test_titles_that_are_few_are_asked_for_once(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await count_asked(filled, "dark matter halos splatting", "paper_head MATCH") == 1
    monkeypatch.setattr(closest_module, "MOST_TITLES", 1)
    assert await count_asked(filled, "dark matter halos splatting", "paper_head MATCH") == 2


async def count_asked(store: Store, typed: str, part: str) -> int:
    def trace(reading: Reading) -> int:
        asked: list[str] = []
        reading.connection.set_trace_callback(asked.append)
        closest_module.find_closest(reading, parse_query(typed), DAY, 5, ())
        reading.connection.set_trace_callback(None)
        return sum(part in sql for sql in asked)

    return await store.database.search(5, trace)


async def test_of_too_many_papers_the_newest_are_taken(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closest_module, "OF_A_GROUP", 1)
    assert numbers(await closest(filled, "usual words")) == "9"


async def test_texts_are_walked_on_until_there_are_enough(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first step reaches only papers of the newest day, which do not say it."""
    monkeypatch.setattr(closest_module, "STEPS", (100, 10_000))
    assert numbers(await closest(filled, "usual words")) == "98765"


async def test_no_paper_is_taken_twice_where_texts_are_walked_on(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first step reaches the newest paper alone; the second goes on behind it."""
    monkeypatch.setattr(closest_module, "OF_A_GROUP", 2)
    monkeypatch.setattr(closest_module, "STEPS", (100, 10_000))
    newest = make_paper(50, abstract="Usual words.")
    await filled.papers.add_listing(make_listing(newest, announced_on=DAY), now=NOW)
    assert numbers(await closest(filled, "usual words")) == "09"


async def test_a_title_without_a_usual_word_is_closer_than_one_without_a_rare_word(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closest_module, "SCORED", 1)
    newer = make_paper(51, title="Common study of photographs")
    rarer = make_paper(52, title="Common of photographs quasars")
    await filled.papers.add_listing(make_listing(rarer, newer, announced_on=DAY), now=NOW)
    found = await closest(filled, "common study photographs quasars")
    assert numbers(found) == "2"


async def test_of_papers_that_say_as_much_those_are_read_that_say_it_in_the_title(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closest_module, "SCORED", 1)
    older = make_paper(51, title="Pulsars and quasars of blazars")
    newer = make_paper(52, abstract="Blazars, quasars, pulsars.")
    for paper, days in ((older, 1), (newer, 0)):
        listing = make_listing(paper, announced_on=DAY - timedelta(days=days))
        await filled.papers.add_listing(listing, now=NOW)
    assert numbers(await closest(filled, "papers about quasars pulsars blazars")) == "1"


@pytest.mark.parametrize("most", [1, 1000])
async def test_of_too_many_titles_the_newest_are_taken(
    filled: Store, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(closest_module, "CANDIDATES", 2)
    monkeypatch.setattr(closest_module, "MOST_TITLES", most)
    assert numbers(await closest(filled, "common study attention")) == "98"


@pytest.mark.parametrize(("walks", "typed", "found"), [
    (3, "radiance stars gas", True),
    (0, "radiance stars gas", False),
    (0.0001, "radiance stars gas", False),
    (0.0001, "stars gas radiance", True),
])  # fmt: skip
async def test_after_long_walks_in_vain_the_other_pairs_are_sought_among_the_newest(
    filled: Store, monkeypatch: pytest.MonkeyPatch, walks: float, typed: str, found: bool
) -> None:
    """Paper 3 says the stars and the gas, and is old; pairs of rare words are sought in order."""
    monkeypatch.setattr(closest_module, "STEPS", (1, 10_000))
    monkeypatch.setattr(closest_module, "WALKS", walks)
    assert ("3" in numbers(await closest(filled, typed))) is found
