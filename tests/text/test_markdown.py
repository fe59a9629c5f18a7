"""What reaches Discord is harmless, reads as it was written and fits."""

import pytest

from bot.text.markdown import escape, masked_link, shorten, width


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("**bold** and __under__", r"\*\*bold\*\* and \_\_under\_\_"),
        ("<@123> <@&1> <#1>", r"\<\@123> \<\@&1> \<\#1>"),
        ("3-D, a + b (2020) C++ [1] a < b", "3-D, a + b (2020) C++ [1] a < b"),
        ("https://x.org/a_b_c", "https://x.org/a_b_c"),
        ("", ""),
    ],
)
def test_only_signs_are_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_shortened_text_ends_behind_a_whole_word() -> None:
    assert shorten("hello wonderful world", 14) == "hello…"
    assert width(shorten("🚀 " * 50, 20)) <= 20


def test_a_masked_link_leads_only_to_web_addresses() -> None:
    assert masked_link("abs", "https://arxiv.org/abs/2401.01234") == (
        "[abs](https://arxiv.org/abs/2401.01234)"
    )
    assert masked_link("abs", "javascript:alert(1)") == "abs"
