"""The marks by which the index finds what a paper is, beside its words."""

import pytest

from bot.models import AnnounceType, LinkKind
from bot.query.tags import (
    author_tags,
    category_names,
    filter_tags,
    license_code,
    readable,
    tags_of_authors,
    venue_tags,
)

COMMONS = "http://creativecommons.org"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"{COMMONS}/licenses/by/4.0/", "cc-by"),
        (f"{COMMONS}/licenses/BY-NC-ND/3.0/", "cc-by-nc-nd"),
        (f"{COMMONS}/publicdomain/zero/1.0/", "cc0"),
        (f"{COMMONS}/licenses/by-of-another-kind/1.0/", "other"),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "arxiv"),
        ("https://example.org/license", "other"),
    ],
)
def test_a_license_has_one_name_whatever_its_version(address: str, code: str) -> None:
    assert license_code(address) == code


def test_a_paper_carries_each_of_its_marks_once() -> None:
    tags = filter_tags(
        categories=["cs.CV", "cs.LG"],
        announce_types=[AnnounceType.NEW],
        link_kinds=[LinkKind.CODE],
        license_url=f"{COMMONS}/licenses/by/4.0/",
        is_withdrawn=True,
        venues=["CVPR'26"],
    )
    assert readable(tags) == (
        "‹every paper› ‹category cs.cv› ‹archive cs› ‹category cs.lg› ‹type new› ‹has code› "
        "‹license cc-by› ‹withdrawn› ‹every paper› ‹venue cvpr› ‹venue 2026›"
    )
    bare = filter_tags(categories=[], announce_types=[], link_kinds=[])
    assert readable(bare) == "‹every paper›"


def test_a_venue_is_marked_as_written_and_by_the_name_that_people_type() -> None:
    """What parts two runs of words is that no phrase goes over it."""
    tags = filter_tags(categories=[], announce_types=[], link_kinds=[], venues=["NIPS 99", ""])
    assert readable(tags) == (
        "‹every paper› ‹every paper› ‹venue nips› ‹venue 1999› "
        "‹every paper› ‹venue neurips› ‹venue 1999›"
    )
    assert readable(venue_tags("Phys. Rev. Lett.")) == "‹venue prl›"


def test_a_category_of_two_names_is_called_both() -> None:
    assert category_names("cs.SY") == ("cs.SY", "eess.SY", "cs", "eess")
    assert category_names("cs.CV") == ("cs.CV", "cs")


def test_each_part_of_a_name_belongs_to_the_others() -> None:
    """One of a single part stands alone, and of very long ones only the first parts are paired."""
    assert readable(author_tags(["Plato", "Kaiming He"])) == (
        "‹name plato› ‹name kaiming› ‹initial h› ‹name he› ‹initial k› ‹both he kaiming›"
    )
    long = readable(author_tags(["Aa Bb Cc Dd Ee Ff Gg Hh Ii"]))
    assert long.startswith("‹name ii› ‹name aa› ‹initial b› ")
    assert "‹both gg hh›" in long
    assert "‹initial i›" not in long


def test_names_are_stored_a_line_each() -> None:
    assert tags_of_authors("Ada Example\nPlato") == author_tags(["Ada Example", "Plato"])
    assert tags_of_authors("") == ""
