"""What is said when a digest is paused or resumed. Pure."""

from datetime import timedelta

from bot.digest.models import Subscription
from bot.digest.outlook import Outlook
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.reasons import say_reason
from bot.ui.replies import describe_next


def describe_reason(subscription: Subscription) -> str:
    """Say why a digest is paused; nothing but an admin resumes what an admin paused."""
    return say_reason(subscription.paused_because)


def describe_window(window: timedelta) -> str:
    hours = round(window / timedelta(hours=1))
    return count_of(hours, "hour") if hours % 24 else count_of(hours // 24, "day")


def say_paused(channel_id: int, *, waiting: int, window: timedelta) -> str:
    """Confirm a pause; ``waiting`` messages were on their way."""
    lines = [
        f"**Paused** the digest in <#{channel_id}>: nothing is posted there until "
        f"`/digest resume`, which also posts what was missed in the last {describe_window(window)}."
    ]
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        lines.append(f"{count_of(waiting, 'message')} that should have been posted now {verb} too.")
    return "\n".join(lines)


def say_resumed(
    subscription: Subscription,
    outlook: Outlook,
    *,
    window: timedelta,
    troubles: int,
    refused: int = 0,
) -> str:
    """Confirm that a digest resumes.

    ``troubles`` messages of it wait for a word; the ``refused`` ones are posted now.
    """
    lines = [
        f"**Resumed** the digest in <#{subscription.channel_id}>. What it missed in the last "
        f"{describe_window(window)} follows within a minute.",
        f"Next digest: {describe_next(subscription, outlook)}",
    ]
    if refused:
        lines.append(f"Now follows what was refused before: {count_of(refused, 'message')}.")
    if troubles:
        verb = "was" if troubles == 1 else "were"
        lines.append(
            f"{count_of(troubles, 'message')} from before {verb} not posted: `/digest resolve` "
            "posts what you choose, `/digest status` says why."
        )
    return "\n".join(lines)


def say_sure_to_resume(subscription: Subscription) -> str:
    """Ask before resuming a digest when it is unknown what was posted."""
    because = markdown.escape(describe_reason(subscription))
    return (
        f"The digest in <#{subscription.channel_id}> is paused: {because}.\n"
        "If you resume it, papers posted there in the last few days may appear twice. "
        "Resume it?"
    )


def say_still_paused(subscription: Subscription) -> str:
    return f"The digest in <#{subscription.channel_id}> stays paused."
