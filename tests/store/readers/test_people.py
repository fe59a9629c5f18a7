"""What is kept of a person is handed over whole, and deleted whole."""

from datetime import timedelta
from sqlite3 import Connection

from bot.digest.models import Topic
from bot.digest.reading import PersonData
from bot.store.follows import When
from bot.store.readers.people import PERSONAL
from bot.store.readers.presence import Used
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id

ADA, BEN = 1, 2**63 - 1
GUILD, CHANNEL = 1001, 2001
PAPER = make_id(1)


async def fill(store: Store, user: int) -> None:
    await store.library.save(user, PAPER, guild_id=GUILD, now=NOW)
    await store.opinions.give(GUILD, user, PAPER, True, now=NOW)
    await store.library.share(GUILD, f"list of {user}", user, "", now=NOW)
    await store.people.look(user, CHANNEL, now=NOW)
    await store.recent.add(user, "nerf", now=NOW)
    await store.follows.set_up(user, user, When(), NOW)
    await store.follows.follow(user, Topic(name="slam", query="slam"))
    await store.follows.follow_paper(user, PAPER, now=NOW)
    await store.follows.leave_to(user, CHANNEL)
    await store.presence.note([Used(user_id=user, guild_id=GUILD)], DAY)


async def test_everything_of_a_person_is_handed_over_and_deleted(store: Store) -> None:
    await fill(store, ADA)
    await fill(store, BEN)
    data = await store.people.get_data(ADA)
    assert [each.arxiv_id for each in data.saved] == [PAPER]
    assert [each.is_liked for each in data.opinions] == [True]
    assert [each.name for each in data.shared] == ["list of 1"]
    assert [each.channel_id for each in data.looks] == [CHANNEL]
    assert data.searches == ["nerf"]
    assert data.follows is not None
    assert [each.query for each in data.follows.queries] == ["slam"]
    assert [each.arxiv_id for each in data.follows.papers] == [PAPER]
    assert list(data.follows.reads) == [CHANNEL]
    assert [(each.guild_id, each.seen_on) for each in data.seen] == [(GUILD, DAY)]
    assert await store.people.forget(ADA) == len(PERSONAL)
    nothing = PersonData(
        user_id=ADA, saved=[], opinions=[], shared=[], looks=[], searches=[], seen=[]
    )
    assert await store.people.get_data(ADA) == nothing
    assert len((await store.people.get_data(BEN)).opinions) == 1
    assert await store.opinions.weigh(GUILD) == {PAPER: 1.5}
    assert await store.people.forget(ADA) == 0


async def test_every_table_with_a_person_s_number_is_known(store: Store) -> None:
    """A new one would otherwise be left out of what is handed over and deleted."""

    def personal(connection: Connection) -> set[str]:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        return {
            table
            for table in tables
            for column in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")
            if column == ("user_id",)
        }

    assert await store.database.read(personal) == set(PERSONAL)


async def test_a_look_says_when_the_last_one_was(store: Store) -> None:
    assert await store.people.look(ADA, CHANNEL, now=NOW) is None
    later = NOW + timedelta(days=3)
    assert await store.people.look(ADA, CHANNEL, now=later) == NOW
    assert await store.people.look(ADA, CHANNEL + 1, now=later) is None
    assert await store.people.look(BEN, CHANNEL, now=later) is None


async def test_a_server_that_is_forgotten_takes_its_likes_and_leaves_people_their_papers(
    store: Store,
) -> None:
    await fill(store, ADA)
    await store.opinions.give(GUILD + 1, ADA, PAPER, True, now=NOW)
    assert await store.departures.note([GUILD + 1], NOW) == 1
    await store.departures.forget(GUILD)
    data = await store.people.get_data(ADA)
    assert [each.guild_id for each in data.opinions] == [GUILD + 1]
    assert data.shared == []
    assert [each.guild_id for each in data.saved] == [None]
    assert data.seen == []
