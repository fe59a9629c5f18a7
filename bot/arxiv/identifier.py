"""ArXiv identifiers: read every form in which people and services write them, write links.

Two schemes exist (https://info.arxiv.org/help/arxiv_identifier.html): ``YYMM.number`` since April
2007, four digits until December 2014 and five since, and ``archive/YYMMNNN`` before. They are
text, never numbers: ``1501.00010`` is not ``1501.0001``.
"""

import re
from urllib.parse import unquote

from bot.errors import InputError
from bot.models import ArxivId, Link, LinkKind, Provenance

ABS_BASE = "https://arxiv.org/abs/"
PDF_BASE = "https://arxiv.org/pdf/"

MAX_CHARS = 500  # the longest address anybody pastes; more is not an identifier

# fmt: off
OLD_ARCHIVES = frozenset([
    "acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn",
    "chem-ph", "cmp-lg", "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex",
    "hep-lat", "hep-ph", "hep-th", "math", "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th",
    "patt-sol", "physics", "plasm-ph", "q-alg", "q-bio", "quant-ph", "solv-int", "supr-con",
])
# fmt: on
"""The archives that gave out identifiers of the old scheme (1991 to March 2007)."""

ADDRESS = re.compile(
    r"""(?:https?://)?
    (?:
        (?:[a-z]{2,10}\.)?arxiv\.org/(?:abs|pdf|html|format|src|e-print|ps|tb|show)/
      | (?:dx\.)?(?:doi\.org/)?10\.48550/arxiv\.
      | (?:www\.)?alphaxiv\.org/(?:abs|pdf|overview|html)/
      | ar5iv(?:\.labs\.arxiv)?\.org/(?:abs|pdf|html|papers)/
      | (?:www\.)?(?:huggingface|hf)\.co/papers/
      | (?:www\.)?scirate\.com/arxiv/
      | (?:www\.|api\.)?semanticscholar\.org/(?:arxiv:|arxiv/|reader/arxiv:|paper/arxiv:)
      | (?:www\.)?emergentmind\.com/papers/
      | (?:www\.)?papers\.cool/arxiv/
      | (?:oai:)?arxiv(?:\.org)?:\s*
      | doi:\s*10\.48550/arxiv\.
    )""",
    re.I | re.VERBOSE,
)
_NEW_SCHEME = re.compile(r"(\d{2})(\d{2})\.(\d{4,5})", re.ASCII)
_OLD_SCHEME = re.compile(r"([a-z-]+)(?:\.[a-z]{2})?/(\d{2})(\d{2})(\d{3})", re.I | re.ASCII)
_VERSION = re.compile(r"v([1-9]\d{0,3})", re.I | re.ASCII)
_ENDING = re.compile(r"/?(?:\.pdf|\.ps\.gz|\.html|\.txt)?/?(?:[?#]\S*)?", re.I)
_CITED = re.compile(r"arxiv\s+(?:e-?|pre)prints?[,:]?\s*(?:p\.\s*)?(?=arxiv|[a-z-]+/\d|\d)", re.I)
_WRAPPING = " \t\n<>()[]{}\"'`.,;:!"
_CITATION = re.compile(  # 'arXiv:2401.01234v2 [cs.CV] 3 Jan 2024', 'arXiv:2401.01234, 2024.'
    r"\s+\[[\w.-]+\].*|,?\s+\(?(?:19|20)\d\d\)?\.?$", re.ASCII
)


def parse_identifier(text: str) -> tuple[ArxivId, int | None]:
    """Read an identifier and its version, if it names one, from any of its usual forms.

    Bare (``2401.01234v2``, ``math.GT/0309136``), with a prefix (``arXiv:``, ``oai:arXiv.org:``,
    ``doi:10.48550/arXiv.``), as a citation (``arXiv preprint arXiv:``) or as an address of arXiv,
    doi.org, alphaXiv, ar5iv, Hugging Face, SciRate, Semantic Scholar, Emergent Mind or Papers.cool.
    Raises `InputError` for anything else.
    """
    rest = _without_wrapping(text)
    identifier = _match_new_scheme(rest) or _match_old_scheme(rest)
    if identifier is None:
        raise _not_an_identifier(text)
    arxiv_id, length = identifier
    rest = rest[length:]
    version = _VERSION.match(rest)
    if version:
        rest = rest[version.end() :]
    if not _ENDING.fullmatch(rest):
        raise _not_an_identifier(text)
    return arxiv_id, int(version[1]) if version else None


def abs_url(arxiv_id: ArxivId, version: int | None = None) -> str:
    """Return the address of the abstract page; without a version it is the latest one's."""
    return f"{ABS_BASE}{arxiv_id}{_suffix(version)}"


def pdf_url(arxiv_id: ArxivId, version: int | None = None) -> str:
    """Return the address of the PDF; without a version it is the latest one's."""
    return f"{PDF_BASE}{arxiv_id}{_suffix(version)}"


def arxiv_links(arxiv_id: ArxivId) -> tuple[Link, Link]:
    """Return the links every paper has: abstract page, PDF."""
    return (
        Link(kind=LinkKind.ABS, url=abs_url(arxiv_id), provenance=Provenance.ARXIV),
        Link(kind=LinkKind.PDF, url=pdf_url(arxiv_id), provenance=Provenance.ARXIV),
    )


def sort_key(arxiv_id: ArxivId) -> tuple[int, int, str]:
    """Order identifiers as arXiv gave them out: by month, by number, then by archive."""
    archive, slash, number = arxiv_id.rpartition("/")
    year, month = int(number[:2]), int(number[2:4])
    century = 1900 if slash and year > 90 else 2000
    return (century + year) * 12 + month, int(number[4:].lstrip(".")), archive


def _suffix(version: int | None) -> str:
    return "" if version is None else f"v{version}"


def _without_wrapping(text: str) -> str:
    """Drop what surrounds the identifier: blanks, brackets, a prefix or an address."""
    inner = _CITATION.sub("", text[:MAX_CHARS].strip(), count=1)
    inner = _CITED.sub("", unquote(inner.strip(_WRAPPING)), count=1)
    address = ADDRESS.match(inner)
    return inner[address.end() :] if address else inner


def _match_new_scheme(text: str) -> tuple[ArxivId, int] | None:
    found = _NEW_SCHEME.match(text)
    if not found:
        return None
    year, month, number = int(found[1]), int(found[2]), found[3]
    digits = 5 if year >= 15 else 4
    if not 1 <= month <= 12 or (year, month) < (7, 4) or len(number) != digits:
        return None
    return ArxivId(found[0]), found.end()


def _match_old_scheme(text: str) -> tuple[ArxivId, int] | None:
    found = _OLD_SCHEME.match(text)
    if not found or found[1].lower() not in OLD_ARCHIVES:
        return None
    year, month = int(found[2]), int(found[3])
    is_old = year >= 91 or (year, month) < (7, 4)
    if not 1 <= month <= 12 or not is_old:
        return None
    return ArxivId(f"{found[1].lower()}/{found[2]}{found[3]}{found[4]}"), found.end()


def _not_an_identifier(text: str) -> InputError:
    shown = text.strip() if len(text.strip()) <= 60 else f"{text.strip()[:59]}…"
    return InputError(
        f"{shown!r} is not an arXiv identifier; write it like 2401.01234, 2401.01234v2 or "
        "hep-th/9901001, or paste the address of its arXiv page."
    )
