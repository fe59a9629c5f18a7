"""The tree of a query: what `parser` builds and `compile` reads.

A leaf says one thing about a paper; `And`, `Or` and `Not` combine leaves. ``start`` and ``end``
are the leaf's place in the query's text, for messages; they do not count in comparisons.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.models import AnnounceType, ArxivId, LinkKind


class TextField(StrEnum):
    """The parts of a paper that hold running text; the values are the index's column names."""

    TITLE = "title"
    ABSTRACT = "abstract"
    AUTHORS = "authors"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Anything that is said about a paper in one place of the text."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


class Rule(StrEnum):
    """Why a form stands for a word that was typed."""

    INFLECTION = "inflection"
    TOGETHER = "written together"
    APART = "written apart"


@dataclass(frozen=True, slots=True)
class Form:
    """Another way of writing a word: words in their normal form, with blanks between them."""

    words: str
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Leaf):
    """The words of ``text`` next to each other in one field (None: in any of them).

    A single word is the shortest phrase; ``GPT-4`` and ``multi-agent`` are phrases of their words.
    With ``is_prefix`` the last word may go on; with ``is_exact`` only what is typed counts. For a
    word that is neither, `widen` adds the ``forms`` that stand for it as well.
    """

    text: str
    field: TextField | None = None
    is_prefix: bool = False
    is_exact: bool = False
    forms: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Author(Leaf):
    """One of the authors goes by this name, whole or in part (see `names`)."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category(Leaf):
    """Listed in the category; with ``is_archive`` in any category of that archive."""

    code: str
    is_archive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced(Leaf):
    """Announced with this type in any listing."""

    announce_type: AnnounceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Has(Leaf):
    """Carries a link of this kind."""

    kind: LinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue(Leaf):
    """Published, or accepted, at a venue whose name holds these words in a row (see `venues`)."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed(Leaf):
    """Under this license: ``cc-by``, ``cc0``, ``arxiv`` (see `tags`)."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Leaf):
    """Withdrawn by its authors or by arXiv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since(Leaf):
    """First announced on this day or later."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Until(Leaf):
    """First announced on this day or earlier."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Leaf):
    """Is this very paper, in any version."""

    arxiv_id: ArxivId


@dataclass(frozen=True, slots=True, kw_only=True)
class HasDoi(Leaf):
    """Was published under this DOI (in small letters: DOIs ignore case)."""

    doi: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfReaders(Leaf):
    """Holds for what people did with papers, so it depends on who asks, and where.

    ``keys`` are the papers' keys in the store; until the store looked them up, it holds for none.
    """

    keys: frozenset[int] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved(OfReaders):
    """In the library of the person who asks: at all, with this tag, or with this read mark."""

    tag: str = ""
    is_read: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(OfReaders):
    """Posted in the server where it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked(OfReaders):
    """Liked by this many people, or more, of the server where it is asked."""

    least: int = 1


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds; without parts it holds for every paper."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Node"


Kept = Saved | Posted | Liked
"""Leaves that say what people did with a paper."""

Located = Since | Until | Identified | HasDoi | Kept
"""Leaves that are about a paper's place in the archive, not about what it says."""

Said = Text | Author | Category | Announced | Has | Venue | Licensed | Withdrawn
"""Leaves that the search index holds as tokens."""

LeafNode = Said | Located
Node = LeafNode | And | Or | Not

EVERYTHING = And(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query that was understood; ``text`` parses to the same tree again."""

    text: str
    root: Node

    def __str__(self) -> str:
        return self.text

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing in particular, which every paper meets."""
        return self.root == EVERYTHING


def leaves(node: Node) -> Iterator[LeafNode]:
    """Walk the leaves in the order of the text."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def asks_of_person(node: Node) -> bool:
    """Whether the answer tells what the person who asks keeps in private."""
    return any(isinstance(leaf, Saved) for leaf in leaves(node))


def with_leaves(node: Node, change: Callable[[LeafNode], Node]) -> Node:
    """Return the same tree with each leaf changed."""
    match node:
        case And(parts) | Or(parts):
            return type(node)(tuple(with_leaves(part, change) for part in parts))
        case Not(part):
            return Not(with_leaves(part, change))
        case _:
            return change(node)


def negation_of(node: Node) -> Node:
    """Negate; twice is not at all."""
    return node.part if isinstance(node, Not) else Not(node)


def all_of(*nodes: Node) -> Node:
    """Join with AND, without needless levels."""
    parts: list[Node] = []
    for node in nodes:
        parts.extend(node.parts if isinstance(node, And) else (node,))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def any_of(*nodes: Node) -> Node:
    """Join with OR, without needless levels; at least one node."""
    parts: list[Node] = []
    for node in nodes:
        parts.extend(node.parts if isinstance(node, Or) else (node,))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))
