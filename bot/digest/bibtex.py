r"""Papers as BibTeX that every engine reads: pure ASCII where TeX has a name for the character.

One rule is easily missed: BibTeX counts braces without looking at the backslash before them, so
a literal ``{`` must be written ``\textbraceleft``, never ``\{``.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final
from unicodedata import normalize

from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexencode import (
    RULE_CALLABLE,
    RULE_DICT,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from bot.models import ArxivId, Paper
from bot.text.scripts import SUBSCRIPTS, SUPERSCRIPTS

_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"}
)  # letters that Unicode does not take apart into a base letter and a mark
_BRACES = {ord("{"): r"\textbraceleft", ord("}"): r"\textbraceright"}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0308": '"',
}
_BY_HAND = {
    **_BRACES,
    **{ord(each): rf"\H{{{base}}}" for each, base in zip("ŰűŐő", "UuOo", strict=True)},
    # pylatexenc names the letter without a dot, which biber then takes for another.
    **{ord(normalize("NFC", f"i{mark}")): rf"\{name}{{i}}" for mark, name in _ACCENTS.items()},
}
_DECODER = LatexNodes2Text(math_mode="text")


def _keep_misnamed(text: str, at: int) -> tuple[int, str] | None:
    """Keep a letter of which pylatexenc's name is that of another one, such as ħ."""
    return (1, text[at]) if text[at] > "\x7f" and _is_misnamed(text[at]) else None


@cache
def _is_misnamed(letter: str) -> bool:
    if unicodedata.category(letter) not in ("Lu", "Ll") or ord(letter) in _BY_HAND:
        return False
    read = _DECODER.latex_to_text(_NAMER.unicode_to_latex(letter))
    return bool(normalize("NFC", read) != normalize("NFC", letter))


_NAMER = UnicodeToLatexEncoder(unknown_char_policy="keep", unknown_char_warning=False)
_ENCODER = UnicodeToLatexEncoder(
    conversion_rules=[
        UnicodeToLatexConversionRule(RULE_DICT, _BY_HAND),
        UnicodeToLatexConversionRule(RULE_CALLABLE, _keep_misnamed),
        "defaults",
    ],
    replacement_latex_protection="braces-all",
    unknown_char_policy="keep",
    unknown_char_warning=False,
)


Beside = Mapping[ArxivId, Mapping[str, str]]
"""Further fields of a paper, as plain text by their names."""
NOTHING_BESIDE: Final[Beside] = MappingProxyType({})


def papers_to_bibtex(papers: Iterable[Paper], *, beside: Beside = NOTHING_BESIDE) -> str:
    """Render one entry per distinct paper: ``@article`` when it names a journal, else ``@misc``."""
    distinct = {paper.arxiv_id: paper for paper in papers}
    return "\n".join(_entry(paper, beside.get(paper.arxiv_id, {})) for paper in distinct.values())


def citation_key(paper: Paper) -> str:
    """Return a key that is unique by its identifier and readable by the first author's name."""
    surname = _surname(paper.authors[0]) if paper.authors else ""
    identifier = paper.arxiv_id.replace("/", "-")
    return f"{surname}-{identifier}" if surname else identifier


def _entry(paper: Paper, beside: Mapping[str, str]) -> str:
    fields = {
        "title": f"{{{_encode(paper.title)}}}",  # a second pair of braces keeps the capitals
        "author": " and ".join(_author(name) for name in paper.authors if _is_name(name)),
        "year": year_of(paper.arxiv_id),
        "journal": _encode(paper.journal_ref or ""),
        "doi": _verbatim(paper.doi or ""),
        "eprint": paper.arxiv_id,
        "archivePrefix": "arXiv",
        "primaryClass": paper.primary_category or "",
        "url": f"https://arxiv.org/abs/{paper.arxiv_id}",
        "note": _encode(paper.comment or ""),
        **{name: _encode(text) for name, text in beside.items()},
    }
    kind = "article" if paper.journal_ref else "misc"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{citation_key(paper)},\n" + ",\n".join(lines) + "\n}\n"


def _encode(text: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in text)
    return _with_roots(_with_curly_quotes(" ".join(printable.split())))


_OPENING_QUOTE = re.compile(r'(?<![^\s(\[{“‘—–/-])"(?=\S)')


def _with_curly_quotes(text: str) -> str:
    """Distinguish opening quotation marks from closing ones: to BibTeX all straight ones close."""
    parts = _OPENING_QUOTE.split(text)
    return parts[0] + "".join("“" + part.replace('"', "”") for part in parts[1:])


_ROOTS = {"√": r"\sqrt", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]"}
_ROOT = re.compile(r"(?P<sign>[√∛∜])(?:(?P<term>\d+|\w)|\((?P<sum>(?:[^()]|\([^()]*\))*)\))")


def _with_roots(text: str) -> str:
    r"""Encode text, each root around its term: ``√T`` is ``\sqrt{T}``."""
    encoded: list[str] = []
    at = 0
    for root in _ROOT.finditer(text):
        term = _in_math(root["term"] or root["sum"] or "")
        encoded += (
            _encoded(text[at : root.start()]),
            f"{{\\ensuremath{{{_ROOTS[root['sign']]}{{{term}}}}}}}",
        )
        at = root.end()
    return "".join([*encoded, _encoded(text[at:])])


_RAISED = {sign: plain for plain, sign in reversed(SUPERSCRIPTS.items()) if sign != "*"}
_LOWERED = {sign: plain for plain, sign in reversed(SUBSCRIPTS.items())}
_SCRIPT = re.compile(f"([{re.escape(''.join(_RAISED))}]+)|([{re.escape(''.join(_LOWERED))}]+)")


def _in_math(text: str) -> str:
    """Encode a term of a formula: the signs for scripts are those of text only."""
    encoded: list[str] = []
    at = 0
    for script in _SCRIPT.finditer(text):
        mark, table = ("^", _RAISED) if script[1] else ("_", _LOWERED)
        encoded += _with_roots(text[at : script.start()]), f"{mark}{{{_plain(script[0], table)}}}"
        at = script.end()
    return "".join([*encoded, _with_roots(text[at:])])


def _plain(script: str, table: Mapping[str, str]) -> str:
    return _encoded("".join(table[sign] for sign in script))


def _encoded(text: str) -> str:
    return str(_ENCODER.unicode_to_latex(text))


def _is_name(name: str) -> bool:
    return any(character.isalnum() for character in name)


def _author(name: str) -> str:
    """Encode a name; one that BibTeX would take apart wrongly is kept whole in braces."""
    encoded = _encode(name)
    is_one_word = re.search(r",|\band\b|\bothers\b|collaboration", name, re.IGNORECASE)
    return f"{{{encoded}}}" if is_one_word else encoded


def _verbatim(text: str) -> str:
    """Keep an address as it is, except for what would end or break the field."""
    return re.sub(r"[\s{}\\%]", lambda found: f"%{ord(found[0]):02X}", text.strip())


def year_of(arxiv_id: ArxivId) -> str:
    """Return the year of submission, which every identifier carries (``YYMM``)."""
    short = int(arxiv_id.rpartition("/")[2][:2])
    return str(1900 + short if short >= 91 else 2000 + short)


def _surname(name: str) -> str:
    last_word = "".join(name.split()[-1:]).lower().translate(_UNDECOMPOSED)
    return re.sub(r"[^a-z0-9]", "", normalize("NFKD", last_word))
