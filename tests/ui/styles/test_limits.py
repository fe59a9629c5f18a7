"""Whatever arXiv announces, a style posts each paper once, in order, within Discord's limits."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.digest.messages import MessageDraft
from bot.digest.models import Digest, DigestEntry
from bot.digest.rank import rank
from bot.models import AnnounceType
from bot.ui.styles import STYLES, style_of
from tests.builders import make_digest, make_entry, make_link, make_paper
from tests.examples import examples
from tests.ui.styles.bodies import body_problems, content_of, digests, papers_of

SIGNS = "**b** _i_ `c` ||s|| ~~d~~ # h\n> q [l](https://x.org) <@1> <@&2> @everyone @here <#3> :a: "
"""Markdown, links and mentions."""


def entry(number: int, **changed: Any) -> DigestEntry:
    """Return a paper whose every text is full of signs, unless changed."""
    paper: dict[str, Any] = {
        "title": f"{number} {SIGNS}" * 3,
        "abstract": SIGNS * 30,
        "authors": [f"{SIGNS}{each}" for each in range(9)],
        "comment": SIGNS,
        "links": [make_link("https://github.com/a_b/c*d"), make_link(f"https://x.org/{SIGNS}")],
    }
    topics = changed.pop("topics", [SIGNS])
    kinds = list(AnnounceType)
    return make_entry(
        make_paper(number, **{**paper, **changed}),
        announce_type=kinds[number % len(kinds)],
        topics=topics,
    )


DAYS: dict[str, list[DigestEntry]] = {
    "one paper": [entry(1)],
    "titles of 300 characters": [entry(each, title="A title " * 38) for each in range(1, 60)],
    "titles of one word": [entry(each, title="𝔊" * 300) for each in range(1, 60)],
    "3,000 authors": [entry(each, authors=[SIGNS] * 3000) for each in range(1, 30)],
    "no abstract": [entry(each, abstract="") for each in range(1, 60)],
    "nothing but an identifier": [
        entry(each, title="", abstract="", authors=[], categories=[], links=[], topics=[])
        for each in range(1, 60)
    ],
    "25 topics on one paper": [
        entry(each, topics=[f"topic {number} {SIGNS}" for number in range(25 * (each == 1))])
        for each in range(1, 60)
    ],
    "733 papers": [entry(each) for each in range(1, 734)],
}


def problems(drafts: Sequence[MessageDraft]) -> list[str]:
    return [problem for draft in drafts for problem in body_problems(draft.body)]


def check(code: str, digest: Digest) -> Sequence[MessageDraft]:
    """Render, and hold what is true of any digest in any style; returns the messages."""
    style = style_of(code)
    drafts = style.render(digest)
    assert papers_of(drafts) == [
        (each.paper.arxiv_id, each.least_version) for each in digest.entries
    ]
    assert len(drafts) == style.measure(digest)
    lines = [content_of(draft).partition("\n")[0] for draft in drafts]
    assert len(set(lines)) == len(lines)
    for draft in drafts:
        shown = style_of(draft.style).read(draft.body)
        assert shown is not None
        assert {each for each, _ in shown.papers} == {each for each, _ in draft.papers}
    return drafts


@pytest.mark.parametrize("code", STYLES)
@pytest.mark.parametrize("day", DAYS)
def test_any_day_is_posted_whole_and_within_the_limits(code: str, day: str) -> None:
    digest = rank(make_digest(*DAYS[day]), top=10)
    drafts = check(code, digest)
    sample = drafts if len(drafts) < 30 else (*drafts[:5], *drafts[-2:])  # the rest are like these
    assert problems(sample) == []


@pytest.mark.parametrize("code", STYLES)
@settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(digest=digests(), top=st.integers(0, 10), up_to=st.integers(0, 25))
def test_any_papers_are_posted_whole_and_within_the_limits(
    code: str, digest: Digest, top: int, up_to: int
) -> None:
    ranked = replace(rank(digest, top=top), cards_up_to=up_to)
    assert problems(check(code, ranked)) == []


def test_a_large_day_takes_few_messages_as_a_list() -> None:
    papers = [
        make_paper(each, title="A title of some ten words as most of them are, I think")
        for each in range(733)
    ]
    assert len(style_of("list").render(make_digest(*papers))) == 30
