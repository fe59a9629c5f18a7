"""Tags: what can be asked of a paper beyond its words, as tokens in the search index.

Categories, announce types, kinds of links and author names become single tokens in columns of
their own, so that a filter costs no more than a word (a join with a category table was 4 to
200 times slower). Every tag begins and ends with a private-use character: the tokenizer keeps
those (category Co), the parser drops them from queries, so no typed word is ever a tag; and a
token that ends in one is never stemmed.

A person's name is a run of tags that never mixes two people: for every two of its parts
``both(part, other)``, and in both orders ``name(part) initial(other)``. So ``K. He`` is the phrase
``name(he) initial(k)``, whether the paper says Kaiming or K., and ``Kaiming He`` is the tag
``both(he, kaiming)``, or ``both(he, k)`` where the paper has no more than that. A phrase of its
parts would say the same and take 50 times as long where they are common (Wei Li); tags for the
initials too would make a day's papers slower to store.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, permutations

from bot.arxiv.taxonomy import ALIASES, SUBSUMED, archive_of
from bot.models import AnnounceType, LinkKind
from bot.query.names import MAX_PARTS, name_parts

MARK = "\ue000"
BETWEEN = "\ue003"
_PUNCTUATION = str.maketrans({".": "\ue001", "-": "\ue002"})


@lru_cache(maxsize=1024)  # categories, types and kinds are few
def _tag(kind: str, value: str = "") -> str:
    return f"{MARK}{kind}{value.translate(_PUNCTUATION).lower()}{MARK}"


EVERY_PAPER = _tag("p")
"""Carried by every paper: what a query that only excludes starts from."""


def category_tag(code: str) -> str:
    return _tag("c", code)


def archive_tag(archive: str) -> str:
    return _tag("a", archive)


def type_tag(announce_type: AnnounceType) -> str:
    return _tag("t", announce_type.value)


def has_tag(kind: LinkKind) -> str:
    return _tag("h", kind.value)


def name_tag(part: str) -> str:
    return f"{MARK}n{part}{MARK}"


def initial_tag(part: str) -> str:
    """Tag the first letter of a part that belongs to the name in front of it."""
    return f"{MARK}i{part[0]}{MARK}"


def both_tag(part: str, other: str) -> str:
    """Tag a name that has both parts, in whatever order."""
    first, second = (part, other) if part < other else (other, part)
    return f"{MARK}b{first}{BETWEEN}{second}{MARK}"


_KINDS = {
    "p": "every paper",
    "c": "category",
    "a": "archive",
    "t": "type",
    "h": "has",
    "n": "name",
    "i": "initial",
    "b": "both",
}
_TAG = re.compile(f"{MARK}([a-z])([^{MARK}]*){MARK}")
_WRITTEN = str.maketrans({"\ue001": ".", "\ue002": "-", BETWEEN: " "})


def readable(expression: str) -> str:
    """Write the tags of an index expression for people."""

    def written(found: re.Match[str]) -> str:
        value = found[2].translate(_WRITTEN)
        return f"‹{_KINDS.get(found[1], found[1])}{f' {value}' if value else ''}›"

    return _TAG.sub(written, expression)


def filter_tags(
    *,
    categories: Iterable[str],
    announce_types: Iterable[AnnounceType],
    link_kinds: Iterable[LinkKind],
) -> str:
    """Render the filters that a paper meets, blank-separated."""
    tags = [EVERY_PAPER]
    for code in categories:
        tags.extend(_category_tags(code))
    tags.extend(type_tag(announce_type) for announce_type in announce_types)
    tags.extend(has_tag(kind) for kind in link_kinds)
    return " ".join(dict.fromkeys(tags))


def author_tags(authors: Iterable[str]) -> str:
    """Render the names of a paper's authors, blank-separated."""
    return " ".join(_name_tags(name_parts(author)) for author in authors)


def category_names(code: str) -> tuple[str, ...]:
    """Return all that ``category:`` calls a category: its code, newer names, their archives."""
    codes = [name for name in (code, ALIASES.get(code), SUBSUMED.get(code)) if name]
    return tuple(dict.fromkeys([*codes, *map(archive_of, codes)]))


@lru_cache(maxsize=1024)
def _category_tags(code: str) -> tuple[str, ...]:
    names = [name for name in (code, ALIASES.get(code), SUBSUMED.get(code)) if name]
    return tuple(
        tag for name in names for tag in (category_tag(name), archive_tag(archive_of(name)))
    )


def _name_tags(parts: tuple[str, ...]) -> str:
    if len(parts) < 2:
        return " ".join(map(name_tag, parts))
    near = parts[:MAX_PARTS]
    runs = [f"{name_tag(part)} {initial_tag(other)}" for part, other in permutations(near, 2)]
    pairs = [both_tag(part, other) for part, other in combinations(near, 2)]
    return " ".join([*map(name_tag, parts[MAX_PARTS:]), *runs, *pairs])
