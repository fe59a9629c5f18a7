"""HTML becomes plain text; what is no HTML stays."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.html import undo_html
from tests.growth import LINEAR, growth, repeated
from tests.samples import SEED


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        # entities, once
        ("H&amp;E, &lt;0.6, &#945;&#x3b2;&nbsp;x", "H&E, <0.6, αβ\u00a0x"),
        ("&amp;lt;", "&lt;"),
        ("AT&T, R&D; x?a=1&copy=2 &nosuch;", "AT&T, R&D; x?a=1&copy=2 &nosuch;"),
        # anchors
        ('at <a href="https://x.org/a">this https URL</a>.', "at https://x.org/a."),
        ('<a class="link" href="http://x.org">this http URL</a>', "http://x.org"),
        ("<A HREF='https://x.org/?a=1&amp;b=2'>this URL</A>", "https://x.org/?a=1&b=2"),
        ('<a href="https://x.org/a">https://x.org/a</a>', "https://x.org/a"),
        ('<a href="https://www.x.org/a/">x.org/a</a>', "https://www.x.org/a/"),
        ('<a href="https://x.org/a/b/c">x.org/a/...</a>', "https://x.org/a/b/c"),
        ('<a href="https://x.org">our code</a>', "our code (https://x.org)"),
        ('<a href="https://x.org">our <b>code</b></a>', "our code (https://x.org)"),
        ('<a href="https://x.org"></a>', "https://x.org"),
        ('<a href="/abs/2401.01234">arXiv:2401.01234</a>', "arXiv:2401.01234"),
        ('<a href="https://arxiv.org/abs/2401.01234">arXiv:2401.01234</a>', "arXiv:2401.01234"),
        ('<a href="https://doi.org/10.1/x">10.1/x</a>', "10.1/x"),
        ('<a name="item1">[1]</a>', "[1]"),
        ('<a href="javascript:x">code</a>', "code"),
        ('<a href="https://x.org">open', "open (https://x.org)"),
        (
            'Dataset &lt;<a href="https://x.org/d">this https URL</a>&gt;, Tool '
            '&lt;<a href="https://x.org/t">this https URL</a>&gt;',
            "Dataset <https://x.org/d>, Tool <https://x.org/t>",
        ),
        # lines and scripts
        ("one<br>two<br/>three<BR />four", "one\ntwo\nthree\nfour"),
        ("one\n<br>two", "one\n\ntwo"),
        ("<p>one</p><p>two</p>", "one\ntwo\n"),
        ("10<sup>5</sup> CO<sub>2</sub> x<sup>n+k</sup>", "10⁵ CO₂ xⁿ⁺ᵏ"),
        ("<i>in</i> <span class='x'>line</span><!-- gone -->", "in line"),
        # no HTML
        ("if a < b and c > d", "if a < b and c > d"),
        ("tokens <mask>, <think> and <s1>", "tokens <mask>, <think> and <s1>"),
        ("<a long story> of x<y", "<a long story> of x<y"),
        ("p<0.05 && q>1", "p<0.05 && q>1"),
        ("", ""),
    ],
)
def test_html_reads_as_plain_text(fragment: str, text: str) -> None:
    assert undo_html(fragment) == text


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_text_without_html_stays_as_it_is(text: str) -> None:
    assert undo_html(text) == text


def test_the_seed_keeps_its_addresses_and_loses_its_tags() -> None:
    seed = SEED.read_text(encoding="utf-8")
    text = undo_html(seed)
    assert not re.search(r"</?a\b|this https? URL|&(?:lt|gt|amp);", text)
    assert [url for url in re.findall(r'href="([^"]*)"', seed) if url not in text] == []


@pytest.mark.parametrize(
    "fragment", ["<a ", '<a href="', "<a href='x'>", "<sup>", "&", "<!--", "<"]
)
def test_no_text_takes_long(fragment: str) -> None:
    assert growth(lambda length: undo_html(repeated(fragment, length))) < LINEAR
