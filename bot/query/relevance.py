"""Tiers of relevance: the same papers, those first whose titles say it.

Each tier is itself a query, and no paper is in two of them, so a search by relevance is a walk
through the tiers, newest first in each, and stops after a page however common the words are.
"""

from dataclasses import replace

from bot.query.ast import And, Node, Not, Or, Text, TextField, all_of


def tiers(root: Node) -> tuple[Node, ...]:
    """Split what ``root`` finds into disjoint parts, the most relevant first."""
    titled = _in_title(root)
    if titled == root:
        return (root,)
    phrase = _title_phrase(root)
    rest = all_of(root, Not(titled))
    if phrase is None:
        return titled, rest
    return all_of(root, phrase), all_of(titled, Not(phrase)), rest


def _in_title(node: Node) -> Node:
    """Ask the same of the title alone; what is excluded stays excluded everywhere."""
    match node:
        case Text(field=None):
            return replace(node, field=TextField.TITLE)
        case And(parts):
            return And(tuple(map(_in_title, parts)))
        case Or(parts):
            return Or(tuple(map(_in_title, parts)))
        case _:
            return node


def _title_phrase(root: Node) -> Text | None:
    """Return the words of ``root`` as one phrase of the title, when there are several."""
    parts = root.parts if isinstance(root, And) else ()
    words = [part for part in parts if isinstance(part, Text) and part.field is None]
    if len(words) < 2 or any(word.is_prefix for word in words[:-1]):
        return None
    return Text(
        text=" ".join(word.text for word in words),
        field=TextField.TITLE,
        is_prefix=words[-1].is_prefix,
    )
