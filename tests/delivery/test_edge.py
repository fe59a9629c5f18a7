"""What is sent is what was planned, and what Discord, aiohttp or Python answers has its outcome."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from aiohttp.client_reqrep import ConnectionKey

from bot.delivery.edge import MAX_TEXT, DiscordSender, failure_of, message_body
from bot.delivery.outcome import Effect, Ending, Outcome, Try, judge, judge_opening
from bot.delivery.window import NonceWindowOver, Tries
from bot.digest.messages import DeliveryState
from bot.digest.models import Place, Reason, ReasonCode, Subscription
from tests.builders import NOW, make_subscription
from tests.fakes import faults, spec
from tests.fakes.discord import DiscordServer
from tests.fakes.world import (
    CREATE_PUBLIC_THREADS,
    EMBED_LINKS,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    Channel,
    Guild,
)
from tests.faults.world import World

PLANNED, SENDING = DeliveryState.PLANNED, DeliveryState.SENDING
SENT, FAILED = DeliveryState.SENT, DeliveryState.FAILED

OWN = {"Via": "1.1 google", "Content-Type": "application/json"}
KEY = ConnectionKey("discord.invalid", 443, True, True, None, None, None)


def refusal(status: int, code: int = 0, headers: Mapping[str, str] = OWN) -> discord.HTTPException:
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = discord.DiscordServerError if status >= 500 else kinds.get(status, discord.HTTPException)
    response = cast(Any, SimpleNamespace(status=status, reason="", headers=headers))
    return kind(response, {"code": code, "message": "no"})


def outcome_of(error: BaseException, *earlier: int | None) -> Outcome:
    """Judge a send that ended in ``error``, after tries with the statuses of ``earlier``."""
    return judge(failure_of(error), tries(*earlier, getattr(error, "status", None)))


def tries(*statuses: int | None) -> list[Try]:
    return [Try(status=status) for status in statuses]


REFUSED_CONNECTION = aiohttp.ClientConnectorError(KEY, OSError(111, "refused"))

ANSWERS = {
    "deleted meanwhile": (refusal(404, 10008), SENT, Effect.NONE),
    "invalid body": (refusal(400, 50035), FAILED, Effect.SPLIT),
    "empty message": (refusal(400, 50006), FAILED, Effect.SPLIT),
    "too large": (refusal(413), FAILED, Effect.SPLIT),
    "missing access": (refusal(403, 50001), FAILED, Effect.PAUSE_CHANNEL),
    "missing permissions": (refusal(403, 50013), FAILED, Effect.PAUSE_CHANNEL),
    "unknown channel": (refusal(404, 10003), FAILED, Effect.PAUSE_CHANNEL),
    "unknown guild": (refusal(404, 10004), FAILED, Effect.PAUSE_CHANNEL),
    "no private messages": (refusal(403, 50007), FAILED, Effect.PAUSE_CHANNEL),
    "archived thread": (refusal(400, 50083), FAILED, Effect.PAUSE_CHANNEL),
    "locked thread": (refusal(400, 160005), FAILED, Effect.PAUSE_CHANNEL),
    "a page in between": (refusal(403, 0, {"Content-Type": "text/html"}), PLANNED, Effect.HOLD_ALL),
    "rate limited": (refusal(429, 0, {**OWN, "Retry-After": "7"}), PLANNED, Effect.NONE),
    "banned": (refusal(429, 0, {"Content-Type": "text/html"}), PLANNED, Effect.HOLD_ALL),
    "too long a wait": (discord.RateLimited(90.0), PLANNED, Effect.NONE),
    "token refused": (refusal(401), PLANNED, Effect.STOP),
    "connection refused": (REFUSED_CONNECTION, PLANNED, Effect.NONE),
    "server error": (refusal(500), SENDING, Effect.NONE),
    "bad gateway": (refusal(502), SENDING, Effect.NONE),
    "unavailable": (refusal(503), SENDING, Effect.NONE),
    "unknown error": (refusal(520), SENDING, Effect.NONE),
    "reset": (aiohttp.ClientOSError(104, "reset"), SENDING, Effect.NONE),
    "closed": (aiohttp.ServerDisconnectedError(), SENDING, Effect.NONE),
    "cut": (aiohttp.ClientPayloadError(), SENDING, Effect.NONE),
    "timeout": (TimeoutError(), SENDING, Effect.NONE),
    "slow connection": (aiohttp.ConnectionTimeoutError(), SENDING, Effect.NONE),
    "a page with status 200": (TypeError(), SENDING, Effect.NONE),
    "cancelled": (asyncio.CancelledError(), SENDING, Effect.NONE),
    "a bug": (KeyError("id"), SENDING, Effect.NONE),
    "too late for another try": (NonceWindowOver(), SENDING, Effect.NONE),
    "voice channel": (refusal(400, 50008), FAILED, Effect.PAUSE_CHANNEL),
    "kind of channel": (refusal(400, 50024), FAILED, Effect.PAUSE_CHANNEL),
    "forum": (refusal(400, 40058), FAILED, Effect.PAUSE_CHANNEL),
    "forum that wants a tag": (refusal(400, 40067), FAILED, Effect.PAUSE_CHANNEL),
    "a refusal with a code of its own": (refusal(403, 59999), FAILED, Effect.PAUSE_CHANNEL),
    "switched off": (refusal(403, 40006), PLANNED, Effect.NONE),
    "overloaded": (refusal(400, 130000), PLANNED, Effect.NONE),
    "slow mode": (refusal(400, 20016), PLANNED, Effect.NONE),
    "request timeout": (refusal(408), SENDING, Effect.NONE),
    "not found in between": (refusal(404, 0), PLANNED, Effect.HOLD_ALL),
}


@pytest.mark.parametrize(("error", "state", "effect"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_decides_the_state(
    error: BaseException, state: DeliveryState, effect: Effect
) -> None:
    outcome = outcome_of(error)
    assert (outcome.state, outcome.effect) == (state, effect)
    assert outcome.reason


@pytest.mark.parametrize("error", [each for each, _, _ in ANSWERS.values()], ids=list(ANSWERS))
def test_an_error_after_a_try_that_may_have_arrived_proves_nothing(error: BaseException) -> None:
    """discord.py tells only of its last try; the first one may have posted the message."""
    for first in (200, 500, 502, None):
        outcome = outcome_of(error, 429, first)
        assert outcome.state is SENDING, first
        assert outcome.effect in (Effect.NONE, Effect.STOP, Effect.HOLD_ALL), first


@pytest.mark.parametrize(("error", "state", "effect"), ANSWERS.values(), ids=ANSWERS)
def test_a_429_before_it_changes_nothing(
    error: BaseException, state: DeliveryState, effect: Effect
) -> None:
    outcome = outcome_of(error, 429, 429)
    assert (outcome.state, outcome.effect) == (state, effect)


def test_a_refused_token_stops_even_when_the_message_may_exist() -> None:
    outcome = outcome_of(refusal(401), 502)
    assert (outcome.state, outcome.effect) == (SENDING, Effect.STOP)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (discord.RateLimited(90.5), 90.5),
        (refusal(429, 0, {**OWN, "Retry-After": "7"}), 7.0),
        (refusal(429, 0, {**OWN, "Retry-After": "soon"}), 60.0),
        (refusal(429, 0, OWN), 60.0),
        (refusal(429, 0, {"Content-Type": "text/html", "Retry-After": "5"}), 600.0),
        (refusal(429, 0, {"Content-Type": "text/html", "Retry-After": "900"}), 900.0),
        (refusal(429, 0, {"Via": "x", "Content-Type": "text/html", "Retry-After": "5"}), 600.0),
        (refusal(429, 0, {**OWN, "Retry-After": "86400"}), 3600.0),
        (refusal(429, 0, {**OWN, "Retry-After": "-5"}), 0.0),
        (refusal(403, 0), 600.0),
        (refusal(400, 40006), 60.0),
        (refusal(400, 40006, {**OWN, "Retry-After": "7"}), 7.0),
        (refusal(503, 0, {**OWN, "Retry-After": "7"}), None),
        (REFUSED_CONNECTION, None),
    ],
)
def test_discord_says_when_to_try_again(error: BaseException, seconds: float | None) -> None:
    assert outcome_of(error).retry_after_s == seconds


REASONS = {
    "Discord's own words": (
        refusal(403, 50013),
        Reason(code=ReasonCode.MAY_NOT_POST, status=403, discord_code=50013, text="no"),
    ),
    "a page in between": (
        refusal(404, 0, {"Content-Type": "text/html"}),
        Reason(code=ReasonCode.ANSWERED_BY_OTHERS, status=404, text="no"),
    ),
    "a wait that discord.py found too long": (
        discord.RateLimited(90.0),
        Reason(code=ReasonCode.RATE_LIMITED, status=429),
    ),
    "never connected": (
        REFUSED_CONNECTION,
        Reason(code=ReasonCode.UNREACHABLE, text="ClientConnectorError"),
    ),
    "no answer": (TimeoutError(), Reason(code=ReasonCode.NO_ANSWER, text="TimeoutError")),
    "too late": (NonceWindowOver(), Reason(code=ReasonCode.WINDOW_OVER)),
}


@pytest.mark.parametrize(("error", "reason"), REASONS.values(), ids=REASONS)
def test_the_reason_keeps_what_was_answered(error: BaseException, reason: Reason) -> None:
    assert outcome_of(error).reason == reason
    unsure = outcome_of(error, 502).reason
    assert unsure == Reason(code=ReasonCode.AFTER_UNSURE_TRY, because=reason)


OPENINGS = {
    "no connection": (REFUSED_CONNECTION, PLANNED, Effect.NONE, ReasonCode.UNREACHABLE),
    "no answer": (TimeoutError(), PLANNED, Effect.NONE, ReasonCode.NO_ANSWER),
    "server error": (refusal(502), PLANNED, Effect.NONE, ReasonCode.SERVER_ERROR),
    "rate limited": (refusal(429), PLANNED, Effect.NONE, ReasonCode.RATE_LIMITED),
    "token refused": (refusal(401), PLANNED, Effect.STOP, ReasonCode.TOKEN_REFUSED),
    "too many": (refusal(400, 160006), PLANNED, Effect.NONE, ReasonCode.TEMPORARILY_OFF),
}


@pytest.mark.parametrize(
    ("error", "state", "effect", "because"), OPENINGS.values(), ids=OPENINGS.keys()
)
def test_a_thread_that_is_not_made_yet_leaves_its_message_planned(
    error: BaseException, state: DeliveryState, effect: Effect, because: ReasonCode
) -> None:
    """Whatever became of the request: it can be repeated, and the message was not sent."""
    outcome = judge_opening(failure_of(error))
    assert outcome is not None
    assert (outcome.state, outcome.effect) == (state, effect)
    failure = failure_of(error)
    assert outcome.reason == Reason(
        code=ReasonCode.NO_THREAD_YET,
        because=Reason(
            code=because,
            status=failure.status,
            discord_code=failure.discord_code,
            text=failure.text,
        ),
    )


OPENING_REFUSALS = {
    "message deleted": (10008, PLANNED, Effect.START_OVER, ReasonCode.STARTER_GONE),
    "no permission": (50013, FAILED, Effect.PAUSE_CHANNEL, ReasonCode.MAY_NOT_START_THREADS),
    "no threads there": (50024, FAILED, Effect.PAUSE_CHANNEL, ReasonCode.NO_THREADS_THERE),
    "channel gone": (10003, FAILED, Effect.PAUSE_CHANNEL, ReasonCode.CHANNEL_GONE),
    "anything else": (50035, FAILED, Effect.CLOSE_THREAD, ReasonCode.THREAD_REFUSED),
}


@pytest.mark.parametrize(
    ("code", "state", "effect", "reason"),
    OPENING_REFUSALS.values(),
    ids=OPENING_REFUSALS.keys(),
)
def test_a_thread_that_is_refused_says_what_to_do_about_it(
    code: int, state: DeliveryState, effect: Effect, reason: ReasonCode
) -> None:
    outcome = judge_opening(failure_of(refusal(400, code)))
    assert outcome is not None
    assert (outcome.state, outcome.effect) == (state, effect)
    assert outcome.reason is not None
    assert outcome.reason.code is reason


def test_a_thread_that_is_there_already_is_as_good() -> None:
    assert judge_opening(failure_of(refusal(400, 160004))) is None


def test_a_long_answer_is_kept_in_part() -> None:
    response = cast(Any, SimpleNamespace(status=400, reason="", headers=OWN))
    error = discord.HTTPException(response, "n" * 1000)
    assert failure_of(error).text == "n" * MAX_TEXT


@pytest.mark.parametrize("error", [aiohttp.ClientOSError(104, "reset"), TimeoutError()])
def test_a_refused_try_is_known_whatever_aiohttp_calls_it(error: BaseException) -> None:
    """It was not made, and Discord is not asked again."""
    assert failure_of(error, is_refused=True).ending is Ending.WINDOW_OVER


def test_a_body_is_sent_as_it_was_planned() -> None:
    """With a nonce that Discord must honour, and never with a mention."""
    button = {"type": 2, "style": 2, "label": "More", "custom_id": "p1:more:5"}
    body = {
        "content": "### cs.CV",
        "embeds": [{"title": "T", "url": "https://arxiv.org/abs/1"}],
        "components": [{"type": 1, "components": [button]}],
    }
    sent = message_body(body, "n")
    assert {key: sent[key] for key in body} == body
    assert (sent["nonce"], sent["enforce_nonce"]) == ("n", True)
    assert sent["allowed_mentions"] == {"parse": []}
    assert spec.body_errors("POST", spec.MESSAGES, sent) == []


def digest_in(guild_id: int, channel_id: int, place: Place = Place.CHANNEL) -> Subscription:
    return make_subscription(guild_id=guild_id, channel_id=channel_id, place=place)


# --- what the edge knows of Discord --------------------------------------------------------------


async def test_a_message_that_lands_elsewhere_is_not_taken_for_posted(
    world: World, channel: Channel
) -> None:
    """Whatever Discord does with nonces: the admin is told which channel it is."""
    await world.plan(channel)
    record = await world.claim(channel)
    elsewhere = {"id": "5", "channel_id": "77"}
    world.server.inject(faults.answer(200, elsewhere), channel=channel)
    outcome = await world.sender.send(record, Tries())
    assert outcome == Outcome(state=FAILED, reason=Reason(code=ReasonCode.OTHER_CHANNEL, number=77))


async def test_whether_the_bot_may_post_is_known_by_its_rights(
    world: World, guild: Guild, channel: Channel
) -> None:
    thread = world.server.add_thread(channel)
    await world.server.welcome(guild)
    rights = {channel: (SEND_MESSAGES, EMBED_LINKS), thread: (SEND_IN_THREADS, EMBED_LINKS)}
    for there, needed in rights.items():
        assert world.sender.can_post(digest_in(guild.id, there.id)) is True
        for right in needed:
            await world.server.deny(channel, right)
            assert world.sender.can_post(digest_in(guild.id, there.id)) is False
            await world.server.allow(channel, right)
    await world.server.deny(channel, SEND_MESSAGES)
    assert world.sender.can_post(digest_in(guild.id, thread.id)) is True


async def test_whether_the_bot_may_make_threads_is_known_by_its_rights(
    world: World, guild: Guild, channel: Channel
) -> None:
    there = digest_in(guild.id, channel.id, Place.THREAD)
    assert world.sender.can_post(there) is True
    for right in (SEND_MESSAGES, CREATE_PUBLIC_THREADS, SEND_IN_THREADS):
        await world.server.deny(channel, right)
        assert world.sender.can_post(there) is False
        await world.server.allow(channel, right)


async def test_of_what_is_not_there_nothing_is_known(
    world: World, guild: Guild, channel: Channel
) -> None:
    """Whether the bot may post, and whether a guild suffers an outage."""
    assert world.sender.can_post(digest_in(guild.id, 77)) is None
    assert world.sender.can_post(digest_in(77, channel.id)) is None
    assert world.sender.is_reachable(77)
    assert world.sender.is_reachable(guild.id)
    assert world.sender.guild_ids() == {guild.id}
    await world.server.take_down(guild)
    assert world.sender.can_post(digest_in(guild.id, channel.id)) is None
    assert not world.sender.is_reachable(guild.id)
    assert world.sender.guild_ids() == {guild.id}
    assert await world.sender.tell_admins(guild.id, "text", "nonce") is None


async def test_before_discord_has_told_the_guilds_nothing_is_known(guild: Guild) -> None:
    early = DiscordSender(now=lambda: NOW)
    early.use(discord.Client(intents=discord.Intents(guilds=True)))
    assert not early.is_ready()
    assert early.guild_ids() is None
    assert early.can_post(digest_in(guild.id, 1)) is None
    assert await early.tell_admins(guild.id, "text", "nonce") is None
    assert await early.tell_host("text", "nonce") is None


@pytest.mark.parametrize("is_team", [False, True])
async def test_the_host_is_who_set_the_bot_up_and_of_a_team_its_owner(is_team: bool) -> None:
    async with DiscordServer(now=lambda: NOW) as server:
        somebody = server.add_guild().owner
        server.team_owner = somebody if is_team else None
        sender = DiscordSender(now=lambda: NOW)
        client = discord.Client(intents=discord.Intents(guilds=True))
        sender.use(client)
        async with server.connected(client):
            assert await sender.tell_host("text", "nonce") is True
        assert server.told(somebody if is_team else server.host) == ["text"]
        assert server.told(server.host if is_team else somebody) == []


def test_a_sender_without_a_client_says_so() -> None:
    with pytest.raises(RuntimeError, match="no client"):
        DiscordSender(now=lambda: NOW).is_ready()
