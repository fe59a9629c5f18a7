from collections.abc import Callable
from datetime import date

import pytest

from bot.arxiv.feeds import parse_feed
from bot.errors import ListingFormatError
from bot.models import AnnounceType, Listing
from tests.arxiv.recordings import cuts, recordings
from tests.fakes.arxiv_forms import Record, atom_feed, rss_error, rss_feed
from tests.shared import shared

DAY = date(2024, 8, 2)
FEEDS = (
    "feeds/rss_fetched_2024-0[3-9]*.xml",
    "feeds/rss_fetched_202[56]*.xml",
    "feeds/rss_physics*.xml",
    "rendered/rss_cs*.xml",
    "rendered/rss_low*.xml",
    "rendered/atom_cs*.xml",
)
FORMS = [rss_feed, atom_feed]
Form = Callable[[str, date, list[Record]], str]


def parse(text: str) -> Listing:
    return parse_feed(text.encode())


RECORD = Record(
    "2408.00001",
    "replace-cross",
    version=3,
    title=r"On $\beta$-decay by G\"oran",
    abstract=r"We study {\O}rsted's \emph{method}." "\n  Code: https://github.com/ada/example.",
    authors=r"G\"oran B (Univ., City), {\O}. C and Ada D",
    categories=["hep-th", "cs.CV"],
    doi="10.1000/1",
    journal_ref="J. Ex. 1 (2024) 1",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_field_of_a_record_arrives(form: Form) -> None:
    listing = parse(form("cs.CV", DAY, [RECORD]))
    assert (listing.category, listing.announced_on) == ("cs.CV", DAY)
    assert listing.source == form.__name__.removesuffix("_feed")
    assert listing.is_complete
    [announcement] = listing.announcements
    assert announcement.announce_type is AnnounceType.REPLACE_CROSS
    assert announcement.position == 1
    paper = announcement.paper
    assert (paper.arxiv_id, paper.version) == ("2408.00001", 3)
    assert paper.title == "On β-decay by Göran"
    assert paper.authors == ("Göran B", "Ø. C", "Ada D")
    assert paper.categories == ("hep-th", "cs.CV")
    assert (paper.doi, paper.journal_ref) == ("10.1000/1", "J. Ex. 1 (2024) 1")
    assert paper.abstract == ("We study Ørsted's method.\n\nCode: https://github.com/ada/example.")
    assert paper.license == RECORD.license
    assert "https://github.com/ada/example" in [link.url for link in paper.links]


@pytest.mark.parametrize("form", FORMS)
def test_a_day_without_announcements_is_a_whole_empty_listing(form: Form) -> None:
    listing = parse(form("cs.CV", DAY, []))
    assert listing.announcements == ()
    assert listing.announced_on == DAY
    assert listing.is_complete


@pytest.mark.parametrize("form", FORMS)
def test_a_feed_of_the_most_records_may_be_cut_by_arxiv(form: Form) -> None:
    records = [Record(f"2408.{number:05d}") for number in range(1, 2001)]
    assert not parse(form("cs.CV", DAY, records)).is_complete
    assert parse(form("cs.CV", DAY, records[1:])).is_complete


@pytest.mark.parametrize("form", FORMS)
def test_the_second_name_of_a_category_is_read_as_the_canonical_one(form: Form) -> None:
    assert parse(form("cs.SY", DAY, [])).category == "eess.SY"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("broken", "name"),
    [
        (lambda text: text.replace("2408.00002", "nothing"), "oai:arXiv.org:nothingv1"),
        (lambda text: text.replace("A second", " "), "oai:arXiv.org:2408.00002v1"),
        (lambda text: text.replace("cross", "sideways"), "oai:arXiv.org:2408.00002v1"),
        (lambda text: text.replace("2408.00002", "2408.00001"), "oai:arXiv.org:2408.00001v1"),
    ],
)
def test_a_broken_record_is_skipped_and_named(
    form: Form, broken: Callable[[str], str], name: str
) -> None:
    """The records around it keep their places."""
    records = [
        Record("2408.00001"),
        Record("2408.00002", "cross", title="A second"),
        Record("2408.00003", "replace"),
    ]
    listing = parse(broken(form("cs.CV", DAY, records)))
    assert [(a.paper.arxiv_id, a.position) for a in listing.announcements] == [
        ("2408.00001", 1),
        ("2408.00003", 3),
    ]
    assert [skipped.name for skipped in listing.skipped] == [name]
    assert all(skipped.reason for skipped in listing.skipped)


def test_an_item_without_anything_is_skipped_by_its_number() -> None:
    text = rss_feed("cs.CV", DAY, [Record("2408.00001")])
    listing = parse(text.replace("    <item>", "    <item/>\n    <item>", 1))
    assert [skipped.name for skipped in listing.skipped] == ["record 1"]
    assert [a.position for a in listing.announcements] == [2]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" \nAbstract", "\nAbstract"),
        lambda text: text.replace("guid", "ignored"),
        lambda text: text.replace("arxiv:announce_type", "arxiv:ignored"),
        lambda text: text.replace("arXiv:2408.00001v2 Announce Type: new \nAbstract: ", ""),
        lambda text: text.replace("</rss>", "</rss>\n<!-- end -->\n\n"),
    ],
)
def test_small_changes_of_the_form_change_nothing(change: Callable[[str], str]) -> None:
    record = Record("2408.00001", version=2, abstract="All of it.")
    [announcement] = parse(change(rss_feed("cs.CV", DAY, [record]))).announcements
    paper = announcement.paper
    assert (paper.arxiv_id, paper.version, paper.abstract) == ("2408.00001", 2, "All of it.")
    assert announcement.announce_type is AnnounceType.NEW


# --- dates -----------------------------------------------------------------------------------


def with_stamps(published: str, built: str) -> str:
    text = rss_feed("cs.CV", DAY, [])
    text = text.replace("Fri, 02 Aug 2024 00:00:00 -0400", published)
    return text.replace("Fri, 02 Aug 2024 04:00:12 +0000", built)


@pytest.mark.parametrize(
    ("published", "built", "day"),
    [
        ("Mon, 03 Nov 2025 00:00:00 -0500", "", date(2025, 11, 3)),
        ("Tue, 12 May 2026 00:00:00 -0400", "Wed, 13 May 2026 02:12:57 +0000", date(2026, 5, 12)),
        ("", "Wed, 13 May 2026 02:12:57 +0000", date(2026, 5, 12)),
        ("nonsense", "Wed, 13 May 2026 04:00:00 +0000", date(2026, 5, 13)),
    ],
)
def test_the_date_is_the_eastern_one_of_the_first_readable_stamp(
    published: str, built: str, day: date
) -> None:
    assert parse(with_stamps(published, built)).announced_on == day


@pytest.mark.parametrize("stamp", ["", "nonsense", "Fri, 02 Aug 2024 00:00:00", "2024-08-02"])
def test_a_feed_without_a_date_is_no_listing(stamp: str) -> None:
    with pytest.raises(ListingFormatError, match="no readable date"):
        parse(with_stamps(stamp, stamp))


# --- what is not a listing -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"Rate exceeded.", "Rate exceeded"),
        (b"<!DOCTYPE html><html><body>Hello</body></html>", "document type"),
        (b"<html><body>Hello</body></html>", "<html>"),
        (b"<rss version='2.0'/>", "no <channel>"),
        (b"<rss><channel><title>Other news</title></channel></rss>", "titled 'Other news'"),
        (b"<rss><channel/></rss>", "titled ''"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "titled ''"),
        (b"\xff\xfe\x00", "not complete XML"),
        (b"<?xml version='1.0' encoding='no-such'?><rss/>", "not complete XML"),
        (b"<?xml version='1.0' encoding='utf-7'?><rss/>", "not complete XML"),
        (b"<rss>&nbsp;</rss>", "not complete XML"),
        (b"<rss>\x00</rss>", "not complete XML"),
    ],
)
def test_anything_else_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ListingFormatError) as caught:
        parse_feed(content)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_error_feed_is_told_in_arxivs_words() -> None:
    with pytest.raises(ListingFormatError, match="Bad archive 'nosuch'"):
        parse(rss_error("nosuch", "Bad archive 'nosuch'. Valid archive names are: cs.", DAY))


@pytest.mark.parametrize("path", ["rss_error_*.xml", "atom_error_*.xml", "rss_help.txt"])
def test_every_recorded_refusal_is_an_error(path: str) -> None:
    for recording in recordings(f"rendered/{path}"):
        with pytest.raises(ListingFormatError):
            parse_feed(recording.read_bytes())


def test_the_retired_form_is_named() -> None:
    recording = shared("recordings/feeds/rss_fetched_2024-01-31-cs-cv.xml")
    with pytest.raises(ListingFormatError, match=r"RSS 1\.0"):
        parse_feed(recording.read_bytes())


LAUGHS = (
    b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<rss><channel><title>&b;</title></channel></rss>"
)
OUTSIDE = (
    b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<rss><channel><title>&x;</title></channel></rss>"
)


@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE])
def test_entities_are_refused_before_they_mean_anything(content: bytes) -> None:
    with pytest.raises(ListingFormatError, match="document type"):
        parse_feed(content)


@pytest.mark.parametrize(
    "content",
    [
        b"<rss>" * 200_000,
        b"<rss>" * 200_000 + b"</rss>" * 200_000,
        b"<rss><channel><title>cs.CV updates on arXiv.org</title>"
        + b"<item>" * 200_000
        + b"</item>" * 200_000
        + b"</channel></rss>",
    ],
)
def test_deep_nesting_ends_in_an_error(content: bytes) -> None:
    """Not in an exhausted stack, nor in hours: each level costs about the same."""
    with pytest.raises(ListingFormatError):
        parse_feed(content)


# --- recordings ------------------------------------------------------------------------------

COUNTS = {
    "feeds/rss_fetched_2026-08-19-cs-cv.xml": ("cs.CV", date(2026, 8, 18), [219, 50, 99, 21]),
    "feeds/rss_fetched_2026-05-13-cs-lg.xml": ("cs.LG", date(2026, 5, 12), [485, 248, 251, 117]),
    "feeds/rss_fetched_2024-03-06-cs-cv.xml": ("cs.CV", date(2024, 3, 5), [134, 43, 91, 32]),
    "feeds/rss_fetched_2025-11-04-cs-cv.xml": ("cs.CV", date(2025, 11, 3), [80, 11, 35, 13]),
    "feeds/rss_fetched_2026-06-23-cs-cv.xml": ("cs.CV", date(2026, 6, 22), [0, 0, 0, 0]),
    "feeds/rss_physics_2025-12-31_holiday_empty.xml": ("physics", date(2025, 12, 31), [0] * 4),
    "rendered/rss_cs.CV_2026-06-30.xml": ("cs.CV", date(2026, 6, 30), [261, 6, 36, 2]),
    "rendered/atom_cs.CV_2026-06-30.xml": ("cs.CV", date(2026, 6, 30), [261, 6, 36, 2]),
    "rendered/rss_cs.CV+cs.LG_2026-06-30.xml": ("cs.CV+cs.LG", date(2026, 6, 30), [261, 49, 36, 7]),
}


@pytest.mark.parametrize("path", COUNTS)
def test_recorded_feeds_have_the_counted_papers(path: str) -> None:
    listing = parse_feed(shared(f"recordings/{path}").read_bytes())
    assert (listing.category, listing.announced_on, [*listing.counts().values()]) == COUNTS[path]


def test_nothing_in_a_recorded_feed_is_skipped_or_out_of_order() -> None:
    for recording in recordings(*FEEDS):
        listing = parse_feed(recording.read_bytes())
        assert listing.skipped == ()
        assert listing.is_complete
        positions = [announcement.position for announcement in listing.announcements]
        assert positions == list(range(1, len(positions) + 1))
        for announcement in listing.announcements:
            paper = announcement.paper
            assert paper.title
            assert paper.abstract
            assert paper.authors
            assert paper.categories


def test_both_forms_of_a_feed_say_the_same() -> None:
    rss = parse_feed(shared("recordings/rendered/rss_cs.CV_2026-06-30.xml").read_bytes())
    atom = parse_feed(shared("recordings/rendered/atom_cs.CV_2026-06-30.xml").read_bytes())
    assert rss.announcements == atom.announcements


def test_a_truncated_recording_is_never_a_listing() -> None:
    """Wherever it is cut, the result is an error, not a short day."""
    for recording in recordings(*FEEDS):
        content = recording.read_bytes()
        for cut in cuts(content, most=240 if len(content) < 1000 else 24):
            with pytest.raises(ListingFormatError):
                parse_feed(cut)
