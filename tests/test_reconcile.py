"""A backup that is put back posts nothing again that the channels already have."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.delivery import Delivery
from bot.errors import StoreError
from bot.models import AnnounceType, Subscription
from bot.reconcile import Reconciliation, may_repeat
from bot.sender import DiscordSender, http_trace
from bot.store.backup import backup, restore
from bot.store.store import Store, open_store
from bot.ui.messages import render_digest
from tests.builders import DAY, NOW, make_digest, make_entry, make_paper, make_papers
from tests.fakes import faults, spec
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.fakes.world import READ_MESSAGE_HISTORY, Channel
from tests.faults.world import FAST

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
        client = discord.AutoShardedClient(
            intents=discord.Intents(guilds=True), http_trace=http_trace(), guild_ready_timeout=0.05
        )
        world.sender.use(client)
        async with server.connected(client):
            yield world


async def post_after_backup(world: World, copy: Path) -> int:
    """Make a copy with half a digest posted, post the rest, put the copy back."""
    async with open_store(world.path) as store:
        subscription = await world.subscribe(store)
        drafts = render_digest(DIGEST)
        assert len(drafts) > 1
        await store.outbox.plan(subscription, DAY, drafts[:1], now=world.clock.now())
        backup(world.path, copy)
        await store.outbox.plan(subscription, DAY, drafts[1:], now=world.clock.now())
        await store.outbox.plan(subscription, DAY, render_digest(REPLACED), now=world.clock.now())
        await world.deliver(store)
    world.clock.advance(timedelta(hours=3))
    world.server.nonce_window_s = 0
    restore(copy, world.path, now=world.clock.now())
    return len(drafts) + 1


async def test_a_restored_copy_posts_nothing_again(world: World, tmp_path: Path) -> None:
    """Neither what it had planned nor what it never knew; replacements by their version."""
    count = await post_after_backup(world, tmp_path / "copy.db")
    assert len(world.server.ledger) == count
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await world.subscribe(store)
        for draft in (*render_digest(DIGEST), *render_digest(REPLACED)):
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
            await store.outbox.plan(subscription, DAY, render_digest(DIGEST), now=NOW)
        assert await world.reconciliation(store).is_done()


async def test_a_channel_that_cannot_be_read_is_paused(world: World, tmp_path: Path) -> None:
    await post_after_backup(world, tmp_path / "copy.db")
    count = len(world.server.ledger)
    await world.server.deny(world.channel, READ_MESSAGE_HISTORY)
    await asyncio.sleep(0.05)
    async with open_store(world.path) as store:
        await world.deliver(store)
        subscription = await store.subscriptions.get_subscription(world.channel.id)
        assert subscription is not None
        assert "cannot be known" in str(subscription.paused_because)
        assert may_repeat(subscription)  # its admin is asked before it goes on
    assert len(world.server.ledger) == count


async def test_answers_to_commands_are_not_taken_for_digests(world: World) -> None:
    """A search shows papers that were not posted."""
    channel: Channel = world.channel
    answer = world.server.post_as(world.server.bot, channel, dict(render_digest(DIGEST)[0].body))
    answer["interaction_metadata"] = {
        "id": "1",
        "type": 2,
        "user": world.server.bot.json(),
        "authorizing_integration_owners": {},
    }
    world.server.validate = False
    found = await world.sender.list_posted(channel.guild_id, channel.id, NOW - WINDOW)
    assert found == []


async def test_a_database_that_was_not_put_back_asks_nothing(world: World) -> None:
    async with open_store(world.path) as store:
        await world.subscribe(store)
        before = len(world.server.calls)
        assert await world.reconciliation(store).is_done()
        assert len(world.server.calls) == before
