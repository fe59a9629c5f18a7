"""What a file is, is told by its content, and said in one sentence where it is nothing of ours."""

import gzip
import json

import pytest

from bot.arxiv.feeds import parse_feed
from bot.arxiv.files import (
    MOST_BYTES,
    SNIFFED_BYTES,
    Form,
    parse_listing_file,
    parse_oai_file,
    sniff,
)
from bot.arxiv.listing import parse_listing_page
from bot.errors import FileFormatError
from tests.arxiv.recordings import recordings
from tests.samples import snapshot_line
from tests.shared import shared

XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"# ArXiv cs.CV --Fri, 21 Aug 2020\n", Form.MARKDOWN),
        (b"\xef\xbb\xbf\r\n# ArXiv cs.CV --Fri, 21 Aug 2020\n", Form.MARKDOWN),
        (XML + b'<rss version="2.0"><channel>', Form.FEED),
        (XML + b'<feed xmlns="http://www.w3.org/2005/Atom">', Form.FEED),
        (b"<!DOCTYPE html>\n<html><head>", Form.PAGE),
        (b"<HTML><HEAD>", Form.PAGE),
        (XML + b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">', Form.OAI),
        (snapshot_line().encode() + b"\n", Form.SNAPSHOT),
        (b"\n  " + snapshot_line().encode(), Form.SNAPSHOT),
        (b"\xef\xbb\xbf" + snapshot_line().encode(), Form.SNAPSHOT),
        (b'{"id": broken\n' + snapshot_line().encode(), Form.SNAPSHOT),
    ],
)
def test_a_form_is_told_by_its_beginning(start: bytes, form: Form) -> None:
    assert sniff(start) is form


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"hello", "none of what can be imported"),
        (bytes(range(256)), "none of what can be imported"),
        (b'[{"id": "2403.00001"}]', "none of what can be imported"),
        (b'{"users": []}\n', "no title"),
        (b"{\n  'id': 1\n}", "not JSON"),
        (b'{"title": "' + b"x" * SNIFFED_BYTES, "too long"),
        (XML + b"<urlset><url/></urlset>", "none of what can be imported"),
    ],
)
def test_anything_else_gets_one_sentence(start: bytes, part: str) -> None:
    with pytest.raises(FileFormatError, match=part) as raised:
        sniff(start)
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)


def test_a_snapshot_is_known_by_any_of_its_first_lines() -> None:
    broken = b'{"id": 3}\n' * 50
    assert sniff(broken + snapshot_line().encode() + b"\n") is Form.SNAPSHOT


def test_a_form_without_announcements_is_no_listing() -> None:
    with pytest.raises(FileFormatError, match="metadata snapshot"):
        parse_listing_file(snapshot_line().encode())


def test_what_breaks_off_gets_one_sentence() -> None:
    for content in (XML + b"<rss><channel><title>cs.CV upd", b"<html><body>", b"# A list\n- milk"):
        with pytest.raises(FileFormatError):
            parse_listing_file(content)


DAMAGED = {
    "cut off": gzip.compress(b"x" * 1000)[:-9],
    "nothing behind its first bytes": b"\x1f\x8b",
    "garbage": b"\x1f\x8b\x08" + b"\xff" * 50,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_archive_gets_one_sentence(content: bytes) -> None:
    with pytest.raises(FileFormatError, match="damaged gzip archive") as raised:
        parse_listing_file(content)
    assert str(raised.value).endswith(".")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked() -> None:
    """A few kilobytes may be gigabytes of blanks."""
    with pytest.raises(FileFormatError, match=f"more than {MOST_BYTES >> 20} MiB"):
        parse_listing_file(gzip.compress(b" " * (MOST_BYTES + 1)))


def test_an_answer_of_oai_pmh_is_no_listing_and_is_read_by_itself() -> None:
    answer = XML + (
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        b'<error code="noRecordsMatch">none</error></OAI-PMH>'
    )
    with pytest.raises(FileFormatError, match="is an "):
        parse_listing_file(answer)
    assert list(parse_oai_file(answer).papers) == []
    with pytest.raises(FileFormatError):
        parse_oai_file(b"<OAI-PMH>")


def test_every_feed_and_page_is_read_plain_and_gzipped() -> None:
    feeds = recordings("feeds/rss_fetched_2026-08-22-cs-cv.xml", "rendered/atom_cs.CV_2026-06-30*")
    pages = recordings("rendered/list_cs.CV_new_2026-06-30.html", "rendered/catchup*.html")
    for path, parse in [(f, parse_feed) for f in feeds] + [(p, parse_listing_page) for p in pages]:
        content = path.read_bytes()
        expected = parse(content)
        assert parse_listing_file(content) == expected, path
        assert parse_listing_file(gzip.compress(content)) == expected, path


def test_every_recording_has_its_form_or_a_sentence() -> None:
    """No recording makes the sniffing fail in any other way."""
    for path in recordings("feeds/*", "rendered/*", "oai/*", "api/*", "hf/*", "listing/*"):
        try:
            form = sniff(path.read_bytes()[:SNIFFED_BYTES])
        except FileFormatError:
            assert path.suffix in (".json", ".txt", ".tsv", ".xml"), path
        else:
            kind = "OAI" if path.name.startswith(("oai", "hepcrawl")) else ""
            assert not kind or form.name == kind, path


def test_the_reference_corpus_is_a_snapshot() -> None:
    with gzip.open(shared("corpus/papers.jsonl.gz")) as corpus:
        start = corpus.read(SNIFFED_BYTES)
    assert sniff(start) is Form.SNAPSHOT
    assert "announced" in json.loads(start.split(b"\n")[0])
