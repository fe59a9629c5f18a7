"""What `/digest why` answers: one paper and its fate in one channel. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.arxiv.identifier import abs_url
from bot.digest.select import Decision, Verdict
from bot.digest.words import long_date
from bot.models import ArxivId, Paper, PostedMessage, StoredPaper, Subscription
from bot.text import markdown

MAX_TITLE: Final = 150
MAX_REASON: Final = 200
MAX_CATEGORIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One date on which a paper was announced, and what was decided about it.

    ``is_next`` says that the digest of that date is still to come.
    """

    day: date
    decision: Decision
    is_next: bool


def say_why(
    subscription: Subscription,
    paper: Paper,
    told: Sequence[Told],
    *,
    posted: PostedMessage | None,
) -> str:
    """Tell what became of a paper in the channel, the newest announcement first."""
    lines = [f"{_name(paper.arxiv_id, paper.title)} in <#{subscription.channel_id}>:"]
    lines += [f"- {long_date(each.day)}: {_fate(each, subscription)}" for each in told]
    if posted is not None:
        lines.append(f"It is there: {posted.url}")
    return "\n".join(lines)


def _fate(told: Told, subscription: Subscription) -> str:
    reason = markdown.shorten(told.decision.reason, MAX_REASON)
    if told.decision.verdict is not Verdict.POST:
        return reason
    if told.is_next:
        return f"{reason} It comes with the next digest; `/digest status` says when."
    return (
        f"{reason} It would be posted now, but the digest of that day was put together before, or "
        f"the channel had none yet: `/digest send date:{told.day}` posts what is missing."
    )


def say_unknown(subscription: Subscription, arxiv_id: ArxivId, stored: StoredPaper | None) -> str:
    """Tell that none of the followed categories announced the paper, as far as is known."""
    return " ".join(_unknown(subscription, arxiv_id, stored))


def _unknown(
    subscription: Subscription, arxiv_id: ArxivId, stored: StoredPaper | None
) -> Iterator[str]:
    shown = subscription.categories[:MAX_CATEGORIES]
    more = len(subscription.categories) - len(shown)
    names = ", ".join(shown) + (f" and {more} more" if more else "")
    yield (
        f"{_name(arxiv_id, stored.paper.title if stored else '')} was not posted in "
        f"<#{subscription.channel_id}>: no listing I know of {names} announces it."
    )
    if stored is None:
        yield "I have never seen it announced at all."
    elif stored.paper.categories:
        yield (
            f"It is a paper of {', '.join(stored.paper.categories[:MAX_CATEGORIES])}, first "
            f"announced on {long_date(stored.announced_on)}."
        )


def _name(arxiv_id: ArxivId, title: str) -> str:
    link = f"[{arxiv_id}](<{abs_url(arxiv_id)}>)"
    return f"{link} {markdown.shorten(title, MAX_TITLE)}".strip()
