"""Row 110: a discussion is a message and its thread; whatever breaks in between, there is one."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.models import ArxivId
from bot.store.readers.discussions import Discussion
from bot.store.sqlite.statements import change
from bot.ui.discuss import DiscussPaper
from tests.builders import make_id
from tests.fakes import faults
from tests.fakes.discord import SEND
from tests.fakes.faults import Fault
from tests.fakes.threads import OPEN_THREAD
from tests.fakes.world import CREATE_PUBLIC_THREADS, READ_MESSAGE_HISTORY, Json
from tests.wire import Scene, open_scene

DISCUSS = DiscussPaper(arxiv_id=make_id(1)).custom_id
LATER = timedelta(minutes=10)
"""Discord has forgotten the nonce by then."""


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_scene(tmp_path) as scene:
        scene.admin.permissions |= CREATE_PUBLIC_THREADS
        yield scene


def find_card(scene: Scene) -> int:
    (card,) = scene.server.ledger
    return card.message_id


def find_thread(scene: Scene) -> int:
    """Return the one thread that there is, which begins with the one message."""
    (thread,) = [each for each in scene.guild.channels.values() if each.parent]
    assert thread.id == find_card(scene)
    return thread.id


STEPS = {
    "the message not sent": (SEND, faults.close()),
    "the message sent": (SEND, faults.close(after=True)),
    "the thread not made": (OPEN_THREAD, faults.close()),
    "the thread made": (OPEN_THREAD, faults.close(after=True)),
}


@pytest.mark.parametrize(("route", "fault"), STEPS.values(), ids=STEPS)
async def test_row_110_an_answer_lost_at_any_step_leaves_one_thread(
    scene: Scene, route: tuple[str, str], fault: Fault
) -> None:
    """Nothing was noted after it, as if the bot had been killed there; pressed again elsewhere."""
    elsewhere = scene.server.add_channel(scene.guild, "elsewhere")
    await scene.server.welcome(scene.guild)
    scene.server.inject(fault, route=route)
    assert "<#" not in (await scene.press(DISCUSS)).content
    scene.clock.advance(LATER)
    said = (await scene.press(DISCUSS, elsewhere)).content
    assert f"<#{find_thread(scene)}>" in said
    assert (await scene.press(DISCUSS)).content == f"It is discussed in <#{find_thread(scene)}>."
    known = await scene.store.discussions.get(scene.guild.id, make_id(1))
    assert isinstance(known, Discussion)  # so that it is not looked for again
    assert known.thread_id == find_thread(scene)


async def test_row_110_a_message_that_is_not_seen_yet_is_known_by_its_nonce(scene: Scene) -> None:
    elsewhere = scene.server.add_channel(scene.guild, "elsewhere")
    await scene.server.welcome(scene.guild)
    scene.server.inject(faults.close(after=True))
    await scene.press(DISCUSS)
    await scene.server.deny(scene.channel, READ_MESSAGE_HISTORY)
    assert f"<#{find_card(scene)}>" in (await scene.press(DISCUSS, elsewhere)).content
    find_thread(scene)


def with_buttons_of(paper: ArxivId, body: Json) -> Any:
    """Return the buttons of a paper's message as another bot could copy them."""
    return json.loads(json.dumps(body["components"]).replace(make_id(2), paper))


async def test_row_110_another_papers_message_is_not_taken_for_it(scene: Scene) -> None:
    """Nor an answer with the same card, nor what somebody else wrote."""
    other = await scene.press(DiscussPaper(arxiv_id=make_id(2)).custom_id)
    scene.server.inject(faults.close())
    await scene.press(DISCUSS)
    await scene.slash("paper show", paper=make_id(1))
    (card,) = scene.server.ledger
    copied = {"content": f"{make_id(1)}!", "components": with_buttons_of(make_id(1), card.body)}
    scene.server.post_as(scene.admin, scene.channel, copied)
    scene.clock.advance(LATER)
    said = await scene.press(DISCUSS)
    assert said.content.startswith("Opened")
    assert said.content != other.content
    assert len(scene.server.ledger) == 2


async def test_row_110_a_thread_that_a_copy_of_the_database_forgot_is_found(scene: Scene) -> None:
    await scene.press(DISCUSS)
    await scene.store.database.write(change, "DELETE FROM discussion")
    scene.clock.advance(LATER)
    said = (await scene.press(DISCUSS)).content
    assert said == f"It is discussed in <#{find_thread(scene)}>."


async def test_row_110_a_thread_of_the_same_name_is_not_taken_for_it(scene: Scene) -> None:
    """Of another paper with that title, or the bot's own about something else."""
    await scene.press(DISCUSS)
    await scene.store.database.write(change, "DELETE FROM discussion")
    (thread,) = [each for each in scene.guild.channels.values() if each.parent]
    await scene.server.delete_message(scene.channel, thread.id)
    scene.clock.advance(LATER)
    assert (await scene.press(DISCUSS)).content.startswith("Opened")
    assert len(scene.server.ledger) == 2
