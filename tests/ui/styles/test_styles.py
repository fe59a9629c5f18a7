"""Styles are found by their code, and a message of any of them is read."""

import pytest

from bot.delivery.edge import message_body
from bot.digest.rank import rank
from bot.ui.styles import (
    DEFAULT_STYLE,
    STYLES,
    find_style,
    read_any,
    render_then_cards,
    style_of,
)
from bot.ui.styles.body import SILENT
from tests.builders import make_digest, make_papers
from tests.fakes import spec
from tests.fakes.plain_style import PLAIN, plain_style

DIGEST = make_digest(*make_papers(5))


def test_a_style_is_found_by_its_code() -> None:
    assert [style.code for style in STYLES.values()] == list(STYLES)
    assert list(STYLES) == ["auto", "brief", "list", "cards"]
    assert find_style("auto") is style_of("auto") is DEFAULT_STYLE
    assert find_style("cards") is style_of("cards") is not DEFAULT_STYLE
    assert find_style("hologram") is None
    assert style_of("hologram") is DEFAULT_STYLE
    with plain_style():
        assert find_style("plain") is style_of("plain") is PLAIN


def test_a_message_of_any_style_is_read() -> None:
    with plain_style():
        for style in STYLES.values():
            for draft in style.render(DIGEST):
                shown = read_any(draft.body)
                assert shown == style.read(draft.body) == style_of(draft.style).read(draft.body)
                assert shown is not None
                assert shown.papers == draft.papers
    assert read_any({"content": "hello"}) is None


@pytest.mark.parametrize("code", STYLES)
@pytest.mark.parametrize("count", [1, 8, 60])
def test_after_its_first_message_a_digest_can_go_on_with_cards(code: str, count: int) -> None:
    """Every paper is there once, in its order, and each message is known by its first line."""
    style = STYLES[code]
    digest = rank(make_digest(*make_papers(count)), top=5)
    plain = style.render(digest, first_part=3)
    drafts = render_then_cards(style, digest, 3)
    assert drafts[0] == plain[0]
    assert [draft.style for draft in drafts[1:]] == ["cards"] * (len(drafts) - 1)
    papers = [paper for draft in drafts for paper in draft.papers]
    assert papers == [(entry.paper.arxiv_id, entry.least_version) for entry in digest.entries]
    shown = [STYLES[draft.style].read(draft.body) for draft in drafts]
    assert len({each.line for each in shown if each}) == len(drafts)
    for number, draft in enumerate(drafts[1:], start=4):
        assert f"part {number} of {len(drafts) + 2}" in str(draft.body["content"])
        assert draft.body["flags"] == SILENT
    for draft in drafts:
        assert spec.body_errors("POST", spec.MESSAGES, message_body(draft.body, "n")) == []
