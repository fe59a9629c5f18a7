"""Texts that nobody foresaw: a seeded mix of syntax, broken syntax, real titles and Unicode.

The text of a number is always the same, so a failing one is looked at by its number alone, and
any range of numbers can be tried by itself.
"""

import random
import string
from collections.abc import Callable, Sequence

from tests.query.hostile import HOSTILE, HOSTILE_PIECES

# fmt: off
FIELDS = (
    "title:", "abstract:", "author:", "comment:", "category:", "type:", "has:", "id:", "since:",
    "until:", "all:", "venue:", "is:",
    "license:", "ti:", "abs:", "au:", "co:", "cat:", "TITLE:", "Author:", "titel:", "rowid:",
)
VALUES = (
    "deep", "learn*", '"neural network"', "halos", "he", '"K. He"', '"He, Kaiming"', "cs.CV",
    "cs.*", "math", "new", "replace-cross", "code", "2024", "2024-03", "2024-03-05", "2024-2-30",
    "2403.00001", "2403.00002v3", "hep-th/9901001v2", "10.1103/physrevd.76.013009",
    "https://arxiv.org/abs/2403.00001", "doi:10.1000/182", "(deep OR shallow)", "(a b)", "量子计*",
    "CVPR 2026", "withdrawn", "cc-by",
    "C++", "O(n)", "multi-agent", "GPT-4.5", "pro*", '"the of"*', "e\u0301", "Å", "naïve",
)
OPERATORS = (
    " ", " ", " ", " OR ", " AND ", " NOT ", " -", " -(", ") ", " (", "(", ")", '"', "*", ":",
    " or ", " OR OR ", " NOT NOT ", " - ", " AND -", "\n", "",
)
TEX = (
    "$", "$$", "\\", "\\\\", "{", "}", "^", "_", "~", "--", "''", "``", "\\alpha", "\\beta ",
    "\\frac{a}{b}", "\\emph{", "\\'e", "\\\"{o}", "\\c{c}", "\\mathcal{O}(n)", "$x^{2}$", "\\(",
    "\\)", "\\[", "\\begin{a}", "\\end{a}", "\\href{http://a}{b}", "%", "&", "\\cite{x}", "\\u",
)
RANGES = (
    (0x00, 0xA0), (0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x600), (0x600, 0x700),
    (0x900, 0x980), (0xE00, 0xE80), (0x1100, 0x1200), (0x1E00, 0x2000), (0x2000, 0x2070),
    (0x2100, 0x2200), (0x2400, 0x2440), (0x3000, 0x3130), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4),
    (0xD800, 0xE000), (0xE000, 0xE010), (0xF900, 0x10000), (0x10000, 0x10400),
    (0x1D400, 0x1D800), (0x1F300, 0x1F650), (0x20000, 0x20400), (0xE0000, 0xE0200),
    (0x10FFF0, 0x110000),
)
# fmt: on
"""Where Unicode is awkward: controls, accents, both directions, halves of pairs, private use."""

LETTERS = string.ascii_letters + string.digits
PIECES = (*HOSTILE_PIECES, *FIELDS, *VALUES, *OPERATORS, *TEX, *string.punctuation)


def random_text(number: int, titles: Sequence[str]) -> str:
    """Make the ``number``-th text; some are ``titles``, more or less spoilt."""
    dice = random.Random(number)
    text = dice.choice(_KINDS)(dice, titles)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 5))):
        text = _spoilt(dice, text)
    return text


def _query(dice: random.Random, titles: Sequence[str]) -> str:
    terms: list[str] = []
    for _ in range(dice.choice((1, 1, 2, 3, 5, 12))):
        terms += [dice.choice(OPERATORS)] if terms else []
        terms += [dice.choice(("", "", "", "-")), _term(dice, titles)]
    return "".join(terms)


def _term(dice: random.Random, titles: Sequence[str]) -> str:
    field = dice.choice(("", "", "title:", *FIELDS))
    return field + dice.choice((dice.choice(VALUES), dice.choice(dice.choice(titles).split())))


def _title(dice: random.Random, titles: Sequence[str]) -> str:
    return dice.choice(titles)


def _half_typed(dice: random.Random, titles: Sequence[str]) -> str:
    typed = f"{_query(dice, titles)} {_term(dice, titles)}"
    return typed[: dice.randrange(1, len(typed) + 1)]


def _pieces(dice: random.Random, titles: Sequence[str]) -> str:
    return "".join(dice.choices(PIECES, k=dice.randrange(1, 30)))


def _characters(dice: random.Random, titles: Sequence[str]) -> str:
    count = dice.choice((1, 3, 10, 40))
    return "".join(chr(dice.randrange(*dice.choice(RANGES))) for _ in range(count))


def _tex(dice: random.Random, titles: Sequence[str]) -> str:
    return "".join(dice.choices((*TEX, *LETTERS), k=dice.randrange(1, 40)))


def _nested(dice: random.Random, titles: Sequence[str]) -> str:
    opening = dice.choice(("(", "-(", "NOT (", "title:(", "(a OR ", "-(b ", "((", "author:("))
    depth = dice.randrange(1, 26)
    return opening * depth + dice.choice(VALUES) + ")" * dice.choice((0, 1, depth, depth + 1))


def _long_words(dice: random.Random, titles: Sequence[str]) -> str:
    lengths = dice.choices((1, 3, 8, 65, 300), k=dice.randrange(1, 6))
    return " ".join("".join(dice.choices(LETTERS, k=length)) for length in lengths)


def _many(dice: random.Random, titles: Sequence[str]) -> str:
    joint, field = dice.choice(OPERATORS), dice.choice(("", *FIELDS))
    words = dice.choices([*VALUES, *" ".join(titles[:20]).split()], k=dice.randrange(20, 90))
    return field + joint.join(words)


def _hostile(dice: random.Random, titles: Sequence[str]) -> str:
    return dice.choice(HOSTILE)[:3000]  # what goes on for ever, goes on as well when shorter


_KINDS: Sequence[Callable[[random.Random, Sequence[str]], str]] = (
    *(_query, _query, _title, _title, _half_typed, _pieces, _pieces),
    *(_characters, _tex, _nested, _long_words, _many, _hostile),
)


def _spoilt(dice: random.Random, text: str) -> str:
    """Drop, double, swap or cut a stretch, or put something into it, as a slip of a hand does."""
    first = dice.randrange(len(text) + 1)
    last = min(len(text), first + dice.choice((0, 1, 1, 2, 10)))
    head, part, tail = text[:first], text[first:last], text[last:]
    return dice.choice(
        (
            head + tail,
            head + part * dice.choice((2, 2, 40)) + tail,
            head + part[::-1] + tail,
            head + dice.choice(PIECES) + part + tail,
            head + chr(dice.randrange(*dice.choice(RANGES))) + tail,
            head,
            tail,
            text.swapcase(),
            f'"{text}"',
        )
    )
