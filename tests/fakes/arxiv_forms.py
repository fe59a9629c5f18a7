"""How arXiv writes what it announced, one function per interface: records in, text out.

The forms are those of arXiv's own services, element for element and in their order; where a
recording is at hand, `tests/arxiv/test_fake.py` holds them to it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from bot.arxiv.calendar import EASTERN, previous_announcement_day
from bot.arxiv.paper import split_authors
from bot.arxiv.taxonomy import category_name, oai_set

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
    def author_names(self) -> Sequence[str]:
        return split_authors(self.authors) if isinstance(self.authors, str) else self.authors

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


# --- listing pages ---------------------------------------------------------------------------

PAGE_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>  <title>{title}  </title>
</head>

<body ><div class="flex-wrap-footer">
    <main>
      <div id="content">
<div id='content-inner'>
<div id='dlpage'>
"""
PAGE_FOOT = "\n</div>\n</div>\n      </div>\n    </main>\n</div>\n</body>\n\n</html>"
HEADINGS = {
    "new": "New submissions",
    "cross": "Cross submissions",
    "replace": "Replacement submissions",
}


def list_page(category: str, day: date, records: Sequence[Record], skip: int, show: int) -> str:
    """Write ``/list/<category>/new``: ``records`` are all of the listing."""
    heading = f"{day:%A}, {day.day} {day:%B %Y}"
    top = (
        f"  <h1>{escape(category_name(category))}</h1>\n\n<ul>\n</ul>\n\n"
        f'<p>See <a id="recent-{category}" aria-labelledby="recent-{category}" '
        f'href="/list/{category}/recent">recent</a> articles</p>\n'
        f"<h3>Showing new listings for {heading}</h3>\n\n"
    )
    paging = f"      <div class='paging'>Total of {len(records)} entries\n    </div>\n"
    title = PAGE_HEAD.format(title=escape(category_name(category)))
    if not records:
        return f"{title}{top}    <p>No updates today.</p>\n{PAGE_FOOT}"
    return f"{title}{top}{paging}{_sections(records, skip, show)}{paging}{PAGE_FOOT}"


def catchup_page(category: str, day: date, records: Sequence[Record], skip: int, show: int) -> str:
    """Write ``/catchup/<category>/<day>``."""
    heading = f"{day:%a, %d %b %Y}"
    next_day = day + timedelta(days=1)
    link = f"/catchup/{category}/{next_day}?abs=True&amp;page=1"
    top = (
        f"  <h1>Catchup results for {escape(category_name(category))} on {heading}</h1>\n\n"
        f'    <ul>\n    </ul>\n    <div>\n        <a href="{link}">Continue to the next day</a>\n'
        f"        <br><br>\n      Total of {len(records)} entries for {heading}\n    </div>\n"
    )
    items = _sections(records, skip, show)
    if not records:
        items = f"<br>\n<div>\n<p>No updates for {heading}</p>\n</div>\n<br>\n"
    return f"{PAGE_HEAD.format(title='')}{top}{items}{PAGE_FOOT}"


def error_page(reason: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<body>\n<div id="content">\n<h1>{escape(reason)}</h1>'
        "\n<p>The server cannot process your request.</p>\n</div>\n</body>\n</html>"
    )


def _sections(records: Sequence[Record], skip: int, show: int) -> str:
    return "".join(_section(kind, records, skip, show) for kind in HEADINGS)


def _section(kind: str, records: Sequence[Record], skip: int, show: int) -> str:
    numbered = [
        (number, record)
        for number, record in enumerate(records, start=1)
        if record.announce_type.split("-")[0] == kind
    ]
    shown = [pair for pair in numbered if skip < pair[0] <= skip + show]
    if not shown:
        return ""
    is_first, is_last = shown[0] == numbered[0], shown[-1] == numbered[-1]
    which = "" if is_first and is_last else "first " if is_first else "last " if is_last else ""
    continued = "" if is_first else "continued, "
    count = f"{len(shown)} of {len(numbered)}"
    heading = f"{HEADINGS[kind]} ({continued}showing {which}{count} entries)"
    items = "".join(list_item(number, record) for number, record in shown)
    return f"      <dl id='articles'>\n    <h3>{heading}</h3>\n\n\n{items}</dl>\n\n"


def list_item(number: int, record: Record) -> str:
    """Write one paper of a listing page."""
    arxiv_id, kind = record.arxiv_id, record.announce_type
    note = (
        f"          (cross-list from {record.categories[0]})\n" if kind == "cross" else "      \n"
    )
    note = "          (replaced)\n\n" if kind.startswith("replace") else note
    comment = _list_field("comments mathjax", "Comments", record.comment)
    journal = _list_field("journal-ref", "Journal-ref", record.journal_ref)
    first, *others = (f"{category_name(code)} ({code})" for code in record.categories)
    subjects = "; ".join([f'<span class="primary-subject">{first}</span>', *others])
    return f"""    <dt>
      <a name='item{number}'>[{number}]</a>
      <a href ="/abs/{arxiv_id}" title="Abstract" id="{arxiv_id}">
        arXiv:{arxiv_id}
      </a>
{note}        [<a href="/pdf/{arxiv_id}" title="Download PDF" id="pdf-{arxiv_id}" \
aria-labelledby="pdf-{arxiv_id}">pdf</a>, <a href="/format/{arxiv_id}" title="Other formats" \
id="oth-{arxiv_id}" aria-labelledby="oth-{arxiv_id}">other</a>]
    </dt>
    <dd>
      <div class='meta'>
        <div class='list-title mathjax'><span class='descriptor'>Title:</span>
          {_html(record.title)}
        </div>
        <div class='list-authors'>{", ".join(map(_author_link, record.author_names))}</div>

{comment}

{journal}
        <div class='list-subjects'><span class='descriptor'>Subjects:</span>
          {subjects}
        </div>

        <p class='mathjax'>
          {_html(record.abstract)}
        </p>
      </div>
    </dd>
"""


def _list_field(name: str, label: str, text: str | None) -> str:
    if text is None:
        return ""
    return (
        f"        <div class='list-{name}'><span class='descriptor'>{label}:</span>\n"
        f"          {_html(text)}\n        </div>\n"
    )


def _author_link(name: str) -> str:
    forename, _, surname = name.rpartition(" ")
    query = f"https://arxiv.org/search/cs?searchtype=author&amp;query={surname},+{forename[:1]}"
    return f'<a href="{query}">{escape(name)}</a>'


def _html(text: str) -> str:
    """Escape as the page does: addresses become links, an indented line begins with a break."""
    parts = re.split(r"(https?://[^\s<>]*[^\s<>.,;:!?)])", text)
    linked = [_link(part) if place % 2 else _escaped(part) for place, part in enumerate(parts)]
    return "".join(linked).replace("\n  ", "\n<br>")


def _escaped(text: str) -> str:
    return escape(text, {"'": "&#39;", '"': "&#34;"})


def _link(address: str) -> str:
    scheme = address.partition(":")[0]
    return (
        f'<a href="{_escaped(address)}" rel="external noopener nofollow" '
        f'class="link-external link-{scheme}">this {scheme} URL</a>'
    )


# --- query API -------------------------------------------------------------------------------


def api_feed(query: str, records: Sequence[tuple[date, Record]], start: int, most: int) -> str:
    """Write one page of an answer: ``records`` are all that match, and when they were announced."""
    entries = "".join(_api_entry(*each) for each in records[start : start + most])
    return _api_frame(
        "https://arxiv.org/api/stand-in",
        f"arXiv Query: {query}",
        most,
        len(records),
        start,
        entries,
    )


def api_error(reason: str) -> str:
    link = f"https://arxiv.org/api/errors#{reason.replace(' ', '_')}"
    entry = (
        "  <entry>\n"
        + element("id", link, 4)
        + element("title", "Error", 4)
        + element("updated", "2026-04-12T22:59:06Z", 4)
        + f'    <link href="{escape(link)}" rel="alternate" type="text/html"/>\n'
        + element("summary", reason, 4)
        + "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n"
    )
    return _api_frame("https://arxiv.org/", "arXiv Search Results", 1, 1, 0, entry)


def _api_frame(link: str, title: str, most: int, total: int, start: int, entries: str) -> str:
    return (
        f'{XML}<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
        + element("id", link, 2)
        + element("title", title, 2)
        + element("updated", "2026-04-12T22:59:06Z", 2)
        + element("opensearch:itemsPerPage", str(most), 2)
        + element("opensearch:totalResults", str(total), 2)
        + element("opensearch:startIndex", str(start), 2)
        + f"{entries}</feed>\n"
    )


def _api_entry(day: date, record: Record) -> str:
    """Write an entry; a version was submitted in the morning before it was announced."""
    name = f"{record.arxiv_id}v{record.version}"
    stamp = f"{record.submitted_at:%Y-%m-%dT%H:%M:%SZ}"
    updated = stamp if record.version == 1 else f"{previous_announcement_day(day)}T12:00:00Z"
    authors = "".join(
        f"    <author>\n{element('name', name, 6)}    </author>\n" for name in record.author_names
    )
    return (
        "  <entry>\n"
        + element("id", f"http://arxiv.org/abs/{name}", 4)
        + element("title", record.title, 4)
        + element("updated", updated, 4)
        + f'    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>\n'
        + element("summary", record.abstract, 4)
        + "".join(
            f'    <category term="{code}" scheme="http://arxiv.org/schemas/atom"/>\n'
            for code in record.categories
        )
        + element("published", stamp, 4)
        + element("arxiv:comment", record.comment, 4)
        + f'    <arxiv:primary_category term="{record.categories[0]}"/>\n'
        + element("arxiv:journal_ref", record.journal_ref, 4)
        + authors
        + element("arxiv:doi", record.doi, 4)
        + "  </entry>\n"
    )


# --- OAI-PMH ---------------------------------------------------------------------------------

OAI_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" \n'
    '         xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    "    <responseDate>2026-07-01T03:00:00Z</responseDate>\n"
    "    <request>https://oaipmh.arxiv.org/oai</request>\n\n"
)


def oai_records(records: Iterable[tuple[date, Record]], token: str | None) -> str:
    """Write a ListRecords page of ``arXivRaw``; an empty token marks the last of several pages."""
    items = "".join(_oai_record(day, record) for day, record in records)
    end = ""
    if token is not None:
        text = (
            f" expirationDate='2026-07-02T00:00:00Z'>{token}</resumptionToken>" if token else "/>"
        )
        end = f"    <resumptionToken{text}\n"
    return f"{OAI_HEAD}    <ListRecords>\n{items}{end}    </ListRecords>\n</OAI-PMH>"


def oai_error(code: str, text: str) -> str:
    return f"{OAI_HEAD}    <error code='{code}'>{escape(text)}</error>\n</OAI-PMH>"


def _oai_record(day: date, record: Record) -> str:
    sets = "".join(element("setSpec", oai_set(code), 12) for code in record.categories)
    stamp = format_datetime(record.submitted_at, usegmt=True)
    versions = "".join(
        f'            <version version="v{number}">\n                <date>{stamp}</date>\n'
        "                <size>976kb</size>\n            </version>\n"
        for number in range(1, record.version + 1)
    )
    return (
        "        <record>\n        <header>\n"
        + element("identifier", f"oai:arXiv.org:{record.arxiv_id}", 12)
        + element("datestamp", str(day), 12)
        + f"{sets}        </header>\n        <metadata>\n"
        + '        <arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">\n'
        + element("id", record.arxiv_id, 12)
        + element("submitter", record.author_names[0], 12)
        + versions
        + element("title", record.title, 12)
        + element("authors", record.author_line, 12)
        + element("categories", " ".join(record.categories), 12)
        + element("comments", record.comment, 12)
        + element("journal-ref", record.journal_ref, 12)
        + element("doi", record.doi, 12)
        + element("license", record.license, 12)
        + element("abstract", record.abstract, 12)
        + "        </arXivRaw>\n        </metadata>\n        </record>\n"
    )
