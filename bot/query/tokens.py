"""Words as the search index sees them: FTS5's ``porter unicode61 remove_diacritics 2``, in Python.

The index itself is FTS5's work. This is for what is said about papers already found: which words
to mark, which paper says it best. Tests hold it against FTS5 on the words of real papers.

The stemmer is M. F. Porter's of 1980 (https://tartarus.org/martin/PorterStemmer/def.txt), in the
reading of FTS5: words under three or over 64 bytes stay as they are, whatever is not an English
vowel is a consonant.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_STEMMED_BYTES = 64

_TOKEN = re.compile(r"[^\W_]+(?:[\u0300-\u0331]+[^\W_]*)*")
_FIRST_GREEK_EXTENDED = "\u1f00"  # from there on FTS5 leaves letters as they are


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: ``text[start:end]``, and its stem."""

    stem: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """Walk the words of ``text``."""
    for found in _TOKEN.finditer(text):
        yield Token(stem(found[0]), found.start(), found.end())


def stems(text: str) -> list[str]:
    return [stem(word) for word in _TOKEN.findall(text)]


def words(text: str) -> list[str]:
    """Split into folded words, not stemmed."""
    return [fold(word) for word in _TOKEN.findall(text)]


def fold(word: str) -> str:
    """Drop case, and the accents of Latin letters."""
    return word.lower() if word.isascii() else "".join(map(_fold_char, word))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    if unicodedata.combining(char):
        return ""
    base = unicodedata.normalize("NFD", char)[0]
    kept = base if base < "\u0250" and char < _FIRST_GREEK_EXTENDED else char
    folded = kept.casefold()
    return folded if len(folded) == 1 else kept.lower()[0]


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """Reduce an English word to its stem: ``Networks`` and ``network`` to ``network``."""
    folded = fold(word)
    if not 2 < len(folded.encode()) <= MAX_STEMMED_BYTES:
        return folded
    return _step_5(_step_4(_step_3(_step_2(_step_1c(_step_1b(_step_1a(folded)))))))


def surface(stemmed: str) -> str | None:
    """Return a word whose stem is ``stemmed``; None when no usual ending gives one.

    A stem is not always its own stem (``propos`` gives ``propo``, ``poly`` gives ``poli``), so
    asking the index for a stem means asking for such a word.
    """
    for ending in _USUAL_ENDINGS:
        if stem(stemmed + ending) == stemmed:
            return stemmed + ending
    return f"{stemmed[:-1]}y" if stem(f"{stemmed[:-1]}y") == stemmed else None


_USUAL_ENDINGS = (
    "", "e", "s", "y", "ed", "ing", "ion", "ment", "al", "ly", "es", "ness", "able"
)  # fmt: skip


# What the rules ask of a stem: its form as consonants (c) and vowels (v), and its measure, the
# number of vowel runs that a consonant follows.


def _form(text: str) -> str:
    form = ""
    for char in text:
        is_vowel = char in "aeiou" or (char == "y" and form.endswith("c"))
        form += "v" if is_vowel else "c"
    return form


def _measure(text: str) -> int:
    return len(re.findall("v+c", _form(text)))


def _has_vowel(text: str) -> bool:
    return "v" in _form(text)


def _ends_short(text: str) -> bool:
    """Whether it ends consonant, vowel, consonant, the last not w, x or y (``hop``)."""
    return _form(text).endswith("cvc") and text[-1] not in "wxy"


def _replaced(word: str, endings: tuple[tuple[str, str], ...], least: int) -> str:
    """Replace the first ending that fits, if the measure of what is before it exceeds ``least``."""
    for ending, replacement in endings:
        if word.endswith(ending) and len(word) > len(ending):
            rest = word[: -len(ending)]
            return rest + replacement if _measure(rest) > least else word
    return word


def _step_1a(word: str) -> str:
    if (word.endswith("sses") and len(word) > 4) or (word.endswith("ies") and len(word) > 3):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _step_1b(word: str) -> str:
    if word.endswith("eed") and len(word) > 3:
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return _repaired(rest) if _has_vowel(rest) else word
    return word


def _repaired(rest: str) -> str:
    """Give back what ``-ed`` and ``-ing`` hid: ``conflat(ed)`` an e, ``hopp(ing)`` one p."""
    if rest.endswith(("at", "bl", "iz")):
        return f"{rest}e"
    if len(rest) > 1 and rest[-1] == rest[-2] and rest[-1] not in "aeioulsz":
        return rest[:-1]
    return f"{rest}e" if _measure(rest) == 1 and _ends_short(rest) else rest


def _step_1c(word: str) -> str:
    return f"{word[:-1]}i" if word.endswith("y") and _has_vowel(word[:-1]) else word


_STEP_2 = (
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"),
    ("logi", "log"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"),
    ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
    ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"),
    ("iviti", "ive"), ("biliti", "ble"),
)  # fmt: skip
_STEP_3 = (
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"),
    ("ful", ""), ("ness", ""),
)  # fmt: skip
_STEP_4 = (
    ("al", ""), ("ance", ""), ("ence", ""), ("er", ""), ("ic", ""), ("able", ""), ("ible", ""),
    ("ant", ""), ("ement", ""), ("ment", ""), ("ent", ""),
    ("ou", ""), ("ism", ""), ("ate", ""), ("iti", ""), ("ous", ""), ("ive", ""), ("ize", ""),
)  # fmt: skip


def _step_2(word: str) -> str:
    return _replaced(word, _STEP_2, 0)


def _step_3(word: str) -> str:
    return _replaced(word, _STEP_3, 0)


def _step_4(word: str) -> str:
    if word.endswith(("sion", "tion")):
        return word[:-3] if _measure(word[:-3]) > 1 else word
    return _replaced(word, _STEP_4, 1)


def _step_5(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        measure = _measure(rest)
        if measure > 1 or (measure == 1 and not _ends_short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word[:-1]) > 1 else word
