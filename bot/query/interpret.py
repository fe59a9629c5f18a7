"""What a person means by words that no paper says: *this week*, *by Kaiming He*, *year:2024*.

For searches only, and only once the words as they stand have found too little. A phrase that names
a time, an author, a link or a category becomes that filter, so does a field by a wrong name, and
words of questions are left out.
Topics and filters never read a query like this.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from bot.errors import InputError
from bot.models import LinkKind
from bot.query.ast import (
    Author,
    Has,
    LeafNode,
    Node,
    Query,
    Since,
    Text,
    Until,
    all_of,
    leaves,
)
from bot.query.fields import read_fields
from bot.query.printer import print_node
from bot.query.values import parse_category

MOST_OF_A_NAME: Final = 3
"""Words behind *by*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """A query taken apart: what it asks for, and what was made of its words.

    ``words`` are the plain words and phrases that are left, ``others`` all that was already said
    in the language of queries. ``filters`` are what phrases became, ``left_out`` the words of a
    question.
    """

    words: tuple[Text, ...]
    others: tuple[Node, ...] = ()
    filters: tuple[LeafNode, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def query(self) -> Query:
        """The query in the language of queries."""
        return self.with_filters(self.filters)

    def with_filters(self, filters: Sequence[LeafNode]) -> Query:
        root = all_of(*self.words, *self.others, *filters)
        return Query(text=print_node(root), root=root)


def interpret(query: Query, today: date) -> Interpretation:
    """Read ``query`` as it was typed on the day ``today``."""
    parts, misnamed = read_fields(query)
    filters = [leaf for field in misnamed for leaf in leaves(field.meant)]
    words: list[Text] = []
    others: list[Node] = []
    at = 0
    while at < len(parts):
        found = _phrase(_run(parts, at), today)
        if found is not None:
            filters.extend(found.filters)
            at += found.length
            continue
        part = parts[at]
        if isinstance(part, Text) and not part.is_prefix:
            words.append(part)
        else:
            others.append(part)
        at += 1
    kept = [word for word in words if not _is_filler(word)]
    left_out = [word.text for word in words if _is_filler(word)]
    if not kept:
        kept, left_out = words, []
    return Interpretation(
        words=tuple(kept), others=tuple(others), filters=tuple(filters), left_out=tuple(left_out)
    )


def _run(parts: Sequence[Node], at: int) -> list[str]:
    """Return the plain words from a place on."""
    run: list[str] = []
    for part in parts[at : at + 6]:
        if not _is_plain(part):
            break
        assert isinstance(part, Text)  # noqa: S101
        run.append(part.text)
    return run


def _is_plain(part: Node) -> bool:
    return (
        isinstance(part, Text) and part.field is None and not part.is_exact and not part.is_prefix
    )


def _is_filler(word: Text) -> bool:
    # Not only plain words: what an operator is in capitals is written in quotes again.
    return word.field is None and not word.is_prefix and word.text.lower() in FILLERS


_OF_QUESTIONS = (
    "a about all an and any anyone anything are article articles as at available be been best by "
    "came can come could deal dealing deals describe did discuss do does every find for from get "
    "give good had has have how i in interesting into is it its know latest like list looking me "
    "my need new newest of on one or our out paper papers people please preprint preprints "
    "published recent recently related released research see should show some tell than that the "
    "their them there these they this those to up use used uses using want was we were what when "
    "where which who whose why will with work works would you"
)
FILLERS: Final = frozenset(_OF_QUESTIONS.split(" "))
"""Words of questions, and such as stand in every paper."""


# Phrases


@dataclass(frozen=True, slots=True)
class _Phrase:
    length: int
    filters: tuple[LeafNode, ...]


def _phrase(run: Sequence[str], today: date) -> _Phrase | None:
    """Recognise a phrase at the beginning of some words."""
    if not run:
        return None
    small = [word.lower() for word in run]
    for read in (_read_time, _read_since, _read_code):
        found = read(small, today)
        if found is not None:
            return found
    return _read_name(run) or _read_category(run)


def _read_time(words: Sequence[str], today: date) -> _Phrase | None:
    if words[0] in ("in", "from", "during", "over", "within") and len(words) > 1:
        inner = _read_time(words[1:], today)
        return _Phrase(inner.length + 1, inner.filters) if inner else None
    if words[0] == "the" and len(words) > 1 and words[1] in ("last", "past"):
        inner = _read_time(words[1:], today)
        return _Phrase(inner.length + 1, inner.filters) if inner else None
    if words[0] == "today":
        return _Phrase(1, (Since(day=today),))
    if words[0] == "yesterday":
        return _Phrase(1, _between(today - timedelta(days=1), today - timedelta(days=1)))
    if words[0] in ("last", "past", "previous") and len(words) > 2 and words[1].isdecimal():
        return _last_many(int(words[1][:4]), words[2], today)
    if len(words) > 1 and (words[0], words[1]) in _SPANS:
        return _Phrase(2, _SPANS[words[0], words[1]](today))
    return None


def _last_many(count: int, unit: str, today: date) -> _Phrase | None:
    days = _DAYS.get(unit.rstrip("s"))
    if days is None:
        return None
    since = today - timedelta(days=min(count * days, today.toordinal() - 1))
    return _Phrase(3, (Since(day=since),))


_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def _between(first: date, last: date) -> tuple[LeafNode, ...]:
    return (Since(day=first), Until(day=last))


def _week_before(today: date) -> tuple[LeafNode, ...]:
    monday = today - timedelta(days=today.weekday() + 7)
    return _between(monday, monday + timedelta(days=6))


def _month_before(today: date) -> tuple[LeafNode, ...]:
    last = today.replace(day=1) - timedelta(days=1)
    return _between(last.replace(day=1), last)


def _year_before(today: date) -> tuple[LeafNode, ...]:
    return _between(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))


_SPANS = {
    ("this", "week"): lambda today: (Since(day=today - timedelta(days=7)),),
    ("past", "week"): lambda today: (Since(day=today - timedelta(days=7)),),
    ("last", "week"): _week_before,
    ("this", "month"): lambda today: (Since(day=today.replace(day=1)),),
    ("past", "month"): lambda today: (Since(day=today - timedelta(days=30)),),
    ("last", "month"): _month_before,
    ("this", "year"): lambda today: (Since(day=date(today.year, 1, 1)),),
    ("past", "year"): lambda today: (Since(day=today - timedelta(days=365)),),
    ("last", "year"): _year_before,
}
"""*This week* is the last seven days: on a Monday people do not mean an empty one."""

_NAMES_OF_MONTHS = (
    "january february march april may june july august september october november december"
)
_MONTHS = _NAMES_OF_MONTHS.split(" ")
_BEFORE_A_DATE = ("since", "after", "before", "until", "till", "in", "from")
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)


def _read_since(words: Sequence[str], today: date) -> _Phrase | None:
    """Read *since March*, *after 2020*, *before 2024*, *in March 2024*."""
    if len(words) < 2 or words[0] not in _BEFORE_A_DATE:
        return None
    span = _span(words[1:], today)
    if span is None:
        return None
    length, first, last = span
    match words[0]:
        case "since":
            filters: tuple[LeafNode, ...] = (Since(day=first),)
        case "after":
            filters = (Since(day=last + timedelta(days=1)),)
        case "before":
            filters = (Until(day=first - timedelta(days=1)),)
        case "until" | "till":
            filters = (Until(day=last),)
        case _:
            filters = _between(first, last)
    return _Phrase(length + 1, filters)


def _span(words: Sequence[str], today: date) -> tuple[int, date, date] | None:
    """Read a year, or a month with or without one: how many words, first and last day."""
    if _YEAR.fullmatch(words[0]):
        year = int(words[0])
        return 1, date(year, 1, 1), date(year, 12, 31)
    month = _month(words[0])
    if month is None:
        return None
    has_year = len(words) > 1 and _YEAR.fullmatch(words[1])
    year = int(words[1]) if has_year else today.year - (month > today.month)
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return (2 if has_year else 1), first, last


def _month(word: str) -> int | None:
    for number, name in enumerate(_MONTHS, start=1):
        if word == name or (word == name[:3] and word != "may"):
            return number
    return None


def _read_code(words: Sequence[str], today: date) -> _Phrase | None:
    code = Has(kind=LinkKind.CODE)
    for phrase in _WITH_CODE:
        if tuple(words[: len(phrase)]) == phrase:
            return _Phrase(len(phrase), (code,))
    return None


_WITH_CODE = (
    ("with", "code", "available"), ("with", "available", "code"), ("with", "source", "code"),
    ("with", "code"), ("with", "github"), ("code", "available"), ("that", "have", "code"),
    ("with", "an", "implementation"), ("with", "implementation"),
)  # fmt: skip


def _read_name(run: Sequence[str]) -> _Phrase | None:
    """Read *by Kaiming He*: words with capitals; of small ones, two that end the query."""
    if run[0].lower() != "by" or len(run) < 2:
        return None
    name: list[str] = []
    for word in run[1 : 1 + MOST_OF_A_NAME]:
        if not (word[0].isupper() and not word.isdecimal()):
            break
        name.append(word)
    if not name and len(run) == 3 and all(word.isalpha() for word in run[1:]):
        name = list(run[1:])
    return _Phrase(1 + len(name), (Author(name=" ".join(name)),)) if name else None


def _read_category(run: Sequence[str]) -> _Phrase | None:
    if run[0].lower() != "in" or len(run) < 2 or not re.search(r"[a-z][.-][A-Za-z]", run[1]):
        return None
    try:
        return _Phrase(2, (parse_category(run[1]),))
    except InputError:
        return None


def without(interpretation: Interpretation, names: Sequence[Author]) -> Interpretation:
    """Take names for words again, where nobody has them."""
    if not names:
        return interpretation
    words = [Text(text=part) for name in names for part in name.name.split()]
    kept = tuple(each for each in interpretation.filters if each not in names)
    return replace(interpretation, words=(*interpretation.words, *words), filters=kept)


def names_in(filters: Sequence[LeafNode]) -> Iterator[Author]:
    return (each for each in filters if isinstance(each, Author))
