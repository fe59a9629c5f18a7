"""Autocomplete: titles and authors' names from what a person has typed so far."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.models import ArxivId
from bot.query.compile import quoted
from bot.query.names import name_parts
from bot.query.parser import clean
from bot.query.tokens import words
from bot.store.sqlite.executor import Reading

LEAST_TYPED = 2  # letters; one letter fits a tenth of everything
LEAST_ALIKE = 3  # letters with which a part of a name begins
LEAST_LIKENESS = 0.7  # of two names, by the letters that they share in order
RECENT = 200  # papers whose authors are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleSuggestion:
    arxiv_id: ArxivId
    title: str


def suggest_titles(reading: Reading, typed: str, limit: int) -> list[TitleSuggestion]:
    """List the newest papers whose titles hold the words typed."""
    rows = reading.rows(
        """
        SELECT arxiv_id, title FROM paper WHERE key IN (
            SELECT rowid FROM paper_typed WHERE paper_typed MATCH ? ORDER BY rowid DESC LIMIT ?
        ) ORDER BY key DESC
        """,
        (_match("title", typed), limit),
    )
    return [TitleSuggestion(arxiv_id=arxiv_id, title=title) for arxiv_id, title in rows]


def nearest_authors(reading: Reading, name: str, limit: int) -> list[str]:
    """List names of authors that are like ``name``, which nobody has; the most like it first.

    One of its parts has to begin as theirs does.
    """
    parts = [part for part in name_parts(clean(name)) if len(part) >= LEAST_TYPED]
    begun = dict.fromkeys(part[:LEAST_ALIKE] for part in parts)
    known = {each for part in begun for each in suggest_authors(reading, part, RECENT)}
    ordered = {_in_order(each): each for each in sorted(known)}
    alike = get_close_matches(_in_order(clean(name)), ordered, limit, LEAST_LIKENESS)
    return [ordered[each] for each in alike]


def _in_order(name: str) -> str:
    """Write a name so that the order of its parts makes no difference."""
    return " ".join(sorted(name_parts(name)))


def suggest_authors(reading: Reading, typed: str, limit: int) -> list[str]:
    """List the names that fit what is typed, those with most of the newest papers first."""
    rows = reading.rows(
        """
        SELECT authors FROM paper WHERE key IN (
            SELECT rowid FROM paper_typed WHERE paper_typed MATCH ? ORDER BY rowid DESC LIMIT ?
        ) ORDER BY key DESC
        """,
        (_match("authors", typed), RECENT),
    )
    return _names_like(typed, (name for (authors,) in rows for name in authors.split("\n")))[:limit]


def _match(column: str, typed: str) -> str:
    """Ask for all words typed, the last one as a beginning; an expression that may find nothing."""
    typed_words = words(clean(typed))
    if not typed_words or len(typed_words[-1]) < LEAST_TYPED:
        typed_words = [word for word in typed_words[:-1] if word] or [""]
        return f"{column} : ({' AND '.join(map(quoted, typed_words))})"
    *whole, beginning = map(quoted, typed_words)
    return f"{column} : ({' AND '.join([*whole, f'{beginning} *'])})"


def _names_like(typed: str, names: Iterable[str]) -> list[str]:
    wanted = name_parts(clean(typed))
    counts = Counter(names)
    return [name for name, _ in counts.most_common() if _is_like(wanted, name)]


def _is_like(wanted: Sequence[str], name: str) -> bool:
    lower = name.lower()
    if name.isascii() and not all(word in lower for word in wanted):
        return False  # most names, at a fraction of the time
    parts = name_parts(name)
    return all(any(part.startswith(word) for part in parts) for word in wanted)
