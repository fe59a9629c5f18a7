"""What delivery knows of a message it asks the style that made it, and never an embed."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.reconcile import Reconciliation
from bot.store.backup.backup import backup, restore
from tests.builders import DAY, make_digest, make_papers
from tests.fakes import faults
from tests.fakes.plain_style import PLAIN, plain_style
from tests.fakes.world import Channel
from tests.faults.world import MINUTES, World, open_world
from tests.stores import open_store

PAPERS = make_papers(5)
DRAFTS = PLAIN.render(make_digest(*PAPERS))
LINES = [str(draft.body["content"]) for draft in DRAFTS]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    with plain_style():
        async with open_world(tmp_path) as world:
            subscription = await world.subscribe(world.channel)
            await world.outbox.plan(subscription, DAY, DRAFTS, now=world.clock.now())
            yield world


@pytest.fixture
def channel(world: World) -> Channel:
    return world.channel


async def test_a_message_keeps_the_style_that_made_it(world: World, channel: Channel) -> None:
    """The digest is another now."""
    await world.subscribe(channel)
    records = await world.outbox.list_deliveries(channel.id)
    assert [each.style for each in records] == ["plain"] * 3
    await world.delivery.run_once()
    assert world.posted(channel) == LINES


async def test_recovery_finds_it_by_its_style(world: World, channel: Channel) -> None:
    await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == LINES
    assert await world.states(channel) == ["sent"] * 3


async def test_a_refused_message_is_split_by_its_style(world: World, channel: Channel) -> None:
    world.server.inject(faults.refuse(400, 50035), channel=channel)
    await world.delivery.run_once()
    world.advance(MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["failed", *["sent"] * 4]
    pieces = PLAIN.split(DRAFTS[0].body, DRAFTS[0].papers)
    posted = [*LINES[1:], *(str(piece.body["content"]) for piece in pieces)]
    assert sorted(world.posted(channel)) == sorted(posted)


async def test_after_a_restore_it_is_read_by_its_style(
    world: World, channel: Channel, tmp_path: Path
) -> None:
    """The copy knows nothing of the messages, and takes their papers for posted."""
    copy = tmp_path / "copy.db"
    other, restored = tmp_path / "empty.db", tmp_path / "restored.db"
    async with open_store(other) as store:
        await store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=[],
            post_at=None,
            zone="UTC",
            style="cards",
            now=world.clock.now(),
        )
    await backup(other, copy)
    await world.delivery.run_once()
    await restore(copy, restored, now=world.clock.now())
    async with open_store(restored) as store:
        compared = Reconciliation(
            store, world.sender, window=timedelta(hours=96), now=world.clock.now
        )
        assert await compared.is_done()
        known = await store.outbox.delivered_versions(
            channel.id, [paper.arxiv_id for paper in PAPERS]
        )
    assert set(known) == {paper.arxiv_id for paper in PAPERS}
