"""A posted message says what became known of its papers: the same message, edited."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery.amend import LIVES
from bot.digest.models import DigestOptions, Place, Reason, ReasonCode
from bot.run.housekeeping import tidy
from bot.store.sqlite.statements import change, select_rows
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, make_digest, make_id, make_listing, make_papers
from tests.fakes import faults
from tests.fakes.discord import EDIT, LOOK, SEND
from tests.fakes.world import Channel
from tests.faults.living import CODE, PAPERS, SUPPRESS_EMBEDS, edit, find_code, post, shown, states
from tests.faults.world import World
from tests.waiting import until


async def test_a_message_is_edited_and_none_is_posted(world: World, channel: Channel) -> None:
    await post(world, channel)
    await edit(world)
    assert world.server.edited == []
    await find_code(world)
    await edit(world)
    await edit(world)
    assert shown(world, channel) == [(CODE,), ()]
    assert len(world.server.edited) == 1
    assert world.sends() == 2
    assert await states(world) == [("done", None)]
    assert world.editor.made == 1


@pytest.mark.parametrize("place", [Place.THREAD, Place.FORUM])
async def test_messages_in_threads_and_posts_are_edited(world: World, place: Place) -> None:
    there = world.channel if place is Place.THREAD else world.server.add_forum(world.guild)
    await post(world, there, place)
    await find_code(world, 1)
    await world.store.papers.add_listing(
        make_listing(*make_papers(3, first=20)), now=world.clock.now()
    )
    await find_code(world, 20)
    await edit(world)
    (thread,) = world.server.threads.of(there)
    places = [there, thread] if place is Place.THREAD else [thread]
    assert [line for each in places for line in shown(world, each) if line] == [(CODE,)] * 2


async def test_only_messages_of_papers_that_changed_are_looked_at(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await find_code(world, 1)
    await edit(world)
    assert count_calls(world, LOOK) == 1


async def test_what_was_known_when_it_was_planned_is_no_update(
    world: World, channel: Channel
) -> None:
    await world.store.papers.add_listing(make_listing(*PAPERS), now=world.clock.now())
    await find_code(world)
    await post(world, channel)
    await edit(world)
    assert world.server.edited == []


async def test_what_is_stored_between_reading_and_planning_is_said_later(
    world: World, channel: Channel
) -> None:
    await world.store.papers.add_listing(make_listing(*PAPERS), now=world.clock.now())
    known = await world.store.edits.last_update()
    subscription = await world.subscribe(channel)
    drafts = CARDS.render(make_digest(*PAPERS))
    await find_code(world)
    await world.amendments.plan()
    await world.outbox.plan(subscription, DAY, drafts, now=world.clock.now(), known_update=known)
    await edit(world)
    assert shown(world, channel) == [(CODE,)]


async def test_later_updates_join_the_earlier_ones(world: World, channel: Channel) -> None:
    await post(world, channel)
    await find_code(world, 1)
    await edit(world)
    world.advance(timedelta(days=1))
    await find_code(world, 2)
    await edit(world)
    assert shown(world, channel) == [(CODE, CODE.replace("5 Mar", "6 Mar")), ()]
    assert len(world.server.edited) == 2


async def test_an_old_message_is_edited_until_nothing_of_it_is_kept(
    world: World, channel: Channel
) -> None:
    """Of an edit that is made, next to nothing is kept."""
    await post(world, channel)
    await find_code(world, 1)
    await edit(world)
    world.advance(LIVES - timedelta(hours=1))
    await tidy(world.store, lambda: None, now=world.clock.now())
    (kept,) = await world.database.read(
        select_rows,
        "SELECT length(packed) < 300, payload, tried, done FROM edit",
    )
    assert kept == (True, "", None, None)
    await find_code(world, 2)
    await edit(world)
    assert shown(world, channel) == [(CODE, CODE.replace("5 Mar", "4 Apr")), ()]
    world.advance(timedelta(days=1))
    await tidy(world.store, lambda: None, now=world.clock.now())
    assert await states(world) != []
    world.advance(timedelta(days=1))
    await tidy(world.store, lambda: None, now=world.clock.now())
    assert await world.database.read(select_rows, "SELECT * FROM body") == []
    assert await states(world) == []


async def test_a_message_that_is_left_keeps_no_bodies(world: World, channel: Channel) -> None:
    await post(world, channel)
    channel.messages[0]["flags"] = SUPPRESS_EMBEDS
    await find_code(world)
    await edit(world)
    assert await states(world) == [("left", "bare-message")]
    bodies = await world.database.read(select_rows, "SELECT payload, tried, done FROM edit")
    assert bodies == [("", None, None)]


async def test_posts_come_first(world: World, channel: Channel) -> None:
    await post(world, channel)
    await find_code(world)
    await world.amendments.plan()
    other = world.server.add_channel(world.guild, "other")
    await world.plan(other, parts=3)
    await world.delivery.run_once()
    made = [
        (call.method, call.template)
        for call in world.server.calls
        if (call.method, call.template) in (SEND, EDIT)
    ]
    assert made == [SEND] * 5 + [EDIT]


async def test_a_revision_that_came_meanwhile_is_made_next(world: World, channel: Channel) -> None:
    await post(world, channel)
    await find_code(world, 1)
    await world.amendments.plan()
    now, edits = world.clock.now(), world.store.edits
    (old,) = await edits.list_due(now, now - LIVES, 10)
    assert await edits.claim(old, old.base, now, now)
    await world.sender.edit(old, json.loads(old.payload))
    await find_code(world, 2)
    await world.amendments.plan()
    assert await edits.mark_done(old, now)
    assert not await edits.claim(old, old.base, now, now)
    await world.delivery.run_once()
    assert shown(world, channel) == [(CODE, CODE), ()]
    assert await states(world) == [("done", None)]
    assert not await edits.mark_done(old, now)


async def test_a_message_is_edited_for_thirty_days(world: World, channel: Channel) -> None:
    await post(world, channel)
    world.advance(LIVES + timedelta(hours=1))
    await find_code(world)
    await edit(world)
    assert await states(world) == []
    assert world.server.edited == []


@pytest.mark.parametrize("how", ["off", "paused"])
async def test_an_admin_can_stop_edits(world: World, channel: Channel, how: str) -> None:
    await post(world, channel)
    await find_code(world)
    await world.amendments.plan()
    if how == "paused":
        reason = Reason(code=ReasonCode.PAUSED_BY_ADMIN)
        await world.store.subscriptions.pause(channel.id, reason)
    else:
        await set_updates(world, channel, updates=False)
    await world.delivery.run_once()
    assert world.server.edited == []
    await world.store.subscriptions.resume(channel.id)
    await set_updates(world, channel, updates=True)
    await world.delivery.run_once()
    assert shown(world, channel) == [(CODE,), ()]


async def set_updates(world: World, channel: Channel, *, updates: bool) -> None:
    values: dict[str, Any] = {
        "guild_id": channel.guild_id,
        "channel_id": channel.id,
        "categories": ["cs.CV"],
        "announce_types": [],
        "post_at": None,
        "zone": "UTC",
        "style": "cards",
        "now": world.clock.now(),
    }
    options = DigestOptions(updates=updates)
    subscription = await world.store.subscriptions.set_subscription(**values, options=options)
    assert subscription.updates is updates


async def test_edits_make_way_for_a_post_that_comes_meanwhile(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await world.store.papers.add_listing(
        make_listing(*make_papers(3, first=20)), now=world.clock.now()
    )
    await find_code(world, 1)
    await find_code(world, 20)
    await world.amendments.plan()
    is_edit_free, is_send_free = asyncio.Event(), asyncio.Event()
    world.server.inject(faults.late(is_edit_free), route=EDIT)
    running = asyncio.create_task(world.restarted().run())
    await until(lambda: count_calls(world, EDIT) == 1)
    world.server.inject(faults.late(is_send_free), route=SEND)
    await world.plan(world.server.add_channel(world.guild, "other"))
    world.delivery.wake()
    await until(lambda: count_calls(world, SEND) == 3)
    is_edit_free.set()
    await until(lambda: world.editor.made == 1)
    await asyncio.sleep(0.2)
    assert count_calls(world, LOOK) == 1
    is_send_free.set()
    await until(lambda: len(world.server.edited) == 2)
    await world.delivery.stop()
    await running


def count_calls(world: World, route: tuple[str, str]) -> int:
    return sum((call.method, call.template) == route for call in world.server.calls)


async def test_old_updates_are_forgotten(world: World, channel: Channel) -> None:
    await post(world, channel)
    await find_code(world)
    await edit(world)
    day = world.clock.now().date()
    await world.store.edits.forget(day)
    assert await world.store.edits.list_updates(make_id(1))
    await world.store.edits.forget(day + timedelta(days=1))
    assert await world.store.edits.list_updates(make_id(1)) == []


@pytest.mark.parametrize("damage", ["kind = 'sculpture'", "noted_on = 'yesterday'"])
async def test_an_update_that_cannot_be_read_is_left_out(
    world: World, channel: Channel, damage: str
) -> None:
    """A later version of the bot may have written it. The others are said."""
    await post(world, channel)
    await find_code(world, 1)
    await find_code(world, 2)
    await world.amendments.plan()
    await world.database.write(
        change, f"UPDATE paper_update SET {damage} WHERE arxiv_id = :id", {"id": make_id(1)}
    )
    updates = [await world.store.edits.list_updates(make_id(number)) for number in (1, 2)]
    assert [len(each) for each in updates] == [0, 1]
