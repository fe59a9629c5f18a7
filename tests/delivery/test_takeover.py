"""What the channels hold tells a host whether another one has posted since its file was used."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.delivery.history import PostedPapers
from bot.delivery.reconcile import Reconciliation
from bot.delivery.takeover import TakeoverCheck, find_strange
from bot.delivery.window import Tries
from bot.delivery.worker import Delivery
from bot.digest.messages import DeliveryRecord, MessageDraft
from bot.digest.models import Place
from bot.errors import TakenOver
from bot.store.backup.backup import backup, note_boot
from bot.store.outbox.plans import frozen_json
from bot.store.sqlite.database import instance_lock
from bot.store.store import Store
from bot.ui.paper import render_paper_details
from bot.ui.styles.cards import CARDS
from tests.builders import NOW, make_digest, make_paper, make_papers, make_record, make_stored
from tests.fakes import faults, spec
from tests.fakes.world import READ_MESSAGE_HISTORY
from tests.faults.world import FAST, World, open_world
from tests.stores import open_store

WINDOW = timedelta(hours=48)
UP_TO = 1000
FIRST, SECOND = CARDS.render(make_digest(*make_papers(15)))
"""Two messages of one digest."""


def tried(draft: MessageDraft, *, is_intact: bool = True) -> DeliveryRecord:
    payload = frozen_json(draft.body)
    return replace(make_record(), payload=payload, is_intact=is_intact)


def seen(draft: MessageDraft, message_id: int = UP_TO + 1, **shows: object) -> PostedPapers:
    shown = CARDS.read(draft.body)
    assert shown is not None
    return PostedPapers(
        message_id=message_id,
        posted_at=NOW,
        shown=replace(shown, **shows),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("message", "known", "own", "is_strange"),
    [
        (seen(FIRST), set(), [], True),
        (seen(FIRST, UP_TO), set(), [], False),
        (seen(FIRST), {UP_TO + 1}, [], False),
        (seen(FIRST), {UP_TO}, [], True),
        (seen(FIRST, papers=(), is_stripped=True), set(), [], False),
        (seen(FIRST, line=""), set(), [], False),
        (seen(FIRST), set(), [tried(FIRST)], False),
        (seen(FIRST), set(), [tried(SECOND)], True),
        (seen(FIRST, line="in pieces"), set(), [tried(SECOND), tried(FIRST)], False),
        (seen(FIRST, papers=(("2401.00099", 1),)), set(), [tried(FIRST)], False),
        (seen(FIRST), set(), [tried(SECOND, is_intact=False)], False),
        (seen(FIRST), set(), [tried(replace(SECOND, style="unknown"))], True),
        (seen(FIRST), set(), [tried(replace(SECOND, body={}))], False),
    ],
)
def test_only_a_new_digest_that_the_host_never_tried_to_post_is_strange(
    message: PostedPapers, known: set[int], own: list[DeliveryRecord], is_strange: bool
) -> None:
    assert find_strange([message], known, own, up_to=UP_TO) == [message] * is_strange


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world


@asynccontextmanager
async def old_host(world: World, folder: Path) -> AsyncIterator[Store]:
    """Open a copy of the file as it is now: that of a host which does not see what comes."""
    copy = folder / "old" / "bot.db"
    copy.parent.mkdir()
    await backup(world.database.path, copy)
    async with open_store(copy) as store:
        yield store


def check_of(world: World, store: Store) -> TakeoverCheck:
    return TakeoverCheck(store, world.sender)


async def post(world: World, parts: int = 1, place: Place = Place.CHANNEL) -> None:
    await world.plan(world.channel, parts=parts, place=place)
    world.advance(timedelta(minutes=5))
    await world.delivery.run_once()
    world.advance(timedelta(minutes=5))


async def test_what_another_host_posted_of_the_same_plan_is_seen(
    world: World, tmp_path: Path
) -> None:
    """The rows are those of the old file, word for word, but it never took them for sending."""
    await post(world)
    await world.plan(world.channel, parts=2)
    async with old_host(world, tmp_path) as store:
        await world.delivery.run_once()
        with pytest.raises(TakenOver, match=r"/channels/\d+/\d+/\d+, 2024-.* posts nothing"):
            await check_of(world, store).is_clear()


async def test_what_another_host_planned_by_itself_is_seen(world: World, tmp_path: Path) -> None:
    await post(world)
    async with old_host(world, tmp_path) as store:
        await post(world)
        with pytest.raises(TakenOver):
            await check_of(world, store).is_clear()


async def test_what_another_host_posted_into_a_thread_is_seen(world: World, tmp_path: Path) -> None:
    """The thread had begun before: nothing new is in its channel."""
    await world.plan(world.channel, parts=2, place=Place.THREAD)
    first = await world.send_unseen(world.channel)
    message_id = int(world.channel.messages[-1]["id"])
    await world.outbox.mark_sent(first.id, message_id, world.clock.now())
    async with old_host(world, tmp_path) as store:
        world.advance(timedelta(minutes=5))
        await world.delivery.run_once()
        with pytest.raises(TakenOver):
            await check_of(world, store).is_clear()


async def test_a_plain_restart_is_clear(world: World) -> None:
    await post(world, parts=3)
    assert await check_of(world, world.store).is_clear()


@pytest.mark.parametrize("settle", ["sending", "unknown", "planned again"])
async def test_what_was_posted_without_its_answer_is_the_hosts_own(
    world: World, settle: str
) -> None:
    """Killed after it was sent, or its outcome unknown, or taken for absent."""
    await post(world)
    await world.plan(world.channel)
    record = await world.send_unseen(world.channel)
    if settle == "unknown":
        await world.outbox.mark_unknown(record.id, None, world.clock.now())
    elif settle == "planned again":
        await world.outbox.mark_planned_again(record.id, world.clock.now(), None, world.clock.now())
    assert await check_of(world, world.store).is_clear()


async def test_a_damaged_row_that_was_taken_for_sending_may_be_any_message(world: World) -> None:
    await post(world)
    await world.plan(world.channel)
    await world.send_unseen(world.channel)

    def damage(connection: object) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")  # type: ignore[attr-defined]
        connection.execute(  # type: ignore[attr-defined]
            "UPDATE delivery SET payload = '{}' WHERE state = 'sending'"
        )

    await world.database.write(damage)
    assert await check_of(world, world.store).is_clear()


async def test_messages_of_others_and_lines_without_papers_say_nothing(world: World) -> None:
    await post(world)
    body = dict(world.channel.messages[-1])
    digest = {"content": body["content"] + " again", "embeds": body["embeds"]}
    person = world.server.add_user("a person")
    world.server.post_as(person, world.channel, digest)
    world.server.post_as(world.server.bot, world.channel, {"content": "Hello!"})
    assert await check_of(world, world.store).is_clear()
    world.server.post_as(world.server.bot, world.channel, digest)
    with pytest.raises(TakenOver):
        await check_of(world, world.store).is_clear()


async def test_the_card_of_a_discussion_is_no_digest(world: World) -> None:
    """It is the bot's own, shows a paper, and is no row of the outbox."""
    await post(world)
    card = render_paper_details(make_stored(make_paper(7)), None).to_dict()
    world.server.post_as(world.server.bot, world.channel, {"embeds": [card]})
    assert await check_of(world, world.store).is_clear()


async def test_a_file_that_never_posted_anything_is_clear(world: World) -> None:
    """A fresh start under a token that was used before."""
    await world.plan(world.channel)
    async with open_store(world.database.path.with_name("fresh.db")) as store:
        await world.delivery.run_once()
        world.advance(timedelta(minutes=5))
        assert await check_of(world, store).is_clear()


async def test_an_outage_of_discord_is_waited_for(world: World) -> None:
    await post(world)
    check = check_of(world, world.store)
    for _ in range(5):
        world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES))
        assert not await check.is_clear()
    assert await check.is_clear()


async def test_channels_that_cannot_be_read_are_not_waited_for(world: World) -> None:
    """Whether the bot may not, or their server has an outage."""
    await post(world)
    await world.server.deny(world.channel, READ_MESSAGE_HISTORY)
    assert await check_of(world, world.store).is_clear()
    await world.server.take_down(world.guild)
    assert await check_of(world, world.store).is_clear()


async def test_a_host_killed_before_it_knew_of_any_post_sees_those_that_came(
    world: World, tmp_path: Path
) -> None:
    """It had planned, and taken the first message for sending: only that may be its own."""
    await world.plan(world.channel, parts=2)
    await world.claim(world.channel)
    async with old_host(world, tmp_path) as store:
        await world.sender.send((await store.outbox.list_sending())[0], Tries())
        assert await check_of(world, store).is_clear()
        world.advance(timedelta(minutes=20))
        await world.delivery.run_once()
        assert len(world.server.ledger) == 2
        with pytest.raises(TakenOver):
            await check_of(world, store).is_clear()


async def test_after_a_loss_of_the_connection_the_channels_are_asked_again(
    world: World, tmp_path: Path
) -> None:
    await post(world)
    async with old_host(world, tmp_path) as store:
        check = check_of(world, store)
        assert await check.is_clear()
        await post(world)
        assert await check.is_clear()  # it was never away: nobody can have taken over
        check.look_again()
        assert not check.is_passed
        with pytest.raises(TakenOver):
            await check.is_clear()


async def test_a_connection_lost_while_the_channels_are_asked_counts(world: World) -> None:
    await post(world)
    check = check_of(world, world.store)
    world.connector.meanwhile = check.look_again
    assert not await check.is_clear()
    assert await check.is_clear()


async def test_a_host_that_adopts_what_it_finds_posts_nothing_twice(
    world: World, tmp_path: Path
) -> None:
    """And its next start is a plain one, though one of the messages holds no paper that is new."""
    await post(world)
    await world.plan(world.channel, parts=2)
    async with old_host(world, tmp_path) as store:
        await world.delivery.run_once()
        world.advance(timedelta(hours=1))
        body = dict(world.channel.messages[-1])
        repeated = {"content": body["content"] + " again", "embeds": body["embeds"]}
        world.server.post_as(world.server.bot, world.channel, repeated)
        with instance_lock(store.database.path) as lock:
            assert await note_boot(store.database, lock, world.clock.now(), is_behind=True)
            reconciliation = Reconciliation(store, world.sender, window=WINDOW, now=world.clock.now)
            delivery = Delivery(
                store.outbox,
                world.sender,
                now=world.clock.now,
                settings=FAST,
                is_ready=reconciliation.is_done,
            )
            await delivery.run_once()
            await delivery.stop(2)
        assert len(world.server.ledger) == 3
        assert await check_of(world, store).is_clear()


async def test_that_nothing_was_posted_is_no_damage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    async with open_store(tmp_path / "papers.db") as store:
        assert (await store.posted.horizon(3)).channels == []
    assert "left out" not in caplog.text
