"""What is sent is what was planned, and what Discord, aiohttp or Python answers has its outcome."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest
from aiohttp.client_reqrep import ConnectionKey

from bot.delivery.edge import failure_of, message_body
from bot.delivery.outcome import Effect, Outcome, Try, judge
from bot.delivery.window import NonceWindowOver
from bot.digest.messages import DeliveryState
from tests.fakes import spec

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


@pytest.mark.parametrize("first", [200, 500, 502, None])
@pytest.mark.parametrize("error", [each for each, _, _ in ANSWERS.values()], ids=list(ANSWERS))
def test_an_error_after_a_try_that_may_have_arrived_proves_nothing(
    error: BaseException, first: int | None
) -> None:
    """discord.py tells only of its last try; the first one may have posted the message."""
    outcome = outcome_of(error, 429, first)
    assert outcome.state is SENDING
    assert outcome.effect in (Effect.NONE, Effect.STOP, Effect.HOLD_ALL)


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
