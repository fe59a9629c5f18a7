"""Which of the forms that we can import a file is in, recognised by its first bytes.

Names say nothing: people save feeds as ``.txt`` and arXiv's pages as ``new``.
"""

import gzip
import io
import zlib
from enum import Enum

from bot.arxiv.feeds import parse_feed
from bot.arxiv.listing import parse_listing_page
from bot.arxiv.markdown import parse_markdown
from bot.arxiv.oaipmh import OaiPage, parse_oai
from bot.arxiv.snapshot import read_snapshot_line
from bot.errors import ArxivError, FileFormatError
from bot.models import Listing

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SNIFFED_BYTES = 1 << 18
"""Enough for a few lines of a snapshot, the longest of which has 40 kB."""
SNIFFED_HEAD = 4096
MOST_BYTES = 100 << 20  # the largest real feed has 2.3 MB; more is a bomb
EXPECTED = (
    "a Markdown digest ('# ArXiv cs.CV --Fri, 21 Aug 2020'), an RSS or Atom feed or a listing "
    "page of arXiv, an OAI-PMH answer, or arXiv's metadata snapshot (JSON lines)"
)


class Form(Enum):
    """A form of file, as it is called in messages."""

    MARKDOWN = "Markdown digest"
    FEED = "feed"
    PAGE = "listing page"
    OAI = "OAI-PMH answer"
    SNAPSHOT = "metadata snapshot"

    @property
    def is_listing(self) -> bool:
        """Whether it tells what a category announced on a date."""
        return self in (Form.MARKDOWN, Form.FEED, Form.PAGE)


def sniff(start: bytes) -> Form:
    """Recognise the form of a file from its first (up to) `SNIFFED_BYTES` bytes, unpacked.

    Raises `FileFormatError` with one sentence for anything that we cannot import.
    """
    is_cut = len(start) >= SNIFFED_BYTES
    start = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    head = start[:SNIFFED_HEAD].lower()
    if not head:
        raise FileFormatError(f"The file is empty; expected {EXPECTED}.")
    if head.startswith(b"#"):
        return Form.MARKDOWN
    if head.startswith(b"{"):
        _check_lines(start, is_cut=is_cut)
        return Form.SNAPSHOT
    if b"<oai-pmh" in head:
        return Form.OAI
    if b"<rss" in head or b"<feed" in head or b"<rdf:rdf" in head:
        return Form.FEED
    if b"<!doctype html" in head or b"<html" in head:
        return Form.PAGE
    raise FileFormatError(f"The file is none of what can be imported: {EXPECTED}.")


def _check_lines(start: bytes, *, is_cut: bool) -> None:
    """Refuse JSON in whose first lines there is no paper at all."""
    lines = start.split(b"\n")
    if is_cut:
        lines = lines[:-1]
    reason = "its first line is too long"
    for number, line in enumerate(filter(bytes.strip, lines)):
        try:
            read_snapshot_line(line)
        except FileFormatError as error:
            reason = reason if number else str(error).rstrip(".")
        else:
            return
    raise FileFormatError(f"The file begins as JSON, but not as a metadata snapshot: {reason}.")


def parse_listing(content: bytes, form: Form) -> Listing:
    """Read a listing from a file's plain bytes; raises `FileFormatError`."""
    try:
        if form is Form.MARKDOWN:
            return parse_markdown(content)
        return parse_feed(content) if form is Form.FEED else parse_listing_page(content)
    except ArxivError as error:
        raise FileFormatError(str(error)) from error


def parse_oai_file(content: bytes) -> OaiPage:
    """Read an answer of OAI-PMH from a file's plain bytes; raises `FileFormatError`."""
    try:
        return parse_oai(content)
    except ArxivError as error:
        raise FileFormatError(str(error)) from error


def parse_listing_file(content: bytes) -> Listing:
    """Read a listing from a file's bytes, plain or gzipped, whatever its form.

    Raises `FileFormatError` with one sentence for anything else.
    """
    content = _gunzipped(content)
    form = sniff(content[:SNIFFED_BYTES])
    if not form.is_listing:
        raise FileFormatError(
            f"The file is {_article(form)} {form.value}, which does not know what was announced "
            "when; a Markdown digest, a feed or a listing page does."
        )
    return parse_listing(content, form)


def _article(form: Form) -> str:
    return "an" if form is Form.OAI else "a"


def _gunzipped(content: bytes) -> bytes:
    if not content.startswith(GZIP_MAGIC):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as archive:
            plain = archive.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileFormatError(f"The file is a damaged gzip archive ({error}).") from error
    if len(plain) > MOST_BYTES:
        raise FileFormatError(f"The file unpacks to more than {MOST_BYTES >> 20} MiB.")
    return plain
