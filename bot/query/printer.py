"""From tree back to text: for refined queries, ``--explain`` and messages.

The text is in the query language again: parsing it gives the same tree.
"""

import re

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
)

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
    match node:
        case And(parts):
            return " ".join(_inside(part) for part in parts)
        case Or(parts):
            return " OR ".join(_inside(part) for part in parts)
        case Not(part):
            return f"-{_inside(part)}"
        case _:
            return print_leaf(node)


def _inside(node: Node) -> str:
    return f"({print_node(node)})" if isinstance(node, And | Or) else print_node(node)


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
            return f"id:{doi}"
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
    # Behind a point, which is no part of a word, it is no operator.
    return f".{leaf.text}" if _LIKE_OPERATOR.match(leaf.text) else leaf.text


def is_plain_word(text: str) -> bool:
    """Whether ``text`` without quotes around it is one word in every place of a query."""
    return _SAFE_WORD.fullmatch(text) is not None


def _shown(text: str) -> str:
    return text if _PLAIN_WORD.fullmatch(text) else f'"{text}"'
