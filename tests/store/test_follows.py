"""What a person follows, as it is kept."""

from dataclasses import replace
from datetime import time, timedelta

from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Place, Reason, ReasonCode, SubscriptionState, Topic
from bot.digest.reading import MOST_FOLLOWED, Following
from bot.store.follows import When
from bot.store.sqlite.statements import select_rows
from bot.store.store import Store
from tests.builders import DAY, NOW, make_id, make_listing, make_paper

ADA, BEN = 1, 2
ADAS_DM = 501
SLAM = Topic(name="slam", query="slam")
DRAFT = MessageDraft(style="list", body={"content": "### A"}, papers=((make_id(1), 1),))
CLOSED = Reason(code=ReasonCode.NO_PRIVATE_MESSAGES, status=403, discord_code=50007)


async def set_up(store: Store, when: When | None = None) -> None:
    await store.follows.set_up(ADA, ADAS_DM, when or When(), NOW)


async def test_what_is_followed_is_a_digest_of_the_person_s_own(store: Store) -> None:
    weekly = When(
        cadence=Cadence.WEEK, weekday=0, post_at=time(8, 30), zone="Asia/Tokyo",
        categories=("cs.RO",),
    )  # fmt: skip
    await set_up(store, weekly)
    assert await store.follows.follow(ADA, SLAM) is Following.NEW
    assert await store.follows.follow(ADA, SLAM) is Following.KNOWN
    await store.follows.leave_to(ADA, 7)
    digest = await store.follows.get(ADA)
    assert digest is not None
    assert digest.place is Place.DM
    assert (digest.channel_id, digest.guild_id, digest.user_id) == (ADAS_DM, 0, ADA)
    assert (digest.post_at, digest.zone, digest.weekday) == (time(8, 30), "Asia/Tokyo", 0)
    assert (digest.cadences, digest.categories) == ((Cadence.WEEK,), ("cs.RO",))
    assert (digest.topics, digest.reads) == ((SLAM,), (7,))
    assert await store.follows.get(BEN) is None
    assert await store.follows.with_topics(await store.follows.list_all()) == [digest]


async def test_a_person_s_digest_is_none_of_a_server(store: Store) -> None:
    """Nor of the server that stands for none."""
    await set_up(store)
    assert await store.subscriptions.list_subscriptions() == []
    assert await store.subscriptions.list_subscriptions(0) == []
    assert await store.departures.note([], NOW) == 0


async def test_a_person_follows_no_more_than_may_be(store: Store) -> None:
    await set_up(store)
    for number in range(MOST_FOLLOWED - 1):
        await store.follows.follow(ADA, Topic(name=f"topic {number}", query="slam"))
    assert await store.follows.follow_paper(ADA, make_id(1), now=NOW) is Following.NEW
    assert await store.follows.follow_paper(ADA, make_id(1), now=NOW) is Following.KNOWN
    assert await store.follows.follow_paper(ADA, make_id(2), now=NOW) is Following.FULL
    assert await store.follows.follow(ADA, SLAM) is Following.FULL
    # One that takes another's place is no more than before.
    assert await store.follows.follow(ADA, SLAM, instead_of="topic 3") is Following.NEW


async def test_with_the_last_thing_followed_everything_about_it_goes(store: Store) -> None:
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    await store.follows.follow_paper(ADA, make_id(1), now=NOW)
    digest = await store.follows.get(ADA)
    assert digest is not None
    await store.outbox.plan(digest, DAY, [DRAFT], now=NOW)
    assert await store.follows.unfollow(ADA, "slam")
    assert not await store.follows.unfollow(ADA, "slam")
    assert await store.follows.get(ADA) is not None
    assert await store.follows.unfollow_paper(ADA, make_id(1))
    assert await store.follows.get(ADA) is None
    assert await store.outbox.list_deliveries(ADAS_DM) == []
    assert await store.people.forget(ADA) == 0


async def test_forgetting_a_person_takes_what_was_and_would_be_sent(store: Store) -> None:
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    digest = await store.follows.get(ADA)
    assert digest is not None
    await store.outbox.plan(digest, DAY, [DRAFT], now=NOW)
    data = await store.people.get_data(ADA)
    assert data.follows is not None
    assert [(each.arxiv_id, each.announced_on) for each in data.follows.sent] == [(make_id(1), DAY)]
    assert await store.people.forget(ADA) == 1
    assert await store.outbox.list_deliveries(ADAS_DM) == []
    assert await store.outbox.delivered_versions(ADAS_DM, [make_id(1)]) == {}


async def test_what_was_sent_to_a_forgotten_person_is_no_other_host_s(store: Store) -> None:
    """The newest post that this file knows of stays known, as a number alone."""
    for user_id, message_id in ((ADA, 70 << 22), (BEN, 60 << 22)):
        await store.follows.set_up(user_id, 500 + user_id, When(), NOW)
        digest = await store.follows.get(user_id)
        assert digest is not None
        await store.outbox.plan(digest, DAY, [DRAFT], now=NOW)
        record = await store.outbox.claim(digest.channel_id, NOW)
        assert record is not None
        await store.outbox.mark_sent(record.id, message_id, NOW)
        await store.people.forget(user_id)
    assert (await store.posted.horizon(5)).up_to == 70 << 22


async def test_a_channel_is_left_out_and_taken_in_again(store: Store) -> None:
    await set_up(store)
    assert await store.follows.leave_to(ADA, 7)
    assert not await store.follows.leave_to(ADA, 7)
    digest = await store.follows.get(ADA)
    assert digest is not None
    assert digest.reads == ()


async def test_the_lists_that_tell_of_what_is_followed_are_wanted(store: Store) -> None:
    papers = [make_paper(1, categories=("math.AG", "cs.CV")), make_paper(2)]
    await store.papers.add_listing(make_listing(*papers), now=NOW)
    await set_up(store, When(categories=("cs.RO", "cs.SY")))
    await store.follows.follow_paper(ADA, make_id(1), now=NOW)
    assert await store.follows.list_wanted() == ["cs.RO", "cs.SY", "math.AG"]
    await store.subscriptions.pause(ADAS_DM, CLOSED)
    assert await store.follows.list_wanted() == ["math.AG"]


async def test_what_became_known_is_listed_until_it_is_told(store: Store) -> None:
    await store.papers.add_listing(make_listing(make_paper(1), make_paper(2)), now=NOW)
    await set_up(store)
    await store.follows.follow_paper(ADA, make_id(1), now=NOW)
    later = make_listing(
        make_paper(1, version=2, journal_ref="Nature 1"), announced_on=DAY + timedelta(days=1)
    )
    await store.papers.add_listing(later, now=NOW)
    known = await store.edits.last_update()
    news = await store.follows.list_news([ADA, BEN], known, DAY)
    assert [each.arxiv_id for each in news[ADA]] == [make_id(1)]
    assert [each.update.text for each in news[ADA][0].updates] == ["2", "Nature 1"]
    assert await store.follows.list_news([ADA], 0, DAY) == {}
    newer = make_listing(make_paper(1, version=3), announced_on=DAY + timedelta(days=2))
    await store.papers.add_listing(newer, now=NOW)
    known = await store.edits.last_update()
    news = await store.follows.list_news([ADA], known, DAY)
    # Of versions the last counts.
    assert [each.update.text for each in news[ADA][0].updates] == ["Nature 1", "3"]
    # Who follows it now has nothing to hear.
    await store.follows.set_up(BEN, 502, When(), NOW)
    await store.follows.follow_paper(BEN, make_id(1), now=NOW)
    assert set(await store.follows.list_news([ADA, BEN], known, DAY)) == {ADA}


async def test_a_paper_that_is_only_followed_is_watched_for_ever(store: Store) -> None:
    """What nobody was sent and no list names any more has updates all the same."""
    await store.papers.add_listing(make_listing(make_paper(1), make_paper(2)), now=NOW)
    much_later = make_listing(make_paper(9), announced_on=DAY + timedelta(days=60))
    await store.papers.add_listing(much_later, now=NOW)
    await set_up(store)
    await store.follows.follow_paper(ADA, make_id(1), now=NOW)
    for number in (1, 2):
        replaced = make_listing(
            make_paper(number, version=2), announced_on=DAY + timedelta(days=61 + number)
        )
        await store.papers.add_listing(replaced, now=NOW)
    news = await store.follows.list_news([ADA], await store.edits.last_update(), DAY)
    assert [each.arxiv_id for each in news[ADA]] == [make_id(1)]


async def test_why_a_digest_is_paused_is_told_once(store: Store) -> None:
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    assert await store.follows.take_pause(ADA, NOW) is None
    await store.subscriptions.pause(ADAS_DM, CLOSED)
    assert await store.follows.take_pause(BEN, NOW) is None
    assert await store.follows.take_pause(ADA, NOW) == CLOSED
    assert await store.follows.take_pause(ADA, NOW) is None
    await store.follows.try_again(ADA, NOW)
    await store.subscriptions.pause(ADAS_DM, CLOSED)
    assert await store.follows.take_pause(ADA, NOW) == CLOSED


async def test_trying_again_sends_what_did_not_arrive(store: Store) -> None:
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    digest = await store.follows.get(ADA)
    assert digest is not None
    await store.outbox.plan(digest, DAY, [DRAFT], now=NOW)
    record = await store.outbox.claim(ADAS_DM, NOW)
    assert record is not None
    await store.outbox.refuse_channel(record.id, CLOSED, NOW)
    assert await store.troubles.list_unnotified() == []  # no admin hears of it
    assert [each.id for each in await store.follows.list_troubles(ADA)] == [record.id]
    assert await store.follows.list_troubles(BEN) == []
    assert await store.follows.try_again(ADA, NOW) == 1
    digest = await store.follows.get(ADA)
    assert digest is not None
    assert digest.state is SubscriptionState.ACTIVE
    assert [each.channel_id for each in await store.outbox.list_due(NOW)] == [ADAS_DM]


async def test_setting_up_again_resumes(store: Store) -> None:
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    await store.subscriptions.pause(ADAS_DM, CLOSED)
    await store.follows.set_up(ADA, ADAS_DM, When(zone="Asia/Tokyo", post_at=time(9)), NOW)
    digest = await store.follows.get(ADA)
    assert digest is not None
    assert (digest.state, digest.zone) == (SubscriptionState.ACTIVE, "Asia/Tokyo")
    assert digest.topics == (SLAM,)


async def test_what_was_sent_to_a_person_leaves_nothing_once_it_is_forgotten(store: Store) -> None:
    """Not even a line of it, as lines for channels do."""
    await set_up(store)
    await store.follows.follow(ADA, SLAM)
    digest = await store.follows.get(ADA)
    assert digest is not None
    draft = replace(DRAFT, body={"content": "a line that would be kept once for all channels"})
    await store.outbox.plan(digest, DAY, [draft], now=NOW)
    assert await store.database.read(select_rows, "SELECT delivery_id FROM body") == [(1,)]
    await store.people.forget(ADA)
    for table in ("body", "piece"):
        assert await store.database.read(select_rows, f"SELECT * FROM {table}") == []
