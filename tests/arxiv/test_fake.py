"""The stand-in writes what arXiv writes; else tests against it would prove nothing."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from tests.fakes.arxiv_forms import Record, atom_feed, in_sections, rss_feed
from tests.shared import shared

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"


def record_of(entry: Any, identifier: str, text: str, categories: list[str]) -> Record:
    arxiv_id, _, version = identifier.removeprefix("oai:arXiv.org:").rpartition("v")
    return Record(
        arxiv_id,
        entry.findtext(f"{ARXIV}announce_type"),
        int(version),
        title=entry.findtext("title") or entry.findtext(f"{ATOM}title"),
        abstract=text.partition("Abstract: ")[2],
        authors=entry.findtext(f"{DC}creator"),
        categories=categories,
        doi=entry.findtext(f"{ARXIV}DOI"),
        journal_ref=entry.findtext(f"{ARXIV}journal_reference"),
        license=entry.findtext(f"{DC}rights"),
    )


def rss_record(item: Any) -> Record:
    categories = [category.text for category in item.findall("category")]
    return record_of(item, item.findtext("guid"), item.findtext("description"), categories)


def atom_record(entry: Any) -> Record:
    categories = [category.get("term") for category in entry.findall(f"{ATOM}category")]
    summary = entry.findtext(f"{ATOM}summary")
    return record_of(entry, entry.findtext(f"{ATOM}id"), summary, categories)


def without_times(text: str) -> str:
    """Drop the moments at which a feed was made, which nobody can foretell, and final newline."""
    text = re.sub(r"<(lastBuildDate|updated)>.*?</\1>", r"<\1/>", text)
    return re.sub(r"(?s)<skipDays>.*?</skipDays>", "<skipDays/>", text).strip()


def assert_written_alike(
    text: str,
    records: list[Record],
    write: Callable[[str, date, list[Record]], str],
    category: str,
    day: date,
) -> None:
    """Character for character, but for the moments at which they were made."""
    assert in_sections(records) == records
    assert without_times(write(category, day, records)) == without_times(text)


@pytest.mark.parametrize(
    ("path", "category", "day"),
    [
        ("rss_fetched_2026-08-22-cs-cv.xml", "cs.CV", date(2026, 8, 21)),
        ("rss_fetched_2025-11-04-cs-cv.xml", "cs.CV", date(2025, 11, 3)),
        ("rss_fetched_2026-05-13-cs-lg.xml", "cs.LG", date(2026, 5, 12)),
        ("rss_fetched_2026-06-23-cs-cv.xml", "cs.CV", date(2026, 6, 22)),
    ],
)
def test_rss_feeds_equal_the_recorded_ones(path: str, category: str, day: date) -> None:
    text = shared(f"recordings/feeds/{path}").read_text(encoding="utf-8")
    records = [rss_record(item) for item in fromstring(text.encode()).iter("item")]
    assert_written_alike(text, records, rss_feed, category, day)


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("atom_cs.CV_2026-06-30.xml", date(2026, 6, 30)),
        ("atom_cs.CV_2026-06-27_saturday_empty.xml", date(2026, 6, 27)),
    ],
)
def test_atom_feeds_equal_the_recorded_ones(path: str, day: date) -> None:
    text = shared(f"recordings/rendered/{path}").read_text(encoding="utf-8")
    records = [atom_record(entry) for entry in fromstring(text.encode()).iter(f"{ATOM}entry")]
    assert_written_alike(text, records, atom_feed, "cs.CV", day)
