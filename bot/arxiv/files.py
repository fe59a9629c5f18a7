"""Which of the forms that we can import a file is in, told from its first bytes."""

import gzip
import io
import zlib

from bot.arxiv.feeds import parse_feed
from bot.arxiv.markdown import parse_markdown
from bot.errors import FileFormatError, ListingFormatError
from bot.models import Listing

GZIP_MAGIC = b"\x1f\x8b"
SNIFFED_BYTES = 4096
MOST_BYTES = 100 << 20  # the largest real feed has 2.3 MB; more is a bomb


def parse_listing_file(content: bytes) -> Listing:
    """Read a listing from a file's bytes, plain or gzipped: Markdown digest, RSS or Atom feed.

    Raises `FileFormatError` with one sentence for anything else.
    """
    content = _gunzipped(content)
    start = content[:SNIFFED_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise FileFormatError("The file is empty; expected a Markdown digest or an arXiv feed.")
    if start.startswith(b"#"):
        return parse_markdown(content)
    if b"<rss" in start or b"<feed" in start:
        try:
            return parse_feed(content)
        except ListingFormatError as error:
            raise FileFormatError(str(error)) from error
    raise FileFormatError(
        "The file is neither a Markdown digest ('# ArXiv cs.CV --Fri, 21 Aug 2020') nor an "
        "RSS or Atom feed of arXiv."
    )


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
