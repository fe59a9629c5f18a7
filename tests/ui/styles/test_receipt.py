"""A digest ends in its receipt, which accounts for every announced paper."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.digest.models import Digest, ListingCheck, Tally
from bot.models import AnnounceType
from bot.ui.styles import STYLES, Style
from bot.ui.styles.cards import CARDS
from bot.ui.styles.receipt import ROOM
from tests.builders import make_digest, make_paper
from tests.examples import examples
from tests.ui.styles.bodies import body_problems, digests, receipt_of, typical_paper


def check(category: str, papers: int, on_page: int | None = None) -> ListingCheck:
    return ListingCheck(category=category, papers=papers, on_page=on_page)


def with_tally(digest: Digest, announced: int, matching: int, before: int = 0) -> Digest:
    tally = Tally(
        types={AnnounceType.NEW: announced}, matching=matching, before=before, no_topics=False
    )
    return replace(digest, tally=tally)


ONE = make_digest(make_paper())


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (with_tally(ONE, 311, 1), "311 announced · 1 posted here · 310 not matched"),
        (with_tally(ONE, 311, 3, 2),
         "311 announced · 1 posted here · 2 posted before · 308 not matched"),
        (with_tally(ONE, 1, 1), "1 announced · 1 posted here"),
        (replace(with_tally(ONE, 1, 1), is_supplement=True), "1 announced · 1 posted now"),
        (replace(ONE, checks=(check("cs.CV", 9),)), "1 announced · 1 posted here"),
        (replace(ONE, checks=(check("cs.CV", 9, 9),)),
         "1 announced · 1 posted here · as many as on arXiv's page"),
        (replace(ONE, checks=(check("cs.CV", 9, 9), check("cs.LG", 4))),
         "1 announced · 1 posted here · as many as on arXiv's page of cs.CV"),
        (replace(ONE, checks=(check("cs.CV", 95, 108), check("cs.LG", 4, 4))),
         "1 announced · 1 posted here · cs.CV: 108 on arXiv's page, 95 in its feed"),
    ],
)  # fmt: skip
def test_it_says_where_each_paper_is_and_how_the_list_was_checked(
    digest: Digest, said: str
) -> None:
    (draft,) = CARDS.render(digest)
    assert receipt_of(draft) == said


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
@pytest.mark.parametrize("count", [1, 10, 20, 60])
def test_the_last_message_alone_has_it(style: Style, count: int) -> None:
    """Also where the last message is full of embeds: then its content says it."""
    drafts = style.render(make_digest(*(make_paper(number) for number in range(count))))
    assert [bool(receipt_of(draft)) for draft in drafts] == [False] * (len(drafts) - 1) + [True]


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(digest=digests(), announced=st.integers(0, 3000), categories=st.integers(1, 20))
def test_its_numbers_add_up_and_it_fits(digest: Digest, announced: int, categories: int) -> None:
    count = len(digest.entries)
    digest = replace(
        with_tally(digest, announced + count, count),
        checks=tuple(check(f"xx.{n:03}", 1000, 1000 + n) for n in range(categories)),
    )
    for style in STYLES.values():
        drafts = style.render(digest)
        assert [problem for draft in drafts for problem in body_problems(draft.body)] == []
        for draft in drafts[-1:]:
            said = receipt_of(draft)
            assert len(said) <= ROOM + len("-# ")
            total, *parts = (int(n.replace(",", "")) for n in re.findall(r"[\d,]+", said)[:3])
            assert total == sum(parts[: 1 + bool(announced)])


def test_what_is_not_matched_is_one_press_away() -> None:
    digest = replace(with_tally(ONE, 311, 1), channel_id=42)
    (draft,) = CARDS.render(digest)
    ((button,),) = [row["components"] for row in draft.body["components"]]  # type: ignore[attr-defined]
    assert button["label"] == "See 310 papers not matched"
    assert button["custom_id"] == "left:1:42:2024-03-05:0"
    assert "components" not in CARDS.render(with_tally(ONE, 1, 1))[0].body


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_a_message_that_is_split_keeps_it_on_its_last_piece(style: Style) -> None:
    digest = make_digest(*(typical_paper(number) for number in range(1, 4)))
    (draft,) = style.render(with_tally(digest, 311, 3))
    pieces = style.split(draft.body, draft.papers)
    assert len(pieces) > 1
    assert [bool(receipt_of(piece)) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert receipt_of(pieces[-1]) == receipt_of(draft)
    assert "left:1:" in str(pieces[-1].body["components"])
    assert all("left:1:" not in str(piece.body) for piece in pieces[:-1])
    assert style.read(draft.body) == style.read({**draft.body, "flags": 0})
    assert [paper for piece in pieces for paper in piece.papers] == list(draft.papers)
