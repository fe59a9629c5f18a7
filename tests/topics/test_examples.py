"""Topics made from examples, on an archive of made-up papers with known topics."""

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from bot.errors import InputError
from bot.models import ArxivId, Paper
from bot.query.ast import Or
from bot.query.examples import LEAST_SUPPORT, MOST_SHARE, MOST_TERMS
from bot.query.parser import parse_query
from bot.store.store import Store
from bot.topics import examples
from bot.topics.examples import from_papers, read_examples
from bot.topics.trials import read_past
from bot.ui.from_papers import FromPapers
from tests.builders import NOW, make_id, make_listing, make_paper, make_subscription
from tests.stores import open_filled

USUAL = [f"{first}{second}word" for first in "bcdfgklmnp" for second in "aeiou"]
FROGS, ROBOTS, MAPS = range(1, 31), range(31, 61), range(61, 91)
"""Papers that say axolotl or frog; robot or robotics; and neural maps, next to each other."""


def papers() -> list[Paper]:
    dice = random.Random(4)

    def text(*telling: str, k: int) -> str:
        return " ".join(dice.sample([*dice.choices(USUAL, k=k), *telling], k + len(telling)))

    made = []
    for number in range(1, 241):
        telling: Sequence[str] = ()
        if number in FROGS:
            telling = [dice.choice(["axolotl", "frog"])]
        elif number in ROBOTS:
            telling = [dice.choice(["robot", "robotics", "robots"])]
        title, abstract = text(*telling, k=5), text(k=30)
        if number in MAPS:
            title = f"{title} neural maps"
        elif number % 5 == 0:
            abstract = f"{abstract} neural beta maps"
        made.append(make_paper(number, title=title, abstract=abstract))
    return made


async def fill(store: Store) -> None:
    await store.papers.add_listing(make_listing(*papers()), now=NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_filled(tmp_path / "papers.db", fill) as store:
        yield store


async def made_from(store: Store, numbers: Sequence[int], category: str = "cs.CV") -> FromPapers:
    channel = make_subscription(categories=[category])
    past = await read_past(store, channel)
    return await from_papers(store, past, channel, list(map(make_id, numbers)))


@pytest.mark.parametrize(
    ("topic", "query"),
    [(FROGS, "axolotl OR frog"), (ROBOTS, "robot*"), (MAPS, "neural-maps")],
)
async def test_a_hidden_topic_is_found_again(store: Store, topic: range, query: str) -> None:
    found = await made_from(store, topic[:10])
    assert found.best is not None
    asked = {str(each) for each in parse_query(found.best.query.replace("title:", "")).text.split()}
    assert asked == set(query.split()), found.best.query
    assert (found.best.found, found.best.of) == (10, 10)
    assert found.best.trial.matched == 30
    assert not found.groups


async def test_what_is_proposed_keeps_its_bounds_whatever_the_examples(store: Store) -> None:
    """Random examples: few terms, some examples each, never most of the archive; the same again."""
    dice = random.Random(9)
    for _ in range(4):
        numbers = dice.sample(range(1, 241), dice.randint(3, 20))
        found = await made_from(store, numbers)
        shuffled = await made_from(store, dice.sample(numbers, len(numbers)))
        assert [each.query for _, each in found.offered] == [
            each.query for _, each in shuffled.offered
        ]
        for name, each in found.offered:
            root = parse_query(each.query).root
            assert len(root.parts if isinstance(root, Or) else (root,)) <= MOST_TERMS
            assert each.found >= LEAST_SUPPORT or name == "Narrower"
            assert each.trial.share <= MOST_SHARE * MOST_TERMS
        if found.best and found.narrower:
            assert found.narrower.trial.matched < found.best.trial.matched
        if found.best and found.wider:
            assert found.wider.trial.matched > found.best.trial.matched


async def test_examples_with_little_in_common_are_parted(store: Store) -> None:
    found = await made_from(store, [*FROGS[:4], *ROBOTS[:4], *MAPS[:4]])
    assert len(found.groups) >= 3
    told = [set(papers) for papers, _ in found.groups]
    assert sum(map(len, told)) == len(set().union(*told))
    assert set(map(make_id, MAPS[:4])) in told
    for group, offered in found.groups:
        assert offered.of == len(group)
        assert offered.found > len(group) / 2
    assert len({offered.query for _, offered in found.groups}) == len(found.groups)


async def test_a_channel_with_few_papers_is_measured_by_the_whole_archive(store: Store) -> None:
    """Of few papers each word would be in all."""
    here, elsewhere = [
        await made_from(store, FROGS[:10], category) for category in ("cs.CV", "math.AG")
    ]
    assert here.best is not None
    assert elsewhere.best is not None
    assert elsewhere.best.query == here.best.query


async def test_examples_may_be_older_than_what_queries_are_measured_by(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "BACKGROUND", 100)
    found = [await made_from(store, topic[:10]) for topic in (FROGS, MAPS)]
    for each in found:
        assert each.best is not None
        assert each.best.found == 10


async def test_a_query_that_is_too_long_for_a_topic_is_not_offered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "MAX_QUERY", 10)
    found = await made_from(store, FROGS[:10])
    assert all(len(each.query) <= 10 for _, each in found.offered)


async def test_papers_that_are_not_stored_are_named(store: Store) -> None:
    found = await made_from(store, [*MAPS[:5], 900])
    assert found.unknown == (make_id(900),)
    assert found.best is not None
    with pytest.raises(InputError, match="Only 2 of these 4 papers are in my archive"):
        await made_from(store, [1, 2, 900, 901])


@pytest.mark.parametrize(
    "text",
    [
        "2401.01234, 2402.04321v2 and https://arxiv.org/abs/2403.00284",
        "@misc{a,\n eprint={2401.01234},\n}\n@misc{b, url={https://arxiv.org/pdf/2402.04321}}\n"
        "@article{c, journal={arXiv preprint arXiv:2403.00284}}\n@book{d, title={No paper}}",
    ],
)
def test_identifiers_are_read_from_a_list_or_a_bibtex_file(text: str) -> None:
    assert read_examples(text) == list(map(ArxivId, ("2401.01234", "2402.04321", "2403.00284")))


def test_a_bibtex_file_is_read_to_its_end_however_long_its_abstracts_are() -> None:
    entry = "@misc{{a{0}, eprint={{{1}}}, abstract={{{2}}}}}"
    entries = [entry.format(n, make_id(n), "word " * 5000) for n in range(1, 6)]
    assert read_examples("\n".join(entries)) == [make_id(n) for n in range(1, 6)]


@pytest.mark.parametrize("count", [0, 1, 2, 51])
def test_too_few_and_too_many_examples_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=rf"3 to 50 papers, and here (is|are) {count};"):
        read_examples(" ".join(make_id(number) for number in range(1, count + 1)))
