"""Admins and the host hear of each trouble once; a channel goes on when its cause is gone."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import discord
import pytest

from bot.delivery.edge import DiscordSender
from bot.delivery.notices import REFUSED_WITHIN, Caretaker
from bot.delivery.worker import Delivery
from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode, Subscription, SubscriptionState
from bot.errors import StoreError
from bot.models import (
    DayRecord,
    Inquiry,
    IntakeCode,
    IntakeReason,
    IntakeSource,
    IntakeVerdict,
    Outage,
)
from bot.store.store import Store
from bot.ui.notices import Paused, render_notice, render_outages
from tests.builders import (
    DAY,
    NOW,
    make_draft,
    make_papers,
    make_reason,
    make_record,
    make_subscription,
)
from tests.fakes import faults, spec
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import SEND, DiscordServer, make_client
from tests.fakes.faults import Fault
from tests.fakes.world import READ_MESSAGE_HISTORY, SEND_MESSAGES, Channel, Guild
from tests.faults.world import FAST
from tests.stores import open_store
from tests.virtual import count_rests


class World:
    """A Discord with one guild and channel, and everything of the bot that is needed here."""

    def __init__(self, server: DiscordServer, store: Store, clock: VirtualClock) -> None:
        self.server, self.store, self.clock = server, store, clock
        self.guild: Guild = next(iter(server.guilds.values()))
        self.channel: Channel = next(iter(self.guild.channels.values()))
        self.sender = DiscordSender(now=clock.now)
        self.caretaker = self.restarted()
        self.papers = 0

    def restarted(self) -> Caretaker:
        self.caretaker = Caretaker(self.store, self.sender, now=self.clock.now)
        return self.caretaker

    async def subscription(self) -> Subscription:
        found = await self.store.subscriptions.get_subscription(self.channel.id)
        assert found is not None
        return found

    async def subscribe(self, channel: Channel) -> None:
        await self.store.subscriptions.set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=[],
            post_at=None,
            zone="UTC",
            style="cards",
            now=NOW,
        )

    async def plan(self, parts: int = 1) -> None:
        papers = make_papers(parts, first=self.papers + 1)
        self.papers += parts
        drafts = [make_draft(paper, content=paper.title) for paper in papers]
        await self.store.outbox.plan(await self.subscription(), DAY, drafts, now=self.clock.now())

    async def deliver(self) -> None:
        delivery = Delivery(self.store.outbox, self.sender, now=self.clock.now, settings=FAST)
        await delivery.run_once()

    async def set_right(self, permission: int, *, held: bool) -> None:
        change = self.server.allow if held else self.server.deny
        await change(self.channel, permission)

    def told(self) -> list[str]:
        return self.server.told(self.guild.owner)

    def notices(self) -> int:
        """Count the tries to write anything anywhere."""
        return sum((call.method, call.template) == SEND for call in self.server.calls)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = VirtualClock(NOW)
    async with (
        DiscordServer(now=clock.now) as server,
        open_store(tmp_path / "bot.db") as store,
    ):
        channel = server.add_channel(server.add_guild())
        world = World(server, store, clock)
        await world.subscribe(channel)
        client = make_client()
        world.sender.use(client)
        async with server.connected(client):
            yield world


async def test_a_refused_digest_is_told_once(world: World) -> None:
    """All parts in one notice, and none after a restart."""
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan(parts=3)
    await world.deliver()
    await world.caretaker.look_around()
    await world.restarted().look_around()
    (notice,) = world.told()
    assert f"<#{world.channel.id}>" in notice
    assert "parts 1, 2 and 3" in notice
    assert "Send Messages" in notice
    assert "paused" in notice


async def test_an_unknown_outcome_is_told(world: World) -> None:
    await world.plan()
    assert await world.store.outbox.claim(world.channel.id, NOW)
    await world.set_right(READ_MESSAGE_HISTORY, held=False)
    world.clock.advance(timedelta(minutes=10))
    await world.deliver()
    await world.caretaker.look_around()
    (notice,) = world.told()
    assert "cannot tell" in notice
    assert "paused" not in notice


async def test_an_owner_who_takes_no_messages_has_a_system_channel(world: World) -> None:
    world.guild.owner.takes_messages = False
    system = world.server.add_channel(world.guild, "system")
    world.guild.system_channel_id = system.id
    await world.server.welcome(world.guild)
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    await world.caretaker.look_around()
    assert len(world.server.messages_in(system)) == 1


async def test_nobody_to_tell_is_not_tried_for_ever(world: World) -> None:
    world.guild.owner.takes_messages = False
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    await world.caretaker.look_around()
    assert await world.store.troubles.list_unnotified() == []


async def test_a_discord_that_is_down_is_told_later(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES))
    await world.caretaker.look_around()
    assert world.told() == []
    world.clock.advance(timedelta(minutes=2))
    await world.caretaker.look_around()
    assert len(world.told()) == 1


async def test_before_discord_is_there_no_notice_is_tried(world: World) -> None:
    """It would count as one that did not arrive, and be put off for a minute."""
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    connected = world.sender.client
    world.sender.use(discord.Client(intents=discord.Intents(guilds=True)))
    await world.caretaker.look_around()
    world.sender.use(connected)
    await world.caretaker.look_around()
    assert len(world.told()) == 1


async def test_a_notice_that_does_not_arrive_is_tried_ever_more_rarely(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES), standing=True)
    before = world.notices()
    for _ in range(12 * 60):
        await world.caretaker.look_around()
        world.clock.advance(timedelta(minutes=1))
    assert 12 <= world.notices() - before <= 20
    world.server.clear_faults()
    world.clock.advance(timedelta(hours=1))
    await world.caretaker.look_around()
    assert len(world.told()) == 1


REFUSALS = {
    "the message": faults.refuse(400, 50035),
    "the person": faults.refuse(403, 50007),
    "for a reason of its own": faults.refuse(400, 59999),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_notice_is_not_tried_again(world: World, refusal: Fault) -> None:
    """Neither the owner nor the system channel takes it: `/digest status` has to do."""
    world.guild.system_channel_id = world.server.add_channel(world.guild, "system").id
    await world.server.welcome(world.guild)
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.server.inject(refusal, route=("POST", spec.MESSAGES), standing=True)
    before = world.notices()
    for _ in range(20):
        await world.caretaker.look_around()
        world.clock.advance(timedelta(minutes=10))
    assert world.notices() - before == 2
    assert world.told() == []


async def test_a_deleted_subscription_is_not_told(world: World) -> None:
    await world.plan()
    await world.store.subscriptions.delete_subscription(world.channel.id, NOW)
    await world.deliver()
    await world.caretaker.look_around()
    assert world.told() == []
    assert await world.store.troubles.list_unnotified() == []


async def test_a_channel_goes_on_when_it_may(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    assert await world.caretaker.look_around() == 0
    assert (await world.subscription()).state == "paused"
    await world.set_right(SEND_MESSAGES, held=True)
    assert await world.caretaker.look_around() == 1
    assert (await world.subscription()).state == "active"
    await world.plan()
    await world.deliver()
    assert len(world.server.ledger) == 2


async def test_a_channel_that_went_on_may_go_on_again(world: World) -> None:
    """What was known of it while it was paused before says nothing of the next pause."""
    refused = Reason(code=ReasonCode.MAY_NOT_POST)
    for _ in range(2):
        await world.store.subscriptions.pause(world.channel.id, refused)
        assert await world.caretaker.look_around() == 1
        assert await world.caretaker.look_around() == 0


async def test_what_was_refused_is_posted_once_when_the_channel_takes_it(world: World) -> None:
    """Nobody has to settle it; what may be there already still waits for a word."""
    await world.plan()
    await world.deliver()
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan(parts=3)
    assert await world.store.outbox.claim(world.channel.id, world.clock.now())
    world.clock.advance(timedelta(minutes=10))
    await world.set_right(READ_MESSAGE_HISTORY, held=False)
    await world.deliver()
    await world.caretaker.look_around()
    assert len(world.server.ledger) == 1
    await world.set_right(READ_MESSAGE_HISTORY, held=True)
    await world.set_right(SEND_MESSAGES, held=True)
    assert await world.caretaker.look_around() == 1
    await world.deliver()
    await world.deliver()
    await world.caretaker.look_around()
    texts = [message.content for message in world.server.ledger]
    assert len(texts) == len(set(texts)) == 3
    troubles = await world.store.troubles.list_open_in(world.channel.id)
    assert [each.state for each in troubles] == [DeliveryState.UNKNOWN]


async def test_what_was_refused_long_ago_waits_for_an_admin(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.clock.advance(REFUSED_WITHIN + timedelta(days=2))
    await world.caretaker.look_around()
    await world.set_right(SEND_MESSAGES, held=True)
    assert await world.caretaker.look_around() == 1
    await world.deliver()
    assert not world.server.ledger


async def test_each_channel_goes_on_when_it_may(world: World) -> None:
    second = world.server.add_channel(world.guild, "second")
    await world.server.welcome(world.guild)
    await world.subscribe(second)
    refused = Reason(code=ReasonCode.MAY_NOT_POST)
    for channel in (world.channel, second):
        await world.store.subscriptions.pause(channel.id, refused)
    assert await world.caretaker.look_around() == 2


async def test_a_refusal_that_the_bot_cannot_explain_is_not_tried_again_and_again(
    world: World,
) -> None:
    """The bot's rights look good and Discord refuses: one more try, then an admin must act."""
    tries = 0
    for _ in range(5):
        await world.plan()
        world.server.inject(faults.refuse(403, 50013))
        await world.deliver()
        tries += await world.caretaker.look_around()
        world.server.clear_faults()
    assert tries <= 1
    assert (await world.subscription()).state == "paused"


@pytest.mark.parametrize(
    "code", [ReasonCode.PAUSED_BY_ADMIN, ReasonCode.PUT_BACK, ReasonCode.NO_TEXT_CHANNEL]
)
async def test_what_an_admin_paused_stays_paused(world: World, code: ReasonCode) -> None:
    """And what paused because of something that the bot cannot see go away."""
    await world.store.subscriptions.pause(world.channel.id, Reason(code=code))
    assert await world.caretaker.look_around() == 0
    assert (await world.subscription()).state == "paused"


async def test_who_cannot_be_reached_for_a_day_is_not_told_any_more(world: World) -> None:
    """`/digest status` shows it; a notice of last week would only confuse."""
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES), standing=True)
    world.clock.advance(timedelta(hours=24))
    await world.restarted().look_around()
    assert len(await world.store.troubles.list_unnotified()) == 1
    world.clock.advance(timedelta(seconds=1))
    await world.restarted().look_around()
    assert await world.store.troubles.list_unnotified() == []


async def test_a_clock_that_was_set_back_does_not_put_off_a_notice(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES))
    await world.caretaker.look_around()
    world.clock.advance(timedelta(hours=-1))
    await world.caretaker.look_around()
    assert len(world.told()) == 1


async def test_each_channel_is_told_of_its_own_troubles(world: World) -> None:
    """One notice a channel; in order, so that a repetition is the same one."""
    second = world.server.add_channel(world.guild, "second")
    await world.server.welcome(world.guild)
    await world.subscribe(second)
    for channel in (world.channel, second):
        world.channel = channel
        await world.set_right(SEND_MESSAGES, held=False)
        await world.plan(parts=2)
    await world.deliver()
    await world.caretaker.look_around()
    first_notice, second_notice = world.told()
    assert f"<#{second.id}>" not in first_notice
    assert f"<#{second.id}>" in second_notice
    assert await world.store.troubles.list_unnotified() == []


def test_a_notice_fits_into_a_message_whatever_happened() -> None:
    """Many dates and long reasons of both kinds."""
    troubles = [
        make_record(
            part,
            announced_on=DAY + timedelta(days=number),
            state=DeliveryState.UNKNOWN if number % 2 else DeliveryState.FAILED,
            reason=make_reason("*@everyone* `x`\n" + "very long " * 80),
        )
        for number in range(20)
        for part in range(1, 30)
    ]
    notice = render_notice(
        2**63, troubles, Paused(channel_id=2**63, reason="shut", resumes_by_itself=True)
    )
    assert len(notice) < 2000
    assert "@everyone" not in notice


# --- settings that this version cannot read ----------------------------------------------------


async def change(world: World, sql: str, *values: str) -> None:
    """Change the database by hand."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(sql, values)

    await world.store.database.write(work)


async def set_style(world: World, style: str) -> None:
    await change(world, "UPDATE subscription SET style = ?", style)


async def test_an_unknown_style_is_told_once_and_the_digest_goes_on(world: World) -> None:
    """Until it is another; after a restart too."""
    await world.caretaker.look_around()
    assert world.told() == []
    await set_style(world, "*hologram*")
    for _ in range(2):
        await world.caretaker.look_around()
        await world.restarted().look_around()
    (notice,) = world.told()
    assert f"<#{world.channel.id}>" in notice
    assert "the style '\\*hologram\\*'" in notice
    assert "option `style` of `/digest setup`" in notice
    assert (await world.subscription()).state == "active"
    await world.plan()
    await world.deliver()
    assert len(world.server.ledger) == 1
    await set_style(world, "smoke signals")
    await world.caretaker.look_around()
    assert "smoke signals" in world.told()[1]


async def test_each_digest_with_wrong_settings_is_told(world: World) -> None:
    """Though what is wrong is the same."""
    second = world.server.add_channel(world.guild, "second")
    await world.server.welcome(world.guild)
    await world.subscribe(second)
    await set_style(world, "hologram")
    await world.caretaker.look_around()
    assert [f"<#{second.id}>" in notice for notice in world.told()] == [False, True]


# --- arXiv cannot be read ----------------------------------------------------------------------


def failing(category: str = "cs.CV", *, since: datetime, asked_at: datetime) -> DayRecord:
    return DayRecord(
        category=category,
        day=DAY,
        verdict=IntakeVerdict.FAILED,
        inquiries={
            IntakeSource.FEED: Inquiry(
                asked_at=asked_at,
                failures=9,
                failing_since=since,
                error=IntakeReason(code=IntakeCode.HTTP_STATUS, status=503),
            )
        },
    )


class Trying:
    """ArXiv as it has been since the start, of which the records speak."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def go_on(self, by: timedelta, *categories: str, day: date = DAY) -> None:
        """Let time pass; the last request, of which the host may hear, has failed just now."""
        self.world.clock.advance(by)
        now = self.world.clock.now()
        records = [
            replace(failing(category, since=NOW, asked_at=now), day=day)
            for category in categories or ("cs.CV",)
        ]
        await self.world.store.intake.set_records(records, now=now)
        await self.world.restarted().look_around()

    def told(self) -> list[str]:
        return self.world.server.told(self.world.server.host)


async def test_the_host_hears_once_when_arxiv_cannot_be_read_for_six_hours(world: World) -> None:
    arxiv = Trying(world)
    await arxiv.go_on(timedelta(hours=5, minutes=59), "cs.CV", "cs.LG")
    assert arxiv.told() == []
    await arxiv.go_on(timedelta(minutes=1), "cs.CV", "cs.LG")
    (notice,) = arxiv.told()
    assert "6 hours" in notice
    assert "**cs.CV** and **cs.LG**" in notice
    assert "HTTP 503" in notice
    for _ in range(20):  # and into the next day, whose record is a new one
        await arxiv.go_on(timedelta(hours=1), day=DAY + timedelta(days=1))
    assert len(arxiv.told()) == 1
    assert world.told() == []  # no admin of a server could help


async def test_the_host_hears_of_the_next_outage_too(world: World) -> None:
    arxiv = Trying(world)
    await arxiv.go_on(timedelta(hours=6))
    answered = DayRecord(category="cs.CV", day=DAY, verdict=IntakeVerdict.COMPLETE)
    await world.store.intake.set_records([answered], now=world.clock.now())
    await world.caretaker.look_around()
    assert len(arxiv.told()) == 1
    await arxiv.go_on(timedelta(hours=1))
    assert len(arxiv.told()) == 2


async def test_a_category_that_nobody_asks_for_any_more_is_no_outage(world: World) -> None:
    await Trying(world).go_on(timedelta(hours=1))
    world.clock.advance(timedelta(hours=10))
    await world.caretaker.look_around()
    assert world.server.told(world.server.host) == []


async def test_a_host_is_told_when_discord_is_back(world: World) -> None:
    arxiv = Trying(world)
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES))
    await arxiv.go_on(timedelta(hours=6))
    assert arxiv.told() == []
    await arxiv.go_on(timedelta(minutes=1))
    assert len(arxiv.told()) == 1


async def test_a_host_who_takes_no_messages_is_not_tried_for_ever(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.server.host.takes_messages = False
    arxiv = Trying(world)
    await arxiv.go_on(timedelta(hours=6))
    assert "arXiv not read for hours" in caplog.text
    calls = len(world.server.calls)
    await arxiv.go_on(timedelta(hours=1))
    assert len(world.server.calls) == calls


async def test_a_host_who_cannot_be_told_for_a_day_is_not_told_any_more(world: World) -> None:
    arxiv = Trying(world)
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES), standing=True)
    await arxiv.go_on(timedelta(hours=30))
    (outage,) = await outages(world)
    assert not outage.is_notified
    await arxiv.go_on(timedelta(seconds=1))
    (outage,) = await outages(world)
    assert outage.is_notified


async def outages(world: World) -> list[Outage]:
    return await world.store.intake.list_outages(asked_since=NOW)


async def test_a_host_is_tried_ever_more_rarely(world: World) -> None:
    """Of outages as of what was missed."""
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES), standing=True)
    await miss(world, DAY)
    await Trying(world).go_on(timedelta(hours=6))
    caretaker, before = world.restarted(), world.notices()
    for _ in range(60):
        await caretaker.look_around()
        world.clock.advance(timedelta(minutes=1))
    assert 5 <= world.notices() - before <= 8


# --- listings that were not to be had in time -----------------------------------------------------


async def miss(world: World, day: date, category: str = "cs.CV") -> None:
    record = DayRecord(category=category, day=day, verdict=IntakeVerdict.MISSED, is_closed=True)
    await world.store.intake.set_records([record], now=world.clock.now())


async def test_the_host_hears_of_each_missed_listing_once(world: World) -> None:
    """Whoever else is subscribed: no admin could help."""
    for day in (DAY, DAY + timedelta(days=1)):
        await miss(world, day)
        await world.caretaker.look_around()
        await world.restarted().look_around()
    first, second = world.server.told(world.server.host)
    assert f"--from {DAY} --until {DAY}" in first
    assert f"--from {DAY + timedelta(days=1)} --until {DAY + timedelta(days=1)}" in second
    assert world.told() == []


async def test_a_host_hears_of_what_was_missed_when_discord_is_back(world: World) -> None:
    await miss(world, DAY)
    world.server.inject(faults.answer(503), route=("POST", spec.MESSAGES))
    await world.caretaker.look_around()
    assert world.server.told(world.server.host) == []
    await world.restarted().look_around()
    assert len(world.server.told(world.server.host)) == 1


async def test_a_host_who_takes_no_messages_is_not_tried_again_for_what_was_missed(
    world: World,
) -> None:
    world.server.host.takes_messages = False
    await miss(world, DAY)
    await world.caretaker.look_around()
    assert await world.store.intake.list_missed_unnotified() == []


# --- a crash between telling and noting it --------------------------------------------------------


async def fail_in_channel(world: World) -> None:
    await world.set_right(SEND_MESSAGES, held=False)
    await world.plan()
    await world.deliver()


async def fail_at_arxiv(world: World) -> None:
    world.clock.advance(timedelta(hours=6))
    record = failing(since=NOW, asked_at=world.clock.now())
    await world.store.intake.set_records([record], now=world.clock.now())


async def have_wrong_settings(world: World) -> None:
    await set_style(world, "hologram")


async def miss_today(world: World) -> None:
    await miss(world, DAY)


async def be_paused_in_a_copy(world: World) -> None:
    reason = Reason(code=ReasonCode.PAUSED_BY_ADMIN)
    await world.store.subscriptions.pause(world.channel.id, reason)
    await world.store.restored.finish(world.clock.now())


CRASHES = {
    "a refused digest": (fail_in_channel, "UPDATE OF notified_at ON delivery"),
    "arXiv not read": (fail_at_arxiv, "UPDATE OF notified_at ON intake_day"),
    "a missed listing": (miss_today, "UPDATE OF missed_notified_at ON intake_day"),
    "wrong settings": (have_wrong_settings, "INSERT ON fact"),
    "paused in a copy": (be_paused_in_a_copy, "DELETE ON fact"),
}


@pytest.mark.parametrize(("happens", "noting"), CRASHES.values(), ids=CRASHES)
async def test_a_notice_that_could_not_be_noted_is_not_told_twice(
    world: World, happens: Callable[[World], Awaitable[None]], noting: str
) -> None:
    """It is sent again after a restart, under the nonce that it had."""
    await happens(world)
    owner, host = world.guild.owner, world.server.host

    def told() -> list[str]:
        return world.server.told(owner) + world.server.told(host)

    await change(world, f"CREATE TRIGGER crash BEFORE {noting} BEGIN SELECT RAISE(ABORT, ''); END")
    with pytest.raises(StoreError):
        await world.caretaker.look_around()
    assert len(told()) == 1
    tries = world.notices()
    await change(world, "DROP TRIGGER crash")
    await world.restarted().look_around()
    assert world.notices() == tries + 1
    assert len(told()) == 1
    await world.restarted().look_around()
    assert world.notices() == tries + 1


def test_an_outage_of_everything_fits_into_a_message() -> None:
    outages = [
        Outage(
            category=f"cs.{number}",
            since=NOW,
            error=IntakeReason(code=IntakeCode.OTHER, text="*x* " * 200),
            is_notified=False,
        )
        for number in range(150)
    ]
    notice = render_outages(outages, NOW + timedelta(hours=6))
    assert len(notice) < 2000
    assert "130 more" in notice


def test_many_channels_are_looked_after_with_turns_for_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that may go on, those that ping roles, and those for which a digest was decided."""
    paused = make_subscription(
        state=SubscriptionState.PAUSED,
        paused_because=Reason(code=ReasonCode.MAY_NOT_POST),
        ping_role=7,
    )
    channels = [replace(paused, id=each, channel_id=each) for each in range(1, 6)]
    again = [replace(each) for each in channels]
    care = world.caretaker
    steps: list[int] = []
    looks = [
        care._look_at(each, lambda: steps.append(1)) for each in (channels, channels, again, again)
    ]
    assert count_rests(monkeypatch, care._resume(channels), *looks) == [5, 5, 0, 5, 0]
    assert len(steps) == 10
    pinging = [*care._looked_at.values()]
    assert count_rests(monkeypatch, care._forget_roles(pinging)) == [5]


async def test_each_digest_that_is_looked_at_shows_that_the_bot_gets_on(world: World) -> None:
    """With very many the first look takes longer than a tick may stand still."""
    steps: list[int] = []
    await world.caretaker.look_around(lambda: steps.append(1))
    assert steps == [1]


async def test_a_digest_that_is_gone_is_wrong_no_more(world: World) -> None:
    """Also when another one has come meanwhile."""
    await set_style(world, "hologram")
    await world.subscribe(world.server.add_channel(world.guild))
    await world.caretaker.look_around()
    assert world.caretaker.defective == 1
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    await world.subscribe(world.server.add_channel(world.guild))
    await world.caretaker.look_around()
    assert world.caretaker.defective == 0
