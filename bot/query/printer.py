"""From tree back to text: for refined queries, ``--explain`` and messages.

The text is in the query language again: parsing it gives the same tree.
"""

import re
from typing import Final

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
    Node,
    Not,
    Or,
    Posted,
    Saved,
    Since,
    Text,
    TextField,
    Until,
    Venue,
    Withdrawn,
    leaves,
)

LITERAL_WORDS: Final = 4
"""From so many words on, a capitalised text with operators may be a title."""
MAX_DEPTH: Final = 20
"""Of parentheses; each is a level of recursion in the parser and in FTS5's."""

_PLAIN_WORD = re.compile(r"(?!(?:OR|AND|NOT)$)[^\W\d_][^\W\d_]*(?:-[^\W\d_]+)*")
_WORD = r"(?:[^\W_]|\.net(?![^\W_]))(?:[\w+#.'’/%&@=^{}–,‐‑-]|\([^()\":*\s$\\]*\))*"
_SAFE_WORD = re.compile(rf"(?!(?:OR|AND|NOT)$){_WORD}", re.IGNORECASE)
_LIKE_OPERATOR = re.compile(r"(?:OR|AND|NOT)\(")
_FIELD_NAMES = {
    TextField.TITLE: "title:",
    TextField.ABSTRACT: "abstract:",
    TextField.AUTHORS: "author:",
    TextField.COMMENT: "comment:",
    None: "",
}


def print_node(node: Node) -> str:
    """Write ``node`` in the query language."""
    text = _print(node)
    if _depth(text) > MAX_DEPTH:
        text = _print(node, is_terse=True)
    return _ALL.sub(r"\1all:", text, count=1) if _looks_pasted(node, text) else text


def _print(node: Node, *, is_terse: bool = False) -> str:
    """Write a tree; in parentheses what binds by itself too, unless there are to be few."""
    match node:
        case And(parts):
            return " ".join(_inside(part, is_terse=is_terse) for part in parts)
        case Or(parts):
            written = (
                _print(part, is_terse=True)
                if is_terse and isinstance(part, And)
                else _inside(part, is_terse=is_terse)
                for part in parts
            )
            return " OR ".join(written)
        case Not(part):
            return f"-{_inside(part, is_terse=is_terse)}"
        case _:
            return print_leaf(node)


def _inside(node: Node, *, is_terse: bool) -> str:
    written = _print(node, is_terse=is_terse)
    return f"({written})" if isinstance(node, And | Or) else written


_ALL = re.compile(r"^([-(]*)")
"""Where the first word of a text begins, before which ``all:`` changes nothing."""


def _looks_pasted(node: Node, text: str) -> bool:
    """Whether ``text`` would be read as a title too: only words and operators, none in small."""
    said = list(leaves(node))
    return (
        len(said) >= LITERAL_WORDS
        and not text[0].islower()
        and (" OR " in text or text.startswith("-") or " -" in text)
        and all(isinstance(leaf, Text) and print_leaf(leaf) == leaf.text for leaf in said)
    )


def _depth(text: str) -> int:
    """Count how deep the parentheses of ``text`` go, at most: quoted ones count as well."""
    depth = most = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        most = max(most, depth)
    return most


def print_leaf(leaf: Node) -> str:
    """Write one leaf, without operators."""
    match leaf:
        case Text(field=field):
            return f"{_FIELD_NAMES[field]}{_said(leaf)}"
        case Author(name=name):
            return f"author:{_shown(name)}"
        case Category(code=code, is_archive=is_archive):
            return f"category:{code}{'.*' if is_archive else ''}"
        case Announced(announce_type=announce_type):
            return f"type:{announce_type.value}"
        case Has(kind=kind):
            return f"has:{kind.value}"
        case Since(day=day):
            return f"since:{day.isoformat()}"
        case Until(day=day):
            return f"until:{day.isoformat()}"
        case Identified(arxiv_id=arxiv_id):
            return f"id:{arxiv_id}"
        case HasDoi(doi=doi):
            return f'id:"{doi}"' if "(" in doi or ")" in doi else f"id:{doi}"
        case _:
            return _print_fact(leaf)


def _print_fact(leaf: Node) -> str:
    """Write what arXiv or the authors say about a paper beside its texts."""
    match leaf:
        case Venue(name=name):
            return f"venue:{_shown(name)}"
        case Licensed(code=code):
            return f"license:{code}"
        case Withdrawn():
            return "is:withdrawn"
        case _:
            return _print_kept(leaf)


def _print_kept(leaf: Node) -> str:
    """Write what people did with a paper."""
    match leaf:
        case Saved(tag="", is_read=None):
            return "in:library"
        case Saved(tag="", is_read=is_read):
            return "is:read" if is_read else "is:unread"
        case Saved(tag=tag):
            return f"tag:{tag}"
        case Posted():
            return "posted:here"
        case Liked(least=least):
            return f"liked:>{least - 1}"
        case _:
            raise TypeError(f"not a leaf: {leaf!r}")


def _said(leaf: Text) -> str:
    if leaf.is_prefix:
        return f"{_shown(leaf.text)}*"
    if leaf.is_exact:
        return f'"{leaf.text}"'
    is_doubtful = leaf.field is None and _LIKE_OPERATOR.match(leaf.text)
    return f"all:{leaf.text}" if is_doubtful else leaf.text  # behind a field's name it is a word


def is_plain_word(text: str) -> bool:
    """Whether ``text`` without quotes around it is one word in every place of a query."""
    return _SAFE_WORD.fullmatch(text) is not None


def _shown(text: str) -> str:
    return text if _PLAIN_WORD.fullmatch(text) else f'"{text}"'
