"""Saved queries of versions whose quotes were forgiving of endings.

``"diffusion model"`` found *diffusion models* too; quotes are exact now, and ``diffusion-model`` is
what those queries meant.
"""

import re

_PHRASE = re.compile(r'(?<!\w)(?:(\w+): ?)?"([^\W_]+(?:[ -][^\W_]+)*)"(?![*\w])')
_NO_TEXT = ("au", "author", "authors", "id", "category", "cat", "type", "has", "since", "until")


def old_quotes(query: str) -> str:
    """Write the phrases of ``query`` with hyphens; those of names and odd signs stay."""
    if re.search(r"\b(?:au|author|authors|id):\s*\(", query, re.IGNORECASE):
        return query
    parts = query.split('"')
    if len(parts) % 2 == 0:  # a quote without its partner
        return query
    return _PHRASE.sub(_hyphenated, query)


def _hyphenated(found: re.Match[str]) -> str:
    if (found[1] or "").lower() in _NO_TEXT:
        return found[0]
    field = f"{found[1]}:" if found[1] else ""
    return field + found[2].replace(" ", "-")
