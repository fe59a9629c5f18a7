"""How a topic fares, in the line that lists it, and what would put it right. Pure."""

from bot.digest.health import Ailment, Health
from bot.digest.trial import Trial
from bot.text import markdown
from bot.ui.drafts import say_yield
from bot.ui.replies import code


def say_health(health: Health, better: Trial | None) -> str:
    """Return `` · 8 a week, 2%`` and what is wrong; ``better`` is a query for a dead topic."""
    recent = health.recent
    if not recent.days:
        return ""
    match health.ailment:
        case Ailment.DEAD:
            said = "**dead**: nothing in 60 days"
            if better is not None:
                query = code(better.topic.query)
                return f" · {said}. {query} would bring {say_yield(better)}; `/topic edit`"
            return f" · {said}; `/topic edit` or `/topic remove`"
        case Ailment.DOUBLED:
            other = markdown.escape(health.other)
            lost = f"{health.own:,} of its papers" if health.own else "none of its papers"
            return (
                f" · {say_yield(recent)}; **doubled** by {other}: `/topic remove` would lose {lost}"
            )
        case Ailment.DRIFTED:
            return (
                f" · {say_yield(recent)}; **drifted**: it brought {health.before:.1f} a week "
                f"before; `/topic test` shows what it finds now"
            )
        case None:
            return f" · {say_yield(recent)}"
