from datetime import UTC, date, datetime

import pytest

from bot.arxiv.oaipmh import OaiPage, TokenExpired, parse_oai
from bot.errors import ListingFormatError
from tests.arxiv.recordings import cuts, recordings
from tests.fakes.arxiv_forms import Record, oai_error, oai_records
from tests.shared import shared

DAY = date(2024, 8, 2)
RECORD = Record(
    "2408.00001",
    version=3,
    title="On\n  $\\beta$-decay",
    abstract="  We study\nit.\n",
    authors=r"G\"oran B (Univ., City), Bo C",
    categories=["hep-th", "cs.CV"],
    comment="10 pages",
    doi="10.1000/1",
    journal_ref="J. Ex. 1 (2024) 1",
    submitted_at=datetime(2024, 7, 1, 12, 30, tzinfo=UTC),
)


def write(*records: Record, token: str | None = None) -> bytes:
    return oai_records([(DAY, record) for record in records], token).encode()


def test_every_field_of_a_raw_record_arrives() -> None:
    [paper] = parse_oai(write(RECORD)).papers
    assert (paper.arxiv_id, paper.version) == ("2408.00001", 3)
    assert (paper.title, paper.abstract) == ("On β-decay", "We study it.")
    assert paper.authors == ("Göran B", "Bo C")
    assert paper.categories == ("hep-th", "cs.CV")
    assert (paper.comment, paper.doi, paper.journal_ref) == (
        "10 pages",
        "10.1000/1",
        "J. Ex. 1 (2024) 1",
    )
    assert paper.license == RECORD.license
    assert paper.submitted_at == RECORD.submitted_at


def test_every_field_of_an_arxiv_record_arrives() -> None:
    content = b"""<OAI-PMH><GetRecord><record><header>
    <identifier>oai:arXiv.org:2408.00001</identifier></header><metadata><arXiv><id>2408.00001</id><created>2024-07-01</created>
    <updated>2024-08-01</updated><authors>
    <author><keyname>The X Collaboration</keyname></author>
    <author><keyname>King</keyname><forenames>Henry</forenames><suffix>III</suffix></author>
    </authors><title>A Paper</title><categories>cs.CV cs.LG</categories>
    <abstract>Text.</abstract></arXiv></metadata></record></GetRecord></OAI-PMH>"""
    [paper] = parse_oai(content).papers
    assert paper.authors == ("The X Collaboration", "Henry King III")
    assert paper.version == 2  # revised at least once
    assert paper.submitted_at == datetime(2024, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("token", "read"), [(None, None), ("", None), ("verb%3DListRecords", "verb%3DListRecords")]
)
def test_the_token_of_the_next_page_is_kept_as_written(token: str | None, read: str | None) -> None:
    assert parse_oai(write(RECORD, token=token)).token == read


def test_deleted_records_are_named() -> None:
    content = write(RECORD).replace(b"<header>", b'<header status="deleted">')
    assert parse_oai(content) == OaiPage(
        papers=(), deleted=(parse_oai(write(RECORD)).papers[0].arxiv_id,)
    )


@pytest.mark.parametrize(
    "broken",
    [
        (b"<id>2408.00001</id>", b"<id>nothing</id>"),
        (b"<title>On", b"<title/><title2>On"),
        (b"<metadata>", b"<nothing/><about>"),
    ],
)
def test_a_broken_record_is_skipped_and_named(broken: tuple[bytes, bytes]) -> None:
    content = write(RECORD, Record("2408.00002"))
    content = content.replace(*broken, 1)
    if b"title2" in broken[1]:
        content = content.replace(b"decay</title>", b"decay</title2>", 1)
    if b"about" in broken[1]:
        content = content.replace(b"</metadata>", b"</about>", 1)
    page = parse_oai(content)
    assert [paper.arxiv_id for paper in page.papers] == ["2408.00002"]
    assert [skipped.name for skipped in page.skipped] == ["oai:arXiv.org:2408.00001"]


@pytest.mark.parametrize("stamp", ["", "yesterday", "Mon, 1 Jul 2024 12:30:00"])
def test_an_unreadable_time_of_submission_is_absent(stamp: str) -> None:
    content = write(RECORD).replace(b"Mon, 01 Jul 2024 12:30:00 GMT", stamp.encode())
    assert parse_oai(content).papers[0].submitted_at is None


def test_nothing_matching_is_an_empty_page() -> None:
    assert parse_oai(oai_error("noRecordsMatch", "None.").encode()) == OaiPage(papers=())


def test_an_old_token_is_told_apart() -> None:
    with pytest.raises(TokenExpired, match="expired"):
        parse_oai(oai_error("badResumptionToken", "It is invalid or expired.").encode())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"<html></html>", "<html>"),
        (b"<OAI-PMH><Identify/></OAI-PMH>", "no records"),
        (oai_error("badArgument", "Set does not exist").encode(), "Set does not exist"),
        (write(RECORD).replace(b"arXivRaw", b"oai_dc"), "oai_dc"),
    ],
)
def test_anything_else_is_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(ListingFormatError, match=said):
        parse_oai(content)


# --- recordings ------------------------------------------------------------------------------

PAGES = ("rendered/oai_listrecords*.xml", "rendered/oai_getrecord.xml", "oai/hepcrawl*.xml")
COUNTS = {"rendered/oai_listrecords_arXiv.xml": 40, "rendered/oai_getrecord.xml": 1}


def test_recorded_records_are_read_whole() -> None:
    for recording in recordings(*PAGES):
        page = parse_oai(recording.read_bytes())
        assert page.papers
        assert page.skipped == ()
        for paper in page.papers:
            assert paper.title
            assert paper.abstract
            assert paper.authors
            assert paper.categories
            assert paper.submitted_at


def test_recorded_pages_follow_each_other() -> None:
    for number, skip in [(1, 40), (2, 80)]:
        path = f"recordings/rendered/oai_listrecords_arXivRaw_p{number}.xml"
        page = parse_oai(shared(path).read_bytes())
        assert len(page.papers) == 40
        assert page.token is not None
        assert page.token.endswith(f"%26skip%3D{skip}")


@pytest.mark.parametrize(
    "code", ["badArgument", "badSet", "badVerb", "cannotDisseminate", "idDoesNotExist"]
)
def test_recorded_errors_are_errors(code: str) -> None:
    content = shared(f"recordings/rendered/oai_err_{code}.xml").read_bytes()
    with pytest.raises(ListingFormatError, match="refused"):
        parse_oai(content)


def test_other_recorded_answers_are_no_records() -> None:
    for recording in recordings("rendered/oai_[ims]*.xml", "rendered/oai_listid*", "oai/adsabs*"):
        with pytest.raises(ListingFormatError):
            parse_oai(recording.read_bytes())


def test_a_truncated_answer_is_never_one() -> None:
    for recording in recordings(*PAGES, "rendered/oai_err*.xml"):
        for cut in cuts(recording.read_bytes(), most=30):
            with pytest.raises(ListingFormatError):
                parse_oai(cut)
