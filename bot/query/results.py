"""What a search comes to: a page of papers and the ways to further ones, or why there is none."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.errors import InputError
from bot.models import StoredPaper
from bot.query.ast import EVERYTHING, LeafNode, Node, Query, Text, TextField, leaves
from bot.query.fields import Misnamed

LAST_KEY: Final = 1 << 62
"""Beyond the key of any paper."""
MOST_COUNTED: Final = 1000
"""Papers: nobody needs to know of more, and to count all of three million takes seconds."""

_CURSOR = re.compile(
    r"(-?)(\d)\.([0-9a-f]{1,15})\.(\d{1,7})\.(\d{1,7})(\+?)(?:\.([0-9a-f]{1,15}))?", re.ASCII
)


class Sort(StrEnum):
    NEWEST = "newest"
    RELEVANCE = "relevance"


def usual_sort(query: Query) -> Sort:
    """Return the order that people expect: by relevance where words were typed."""
    return Sort.RELEVANCE if says_words(query) else Sort.NEWEST


def says_words(query: Query) -> bool:
    """Whether a query asks for words, not only for names, categories, dates and the like."""
    return any(
        isinstance(leaf, Text) and leaf.field is not TextField.AUTHORS
        for leaf in leaves(query.root)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where another page lies: behind paper ``key`` of ``tier``, or with ``is_back`` before it.

    ``shown`` counts the papers in front of that page and ``total`` is the first page's, so that
    both stay the same while new papers arrive. Relevance is measured among the papers that were
    there at first, up to the key ``bound``. ``str(cursor)`` fits into a button's custom id: at
    most 40 of the characters 0-9, a-f, ``.``, ``+`` and ``-``.
    """

    tier: int
    key: int
    shown: int
    total: int
    total_is_exact: bool
    bound: int = LAST_KEY
    is_back: bool = False

    def __str__(self) -> str:
        way = "-" if self.is_back else ""
        exact = "" if self.total_is_exact else "+"
        bound = "" if self.bound == LAST_KEY else f".{self.bound:x}"
        return f"{way}{self.tier}.{self.key:x}.{self.shown}.{self.total}{exact}{bound}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read ``str(cursor)`` again; raises `InputError` for anything else."""
        found = _CURSOR.fullmatch(text)
        if not found:
            raise InputError("This page no longer exists; search again.")
        way, tier, key, shown, total, more, bound = found.groups()
        return cls(
            tier=int(tier),
            key=int(key, 16),
            shown=int(shown),
            total=int(total),
            total_is_exact=not more,
            bound=int(bound, 16) if bound else LAST_KEY,
            is_back=bool(way),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that was found; ``shared`` are the words that make it like another, if asked so."""

    stored: StoredPaper
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """One page of results; ``first_number`` is the first result's place among all, from 1.

    ``asked`` is the query as it was widened. ``total`` is a lower bound unless ``total_is_exact``.
    ``next`` and ``previous`` lead to the pages around it, ``last`` to the last one, as long as this
    one; None where there is none, or the last is not known. ``overran``
    says that the search was cut off at its deadline: there may be more.
    """

    matches: tuple[Match, ...]
    total: int
    total_is_exact: bool
    next: Cursor | None
    previous: Cursor | None = None
    last: Cursor | None = None
    overran: bool = False
    first_number: int = 1
    asked: Node = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A word that no paper says, or next to none, and the word that may be meant."""

    typed: str
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closest:
    """Papers that say most of a query, the best first, and what was made of it.

    ``query`` is what was looked for, without ``left_out``; ``asked`` is the same widened.
    ``filters`` are those that phrases of it became, and ``unmet`` those of them that no such paper
    meets; ``counts`` tell of each word about how many papers say it. ``doubtful`` are words that
    next to no paper says, each with a usual one, and ``corrected`` is the query with these.
    """

    matches: tuple[Match, ...]
    query: Query
    asked: Node
    filters: tuple[LeafNode, ...] = ()
    left_out: tuple[str, ...] = ()
    unmet: tuple[LeafNode, ...] = ()
    mended: tuple[Mended, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    doubtful: tuple[Mended, ...] = ()
    corrected: Query | None = None

    @property
    def is_read_otherwise(self) -> bool:
        """Whether what was looked for is not what was typed."""
        return bool(self.filters or self.left_out or self.mended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a search shows first: a page of what ``query`` finds, and the closest papers below.

    ``query`` is what was typed, or what that was understood as where nothing says what was typed.
    """

    query: Query
    page: SearchPage
    closest: Closest | None = None

    @property
    def is_understood(self) -> bool:
        """Whether the page is of another query than the one that was typed."""
        return self.closest is not None and self.query is self.closest.query


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulWord:
    """A word that no paper uses, or next to none, and usual ones that look like it.

    The likeliest suggestion comes first.
    """

    word: str
    papers: int
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulName:
    """A name that no author has, and authors' names like it, the nearest first."""

    name: str
    nearest: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """A part of the query without which ``papers`` papers would be found (at least)."""

    part: str
    papers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Why a search found nothing, and what would find something.

    ``misnamed`` are fields by a wrong name; the rest of the advice takes them as they are meant.
    ``corrected`` is the query with what is meant by them, and with the doubtful words and names
    replaced by the likeliest suggestions, when that finds something. ``blame`` names the parts that
    could be left out, the most helpful first. ``counts`` tell of each part of an AND how many
    papers it finds by itself, up to `MOST_COUNTED`.
    """

    misnamed: tuple[Misnamed, ...] = ()
    doubtful: tuple[DoubtfulWord, ...] = ()
    names: tuple[DoubtfulName, ...] = ()
    corrected: Query | None = None
    blame: tuple[Blame, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
