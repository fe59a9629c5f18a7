"""Words as the search index holds them: what is written, in one normal form.

The indexes of FTS5 get texts that `indexed` has cut into words, and cut them only at blanks; so
what is a word, and when two are the same, is decided here alone, for the archive, a day's papers,
queries and the marking of what was found.

- Case, accents and ligatures do not count, and characters are in Unicode's compatible form (NFKC):
  CO₂ is ``co2``, ﬁne is ``fine``, Łukasz is ``lukasz``.
- Greek letters are their names: ``β-VAE`` is ``beta vae``. Words of Greek are left whole.
- An index typed as in TeX belongs to its letter: ``K_s`` is ``ks`` as Kₛ is. A power does not
  belong to its number: 10⁶ is ``10 6``.
- C++, C# and .NET are words. Other signs only separate.
- In scripts without blanks each character is a word, so that any piece of a text can be found.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from string import ascii_lowercase
from typing import Final, NamedTuple

TOKENIZER: Final = "ascii tokenchars ''+#.''"
"""FTS5's tokenizer for texts that `indexed` made, as it stands in SQL."""

_MARKS = "\u0300-\u036f"
_WORD = rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*"
_SYMBOL = r"(?<!\w)[A-Za-z](?:\+\+|⁺⁺|#)(?![+#⁺])|(?<![\w.])\.[Nn][Ee][Tt](?![^\W_])"
_RUN = re.compile(rf"{_SYMBOL}|{_WORD}(?:[_^]\{{?{_WORD}\}}?)*")
_HYPHEN = "[-\u2010\u2011\u2013]"
_PLAIN = re.compile(r"[^\W_]+", re.ASCII)
_SCRIPT = re.compile(r"([_^])\{?")
_POWER = re.compile("(?<=[0-9])(?=[⁰¹²³⁴-⁹₀-₉])")
_UNCUT = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai to Lao, Burmese, Khmer, Kana, Han and Hangul."""
_GREEK = "\u0391-\u03a9\u03b1-\u03c9"
_PIECE = re.compile(rf"[{_UNCUT}]|[{_GREEK}]+|[^\W_{_UNCUT}{_GREEK}]+")
MOST_GREEK: Final = 2
"""Letters in a row that are symbols; more are a word of Greek."""

_LETTERS = str.maketrans(
    dict(zip("øłđðıŧħ", "olddith", strict=True)) | {"þ": "th", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart into a base and an accent."""

_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma "
    "tau upsilon phi chi psi omega"
)
GREEK: Final = dict(zip("αβγδεζηθικλμνξοπρστυφχψω", _GREEK_NAMES.split(" "), strict=True)) | {
    "ς": "sigma"
}


class Token(NamedTuple):
    """A word of a text: ``text[start:end]`` in its normal form."""

    word: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Walk the words of ``text``; several may share the place of what they were made of."""
    if text.isascii() and _is_usual(lower := text.lower()):
        for found in _PLAIN.finditer(lower):
            yield Token(found[0], *found.span())
        return
    for found in _RUN.finditer(text):
        start, end = found.span()
        made = _read(found[0])
        if len(made) == end - start:  # a character each
            yield from (Token(word, start + at, start + at + 1) for at, word in enumerate(made))
        else:
            yield from (Token(word, start, end) for word in made)


def words(text: str) -> list[str]:
    """Return the words of ``text`` in their normal form."""
    if text.isascii():
        lower = text.lower()
        if _is_usual(lower):  # nearly every text, at a fraction of the time
            return _split(lower)
    if ".net" in text.lower():
        return [*_cut(text)]
    found: list[str] = []
    for plain, special in _parted(text):
        found += _split(plain)
        found += _cut(special)
    return found


SHORT: Final = 60
"""Characters of what is worth remembering: accented names, dashes between words."""


_BLANKED = bytes(byte if chr(byte).isalnum() else 32 for byte in range(128)).ljust(256).lower()


def _split(text: str) -> list[str]:
    """Cut a text in ASCII at all that is neither letter nor digit, faster than a pattern does."""
    return text.encode("ascii").translate(_BLANKED).decode("ascii").split()


def _cut(text: str) -> tuple[str, ...]:
    return _cut_short(text) if len(text) <= SHORT else _cut_any(text)


def _cut_any(text: str) -> tuple[str, ...]:
    return tuple(word for run in _RUN.findall(text) for word in _read(run))


_cut_short = lru_cache(maxsize=1 << 14)(_cut_any)


_SPECIAL = re.compile(r"""[^\x00-"$-*,-\]`-\x7f]""")
"""All that is not ASCII, and the signs of ASCII that can be a part of words: ``#+^_``."""


def _parted(text: str) -> Iterator[tuple[str, str]]:
    """Part a text at blanks: by turns what is usual, and what has a special sign in it.

    Most of a text with such signs is without; words cost a tenth of the time there.
    """
    done = 0
    for found in _SPECIAL.finditer(text):
        at = found.start()
        if at >= done:
            start = max(done, text.rfind(" ", done, at) + 1)
            end = text.find(" ", at)
            end = len(text) if end < 0 else end
            yield text[done:start], text[start:end]
            done = end
    yield text[done:], ""


@lru_cache(maxsize=1 << 14)
def said(text: str) -> tuple[str, ...]:
    """Return the words of a part of a query: as `words`, for what is read again and again."""
    return tuple(words(text))


_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_BETWEEN_DIGITS = re.compile(rf"(?<=[0-9])(?:\.|{_HYPHEN})(?=[0-9])")


@lru_cache(maxsize=1 << 14)
def units(text: str) -> tuple[str, ...]:
    """Return the words of a part of a query, numbers in a row as one that has points.

    ``GPT-3.5`` is ``gpt`` and ``3.5``, ``Gemma2-7B`` is ``gemma2.7b`` and never ``gemma27b``.
    """
    if _BETWEEN_DIGITS.search(text) is None:
        return said(text)
    found: list[str] = []
    for piece in map(said, _BETWEEN_DIGITS.split(text)):
        found = [*found[:-1], ".".join((*found[-1:], *piece[:1])), *piece[1:]]
    return tuple(found)


def spelled(parts: Sequence[str]) -> str:
    """Return parts as the indexes hold them, where a point separates as other signs do."""
    form = " ".join(parts)
    return _POINT.sub(" ", form) if "." in form else form


def indexed(text: str) -> str:
    """Return ``text`` as the indexes take it: its words with blanks between them."""
    return " ".join(words(text))


def searchable(text: str, *, has_signs: bool = True) -> str | None:
    """Return ``text`` with its words in their normal form and all other signs as they are.

    A word then lies between two characters that are neither letter nor digit. None for a text
    with signs that are a part of words (C++), which has to be cut; without ``has_signs`` these
    words are taken for those without the sign, which saves half of the time.
    """
    lower = text.lower()
    if has_signs and _may_have_signs(lower):
        return None
    if text.isascii() and "_" not in lower and "^" not in lower:
        return lower
    return "".join(plain.lower() + " ".join(_cut(special)) for plain, special in _parted(text))


def _may_have_signs(lower: str) -> bool:
    """Whether a text may say C++, C# or .NET; a single sign is found ten times as fast as two."""
    return ("+" in lower and "++" in lower) or "#" in lower or "⁺⁺" in lower or ".net" in lower


def is_signed(word: str) -> bool:
    """Whether a word, or what begins so, is another with a sign or without."""
    return len(word) == 1 or not word.isalnum() or "net".startswith(word)


def _is_usual(lower: str) -> bool:
    """Whether no sign of a text in ASCII can be a part of a word."""
    return not ("_" in lower or "^" in lower or _may_have_signs(lower))


@lru_cache(maxsize=1 << 15)
def _read(run: str) -> tuple[str, ...]:
    """Cut a run of characters without blanks or signs into words."""
    if run.isascii() and _PLAIN.fullmatch(run):
        return (run.lower(),)
    if "_" in run or "^" in run:
        return tuple(word for part in _unscripted(run) for word in _read(part))
    if run[-1] in "+#" or run[0] == ".":
        return (run.lower(),)
    if run[-1] == "⁺":
        return (f"{run[0].lower()}++",)
    folded = fold(_POWER.sub(" ", run))
    found = [word for piece in _PIECE.findall(folded) for word in _named(piece)]
    return tuple(found) or (run.lower(),)


def _unscripted(run: str) -> Iterator[str]:
    """Join an index to what it belongs to, where both are as short as symbols are."""
    base, *scripts = _SCRIPT.split(run.replace("}", ""))
    last = base
    for mark, script in zip(scripts[::2], scripts[1::2], strict=True):
        is_power = mark == "^" and base[-1].isdigit()
        is_short = len(last) == 1 or (len(last) <= 3 and len(script) <= 2)
        is_number = script.isdecimal() and len(script) <= 2
        if (is_short or is_number) and not is_power:
            base += script
        else:
            yield base
            base = script
        last = script
    yield base


def _named(piece: str) -> tuple[str, ...]:
    """Name Greek letters, unless they make a word of Greek."""
    if len(piece) <= MOST_GREEK and all(char in GREEK for char in piece):
        return tuple(GREEK[char] for char in piece)
    return (piece,)


def fold(word: str) -> str:
    """Drop case, accents and ligatures: ``Łukasz`` and ``Lukasz``, ``ﬁne`` and ``fine`` are one."""
    if word.isascii():
        return word.lower()
    bare = re.sub(f"[{_MARKS}]", "", unicodedata.normalize("NFKD", word))
    return unicodedata.normalize("NFC", bare).casefold().translate(_LETTERS)


# Compounds: words that are written with a hyphen, apart or together

MOST_JOINED: Final = 30
"""Letters of a word made of two."""

_CHAIN = re.compile(rf"(?<![\w]){_WORD}(?:{_HYPHEN}{_WORD})+")
_CHAIN_OF_ASCII = re.compile(r"[a-z]+(?:-[a-z]+)+")
_JOINING = re.compile(_HYPHEN)
_MIXED = re.compile(f"[{_GREEK}][A-Za-z]{{2}}|[A-Za-z]{{2}}[{_GREEK}]")
_STANDING_APART = (
    "a an the of in on at to for by from with as and or but not no nor so if is are was were be it "
    "its we he she i you us me my our his her than then that this these those all any each both "
    "per via into onto do does did has have had can may"
)
_SEPARATE = frozenset(_STANDING_APART.split(" "))
"""Words that stand before or behind others without being a part of them: *for all*, *in variance*.
A hyphen there (*in-context*) is no reason to take two words for one."""


def is_separate(word: str) -> bool:
    """Whether a word only stands beside others: articles, pronouns, prepositions."""
    return word in _SEPARATE


def compounds(text: str) -> Iterator[tuple[str, str]]:
    """List the neighbours that ``text`` joins with a hyphen, or as a Greek letter to a word."""
    # Most of a text has no hyphen: looking at what has one takes a tenth of the time.
    if text.isascii():
        for part in text.lower().split() if "-" in text else ():
            if "-" in part:
                for chain in _CHAIN_OF_ASCII.findall(part):
                    yield from _pairs(chain.split("-"))
        return
    for part in text.split():
        if _JOINING.search(part):
            yield from _chained(part)
        if _MIXED.search(part):
            for run in _RUN.findall(part):
                if _MIXED.search(run):
                    yield from _pairs(_read(run))


def _chained(text: str) -> Iterator[tuple[str, str]]:
    for chain in _CHAIN.findall(text):
        parts = [words(part) for part in _JOINING.split(chain)]
        yield from _pairs([word for part in parts for word in part])


def _pairs(parts: list[str] | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for first, second in pairwise(parts):
        one, other = letters_at(first, second)
        if may_be_one(one, other):
            yield one, other


def may_be_one(first: str, second: str) -> bool:
    """Whether two words may be one word written apart, if the archive joins them somewhere.

    Two single letters beside digits are too little to tell: ``2n d`` is not *2nd*.
    """
    if not _may_meet(first, second):
        return False
    return (first + second).isalpha() or sum(map(len, letters_at(first, second))) > _SINGLE


_SINGLE = 2
"""Letters of two single ones."""


def _may_meet(first: str, second: str) -> bool:
    """Whether letters meet letters between two words that may be parts of others."""
    whole = first + second
    return (
        first[-1:].isalpha()
        and second[:1].isalpha()
        and whole.isascii()
        and (whole.isalnum() or ("." in whole and _POINT.sub("", whole).isalnum()))
        and len(whole) <= MOST_JOINED
        and first not in _SEPARATE
        and second not in _SEPARATE
    )


def letters_at(first: str, second: str) -> tuple[str, str]:
    """Return the letters that meet between two words: ``yolo`` and ``v`` of *yolo v8*."""
    one = first[len(first.rstrip(ascii_lowercase)) :]
    return one, second[: len(second) - len(second.lstrip(ascii_lowercase))]


_VERSION = re.compile(r"v[0-9]")


def are_name_and_version(first: str, second: str) -> bool:
    """Whether two words join by rule alone: a name and its version, as YOLO v8."""
    is_version = _VERSION.match(second) is not None
    return is_version and len(first) > 1 and _may_meet(first, second)


def are_symbol_and_number(first: str, second: str) -> bool:
    """Whether two words join by rule alone: a word and a number, as GPT 4 and 3 D."""
    return (
        first.isascii()
        and second.isascii()
        and first[-1].isdigit() != second[0].isdigit()
        and not are_numbers(first, second)
    )


def are_numbers(first: str, second: str) -> bool:
    """Whether both words are numbers, as of 10^6 and 1e-5, which never are one."""
    return first[0].isdigit() and second[0].isdigit()


_EDGE = re.compile(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])")


def apart(word: str) -> list[str]:
    """Cut a word between letters and digits: ``gpt4`` into ``gpt`` and ``4``."""
    return [word] if word.isalpha() else _EDGE.split(word)


def groupings(rows: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """Write rows of words one behind the other, joined where two rows meet or not, in every way.

    First all of them are joined, last none.
    """
    for chosen in range(1 << len(rows) - 1):
        parts = [*rows[0]]
        for at, row in enumerate(rows[1:]):
            if not chosen >> at & 1:
                parts[-1] += row[0]
                row = row[1:]
            parts += row
        yield parts
