"""The Markdown form of a listing, in which this project's first digest was written.

One file is one category's listing. It begins with a heading, then has two lines per paper::

    # ArXiv cs.CV --Fri, 21 Aug 2020
    ### 1.Title  [ :arrow_down: ](https://arxiv.org/pdf/2008.09110.pdf)
    >  Abstract, whatever its length, on one line.

Titles and abstracts are HTML as on arXiv's listing page: ``&lt;`` for ``<``, addresses as
``<a ... href="ADDRESS" ...>this https URL</a>``, ``<br>`` between paragraphs. The number before
the title is for the reader only, the order of the file counts. A version other than 1 stands in
the link (``2008.09110v2.pdf``). Comment lines below the title may say more, in the same HTML::

    <!-- authors: Ada Example | Ben Example -->
    <!-- categories: cs.CV cs.LG -->
    <!-- comment: 12 pages, code at https://example.org -->
    <!-- doi: 10.1000/182 -->
    <!-- journal: Example Letters 1 (2020) 2 -->

The primary category is the first. The form has no dates of submission. Blank lines, blanks at the
end of a line, a byte order mark and either kind of line end are read alike; an abstract may go on
over further lines.

The form does not say how a paper was announced. A comment line ``<!-- cross -->`` (or ``new``,
``replace``, ``replace-cross``) states it for the papers from there on. Without any such line it
follows from the order: arXiv sorts each section by identifier, so a file of two sorted runs has
new submissions and then cross-lists, and every other file has new submissions only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from bot.arxiv.calendar import named_day
from bot.arxiv.identifier import parse_identifier, sort_key
from bot.arxiv.paper import build_paper
from bot.arxiv.taxonomy import canonical_category, is_category
from bot.errors import FileFormatError, InputError
from bot.models import Announcement, AnnounceType, ArxivId, Listing, Paper, SkippedRecord
from bot.text.html import undo_html

_LISTING_HEADING = re.compile(
    r"#\s*arxiv\s+(?P<category>\S+)\s*-+\s*(?:[a-z]+,?\s+)?"
    r"(?P<day>\d{1,2})\s+(?P<month>[a-z]{3})[a-z]*\.?\s+(?P<year>\d{4})\s*",
    re.IGNORECASE | re.ASCII,
)
_PAPER_HEADING = re.compile(r"###\s*\d+\.\s*(?P<title>.*\S)\s*\[[^\]]*\]\((?P<link>[^()\s]+)\)\s*")
_TYPE_COMMENT = re.compile(r"\s*<!--\s*(?P<type>new|cross|replace|replace-cross)\s*-->\s*")
_DETAIL_COMMENT = re.compile(
    r"\s*<!--\s*(?P<name>authors|categories|comment|doi|journal):\s*(?P<value>.*?)\s*-->\s*"
)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TRAILING_BLANKS = "      "

MOST_HEADING_CHARS = 4000
EXPECTED = "expected '# ArXiv cs.CV --Fri, 21 Aug 2020' and then '### 1.Title [...](link)' lines"


@dataclass(slots=True)
class _Block:
    """A paper's heading line, the lines below it, and the type stated last before it."""

    heading: str
    stated: AnnounceType | None
    lines: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


def parse_markdown(content: bytes) -> Listing:
    """Read a listing in the Markdown form.

    A paper that cannot be read is left out and named in ``skipped``. A file that ends within a
    line or without an abstract may have been cut: ``is_complete`` is False then. Raises
    `FileFormatError` when the file is not of this form, or holds more than one listing.
    """
    lines = _decode(content).split("\n")
    category, announced_on = _read_heading(lines)
    found: dict[ArxivId, tuple[int, Paper, AnnounceType | None]] = {}
    skipped: list[SkippedRecord] = []
    blocks = _split_blocks(lines)
    for position, block in enumerate(blocks, start=1):
        try:
            paper = _build_paper(block)
            if paper.arxiv_id in found:
                raise FileFormatError("listed twice")
        except InputError as error:
            skipped.append(SkippedRecord(name=block.heading[:100].strip(), reason=str(error)))
        else:
            found[paper.arxiv_id] = (position, paper, block.stated)
    inferred = infer_announce_types(list(found))
    is_stated = any(stated for _, _, stated in found.values())
    return Listing(
        category=category,
        announced_on=announced_on,
        announcements=tuple(
            Announcement(
                paper=paper,
                announce_type=(stated or AnnounceType.NEW) if is_stated else guess,
                position=position,
            )
            for (position, paper, stated), guess in zip(found.values(), inferred, strict=True)
        ),
        source="markdown",
        skipped=tuple(skipped),
        is_complete=_ends_properly(lines, blocks),
    )


def infer_announce_types(arxiv_ids: Sequence[ArxivId]) -> list[AnnounceType]:
    """Distinguish new submissions from cross-lists by the order of the identifiers alone.

    ArXiv sorted each section descending in 2020 and sorts it ascending now; the direction is the
    one that most neighbours have. Two sorted runs are the two sections; any other number says
    nothing, and every paper is taken as new.
    """
    keys = [sort_key(arxiv_id) for arxiv_id in arxiv_ids]
    steps = [after > before for before, after in pairwise(keys)]
    is_ascending = sum(steps) * 2 >= len(steps)
    borders = [place for place, step in enumerate(steps, start=1) if step is not is_ascending]
    first_cross = borders[0] if len(borders) == 1 else len(keys)
    new, cross = first_cross, len(keys) - first_cross
    return [AnnounceType.NEW] * new + [AnnounceType.CROSS] * cross


# --- reading ---------------------------------------------------------------------------------


def _decode(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"The file is not UTF-8 text (byte {error.start}); {EXPECTED}."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_heading(lines: Sequence[str]) -> tuple[str, date]:
    first = next((line for line in lines if line.strip()), "")
    heading = _LISTING_HEADING.fullmatch(first)
    if not heading:
        found = f"The file begins with {first.strip()[:60]!r}" if first else "The file is empty"
        raise FileFormatError(f"{found}; {EXPECTED}.")
    if sum(bool(_LISTING_HEADING.fullmatch(line)) for line in lines) > 1:
        raise FileFormatError("The file holds more than one listing; split it into one file each.")
    return canonical_category(heading["category"]), _read_date(heading)


def _read_date(heading: re.Match[str]) -> date:
    try:
        return named_day(heading["day"], heading["month"], heading["year"])
    except ValueError:
        raise FileFormatError(
            f"{heading[0].strip()!r} names a day that does not exist; {EXPECTED}."
        ) from None


def _split_blocks(lines: Sequence[str]) -> list[_Block]:
    blocks: list[_Block] = []
    stated: AnnounceType | None = None
    for line in lines:
        comment = _TYPE_COMMENT.fullmatch(line)
        if comment:
            stated = AnnounceType(comment["type"])
        elif line.startswith("#"):
            blocks.append(_Block(line, stated))
        elif blocks and (detail := _DETAIL_COMMENT.fullmatch(line)):
            blocks[-1].details[detail["name"]] = detail["value"]
        elif line.strip() and blocks:
            blocks[-1].lines.append(line)
    return blocks[1:]  # the first heading is the listing's


def _ends_properly(lines: Sequence[str], blocks: Sequence[_Block]) -> bool:
    ends_a_line = not lines[-1].strip() or lines[-1].endswith(_TRAILING_BLANKS)
    return ends_a_line and all(block.lines for block in blocks[-1:])


def _build_paper(block: _Block) -> Paper:
    # The length is limited because the pattern tries every '[' of a line as the link's.
    heading = _PAPER_HEADING.fullmatch(block.heading[:MOST_HEADING_CHARS])
    if not heading:
        raise FileFormatError("expected '### 1.Title [...](link to the PDF)'")
    arxiv_id, version = parse_identifier(heading["link"])
    abstract = " ".join(line.removeprefix(">").strip() for line in block.lines)
    if not abstract.strip():
        raise FileFormatError("expected a line with '>' and the abstract below the title")
    details = {name: undo_html(value) for name, value in block.details.items()}
    return build_paper(
        arxiv_id=arxiv_id,
        version=version or 1,
        title=undo_html(heading["title"]),
        abstract=undo_html(_LINE_BREAK.sub("\n\n", abstract)),
        authors=[undo_html(name) for name in block.details.get("authors", "").split("|")],
        categories=list(filter(is_category, details.get("categories", "").split())),
        comment=details.get("comment"),
        doi=details.get("doi"),
        journal_ref=details.get("journal"),
    )
