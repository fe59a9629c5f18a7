"""Which of some known papers a query finds, asked of the archive's own index.

For papers of many days, of which an index in memory (`daily`) would take seconds to make. The
index is walked where those papers lie, and what else it finds there is left aside.
"""

from collections.abc import Collection, Sequence

from bot.models import ArxivId
from bot.query.ast import EVERYTHING, Category, Query, any_of
from bot.query.inflect import inflections
from bot.store.search.plan import KeyRange, plan_tiers
from bot.store.search.walk import NO_LIMIT, follow, keys_in, known_keys
from bot.store.search.words import count_archive, count_forms, count_papers, widened
from bot.store.sqlite.executor import Reading
from bot.store.sqlite.statements import json_array


def find_within(
    reading: Reading, queries: Sequence[Query], keys: Collection[int]
) -> list[frozenset[int]] | None:
    """Return for each query which of the papers ``keys`` it finds; None when time was too short.

    Beginnings stand for every word that begins so, as in a digest, however many they are.
    """
    if not keys:
        return [frozenset()] * len(queries)
    wanted, span = frozenset(keys), KeyRange(min(keys), max(keys) + 1)
    found = [wanted.intersection(_walk(reading, query, span)) for query in queries]
    return None if reading.overran else found


def newest_of(reading: Reading, categories: Sequence[str], limit: int) -> dict[ArxivId, int]:
    """Return the keys of the newest papers in some categories, or in all if none, by identifier."""
    root = any_of(*(Category(code=each) for each in categories)) if categories else EVERYTHING
    keys = [key for _, key in follow(reading, plan_tiers([root], {}), limit)]
    rows = reading.rows(
        "SELECT arxiv_id, key FROM paper WHERE key IN (SELECT value FROM json_each(?))",
        (json_array(keys),),
    )
    return {ArxivId(arxiv_id): key for arxiv_id, key in rows}


def share_of(reading: Reading, words: Collection[str]) -> dict[str, float]:
    """Return about which part of the archive says each word, in any form."""
    forms = {word: inflections(word) for word in words}
    counts = count_papers(reading, {form for each in forms.values() for form in each})
    archive = count_archive(reading)
    return {word: min(1.0, count_forms(each, counts) / archive) for word, each in forms.items()}


def _walk(reading: Reading, query: Query, span: KeyRange) -> list[int]:
    root = widened(reading, query.root)
    found: list[int] = []
    for stretch in plan_tiers([root], known_keys(reading, root)):
        keys = stretch.keys.overlap(span)
        if not keys.is_empty and not reading.overran:
            found += keys_in(reading, stretch, keys, NO_LIMIT)
    return found
