"""Who uses the bot is noted, wherever that is; rows 124 to 126 show what follows from it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.delivery.worker import Delivery
from bot.digest.models import NO_GUILD
from bot.errors import StoreError
from bot.pipeline import Pipeline
from bot.run.client import PaperBot
from bot.run.leaving import Leaving
from bot.store.store import Store
from tests.builders import NOW, make_id
from tests.fakes.clock import VirtualClock
from tests.faults.scenario import scenario
from tests.run.test_client import running
from tests.waiting import until
from tests.wire import open_scene


class NoMembers:
    """Stands for a Discord that is not reached yet."""

    def guild_ids(self) -> None:
        return None

    async def is_member(self, guild_id: int, user_id: int) -> bool | None:
        raise AssertionError("nobody is to be asked about")


async def used_in(store: Store, user_id: int) -> dict[int, bool]:
    """Return where a person was seen, and whether by having added the bot to their account."""
    return {each.guild_id: each.is_own for each in (await store.people.get_data(user_id)).seen}


async def test_commands_and_buttons_in_a_server_are_noted(tmp_path: Path) -> None:
    """A look before Discord has told its servers asks about nobody, and notes all the same."""
    async with open_scene(tmp_path) as scene:
        leaving = Leaving(scene.store, NoMembers(), now=scene.clock.now)
        scene.bot._on_used = leaving.see
        await scene.slash("paper show", paper=make_id(3))
        await leaving.look()
        assert await used_in(scene.store, scene.admin.id) == {}, "nothing is kept of them yet"
        await scene.slash("library add", paper=make_id(3))
        await leaving.look()
        assert await used_in(scene.store, scene.admin.id) == {scene.guild.id: False}
        scene.admin.has_added_bot = True
        elsewhere = scene.server.add_guild("A server without the bot")
        channel = scene.server.add_channel(elsewhere)
        await scene.server.interactions.press(elsewhere, channel, scene.admin, "forget:1:1")
        await leaving.look()
        by_account = {NO_GUILD: True, scene.guild.id: False}
        assert await used_in(scene.store, scene.admin.id) == by_account


async def test_use_in_direct_messages_is_noted(
    pipeline: Pipeline, delivery: Delivery, clock: VirtualClock
) -> None:
    leaving = Leaving(pipeline.store, NoMembers(), now=clock.now)
    async with running(PaperBot(pipeline, delivery, on_used=leaving.see)) as env:
        person = env.create_user("dora")
        await pipeline.store.library.save(person.id, make_id(1), guild_id=None, now=NOW)
        await person.slash("me data")
    await leaving.write_down()
    assert await used_in(pipeline.store, person.id) == {NO_GUILD: False}


async def test_what_a_busy_database_did_not_take_is_noted_later(
    pipeline: Pipeline, clock: VirtualClock
) -> None:
    store = pipeline.store
    leaving = Leaving(store, NoMembers(), now=clock.now)
    await store.library.save(7, make_id(1), guild_id=None, now=NOW)
    leaving.see(7, 11, is_own=False)

    def refuse(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE presence RENAME TO away")

    def allow(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE away RENAME TO presence")

    await store.database.write(refuse)
    with pytest.raises((StoreError, sqlite3.Error)):
        await leaving.look()
    await store.database.write(allow)
    await leaving.look()
    assert await used_in(store, 7) == {11: False}


@pytest.mark.slow
async def test_the_running_bot_notes_who_uses_it(tmp_path: Path) -> None:
    async with scenario(tmp_path, channels=1, papers=1) as day, day.running() as bot:
        assert await day.finished(bot), bot.log
        await day.discord.wait_connected()
        person = day.discord.add_user()
        paper = day.records[0].arxiv_id
        await day.discord.slash(day.guild, day.channels[0], person, "library add", paper=paper)

        def is_noted() -> bool:
            with closing(sqlite3.connect(day.path)) as connection:
                sql = "SELECT guild_id FROM presence WHERE user_id = ?"
                return connection.execute(sql, (person.id,)).fetchall() == [(day.guild.id,)]

        await until(is_noted, lambda: bot.log)
