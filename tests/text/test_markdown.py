"""What reaches Discord is harmless, reads as it was written and fits."""

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.text.markdown import cut, escape, mark, masked_link, plain, shorten, width
from tests.examples import examples
from tests.growth import LINEAR, growth, repeated
from tests.text import corpus


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        # Markdown
        ("**bold** *it* __under__ _it_", r"\*\*bold\*\* \*it\* \_\_under\_\_ \_it\_"),
        ("~~gone~~ and ||hidden||", r"\~\~gone\~\~ and \|\|hidden\|\|"),
        ("`code` and ```block```", r"\`code\` and \`\`\`block\`\`\`"),
        ("# head\n## head\n### head", "\\# head\n\\## head\n\\### head"),
        ("-# small\n> quote\n>>> quote", "\\-# small\n\\> quote\n\\>>> quote"),
        ("- a\n+ b\n* c\n1. d\n23. e", "\\- a\n\\+ b\n\\* c\n1\\. d\n23\\. e"),
        ("[text](https://x.org)", r"\[text\](https://x.org)"),
        ("[a [b] c](x) and [1]", r"\[a \[b\] c\](x) and \[1\]"),
        ("back\\slash \\*", r"back\\slash \\\*"),
        # what Discord reads as something else
        ("<@123> <@!1> <@&1> <#1>", r"\<\@123> \<\@!1> \<\@&1> \<\#1>"),
        ("<t:0:R> <t:0> <:a:1> <a:b:1>", r"\<t\:0:R> \<t\:0> \<\:a:1> \<a\:b:1>"),
        ("</cmd:1> <id:home> <mailto:a@b.c>", r"\<\/cmd:1> \<id\:home> \<mailto\:a@b.c>"),
        ("@everyone and @here", "＠everyone and ＠here"),
        (":smile: and :+1:", r"\:smile: and \:+1:"),
        ("discord.gg/abc discord.com/invite/a", r"discord\.gg/abc discord\.com/invite/a"),
        ("https://discord.gg/a_b", r"https\://discord\.gg/a\_b"),
        ("<https://discord.gg/a>", r"\<https\://discord\.gg/a>"),
        # what only looks like signs stays
        ("3-D, state-of-the-art, a + b - c", "3-D, state-of-the-art, a + b - c"),
        ("(2020) C++ C# #1 [1] [CLS] a < b > c", "(2020) C++ C# #1 [1] [CLS] a < b > c"),
        ("~5% of p(x|y), 2.5 vs. 3. Next", "~5% of p(x|y), 2.5 vs. 3. Next"),
        ("Title: a subtitle; 12:30; x@y.org", "Title: a subtitle; 12:30; x@y.org"),
        ("#hashtag -1 +1 >5 1.5", "#hashtag -1 +1 >5 1.5"),
        # addresses stay whole
        ("https://x.org/a_b*c~~d", "https://x.org/a_b%2Ac~~d"),
        ("(https://x.org/a_b), x_y", r"(https://x.org/a_b), x\_y"),
        ("<https://x.org/a_b_c>", "<https://x.org/a_b_c>"),
        ("https://x.org/@everyone/a", "https://x.org/%40everyone/a"),
        # Discord would take what stands behind them for a part of them
        ("[https://x.org]", r"\[<https://x.org>\]"),
        ("see https://x.org! Or https://x.org/a?", "see <https://x.org>! Or <https://x.org/a>?"),
        (
            "“https://x.org/a” and (https://x.org),or",
            "“<https://x.org/a>” and (<https://x.org>),or",
        ),
        ("https://x.org/a_(b). https://x.org/", "<https://x.org/a_(b)>. https://x.org/"),
        (
            "[a](https://x.org/a) **https://x.org**",
            r"\[a\](https://x.org/a) \*\*<https://x.org>\*\*",
        ),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_only_what_would_be_read_as_a_sign_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\u202eb\u2066c\u200bd\ufeffe", "abcde"),
        ("a\x00b\x1bc\u0085d\u2028e\u00a0f\u3000g", "a b c d e f g"),
        ("\ue000\U000e0041\ufffe\ud800x", "x"),
        ("a\u3164b\u2800c\u115f", "a b c"),
        ("e\u0301 cafe\u0301", "é café"),
        ("z" + "\u0336" * 20, "z" + "\u0336" * 4),
        ("two  \t blanks\r\nand\n\n\n\nlines \n", "two blanks\nand\n\nlines"),
        ("emoji 🚀 中文 naïve", "emoji 🚀 中文 naïve"),
    ],
)
def test_what_deceives_or_breaks_a_line_is_dropped(text: str, clean: str) -> None:
    assert plain(text) == clean
    assert escape(text) == clean


def test_plain_text_keeps_its_signs_and_can_be_cut() -> None:
    assert plain("**a** [b] @everyone") == "**a** [b] @everyone"
    assert plain("one two three", 9) == "one two…"


@pytest.mark.parametrize(
    ("text", "max_chars", "shortened"),
    [
        ("hello wonderful world", 21, "hello wonderful world"),
        ("hello wonderful world", 20, "hello wonderful…"),
        ("hello, wonderful world", 9, "hello…"),
        ("one (two three)", 8, "one…"),
        ("Supercalifragilistic", 6, "Super…"),
        ("**bold** text", 10, r"\*\*bold…"),
        ("***", 4, r"\*…"),
        ("see https://x.org/abc now", 24, "see https://x.org/abc …"),
        ("see https://x.org/abc now!", 22, "see…"),
        ("see https://x.org/abc now", 20, "see…"),
        ("https://x.org/abcdefgh", 10, "…"),
        ("一" * 50, 10, "一" * 9 + "…"),
        ("word " + "一" * 50, 10, "word " + "一" * 4 + "…"),
        ("🚀🚀🚀", 5, "🚀🚀…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
        ("", 0, ""),
    ],
)
def test_a_cut_falls_behind_a_whole_word_and_never_into_an_address(
    text: str, max_chars: int, shortened: str
) -> None:
    assert shorten(text, max_chars) == shortened


def test_width_counts_utf_16_units() -> None:
    assert [width(text) for text in ("", "abc", "äöü", "🚀", "a🚀b")] == [0, 3, 3, 2, 4]


@pytest.mark.parametrize(
    ("label", "url", "link"),
    [
        ("abs", "https://arxiv.org/abs/2401.01234", "[abs](https://arxiv.org/abs/2401.01234)"),
        ("a [b] c", "https://x.org/a(b)", "[a (b) c](https://x.org/a%28b%29)"),
        (
            "https://github.com/a/b",
            "https://github.com/a/b",
            "[github.com/a/b](https://github.com/a/b)",
        ),
        ("my_code 🚀", "http://x.org", r"[my\_code](http://x.org)"),
        ("🚀", "https://x.org", "https://x.org"),
        ("", "https://x.org", "https://x.org"),
        ("two\nlines", "https://x.org/a b", "[two lines](https://x.org/a%20b)"),
        ("x", "javascript:alert(1)", "x"),
        ("x", "https://", "x"),
        ("x", "https://[x", "x"),
        ("x", "https://x.org/\n", "x"),
        ("x", "https://x.org/" + "a" * 3000, "x"),
        ("x_y", "discord://a", r"x\_y"),
        ("x", "https://x.org/ä\\)", "[x](https://x.org/%C3%A4%5C%29)"),
    ],
)
def test_a_masked_link_shows_its_label_and_leads_only_to_web_addresses(
    label: str, url: str, link: str
) -> None:
    assert masked_link(label, url) == link


# --- properties ------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        *"abc019 .,;!?()[]<>{}*_~|`#@:/\\+-='\"\n",
        *("**", "__", "~~", "||", "```", "\n# ", "\n-# ", "\n- ", "\n> ", "\n1. ", "](", "[x](y)"),
        *("<@1>", "<@&1>", "<#1>", "<t:0:R>", "<:a:1>", "<a:a:1>", ":a:", "@everyone", "@here"),
        *("https://x.org/a_b", "http://", "<https://", "discord.gg/", "discord.com/invite/a"),
        *("\u200b", "\u202e", "\u0301", "\ud800", "\u3164", "🚀", "é", "中文", "\x00", "\u2028"),
    ]
)
TEXTS = st.lists(FRAGMENTS, max_size=30).map("".join) | st.text(max_size=60)

ADDRESS = re.compile(r"<?https?://[^\s<]*[^\s<.,:;\"'\]]")
READ_AS_A_SIGN = re.compile(
    r"[*_`]|~~|\|\||<(?:[@#/]|(?!https?://)[a-z]{0,10}:)|@(?:everyone|here)|:[\w+-]+:|\]\(|discord\.gg/"
    r"|^(?:#{1,3} |-# |[-+>] |>>> |\d+\. )",
    re.MULTILINE,
)


def _unread(escaped: str) -> str:
    """Return what Discord's parser still looks at: no addresses, no escaped signs."""
    return re.sub(r"\\[^0-9A-Za-z\s]", "\ue000", ADDRESS.sub("\ue001", escaped))


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS)
@example("https://discord.gg/**a**")
@example("[a](b) [c]")
@example("<<@1>@@everyone> <@everyone>")
@example("http://discord.gg/@everyone <__https://x.org/a_b")
def test_no_sign_is_left_to_be_read(text: str) -> None:
    assert not READ_AS_A_SIGN.search(_unread(escape(text)))


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS)
def test_text_reads_as_it_was_written(text: str) -> None:
    shown = re.sub(r"\\([^0-9A-Za-z\s])", r"\1", escape(text))
    if "http" not in text.lower():
        assert shown == re.sub(r"(?i)@(?=everyone|here)", "＠", plain(text))


@given(
    st.sampled_from(["aé", "aé\U0001d538"]).flatmap(
        lambda letters: st.lists(st.text(letters, min_size=1, max_size=9), min_size=4)
    ),
    st.sampled_from([" ", "  ", "\n"]),
    st.integers(20, 60),
)
def test_cut_text_keeps_every_word_that_fits(words: list[str], blank: str, max_chars: int) -> None:
    whole = blank.join(words)
    fitting = [blank.join(words[:count]) for count in range(1, len(words) + 1)]
    kept = [text for text in fitting if width(text) < max_chars]
    assert cut(whole, max_chars) == (whole if width(whole) <= max_chars else f"{kept[-1]}…")


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=60))
def test_shortened_text_fits_and_begins_the_text(text: str, max_chars: int) -> None:
    whole, short = escape(text), shorten(text, max_chars)
    assert width(short) <= max_chars
    assert short == whole or (short.endswith("…") and whole.startswith(short[:-1].rstrip()))


@settings(max_examples=examples(600), deadline=None)
@given(TEXTS, st.integers(min_value=1, max_value=60))
def test_no_cut_leaves_a_sign_to_be_read_or_half_an_escape(text: str, max_chars: int) -> None:
    short = shorten(text, max_chars).removesuffix("…")
    assert not READ_AS_A_SIGN.search(_unread(short))
    assert (len(short) - len(short.rstrip("\\"))) % 2 == 0 or "http" in short


@settings(max_examples=examples(400), deadline=None)
@given(TEXTS)
def test_clean_text_is_printable_and_stays_as_it_is(text: str) -> None:
    clean = plain(text)
    bad = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
    assert not any(unicodedata.category(c) in bad for c in clean.replace("\n", ""))
    assert plain(clean) == clean
    assert "  " not in clean
    assert clean == clean.strip()


@settings(max_examples=examples(400), deadline=None)
@given(TEXTS, TEXTS.map(lambda rest: f"https://x.org/{rest}"))
def test_a_masked_link_is_one_link(label: str, url: str) -> None:
    link = masked_link(label, url)
    found = re.fullmatch(
        r"\[([^\[\]\n]+)\]\((https?://[^\s()<>\\]+)\)|https?://[^\s<>]+|[^\]]*", link
    )
    assert found is not None


def test_real_abstracts_are_harmless_and_fit() -> None:
    for text in corpus.texts():
        escaped = escape(text)
        assert not READ_AS_A_SIGN.search(_unread(escaped))
        assert width(shorten(text, 300)) <= 300


@pytest.mark.parametrize(
    "fragment",
    [
        "*",
        "](",
        ":a",
        "<a",
        "https://.",
        "https://(",
        "https://{a",
        "https://x!",
        "https://x(y)",
        "@everyone",
        "a\u0301",
        "\n- ",
        "[",
        "\\",
        "1.",
    ],
)
def test_no_text_takes_long(fragment: str) -> None:
    assert growth(lambda length: shorten(repeated(fragment, length), length // 2)) < LINEAR


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain deep nets", "plain **deep** nets"),
        ("deep", "**deep**"),
        ("a deep, deep_net", "a **deep**, **deep**\\_net"),
        ("*deep*", "\\***deep**\\*"),
        (
            "see https://example.org/deep/net for deep",
            "see https://example.org/deep/net for **deep**",
        ),
        ("@everyone deep", "＠everyone **deep**"),
        ("deep https://example.org", "**deep** https://example.org"),
        ("(https://example.org)deep", "(<https://example.org>)**deep**"),
        ("nothing", "nothing"),
        ("", ""),
    ],
)
def test_marked_words_are_bold_and_all_else_is_escaped(text: str, shown: str) -> None:
    spans = [found.span() for found in re.finditer("deep", text)]
    assert mark(text, spans) == shown


def test_a_link_can_have_marked_words() -> None:
    label = "Deep [nets] of https://example.org/Deep 🚀"
    spans = [found.span() for found in re.finditer("Deep", label)]
    assert masked_link(label, "https://arxiv.org", spans) == (
        "[**Deep** (nets) of example.org/Deep](https://arxiv.org)"
    )
    assert masked_link(label, "javascript:x", spans) == ("Deep (nets) of example.org/Deep 🚀")
