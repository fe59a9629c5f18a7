import re
from collections.abc import Callable
from datetime import date

import pytest

from bot.arxiv.feeds import parse_feed
from bot.arxiv.listing import join_pages, parse_listing_page, parse_page
from bot.errors import ListingFormatError
from bot.models import UNKNOWN_VERSION, AnnounceType, LinkKind, Listing
from tests.arxiv.recordings import cuts, recordings
from tests.fakes.arxiv_forms import Record, catchup_page, error_page, list_item, list_page
from tests.shared import shared

DAY = date(2024, 8, 2)
PAGES = ("rendered/list_*_new*.html", "rendered/catchup*.html")
FORMS = [list_page, catchup_page]
Form = Callable[[str, date, list[Record], int, int], str]

RECORDS = [
    Record("2408.00001"),
    Record("2408.00002"),
    Record("2407.09999", "cross", categories=["cs.LG", "cs.CV"]),
    Record("2406.00001", "replace"),
    Record("2406.00002", "replace-cross", categories=["cs.LG", "cs.CV"]),
]


def write(
    form: Form = list_page, records: list[Record] = RECORDS, skip: int = 0, show: int = 2000
) -> bytes:
    return form("cs.CV", DAY, records, skip, show).encode()


def ids(listing: Listing) -> list[str]:
    return [announcement.paper.arxiv_id for announcement in listing.announcements]


@pytest.mark.parametrize("form", FORMS)
def test_a_page_becomes_a_listing_with_its_sections(form: Form) -> None:
    listing = parse_listing_page(write(form))
    assert (listing.category, listing.announced_on) == ("cs.CV", DAY)
    assert listing.source == form.__name__.removesuffix("_page")
    assert ids(listing) == [record.arxiv_id for record in RECORDS]
    types = [announcement.announce_type.value for announcement in listing.announcements]
    assert types == [record.announce_type for record in RECORDS]
    assert [announcement.position for announcement in listing.announcements] == [1, 2, 3, 4, 5]
    assert listing.is_complete


def test_every_field_of_a_paper_arrives() -> None:
    record = Record(
        "2408.00001",
        title="H&E at 5 < 6",
        abstract="It's at https://github.com/ada/one.\n  Second of Ørsted's.",
        authors=["Ada B", "Bo Ç"],
        categories=["hep-th", "math-ph", "cond-mat.mtrl-sci"],
        comment="10 pages, https://github.com/ada/two",
        journal_ref="J. Ex. 1 (2024) 1",
    )
    [announcement] = parse_listing_page(write(records=[record])).announcements
    paper = announcement.paper
    assert paper.title == "H&E at 5 < 6"
    assert paper.abstract == "It's at https://github.com/ada/one.\n\nSecond of Ørsted's."
    assert paper.authors == ("Ada B", "Bo Ç")
    assert paper.categories == ("hep-th", "math-ph", "cond-mat.mtrl-sci")
    assert paper.comment == "10 pages, https://github.com/ada/two"
    assert paper.journal_ref == "J. Ex. 1 (2024) 1"
    codes = [link.url for link in paper.links_of(LinkKind.CODE)]
    assert codes == ["https://github.com/ada/one", "https://github.com/ada/two"]


def test_the_version_is_unknown_or_that_of_the_html_link() -> None:
    content = write().replace(
        b'<a href="/format/2406.00002"',
        b'<a href="https://arxiv.org/html/2406.00002v5" title="View HTML">html</a>, '
        b'<a href="/format/2406.00002"',
    )
    versions = [a.paper.version for a in parse_listing_page(content).announcements]
    assert versions == [UNKNOWN_VERSION] * 4 + [5]


def test_a_forgotten_blank_is_no_address() -> None:
    """ArXiv makes a link of 'method.The' too; real addresses without a scheme stay links."""
    text = (
        'A method.<a href="http://method.The" rel="x" class="link-external link-http">this http '
        'URL</a> code: <a href="http://github.com/a/b" class="y">this http URL</a>'
    )
    content = write().replace(b"We say something.", text.encode(), 1)
    abstract = parse_listing_page(content).announcements[0].paper.abstract
    assert abstract == "A method.method.The code: http://github.com/a/b"


@pytest.mark.parametrize("form", FORMS)
def test_a_day_without_updates_is_a_whole_empty_listing(form: Form) -> None:
    listing = parse_listing_page(write(form, records=[]))
    assert listing.announcements == ()
    assert (listing.category, listing.announced_on) == ("cs.CV", DAY)
    assert listing.is_complete


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_pages_joined_in_any_order_are_the_listing(form: Form, size: int) -> None:
    whole = parse_listing_page(write(form))
    pages = [parse_page(write(form, skip=skip, show=size)) for skip in range(0, 5, size)]
    assert all(page.total == 5 and not page.listing.is_complete for page in pages)
    assert join_pages(pages[::-1]) == whole
    assert not join_pages(pages[1:]).is_complete


def test_pages_of_different_days_are_not_joined() -> None:
    pages = [
        parse_page(list_page("cs.CV", day, RECORDS, 0, 2).encode())
        for day in (DAY, date(2024, 8, 5))
    ]
    with pytest.raises(ListingFormatError, match="changed"):
        join_pages(pages)


def test_a_page_that_does_not_name_its_category_takes_the_callers_or_the_new_papers() -> None:
    content = re.sub(rb'<a [^>]*"/(?:list|catchup)/.*?</a>', b"", write(catchup_page))
    assert parse_listing_page(content).category == "cs.CV"
    assert parse_listing_page(content, "cs.LG").category == "cs.LG"
    empty = re.sub(rb'<a [^>]*"/(?:list|catchup)/.*?</a>', b"", write(catchup_page, records=[]))
    with pytest.raises(ListingFormatError, match="which category"):
        parse_listing_page(empty)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda text: text.replace("/abs/2408.00002", "/abs/nothing"), "identifier"),
        (lambda text: text.replace("A second", ""), "title"),
        (lambda text: text.replace("<p class='mathjax'>\n          B", "<div>B"), "abstract"),
        (lambda text: text.replace("/abs/2408.00002", "/abs/2408.00001"), "twice"),
    ],
)
def test_a_broken_paper_is_skipped_and_named(broken: Callable[[str], str], reason: str) -> None:
    records = [
        Record("2408.00001"),
        Record("2408.00002", title="A second", abstract="B"),
        Record("2408.00003"),
    ]
    listing = parse_listing_page(broken(write(records=records).decode()).encode())
    assert [a.position for a in listing.announcements] == [1, 3]
    [skipped] = listing.skipped
    assert skipped.name.startswith("[2]")
    assert reason in skipped.reason


def test_the_page_of_2020_is_read() -> None:
    """As scrapers of the time describe it: another heading, an 'Authors:' label."""
    item = """<dt><a name="item{n}">[{n}]</a>&nbsp;
        <span class="list-identifier"><a href="/abs/{id}" title="Abstract">arXiv:{id}</a>
        [<a href="/pdf/{id}" title="Download PDF">pdf</a>]</span></dt>
        <dd><div class="meta">
        <div class="list-title mathjax"><span class="descriptor">Title:</span> A Paper
        </div>
        <div class="list-authors"><span class="descriptor">Authors:</span>
        <a href="/search">Ada B</a>, <a href="/search">Bo C</a>
        </div>
        <div class="list-subjects"><span class="descriptor">Subjects:</span>
        <span class="primary-subject">Computer Vision and Pattern Recognition (cs.CV)</span>;
        Machine Learning (cs.LG)
        </div>
        <p class="mathjax">Text.
        </p></div></dd>"""
    page = (
        "<html><body><div id='dlpage'><h1>Computer Vision and Pattern Recognition</h1>"
        "<h3>New submissions for Fri, 21 Aug 20</h3><dl>"
        + item.format(n=1, id="2008.09110")
        + "</dl><h3>Cross-lists for Fri, 21 Aug 20</h3><dl>"
        + item.format(n=2, id="2008.09041")
        + "</dl><h3>Replacements for Fri, 21 Aug 20</h3><dl>"
        + item.format(n=3, id="1908.00001")
        + "</dl></div></body></html>"
    )
    listing = parse_listing_page(page.encode(), "cs.CV")
    assert listing.announced_on == date(2020, 8, 21)
    assert ids(listing) == ["2008.09110", "2008.09041", "1908.00001"]
    assert [a.announce_type.value for a in listing.announcements] == ["new", "cross", "replace"]
    assert listing.announcements[0].paper.authors == ("Ada B", "Bo C")


# --- what is not a listing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a whole page"),
        (b"Rate exceeded.", "Rate exceeded"),
        (b"<rss></rss>", "<rss>"),
        (b"<html><body>Hello</body></html>", "says 'Hello'"),
        (error_page("Invalid archive or category: cs.XX").encode(), "category: cs.XX"),
        (
            write().replace(b"30 June", b"99 June").replace(b"2 August", b"99 August"),
            "not a listing",
        ),
        (re.sub(rb"No updates today.", b"", write(records=[])), "neither papers"),
        (b"<html>" + b" " * 10_000_000 + b"</html>", "larger than 10 MB"),
    ],
)
def test_anything_else_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ListingFormatError) as caught:
        parse_listing_page(content)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content",
    [
        b"<div>" * 200_000 + b"</html>",
        b"</div>" * 200_000 + b"<div>" * 200_000 + b"</html>",
        b"<div>" * 200_000 + b"</div>" * 200_000 + b"</html>",
    ],
)
def test_deep_nesting_is_refused_before_it_costs_anything(content: bytes) -> None:
    """The HTML parser needs minutes for it."""
    with pytest.raises(ListingFormatError, match="too deep"):
        parse_listing_page(content)


def test_other_pages_of_arxiv_are_no_listings() -> None:
    for recording in recordings("rendered/list_bad*.html", "rendered/list_cs.CV_recent.html"):
        with pytest.raises(ListingFormatError, match="not a listing"):
            parse_listing_page(recording.read_bytes())


# --- recordings ------------------------------------------------------------------------------


def test_the_recorded_page_says_what_the_feed_of_that_day_says() -> None:
    page = parse_listing_page(
        shared("recordings/rendered/list_cs.CV_new_2026-06-30.html").read_bytes()
    )
    feed = parse_feed(shared("recordings/rendered/rss_cs.CV_2026-06-30.xml").read_bytes())
    assert page.is_complete
    assert page.skipped == ()
    assert (page.category, page.announced_on) == (feed.category, feed.announced_on)
    differing = 0
    for shown, announced in zip(page.announcements, feed.announcements, strict=True):
        assert shown.announce_type == announced.announce_type
        assert shown.position == announced.position
        for field in ("arxiv_id", "title", "authors", "categories"):
            assert getattr(shown.paper, field) == getattr(announced.paper, field)
        differing += shown.paper.abstract != announced.paper.abstract
    assert differing <= 4  # the page writes 'github.com/a/b' with its scheme


def test_the_recorded_pages_of_fifty_are_parts_of_the_whole() -> None:
    whole = parse_listing_page(
        shared("recordings/rendered/list_cs.CV_new_2026-06-30.html").read_bytes()
    )
    for name, first in [("show50", 1), ("skip250_show50", 251)]:
        page = parse_page(shared(f"recordings/rendered/list_cs.CV_new_{name}.html").read_bytes())
        assert page.total == 305
        assert not page.listing.is_complete
        assert page.listing.announcements == whole.announcements[first - 1 : first + 49]


def test_the_recorded_catchup_page_and_the_empty_one() -> None:
    catchup = parse_listing_page(
        shared("recordings/rendered/catchup_cs.CV_2026-06-26.html").read_bytes()
    )
    assert (catchup.category, catchup.announced_on) == ("cs.CV", date(2026, 6, 26))
    assert catchup.counts()[AnnounceType.NEW] == 94
    assert catchup.counts()[AnnounceType.CROSS] == 10
    assert catchup.is_complete
    empty = parse_listing_page(
        shared("recordings/rendered/list_math.NT_new_empty.html").read_bytes()
    )
    assert (empty.category, empty.announced_on) == ("math.NT", date(2026, 6, 30))
    assert empty.announcements == ()


def test_a_truncated_page_is_never_a_listing() -> None:
    for recording in recordings(*PAGES):
        for cut in cuts(recording.read_bytes()):
            with pytest.raises(ListingFormatError, match="not a whole page"):
                parse_listing_page(cut)


def test_the_stand_in_writes_papers_as_arxiv_does() -> None:
    """Line for line, blank lines aside."""
    text = shared("recordings/rendered/list_cs.CV_new_2026-06-30.html").read_text(encoding="utf-8")
    start = text.index("<a name='item2'>[2]</a>") - len("    <dt>\n      ")
    recorded = text[start : text.index("    </dd>", start)]
    [paper] = [
        announcement.paper
        for announcement in parse_listing_page(text.encode()).announcements
        if announcement.position == 2
    ]
    record = Record(
        paper.arxiv_id, title=paper.title, abstract=paper.abstract, authors=paper.authors,
        categories=paper.categories,
    )  # fmt: skip
    written = list_item(2, record).partition("    </dd>")[0]
    assert [line for line in written.split("\n") if line.strip()] == [
        line for line in recorded.split("\n") if line.strip()
    ]
