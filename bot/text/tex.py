r"""Make TeX, as authors type it into titles and abstracts, readable; lose nothing.

A small converter of our own, because the general ones lose text on prose: a raw ``%`` is no
comment here, ``H&E`` no table, ``$5 and $10`` no formula, and an address stays whole. A macro of
TeX stands for what a table or a rule says (``commands``), one of the authors for itself.

    text -> HTML, halves of TeX -> structure (macros, groups, formulas) -> typography (dashes,
    quotes, ties) -> text

All steps repeat until nothing changes, so that readable text converts to itself. Most texts
hold nothing to convert and are only looked at once.
"""

import re
import unicodedata

from bot.text.commands import command, is_known
from bot.text.html import undo_typed_html
from bot.text.structure import resolve_structure
from bot.text.symbols import LETTERS
from bot.text.typography import set_typography

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NO_CONTROL = str.maketrans(dict.fromkeys((*range(9), *range(11, 32), 127), " "))
_ROUNDS = 4  # real text settles in one; what has not settled by then is made only to confuse


def to_unicode(text: str) -> str:
    """Return readable Unicode: one line per paragraph, paragraphs parted by a blank line.

    ArXiv marks a paragraph by a line break and an indent; any other line break is a blank.
    """
    text = _one_line_per_paragraph(text)
    for _ in range(_ROUNDS):
        if not _has_hint(text):
            return text
        converted = undo_typed_html(text)
        converted = resolve_structure(_repair(converted), command, is_known)
        converted = set_typography(converted)
        converted = _one_line_per_paragraph(converted)
        if converted == text:
            return text
        text = converted
    return _one_line_per_paragraph(re.sub(r"[\\$~{}`]+|--+|''+", " ", text))


def one_line(text: str) -> str:
    """Return readable Unicode on a single line, for titles, names and comments."""
    if text.isascii() and text.isprintable() and "  " not in text and not _has_hint(text):
        return text.strip()  # as nearly all names are
    return " ".join(to_unicode(text).split())


def _has_hint(text: str) -> bool:
    # Searches for fixed strings are ten times faster than a pattern; history has millions.
    return (
        "\\" in text or "$" in text or "{" in text or "}" in text
        or "~" in text or "`" in text or "--" in text or "''" in text
        or "</" in text or "<br" in text or ("&" in text and ";" in text)
    )  # fmt: skip


_BARE_ACCENT = re.compile(
    r"(?:(?<=[A-Za-z]{2})|(?<=[A-Za-z])(?=.{4}[a-z]))"
    r"(?:\"\{[aeiouyAEIOUY]\}|'\{[aceinosuyzACEINOSUYZ]\}|`\{[aeiou]\}|~\{[ano]\})"
)
_MARK_IN_NUMBER = re.compile(r"(?<=\d)\{([,.])\}(?=\d)")


def _repair(text: str) -> str:
    r"""Mend TeX that its author typed in half: ``Schr"{o}dinger``, and ``6{,}062`` in prose.

    Some way into arXiv takes the ``\b`` of ``\beta`` for an accent, and makes it ``\b{eta}``.
    """
    if "{" not in text:
        return text
    text = _MARK_IN_NUMBER.sub(r"\1", text)
    text = _SPLIT_LETTER.sub(_joined_letter, text)
    text = _ADDRESS_TWICE.sub(r"\1", text)
    return _BARE_ACCENT.sub(lambda found: "\\" + found[0], text)


_SPLIT_LETTER = re.compile(r"\\([bcdkrtuv])\{([a-z]{1,7})\}([a-z]{0,8})")
_ADDRESS_TWICE = re.compile(r"(https?://[^\s{}]{1,300})\}\{\1(?![^\s{}.,;:)])")


def _joined_letter(found: re.Match[str]) -> str:
    name = found[1] + found[2] + found[3]
    return f"\\{name}{{}}" if name in LETTERS else found[0]


_BREAK = re.compile(r"\n[ \t]*\n\s*|\n[ \t]{2,}\s*")
_MID_SENTENCE = re.compile(r"[\w,–-]\n[ \t]{2,}\S")


def _one_line_per_paragraph(text: str) -> str:
    if text.isascii():
        if text.isprintable() and "  " not in text:  # as nearly all texts are
            return text.strip()
        text = text.translate(_NO_CONTROL)
    else:
        text = unicodedata.normalize("NFC", _CONTROL.sub(" ", text))
    if "\n" not in text:
        return " ".join(text.split())
    text = text.strip()
    if _is_hard_wrapped(text):
        text = re.sub(r"\n[ \t]{2,}(?=\S)", " ", text)
    paragraphs = (" ".join(part.split()) for part in _BREAK.split(text))
    return "\n\n".join(part for part in paragraphs if part)


def _is_hard_wrapped(text: str) -> bool:
    """Recognise an abstract whose author indented every line: most breaks are mid-sentence."""
    breaks = len(_BREAK.findall(text))
    return breaks > 2 and len(_MID_SENTENCE.findall(text)) > breaks / 2
