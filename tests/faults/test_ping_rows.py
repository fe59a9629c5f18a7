"""Row 93: a role that a digest pings is deleted, or may not be mentioned any more."""

from bot.delivery.notices import Caretaker
from bot.digest.models import DigestOptions, Place, Subscription
from bot.ui.pings import with_pings
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, make_digest, make_papers
from tests.fakes import faults
from tests.fakes.world import MENTION_EVERYONE, Channel, Role
from tests.faults.world import THREAD_NAME, World


async def plan(world: World, channel: Channel, role: Role, place: Place = Place.CHANNEL) -> None:
    subscription = await subscribe(world, channel, role, place)
    drafts = with_pings(CARDS.render(make_digest(*make_papers(25))), [role.id])
    now = world.clock.now()
    await world.outbox.plan(subscription, DAY, drafts, now=now, thread_name=THREAD_NAME)


async def subscribe(
    world: World, channel: Channel, role: Role, place: Place = Place.CHANNEL
) -> Subscription:
    subscription = await world.store.subscriptions.set_subscription(
        guild_id=channel.guild_id,
        channel_id=channel.id,
        categories=["cs.CV"],
        announce_types=[],
        post_at=None,
        zone="UTC",
        style="cards",
        now=world.clock.now(),
        options=DigestOptions(place=place, ping_role=role.id),
    )
    await world.store.subscriptions.set_topic(channel.id, "graphs", "graph", role.id)
    return subscription


async def test_row_93_the_first_message_pings_and_no_other(world: World, channel: Channel) -> None:
    """In a thread too; and only once when its answer was lost."""
    role = await world.server.add_role(world.guild, "readers")
    await plan(world, channel, role, Place.THREAD)
    world.server.inject(faults.answer(502, after=True))
    await world.delivery.run_once()
    assert [entry.pinged for entry in world.server.ledger] == [(role.id,), (), ()]


async def test_row_93_a_post_in_a_forum_pings(world: World) -> None:
    role = await world.server.add_role(world.guild, "readers")
    forum = world.server.add_forum(world.guild)
    await world.server.welcome(world.guild)
    await plan(world, forum, role, Place.FORUM)
    await world.delivery.run_once()
    assert [entry.pinged for entry in world.server.ledger] == [(role.id,), (), ()]


async def test_row_93_a_deleted_role_is_forgotten_and_told_once(
    world: World, channel: Channel
) -> None:
    """What was planned with it is posted all the same, and pings nobody."""
    role = await world.server.add_role(world.guild, "readers")
    await plan(world, channel, role)
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    await caretaker.look_around()
    assert world.server.told(world.guild.owner) == []
    await world.server.delete_role(world.guild, role)
    await world.delivery.run_once()
    assert [entry.pinged for entry in world.server.ledger] == [(), (), ()]
    for _ in range(3):
        await caretaker.look_around()
    (notice,) = world.server.told(world.guild.owner)
    assert f"<#{channel.id}> pinged, for graphs, was deleted" in notice
    subscription = await world.store.subscriptions.get_subscription(channel.id)
    assert subscription is not None
    assert subscription.ping_role is None
    assert [topic.ping_role for topic in subscription.topics] == [None]


async def test_row_93_a_deleted_role_of_topics_is_told_with_all_of_them(
    world: World, channel: Channel
) -> None:
    """The digest's own is still there, and pinged on."""
    own = await world.server.add_role(world.guild, "readers")
    gone = await world.server.add_role(world.guild, "experts")
    await subscribe(world, channel, own)
    for topic in ("frogs", "graphs"):
        await world.store.subscriptions.set_topic(channel.id, topic, topic, gone.id)
    await world.server.delete_role(world.guild, gone)
    await Caretaker(world.store, world.sender, now=world.clock.now).look_around()
    (notice,) = world.server.told(world.guild.owner)
    assert "pinged, for frogs, graphs, was deleted" in notice
    subscription = await world.store.subscriptions.get_subscription(channel.id)
    assert subscription is not None
    assert subscription.ping_role == own.id


async def test_row_93_in_an_outage_no_role_counts_as_deleted(
    world: World, channel: Channel
) -> None:
    role = await world.server.add_role(world.guild, "readers")
    await subscribe(world, channel, role)
    await world.server.take_down(world.guild)
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    await caretaker.look_around()
    subscription = await world.store.subscriptions.get_subscription(channel.id)
    assert subscription is not None
    assert subscription.ping_role == role.id


async def test_row_93_a_role_that_nobody_may_mention_is_named_only(
    world: World, channel: Channel
) -> None:
    role = await world.server.add_role(world.guild, "readers")
    await plan(world, channel, role)
    await world.server.allow_mention(world.guild, role, is_mentionable=False)
    world.guild.permissions &= ~MENTION_EVERYONE
    await world.delivery.run_once()
    first = world.server.ledger[0]
    assert first.pinged == ()
    assert f"<@&{role.id}>" in first.content
    assert await world.states(channel) == ["sent"] * 3
