"""Who gets what."""

from datetime import time

from bot.digest.models import Subscription, SubscriptionState, Topic
from bot.models import AnnounceType
from bot.store.store import Store
from tests.builders import NOW, make_reason


async def subscribe(store: Store, *, channel_id: int = 1, guild_id: int = 7) -> Subscription:
    return await store.subscriptions.set_subscription(
        guild_id=guild_id,
        channel_id=channel_id,
        categories=("cs.CV", "cs.LG"),
        announce_types=(AnnounceType.NEW,),
        post_at=time(9, 30),
        zone="Europe/Paris",
        style="cards",
        now=NOW,
    )


async def test_a_subscription_is_read_back_as_it_was_set(store: Store) -> None:
    subscription = await subscribe(store)
    assert subscription.post_at == time(9, 30)
    assert subscription.categories == ("cs.CV", "cs.LG")
    assert await store.subscriptions.get_subscription(1) == subscription
    assert await store.subscriptions.get_subscription(2) is None


async def test_setting_a_channel_up_again_changes_it_and_keeps_its_topics(store: Store) -> None:
    first = await subscribe(store)
    await store.subscriptions.set_topic(1, "vision", "segmentation")
    await store.subscriptions.pause(1, make_reason("no permission"))
    changed = await store.subscriptions.set_subscription(
        guild_id=7,
        channel_id=1,
        categories=("math.AG",),
        announce_types=tuple(AnnounceType),
        post_at=None,
        zone="UTC",
        style="cards",
        now=NOW,
    )
    assert changed.id == first.id
    assert changed.categories == ("math.AG",)
    assert changed.post_at is None
    assert changed.state is SubscriptionState.ACTIVE
    assert changed.topics == (Topic(name="vision", query="segmentation"),)


async def test_a_guild_sees_only_its_own(store: Store) -> None:
    mine = await subscribe(store, channel_id=1, guild_id=7)
    other = await subscribe(store, channel_id=2, guild_id=8)
    assert await store.subscriptions.list_subscriptions(7) == [mine]
    assert await store.subscriptions.list_subscriptions() == [mine, other]


async def test_a_topic_is_known_by_its_name_whatever_the_case(store: Store) -> None:
    await subscribe(store)
    assert await store.subscriptions.set_topic(1, "Vision", "segmentation")
    assert await store.subscriptions.set_topic(1, "vision", "detection")
    subscription = await store.subscriptions.get_subscription(1)
    assert subscription is not None
    assert [topic.query for topic in subscription.topics] == ["detection"]
    assert await store.subscriptions.delete_topic(1, "VISION")
    assert not await store.subscriptions.delete_topic(1, "VISION")


async def test_a_channel_without_subscription_has_no_topics(store: Store) -> None:
    assert not await store.subscriptions.set_topic(5, "vision", "segmentation")


async def test_pausing_gives_the_reason_and_resuming_forgets_it(store: Store) -> None:
    await subscribe(store)
    assert await store.subscriptions.pause(1, make_reason("no permission"))
    assert not await store.subscriptions.pause(1, make_reason("again"))
    paused = await store.subscriptions.get_subscription(1)
    assert paused is not None
    assert (paused.state, paused.paused_because) == (
        SubscriptionState.PAUSED,
        make_reason("no permission"),
    )
    assert await store.subscriptions.resume(1)
    resumed = await store.subscriptions.get_subscription(1)
    assert resumed is not None
    assert (resumed.state, resumed.paused_because) == (SubscriptionState.ACTIVE, None)


async def test_a_final_pause_takes_the_place_of_another(store: Store) -> None:
    await subscribe(store)
    await store.subscriptions.pause(1, make_reason("no permission"))
    assert await store.subscriptions.pause(1, make_reason("holiday"), is_final=True)
    paused = await store.subscriptions.get_subscription(1)
    assert paused is not None
    assert (paused.state, paused.paused_because) == (
        SubscriptionState.PAUSED,
        make_reason("holiday"),
    )
    assert not await store.subscriptions.pause(2, make_reason("nobody is there"), is_final=True)


async def test_a_removed_subscription_takes_its_topics_along(store: Store) -> None:
    await subscribe(store)
    await store.subscriptions.set_topic(1, "vision", "segmentation")
    assert await store.subscriptions.delete_subscription(1, NOW)
    assert not await store.subscriptions.delete_subscription(1, NOW)
    again = await subscribe(store)
    assert again.topics == ()
