"""Delivery against the loopback Discord: whatever happens, each message exists once.

The clock is ours and the loopback Discord dates its messages by it; the HTTP code is discord.py's.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import time, timedelta
from pathlib import Path

import discord
import pytest

from bot.delivery import Delivery, DeliverySettings, split_message
from bot.errors import TokenRefused
from bot.models import ArxivId, MessageDraft, Subscription
from bot.sender import DiscordSender, http_trace
from bot.store.database import Database, open_database
from bot.store.outbox import DeliveryRecord, Outbox
from bot.store.subscriptions import Subscriptions
from tests.builders import DAY, NOW, make_id
from tests.fakes import faults, spec
from tests.fakes.clock import VirtualClock
from tests.fakes.discord import DiscordServer
from tests.fakes.faults import Fault
from tests.fakes.world import READ_MESSAGE_HISTORY, SEND_MESSAGES, Channel, Guild

FAST = DeliverySettings(pace_per_s=1000, send_timeout_s=5, poll_s=0.02)
MINUTES = timedelta(minutes=1)


class World:
    """A Discord, a bot's store and its delivery, with the verbs of the tests."""

    def __init__(self, server: DiscordServer, database: Database, clock: VirtualClock) -> None:
        self.server = server
        self.database = database
        self.clock = clock
        self.outbox = Outbox(database)
        self.sender = DiscordSender(now=clock.now)
        self.delivery = self.restarted()
        self.papers = 0

    def restarted(self, settings: DeliverySettings = FAST, **more: object) -> Delivery:
        """Forget everything that is not in the database, as a new process would."""
        free_bytes: Callable[[], int] | None = more.get("free_bytes")  # type: ignore[assignment]
        self.delivery = Delivery(
            self.outbox,
            self.sender,
            now=self.clock.now,
            settings=settings,
            free_bytes=free_bytes,
        )
        return self.delivery

    def advance(self, by: timedelta) -> None:
        self.clock.advance(by)

    async def subscribe(self, channel: Channel) -> Subscription:
        return await Subscriptions(self.database).set_subscription(
            guild_id=channel.guild_id,
            channel_id=channel.id,
            categories=["cs.CV"],
            announce_types=[],
            post_at=time(9),
            zone="UTC",
            style="cards",
            now=self.clock.now(),
        )

    async def plan(self, channel: Channel, parts: int = 1, papers: int = 2) -> list[str]:
        """Plan a digest; returns the first lines of its messages."""
        subscription = await self.subscribe(channel)
        drafts = [self.draft(part, papers) for part in range(1, parts + 1)]
        await self.outbox.plan(subscription, DAY, drafts, now=self.clock.now())
        return [str(draft.body["content"]) for draft in drafts]

    def draft(self, part: int, papers: int = 2) -> MessageDraft:
        ids = [make_id(self.papers + number) for number in range(1, papers + 1)]
        self.papers += papers
        embeds = [{"title": id_, "url": f"https://arxiv.org/abs/{id_}"} for id_ in ids]
        content = f"### cs.CV · part {part}"
        return MessageDraft(
            body={"content": content, "embeds": embeds}, papers=tuple((id_, 1) for id_ in ids)
        )

    async def claim(self, channel: Channel) -> DeliveryRecord:
        """Claim as a process that was killed right after."""
        record = await self.outbox.claim(channel.id, self.clock.now())
        assert record is not None
        return record

    async def send_unseen(self, channel: Channel) -> DeliveryRecord:
        """Claim and post as a process that was killed before it could write that down."""
        record = await self.claim(channel)
        await self.sender.send(record)
        return record

    async def states(self, channel: Channel) -> list[str]:
        return [each.state.value for each in await self.outbox.list_deliveries(channel.id)]

    async def reasons(self, channel: Channel) -> list[str | None]:
        return [each.reason for each in await self.outbox.list_deliveries(channel.id)]

    def posted(self, channel: Channel) -> list[str]:
        return [entry.content for entry in self.server.messages_in(channel)]

    def sends(self) -> int:
        return sum(call.template == spec.MESSAGES for call in self.server.calls)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
async def server(clock: VirtualClock) -> AsyncIterator[DiscordServer]:
    async with DiscordServer(now=clock.now) as server:
        yield server
        assert server.refusals == []


@pytest.fixture
def guild(server: DiscordServer) -> Guild:
    return server.add_guild()


@pytest.fixture
def channel(server: DiscordServer, guild: Guild) -> Channel:
    return server.add_channel(guild)


@pytest.fixture
async def world(
    server: DiscordServer, channel: Channel, clock: VirtualClock, tmp_path: Path
) -> AsyncIterator[World]:
    client = discord.AutoShardedClient(
        intents=discord.Intents(guilds=True),
        http_trace=http_trace(),
        guild_ready_timeout=0.05,
        max_ratelimit_timeout=30.0,
    )
    async with open_database(tmp_path / "bot.db") as database:
        world = World(server, database, clock)
        world.sender.use(client)
        async with server.connected(client):
            yield world
            await world.delivery.stop(2)


async def test_a_digest_arrives_once_and_in_order(world: World, channel: Channel) -> None:
    planned = await world.plan(channel, parts=3)
    await world.delivery.run_once()
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    records = await world.outbox.list_deliveries(channel.id)
    assert [(record.state.value, record.message_id) for record in records] == [
        ("sent", entry.message_id) for entry in world.server.ledger
    ]
    assert [record.nonce for record in records] == [each.nonce for each in world.server.ledger]


async def test_many_channels_are_served(world: World, guild: Guild) -> None:
    channels = [world.server.add_channel(guild, f"c{number}") for number in range(20)]
    for channel in channels:
        await world.plan(channel, parts=2)
    await world.delivery.run_once()
    assert {len(world.posted(channel)) for channel in channels} == {2}


async def test_a_woken_worker_delivers_at_once(world: World, channel: Channel) -> None:
    running = asyncio.create_task(world.restarted().run())
    await asyncio.sleep(0)
    await world.plan(channel)
    world.delivery.wake()
    await world.server.wait_for_messages(1)
    await world.delivery.stop()
    await running


UNSURE = {
    "502 for ever": [faults.answer(502)] * 5,
    "503": [faults.answer(503)],
    "520": [faults.answer(520)],
    "reset": [faults.reset()],
    "close": [faults.close()],
    "cut": [faults.cut()],
    "page": [faults.page(200)],
}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", [each for each in UNSURE if each != "502 for ever"])
async def test_an_unknown_outcome_is_settled_by_the_nonce(
    world: World, channel: Channel, name: str, is_after: bool
) -> None:
    """Whether the message was taken or not, sending it again with its nonce leaves one."""
    planned = await world.plan(channel, parts=2)
    world.server.inject(*[each.once_done() if is_after else each for each in UNSURE[name]])
    await world.delivery.run_once()
    assert await world.states(channel) == ["sending", "planned"]
    world.advance(timedelta(seconds=10))
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent", "sent"]


async def test_an_answer_lost_for_good_is_settled_by_the_history(
    world: World, channel: Channel
) -> None:
    """Once Discord has forgotten the nonce, the message in the channel is what counts."""
    planned = await world.plan(channel, parts=2)
    sent = await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    record = (await world.outbox.list_deliveries(channel.id))[0]
    assert (record.id, record.message_id) == (sent.id, world.server.ledger[0].message_id)


async def test_what_the_history_lacks_is_posted(world: World, channel: Channel) -> None:
    planned = await world.plan(channel)
    await world.claim(channel)
    world.server.post_as(world.server.add_user(), channel, {"content": planned[0]})
    world.server.post_as(world.server.bot, channel, {"content": "### cs.CV · part 1"})
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


@pytest.mark.parametrize("was_posted", [False, True])
async def test_without_the_history_nobody_can_tell(
    world: World, channel: Channel, was_posted: bool
) -> None:
    """The one exception of the promise: the admin is asked, nothing is posted again blindly."""
    await world.plan(channel, parts=2)
    await (world.send_unseen(channel) if was_posted else world.claim(channel))
    await world.server.deny(channel, READ_MESSAGE_HISTORY)
    await asyncio.sleep(0.05)  # the event reaches the bot's cache
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["unknown", "sent"]
    assert await world.reasons(channel) == ["the bot may not read the channel's history", None]
    assert len(world.posted(channel)) == 1 + was_posted


async def test_a_history_that_cannot_be_read_now_is_read_later(
    world: World, channel: Channel
) -> None:
    planned = await world.plan(channel)
    await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(30 * MINUTES)
    world.server.inject(faults.answer(503), route=("GET", spec.MESSAGES))
    await world.restarted().run_once()
    assert await world.states(channel) == ["sending"]
    world.advance(timedelta(seconds=10))
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]
    assert world.posted(channel) == planned


async def test_a_list_cut_off_proves_nothing(world: World, channel: Channel) -> None:
    await world.plan(channel)
    await world.claim(channel)
    talker = world.server.add_user()
    for number in range(230):
        world.server.post_as(talker, channel, {"content": str(number)})
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert await world.states(channel) == ["unknown"]


async def test_an_answer_to_a_command_is_no_digest(world: World, channel: Channel) -> None:
    """A search that shows the same papers must not pass for the digest."""
    planned = await world.plan(channel)
    record = await world.claim(channel)
    answer = world.server.post_as(world.server.bot, channel, dict(record.body))
    user = world.server.add_user().json()
    answer["interaction_metadata"] = {
        "id": "1",
        "type": 2,
        "user": user,
        "authorizing_integration_owners": {},
    }
    world.server.validate = False
    world.advance(30 * MINUTES)
    await world.restarted().run_once()
    assert world.posted(channel) == planned


@pytest.mark.parametrize("back", [30 * MINUTES, -30 * MINUTES], ids=["back", "forward"])
async def test_a_clock_that_jumps_posts_nothing_twice(
    world: World, channel: Channel, back: timedelta
) -> None:
    """The claim's time may say nothing about Discord's; the history still shows the message."""
    planned = await world.plan(channel)
    await world.send_unseen(channel)
    world.server.nonce_window_s = 0
    world.advance(-back)
    await world.restarted().run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_a_deleted_message_was_posted(world: World, channel: Channel) -> None:
    await world.plan(channel)
    await world.send_unseen(channel)
    await world.server.delete_message(channel, world.server.ledger[0].message_id)
    await world.restarted().run_once()
    assert await world.states(channel) == ["sent"]
    assert await world.reasons(channel) == ["deleted on Discord"]
    assert len(world.server.ledger) == 1


@pytest.mark.parametrize("second", [faults.refuse(403, 50013), faults.banned(), faults.answer(503)])
async def test_an_error_after_an_accepted_try_is_not_believed(
    world: World, channel: Channel, second: Fault
) -> None:
    """discord.py repeats a 502 by itself and tells only of the last answer."""
    planned = await world.plan(channel)
    world.server.inject(faults.answer(502, after=True), second)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sending"]
    world.advance(15 * MINUTES)
    await world.delivery.run_once()
    assert world.posted(channel) == planned
    assert await world.states(channel) == ["sent"]


async def test_a_refused_channel_pauses_and_the_others_go_on(world: World, guild: Guild) -> None:
    closed, other = (world.server.add_channel(guild, name) for name in ("closed", "open"))
    await world.plan(closed, parts=3)
    await world.plan(other)
    await world.server.deny(closed, SEND_MESSAGES)
    await world.delivery.run_once()
    assert await world.states(closed) == ["failed"] * 3
    assert await world.states(other) == ["sent"]
    subscription = await Subscriptions(world.database).get_subscription(closed.id)
    assert subscription is not None
    assert subscription.state == "paused"
    assert "Send Messages" in str(subscription.paused_because)
    before = world.sends()
    world.advance(60 * MINUTES)
    await world.delivery.run_once()
    assert world.sends() == before


async def test_a_channel_deleted_between_two_parts(world: World, channel: Channel) -> None:
    await world.plan(channel, parts=3)

    async def delete_after_first() -> None:
        await world.server.wait_for_messages(1)
        await world.server.delete_channel(channel)

    deleting = asyncio.create_task(delete_after_first())
    world.server.inject(faults.hang(0.2, after=True), channel=channel)
    await world.delivery.run_once()
    await deleting
    world.advance(5 * MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["unknown", "failed", "failed"]


async def test_a_rate_limit_puts_off_one_channel_only(world: World, guild: Guild) -> None:
    slow, other = (world.server.add_channel(guild, name) for name in ("slow", "other"))
    await world.plan(slow)
    await world.plan(other)
    world.server.inject(faults.rate_limited(120), channel=slow)
    await world.delivery.run_once()
    assert (await world.states(slow), await world.states(other)) == (["planned"], ["sent"])
    world.advance(timedelta(seconds=100))
    await world.delivery.run_once()
    assert await world.states(slow) == ["planned"]
    world.advance(timedelta(seconds=30))
    await world.delivery.run_once()
    assert await world.states(slow) == ["sent"]


async def test_a_ban_pauses_everything(world: World, guild: Guild) -> None:
    channels = [world.server.add_channel(guild, name) for name in ("a", "b", "c")]
    for channel in channels:
        await world.plan(channel)
    world.server.inject(*[faults.banned()] * 3)
    await world.delivery.run_once()
    before = world.sends()
    world.advance(timedelta(minutes=9))
    await world.delivery.run_once()
    assert world.sends() == before
    world.advance(2 * MINUTES)
    await world.delivery.run_once()
    assert [await world.states(channel) for channel in channels] == [["sent"]] * 3


async def test_a_discord_that_is_down_is_asked_ever_more_rarely(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    await world.server.stop_listening()
    gaps = []
    for _ in range(4):
        await world.delivery.run_once()
        (record,) = await world.outbox.list_deliveries(channel.id)
        gaps.append(record.not_before - world.clock.now())
        world.clock.advance_to(record.not_before)
    assert gaps == sorted(gaps)
    assert gaps[0] >= timedelta(seconds=2)
    await world.server.listen_again()
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_a_revoked_token_ends_the_worker(world: World, guild: Guild) -> None:
    for name in ("a", "b", "c"):
        await world.plan(world.server.add_channel(guild, name))
    world.server.is_token_good = False
    world.restarted(DeliverySettings(pace_per_s=1000, lanes=1))
    with pytest.raises(TokenRefused):
        await world.delivery.run()
    assert world.sends() == 1


async def test_a_refused_message_is_split_once(world: World, channel: Channel) -> None:
    """One paper that Discord does not like does not take the others with it."""
    await world.plan(channel, papers=3)
    bad = faults.refuse(400, 50035)
    world.server.inject(bad, bad, channel=channel)
    await world.delivery.run_once()
    world.advance(60 * MINUTES)
    await world.delivery.run_once()
    assert await world.states(channel) == ["failed", "failed", "sent", "sent"]
    assert [entry.embed_urls for entry in world.server.ledger] == [
        [f"https://arxiv.org/abs/{make_id(number)}"] for number in (2, 3)
    ]
    assert world.sends() == 4


async def test_a_slow_send_is_left_running(world: World, guild: Guild) -> None:
    """It holds up its own channel only, and its outcome is noted when it comes."""
    slow, other = (world.server.add_channel(guild, name) for name in ("slow", "other"))
    await world.plan(slow, parts=2)
    await world.plan(other)
    world.server.inject(faults.hang(0.5, after=True), channel=slow)
    world.restarted(DeliverySettings(pace_per_s=1000, send_timeout_s=0.1, poll_s=0.05))
    running = asyncio.create_task(world.delivery.run())
    await world.server.wait_for_messages(2)
    await asyncio.sleep(0.2)
    assert await world.states(other) == ["sent"]
    assert await world.states(slow) == ["sending", "planned"]
    world.advance(timedelta(seconds=10))
    await asyncio.sleep(1)
    world.advance(timedelta(seconds=10))
    await world.server.wait_for_messages(3)
    await world.delivery.stop()
    await running
    assert await world.states(slow) == ["sent", "sent"]


async def test_a_wait_that_ends_during_a_global_limit_breaks_nothing(
    world: World, guild: Guild
) -> None:
    """A send that is cancelled there would leave discord.py waiting for ever."""
    first, second = (world.server.add_channel(guild, name) for name in ("a", "b"))
    await world.plan(first)
    world.server.inject(faults.rate_limited(0.5, is_global=True), channel=first)
    world.restarted(DeliverySettings(pace_per_s=1000, send_timeout_s=0.1))
    await world.delivery.run_once()
    assert await world.states(first) == ["sending"]
    await asyncio.sleep(0.6)
    await world.plan(second)
    await world.delivery.run_once()
    assert (await world.states(first), await world.states(second)) == (["sent"], ["sent"])


async def test_a_guild_with_an_outage_waits(world: World, guild: Guild, channel: Channel) -> None:
    await world.plan(channel)
    await world.server.take_down(guild)
    await asyncio.sleep(0.05)
    await world.delivery.run_once()
    assert (await world.states(channel), world.sends()) == (["planned"], 0)
    await world.server.welcome(guild)
    await asyncio.sleep(0.05)
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_nothing_is_posted_that_cannot_be_written_down(
    world: World, channel: Channel
) -> None:
    await world.plan(channel)
    free = [10]
    world.restarted(free_bytes=lambda: free[0])
    await world.delivery.run_once()
    assert world.sends() == 0
    free[0] = 1 << 40
    await world.delivery.run_once()
    assert await world.states(channel) == ["sent"]


async def test_what_is_too_old_is_not_posted(world: World, channel: Channel) -> None:
    await world.plan(channel)
    world.advance(timedelta(hours=49))
    await world.delivery.run_once()
    assert await world.reasons(channel) == ["not posted in time"]
    assert world.sends() == 0


async def test_a_damaged_payload_is_not_sent(world: World, channel: Channel) -> None:
    await world.plan(channel)

    async def damage(connection: object) -> None:
        execute = connection.execute  # type: ignore[attr-defined]
        await execute("DROP TRIGGER delivery_frozen")
        await execute("UPDATE delivery SET payload = '{}'")

    await world.database.write(damage)
    await world.delivery.run_once()
    assert (await world.states(channel), world.sends()) == (["failed"], 0)


async def test_stopping_waits_for_what_is_being_sent(world: World, channel: Channel) -> None:
    await world.plan(channel, parts=3)
    world.server.inject(faults.hang(0.3), channel=channel)
    running = asyncio.create_task(world.restarted().run())
    await asyncio.sleep(0.1)
    await world.delivery.stop()
    await running
    assert await world.states(channel) == ["sending", "planned", "planned"]


def test_a_message_is_split_by_paper() -> None:
    ids = [make_id(number) for number in (1, 2)]
    embeds = [{"url": f"https://arxiv.org/abs/{id_}"} for id_ in ids]
    papers = [(id_, 1) for id_ in ids]
    first, second = split_message({"content": "### cs.CV", "embeds": embeds}, papers[::-1])
    assert (first.body, first.papers) == (
        {"content": "### cs.CV", "embeds": [embeds[0]]},
        ((ids[0], 1),),
    )
    assert (second.body, second.papers) == ({"embeds": [embeds[1]]}, ((ids[1], 1),))


@pytest.mark.parametrize(
    ("urls", "ids"),
    [(["https://x/1"], ["1"]), (["https://x/1", "https://x/2"], ["1", "3"]), (["a", "b"], ["1"])],
)
def test_a_message_that_cannot_be_split_is_not(urls: list[str], ids: list[str]) -> None:
    embeds = [{"url": url} for url in urls]
    assert split_message({"embeds": embeds}, [(ArxivId(id_), 1) for id_ in ids]) == ()
