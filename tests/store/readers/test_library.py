"""What people saved: idempotent, each person's own, shared only by name."""

from datetime import timedelta

import pytest

from bot.digest.reading import Saving
from bot.models import ArxivId
from bot.store.readers import library as module
from bot.store.store import Store
from tests.builders import NOW, make_id

ADA, BEN = 1, 2**63 - 1
GUILD = 1001
PAPER, OTHER = make_id(1), make_id(2)


async def save(store: Store, user: int, paper: ArxivId = PAPER, minutes: int = 0) -> Saving:
    now = NOW + timedelta(minutes=minutes)
    return await store.library.save(user, paper, guild_id=GUILD, now=now)


async def test_saving_again_keeps_what_was_written_beside_the_paper(store: Store) -> None:
    assert await save(store, ADA) is Saving.NEW
    assert await store.library.set_note(ADA, PAPER, "read section 3")
    assert await store.library.set_tags(ADA, PAPER, ["slam", "pose", "slam"])
    assert await store.library.set_read(ADA, PAPER, is_read=True)
    assert await save(store, ADA, minutes=5) is Saving.KNOWN
    saved = await store.library.get(ADA, PAPER)
    assert saved is not None
    assert (saved.note, saved.tags, saved.is_read) == ("read section 3", ("slam", "pose"), True)
    assert saved.saved_at == NOW
    assert saved.guild_id == GUILD


async def test_each_person_has_a_library_of_their_own_newest_first(store: Store) -> None:
    await save(store, ADA)
    await save(store, ADA, OTHER, minutes=1)
    await save(store, BEN, OTHER)
    assert [each.arxiv_id for each in await store.library.list_saved(ADA)] == [OTHER, PAPER]
    assert await store.library.drop(ADA, OTHER)
    assert not await store.library.drop(ADA, OTHER)
    assert [each.arxiv_id for each in await store.library.list_saved(ADA)] == [PAPER]
    assert [each.arxiv_id for each in await store.library.list_saved(BEN)] == [OTHER]


async def test_a_page_is_the_nearest_of_the_same_list(store: Store) -> None:
    for number in range(1, 8):
        await save(store, ADA, make_id(number), minutes=number % 3)
    whole = [each.arxiv_id for each in await store.library.list_saved(ADA)]
    for page, shown in ((-1, whole[:3]), (1, whole[3:6]), (2, whole[6:]), (9, whole[6:])):
        saved, total = await store.library.list_page(ADA, page, 3)
        assert ([each.arxiv_id for each in saved], total) == (shown, 7)
    assert await store.library.list_page(BEN, 0, 3) == ([], 0)


async def test_nothing_is_written_beside_a_paper_that_is_not_saved(store: Store) -> None:
    await save(store, BEN)
    assert not await store.library.set_note(ADA, PAPER, "x")
    assert not await store.library.set_tags(ADA, PAPER, ["x"])
    assert not await store.library.set_read(ADA, PAPER, is_read=True)
    assert await store.library.get(ADA, PAPER) is None


async def test_a_full_library_takes_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SAVED", 1)
    assert await save(store, ADA) is Saving.NEW
    assert await save(store, ADA, OTHER) is Saving.FULL
    assert await save(store, ADA) is Saving.KNOWN
    assert await save(store, BEN, OTHER) is Saving.NEW


async def test_a_name_is_shared_by_one_person_in_one_server(store: Store) -> None:
    assert await store.library.share(GUILD, "Reading", ADA, "slam", now=NOW)
    assert not await store.library.share(GUILD, "reading", BEN, "", now=NOW)
    assert not await store.library.unshare(GUILD, "reading", BEN)
    assert await store.library.share(GUILD, "READING", ADA, "", now=NOW)
    assert [(each.name, each.tag) for each in await store.library.list_shared(GUILD)] == [
        ("Reading", "")
    ]
    assert await store.library.list_shared(GUILD + 1) == []
    assert await store.library.unshare(GUILD, "reading", ADA)
    assert await store.library.list_shared(GUILD) == []
