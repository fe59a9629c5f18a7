"""Where people of whom something is kept last used the bot; of others nothing."""

import sqlite3
from datetime import date, timedelta

from bot.digest.absence import Answer, PersonSeen
from bot.digest.models import NO_GUILD
from bot.store.follows import When
from bot.store.readers.presence import Used
from bot.store.store import Store
from bot.ui.styles.list import LIST
from tests.builders import DAY, NOW, make_digest, make_id, make_paper
from tests.store.readers.test_people import ADA, BEN, CHANNEL, GUILD, fill

TODAY = NOW.date()
MONTH = timedelta(days=30)
OTHER = GUILD + 1


async def servers_of(store: Store, user_id: int) -> dict[int, date]:
    person = await store.presence.get(user_id)
    return {each.guild_id: each.seen_on for each in person.servers} if person else {}


async def get(store: Store, user_id: int) -> PersonSeen:
    person = await store.presence.get(user_id)
    assert person is not None
    return person


async def test_of_whom_nothing_is_kept_no_use_is_noted(store: Store) -> None:
    await store.library.save(ADA, make_id(1), guild_id=None, now=NOW)
    used = [Used(user_id=each, guild_id=GUILD) for each in (ADA, BEN)]
    await store.presence.note(used, TODAY)
    assert await servers_of(store, ADA) == {GUILD: TODAY}
    assert await store.presence.get(BEN) is None


async def test_what_is_kept_only_to_know_who_left_goes_with_the_rest(store: Store) -> None:
    await store.recent.add(ADA, "nerf", now=NOW)
    await store.presence.note([Used(user_id=ADA, guild_id=GUILD)], TODAY)
    await store.presence.gather(TODAY)
    assert await servers_of(store, ADA) == {GUILD: TODAY}
    await store.recent.forget(NOW + timedelta(days=91))
    await store.presence.gather(TODAY)
    assert await store.presence.get(ADA) is None


async def test_what_earlier_versions_kept_tells_where_its_person_was(store: Store) -> None:
    """But not when they used the bot last: so they count as seen on the day that it is looked."""
    await store.library.save(ADA, make_id(1), guild_id=GUILD, now=NOW - MONTH)
    await store.library.save(ADA, make_id(2), guild_id=GUILD, now=NOW - 2 * MONTH)
    await store.opinions.give(OTHER, ADA, make_id(1), True, now=NOW - MONTH)
    await store.library.save(BEN, make_id(1), guild_id=None, now=NOW - MONTH)
    await store.presence.gather(TODAY)
    await store.presence.gather(TODAY + MONTH)
    assert await servers_of(store, ADA) == {GUILD: TODAY, OTHER: TODAY}
    assert (await get(store, BEN)).servers == ()
    await store.presence.note([Used(user_id=ADA, guild_id=OTHER)], TODAY + MONTH)
    await store.presence.gather(TODAY + 2 * MONTH)
    assert await servers_of(store, ADA) == {GUILD: TODAY, OTHER: TODAY + MONTH}


async def test_a_message_that_reached_a_person_shows_that_they_are_there(store: Store) -> None:
    await store.follows.set_up(ADA, CHANNEL, When(), NOW)
    await store.presence.note([Used(user_id=ADA, guild_id=GUILD)], TODAY)
    digest = await store.follows.get(ADA)
    assert digest is not None
    later = NOW + MONTH
    await store.outbox.plan(digest, DAY, LIST.render(make_digest(make_paper(2))), now=later)
    record = await store.outbox.claim(CHANNEL, later)
    assert record is not None
    assert (await get(store, ADA)).seen_on == TODAY, "one that is planned shows nothing"
    await store.outbox.mark_sent(record.id, 5, later)
    assert (await get(store, ADA)).seen_on == later.date()
    assert await store.presence.list_due(TODAY + MONTH, {GUILD}, 9) == []
    assert await store.presence.list_due(TODAY + 2 * MONTH, {GUILD}, 9) == [ADA]


async def test_the_longest_not_asked_about_come_first_and_each_only_when_due(
    store: Store,
) -> None:
    people = range(1, 7)
    for each in people:
        await store.library.save(each, make_id(1), guild_id=None, now=NOW)
    used = [Used(user_id=each, guild_id=GUILD) for each in people]
    await store.presence.note([*used, Used(user_id=6, guild_id=NO_GUILD, is_own=True)], TODAY)
    today = TODAY + MONTH
    await store.presence.note([Used(user_id=1, guild_id=GUILD)], today - MONTH / 2)
    await store.presence.note_answer(2, GUILD, Answer.UNSURE, today - timedelta(days=1))
    await store.presence.note_answer(3, GUILD, Answer.THERE, today - timedelta(days=1))
    await store.presence.note_answer(4, GUILD, Answer.UNSURE, today - timedelta(days=2))
    assert await store.presence.list_due(today, {GUILD}, 9) == [5, 4, 2]
    assert await store.presence.list_due(today, {GUILD}, 2) == [5, 4]
    assert await store.presence.list_due(today, {OTHER}, 9) == []
    for days, is_due in ((28, False), (29, True)):
        due = await store.presence.list_due(today + timedelta(days=days), {GUILD}, 9)
        assert (3 in due) is is_due
    assert await store.presence.count_asked(today - timedelta(days=1)) == 2


async def test_who_has_left_is_forgotten_as_by_their_own_wish(store: Store) -> None:
    """All of it, and nothing of others; not as long as a second look is wanting."""
    for each in (ADA, BEN):
        await fill(store, each)
        await store.presence.note([Used(user_id=each, guild_id=GUILD)], TODAY)
    first = TODAY + 2 * MONTH
    second = first + MONTH
    await store.presence.note_answer(ADA, GUILD, Answer.GONE, first)
    assert not await store.presence.forget_gone(ADA, second)
    assert await store.presence.note_answer(ADA, OTHER, Answer.GONE, second), "nobody was there"
    assert not await store.presence.forget_gone(ADA, second)
    await store.presence.note_answer(ADA, GUILD, Answer.GONE, second)
    assert await store.presence.forget_gone(ADA, second)
    assert await store.people.forget(ADA) == 0
    assert len((await store.people.get_data(BEN)).opinions) == 1
    assert not await store.presence.forget_gone(ADA, second)


async def test_a_row_that_cannot_be_read_is_no_absence(store: Store) -> None:
    await fill(store, ADA)
    await store.presence.note([Used(user_id=ADA, guild_id=OTHER)], TODAY)

    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE presence SET seen_on = '0000' WHERE guild_id = ?", (OTHER,))

    await store.database.write(spoil)
    assert await store.presence.get(ADA) is None
    assert await store.presence.list_due(TODAY + 9 * MONTH, {GUILD, OTHER}, 9) == []
