"""Rows 99 to 102: what goes wrong with messages to one person."""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.notices import Caretaker
from bot.delivery.reconcile import Reconciliation
from bot.digest.messages import DeliveryState
from bot.digest.models import ReasonCode, Subscription, SubscriptionState, Topic
from bot.models import AnnounceType, Link, LinkKind, Paper, Provenance
from bot.run.app import offline_pipeline
from bot.store.backup.backup import backup, restore
from bot.store.follows import When
from bot.store.outbox.plans import frozen_json
from bot.store.store import Store
from bot.ui.reasons import say_reason
from bot.ui.styles.body import embeds_of
from bot.ui.styles.list import LIST
from tests.builders import DAY, NOW, make_digest, make_listing, make_paper, make_papers
from tests.fakes import faults
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer, make_client
from tests.fakes.world import Channel, User
from tests.faults.world import MINUTES, World
from tests.stores import open_store
from tests.waiting import HUNG_S, until

DRAFTS = LIST.render(make_digest(*make_papers(60)))
assert len(DRAFTS) > 2


async def follow(world: World) -> tuple[User, Channel, Subscription]:
    """Let somebody follow something."""
    person = world.server.add_user("ada")
    channel = world.server.private_channel(person)
    await world.store.follows.set_up(person.id, channel.id, When(), world.clock.now())
    await world.store.follows.follow(person.id, Topic(name="all", query="paper"))
    digest = await world.store.follows.get(person.id)
    assert digest is not None
    return person, channel, digest


async def test_row_99_closed_direct_messages_pause_and_wait_for_their_person(
    world: World,
) -> None:
    """Whether the first message is refused or a later one; no admin and no host hears of it."""
    person, channel, digest = await follow(world)
    await world.outbox.plan(digest, DAY, DRAFTS, now=world.clock.now())
    person.takes_messages = False
    await world.delivery.run_once()
    assert await world.states(channel) == ["failed"] * len(DRAFTS)
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    assert await caretaker.look_around() == 0
    assert world.server.told(world.guild.owner) == []
    digest = await world.store.follows.get(person.id) or digest
    assert digest.state is SubscriptionState.PAUSED
    reason = await world.store.follows.take_pause(person.id, world.clock.now())
    assert reason is not None
    assert (reason.code, reason.discord_code) == (ReasonCode.NO_PRIVATE_MESSAGES, 50007)
    assert say_reason(reason) == "the person does not accept messages from the bot"
    person.takes_messages = True
    assert await world.store.follows.try_again(person.id, world.clock.now()) == len(DRAFTS)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"] * len(DRAFTS)
    assert len(world.posted(channel)) == len(DRAFTS)


@pytest.mark.parametrize("later", [timedelta(), 30 * MINUTES], ids=["by its nonce", "by history"])
@pytest.mark.parametrize("has_arrived", [True, False], ids=["arrived", "lost"])
async def test_row_100_a_direct_message_on_its_way_at_a_kill_is_there_once(
    world: World, *, later: timedelta, has_arrived: bool
) -> None:
    _, channel, digest = await follow(world)
    await world.outbox.plan(digest, DAY, DRAFTS[:1], now=world.clock.now())
    if has_arrived:
        await world.send_unseen(channel)
    else:
        await world.claim(channel)
    world.advance(later)
    await world.restarted().run_once()
    assert await world.states(channel) == ["sent"]
    assert len(world.posted(channel)) == 1


async def test_row_100_a_start_that_still_waits_for_servers_finds_a_direct_message(
    world: World,
) -> None:
    """discord.py is not ready then, and knows servers already."""
    _, channel, digest = await follow(world)
    await world.outbox.plan(digest, DAY, DRAFTS[:1], now=world.clock.now())
    await world.send_unseen(channel)
    world.advance(30 * MINUTES)
    client = discord.AutoShardedClient(
        intents=discord.Intents(guilds=True), guild_ready_timeout=HUNG_S
    )
    async with world.server.connecting(client):
        await until(lambda: client.guilds)
        assert not client.is_ready()
        world.sender.use(client)
        await world.restarted().run_once()
        assert await world.states(channel) == ["sent"]
    assert len(world.posted(channel)) == 1


async def test_row_100_an_answer_that_is_lost_leaves_one_direct_message(world: World) -> None:
    _, channel, digest = await follow(world)
    await world.outbox.plan(digest, DAY, DRAFTS, now=world.clock.now())
    world.server.inject(faults.answer(502, after=True), channel=channel)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"] * len(DRAFTS)
    assert len(world.posted(channel)) == len(DRAFTS)


@asynccontextmanager
async def connected(clock: VirtualClock) -> AsyncIterator[tuple[DiscordServer, DiscordSender]]:
    async with DiscordServer(now=clock.now) as server:
        sender, client = DiscordSender(now=clock.now), make_client()
        sender.use(client)
        async with server.connected(client):
            yield server, sender


async def test_row_101_a_backup_that_is_put_back_finds_direct_messages(tmp_path: Path) -> None:
    """And closed ones, which the bot can read all the same."""
    clock, path, copy = VirtualClock(NOW), tmp_path / "bot.db", tmp_path / "copy.db"
    async with connected(clock) as (server, sender):
        person = server.add_user("ada")
        channel = server.private_channel(person)
        async with open_store(path) as store:
            await store.follows.set_up(person.id, channel.id, When(), NOW)
            await store.follows.follow(person.id, Topic(name="all", query="paper"))
            await backup(path, copy)
        for draft in DRAFTS:
            server.accept(channel, dict(draft.body))
        person.takes_messages = False
        await restore(copy, path, now=NOW)
        async with open_store(path) as store:
            window = timedelta(hours=96)
            reconciliation = Reconciliation(store, sender, window=window, now=clock.now)
            assert await reconciliation.is_done()
            digest = await store.follows.get(person.id)
            assert digest is not None
            assert digest.state is SubscriptionState.ACTIVE
            papers = [paper for draft in DRAFTS for paper in draft.papers]
            known = await store.outbox.delivered_versions(channel.id, [each for each, _ in papers])
            assert known == dict(papers)
            assert await store.outbox.plan(digest, DAY, DRAFTS, now=NOW) == 0


CODE = Link(kind=LinkKind.CODE, url="https://github.com/a/b", provenance=Provenance.HUGGING_FACE)
PAPER = make_paper(1, title="Graph networks")


async def learn_and_plan(
    store: Store, clock: VirtualClock, newer: Paper
) -> list[Mapping[str, object]]:
    """Learn a day later what is new of the paper, and plan what its reader is told of it."""
    clock.advance(timedelta(days=1))
    day = clock.now().date()
    await store.papers.add_links(PAPER.arxiv_id, [CODE])
    listing = make_listing((newer, AnnounceType.REPLACE), announced_on=day)
    await store.papers.add_listing(listing, now=clock.now())
    await offline_pipeline(store, now=clock.now).plan_due()
    digest = next(iter(await store.follows.list_all()))
    records = await store.outbox.list_deliveries(digest.channel_id, day)
    return [each.body for each in records if each.state is DeliveryState.PLANNED]


async def test_row_101_a_backup_that_is_put_back_tells_no_news_of_a_paper_again(
    tmp_path: Path,
) -> None:
    """It has forgotten the messages and what they tell; what is new since is told."""
    clock, path, copy = VirtualClock(NOW), tmp_path / "bot.db", tmp_path / "copy.db"
    async with connected(clock) as (server, sender):
        person = server.add_user("ada")
        channel = server.private_channel(person)
        async with open_store(path) as store:
            await store.papers.add_listing(make_listing(PAPER), now=NOW)
            await store.follows.set_up(person.id, channel.id, When(categories=("cs.CV",)), NOW)
            await store.follows.follow_paper(person.id, PAPER.arxiv_id, now=NOW)
            await backup(path, copy)
            bodies = await learn_and_plan(store, clock, replace(PAPER, version=3))
            assert len(bodies) == 1
            assert "v3" in str(bodies)
            server.accept(channel, dict(bodies[0]))
        await restore(copy, path, now=clock.now())
        async with open_store(path) as store:
            window = timedelta(hours=96)
            reconciliation = Reconciliation(store, sender, window=window, now=clock.now)
            assert await reconciliation.is_done()
            assert await learn_and_plan(store, clock, replace(PAPER, version=2)) == []
            newer = replace(PAPER, version=3, journal_ref="Nature 1")
            (body,) = await learn_and_plan(store, clock, newer)
            (told,) = embeds_of(body)
            assert str(told["description"]).endswith("2024: published in Nature 1")


async def test_row_102_who_deletes_everything_is_sent_nothing_more(world: World) -> None:
    """Also while a message is on its way: its outcome has no row any more, and stops nobody."""
    person, channel, digest = await follow(world)
    await world.outbox.plan(digest, DAY, DRAFTS, now=world.clock.now())
    other = await world.plan(world.channel)
    record = await world.send_unseen(channel)
    assert await world.store.people.forget(person.id) > 0
    assert not await world.outbox.mark_sent(record.id, 7, world.clock.now())
    await world.restarted().run_once()
    assert len(world.posted(channel)) == 1
    assert world.posted(world.channel) == other

    def left(connection: sqlite3.Connection) -> list[str]:
        """Return the tables in which a number of the person is still."""
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
            )
        ]
        wanted = (str(person.id), str(channel.id))
        return [
            name
            for name in names
            if any(
                number in frozen_json({"row": [str(value) for value in row]})
                for row in connection.execute(f"SELECT * FROM {name}")
                for number in wanted
            )
        ]

    assert await world.database.read(left) == []
