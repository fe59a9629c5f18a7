"""Small decisions about formulas: what is one, where its blanks go, when brackets are needed."""

import re
import unicodedata

# Inside a formula blanks mean nothing, so words and relations ask for the blanks they need;
# settle() puts them where there is something to part.
AROUND = "\x01"  # a blank, unless at either end
BETWEEN = "\x02"  # a blank between two words

_LONGEST = 1500  # characters; two dollar signs further apart do not belong together
_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n[ \t]{2}")
_MACRO = re.compile(r"\\[A-Za-z]")
_MACRO_OR_GROUP = re.compile(r"\\[A-Za-z]+|\{[^{}]*\}")
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
_MATH_SIGN = re.compile(r"[\\^_{=<>+|]")


def is_formula(text: str, start: int, end: int) -> bool:
    """Tell what stands between two dollar signs: ``$x^2$``, or prose between two prices."""
    content = text[start : min(end, start + _LONGEST)]
    if not content.strip() or end - start > _LONGEST or _PARAGRAPH.search(content):
        return False
    is_price = content[0].isdigit() and text[end + 1 : end + 2].isdigit()
    if is_price and not _MACRO.search(content):
        return False
    words = len(_WORD.findall(_MACRO_OR_GROUP.sub(" ", content)))
    if _MATH_SIGN.search(content.replace("\\%", "")):
        return words < 4
    if content[0].isspace() or content[-1].isspace():
        return words == 0 or (" " not in content.strip() and not content.strip().islower())
    return words < 2 or (not content[0].isdigit() and words < 4)


_INSIDE_BRACKETS = re.compile(r"(?<=[(\[{⟨⌊⌈])[ ]+|[ ]+(?=[)\]}⟩⌋⌉])")
_RELATION = re.compile(r"[ \x02]*\x01[ \x01\x02]*")
_WORD_BORDER = re.compile(r"(?<=[\w)\]])[ ]*\x02[ \x02]*(?=[\w√∑∏∫])")


def settle(text: str, *, is_compact: bool = False) -> str:
    """Put blanks where the words and relations of a formula need them."""
    settled = settle_inside(text.strip(" \x01\x02"), is_compact=is_compact)
    return _INSIDE_BRACKETS.sub("", settled) if " " in settled else settled


def settle_inside(text: str, *, is_compact: bool = False) -> str:
    """Do the same for a stretch that other text surrounds."""
    if AROUND in text:
        text = _RELATION.sub(AROUND, text)
    if BETWEEN in text:
        text = _WORD_BORDER.sub(" ", text).replace(BETWEEN, "")
    return text.replace(AROUND, "" if is_compact else " ")


_TERM = re.compile(r"[^\s+\-−·×/,=<>()∑]*|\([^()]*\)|√?\w*\([^()]*\)")


def wrapped(term: str) -> str:
    """Put a term of a fraction in brackets if it would fall apart without them."""
    return term if _TERM.fullmatch(term) else f"({term})"


def accented(content: str, mark: str, literal: str = "") -> str:
    """Put the combining ``mark`` on the first letter, or write ``literal`` if there is none."""
    if not content or (literal and not content[0].isalpha()):
        return literal + content
    first = {"ı": "i", "ȷ": "j"}.get(content[0], content[0])
    return unicodedata.normalize("NFC", first + mark) + content[1:]
