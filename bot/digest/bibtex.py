r"""Papers as BibTeX that every engine reads: pure ASCII where TeX has a name for the character.

One rule is easily missed: BibTeX counts braces without looking at the backslash before them, so
a literal ``{`` must be written ``\textbraceleft``, never ``\{``.
"""

import re
import unicodedata
from collections.abc import Iterable

from pylatexenc.latexencode import (
    RULE_DICT,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from bot.models import ArxivId, Paper

_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"}
)  # letters that Unicode does not take apart into a base letter and a mark
_BRACES = {ord("{"): r"\textbraceleft", ord("}"): r"\textbraceright"}
_ENCODER = UnicodeToLatexEncoder(
    conversion_rules=[UnicodeToLatexConversionRule(RULE_DICT, _BRACES), "defaults"],
    replacement_latex_protection="braces-all",
    unknown_char_policy="keep",
    unknown_char_warning=False,
)


def papers_to_bibtex(papers: Iterable[Paper]) -> str:
    """Render one entry per distinct paper: ``@article`` when it names a journal, else ``@misc``."""
    distinct = {paper.arxiv_id: paper for paper in papers}
    return "\n".join(_entry(paper) for paper in distinct.values())


def citation_key(paper: Paper) -> str:
    """Return a key that is unique by its identifier and readable by the first author's name."""
    surname = _surname(paper.authors[0]) if paper.authors else ""
    identifier = paper.arxiv_id.replace("/", "-")
    return f"{surname}-{identifier}" if surname else identifier


def _entry(paper: Paper) -> str:
    fields = {
        "title": f"{{{_encode(paper.title)}}}",  # a second pair of braces keeps the capitals
        "author": " and ".join(_author(name) for name in paper.authors if name.strip()),
        "year": _year(paper.arxiv_id),
        "journal": _encode(paper.journal_ref or ""),
        "doi": _verbatim(paper.doi or ""),
        "eprint": paper.arxiv_id,
        "archivePrefix": "arXiv",
        "primaryClass": paper.primary_category or "",
        "url": f"https://arxiv.org/abs/{paper.arxiv_id}",
        "note": _encode(paper.comment or ""),
    }
    kind = "article" if paper.journal_ref else "misc"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{citation_key(paper)},\n" + ",\n".join(lines) + "\n}\n"


def _encode(text: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in text)
    return str(_ENCODER.unicode_to_latex(" ".join(printable.split())))


def _author(name: str) -> str:
    """Encode a name; one that BibTeX would take apart wrongly is kept whole in braces."""
    encoded = _encode(name)
    is_one_word = re.search(r",|\band\b|\bothers\b|collaboration", name, re.IGNORECASE)
    return f"{{{encoded}}}" if is_one_word else encoded


def _verbatim(text: str) -> str:
    """Keep an address as it is, except for what would end or break the field."""
    return re.sub(r"[\s{}\\%]", lambda found: f"%{ord(found[0]):02X}", text.strip())


def _year(arxiv_id: ArxivId) -> str:
    """Return the year of submission, which every identifier carries (``YYMM``)."""
    short = int(arxiv_id.rpartition("/")[2][:2])
    return str(1900 + short if short >= 91 else 2000 + short)


def _surname(name: str) -> str:
    last_word = "".join(name.split()[-1:]).lower().translate(_UNDECOMPOSED)
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", last_word))
