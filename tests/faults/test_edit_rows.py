"""Rows 94 to 97: what can go wrong with the edits of posted messages (docs/faults.md)."""

import json
import logging
import sqlite3
from datetime import datetime, timedelta

import pytest

from bot.delivery.amend import LIVES
from bot.digest.models import Place
from bot.store.sqlite.statements import select
from tests.builders import make_listing, make_papers
from tests.fakes import faults
from tests.fakes.discord import EDIT, LOOK
from tests.fakes.world import READ_MESSAGE_HISTORY, Channel
from tests.faults.living import CODE, SUPPRESS_EMBEDS, WINDOW, edit, find_code, post, shown, states
from tests.faults.world import FAST, World


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    """Write every log line, as a bot does: what is in them must not fail."""
    caplog.set_level(logging.DEBUG, logger="bot")


@pytest.mark.parametrize("after", [False, True], ids=["lost", "made, answer lost"])
async def test_row_94_an_edit_without_an_answer_is_looked_at_later(
    world: World, channel: Channel, *, after: bool
) -> None:
    await post(world, channel)
    await find_code(world)
    world.server.inject(faults.reset(after=after), route=EDIT)
    await edit(world)
    await world.restarted().run_once()
    world.advance(WINDOW / 2)  # it may still be on its way
    await world.delivery.run_once()
    assert await states(world) == [("planned", "no-answer")]
    world.advance(WINDOW / 2)
    await world.delivery.run_once()
    assert await states(world) == [("done", None)]
    assert len(world.server.edited) == 1
    assert shown(world, channel) == [(CODE,), ()]


@pytest.mark.parametrize("arrives", [False, True])
async def test_row_94_killed_between_edit_and_note_then_more_becomes_known(
    world: World, channel: Channel, *, arrives: bool
) -> None:
    """The newer revision waits until the older one cannot arrive any more, and then replaces it."""
    await post(world, channel)
    await find_code(world, 1)
    await world.amendments.plan()
    now = world.clock.now()
    (due,) = await world.store.edits.list_due(now, now - LIVES, 10)
    assert await world.store.edits.claim(due, due.base, now + FAST.nonce_window, now)
    if arrives:
        await world.sender.edit(due, json.loads(due.payload))
    await find_code(world, 2)
    await world.amendments.plan()
    await world.restarted().run_once()
    assert len(world.server.edited) == arrives
    world.advance(WINDOW)
    await world.delivery.run_once()
    assert shown(world, channel) == [(CODE, CODE), ()]
    assert await states(world) == [("done", None)]


async def test_row_94_a_message_that_cannot_be_seen_is_looked_at_ever_more_rarely(
    world: World, channel: Channel
) -> None:
    """Not while an edit may be on its way, and once an hour at least."""
    await post(world, channel)
    await find_code(world)
    await world.amendments.plan()
    pauses = []
    for _ in range(14):
        world.server.inject(faults.answer(503), route=LOOK)
        await world.delivery.run_once()
        pauses.append(await pause_s(world))
        world.advance(timedelta(seconds=pauses[-1]))
    assert pauses == [60.0] * 6 + [64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 3600.0, 3600.0]


async def test_row_96_what_discord_itself_says_of_the_next_try_is_kept_to(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await find_code(world)
    world.server.inject(faults.refuse(403, 50013), route=EDIT)
    await edit(world)
    assert await pause_s(world) == 6 * 3600


async def pause_s(world: World) -> float:
    """Return for how long from now the only edit is put off."""
    (not_before,) = await world.database.read(select, str, "SELECT not_before FROM edit")
    return (datetime.fromisoformat(not_before) - world.clock.now()).total_seconds()


async def test_row_95_a_deleted_message_is_left_alone(world: World, channel: Channel) -> None:
    await post(world, channel)
    await world.server.delete_message(channel, world.server.ledger[0].message_id)
    await find_code(world)
    await edit(world)
    assert await states(world) == [("left", "deleted")]
    await find_code(world, 2)
    await edit(world)
    assert await states(world) == [("left", "deleted")]


async def test_row_95_a_refused_edit_is_not_repeated(world: World, channel: Channel) -> None:
    await post(world, channel)
    await find_code(world)
    world.server.inject(faults.refuse(400, 50035), route=EDIT)
    await edit(world)
    world.advance(WINDOW)
    await world.delivery.run_once()
    assert await states(world) == [("left", "message-refused")]


@pytest.mark.parametrize("route", [LOOK, EDIT])
async def test_row_96_a_permission_taken_away_is_waited_for(
    world: World, channel: Channel, route: tuple[str, str]
) -> None:
    await post(world, channel)
    await find_code(world)
    world.server.inject(faults.refuse(403, 50013), route=route)
    await edit(world)
    assert await states(world) == [("planned", "may-not-edit")]
    world.advance(timedelta(hours=7))
    await world.delivery.run_once()
    assert shown(world, channel) == [(CODE,), ()]


async def test_row_96_without_the_history_no_message_is_edited_blindly(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await world.server.deny(channel, READ_MESSAGE_HISTORY)
    await find_code(world)
    await edit(world)
    assert world.server.edited == []
    assert await states(world) == [("planned", "may-not-edit")]


async def test_row_96_an_archived_thread_is_waited_for(world: World, channel: Channel) -> None:
    await post(world, channel, Place.THREAD)
    (thread,) = world.server.threads.of(channel)
    await world.server.threads.archive(thread)
    await world.store.papers.add_listing(
        make_listing(*make_papers(3, first=20)), now=world.clock.now()
    )
    await find_code(world, 20)
    await edit(world)
    assert await states(world) == [("planned", "thread-archived")]
    thread.archived_at = None
    world.advance(timedelta(hours=7))
    await world.delivery.run_once()
    assert (CODE,) in shown(world, thread)


async def test_row_97_embeds_that_an_admin_removed_stay_away(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    channel.messages[0].update(embeds=[], flags=SUPPRESS_EMBEDS)
    await find_code(world)
    await edit(world)
    assert world.server.edited == []
    assert await states(world) == [("left", "bare-message")]
    assert world.editor.failed == 1


async def test_row_97_lines_that_a_restored_database_forgot_are_kept(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await find_code(world, 1)
    await edit(world)
    await world.database.write(
        lambda connection: [
            connection.execute(f"DELETE FROM {table}") for table in ("edit", "paper_update")
        ]
    )
    await find_code(world, 2)
    await edit(world)
    assert shown(world, channel) == [(CODE,), ()]
    assert await states(world) == [("left", "not-as-posted")]


async def test_row_96_too_many_edits_of_old_messages_are_made_later(
    world: World, channel: Channel
) -> None:
    await post(world, channel)
    await find_code(world)
    world.server.inject(faults.refuse(400, 30046), route=EDIT)
    await edit(world)
    assert await states(world) == [("planned", "temporarily-off")]
    world.advance(WINDOW)
    await world.delivery.run_once()
    assert shown(world, channel) == [(CODE,), ()]


def damage(connection: sqlite3.Connection, table: str) -> None:
    connection.execute("DROP TRIGGER delivery_frozen")
    connection.execute(f"UPDATE {table} SET payload = substr(payload, 2) || '}}' WHERE rowid = 1")


@pytest.mark.parametrize("table", ["delivery", "edit"])
async def test_row_57_a_damaged_message_is_left_as_it_was_posted(
    world: World, channel: Channel, table: str
) -> None:
    """It stops no other, and is not tried again and again."""
    await post(world, channel)
    if table == "edit":
        await find_code(world)
        await world.amendments.plan()
    await world.database.write(damage, table)
    await find_code(world, 1 if table == "delivery" else 20)
    await world.store.papers.add_listing(
        make_listing(*make_papers(3, first=20)), now=world.clock.now()
    )
    await find_code(world, 21)
    await edit(world)
    assert shown(world, channel) == [(), (CODE,)]
    assert ("left", "damaged") in await states(world) or table == "delivery"
