"""A withdrawal is told in words; other things are withdrawn too (lines in tests/data)."""

from pathlib import Path

import pytest

from bot.text.withdrawal import is_withdrawn
from tests.growth import LINEAR, growth, repeated

DATA = Path(__file__).resolve().parent.parent / "data"


def lines(name: str) -> list[str]:
    return (DATA / name).read_text(encoding="utf-8").splitlines()


def tells_of_withdrawal(line: str) -> bool:
    """Whether a line is taken so: a comment, or an abstract if it says that it is one."""
    abstract = line.removeprefix("abstract: ")
    if abstract != line:
        return is_withdrawn(comment=None, abstract=abstract)
    return is_withdrawn(comment=line, abstract="We say something.")


def test_a_withdrawal_is_told() -> None:
    assert [line for line in lines("withdrawn.txt") if not tells_of_withdrawal(line)] == []


def test_what_else_is_withdrawn_is_no_withdrawal() -> None:
    assert [line for line in lines("not_withdrawn.txt") if tells_of_withdrawal(line)] == []


def test_the_lines_are_many_and_no_two_alike() -> None:
    told, others = lines("withdrawn.txt"), lines("not_withdrawn.txt")
    assert len(told) >= 150
    assert len(others) >= 150
    assert len({*told, *others}) == len(told) + len(others)


@pytest.mark.parametrize("comment", [None, "", " "])
def test_without_words_nothing_is_withdrawn(comment: str | None) -> None:
    assert not is_withdrawn(comment=comment, abstract="")


HOSTILE = (
    "this paper withdrawn ",
    "due to this paper ",
    "now ",
    "(withdrawn ",
    "[(withdrawn",
    "withdrawn, ",
    "withdrawn - -- ",
    "withdrawn.",
    ") ",
    "we withdraw to ",
    "withdrawn" + " " * 40,
    "a-",
)


@pytest.mark.parametrize("fragment", HOSTILE)
def test_the_time_grows_with_the_length(fragment: str) -> None:
    def work(length: int) -> None:
        text = "removed " + repeated(fragment, length)
        is_withdrawn(comment=text, abstract=text)

    assert growth(work) < LINEAR
