"""Styles are found by their code, and a message of any of them is read."""

from bot.ui.styles import DEFAULT_STYLE, STYLES, find_style, read_any, style_of
from tests.builders import make_digest, make_papers
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
