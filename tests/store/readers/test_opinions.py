"""Likes: one a person, server and paper; counted, never named."""

from datetime import timedelta

from bot.store.readers.opinions import Popular
from bot.store.store import Store
from tests.builders import NOW, make_id

ADA, BEN = 1, 2**63 - 1
GUILD, ELSEWHERE = 1001, 1002
PAPER, OTHER = make_id(1), make_id(2)


async def test_an_opinion_given_again_changes_nothing(store: Store) -> None:
    assert await store.opinions.give(GUILD, ADA, PAPER, True, now=NOW)
    assert not await store.opinions.give(GUILD, ADA, PAPER, True, now=NOW + timedelta(days=1))
    assert await store.opinions.weigh(GUILD) == {PAPER: 1.0}
    assert await store.opinions.give(GUILD, ADA, PAPER, False, now=NOW)
    assert await store.opinions.weigh(GUILD) == {PAPER: -1.0}
    assert await store.opinions.give(GUILD, ADA, PAPER, None, now=NOW)
    assert not await store.opinions.give(GUILD, ADA, PAPER, None, now=NOW)
    assert await store.opinions.weigh(GUILD) == {}


async def test_a_server_weighs_its_own_people_s_opinions_and_saves(store: Store) -> None:
    await store.opinions.give(GUILD, ADA, PAPER, True, now=NOW)
    await store.opinions.give(GUILD, BEN, PAPER, True, now=NOW)
    await store.opinions.give(ELSEWHERE, ADA, PAPER, False, now=NOW)
    await store.library.save(ADA, OTHER, guild_id=GUILD, now=NOW)
    await store.library.save(BEN, OTHER, guild_id=None, now=NOW)
    assert await store.opinions.weigh(GUILD) == {PAPER: 2.0, OTHER: 0.5}
    assert await store.opinions.weigh(ELSEWHERE) == {PAPER: -1.0}


async def test_popular_is_what_was_liked_and_saved_since(store: Store) -> None:
    before = NOW - timedelta(days=8)
    await store.opinions.give(GUILD, ADA, PAPER, True, now=before)
    await store.library.save(BEN, PAPER, guild_id=GUILD, now=NOW)
    await store.opinions.give(GUILD, ADA, OTHER, True, now=NOW)
    await store.opinions.give(GUILD, ADA, make_id(3), False, now=NOW)
    since = NOW - timedelta(days=7)
    assert await store.opinions.list_popular(GUILD, since) == [
        Popular(OTHER, 1, 0),
        Popular(PAPER, 0, 1),
    ]
    assert await store.opinions.list_popular(GUILD, before) == [
        Popular(PAPER, 1, 1),
        Popular(OTHER, 1, 0),
    ]
    assert await store.opinions.list_popular(ELSEWHERE, before) == []
