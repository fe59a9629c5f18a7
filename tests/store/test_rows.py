"""What the authors submitted is kept as its difference from the readable text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.rows import pack_source, read_source

LONG = "We study the maps of a surface and show that each is a limit of smooth ones. " * 12
TEX = LONG.replace("surface", r"$\Sigma_{g}$").replace("limit", r"\emph{limit}")


@given(st.lists(st.text(), min_size=4, max_size=4))
def test_any_source_comes_back_as_it_was(texts: list[str]) -> None:
    title, abstract, source_title, source_abstract = texts
    source_title = source_title.replace("\0", "")  # a title is one line of text
    packed = pack_source(title, abstract, source_title, source_abstract)
    assert read_source(title, abstract, packed) == (source_title, source_abstract)


def test_texts_without_tex_take_nothing() -> None:
    assert pack_source("On Maps", LONG, "On Maps", LONG) is None
    assert read_source("On Maps", LONG, None) == ("On Maps", LONG)


def test_a_source_takes_what_it_differs_in() -> None:
    packed = pack_source("On Maps", LONG, "On Maps", TEX)
    assert packed is not None
    assert len(packed) < 100 < len(LONG)


@pytest.mark.parametrize("damage", ["", "00", "ff" * 40])
def test_a_damaged_source_is_the_readable_text(damage: str) -> None:
    assert read_source("On Maps", LONG, bytes.fromhex(damage)) == ("On Maps", LONG)


def test_a_source_of_other_texts_is_not_mixed_with_these() -> None:
    packed = pack_source("On Maps", LONG, "On Maps", TEX)
    assert read_source("On Maps", "Another abstract.", packed) == ("On Maps", "Another abstract.")
