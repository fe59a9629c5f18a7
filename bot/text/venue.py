"""Where a paper was accepted or published, as its authors say in a comment. Pure.

ArXiv has no field for it. Authors write "Accepted to ECCV 2026", "MNRAS accepted", "To appear in
the Proceedings of ... (ICST 2026)", or the bare "CVPR 2026". Nothing is guessed: a venue to which a
paper was only submitted, or one of another version ("an abridged version appeared in"), is none.

    comment -> sentences -> a sign of acceptance -> the words behind it, up to where a name ends
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_COMMENT: Final = 2000
MAX_NAME: Final = 80


class Standing(StrEnum):
    """What the authors say became of the paper; the values are stored, so they stay."""

    ACCEPTED = "accepted"
    TO_APPEAR = "to-appear"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A conference or journal: its short name if it has one, and the year if that is said."""

    name: str
    standing: Standing
    year: int | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.year}" if self.year else self.name


_DOT: Final = re.compile(
    r"\b(proc|phys|rev|lett|j|astron|astrophys|int|conf|trans|sci|comput|math|appl|nucl|instrum|"
    r"ann|res|comm|commun|soc|mon|not|roy|vs|vol|no|spec|eng|chem|mater|opt|soft|sect|st|dr|"
    r"[a-z])\.",
    re.IGNORECASE,
)
"""Abbreviations whose full stop ends no sentence."""
_HIDDEN: Final = "\ue000"
_SENTENCE_END: Final = re.compile(
    r"[.;!](?=\s|$)|\n|\s[-\u2013\u2014/]\s|--|https?://\S+|"
    r"\(?\bthis https URL\b\)?|\bv\d+:"
)

_KIND: Final = (
    r"(?:\s*\(?(?:as\s+)?(?:an?\s+)?(?:oral|spotlight|poster|highlight|long|short|full|regular|"
    r"main|conference|journal|workshop|research|invited|demo|findings|conditionally|"
    r"provisionally)\b\)?"
    r"(?:\s+(?:paper|article|presentation|talk|contribution|track|poster))?)?"
)
_THE: Final = r"\s+(?:the\s+)?(?:journal\s+of\s+record\s+)?"
_SIGNS: Final = (
    (
        Standing.TO_APPEAR,
        rf"\b(?:to\s+appear|(?:will|shall)\s+(?:also\s+)?(?:appear|be\s+published)|"
        rf"(?:accepted\s+)?to\s+be\s+(?:published|presented)|forthcoming|in\s+press){_KIND}"
        rf"\s*(?:at|by|in|on)\b:?{_THE}",
    ),
    (
        Standing.ACCEPTED,
        rf"\b(?:accepted|accept|aceepted|acccepted){_KIND}"
        r"(?:\s+(?:for|as\s+part\s+of|to\s+be)(?:\s+an?)?"
        r"(?:\s+(?:oral|poster|spotlight|final))?\s+"
        r"(?:publication|published|presentation|presented|inclusion|proceedings))?"
        rf"{_KIND}\s+(?:at|by|in|to|for|on){_THE}",
    ),
    (
        Standing.PUBLISHED,
        rf"\b(?:published|appeared|appears|presented){_KIND}\s+(?:at|by|in|on){_THE}",
    ),
    (Standing.PUBLISHED, r"^(?:the\s+)?(?:in\s+)?proc(?:eedings)?\.?\s+(?:of|from)\s+(?:the\s+)?"),
)
_SIGNS_READ: Final = tuple(
    (standing, re.compile(pattern, re.IGNORECASE)) for standing, pattern in _SIGNS
)

_DOUBT: Final = re.compile(
    r"\b(?:submitted|submission|under\s+(?:review|revision|consideration)|in\s+review|"
    r"not\s+(?:yet\s+)?(?:been\s+)?accepted|if\s+accepted|once\s+accepted|before|pending|reject\w*|"
    r"preliminary|abridged|shorter|short(?:ened)?\s+version|earlier|previous(?:ly)?|prior|"
    r"conference\s+version|journal\s+version|extended\s+abstract|extended\s+version|extends|"
    r"extension|part(?:s|ial|ially)?\s+of|companion|supplement\w*\s+(?:to|of|for)|"
    r"based\s+on|thesis|results?\s+(?:were|was)|challenge|competition|"
    r"place\s+in|winner|solution\s+(?:to|for))\b",
    re.IGNORECASE,
)
"""What before a sign of acceptance says that it is about something else, or not settled."""
_OPEN: Final = re.compile(r"\b(?:if|once|unless|not|pending|subject\s+to)\b", re.IGNORECASE)
"""What anywhere in its sentence says that it is not settled."""

_NAME_END: Final = re.compile(
    r"(?:[,(]|\s)\s*(?:with\s+)?\d+\s*(?:pages?|pp|figures?|figs?|tables?)\b|"
    r"[,(\s]+(?:project|code|data|the\s+code|source|github|website|homepage|video|doi|url|"
    r"including|includes?|updated|see|available|arxiv|key\s*words?|which|where|as\s+a[n]?|"
    r"we|typos|comments)\b",
    re.IGNORECASE,
)
_ACRONYM: Final = r"[A-Z][A-Za-z&+*]*(?:-[A-Za-z&]+)?[A-Z&+][A-Za-z&+]*|[A-Z]{2,}"
_YEAR: Final = r"(?:19|20)\d\d"
_IN_BRACKETS: Final = re.compile(
    rf"\(\s*({_ACRONYM})(?:[\s'\u2019-]*({_YEAR}|(?<=['\u2019])\d\d))?\s*\)"
)
_SHORT: Final = re.compile(
    rf"^({_ACRONYM})[\s'\u2019-]*({_YEAR}|\d\d)?(?=$|[\s,(/])"
    r"(?i:\s*\(?(?:main|oral|poster|spotlight|highlight|findings|conference|"
    r"workshops?|industry\s+track|research\s+track|main\s+track|main\s+conference|"
    r"camera[- ]ready|provisionally|accepted|extended)\b\)?)*\s*$"
)
_BARE: Final = re.compile(
    rf"^({_ACRONYM})[\s'\u2019-]*({_YEAR}|(?<=['\u2019])\d\d)?"
    r"(?i:\s*[,(]?\s*(?:accept(?:ed)?(?:\s+provisionally)?|main|main\s+conference|"
    r"oral|poster|spotlight|highlight|findings|camera[- ]ready)\b\)?)*\s*$"
)
_LISTED: Final = re.compile(r"[^,(:]+(?:,\s+[A-Z]\w+){1,3},?\s+and\s+[A-Z][^,(:]*")
"""A name with commas: Software Testing, Verification and Reliability."""
_ACCEPTED_BEHIND: Final = re.compile(r"\baccept(?:ed)?\b", re.IGNORECASE)


def read_venue(comment: str | None) -> Venue | None:
    """Return the venue that a comment names as the paper's own; None where it names none surely."""
    if not comment:
        return None
    for sentence in _sentences(comment[:MAX_COMMENT]):
        found = _read_sentence(sentence)
        if found is not None:
            return found
    return None


def list_venues(comment: str | None, journal_ref: str | None) -> tuple[str, ...]:
    """List the venues that a comment and a journal reference name, in their words."""
    venue = read_venue(comment)
    named = (str(venue) if venue else None, journal_ref)
    return tuple(dict.fromkeys(each for each in named if each))


def _sentences(comment: str) -> list[str]:
    text = _DOT.sub(lambda dot: f"{dot[1]}{_HIDDEN}", comment)
    return [
        " ".join(each.replace(_HIDDEN, ".").split())
        for each in _SENTENCE_END.split(text)
        if each is not None and each.strip()
    ]


def _read_sentence(sentence: str) -> Venue | None:
    if _OPEN.search(sentence):
        return None
    for standing, sign in _SIGNS_READ:
        found = sign.search(sentence)
        if found is not None and not _DOUBT.search(sentence[: found.end()]):
            return _named(sentence[found.end() :], standing)
    return None if _DOUBT.search(sentence) else _read_bare(sentence)


def _read_bare(sentence: str) -> Venue | None:
    """Read "CVPR 2026" and "MNRAS accepted": a name alone, beside pages and figures at most."""
    for piece in re.split(r",\s+", sentence):
        found = _BARE.match(piece.strip())
        if found is not None and (found[2] or _ACCEPTED_BEHIND.search(piece)):
            return Venue(name=found[1], standing=Standing.ACCEPTED, year=_year(found[2]))
    return None


def _named(text: str, standing: Standing) -> Venue | None:
    """Read the name that ``text`` begins with."""
    end = _NAME_END.search(f" {text}")
    text = text[: max(end.start() - 1, 0)] if end else text
    text = text.strip(" ,.()\"'\u201c\u201d")
    if _IN_BRACKETS.search(f"{text})"):  # the bracket was stripped
        text = f"{text})"
    bracketed = _IN_BRACKETS.search(text)
    if bracketed is not None:
        years = re.findall(_YEAR, text)
        year = _year(bracketed[2]) or (int(years[-1]) if years else None)
        return Venue(name=bracketed[1], standing=standing, year=year)
    short = _SHORT.match(re.split(r"[,(:]\s", text)[0])
    if short is not None:
        years = [short[2]] if short[2] else re.findall(rf"^[\s,(]*({_YEAR})", text[short.end(1) :])
        return Venue(name=short[1], standing=standing, year=_year(years[0]) if years else None)
    return _long_name(text, standing)


def _long_name(text: str, standing: Standing) -> Venue | None:
    year = re.search(rf"[\s,(]({_YEAR})\b", text)
    listed = _LISTED.match(text)
    name = (listed[0] if listed else re.split(r",\s|\s\(", text)[0]).strip(" ,.()\"'")
    name = re.sub(rf"[\s,]+{_YEAR}$", "", name)
    is_name = bool(re.search(r"[A-Z]", name)) and len(name) <= MAX_NAME and len(name) > 1
    if not is_name or re.fullmatch(rf"{_YEAR}|\w+ \d+(?:st|nd|rd|th)?", name):
        return None
    return Venue(name=name, standing=standing, year=int(year[1]) if year else None)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)
