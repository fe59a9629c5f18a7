"""Last searches: a few for each person, the newest first, for a while."""

from datetime import timedelta

from bot.store.searches import KEPT_FOR, MOST_KEPT
from bot.store.store import Store
from tests.builders import NOW

ADA, BEN = 1, 2**63 - 1


async def test_each_person_has_a_list_of_their_own(store: Store) -> None:
    await store.recent.add(ADA, "nerf", now=NOW)
    await store.recent.add(BEN, "frogs", now=NOW)
    assert await store.recent.list_newest(ADA) == ["nerf"]
    assert await store.recent.list_newest(BEN) == ["frogs"]
    assert await store.recent.list_newest(3) == []


async def test_the_newest_come_first_and_the_oldest_go(store: Store) -> None:
    for number in range(MOST_KEPT + 3):
        await store.recent.add(ADA, f"query {number}", now=NOW + timedelta(seconds=number))
    newest = [f"query {number}" for number in range(MOST_KEPT + 2, 2, -1)]
    assert await store.recent.list_newest(ADA) == newest


async def test_the_same_query_again_only_becomes_the_newest(store: Store) -> None:
    for number, query in enumerate(("nerf", "frogs", "nerf")):
        await store.recent.add(ADA, query, now=NOW + timedelta(seconds=number))
    assert await store.recent.list_newest(ADA) == ["nerf", "frogs"]


async def test_a_search_is_kept_whatever_the_clock_did(store: Store) -> None:
    """Set back, it must not drop what was just searched."""
    for number in range(MOST_KEPT):
        await store.recent.add(ADA, f"query {number}", now=NOW)
    await store.recent.add(ADA, "now", now=NOW)
    assert "now" in await store.recent.list_newest(ADA)


async def test_old_searches_are_forgotten(store: Store) -> None:
    await store.recent.add(ADA, "old", now=NOW - KEPT_FOR - timedelta(seconds=1))
    await store.recent.add(ADA, "new", now=NOW)
    assert await store.recent.forget(NOW) == 1
    assert await store.recent.list_newest(ADA) == ["new"]
