"""From tree to index: a query as one FTS5 expression per stretch of the archive.

Everything a paper says is a token of the index, so any combination of AND, OR and NOT of words,
names and filters is one FTS5 expression. Dates, identifiers and what readers did are not tokens
but ranges and sets of the papers' keys: for papers alike in these, each of them is simply true or
false, and what remains is again one expression (`CompiledQuery.select`). The store works out the
ranges and sets.

Each term reaches FTS5 as a quoted string and operators come only from our own tree, so nothing
typed is ever read as FTS5 syntax (``C++`` and ``multi-agent`` would be errors).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

from bot.query.ast import (
    And,
    Announced,
    Author,
    Category,
    Has,
    HasDoi,
    Identified,
    Licensed,
    Liked,
    Located,
    Node,
    Not,
    Or,
    Posted,
    Query,
    Said,
    Saved,
    Since,
    Text,
    Until,
    Venue,
    Withdrawn,
    leaves,
)
from bot.query.names import is_initial, name_words
from bot.query.tags import (
    EVERY_PAPER,
    NO_PAPER,
    WITHDRAWN,
    archive_tag,
    both_tag,
    category_tag,
    has_tag,
    initial_tag,
    license_tag,
    name_tag,
    type_tag,
    venue_tags,
)
from bot.query.tokens import said


@dataclass(frozen=True, slots=True)
class Selection:
    """A set of papers: those that an FTS5 expression finds, or all but those.

    FTS5 has no plain NOT, only 'these, without those'; carrying the complement along lets every
    tree become one expression.
    """

    match: str | None = None
    """An FTS5 expression; None finds nothing."""
    is_complement: bool = False

    def inverted(self) -> "Selection":
        return Selection(self.match, not self.is_complement)

    @property
    def is_nothing(self) -> bool:
        return self.match is None and not self.is_complement

    @property
    def is_everything(self) -> bool:
        return self.match is None and self.is_complement

    def expression(self) -> str:
        """Write it for FTS5; not for nothing, which needs no asking."""
        if not self.is_complement and self.match is not None:
            return self.match
        every = quoted(EVERY_PAPER)
        return every if self.match is None else f"{every} NOT ({self.match})"


NOTHING = Selection()
EVERYTHING = Selection(is_complement=True)


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A query ready for the index; `places` are the leaves that the store turns into key ranges."""

    root: Node
    places: tuple[Located, ...]

    def select(self, holds: Callable[[Located], bool]) -> Selection:
        """Return what the query asks of the index where its places hold as ``holds`` says."""
        return _select(self.root, holds)


def compile_query(query: Query) -> CompiledQuery:
    return compile_node(query.root)


def compile_node(root: Node) -> CompiledQuery:
    places = dict.fromkeys(leaf for leaf in leaves(root) if isinstance(leaf, Located))
    return CompiledQuery(root, tuple(places))


def _select(node: Node, holds: Callable[[Located], bool]) -> Selection:
    match node:
        case And(parts):
            return intersection([_kept_together(part, _select(part, holds)) for part in parts])
        case Or(parts):
            return union([_select(part, holds) for part in parts])
        case Not(part):
            return _select(part, holds).inverted()
        case Since() | Until() | Identified() | HasDoi() | Saved() | Posted() | Liked():
            return EVERYTHING if holds(node) else NOTHING
        case _:
            return Selection(leaf_expression(node))


def _kept_together(part: Node, selection: Selection) -> Selection:
    """Let what is asked for inside be found before what is asked for beside it.

    FTS5 takes an AND inside an AND apart, and looks for all words at once; it leaves a NOT alone.
    """
    if isinstance(part, And) and selection.match is not None and not selection.is_complement:
        return Selection(f"({selection.match}) NOT {quoted(NO_PAPER)}")
    return selection


FIRST = 8
"""So many words, the rarest, are looked for one behind the other: FTS5 reads a hundred brackets
inside each other at most, and of several words the rarest leave few papers to the rest."""


def rarest_first(node: Node, papers: Callable[[Node], float], *, is_outermost: bool = True) -> Node:
    """Order a tree so that the index looks for common words only where the rare ones are.

    ``papers`` says about how many papers each node finds. What the tree finds stays the same.
    """
    match node:
        case And(parts):
            ordered = [
                rarest_first(part, papers, is_outermost=False) for part in sorted(parts, key=papers)
            ]
            wanted = [part for part in ordered if not isinstance(part, Not)]
            others = [part for part in ordered if isinstance(part, Not)]
            if is_outermost and len(wanted) > 2:
                rare = reduce(lambda rarer, other: And((rarer, other)), wanted[:FIRST])
                wanted = [rare, *wanted[FIRST:]]
            return And((*wanted, *others)) if others else _only(wanted)
        case Or(parts):
            return Or(
                tuple(rarest_first(each, papers, is_outermost=is_outermost) for each in parts)
            )
        case Not(part):
            return Not(rarest_first(part, papers, is_outermost=False))
        case _:
            return node


def _only(parts: Sequence[Node]) -> Node:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def intersection(selections: Sequence[Selection]) -> Selection:
    """Find the papers that are in all of them."""
    if any(selection.is_nothing for selection in selections):
        return NOTHING
    wanted = [s.match for s in selections if s.match is not None and not s.is_complement]
    unwanted = [s.match for s in selections if s.match is not None and s.is_complement]
    if not wanted:
        return Selection(_joined(unwanted, "OR"), is_complement=True)
    match = _joined(wanted, "AND")
    return Selection(f"({match}) NOT ({_joined(unwanted, 'OR')})" if unwanted else match)


def union(selections: Sequence[Selection]) -> Selection:
    """Find the papers that are in any of them: all but those that none has (De Morgan)."""
    return intersection([selection.inverted() for selection in selections]).inverted()


def _joined(expressions: Sequence[str], operator: str) -> str | None:
    distinct = list(dict.fromkeys(expressions))
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    return f" {operator} ".join(f"({expression})" for expression in distinct)


def leaf_expression(leaf: Said) -> str:
    """Write one leaf as an FTS5 expression."""
    match leaf:
        case Text():
            return _text_expression(leaf)
        case Author():
            return _author_expression(leaf.name)
        case Category():
            return quoted(archive_tag(leaf.code) if leaf.is_archive else category_tag(leaf.code))
        case Announced():
            return quoted(type_tag(leaf.announce_type))
        case Has():
            return quoted(has_tag(leaf.kind))
        case Venue():
            return quoted(venue_tags(leaf.name))
        case Licensed():
            return quoted(license_tag(leaf.code))
        case Withdrawn():
            return quoted(WITHDRAWN)


TEXTS = "{title abstract comment}"
"""The columns that hold running text: only there a word is also found in other forms, and a single
letter at all, which in names is an initial."""


def _text_expression(leaf: Text) -> str:
    words = said(leaf.text)
    typed = quoted(" ".join(words) or leaf.text) + (" *" if leaf.is_prefix else "")
    forms = [quoted(form.words) for form in leaf.forms]
    either = f"({' OR '.join([typed, *forms])})" if forms else typed
    if leaf.field is not None:
        return f"{leaf.field.value} : {either}"
    if is_letter(words) and not leaf.is_prefix:
        return f"{TEXTS} : {either}"
    return f"{typed} OR {TEXTS} : ({' OR '.join(forms)})" if forms else typed


def is_letter(words: Sequence[str]) -> bool:
    """Whether a query says a single Latin letter or digit."""
    return len(words) == 1 and len(words[0]) == 1 and words[0].isascii()


def quoted(text: str) -> str:
    """Quote for FTS5: nothing inside is syntax."""
    return '"' + text.replace('"', '""') + '"'


def _author_expression(name: str) -> str:
    readings = [_reading(words) for words in name_words(name)]
    return _joined(readings, "OR") or quoted(name)


def _reading(words: Sequence[str]) -> str:
    """Any part written out may be the surname; every other part must belong to the same name."""
    surnames = [word for word in words if not is_initial(word)]
    if len(words) == 1 or not surnames:
        return _joined([quoted(name_tag(word)) for word in words], "AND") or ""
    anchored: list[str] = []
    for surname in dict.fromkeys(surnames):
        others = list(words)
        others.remove(surname)
        asked = [_same_person(surname, other) for other in others]
        if len(asked) == 1:
            anchored += asked[0]
        else:
            anchored.append(_joined([_joined(tags, "OR") or "" for tags in asked], "AND") or "")
    return _joined(anchored, "OR") or ""


def _same_person(surname: str, other: str) -> list[str]:
    """The other part as it is; written out, also as the initial that a paper may have instead."""
    if is_initial(other):
        return [quoted(f"{name_tag(surname)} {initial_tag(other)}")]
    return [quoted(both_tag(surname, part)) for part in (other, other[0])]
