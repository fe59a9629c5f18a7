"""HTML becomes plain text; what is no HTML stays."""

import pytest

from bot.text.html import undo_html


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("H&amp;E, &lt;0.6", "H&E, <0.6"),
        ('at <a href="https://x.org/a">this https URL</a>.', "at https://x.org/a."),
        ('<a href="https://x.org">our code</a>', "our code (https://x.org)"),
        ('<a href="/abs/2401.01234">arXiv:2401.01234</a>', "arXiv:2401.01234"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_html_reads_as_plain_text(fragment: str, text: str) -> None:
    assert undo_html(fragment) == text
