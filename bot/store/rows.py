"""Between rows and values: how a paper is read from and written to its tables.

Shared by the modules of this package, so that a paper looks the same wherever it is loaded.
"""

import sqlite3
import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from bot.arxiv.identifier import arxiv_links
from bot.models import ArxivId, Link, LinkKind, Paper, Provenance, StoredPaper
from bot.store.keys import day_of
from bot.store.sqlite.statements import Row, json_array, read_day, read_moment, select_rows

KINDS = frozenset(each.value for each in LinkKind)
PROVENANCES = frozenset(each.value for each in Provenance)

PAPER_COLUMNS = (
    "key, arxiv_id, version, announced_on, is_date_estimated, title, abstract, authors, "
    "categories, is_primary_known, comment, doi, journal_ref, license, submitted_at, "
    "source_title, source_abstract, source"
)
"""The two columns before the last are of earlier versions: see `pack_source`."""


def paper_values(paper: Paper, *, key: int, announced_on: date, is_estimated: bool) -> Row:
    """Return the values of `PAPER_COLUMNS` for ``paper``."""
    return (
        key,
        paper.arxiv_id,
        paper.version,
        announced_on.isoformat(),
        int(is_estimated),
        paper.title,
        paper.abstract,
        "\n".join(paper.authors),
        " ".join(paper.categories),
        int(paper.is_primary_known),
        paper.comment,
        paper.doi,
        paper.journal_ref,
        paper.license,
        paper.submitted_at.isoformat() if paper.submitted_at else None,
        None,
        None,
        pack_source(paper.title, paper.abstract, paper.source_title, paper.source_abstract),
    )


BETWEEN_TEXTS = "\0"


def pack_source(title: str, abstract: str, source_title: str, source_abstract: str) -> bytes | None:
    """Return what the authors submitted as `read_source` takes it; None where it is the same.

    The readable texts are the dictionary, so what differs is all that is kept: 51 bytes instead of
    1,400 for each paper with TeX. zlib's format holds a checksum of the dictionary.
    """
    if (source_title, source_abstract) == (title, abstract):
        return None
    packer = zlib.compressobj(9, zdict=_dictionary(title, abstract))
    source = BETWEEN_TEXTS.join((source_title, source_abstract))
    return packer.compress(_encoded(source)) + packer.flush()


def read_source(title: str, abstract: str, source: bytes | None) -> tuple[str, str]:
    """Return the title and abstract as submitted; the readable ones where that is damaged."""
    if source is None:
        return title, abstract
    try:
        unpacker = zlib.decompressobj(zdict=_dictionary(title, abstract))
        texts = unpacker.decompress(source).decode("utf-8", SURROGATES)
    except (zlib.error, UnicodeDecodeError):  # damaged, or the readable texts are others now
        return title, abstract
    if not unpacker.eof:  # cut off
        return title, abstract
    source_title, _, source_abstract = texts.partition(BETWEEN_TEXTS)
    return source_title, source_abstract


def _dictionary(title: str, abstract: str) -> bytes:
    return _encoded(BETWEEN_TEXTS.join((title, abstract)))


SURROGATES = "surrogatepass"
"""SQLite says what is wrong with a text that holds any."""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", SURROGATES)


def stored_paper(row: Row, links: Collection[Link] = ()) -> StoredPaper:
    """Build the value from a row of `PAPER_COLUMNS` and the paper's stored links."""
    (key, arxiv_id, version, announced_on, is_estimated, title, abstract, authors, categories,
     is_primary_known, comment, doi, journal_ref, license_url, submitted_at, old_source_title,
     old_source_abstract, source) = row  # fmt: skip
    source_title, source_abstract = read_source(title, abstract, source)
    paper = Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=title,
        abstract=abstract,
        source_title=source_title if old_source_title is None else old_source_title,
        source_abstract=source_abstract if old_source_abstract is None else old_source_abstract,
        authors=tuple(authors.split("\n")) if authors else (),
        categories=tuple(categories.split()),
        is_primary_known=bool(is_primary_known),
        comment=comment,
        doi=doi,
        journal_ref=journal_ref,
        license=license_url,
        submitted_at=read_moment(submitted_at),
        links=(*arxiv_links(arxiv_id), *links),
    )
    return StoredPaper(
        paper=paper,
        announced_on=read_day(announced_on) or day_of(key),
        is_date_estimated=bool(is_estimated),
        key=key,
    )


def load_papers(
    connection: sqlite3.Connection, arxiv_ids: Iterable[ArxivId]
) -> dict[ArxivId, StoredPaper]:
    """Load the papers of these identifiers that are stored, with their links."""
    rows = select_rows(
        connection,
        f"SELECT {PAPER_COLUMNS} FROM paper WHERE arxiv_id IN (SELECT value FROM json_each(:ids))",
        {"ids": json_array(arxiv_ids)},
    )
    links = _load_links(connection, [row[1] for row in rows])
    return {row[1]: stored_paper(row, links.get(row[1], ())) for row in rows}


def _load_links(
    connection: sqlite3.Connection, arxiv_ids: Collection[ArxivId]
) -> Mapping[ArxivId, list[Link]]:
    """Load what the store keeps beyond abs and pdf, in the order in which papers name it."""
    links: dict[ArxivId, list[Link]] = {}
    for arxiv_id, *link in select_rows(
        connection,
        "SELECT arxiv_id, kind, url, provenance FROM paper_link "
        "WHERE arxiv_id IN (SELECT value FROM json_each(:ids)) ORDER BY arxiv_id, position",
        {"ids": json_array(arxiv_ids)},
    ):
        links.setdefault(arxiv_id, []).extend(stored_link(*link))
    return links


def stored_link(kind: str, url: str, provenance: str) -> list[Link]:
    """Read a link; none where a later version wrote a kind or a source that is not known here."""
    if kind not in KINDS or provenance not in PROVENANCES:
        return []
    return [Link(kind=LinkKind(kind), url=url, provenance=Provenance(provenance))]
