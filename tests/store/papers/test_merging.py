"""What becomes of a paper and its date does not depend on who tells of it first."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from bot.models import StoredPaper
from bot.store.papers.merging import change_to, has_news, merged
from tests.builders import make_link, make_paper

MONTH = (date(2024, 3, 1), True)
"""What is estimated where nothing is known: the month of the builders' identifiers."""
GUESS = (date(2024, 3, 5), True)
LATER_GUESS = (date(2024, 3, 7), True)
FIRST = (date(2024, 3, 6), False)
CROSS = (date(2024, 5, 6), False)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ((MONTH, GUESS), GUESS),
        ((GUESS, LATER_GUESS), GUESS),
        ((MONTH, GUESS, LATER_GUESS), GUESS),
        ((GUESS, FIRST), FIRST),
        ((MONTH, CROSS), CROSS),
        ((MONTH, LATER_GUESS, CROSS), CROSS),
        ((FIRST, CROSS), FIRST),
        ((MONTH, GUESS, FIRST, CROSS), FIRST),
    ],
)
def test_the_best_date_is_kept_whatever_the_order(
    told: tuple[tuple[date, bool], ...], kept: tuple[date, bool]
) -> None:
    """Announced beats estimated, an estimate beats not knowing, then the earlier one counts."""
    for order in permutations(told):
        stored: StoredPaper | None = None
        for day, is_estimated in order:
            change = change_to(stored, make_paper(), day, is_estimated=is_estimated)
            stored = StoredPaper(
                paper=change.after,
                announced_on=change.announced_on,
                is_date_estimated=change.is_estimated,
                key=1,
            )
        assert stored is not None
        assert (stored.announced_on, stored.is_date_estimated) == kept, order


def test_nothing_known_is_lost() -> None:
    """A source without comment, links or authors takes none of them away."""
    full = make_paper(comment="9 pages", doi="10.1/x", links=[make_link()])
    bare = make_paper(authors=(), categories=())
    day, is_estimated = GUESS
    before = StoredPaper(paper=full, announced_on=day, is_date_estimated=is_estimated, key=1)
    assert not change_to(before, bare, day, is_estimated=is_estimated).is_needed


FORMS: dict[str, list[Any]] = {
    "version": [1, 2, 3],
    "abstract": ["", "Frogs.", "Newts."],
    "authors": [(), ("A B",), ("C D",)],
    "categories": [(), ("cs.CV",), ("cs.LG", "cs.CV"), ("math.CO",)],
    "is_primary_known": [True, False],
    "comment": [None, "9 pages", "This paper has been withdrawn"],
    "doi": [None, "10.1/x"],
    "links": [(), (make_link(),), (make_link("https://github.com/b/b"), make_link())],
}


def test_news_is_what_changes_a_paper() -> None:
    """Whatever is known, whatever is told; and what was told once is no news the second time."""
    dice = random.Random(2)
    outcomes = Counter[bool]()
    for _ in range(3000):
        stored, told = (
            replace(make_paper(), **{name: dice.choice(values) for name, values in FORMS.items()})
            for _ in range(2)
        )
        became = merged(stored, told)
        assert has_news(stored, told) == (became != stored)
        assert not has_news(became, told)
        outcomes[became != stored] += 1
    assert min(outcomes.values()) > 100


def test_a_version_after_a_withdrawal_is_not_withdrawn() -> None:
    """The feed carries no comments; a comment that says nothing of the kind stays."""
    gone = make_paper(version=2, comment="This paper has been withdrawn by the authors")
    assert merged(gone, make_paper(version=2)).comment == gone.comment
    assert merged(gone, make_paper(version=1)).comment == gone.comment
    assert merged(gone, make_paper(version=3)).comment is None
    assert merged(make_paper(comment="9 pages"), make_paper(version=2)).comment == "9 pages"
