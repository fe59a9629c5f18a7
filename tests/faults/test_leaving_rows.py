"""Rows 124 to 126: who has left every server is forgotten, and nobody else."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.digest.absence import GONE_FOR, QUIET_FOR
from bot.run import leaving
from bot.run.housekeeping import KEPT_FOR, forget_departed
from bot.run.leaving import Leaving
from bot.store.backup.backup import backup, restore
from tests.builders import make_id
from tests.fakes import faults
from tests.fakes.faults import Fault
from tests.fakes.world import Guild, User
from tests.faults.world import World, open_world
from tests.stores import open_store

DAY = timedelta(days=1)
ASK = "GET", "/guilds/{guild_id}/members/{user_id}"


def say(status: int, code: int) -> Fault:
    """Refuse in Discord's own words."""
    return faults.answer(status, {"code": code, "message": "no"}, headers={"Via": "1.1 google"})


class Story:
    """A person who kept something in one or more servers, and a bot that looks for who left."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.person = world.server.add_user("ada")
        self.restart()

    def restart(self) -> None:
        self.leaving = Leaving(self.world.store, self.world.sender, now=self.world.clock.now)

    async def use(self, *guilds: Guild, person: User | None = None, is_own: bool = False) -> None:
        """Let a person be a member of these servers and use the bot in them."""
        person = person or self.person
        for guild in guilds:
            guild.people.add(person.id)
            await self.world.store.library.save(
                person.id, make_id(1), guild_id=None, now=self.world.clock.now()
            )
            self.leaving.see(person.id, guild.id, is_own=is_own)
        await self.leaving.write_down()

    def leave(self, *guilds: Guild) -> None:
        for guild in guilds:
            guild.people.discard(self.person.id)

    async def live(self, days: int) -> None:
        """Let days pass, with as many ticks on each as there is something to do."""
        for _ in range(days):
            self.world.advance(DAY)
            await self.tick()

    async def tick(self) -> None:
        before = -1
        while self.leaving.asked != before:
            before = self.leaving.asked
            await self.leaving.look()

    @property
    def questions(self) -> int:
        calls = self.world.server.calls
        return sum((call.method, call.template) == ASK for call in calls)

    async def is_known(self) -> bool:
        return bool(await self.world.store.library.list_saved(self.person.id))


@pytest.fixture
async def story(world: World) -> Story:
    return Story(world)


async def test_row_124_who_has_left_all_servers_is_forgotten_a_month_after_it_was_noticed(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked about twice in each, and not before they were quiet for a month."""
    caplog.set_level(logging.INFO)
    other = story.world.server.add_guild()
    await story.world.server.welcome(other)
    await story.use(story.world.guild, other)
    story.leave(story.world.guild, other)
    await story.live(QUIET_FOR.days - 1)
    assert story.questions == 0
    await story.live(GONE_FOR.days)
    assert (story.questions, await story.is_known()) == (2, True)
    story.restart()
    await story.live(1)
    assert (story.questions, await story.is_known()) == (4, False)
    assert story.leaving.forgotten == 1
    assert str(story.person.id) not in caplog.text
    await story.live(2)
    assert story.questions == 4


async def test_row_124_who_stays_in_one_server_is_asked_about_once_a_month(story: Story) -> None:
    other = story.world.server.add_guild()
    await story.world.server.welcome(other)
    await story.use(story.world.guild, other)
    story.leave(other)
    await story.live(QUIET_FOR.days + 95)
    assert await story.is_known()
    assert story.questions <= 2 * 4


@pytest.mark.parametrize(
    "fault",
    [
        say(403, 50001),
        say(403, 10007),
        say(404, 10004),
        say(404, 0),
        faults.refuse(404, 10007),  # as somebody in between may
        faults.page(404),
        faults.page(200),
        faults.answer(200, {"user": {"id": "1"}}),
        faults.answer(503),
        faults.banned(),
        faults.close(),
        faults.cut(),
    ],
    ids=lambda fault: f"{fault.kind.value} {fault.status} {fault.body[:30]}",
)
async def test_row_124_what_is_no_word_of_discord_s_is_no_absence(
    story: Story, fault: Fault
) -> None:
    """However long it goes on; they have really left, and are found gone when it is over."""
    await story.use(story.world.guild)
    story.leave(story.world.guild)
    await story.live(QUIET_FOR.days - 1)
    story.world.server.inject(fault, route=ASK, standing=True)
    for _ in range(4):
        story.world.advance(40 * DAY)
        await story.tick()
    assert await story.is_known()
    assert 4 <= story.questions <= 8, "each day once; discord.py asks again after some of these"
    story.world.server.clear_faults()
    await story.live(1 + GONE_FOR.days)
    assert not await story.is_known()


async def test_row_124_servers_that_are_down_or_removed_the_bot_are_not_left(
    story: Story,
) -> None:
    world = story.world
    other = world.server.add_guild()
    await world.server.welcome(other)
    await story.use(world.guild, other)
    story.leave(world.guild)
    await world.server.take_down(other)
    await story.live(QUIET_FOR.days + 2 * GONE_FOR.days)
    assert await story.is_known()
    await world.server.welcome(other)
    await world.server.remove_guild(other)
    await story.live(GONE_FOR.days)
    assert await story.is_known()
    await world.server.welcome(other)
    await story.live(GONE_FOR.days)
    assert await story.is_known(), "they are in it still"


async def test_row_124_a_server_that_is_forgotten_leaves_its_people_what_they_kept(
    story: Story,
) -> None:
    world = story.world
    await story.use(world.guild)
    await world.server.remove_guild(world.guild)
    for _ in range(2):
        await forget_departed(world.store, world.sender.guild_ids, now=world.clock.now())
        world.advance(KEPT_FOR + DAY)
    await story.live(QUIET_FOR.days + 2 * GONE_FOR.days)
    assert await story.is_known()
    assert story.questions == 0


@pytest.mark.parametrize("day", [1, 29, 45, 59])
@pytest.mark.parametrize("where", ["in a server", "in private"])
async def test_row_125_who_uses_the_bot_again_is_not_forgotten(
    story: Story, day: int, where: str
) -> None:
    """Nor is it counted from before: their days begin anew, whatever was found meanwhile."""
    await story.use(story.world.guild)
    story.leave(story.world.guild)
    await story.live(day)
    guild_id = story.world.guild.id if where == "in a server" else None
    story.leaving.see(story.person.id, guild_id, is_own=False)
    await story.live(QUIET_FOR.days + GONE_FOR.days - 1)
    assert await story.is_known()
    await story.live(2)
    assert not await story.is_known()


async def test_row_125_who_comes_back_while_they_are_asked_about_stays(story: Story) -> None:
    await story.use(story.world.guild)
    story.leave(story.world.guild)
    await story.live(QUIET_FOR.days + GONE_FOR.days - 1)

    def come_back() -> None:
        story.leaving.see(story.person.id, story.world.guild.id, is_own=False)

    story.world.server.inject(say(404, 10007).while_(come_back), route=ASK)
    await story.live(1)
    assert (story.questions, await story.is_known()) == (2, True)


async def test_row_125_an_account_that_has_added_the_bot_needs_no_server(story: Story) -> None:
    await story.use(story.world.guild, is_own=True)
    story.leave(story.world.guild)
    await story.live(QUIET_FOR.days + 2 * GONE_FOR.days)
    assert await story.is_known()
    assert story.questions == 0


async def test_row_125_a_day_s_questions_are_limited_across_restarts(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "MOST_A_DAY", 2)
    other = story.world.server.add_guild()
    await story.world.server.welcome(other)
    for number in range(2):
        person = story.world.server.add_user(f"reader {number}")
        await story.use(story.world.guild, other, person=person)
    for number in range(2):
        await story.use(other, person=story.world.server.add_user(f"another {number}"))
    story.world.guild.people.clear()
    for asked in (0, 2, 4, 6, 6):
        for _ in range(2):
            story.restart()
            await story.tick()
        assert story.questions == asked
        story.world.advance(QUIET_FOR if not asked else DAY)


@pytest.fixture
async def files(tmp_path: Path) -> AsyncIterator[tuple[World, Path, Path]]:
    async with open_world(tmp_path) as world:
        yield world, tmp_path / "other.db", tmp_path / "copy.db"


async def test_row_126_a_backup_that_is_put_back_counts_nobody_s_days_from_before(
    files: tuple[World, Path, Path],
) -> None:
    """It does not know who has used the bot since; all are asked about twice again."""
    world, path, copy = files
    async with open_store(path) as store:
        world.store = store
        story = Story(world)
        await story.use(world.guild)
        story.leave(world.guild)
        await story.live(QUIET_FOR.days)
        assert story.questions == 1
        await backup(path, copy)
    world.advance(GONE_FOR)
    await restore(copy, path, now=world.clock.now())
    async with open_store(path) as store:
        world.store = store
        story.restart()
        await story.live(1)
        assert story.questions == 1, "nobody is asked about before the channels were compared"
        await store.restored.finish(world.clock.now())
        await story.tick()
        assert (story.questions, await story.is_known()) == (2, True)
        await story.live(GONE_FOR.days)
        assert (story.questions, await story.is_known()) == (3, False)
