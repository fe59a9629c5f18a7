"""What is wrong with a digest's settings as they are stored, and what puts it right. Pure.

The digest goes on meanwhile as far as it can: one that looks different is better than none.
"""

from bot.digest.models import Subscription
from bot.digest.zones import inverted_offset
from bot.text import markdown
from bot.ui.styles import DEFAULT_STYLE, find_style

MAX_SHOWN = 40


def find_defects(subscription: Subscription) -> tuple[str, ...]:
    """Say in a sentence each what an admin should put right; empty where all is well."""
    defects = []
    if find_style(subscription.style) is None:
        name = markdown.shorten(subscription.style, MAX_SHOWN)
        defects.append(
            f"I don't know the style '{name}', so the digest is posted as {DEFAULT_STYLE.code}. "
            "Choose another with the option `style` of `/digest setup`."
        )
    inverted = inverted_offset(subscription.zone)
    if inverted is not None and subscription.post_at is not None:
        real, seeming = inverted
        defects.append(
            f"The zone {subscription.zone} stands for {real}, as its sign is inverted. `/digest "
            f"setup` with `zone:{seeming}` or `zone:{real}` says which you mean."
        )
    return tuple(defects)


def render_defects(channel_id: int, defects: tuple[str, ...]) -> str:
    """Tell a guild's admins of a channel's ``defects``, of which there is at least one."""
    lines = [f"Something is wrong with the settings of the digest in <#{channel_id}>:"]
    return "\n".join([*lines, *(f"- {each}" for each in defects)])
