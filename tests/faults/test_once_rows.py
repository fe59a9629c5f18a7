"""Row 111: whatever befalls the channel that a paper was left to, the paper is posted once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.models import AnnounceType
from bot.pipeline import Pipeline
from bot.run.app import offline_pipeline
from tests.builders import make_listing, make_paper
from tests.fakes import faults
from tests.fakes.world import SEND_MESSAGES, Channel
from tests.faults.world import World

PAPERS = [make_paper(1, title="Frog"), make_paper(2, title="Newt")]


async def set_up(world: World, frogs: Channel) -> Pipeline:
    """A channel for everything and one for frogs, of a server that posts each paper once."""
    world.clock.advance(timedelta(hours=-1))
    for channel in (world.channel, frogs):
        await world.store.subscriptions.set_subscription(
            guild_id=world.guild.id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=[AnnounceType.NEW],
            post_at=None,
            zone="UTC",
            style="list",
            now=world.clock.now(),
        )
    await world.store.subscriptions.set_topic(frogs.id, "frogs", "frog")
    await world.store.once.set(world.guild.id, is_on=True)
    await world.store.papers.add_listing(make_listing(*PAPERS), now=world.clock.now())
    return offline_pipeline(world.store, now=world.clock.now)


async def tick(world: World, pipeline: Pipeline) -> None:
    await pipeline.plan_due()
    await world.delivery.run_once()


async def nothing(world: World, frogs: Channel) -> None:
    """All goes well."""


async def refuse(world: World, frogs: Channel) -> None:
    await world.server.deny(frogs, SEND_MESSAGES)


async def delete(world: World, frogs: Channel) -> None:
    await world.server.delete_channel(frogs)


async def lose_the_answer(world: World, frogs: Channel) -> None:
    """The message is there, and the bot learns so when it tries again."""
    world.server.inject(faults.close(after=True), channel=frogs)


@pytest.mark.parametrize(
    ("befall", "here", "there"),
    [(nothing, 1, 1), (refuse, 2, 0), (delete, 2, 0), (lose_the_answer, 1, 1)],
    ids=lambda each: getattr(each, "__name__", ""),
)
async def test_row_111_a_paper_that_the_best_channel_does_not_take_is_in_the_other(
    world: World,
    befall: Callable[[World, Channel], Awaitable[None]],
    here: int,
    there: int,
) -> None:
    frogs = world.server.add_channel(world.guild, "frogs")
    await world.server.welcome(world.guild)
    pipeline = await set_up(world, frogs)
    await befall(world, frogs)
    for _ in range(4):
        await tick(world, pipeline)
        world.clock.advance(timedelta(minutes=5))
    papers = {
        channel.id: [paper for each in world.server.messages_in(channel) for paper in each.papers]
        for channel in (world.channel, frogs)
    }
    assert (len(papers[world.channel.id]), len(papers[frogs.id])) == (here, there)
    assert len({*papers[world.channel.id], *papers[frogs.id]}) == 2


async def test_row_111_killed_before_the_lost_paper_is_planned_again_it_is_planned_by_the_next(
    world: World,
) -> None:
    """What was left is noted with the plan, so a new process finds it."""
    frogs = world.server.add_channel(world.guild, "frogs")
    await world.server.welcome(world.guild)
    pipeline = await set_up(world, frogs)
    await pipeline.plan_due()
    await world.server.deny(frogs, SEND_MESSAGES)
    await world.delivery.run_once()
    again = offline_pipeline(world.store, now=world.clock.now)
    world.restarted()
    await tick(world, again)
    (first, second) = world.server.messages_in(world.channel)
    assert first.papers | second.papers == {each.arxiv_id for each in PAPERS}
    assert first.papers.isdisjoint(second.papers)
