"""One line of arXiv's metadata snapshot (JSON lines, CC0, published weekly), to a paper.

The form is that of https://www.kaggle.com/datasets/Cornell-University/arxiv; titles and
abstracts are TeX with hard line breaks. It does not know when a paper was announced. Excerpts
by others are read as well: ``version`` in the place of ``versions``, ``announced`` (YYYY-MM-DD,
the date of the first announcement), authors and categories as lists.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard

from bot.arxiv.calendar import named_day
from bot.arxiv.identifier import parse_identifier
from bot.arxiv.paper import SourceRecord, split_authors
from bot.errors import FileFormatError, InputError
from bot.models import Paper

EXPECTED = "expected an object with id, title, abstract, authors and categories"


def parse_snapshot_line(line: bytes | str) -> Paper:
    """Read one line; raises `FileFormatError` when it is not a paper's metadata."""
    return read_snapshot_line(line).build()


def read_snapshot_line(line: bytes | str) -> SourceRecord:
    """Do the first half of `parse_snapshot_line`: everything but the text of the paper."""
    record = _load(line)
    title, abstract = _text(record, "title"), _text(record, "abstract")
    if not title or not abstract:
        raise FileFormatError(f"The record has no title or no abstract; {EXPECTED}.")
    try:
        arxiv_id, _ = parse_identifier(_text(record, "id"))
    except InputError as error:
        raise FileFormatError(f"{error} (in 'id'; {EXPECTED})") from error
    version, submitted_at = _versions(record)
    return SourceRecord(
        arxiv_id=arxiv_id,
        version=version,
        title=title,
        abstract=abstract,
        authors=_authors(record),
        categories=tuple(_text(record, "categories").split()),
        comment=_text(record, "comments") or _text(record, "comment"),
        doi=_text(record, "doi"),
        journal_ref=_text(record, "journal-ref") or _text(record, "journal_ref"),
        license=_text(record, "license"),
        submitted_at=submitted_at,
        announced_on=_announced_on(record),
    )


def _load(line: bytes | str) -> dict[str, Any]:
    try:
        text = line.decode() if isinstance(line, bytes) else line
        record = json.loads(text)
    # A deeply nested value ends as RecursionError.
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"The line is not JSON ({str(error)[:100]}); {EXPECTED}.") from error
    if not isinstance(record, dict):
        raise FileFormatError(f"The line is JSON, but no object; {EXPECTED}.")
    if "\\ud" in text.lower():
        _refuse_half_characters(record)
    return record


def _refuse_half_characters(record: Mapping[str, Any]) -> None:
    """JSON can escape one half of a character that UTF-16 writes as two; no text can hold it."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise FileFormatError("The record holds half a character, which is no text.") from error


def _text(record: Mapping[str, Any], key: str) -> str:
    """Return a text field; mirrors of the snapshot write some as lists of texts."""
    value = record.get(key)
    if isinstance(value, list):
        value = " ".join(part for part in value if isinstance(part, str))
    return value.strip() if isinstance(value, str) else ""


def _versions(record: Mapping[str, Any]) -> tuple[int, datetime | None]:
    """Return the latest version's number and when the first was submitted."""
    listed = record.get("versions")
    versions = [entry for entry in listed if isinstance(entry, dict)] if _is_list(listed) else []
    submitted_at: datetime | None = None
    for entry in versions[:1]:
        submitted_at = _instant(_text(entry, "created"))
    return max(len(versions) or _stated_version(record), 1), submitted_at


_USUAL_MOMENT = re.compile(
    r"[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII
)


def _instant(text: str) -> datetime | None:
    with contextlib.suppress(ValueError):
        if usual := _USUAL_MOMENT.fullmatch(text):  # five times as fast as the general way
            day, month, year, hour, minute, second = usual.groups()
            clock = time(int(hour), int(minute), int(second))
            return datetime.combine(named_day(day, month, year), clock, UTC)
        moment = parsedate_to_datetime(text)
        return moment if moment.tzinfo else None
    return None


def _stated_version(record: Mapping[str, Any]) -> int:
    version = record.get("version")
    return version if type(version) is int and version < 10_000 else 1


def _announced_on(record: Mapping[str, Any]) -> date | None:
    with contextlib.suppress(ValueError):
        return date.fromisoformat(_text(record, "announced"))
    return None


def _authors(record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the authors as arXiv took them apart, else from the one string."""
    parsed = record.get("authors_parsed")
    names = tuple(filter(None, map(_full_name, parsed))) if _is_list(parsed) else ()
    if names:
        return names  # some mirrors leave it empty
    listed = record.get("authors")
    if _is_list(listed):
        return tuple(name for name in listed if isinstance(name, str))
    return split_authors(_text(record, "authors"))


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _full_name(parts: object) -> str:
    """Join ``[key name, forenames, suffix, affiliation ...]``."""
    if not _is_list(parts):
        return ""
    if len(parts) == 3 and parts[2] == "" and all(isinstance(part, str) for part in parts):
        return f"{parts[1]} {parts[0]}".strip()  # as nearly all are
    texts = [part.strip() if isinstance(part, str) else "" for part in [*parts, "", "", ""][:3]]
    key_name, forenames, suffix = texts
    return " ".join(part for part in (forenames, key_name, suffix) if part)
