"""A backup that is put back posts nothing again that the channels already have."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.notices import Caretaker
from bot.delivery.reconcile import Reconciliation, may_repeat
from bot.delivery.window import Tries
from bot.delivery.worker import Delivery
from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode, Subscription, SubscriptionState
from bot.errors import StoreError
from bot.models import AnnounceType
from bot.store.backup.backup import backup, note_boot, restore
from bot.store.outbox.plans import frozen_json
from bot.store.store import Store
from bot.ui.paper import render_paper_details
from bot.ui.reasons import say_reason
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, NOW, make_digest, make_entry, make_paper, make_papers, make_stored
from tests.fakes import faults, spec
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer, make_client
from tests.fakes.world import READ_MESSAGE_HISTORY, Channel
from tests.faults.invariants import find_broken
from tests.faults.world import FAST
from tests.stores import open_store

SHUT = Reason(code=ReasonCode.MAY_NOT_POST)
LOCKED = Reason(code=ReasonCode.THREAD_LOCKED)
PAUSED_BY_ADMIN = Reason(code=ReasonCode.PAUSED_BY_ADMIN)
PUT_BACK = "a backup was restored, and it is unknown what was posted since"
WINDOW = timedelta(hours=96)
PAPERS = make_papers(15)
DIGEST = make_digest(*PAPERS)
REPLACED = make_digest(
    make_entry(make_paper(99, version=3), announce_type=AnnounceType.REPLACE),
    announced_on=DAY,
)


class World:
    """A Discord and a bot whose store can be opened again and again."""

    def __init__(self, server: DiscordServer, clock: VirtualClock, path: Path) -> None:
        self.server, self.clock, self.path = server, clock, path
        self.channel = server.add_channel(server.add_guild())
        self.sender = DiscordSender(now=clock.now)

    def reconciliation(self, store: Store) -> Reconciliation:
        return Reconciliation(store, self.sender, window=WINDOW, now=self.clock.now)

    async def subscribe(self, store: Store) -> Subscription:
        return await store.subscriptions.set_subscription(
            guild_id=self.channel.guild_id,
            channel_id=self.channel.id,
            categories=["cs.CV"],
            announce_types=list(AnnounceType),
            post_at=None,
            zone="UTC",
            style="cards",
            now=self.clock.now(),
        )

    async def deliver(self, store: Store) -> None:
        delivery = Delivery(
            store.outbox,
            self.sender,
            now=self.clock.now,
            settings=FAST,
            is_ready=self.reconciliation(store).is_done,
        )
        await delivery.run_once()
        await delivery.stop(2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = VirtualClock(NOW)
    async with DiscordServer(now=clock.now) as server:
        world = World(server, clock, tmp_path / "bot.db")
        client = make_client()
        world.sender.use(client)
        async with server.connected(client):
            yield world


async def post_after_backup(world: World, copy: Path) -> int:
    """Make a copy with half a digest posted, post the rest, put the copy back."""
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store)
        drafts = CARDS.render(DIGEST)
        assert len(drafts) > 1
        await store.outbox.plan(subscription, DAY, drafts[:1], now=world.clock.now())
        await backup(world.path, copy)
        await store.outbox.plan(subscription, DAY, drafts[1:], now=world.clock.now())
        await store.outbox.plan(subscription, DAY, CARDS.render(REPLACED), now=world.clock.now())
        await world.deliver(store)
    world.clock.advance(timedelta(hours=3))
    world.server.nonce_window_s = 0
    await restore(copy, world.path, now=world.clock.now())
    return len(drafts) + 1


async def test_a_restored_copy_posts_nothing_again(world: World, tmp_path: Path) -> None:
    """Neither what it had planned nor what it never knew; replacements by their version."""
    count = await post_after_backup(world, tmp_path / "copy.db")
    assert len(world.server.ledger) == count
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await world.subscribe(store)
        for draft in (*CARDS.render(DIGEST), *CARDS.render(REPLACED)):
            planned = await store.outbox.plan(subscription, DAY, [draft], now=world.clock.now())
            assert planned == 0
        ids = [paper.arxiv_id for paper in PAPERS]
        assert set(await store.outbox.find_messages(world.channel.guild_id, ids)) == set(ids)
        await world.deliver(store)
    assert len(world.server.ledger) == count


async def test_nothing_is_planned_before_the_channels_were_asked(
    world: World, tmp_path: Path
) -> None:
    await post_after_backup(world, tmp_path / "copy.db")
    world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES))
    async with open_store(world.path) as store:
        assert not await world.reconciliation(store).is_done()
        subscription = await world.subscribe(store)
        with pytest.raises(StoreError):
            await store.outbox.plan(subscription, DAY, CARDS.render(DIGEST), now=NOW)
        assert await world.reconciliation(store).is_done()


async def test_a_channel_that_cannot_be_read_is_paused(world: World, tmp_path: Path) -> None:
    await post_after_backup(world, tmp_path / "copy.db")
    count = len(world.server.ledger)
    await world.server.deny(world.channel, READ_MESSAGE_HISTORY)
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await store.subscriptions.get_subscription(world.channel.id)
        assert subscription is not None
        assert "it is unknown what was posted" in say_reason(subscription.paused_because)
        assert may_repeat(subscription)  # its admin is asked before it goes on
    assert len(world.server.ledger) == count


def remove_embeds(world: World, number: int) -> None:
    """As an admin may, who finds them too large."""
    world.channel.messages[number].update(embeds=[], flags=1 << 2)


async def test_row_56_a_message_that_the_copy_knows_is_found_without_its_embeds(
    world: World, tmp_path: Path
) -> None:
    count = await post_after_backup(world, tmp_path / "copy.db")
    remove_embeds(world, 0)
    async with open_store(world.path) as store:
        await world.deliver(store)
        first, *_ = await store.outbox.list_deliveries(world.channel.id)
        subscription = await store.subscriptions.get_subscription(world.channel.id)
    assert (first.state, first.message_id) == (
        DeliveryState.SENT,
        world.server.ledger[0].message_id,
    )
    assert subscription is not None
    assert subscription.state is SubscriptionState.ACTIVE
    assert len(world.server.ledger) == count


async def test_row_56_papers_that_cannot_be_seen_any_more_are_not_posted_unasked(
    world: World, tmp_path: Path
) -> None:
    """The copy does not know the message, and nothing tells which papers it had."""
    count = await post_after_backup(world, tmp_path / "copy.db")
    remove_embeds(world, 1)
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    assert subscription.state is SubscriptionState.PAUSED
    assert may_repeat(subscription)
    assert len(world.server.ledger) == count


async def fail_and_post_again(
    world: World,
    copy: Path,
    *,
    is_unknown: bool = False,
    later: timedelta = timedelta(hours=3),
) -> int:
    """Make a copy with a message in trouble, post it again, put the copy back; its row's id."""
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store)
        now = world.clock.now()
        await store.outbox.plan(subscription, DAY, CARDS.render(DIGEST)[:1], now=now)
        record = await store.outbox.claim(world.channel.id, now)
        assert record is not None
        mark = store.outbox.mark_unknown if is_unknown else store.outbox.mark_failed
        await mark(record.id, LOCKED, now)
        await backup(world.path, copy)
        assert await store.troubles.post_again(record.id, now)
        await world.deliver(store)
    assert len(world.server.ledger) == 1
    world.clock.advance(later)
    await restore(copy, world.path, now=world.clock.now())
    return record.id


@pytest.mark.parametrize("is_unknown", [False, True])
async def test_what_an_admin_posted_again_after_the_backup_is_no_trouble(
    world: World, tmp_path: Path, is_unknown: bool
) -> None:
    """The copy has it as not posted; the channel shows that it is there."""
    delivery_id = await fail_and_post_again(world, tmp_path / "copy.db", is_unknown=is_unknown)
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.outbox.list_deliveries(world.channel.id)
        assert (record.id, record.state) == (delivery_id, DeliveryState.SENT)
        assert record.message_id == world.server.ledger[0].message_id
        assert not await store.troubles.list_open(world.channel.guild_id)
        assert not await store.troubles.post_again(delivery_id, world.clock.now())
        await world.deliver(store)
    assert len(world.server.ledger) == 1
    assert find_broken(world.server, world.path, []).problems == []


async def test_what_was_posted_again_is_recognised_however_old_the_copy_is(
    world: World, tmp_path: Path
) -> None:
    """Nothing so old is planned any more, but /digest resolve would post it."""
    await fail_and_post_again(world, tmp_path / "copy.db", later=3 * WINDOW)
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.outbox.list_deliveries(world.channel.id)
        assert record.state is DeliveryState.SENT


@pytest.mark.parametrize("state", ["failed", "unknown", "sending"])
async def test_what_was_posted_since_is_found_without_its_embeds_too(
    world: World, tmp_path: Path, state: str
) -> None:
    """Its first line says which it is, so nothing is in doubt and the digest goes on."""
    copy = tmp_path / "copy.db"
    if state == "sending":
        async with open_store(world.path) as store:
            subscription, now = await world.subscribe(store), world.clock.now()
            await store.outbox.plan(subscription, DAY, CARDS.render(DIGEST)[:1], now=now)
            record = await store.outbox.claim(world.channel.id, now)
            assert record is not None
            await backup(world.path, copy)
            await world.sender.send(record, Tries())
        await restore(copy, world.path, now=world.clock.now())
    else:
        await fail_and_post_again(world, copy, is_unknown=state == "unknown")
    remove_embeds(world, 0)
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.outbox.list_deliveries(world.channel.id)
        subscription_now = await store.subscriptions.get_subscription(world.channel.id)
    assert record.state is DeliveryState.SENT
    assert subscription_now is not None
    assert subscription_now.state is SubscriptionState.ACTIVE


async def test_what_was_posted_again_in_pieces_may_be_there(world: World, tmp_path: Path) -> None:
    """One of its papers is in a message that the copy does not know: an admin must look."""
    delivery_id = await fail_and_post_again(world, tmp_path / "copy.db")
    del world.channel.messages[0]["embeds"][1:]
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.troubles.list_open(world.channel.guild_id)
        assert (record.id, record.state) == (delivery_id, DeliveryState.UNKNOWN)
        assert record.id in {each.id for each in await store.troubles.list_unnotified()}


async def test_what_failed_and_is_not_in_the_channel_stays_a_trouble(
    world: World, tmp_path: Path
) -> None:
    await fail_and_post_again(world, tmp_path / "copy.db")
    await world.server.delete_message(world.channel, world.server.ledger[0].message_id)
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.troubles.list_open(world.channel.guild_id)
        assert (record.state, record.reason) == (DeliveryState.FAILED, LOCKED)


async def test_what_failed_in_a_channel_that_cannot_be_read_may_be_there(
    world: World, tmp_path: Path
) -> None:
    """It may have been posted again since the backup, so it is not called certainly absent."""
    await fail_and_post_again(world, tmp_path / "copy.db")
    await world.server.deny(world.channel, READ_MESSAGE_HISTORY)
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.troubles.list_open(world.channel.guild_id)
        assert record.state is DeliveryState.UNKNOWN
        assert PUT_BACK in say_reason(record.reason)


async def test_a_damaged_message_is_not_recognised_by_what_it_says_now(
    world: World, tmp_path: Path
) -> None:
    """It looks like another one that is in the channel; its own papers may be there, too."""
    await fail_and_post_again(world, tmp_path / "copy.db")
    other = CARDS.render(REPLACED)[0]
    world.server.post_as(world.server.bot, world.channel, dict(other.body))
    async with open_store(world.path) as store:

        def damage(connection: sqlite3.Connection) -> None:
            connection.execute("DROP TRIGGER delivery_frozen")
            connection.execute("UPDATE delivery SET payload = ?", (frozen_json(other.body),))

        await store.database.write(damage)
        await world.deliver(store)
        (record,) = await store.troubles.list_open(world.channel.guild_id)
        assert (record.state, record.message_id) == (DeliveryState.UNKNOWN, None)


CARDS_OF_99 = {
    "the same version": (3, AnnounceType.REPLACE, DeliveryState.UNKNOWN),
    "no version named": (3, AnnounceType.CROSS, DeliveryState.UNKNOWN),
    "a later version": (4, AnnounceType.REPLACE, DeliveryState.FAILED),
}


@pytest.mark.parametrize(("version", "kind", "state"), CARDS_OF_99.values(), ids=CARDS_OF_99.keys())
async def test_a_replacement_is_in_the_channel_by_its_version(
    world: World, tmp_path: Path, version: int, kind: AnnounceType, state: DeliveryState
) -> None:
    """Version 3 failed, beside another paper; one card with the paper is in the channel."""
    replaced = make_entry(make_paper(99, version=3), announce_type=AnnounceType.REPLACE)
    async with open_store(world.path) as store:
        subscription, now = await world.subscribe(store), world.clock.now()
        drafts = CARDS.render(make_digest(replaced, make_entry(make_paper(98)), announced_on=DAY))
        await store.outbox.plan(subscription, DAY, drafts, now=now)
        record = await store.outbox.claim(world.channel.id, now)
        assert record is not None
        await store.outbox.mark_failed(record.id, LOCKED, now)
    await backup(world.path, tmp_path / "copy.db")
    card = make_entry(make_paper(99, version=version), announce_type=kind)
    body = CARDS.render(make_digest(card, announced_on=DAY))[0].body
    world.server.post_as(world.server.bot, world.channel, dict(body))
    await restore(tmp_path / "copy.db", world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        await world.deliver(store)
        (record,) = await store.troubles.list_open(world.channel.guild_id)
        assert record.state is state


async def put_back_paused(world: World, copy: Path, reason: Reason) -> None:
    """Put back a copy in which the digest is paused; since then it went on."""
    async with open_store(world.path) as store:
        await world.subscribe(store)
        await store.subscriptions.pause(world.channel.id, reason)
    await backup(world.path, copy)
    await restore(copy, world.path, now=world.clock.now())


async def look_around(world: World, store: Store) -> list[str]:
    """Compare, then take care twice, with a restart between; returns what the owner was told."""
    await world.deliver(store)
    for _ in range(2):
        await Caretaker(store, world.sender, now=world.clock.now).look_around()
    return world.server.told(world.server.guilds[world.channel.guild_id].owner)


async def test_a_digest_that_is_paused_in_the_copy_is_told_once(
    world: World, tmp_path: Path
) -> None:
    """Its admins may have resumed it since, and would wait for it in vain."""
    await put_back_paused(world, tmp_path / "copy.db", PAUSED_BY_ADMIN)
    async with open_store(world.path) as store:
        (notice,) = await look_around(world, store)
    assert f"<#{world.channel.id}>: {say_reason(PAUSED_BY_ADMIN)}" in notice
    assert "/digest resume" in notice


async def test_a_digest_paused_in_the_copy_whose_cause_is_gone_just_goes_on(
    world: World, tmp_path: Path
) -> None:
    await put_back_paused(world, tmp_path / "copy.db", SHUT)
    async with open_store(world.path) as store:
        assert await look_around(world, store) == []
        subscription = await store.subscriptions.get_subscription(world.channel.id)
        assert subscription is not None
        assert subscription.state is SubscriptionState.ACTIVE


@pytest.mark.parametrize("reason", [PAUSED_BY_ADMIN, SHUT])
async def test_whatever_paused_a_channel_that_cannot_be_read_its_admin_is_asked(
    world: World, tmp_path: Path, reason: Reason
) -> None:
    """Neither does it go on by itself, nor without the question: papers may appear twice."""
    await put_back_paused(world, tmp_path / "copy.db", reason)
    await world.server.deny(world.channel, READ_MESSAGE_HISTORY)
    async with open_store(world.path) as store:
        (notice,) = await look_around(world, store)
        subscription = await store.subscriptions.get_subscription(world.channel.id)
    assert PUT_BACK in notice
    assert subscription is not None
    assert subscription.state is SubscriptionState.PAUSED
    assert may_repeat(subscription)


async def test_what_was_resumed_before_it_could_be_told_is_not_told(
    world: World, tmp_path: Path
) -> None:
    """Nor when it is paused again: then its admins know."""
    await put_back_paused(world, tmp_path / "copy.db", PAUSED_BY_ADMIN)
    async with open_store(world.path) as store:
        await world.deliver(store)
        await store.subscriptions.resume(world.channel.id)
        assert await look_around(world, store) == []
        await store.subscriptions.pause(world.channel.id, PAUSED_BY_ADMIN)
        assert await look_around(world, store) == []


async def test_paused_digests_are_told_again_until_discord_takes_it(
    world: World, tmp_path: Path
) -> None:
    await put_back_paused(world, tmp_path / "copy.db", PAUSED_BY_ADMIN)
    async with open_store(world.path) as store:
        await world.deliver(store)
        world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES))
        assert len(await look_around(world, store)) == 1


async def test_nobody_to_tell_of_a_paused_digest_is_not_tried_for_ever(
    world: World, tmp_path: Path
) -> None:
    await put_back_paused(world, tmp_path / "copy.db", PAUSED_BY_ADMIN)
    world.server.guilds[world.channel.guild_id].owner.takes_messages = False
    async with open_store(world.path) as store:
        await look_around(world, store)
        assert await store.restored.list_paused() == {}


@pytest.mark.parametrize(("hours", "is_given_up"), [(24, False), (24.1, True)])
async def test_paused_digests_are_told_of_within_a_day(
    world: World, tmp_path: Path, hours: float, is_given_up: bool
) -> None:
    """Later they are seen in `/digest status`."""
    await put_back_paused(world, tmp_path / "copy.db", PAUSED_BY_ADMIN)
    async with open_store(world.path) as store:
        await world.deliver(store)
        world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES), standing=True)
        world.clock.advance(timedelta(hours=hours))
        await look_around(world, store)
        assert (await store.restored.list_paused() == {}) is is_given_up


async def test_all_paused_digests_of_a_guild_are_told_at_once(world: World, tmp_path: Path) -> None:
    """And each guild only of its own."""
    first = world.channel
    second = world.server.add_channel(world.server.guilds[first.guild_id], "second")
    other = world.server.add_channel(world.server.add_guild("other"))
    for guild in world.server.guilds.values():
        await world.server.welcome(guild)
    async with open_store(world.path) as store:
        for channel in (second, other, first):
            world.channel = channel
            await world.subscribe(store)
            await store.subscriptions.pause(channel.id, PAUSED_BY_ADMIN)
    await backup(world.path, tmp_path / "copy.db")
    await restore(tmp_path / "copy.db", world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        (notice,) = await look_around(world, store)
    assert notice.index(f"<#{first.id}>") < notice.index(f"<#{second.id}>")
    (elsewhere,) = world.server.told(world.server.guilds[other.guild_id].owner)
    assert f"<#{other.id}>" in elsewhere
    assert f"<#{first.id}>" not in elsewhere


async def test_a_channel_that_was_compared_is_not_read_again(world: World, tmp_path: Path) -> None:
    """While another cannot be read yet."""
    second = world.server.add_channel(world.server.guilds[world.channel.guild_id], "second")
    await world.server.welcome(world.server.guilds[world.channel.guild_id])
    first = world.channel
    async with open_store(world.path) as store:
        for channel in (second, first):
            world.channel = channel
            await world.subscribe(store)
    await backup(world.path, tmp_path / "copy.db")
    await restore(tmp_path / "copy.db", world.path, now=world.clock.now())

    def asked(channel: Channel) -> int:
        lists = ("GET", spec.MESSAGES)
        calls = [each for each in world.server.calls if (each.method, each.template) == lists]
        return sum(each.channel_id == channel.id for each in calls)

    async with open_store(world.path) as store:
        down, up = sorted((first, second), key=lambda channel: channel.id, reverse=True)
        world.server.inject(faults.answer(503), channel=down, route=("GET", spec.MESSAGES))
        compared = world.reconciliation(store)
        while not await compared.is_done():
            assert await store.restored.is_waiting()
        assert not await store.restored.is_waiting()
        assert await compared.is_done()
    assert (asked(up), asked(down)) == (1, 2)


async def test_a_copy_put_back_by_hand_posts_nothing_again(world: World, tmp_path: Path) -> None:
    """Nobody marked it; what it has as planned may have been posted since all the same."""
    copy, lock = tmp_path / "copy.db", tmp_path / "lock"
    async with opened(lock) as file, open_store(world.path) as store:
        await note_boot(store.database, file, world.clock.now())
        subscription = await world.subscribe(store)
        await store.outbox.plan(subscription, DAY, CARDS.render(DIGEST), now=world.clock.now())
        await backup(world.path, copy)
        await world.deliver(store)
    count = len(world.server.ledger)
    world.clock.advance(timedelta(hours=3))
    world.server.nonce_window_s = 0
    lock.write_text("another start")
    copy.replace(world.path)
    for suffix in ("-wal", "-shm"):
        world.path.with_name(world.path.name + suffix).unlink(missing_ok=True)
    async with opened(lock) as file, open_store(world.path) as store:
        assert await note_boot(store.database, file, world.clock.now())
        await world.deliver(store)
    assert len(world.server.ledger) == count


@asynccontextmanager
async def opened(lock: Path) -> AsyncIterator[IO[str]]:
    """Hold the lock as a process does, as long as its store is open."""
    with lock.open("a+") as file:
        yield file


async def test_answers_to_commands_are_not_taken_for_digests(world: World) -> None:
    """A search shows papers that were not posted."""
    channel: Channel = world.channel
    answer = world.server.post_as(world.server.bot, channel, dict(CARDS.render(DIGEST)[0].body))
    answer["interaction_metadata"] = {
        "id": "1",
        "type": 2,
        "user": world.server.bot.json(),
        "authorizing_integration_owners": {},
    }
    world.server.validate = False
    found = await world.sender.list_posted(channel.guild_id, channel.id, NOW - WINDOW)
    assert found == []


async def test_the_card_of_a_discussion_is_not_taken_for_a_digest(world: World) -> None:
    """Its paper was posted nowhere, and is still to come."""
    card = render_paper_details(make_stored(PAPERS[0]), None).to_dict()
    world.server.post_as(world.server.bot, world.channel, {"embeds": [card]})
    found = await world.sender.list_posted(world.channel.guild_id, world.channel.id, NOW - WINDOW)
    assert found == []


async def test_a_database_that_was_not_put_back_asks_nothing(world: World) -> None:
    async with open_store(world.path) as store:
        await world.subscribe(store)
        before = len(world.server.calls)
        assert await world.reconciliation(store).is_done()
        assert len(world.server.calls) == before
