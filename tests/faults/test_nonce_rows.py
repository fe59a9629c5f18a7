"""Rows 52 to 54 and 56: Discord has forgotten the nonce, and what the history shows then.

Time passes on a clock of the test's own, to which the loopback Discord dates messages and counts
how long it knows a nonce; discord.py's own pauses between its tries are real.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from tests.builders import DAY
from tests.fakes import faults, spec
from tests.fakes.world import Channel, Json, User
from tests.faults.world import MINUTES, World


def passing(world: World, seconds: float) -> Callable[[], None]:
    return partial(world.advance, timedelta(seconds=seconds))


async def settle(world: World, channel: Channel) -> None:
    """Let the row be looked after until it is settled: the history decides."""
    assert await world.states(channel) == ["sending"]
    world.advance(timedelta(seconds=10))
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_row_52_slow_errors_outlive_the_nonce(world: World, channel: Channel) -> None:
    """Accepted, answered 504 after 100 s, twice; the nonce is known for 180 s.

    discord.py alone would try at 0, 101 and 204 seconds, and the third makes a second message.
    """
    world.server.nonce_window_s = 180
    planned = await world.plan(channel)
    slow = faults.answer(504, after=True).while_(passing(world, 100))
    world.server.inject(slow, slow)
    await world.delivery.run_once()
    await settle(world, channel)
    assert world.sends() == 1
    assert world.posted(channel) == planned


async def test_row_52_quick_errors_are_repeated_inside_the_window(
    world: World, channel: Channel
) -> None:
    """The nonce is there for that: no history is read, and one message is there."""
    planned = await world.plan(channel)
    world.server.inject(faults.answer(502, after=True).while_(passing(world, 20)))
    await world.delivery.run_once()
    assert [call.method for call in world.server.calls if call.template == spec.MESSAGES] == [
        "POST",
        "POST",
    ]
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_row_53_a_rate_limit_outlives_the_nonce(world: World, channel: Channel) -> None:
    """Accepted, answered 502, then a global 429 of 75 s slept out; the nonce is known for 60 s."""
    world.server.nonce_window_s = 60
    planned = await world.plan(channel)
    limit = faults.rate_limited(0.2, is_global=True).while_(passing(world, 75))
    world.server.inject(faults.answer(502, after=True), limit)
    await world.delivery.run_once()
    await settle(world, channel)
    assert world.sends() == 2
    assert world.posted(channel) == planned


async def test_row_53_after_the_refused_try_other_channels_go_on(
    world: World, channel: Channel
) -> None:
    """The try was refused during a global limit, and discord.py does not hang for it."""
    other = world.server.add_channel(world.guild, "other")
    await world.plan(channel)
    limit = faults.rate_limited(0.2, is_global=True).while_(passing(world, 75))
    world.server.inject(faults.answer(502, after=True), limit, channel=channel)
    await world.delivery.run_once()
    planned = await world.plan(other)
    await world.delivery.run_once()
    assert world.posted(other) == planned


async def test_row_53_a_rate_limit_before_any_unsure_try_is_waited_out(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel)
    limit = faults.rate_limited(0.1).while_(passing(world, 75))
    world.server.inject(limit, limit)
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_row_52_what_a_restart_finds_has_the_window_of_its_first_try(
    world: World, channel: Channel
) -> None:
    """The second process sends again inside the window, and its own tries end with it."""
    world.server.nonce_window_s = 60
    planned = await world.plan(channel)
    await world.send_unseen(channel)
    world.advance(timedelta(seconds=40))
    world.server.inject(faults.answer(502).while_(passing(world, 15)))
    await world.restarted().run_once()
    await settle(world, channel)
    assert world.sends() == 2
    assert world.posted(channel) == planned


@pytest.mark.parametrize("wall", ["right", "set back", "frozen"])
async def test_row_54_a_stop_with_a_try_in_the_air(
    world: World, channel: Channel, wall: str
) -> None:
    """The process stands still for five minutes while a try is on its way, and then goes on.

    A wall clock that was set back hides the time; a frozen machine's other clocks do not show it.
    """
    world.server.nonce_window_s = 60
    planned = await world.plan(channel)

    def stand_still() -> None:
        world.advance(5 * MINUTES)
        if wall == "set back":
            world.host.set_wall(-5 * MINUTES)
        elif wall == "frozen":
            world.host.freeze(5 * MINUTES)

    world.server.inject(faults.answer(502, after=True).while_(stand_still))
    await world.delivery.run_once()
    await settle(world, channel)
    assert world.sends() == 1
    assert world.posted(channel) == planned


async def test_row_54_a_try_that_was_long_in_connecting_stays_away(
    world: World, channel: Channel
) -> None:
    """The time is looked at last when the request is about to be written."""
    world.server.nonce_window_s = 60
    planned = await world.plan(channel)

    def hold_up() -> None:
        world.connector.meanwhile = passing(world, 70)

    world.server.inject(faults.answer(502, after=True).while_(hold_up))
    await world.delivery.run_once()
    await settle(world, channel)
    assert world.posted(channel) == planned


# --- Row 56: what others did to the message, or beside it, before it was looked for ---


def remove_embeds(message: Json) -> None:
    """What an admin's "remove all embeds" leaves."""
    message.update(embeds=[], flags=1 << 2)


def crosspost(message: Json) -> None:
    message["flags"] = 1 << 0


def pin(message: Json) -> None:
    message["pinned"] = True


def react(message: Json) -> None:
    message["reactions"] = [
        {
            "count": 3,
            "count_details": {"burst": 0, "normal": 3},
            "me": False,
            "me_burst": False,
            "burst_colors": [],
            "emoji": {"id": None, "name": "👍"},
        }
    ]


CHANGES = {
    "embeds removed": remove_embeds,
    "crossposted": crosspost,
    "pinned": pin,
    "with reactions": react,
}


async def look_too_late(world: World) -> None:
    """Start again when the nonce is forgotten: the history decides."""
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_thread", [False, True], ids=["channel", "thread"])
async def test_row_56_what_others_did_to_a_message_does_not_hide_it(
    world: World, channel: Channel, change: Callable[[Json], None], is_thread: bool
) -> None:
    if is_thread:
        channel = world.server.add_thread(channel)
        await world.server.welcome(world.guild)
    planned = await world.plan(channel, parts=2)
    sent = await world.send_unseen(channel)
    change(channel.messages[0])
    await look_too_late(world)
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent", "sent"]
    (first, _) = await world.outbox.list_deliveries(channel.id)
    assert (first.id, first.message_id) == (sent.id, world.server.ledger[0].message_id)


def others_between(world: World, channel: Channel) -> None:
    """Another bot's poll, the note that a message was pinned, a person with the same words."""
    bot = User(id=world.server.ids.new(), name="poll bot", is_bot=True)
    poll = world.server.post_as(bot, channel, {"content": ""})
    poll["poll"] = {
        "question": {"text": "Read it?"},
        "answers": [{"answer_id": 1, "poll_media": {"text": "yes"}}],
        "expiry": "2024-03-06T09:00:00+00:00",
        "allow_multiselect": False,
        "layout_type": 1,
        "results": {"answer_counts": [], "is_finalized": False},
    }
    note = world.server.post_as(world.server.bot, channel, {"content": ""})
    note["type"] = 6
    line = channel.messages[0]["content"]
    world.server.post_as(world.server.add_user(), channel, {"content": line})


async def test_row_56_a_message_is_found_among_others(world: World, channel: Channel) -> None:
    planned = await world.plan(channel, parts=2)
    await world.send_unseen(channel)
    others_between(world, channel)
    await look_too_late(world)
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent", "sent"]


async def test_row_56_others_alone_are_no_message(world: World, channel: Channel) -> None:
    """Nothing of ours is there, so it is posted."""
    planned = await world.plan(channel)
    await world.claim(channel)
    world.server.post_as(world.server.add_user(), channel, {"content": planned[0]})
    others_between(world, channel)
    await look_too_late(world)
    assert world.posted(channel) == planned


async def test_row_56_a_part_without_embeds_is_not_taken_for_another(
    world: World, channel: Channel
) -> None:
    """The first was posted and stripped, the second was not: each part has a line of its own."""
    planned = await world.plan(channel, parts=2)
    await world.delivery.run_once()
    for message in channel.messages:
        remove_embeds(message)
    more = await world.plan(channel, parts=1)
    await world.claim(channel)
    await look_too_late(world)
    assert world.posted(channel) == [*planned, *more]


async def test_row_56_what_has_no_line_and_no_embeds_any_more_cannot_be_told(
    world: World, channel: Channel
) -> None:
    """Planned by an earlier version, whose pieces of a message had no content."""
    draft = world.draft(1)
    bare = replace(draft, body={"embeds": draft.body["embeds"]})
    subscription = await world.subscribe(channel)
    await world.outbox.plan(subscription, DAY, [bare], now=world.clock.now())
    await world.send_unseen(channel)
    remove_embeds(channel.messages[0])
    await look_too_late(world)
    assert await world.states(channel) == ["unknown"]
    assert len(world.server.ledger) == 1
