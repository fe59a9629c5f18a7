"""Every sentence that version 0.2.0 could store as a reason is read as a code."""

import pytest

from bot.digest.models import Reason, ReasonCode
from bot.store.sqlite.old_reasons import parse_old_reason
from bot.store.sqlite.reasons import read_reason, reason_values
from bot.ui.reasons import SENTENCES, say_reason

R, C = Reason, ReasonCode

OLD = {
    "the channel does not exist (any more)": R(code=C.CHANNEL_GONE),
    "the server is not known (any more)": R(code=C.GUILD_GONE),
    "the bot may not see the channel": R(code=C.CHANNEL_HIDDEN),
    "the person accepts no messages from the bot": R(code=C.NO_PRIVATE_MESSAGES),
    "the bot may not post there: it needs Send Messages and Embed Links": R(code=C.MAY_NOT_POST),
    "the thread is archived": R(code=C.THREAD_ARCHIVED),
    "the thread is locked": R(code=C.THREAD_LOCKED),
    "Discord refuses the channel (403, code 59999)": R(
        code=C.CHANNEL_REFUSED, status=403, discord_code=59999
    ),
    "Discord refuses the message (400, code 50035): Invalid Form Body\nIn embeds": R(
        code=C.MESSAGE_REFUSED,
        status=400,
        discord_code=50035,
        text="Invalid Form Body\nIn embeds",
    ),
    "Discord refuses the message (413): ": R(code=C.MESSAGE_REFUSED, status=413),
    "429, rate limited": R(code=C.RATE_LIMITED, status=429),
    "429, address banned for a while": R(code=C.ADDRESS_BANNED, status=429),
    "401, token refused": R(code=C.TOKEN_REFUSED, status=401),
    "Discord cannot be reached": R(code=C.UNREACHABLE),
    "no proper answer (ClientOSError)": R(code=C.NO_ANSWER, text="ClientOSError"),
    "503": R(code=C.SERVER_ERROR, status=503),
    "500, code 1": R(code=C.SERVER_ERROR, status=500, discord_code=1),
    "403": R(code=C.ANSWERED_BY_OTHERS, status=403),
    "404": R(code=C.ANSWERED_BY_OTHERS, status=404),
    "deleted on Discord": R(code=C.DELETED),
    "502, after a try that may have arrived": R(
        code=C.AFTER_UNSURE_TRY, because=R(code=C.SERVER_ERROR, status=502)
    ),
    "Discord answered with a message of the channel 77": R(code=C.OTHER_CHANNEL, number=77),
    "the channel cannot be read (403)": R(code=C.CHANNEL_UNREADABLE, status=403),
    "history not read (ClientOSError)": R(code=C.NOT_READ_YET, text="ClientOSError"),
    "the bot is not in the server (any more)": R(code=C.NOT_IN_GUILD),
    "the channel has no messages": R(code=C.NO_MESSAGES_THERE),
    "the bot may not read the channel's history": R(code=C.HISTORY_HIDDEN),
    "more than 200 messages have come since": R(code=C.HISTORY_TOO_LONG, number=200),
    "the bot's clock is more than a minute off": R(code=C.CLOCK_WRONG),
    "not in the channel's history": R(code=C.NOT_IN_HISTORY),
    "the planned message was damaged in the database": R(code=C.DAMAGED),
    "posted again by an admin": R(code=C.POSTED_AGAIN),
    "found in the channel": R(code=C.FOUND),
    "restored from a backup": R(code=C.COPIED),
    "a backup was put back, and some of its papers are in the channel": R(code=C.SHOWN_IN_PIECES),
    "a backup was put back, and what was posted cannot be known: the channel has no messages": R(
        code=C.PUT_BACK, because=R(code=C.NO_MESSAGES_THERE)
    ),
    "a backup was put back, and what was posted cannot be known: ": R(code=C.PUT_BACK),
    "not posted in time": R(code=C.GIVEN_UP),
    "not posted in time: 429, rate limited": R(
        code=C.GIVEN_UP, because=R(code=C.RATE_LIMITED, status=429)
    ),
    "the subscription was deleted": R(code=C.SUBSCRIPTION_DELETED),
    "the subscription was deleted: not posted in time: 503": R(
        code=C.SUBSCRIPTION_DELETED,
        because=R(code=C.GIVEN_UP, because=R(code=C.SERVER_ERROR, status=503)),
    ),
    "an admin paused it": R(code=C.PAUSED_BY_ADMIN),
    "whatever a person wrote by hand: (1)": R(
        code=C.OTHER, text="whatever a person wrote by hand: (1)"
    ),
    "": R(code=C.OTHER),
}


@pytest.mark.parametrize(("sentence", "reason"), OLD.items())
def test_an_old_sentence_is_read_as_a_code(sentence: str, reason: Reason) -> None:
    assert parse_old_reason(sentence) == reason


@pytest.mark.parametrize("reason", OLD.values(), ids=[each[:60] or "-" for each in OLD])
def test_what_is_stored_is_read_as_it_was(reason: Reason) -> None:
    assert read_reason(*reason_values(reason)) == reason
    assert reason_values(None) == (None, None)
    assert read_reason(None, None) is None


@pytest.mark.parametrize("details", [None, "", "no JSON", "[]", '"x"', '{"status": "x"}'])
def test_damaged_details_leave_the_code(details: str | None) -> None:
    assert read_reason("thread-locked", details) == R(code=C.THREAD_LOCKED)


@pytest.mark.parametrize("code", ["of-a-later-version", "THREAD-LOCKED", ""])
def test_a_code_of_another_version_is_shown_as_it_is(code: str) -> None:
    reason = read_reason(code, '{"text": "more", "because": {"code": "nor-this"}}')
    assert reason is not None
    assert (reason.code, reason.text) == (C.OTHER, f"{code} more".strip())
    assert reason.because == R(code=C.OTHER, text="nor-this")


@pytest.mark.parametrize("code", ReasonCode)
def test_every_code_has_a_sentence(code: ReasonCode) -> None:
    """With its details and without; never with a hole, never with the code itself."""
    behind = R(code=C.THREAD_LOCKED)
    full = R(code=code, status=418, discord_code=50035, text="words", number=7, because=behind)
    for reason in (R(code=code), full):
        said = say_reason(reason)
        assert said
        assert "{" not in said
        assert said == said.strip(" :;")
    assert set(SENTENCES) == set(ReasonCode)


def test_no_reason_is_said_too() -> None:
    assert say_reason(None) == "no reason is known"
    assert say_reason(R(code=C.OTHER)) == "no reason is known"
    assert say_reason(R(code=C.GIVEN_UP)) == "not posted in time"
    assert say_reason(R(code=C.GIVEN_UP, because=R(code=C.RATE_LIMITED, status=429))) == (
        "not posted in time: Discord accepts no more messages for a while (HTTP 429)"
    )
