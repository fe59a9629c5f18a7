"""Rows 57 and 123: what is wrong with one row in the database hurts only that row.

A disk, a person with an editor or another version wrote it; each is put there by hand.
"""

import sqlite3
from collections.abc import Sequence

import pytest

from bot.digest.arrival import estimate_arrivals
from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode
from bot.store.outbox.arrivals import Arrivals
from bot.store.outbox.troubles import Troubles
from bot.ui.notices import render_notice
from bot.ui.reasons import say_reason
from tests.fakes.world import Channel, Guild
from tests.faults.world import MINUTES, World

DAMAGES = {
    "body is no JSON": "payload = '{\"content\": '",
    "body is another": "payload = '{}'",
    "body is no object": "payload = '[1]'",
    "body is empty": "payload = '[]'",
    "date": "announced_on = 'some day'",
    "time to be sent": "not_before = 'soon'",
    "time of planning": "planned_at = 'long ago'",
    "time without a zone": "not_before = '2024-03-05T09:00:00'",
}
"""What makes a message unusable."""

HARMLESS = {
    "style of another version": "style = 'hologram'",
    "reason of another version": "reason = 'sunspots'",
    "details of a reason": "reason = 'rate-limited', reason_details = 'no JSON'",
    "details of another shape": "reason = 'rate-limited', reason_details = '[1, 2]'",
    "boot": "claimed_boot = '', claimed_up_s = -1.0",
}
"""What leaves the message as it was planned."""


def damage(world: World, channel: Channel, change: str) -> None:
    """Change the first message of a channel by hand."""
    with sqlite3.connect(world.database.path) as connection:
        connection.execute("DROP TRIGGER IF EXISTS delivery_frozen")
        connection.execute(
            f"UPDATE delivery SET {change} WHERE id = "
            "(SELECT min(id) FROM delivery WHERE channel_id = ?)",
            (channel.id,),
        )
    connection.close()


async def by_id(world: World, channel: Channel) -> list[DeliveryState]:
    records = await world.outbox.list_deliveries(channel.id)
    return [each.state for each in sorted(records, key=lambda each: each.id)]


async def check_others(world: World, other: Channel, planned: Sequence[str]) -> None:
    """The other channel has its digest, and what an admin asks about both is answered."""
    assert world.posted(other) == list(planned)
    queues = await Arrivals(world.database).list_queues()
    assert estimate_arrivals(queues, now=world.clock.now(), pace_per_s=46, lanes=10) is not None


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
async def test_row_57_a_damaged_message_that_was_planned(
    world: World, guild: Guild, channel: Channel, change: str
) -> None:
    """It is not sent, its admin is told why, and the parts after it are posted."""
    other = world.server.add_channel(guild, "other")
    mine, theirs = await world.plan(channel, parts=3), await world.plan(other)
    damage(world, channel, change)
    assert len(await Arrivals(world.database).list_queues()) == 2
    await world.delivery.run_once()
    assert await by_id(world, channel) == ["failed", "sent", "sent"]
    assert sorted(world.posted(channel)) == sorted(mine[1:])
    (trouble,) = await Troubles(world.database).list_unnotified()
    assert trouble.reason == Reason(code=ReasonCode.DAMAGED)
    assert "damaged in the database" in render_notice(channel.id, [trouble], None)
    await check_others(world, other, theirs)


@pytest.mark.parametrize("was_posted", [True, False], ids=["posted", "not posted"])
@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
async def test_row_57_a_damaged_message_that_was_being_sent(
    world: World, guild: Guild, channel: Channel, change: str, was_posted: bool
) -> None:
    """It is found if it can be recognised, else unknown; never posted again, never in the way."""
    other = world.server.add_channel(guild, "other")
    mine, theirs = await world.plan(channel, parts=2), await world.plan(other)
    await (world.send_unseen(channel) if was_posted else world.claim(channel))
    damage(world, channel, f"{change}, claimed_boot = NULL")
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    first, second = await by_id(world, channel)
    assert first in (DeliveryState.SENT, DeliveryState.UNKNOWN)
    assert first is DeliveryState.UNKNOWN or was_posted
    assert second is DeliveryState.SENT
    assert world.posted(channel) == (mine if was_posted else mine[1:])
    await check_others(world, other, theirs)


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
async def test_row_57_what_does_not_concern_the_body_does_not_stop_it(
    world: World, guild: Guild, channel: Channel, change: str
) -> None:
    other = world.server.add_channel(guild, "other")
    mine, theirs = await world.plan(channel, parts=2), await world.plan(other)
    damage(world, channel, change)
    for record in await world.outbox.list_deliveries(channel.id):
        assert say_reason(record.reason)
    await world.delivery.run_once()
    assert world.posted(channel) == mine
    await check_others(world, other, theirs)


async def test_row_123_an_outcome_that_is_refused_leaves_those_written_with_it(
    world: World, guild: Guild
) -> None:
    """Claims and outcomes of one moment share a transaction, and none pays for another's fault."""
    channels = [world.server.add_channel(guild, str(number)) for number in range(4)]
    planned = [await world.plan(channel) for channel in channels]
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE OF state ON delivery WHEN NEW.state = '{}' "
        f"AND NEW.channel_id = {channels[1].id} BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    for state in (DeliveryState.SENDING, DeliveryState.SENT):
        await world.database.write(sqlite3.Connection.execute, refuse.format(state))
        await world.delivery.run_once()
        found = [await world.states(channel) for channel in channels]
        before = "planned" if state is DeliveryState.SENDING else "sending"
        assert found == [["sent"], [before], ["sent"], ["sent"]]
        await world.database.write(sqlite3.Connection.execute, "DROP TRIGGER refuse")
    world.advance(30 * MINUTES)
    world.server.nonce_window_s = 0
    await world.delivery.run_once()
    assert [world.posted(channel) for channel in channels] == planned
    assert [await world.states(channel) for channel in channels] == [["sent"]] * 4
