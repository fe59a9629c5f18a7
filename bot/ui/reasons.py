"""Why a message was not posted or a digest is paused, as people read it. Pure.

Reasons are stored as codes with details (`models.Reason`); a sentence here may change at any time.
"""

from collections.abc import Mapping
from typing import Final

from bot.digest.models import Reason, ReasonCode

SENTENCES: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.CHANNEL_GONE: "the channel does not exist (any more)",
    ReasonCode.GUILD_GONE: "the bot does not know the server (any more)",
    ReasonCode.CHANNEL_HIDDEN: "the bot may not see the channel",
    ReasonCode.MAY_NOT_POST: "the bot may not post there: it needs Send Messages and Embed Links",
    ReasonCode.NO_PRIVATE_MESSAGES: "the person does not accept messages from the bot",
    ReasonCode.NO_TEXT_CHANNEL: (
        "this kind of channel takes no such messages; use /digest setup in a text channel"
    ),
    ReasonCode.THREAD_ARCHIVED: "the thread is archived",
    ReasonCode.THREAD_LOCKED: "the thread is locked",
    ReasonCode.CHANNEL_REFUSED: "Discord refuses the channel ({answer})",
    ReasonCode.NO_THREADS_THERE: (
        "the channel takes no threads; /digest setup with where: in the channel"
    ),
    ReasonCode.TAG_WANTED: (
        "the forum wants a tag on every post, and has none that is named like a category of the "
        "digest"
    ),
    ReasonCode.MAY_NOT_CREATE_POSTS: (
        "the bot may not post in the forum: it needs Create Posts and Embed Links"
    ),
    ReasonCode.MAY_NOT_START_THREADS: (
        "the bot may not make a thread there: it needs Create Public Threads"
    ),
    ReasonCode.MAY_NOT_POST_IN_THREADS: (
        "the bot may not post in threads there: it needs Send Messages in Threads and Embed Links"
    ),
    ReasonCode.STARTER_GONE: "the message that its thread was to be made from was deleted",
    ReasonCode.STARTER_UNKNOWN: "it is not known whether the message with its thread was posted",
    ReasonCode.THREAD_GONE: "the thread was deleted",
    ReasonCode.THREAD_REFUSED: "Discord refuses to make a thread ({answer}): {text}",
    ReasonCode.MESSAGE_REFUSED: "Discord refuses the message ({answer}): {text}",
    ReasonCode.DAMAGED: "the planned message was damaged in the database",
    ReasonCode.OTHER_CHANNEL: "Discord answered with a message of the channel {number}",
    ReasonCode.RATE_LIMITED: "Discord accepts no more messages for a while ({answer})",
    ReasonCode.ADDRESS_BANNED: "Discord has banned this host's address for a while ({answer})",
    ReasonCode.ANSWERED_BY_OTHERS: "something between the bot and Discord answered ({answer})",
    ReasonCode.TEMPORARILY_OFF: "Discord is not accepting messages right now ({answer})",
    ReasonCode.TOKEN_REFUSED: "Discord refuses the bot's token ({answer})",
    ReasonCode.UNREACHABLE: "Discord cannot be reached",
    ReasonCode.NO_THREAD_YET: "its thread is not there yet: {because}",
    ReasonCode.NO_ANSWER: "Discord gave no proper answer ({text})",
    ReasonCode.SERVER_ERROR: "Discord had an error of its own ({answer})",
    ReasonCode.WINDOW_OVER: "Discord may not recognise the message any more if it is sent again",
    ReasonCode.AFTER_UNSURE_TRY: "an earlier try may have arrived; the last one: {because}",
    ReasonCode.DELETED: "it was posted, then deleted on Discord",
    ReasonCode.FOUND: "found in the channel",
    ReasonCode.NOT_IN_HISTORY: "it is not in the channel's history",
    ReasonCode.BARE_MESSAGE: "the channel has a message whose papers cannot be seen any more",
    ReasonCode.CHANNEL_UNREADABLE: "the channel cannot be read ({answer})",
    ReasonCode.CLOCK_WRONG: "the bot's clock is more than a minute off",
    ReasonCode.HISTORY_HIDDEN: "the bot may not read the channel's history",
    ReasonCode.HISTORY_TOO_LONG: "more than {number} messages have come since",
    ReasonCode.NO_MESSAGES_THERE: "the channel has no messages",
    ReasonCode.NOT_IN_GUILD: "the bot is not in the server (any more)",
    ReasonCode.NOT_READ_YET: "the channel's history has not been read yet",
    ReasonCode.NOT_AS_POSTED: "the message shows what this database does not know",
    ReasonCode.MAY_NOT_EDIT: (
        "the bot may not read its message there: it needs Read Message History ({answer})"
    ),
    ReasonCode.COPIED: "restored from a backup",
    ReasonCode.PUT_BACK: (
        "a backup was restored, and it is unknown what was posted since: {because}"
    ),
    ReasonCode.SHOWN_IN_PIECES: "a backup was restored, and some of its papers are in the channel",
    ReasonCode.GIVEN_UP: "not posted in time: {because}",
    ReasonCode.PAUSED_BY_ADMIN: "an admin paused it",
    ReasonCode.POSTED_AGAIN: "posted again by an admin",
    ReasonCode.SUBSCRIPTION_DELETED: "the digest was removed: {because}",
    ReasonCode.OTHER: "{text}",
}

UNKNOWN: Final = "no reason is known"


def say_reason(reason: Reason | None) -> str:
    """Return a reason as the rest of a sentence, without its full stop."""
    if reason is None:
        return UNKNOWN
    said = SENTENCES[reason.code].format(
        answer=_say_answer(reason),
        text=reason.text,
        number=reason.number,
        because=say_reason(reason.because) if reason.because else "",
    )
    return said.strip().rstrip(":;").strip() or UNKNOWN


def _say_answer(reason: Reason) -> str:
    said = "no answer" if reason.status is None else f"HTTP {reason.status}"
    return f"{said}, code {reason.discord_code}" if reason.discord_code else said
