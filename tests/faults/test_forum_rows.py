"""Rows 87 to 91: a forum's post has no nonce, so what may be there is looked for first."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.notices import Caretaker
from bot.delivery.window import Tries
from bot.digest.models import Place
from tests.builders import DAY, NOW
from tests.fakes import faults, spec
from tests.fakes.faults import Fault
from tests.fakes.threads import ACTIVE, ARCHIVED, OPEN_POST
from tests.fakes.world import (
    MANAGE_THREADS,
    READ_MESSAGE_HISTORY,
    REQUIRES_TAG,
    SEND_MESSAGES,
    Channel,
)
from tests.faults.test_thread_rows import deliver, threads_of
from tests.faults.world import FAST, MINUTES, THREAD_NAME, World, open_world

FORUM = Place.FORUM
SOON = timedelta(seconds=10)
LIST_ARCHIVED = "GET", ARCHIVED


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        forum = world.server.add_forum(world.guild, tags=["CS.cv", "cs.AI", "cs.LG"])
        await world.server.welcome(world.guild)
        world.channel = forum
        yield world


@pytest.fixture
def forum(world: World) -> Channel:
    return world.channel


def posts(world: World) -> int:
    """Count how often the bot tried to make a post."""
    return sum((call.method, call.template) == OPEN_POST for call in world.server.calls)


async def test_row_87_a_digest_is_one_post_with_the_tags_of_its_categories(
    world: World, forum: Channel
) -> None:
    planned = await world.plan(forum, parts=3, place=FORUM)
    await world.delivery.run_once()
    (post,) = world.server.threads.of(forum)
    assert threads_of(world, forum) == [planned]
    assert post.name == THREAD_NAME
    assert [forum.tags[tag] for tag in post.applied_tags] == ["CS.cv"]
    later = await world.plan(forum, parts=2, place=FORUM)
    await world.delivery.run_once()
    assert threads_of(world, forum) == [[*planned, *later]]


async def test_row_87_a_tag_that_only_moderators_may_set_is_left_alone(
    world: World, forum: Channel
) -> None:
    forum.moderated = set(forum.tags)
    await world.server.allow(forum, 0)
    await world.plan(forum, place=FORUM)
    await world.delivery.run_once()
    (post,) = world.server.threads.of(forum)
    assert post.applied_tags == []
    world.guild.permissions |= MANAGE_THREADS
    await world.server.welcome(world.guild)
    later = await world.store.subscriptions.get_subscription(forum.id)
    assert later is not None
    tomorrow = DAY + timedelta(days=1)
    draft, now = world.draft(1), world.clock.now()
    await world.outbox.plan(later, tomorrow, [draft], now=now, thread_name="tomorrow")
    await world.delivery.run_once()
    assert [len(each.applied_tags) for each in world.server.threads.of(forum)] == [0, 1]


async def test_row_87_a_post_has_five_tags_at_most(world: World, forum: Channel) -> None:
    names = ["cs.CV", "cs.LG", "cs.AI", "cs.CL", "cs.RO", "cs.NE"]
    forum.tags = {world.server.ids.new(): name for name in reversed(names)}
    await world.server.allow(forum, 0)
    subscription = await world.subscribe(forum, FORUM)
    await world.outbox.plan(
        replace(subscription, categories=tuple(names)),
        DAY,
        [world.draft(1)],
        now=world.clock.now(),
        thread_name=THREAD_NAME,
    )
    await world.delivery.run_once()
    (post,) = world.server.threads.of(forum)
    assert [forum.tags[tag] for tag in post.applied_tags] == names[:5]


async def test_row_87_old_posts_are_not_looked_through(world: World, forum: Channel) -> None:
    """The last archived come first, and a page of them is enough."""
    await world.plan(forum, place=FORUM)
    await world.claim(forum)
    for number in range(350):
        old = world.server.add_thread(forum, f"post {number}")
        old.archived_at = NOW - timedelta(days=1, minutes=number)
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    listed = [call for call in world.server.calls if (call.method, call.template) == LIST_ARCHIVED]
    assert len(listed) == 2
    assert await world.states(forum) == ["sent"]


UNSURE = {
    "500": faults.answer(500),
    "502": faults.answer(502),
    "503": faults.answer(503),
    "504": faults.answer(504),
    "page": faults.page(200),
    "reset": faults.reset(),
    "cut": faults.cut(),
}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", UNSURE)
async def test_row_87_an_answer_that_was_lost_makes_no_second_post(
    world: World, forum: Channel, name: str, is_after: bool
) -> None:
    """Not by discord.py's own tries either. What is not found is made a minute later."""
    planned = await world.plan(forum, parts=2, place=FORUM)
    fault = UNSURE[name].once_done() if is_after else UNSURE[name]
    world.server.inject(fault, route=OPEN_POST)
    await world.delivery.run_once()
    assert posts(world) == 1
    assert await world.states(forum) == ["sending", "planned"]
    world.advance(SOON)
    await world.delivery.run_once()
    assert posts(world) == 1
    assert await world.states(forum) == (["sent"] * 2 if is_after else ["sending", "planned"])
    world.advance(FAST.nonce_window - SOON)
    await world.delivery.run_once()
    await world.delivery.run_once()
    assert posts(world) == (1 if is_after else 2)
    assert threads_of(world, forum) == [planned]
    assert await world.states(forum) == ["sent"] * 2


async def test_row_87_a_post_that_comes_late_is_waited_for(world: World, forum: Channel) -> None:
    """Discord was still at work when the bot looked for the post the first time."""
    planned = await world.plan(forum, place=FORUM)
    record = await world.claim(forum)
    await world.restarted().run_once()
    assert await world.states(forum) == ["sending"]
    await world.sender.send(record, Tries())
    world.advance(SOON)
    await world.delivery.run_once()
    assert threads_of(world, forum) == [planned]
    assert await world.states(forum) == ["sent"]


@pytest.mark.parametrize("is_archived", [False, True], ids=["active", "archived"])
async def test_row_87_killed_after_the_post(
    world: World, forum: Channel, is_archived: bool
) -> None:
    """It is found by its first line and its author, whatever it is called by now."""
    planned = await world.plan(forum, parts=2, place=FORUM)
    await world.send_unseen(forum)
    (post,) = world.server.threads.of(forum)
    post.name = "renamed"
    other = world.server.add_thread(forum, THREAD_NAME)
    other.owner_id = world.guild.owner.id
    world.server.post_as(world.guild.owner, other, {"content": planned[0]})
    world.advance(30 * MINUTES)
    if is_archived:
        await world.server.threads.archive(post)
    await world.restarted().run_once()
    await deliver(world)
    assert world.posted(post) == planned
    assert posts(world) == 1


async def test_row_87_an_archived_post_is_found_though_the_clock_was_ahead_at_the_claim(
    world: World, forum: Channel
) -> None:
    """By its name: it seems to be older than the claim, and so does when it was archived."""
    planned = await world.plan(forum, place=FORUM)
    world.advance(60 * MINUTES)
    record = await world.claim(forum)
    world.advance(-60 * MINUTES)
    await world.sender.send(record, Tries())
    world.advance(10 * MINUTES)
    await world.server.threads.archive(world.server.threads.of(forum)[0])
    world.advance(90 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(forum) == ["sent"]
    assert threads_of(world, forum) == [planned]


async def test_row_87_a_post_without_its_first_message_was_posted(
    world: World, forum: Channel
) -> None:
    planned = await world.plan(forum, parts=2, place=FORUM)
    await world.send_unseen(forum)
    (post,) = world.server.threads.of(forum)
    post.messages.clear()
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert posts(world) == 1
    assert world.posted(post) == planned
    assert await world.states(forum) == ["sent"] * 2


async def test_row_87_a_rate_limit_proves_that_nothing_was_posted(
    world: World, forum: Channel
) -> None:
    planned = await world.plan(forum, place=FORUM)
    world.server.inject(faults.rate_limited(0.01), faults.rate_limited(0.01), route=OPEN_POST)
    await world.delivery.run_once()
    assert posts(world) == 3
    assert threads_of(world, forum) == [planned]


@pytest.mark.parametrize(
    "route", [("GET", ACTIVE), ("GET", ARCHIVED), ("GET", f"{spec.MESSAGES}/{{message_id}}")]
)
async def test_row_87_what_cannot_be_read_now_is_read_later(
    world: World, forum: Channel, route: tuple[str, str]
) -> None:
    planned = await world.plan(forum, place=FORUM)
    await world.send_unseen(forum)
    if route[1] == ARCHIVED:
        await world.server.threads.archive(world.server.threads.of(forum)[0])
    world.advance(30 * MINUTES)
    world.server.inject(faults.answer(503), route=route)
    await world.restarted().run_once()
    assert await world.states(forum) == ["sending"]
    world.advance(SOON)
    await world.delivery.run_once()
    assert await world.states(forum) == ["sent"]
    assert threads_of(world, forum) == [planned]


async def test_row_88_without_the_history_nobody_can_tell(world: World, forum: Channel) -> None:
    planned = await world.plan(forum, parts=3, place=FORUM)
    await world.send_unseen(forum)
    await world.server.deny(forum, READ_MESSAGE_HISTORY)
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    await deliver(world)
    assert await world.states(forum) == ["unknown", "sent", "sent"]
    assert threads_of(world, forum) == [planned[:1], planned[1:]]
    assert posts(world) == 2


async def test_row_88_nor_with_a_clock_that_is_wrong(world: World, forum: Channel) -> None:
    await world.plan(forum, place=FORUM)
    await world.claim(forum)
    world.advance(30 * MINUTES)
    world.server.now = lambda: NOW - 5 * MINUTES
    await world.restarted().run_once()
    assert await world.states(forum) == ["unknown"]
    assert posts(world) == 0


async def test_row_88_a_post_whose_papers_cannot_be_seen_is_not_taken_for_absent(
    world: World, forum: Channel
) -> None:
    await world.plan(forum, place=FORUM)
    await world.send_unseen(forum)
    (post,) = world.server.threads.of(forum)
    del post.messages[0]["embeds"][0]
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(forum) == ["unknown"]


async def test_row_89_a_forum_that_wants_a_tag(world: World, forum: Channel) -> None:
    """Paused with the reason, and resumed once the forum has the tag."""
    planned = await world.plan(forum, place=FORUM)
    forum.flags |= REQUIRES_TAG
    tag, *_ = forum.tags
    forum.tags[tag] = "vision"
    await world.server.allow(forum, 0)
    await world.delivery.run_once()
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    await caretaker.look_around()
    await caretaker.look_around()
    (notice,) = world.server.told(world.guild.owner)
    assert "the forum wants a tag on every post" in notice
    assert await world.states(forum) == ["failed"]
    forum.tags[tag] = "cs.cv"
    await world.server.allow(forum, 0)
    assert await caretaker.look_around() == 1
    (record,) = await world.outbox.list_deliveries(forum.id, DAY)
    await world.store.troubles.post_again(record.id, world.clock.now())
    await world.delivery.run_once()
    assert threads_of(world, forum) == [planned]


async def test_row_89_a_tag_that_was_deleted_meanwhile(world: World, forum: Channel) -> None:
    planned = await world.plan(forum, place=FORUM)
    world.server.inject(faults.refuse(404, 10087), route=OPEN_POST)
    await deliver(world)
    assert threads_of(world, forum) == [planned]


async def test_row_90_a_post_deleted_between_two_parts(world: World, forum: Channel) -> None:
    planned = await world.plan(forum, place=FORUM)
    await world.delivery.run_once()
    later = await world.plan(forum, parts=2, place=FORUM)
    await world.server.threads.delete(world.server.threads.of(forum)[0])
    await deliver(world)
    assert await world.states(forum) == ["sent", "failed", "failed"]
    assert (await world.reasons(forum))[1:] == ["the thread was deleted"] * 2
    for record in (await world.outbox.list_deliveries(forum.id))[1:]:
        await world.store.troubles.post_again(record.id, world.clock.now())
    await deliver(world)
    assert threads_of(world, forum) == [later]
    assert len(planned) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.refuse(403, 50013), "it needs Create Posts and Embed Links"),
        (faults.refuse(404, 10003), "the channel does not exist (any more)"),
        (faults.refuse(403, 50001), "the bot may not see the channel"),
    ],
)
async def test_row_91_a_forum_that_refuses_posts(
    world: World, forum: Channel, fault: Fault, said: str
) -> None:
    await world.plan(forum, parts=2, place=FORUM)
    world.server.inject(fault, route=OPEN_POST)
    await world.delivery.run_once()
    assert await world.states(forum) == ["failed"] * 2
    assert said in str((await world.reasons(forum))[0])
    subscription = await world.store.subscriptions.get_subscription(forum.id)
    assert subscription is not None
    assert subscription.paused_because is not None


async def test_row_91_a_permission_taken_away_is_noticed_when_it_is_back(
    world: World, forum: Channel
) -> None:
    await world.plan(forum, place=FORUM)
    await world.server.deny(forum, SEND_MESSAGES)
    await world.delivery.run_once()
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    assert await caretaker.look_around() == 0
    await world.server.allow(forum, SEND_MESSAGES)
    assert await caretaker.look_around() == 1


async def test_row_91_a_refused_post_is_split_and_its_pieces_are_in_one(
    world: World, forum: Channel
) -> None:
    planned = await world.plan(forum, parts=2, place=FORUM)
    world.server.inject(faults.refuse(400, 50035), route=OPEN_POST)
    await deliver(world)
    (inside,) = threads_of(world, forum)
    assert inside[1] == planned[1]
    assert ["paper 1 of 2" in inside[0], "paper 2 of 2" in inside[2]] == [True, True]
