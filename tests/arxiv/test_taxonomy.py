import re

import pytest

from bot.arxiv.taxonomy import (
    ALIASES,
    ARCHIVES,
    CATEGORIES,
    SUBSUMED,
    archive_of,
    canonical_category,
    category_name,
    is_category,
    oai_set,
    suggest_categories,
)
from bot.errors import UnknownCategory
from tests.shared import shared


def test_the_table_is_arxivs_own() -> None:
    """Sets and names equal those that arXiv's OAI-PMH service lists."""
    text = shared("recordings/rendered/oai_sets.xml").read_text()
    listed = dict(re.findall(r"<setSpec>(.*?)</setSpec>\s*<setName>(.*?)</setName>", text))
    assert {oai_set(code): name for code, name in CATEGORIES.items()}.items() <= listed.items()
    groups = {archive.group for archive in ARCHIVES.values()}
    rest = set(listed) - {oai_set(code) for code in CATEGORIES} - groups
    assert rest <= {f"{archive.group}:{code}" for code, archive in ARCHIVES.items()}


def test_second_and_former_names_lead_to_categories_in_use() -> None:
    for canonical in (*ALIASES.values(), *SUBSUMED.values()):
        assert canonical in CATEGORIES
        assert canonical not in ALIASES


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("cs.CV", "cs.CV"),
        (" cs.cv ", "cs.CV"),
        ("HEP-TH", "hep-th"),
        ("cond-mat.MTRL-SCI", "cond-mat.mtrl-sci"),
        ("cs.SY", "eess.SY"),
        ("math.mp", "math-ph"),
        ("math.IT", "cs.IT"),
        ("stat.TH", "math.ST"),
        ("q-fin.EC", "econ.GN"),
        ("cs.NA", "math.NA"),
        ("cmp-lg", "cs.CL"),
    ],
)
def test_canonical_category(text: str, category: str) -> None:
    assert canonical_category(text) == category
    assert is_category(text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("cs.CVV", "cs.CV"),
        ("csCV", "cs.CV"),
        ("cs.XX", "cs."),
        ("cs", "cs.AI"),
        ("physics", "physics.acc-ph"),
        ("computer vision", "cs.CV"),
        ("computer_vision", "cs.CV"),
        ("robotic", "cs.RO"),
        ("Roboticks", "cs.RO"),
    ],
)
def test_an_unknown_category_names_the_nearest_real_ones(text: str, nearest: str) -> None:
    with pytest.raises(UnknownCategory) as caught:
        canonical_category(text)
    assert any(code.startswith(nearest) for code in caught.value.nearest)
    assert len(caught.value.nearest) <= 3
    assert not is_category(text)


@pytest.mark.parametrize("text", ["", "xyzzyxyzzy", "☃" * 5000])
def test_nothing_alike_is_still_one_sentence(text: str) -> None:
    with pytest.raises(UnknownCategory) as caught:
        canonical_category(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("prefix", "first"),
    [
        ("cs.cv", "cs.CV"),
        ("vis", "cs.CV"),
        ("mach", "cs.LG"),
        ("cs.sy", "eess.SY"),
        ("LG", "cs.LG"),
    ],
)
def test_suggestions_start_with_the_obvious_one(prefix: str, first: str) -> None:
    assert suggest_categories(prefix)[0] == first


def test_suggestions_are_canonical_distinct_and_limited() -> None:
    suggested = suggest_categories("", 25)
    assert len(suggested) == len(set(suggested)) == 25
    assert not set(suggest_categories("", 500)) & set(ALIASES)


def test_names_and_archives() -> None:
    assert category_name("cs.CV") == "Computer Vision and Pattern Recognition"
    assert category_name("astro-ph") == "Astrophysics"
    assert category_name("no.such") == "no.such"
    assert archive_of("astro-ph.CO") == "astro-ph"
    assert archive_of("hep-th") == "hep-th"
