"""Which of some known papers a query finds, asked of the archive's own index.

For papers of many days, of which an index in memory (`daily`) would take seconds to make. The
index is walked where those papers lie, and what else it finds there is left aside.
"""

from collections.abc import Collection, Sequence

from bot.query.ast import Query
from bot.store.search.find import keys_in, known_keys
from bot.store.search.plan import KeyRange, plan_tiers
from bot.store.search.words import widened
from bot.store.sqlite.executor import Reading

NO_LIMIT = -1


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


def _walk(reading: Reading, query: Query, span: KeyRange) -> list[int]:
    root = widened(reading, query.root)
    found: list[int] = []
    for stretch in plan_tiers([root], known_keys(reading, root)):
        keys = stretch.keys.overlap(span)
        if not keys.is_empty and not reading.overran:
            found += keys_in(reading, stretch, keys, NO_LIMIT)
    return found
