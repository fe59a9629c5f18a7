"""Tags: what can be asked of a paper beyond its words, as tokens in the search index.

Categories, announce types, kinds of links and author names become single tokens in one column
of the index, so that a filter costs no more than a word (a join with a category table was 4 to
200 times slower). Every tag begins and ends with a private-use character: the tokenizer keeps
those (category Co), the parser drops them from queries, so no typed word is ever a tag; and a
token that ends in one is never stemmed.

A person's name gives several tags, so that `Author` finds one person and never mixes two:

    name(part)                 each part
    given(part, initial)       a part, and the first letter of another part of the same name
    full(part, part)           two parts of the same name
    short(part, initial)       a part, and another that the paper itself gives only as an initial
"""

from collections.abc import Collection, Iterable
from itertools import permutations

from bot.arxiv.taxonomy import ALIASES, SUBSUMED, archive_of
from bot.models import AnnounceType, LinkKind
from bot.query.names import MAX_PARTS, is_initial, name_parts

_MARK = "\ue000"
_JOINT = "\ue001"
_PUNCTUATION = str.maketrans({".": "\ue002", "-": "\ue003"})


def _tag(kind: str, *values: str) -> str:
    return f"{_MARK}{kind}{_JOINT.join(values).translate(_PUNCTUATION).lower()}{_MARK}"


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
    return _tag("n", part)


def given_tag(part: str, initial: str) -> str:
    return _tag("g", part, initial)


def full_tag(one: str, other: str) -> str:
    return _tag("f", *sorted((one, other)))


def short_tag(part: str, initial: str) -> str:
    return _tag("s", part, initial)


def paper_tags(
    *,
    categories: Iterable[str],
    authors: Iterable[str],
    announce_types: Collection[AnnounceType],
    link_kinds: Collection[LinkKind],
) -> str:
    """Render the tags of one paper, blank-separated, each once."""
    tags = [EVERY_PAPER]
    for code in categories:
        tags.extend(_category_tags(code))
    tags.extend(type_tag(announce_type) for announce_type in announce_types)
    tags.extend(has_tag(kind) for kind in link_kinds)
    for author in authors:
        tags.extend(_author_tags(name_parts(author)))
    return " ".join(dict.fromkeys(tags))


def _category_tags(code: str) -> Iterable[str]:
    """A paper is also in the category that its category is a second or former name of."""
    for name in (code, ALIASES.get(code), SUBSUMED.get(code)):
        if name:
            yield category_tag(name)
            yield archive_tag(archive_of(name))


def _author_tags(parts: tuple[str, ...]) -> Iterable[str]:
    yield from map(name_tag, parts)
    for part, other in permutations(parts[:MAX_PARTS], 2):
        if is_initial(part):
            continue
        yield given_tag(part, other[0])
        yield short_tag(part, other) if is_initial(other) else full_tag(part, other)
