"""How arXiv writes what it announced, one function per interface: records in, text out.

The forms are those of arXiv's own services, element for element and in their order; where a
recording is at hand, `tests/arxiv/test_fake.py` holds them to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from bot.arxiv.calendar import EASTERN

XML = "<?xml version='1.0' encoding='UTF-8'?>\n"
LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
SECTIONS = ("new", "cross", "replace", "replace-cross")


@dataclass(frozen=True, slots=True)
class Record:
    """One announced paper, in arXiv's own words and in TeX: `Record("2408.00001", "cross")`."""

    arxiv_id: str
    announce_type: str = "new"
    version: int = 1
    title: str = "A Paper"
    abstract: str = "We say something."
    authors: str | Sequence[str] = ("Ada Example", "Ben Sample")
    categories: Sequence[str] = ("cs.CV",)
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str = LICENSE
    submitted_at: datetime = datetime(2024, 8, 1, 12, tzinfo=UTC)

    @property
    def author_line(self) -> str:
        return self.authors if isinstance(self.authors, str) else ", ".join(self.authors)

    @property
    def summary(self) -> str:
        return (
            f"arXiv:{self.arxiv_id}v{self.version} Announce Type: {self.announce_type} \n"
            f"Abstract: {self.abstract}"
        )


def midnight(day: date) -> datetime:
    """Return the moment, US/Eastern, at which the feed of ``day`` is made."""
    return datetime.combine(day, time(), EASTERN)


def element(name: str, text: str | None, indent: int, attributes: str = "") -> str:
    """Return one line with an element, or nothing where there is no text."""
    if text is None:
        return ""
    return f"{' ' * indent}<{name}{attributes}>{escape(text)}</{name}>\n"


def in_sections(records: Iterable[Record]) -> list[Record]:
    """Sort as arXiv does: by section, then by identifier."""
    return sorted(records, key=lambda r: (SECTIONS.index(r.announce_type), r.arxiv_id))


# --- feeds -----------------------------------------------------------------------------------


def rss_feed(category: str, day: date, records: Iterable[Record]) -> str:
    stamp = format_datetime(midnight(day))
    items = "".join(_rss_item(record, stamp) for record in records)
    skip_days = (
        "    <skipDays>\n      <day>Saturday</day>\n      <day>Sunday</day>\n    </skipDays>\n"
    )
    title = f"{category} updates on arXiv.org"
    description = f"{category} updates on the arXiv.org e-print archive."
    return _rss_channel(category, title, description, day, skip_days + items)


def rss_error(query: str, reason: str, day: date) -> str:
    title = f"Feed error for query: http://rss.arxiv.org/rss/{query}"
    text = _rss_channel(query, title, reason, day, "")
    return text.replace("rss-help@", "rss-help.")


def _rss_channel(query: str, title: str, description: str, day: date, rest: str) -> str:
    link = f"http://rss.arxiv.org/rss/{query}"
    built = format_datetime((midnight(day) + timedelta(seconds=12)).astimezone(UTC))
    return (
        f'{XML}<rss xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" version="2.0">\n'
        "  <channel>\n"
        + element("title", title, 4)
        + element("link", link, 4)
        + element("description", description, 4)
        + f'    <atom:link href="{escape(link)}" rel="self" type="application/rss+xml"/>\n'
        + element("docs", "http://www.rssboard.org/rss-specification", 4)
        + element("language", "en-us", 4)
        + element("lastBuildDate", built, 4)
        + element("managingEditor", "rss-help@arxiv.org", 4)
        + element("pubDate", format_datetime(midnight(day)), 4)
        + f"{rest}  </channel>\n</rss>\n"
    )


def _rss_item(record: Record, stamp: str) -> str:
    guid = f"oai:arXiv.org:{record.arxiv_id}v{record.version}"
    return (
        "    <item>\n"
        + element("title", record.title, 6)
        + element("link", f"https://arxiv.org/abs/{record.arxiv_id}", 6)
        + element("description", record.summary, 6)
        + element("guid", guid, 6, ' isPermaLink="false"')
        + "".join(element("category", category, 6) for category in record.categories)
        + element("pubDate", stamp, 6)
        + element("arxiv:announce_type", record.announce_type, 6)
        + element("dc:rights", record.license, 6)
        + element("arxiv:DOI", record.doi, 6)
        + element("arxiv:journal_reference", record.journal_ref, 6)
        + element("dc:creator", record.author_line, 6)
        + "    </item>\n"
    )


def atom_feed(category: str, day: date, records: Iterable[Record]) -> str:
    made_at = (midnight(day) + timedelta(seconds=11, microseconds=372773)).astimezone(UTC)
    link = f"http://rss.arxiv.org/atom/{category}"
    return (
        f'{XML}<feed xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/2005/Atom" '
        'xml:lang="en-us">\n'
        + element("id", link, 2)
        + element("title", f"{category} updates on arXiv.org", 2)
        + element("updated", made_at.isoformat(), 2)
        + f'  <link href="{escape(link)}" rel="self" type="application/atom+xml"/>\n'
        + element("subtitle", f"{category} updates on the arXiv.org e-print archive.", 2)
        + "".join(_atom_entry(record, midnight(day), made_at) for record in records)
        + "</feed>\n"
    )


def _atom_entry(record: Record, published: datetime, made_at: datetime) -> str:
    link = f"https://arxiv.org/abs/{record.arxiv_id}"
    return (
        "  <entry>\n"
        + element("id", f"oai:arXiv.org:{record.arxiv_id}v{record.version}", 4)
        + element("title", record.title, 4)
        + element("updated", made_at.isoformat(), 4)
        + f'    <link href="{link}" rel="alternate" type="text/html"/>\n'
        + element("summary", record.summary, 4)
        + "".join(f'    <category term="{category}"/>\n' for category in record.categories)
        + element("published", published.isoformat(), 4)
        + element("arxiv:announce_type", record.announce_type, 4)
        + element("dc:rights", record.license, 4)
        + element("arxiv:journal_reference", record.journal_ref, 4)
        + element("arxiv:DOI", record.doi, 4)
        + element("dc:creator", record.author_line, 4)
        + "  </entry>\n"
    )
