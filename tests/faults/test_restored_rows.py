"""Row 92: a backup that was put back finds what threads and forums have: none of it comes again.

In a channel, `tests/delivery/test_reconcile.py` shows it (row 47).
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.reconcile import Reconciliation
from bot.delivery.window import Tries
from bot.delivery.worker import Delivery
from bot.digest.models import DigestOptions, Place, Subscription
from bot.models import AnnounceType
from bot.store.backup.backup import backup, restore
from bot.store.store import Store
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, NOW, make_digest, make_papers
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer, make_client
from tests.fakes.world import Channel
from tests.faults.world import FAST, THREAD_NAME
from tests.stores import open_store

WINDOW = timedelta(hours=48)
PAPERS = make_papers(25)
DRAFTS = CARDS.render(make_digest(*PAPERS))
MORE = make_papers(4, first=50)
SUPPLEMENT = CARDS.render(make_digest(*MORE, is_supplement=True), first_part=len(DRAFTS) + 1)


class World:
    """A Discord and a bot whose store can be opened again and again."""

    def __init__(self, server: DiscordServer, clock: VirtualClock, path: Path) -> None:
        self.server, self.clock, self.path = server, clock, path
        guild = server.add_guild()
        self.channels = {
            Place.THREAD: server.add_channel(guild),
            Place.FORUM: server.add_forum(guild),
        }
        self.sender = DiscordSender(now=clock.now)

    async def subscribe(self, store: Store, place: Place) -> Subscription:
        channel = self.channels[place]
        return await store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=list(AnnounceType),
            post_at=None,
            zone="UTC",
            style="cards",
            now=self.clock.now(),
            options=DigestOptions(place=place),
        )

    async def deliver(self, store: Store) -> None:
        reconciliation = Reconciliation(store, self.sender, window=WINDOW, now=self.clock.now)
        delivery = Delivery(
            store.outbox,
            self.sender,
            now=self.clock.now,
            settings=FAST,
            is_ready=reconciliation.is_done,
        )
        for _ in range(3):
            await delivery.run_once()
            self.clock.advance(timedelta(minutes=10))
        await delivery.stop(2)

    async def post(self, store: Store, channel: Channel, count: int) -> None:
        """Post the next ``count`` messages of a channel, one by one."""
        for _ in range(count):
            record = await store.outbox.claim(channel.id, self.clock.now())
            assert record is not None
            if record.starter_id is not None and not record.has_thread:
                assert await self.sender.open_thread(record) is None
                await store.outbox.note_thread(record.starter_id)
            outcome = await self.sender.send(record, Tries())
            await store.outbox.mark_sent(record.id, outcome.message_id, self.clock.now())


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = VirtualClock(NOW)
    async with DiscordServer(now=clock.now) as server:
        world = World(server, clock, tmp_path / "bot.db")
        client = make_client()
        world.sender.use(client)
        async with server.connected(client):
            yield world


@pytest.mark.parametrize("is_old", [False, True], ids=["soon", "days later"])
@pytest.mark.parametrize("known", [None, 0, 1, 2, 3], ids=lambda known: f"copy of {known}")
@pytest.mark.parametrize("place", [Place.THREAD, Place.FORUM])
async def test_row_92_a_restored_copy_knows_what_threads_have(
    world: World, tmp_path: Path, place: Place, known: int | None, is_old: bool
) -> None:
    """However many messages the copy knows as posted; None: it does not even know the digest."""
    channel, copy = world.channels[place], tmp_path / "copy.db"
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store, place)
        if known is None:
            await backup(world.path, copy)
        await store.outbox.plan(
            subscription, DAY, DRAFTS, now=world.clock.now(), thread_name=THREAD_NAME
        )
        if known is not None:
            await world.post(store, channel, known)
            await backup(world.path, copy)
        await world.deliver(store)
        assert await store.outbox.plan(
            subscription, DAY, SUPPLEMENT, now=world.clock.now(), thread_name=THREAD_NAME
        )
        await world.deliver(store)
    posted = len(world.server.ledger)
    assert posted == len(DRAFTS) + len(SUPPLEMENT)
    world.clock.advance(timedelta(days=5 if is_old else 0, hours=3))
    world.server.nonce_window_s = 0
    await restore(copy, world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        await world.deliver(store)
        assert len(world.server.ledger) == posted
        subscription = await world.subscribe(store, place)
        if not is_old:  # else it is too late for anything of that date
            for draft in (*DRAFTS, *SUPPLEMENT):
                assert not await store.outbox.plan(
                    subscription, DAY, [draft], now=world.clock.now(), thread_name=THREAD_NAME
                )
            ids = [paper.arxiv_id for paper in (*PAPERS, *MORE)]
            found = await store.outbox.find_messages(channel.guild_id, ids)
            places = {(each.thread_id or channel.id, each.message_id) for each in found.values()}
            assert places == {(each.channel_id, each.message_id) for each in world.server.ledger}
        states = [each.state.value for each in await store.outbox.list_deliveries(channel.id)]
        assert set(states) <= {"sent"}


@pytest.mark.parametrize("place", [Place.THREAD, Place.FORUM])
async def test_row_92_what_follows_goes_into_the_thread_that_was_found(
    world: World, tmp_path: Path, place: Place
) -> None:
    """A supplement of the date goes where the forgotten digest is."""
    channel, copy = world.channels[place], tmp_path / "copy.db"
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store, place)
        await backup(world.path, copy)
        await store.outbox.plan(
            subscription, DAY, DRAFTS, now=world.clock.now(), thread_name=THREAD_NAME
        )
        await world.deliver(store)
    await restore(copy, world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await world.subscribe(store, place)
        await store.outbox.plan(
            subscription, DAY, SUPPLEMENT, now=world.clock.now(), thread_name=THREAD_NAME
        )
        await world.deliver(store)
    (thread,) = world.server.threads.of(channel)
    assert world.server.messages_in(thread)[-1].content == SUPPLEMENT[-1].body["content"]


async def begin_thread(world: World, store: Store, copy: Path) -> None:
    """Post a digest's first message, before its thread is made, and copy the database then."""
    subscription = await world.subscribe(store, Place.THREAD)
    await store.outbox.plan(
        subscription, DAY, DRAFTS, now=world.clock.now(), thread_name=THREAD_NAME
    )
    await world.post(store, world.channels[Place.THREAD], 1)
    await backup(world.path, copy)


async def deliver_restored(world: World, copy: Path) -> list[str]:
    """Restore the copy hours later and deliver; returns the states of the thread's messages."""
    channel_id = world.channels[Place.THREAD].id
    world.clock.advance(timedelta(hours=3))
    await restore(copy, world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        await world.deliver(store)
        return [each.state.value for each in await store.outbox.list_deliveries(channel_id)]


async def test_row_92_a_thread_that_was_never_made_is_made_after_a_restore(
    world: World, tmp_path: Path
) -> None:
    """The copy doubts it, the first message's flag tells; nothing stays unknown."""
    channel, copy = world.channels[Place.THREAD], tmp_path / "copy.db"
    async with open_store(world.path) as store:
        await begin_thread(world, store, copy)
    states = await deliver_restored(world, copy)
    assert states == ["sent"] * len(DRAFTS)
    assert len(world.server.ledger) == len(DRAFTS)
    (thread,) = world.server.threads.of(channel)
    assert len(world.server.messages_in(thread)) == len(DRAFTS) - 1


async def test_row_92_a_thread_deleted_since_is_not_taken_for_never_made(
    world: World, tmp_path: Path
) -> None:
    channel, copy = world.channels[Place.THREAD], tmp_path / "copy.db"
    async with open_store(world.path) as store:
        await begin_thread(world, store, copy)
        await world.deliver(store)
    await world.server.threads.delete(world.server.threads.of(channel)[0])
    states = await deliver_restored(world, copy)
    assert states == ["sent"] + ["unknown"] * (len(DRAFTS) - 1)
    assert len(world.server.ledger) == len(DRAFTS)


async def test_row_92_a_thread_that_began_before_the_copy_is_read_too(
    world: World, tmp_path: Path
) -> None:
    """The copy knows of something later, so its channel is not read as far back as the starter."""
    channel, copy = world.channels[Place.THREAD], tmp_path / "copy.db"
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store, Place.THREAD)
        await store.outbox.plan(
            subscription, DAY, DRAFTS, now=world.clock.now(), thread_name=THREAD_NAME
        )
        await world.post(store, channel, 1)
        world.clock.advance(timedelta(minutes=30))
        other = await world.subscribe(store, Place.FORUM)
        await store.outbox.plan(other, DAY, DRAFTS[:1], now=world.clock.now(), thread_name="x")
        await world.post(store, world.channels[Place.FORUM], 1)
        await backup(world.path, copy)
        await world.deliver(store)
    posted = len(world.server.ledger)
    world.server.nonce_window_s = 0
    world.clock.advance(timedelta(days=5))
    await restore(copy, world.path, now=world.clock.now())
    async with open_store(world.path) as store:
        reconciliation = Reconciliation(store, world.sender, window=WINDOW, now=world.clock.now)
        assert await reconciliation.is_done()
        states = [each.state.value for each in await store.outbox.list_deliveries(channel.id)]
    assert states == ["sent"] * len(DRAFTS)
    assert len(world.server.ledger) == posted
