"""OAI-PMH (``oaipmh.arxiv.org/oai``): pages of metadata for history, to papers.

Two formats are read: ``arXivRaw`` (TeX, every version with its date) and ``arXiv`` (accents
resolved, authors apart). Neither knows when a paper was announced; ``datestamp`` is when its
metadata last changed (https://info.arxiv.org/help/oa/index.html). Errors come with HTTP 200.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import build_paper, split_authors
from bot.arxiv.safexml import parse_xml
from bot.errors import InputError, ListingFormatError
from bot.models import ArxivId, Paper, SkippedRecord

FORMATS = ("arXivRaw", "arXiv")


class TokenExpired(ListingFormatError):
    """A resumption token is no longer known: the harvest must begin again from its dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OaiPage:
    """One page of records; ``token`` asks for the next one, None when this is the last.

    The token is as arXiv wrote it, percent signs included: it must be encoded once more.
    ``versions`` says when each version of a paper was submitted, where that is told.
    """

    papers: tuple[Paper, ...]
    versions: Mapping[ArxivId, Mapping[int, datetime]] = field(default_factory=dict)
    deleted: tuple[ArxivId, ...] = ()
    skipped: tuple[SkippedRecord, ...] = ()
    token: str | None = None


def parse_oai(content: bytes) -> OaiPage:
    """Read one answer to ListRecords or GetRecord; nothing matching is an empty page.

    A record that cannot be read is left out and named in ``skipped``. Raises `TokenExpired`, or
    `ListingFormatError` when the bytes are not a whole answer, or say what was wrong.
    """
    root = parse_xml(content, "an OAI-PMH answer of arXiv")
    if _local(root) != "OAI-PMH":
        raise ListingFormatError(f"The answer is XML of another kind (<{_local(root)[:60]}>).")
    verb: Element | None = None
    for child in root:
        if _local(child) == "error":
            return _read_error(child)
        if _local(child) in ("ListRecords", "GetRecord"):
            verb = child
    if verb is None:
        raise ListingFormatError("The OAI-PMH answer has no records; expected ListRecords.")
    return _read_records(verb)


def _read_error(error: Element) -> OaiPage:
    code, text = error.get("code", ""), " ".join((error.text or "").split())[:200]
    if code == "noRecordsMatch":
        return OaiPage(papers=())
    kind = TokenExpired if code == "badResumptionToken" else ListingFormatError
    raise kind(f"arXiv refused the request: {text or code} ({code}).")


def _read_records(verb: Element) -> OaiPage:
    papers: list[Paper] = []
    deleted: list[ArxivId] = []
    skipped: list[SkippedRecord] = []
    versions: dict[ArxivId, Mapping[int, datetime]] = {}
    token: str | None = None
    for place, child in enumerate(verb, start=1):
        if _local(child) == "resumptionToken":
            token = (child.text or "").strip() or None
        elif _local(child) == "record":
            name = _identifier_of(child) or f"record {place}"
            try:
                if _is_deleted(child):
                    deleted.append(_parse_id(name))
                else:
                    form = _metadata(child)
                    papers.append(_build_paper(form))
                    versions[papers[-1].arxiv_id] = {
                        number: moment for number, moment in _moments(form).items() if moment
                    }
            except ValueError as error:
                skipped.append(SkippedRecord(name=name[:100], reason=str(error)))
    return OaiPage(
        papers=tuple(papers),
        versions=versions,
        deleted=tuple(deleted),
        skipped=tuple(skipped),
        token=token,
    )


# --- records ---------------------------------------------------------------------------------


def _local(element: Element) -> str:
    """Return an element's name without its namespace, which old answers leave out."""
    return element.tag.rpartition("}")[2]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _identifier_of(record: Element) -> str | None:
    for header in _children(record, "header"):
        for identifier in _children(header, "identifier"):
            return (identifier.text or "").strip() or None
    return None


def _is_deleted(record: Element) -> bool:
    return any(header.get("status") == "deleted" for header in _children(record, "header"))


def _metadata(record: Element) -> Element:
    for metadata in _children(record, "metadata"):
        for form in metadata:
            if _local(form) in FORMATS:
                return form
            raise ListingFormatError(
                f"The records are in the form {_local(form)!r}; expected {' or '.join(FORMATS)}."
            )
    raise ValueError("it has no metadata")


def _build_paper(form: Element) -> Paper:
    """Raises ValueError with the reason when the record cannot be used."""
    texts = {_local(child): child.text or "" for child in form}
    if not texts.get("title", "").strip():
        raise ValueError("it has no title")
    version, submitted_at = _versions(form) if _local(form) == "arXivRaw" else _dates(texts)
    return build_paper(
        arxiv_id=_parse_id(texts.get("id", "")),
        version=version,
        title=texts["title"],
        abstract=texts.get("abstract", ""),
        authors=_authors(form, texts),
        categories=texts.get("categories", "").split(),
        comment=texts.get("comments"),
        doi=texts.get("doi"),
        journal_ref=texts.get("journal-ref"),
        license=texts.get("license"),
        submitted_at=submitted_at,
    )


def _parse_id(text: str) -> ArxivId:
    try:
        return parse_identifier(text)[0]
    except InputError:
        raise ValueError("it has no arXiv identifier") from None


def _versions(form: Element) -> tuple[int, datetime | None]:
    """Return the latest version's number and when the first was submitted."""
    moments = _moments(form)
    return max(moments, default=1), moments.get(1)


def _moments(form: Element) -> dict[int, datetime | None]:
    """Return when each version was submitted, by its number."""
    moments: dict[int, datetime | None] = {}
    for version in _children(form, "version"):
        number = version.get("version", "").removeprefix("v")
        moment: datetime | None = None
        for date in _children(version, "date"):
            with contextlib.suppress(ValueError):
                moment = parsedate_to_datetime((date.text or "").strip())
        is_aware = moment is not None and moment.tzinfo is not None
        moments[int(number) if number.isdecimal() else 1] = moment if is_aware else None
    return moments


def _dates(texts: dict[str, str]) -> tuple[int, datetime | None]:
    """Return what the ``arXiv`` format tells: a day (midnight UTC is taken), and whether revised.

    It has no version numbers; 2 is the least that a revised paper can have.
    """
    submitted_at: datetime | None = None
    with contextlib.suppress(ValueError):
        submitted_at = datetime.fromisoformat(texts.get("created", "").strip()).replace(tzinfo=UTC)
    return (2 if texts.get("updated", "").strip() else 1), submitted_at


def _authors(form: Element, texts: dict[str, str]) -> tuple[str, ...]:
    lists = list(_children(form, "authors"))
    people = [author for listed in lists for author in _children(listed, "author")]
    if not people:
        return split_authors(texts.get("authors", ""))
    return tuple(filter(None, map(_full_name, people)))


def _full_name(author: Element) -> str:
    texts = {_local(child): (child.text or "").strip() for child in author}
    parts = (texts.get(part, "") for part in ("forenames", "keyname", "suffix"))
    return " ".join(part for part in parts if part)
