"""What `/digest why` answers: one paper and what became of it in one channel. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from bot.arxiv.identifier import abs_url
from bot.digest.messages import PostedMessage
from bot.digest.models import Cadence, DigestEntry, Subscription
from bot.digest.select import Decision, DeliveryStatus, Verdict
from bot.models import ArxivId, Paper, StoredPaper
from bot.text import markdown
from bot.text.words import TYPE_NAMES, count_of, joined, long_date
from bot.ui.defects import name_unreadable_topics

MAX_TITLE: Final = 150
MAX_REASON: Final = 200
MAX_CATEGORIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDecision:
    """One date on which a paper was announced, and what was decided about it.

    ``is_next`` says that the digest of that date is still to come. A week is named by its last day.
    """

    day: date
    decision: Decision
    is_next: bool
    cadence: Cadence = Cadence.DAY


_STATUSES = {
    DeliveryStatus.ON_ITS_WAY: "Its message is on its way; /digest status says when it arrives.",
    DeliveryStatus.FAILED: "Its message could not be posted; /digest resolve posts it again.",
    DeliveryStatus.UNKNOWN: "Whether its message arrived is unknown; /digest resolve settles that.",
    DeliveryStatus.LEFT: "An admin decided to leave its message as it is.",
}


_ELSEWHERE = {
    Verdict.READ_ELSEWHERE: "A channel that the person reads has it.",
    Verdict.OFFER: (
        "It is not among the papers that the digest shows: a button below its last message will "
        "open it."
    ),
    Verdict.OFFERED_BEFORE: (
        "It was not among the papers that the digest shows: the button “more” below its last "
        "message opens it."
    ),
}


def describe_decision(decision: Decision, subscription: Subscription) -> str:
    """Say in one sentence why the channel gets the paper, or why it does not."""
    entry, topics = decision.entry, subscription.topics
    if decision.delivery is not None:
        return _STATUSES[decision.delivery]
    match decision.verdict:
        case Verdict.TYPE_NOT_FOLLOWED:
            followed = joined([f"{TYPE_NAMES[each]}s" for each in subscription.announce_types])
            return f"It is {_listed(entry)}; this channel follows {followed or 'nothing'} only."
        case Verdict.POSTED_BEFORE:
            return f"Version {decision.sent_version} was posted in this channel before."
        case Verdict.ELSEWHERE | Verdict.READ_ELSEWHERE | Verdict.OFFER | Verdict.OFFERED_BEFORE:
            return _say_place(decision)
        case Verdict.NO_TOPIC_MATCHED if unreadable := name_unreadable_topics(subscription):
            return f"No topic matches it, and I can't read {unreadable}; /digest status says why."
        case Verdict.NO_TOPIC_MATCHED if len(topics) == 1:
            return f"It does not match the topic {topics[0].name!r}."
        case Verdict.NO_TOPIC_MATCHED:
            return f"It matches none of the channel's {count_of(len(topics), 'topic')}."
        case Verdict.POST if entry.topics:
            noun = "topic" if len(entry.topics) == 1 else "topics"
            named = joined([repr(name) for name in entry.topics])
            return f"It is {_listed(entry)} and matches the {noun} {named}."
        case Verdict.POST:
            return f"It is {_listed(entry)}."


def _say_place(decision: Decision) -> str:
    if decision.home is not None:
        return f"It is left to <#{decision.home}>: this server posts each paper in one channel."
    return _ELSEWHERE[decision.verdict]


def _listed(entry: DigestEntry) -> str:
    return joined(
        [f"a {TYPE_NAMES[listed.announce_type]} in {listed.category}" for listed in entry.listed_in]
    )


def say_why(
    subscription: Subscription,
    paper: Paper,
    dated: Sequence[DatedDecision],
    *,
    posted: PostedMessage | None,
) -> str:
    """Say what became of a paper in the channel, the newest announcement first."""
    lines = [f"{_name(paper.arxiv_id, paper.title)} in <#{subscription.channel_id}>:"]
    lines += [f"- {_name_date(each)}: {_describe(each, subscription)}" for each in dated]
    if posted is not None:
        lines.append(f"It is there: {posted.url}")
    return "\n".join(lines)


def _name_date(dated: DatedDecision) -> str:
    week = "week to " if dated.cadence is Cadence.WEEK else ""
    return f"{week}{long_date(dated.day)}"


def _describe(dated: DatedDecision, subscription: Subscription) -> str:
    reason = markdown.shorten(describe_decision(dated.decision, subscription), MAX_REASON)
    if dated.decision.verdict not in (Verdict.POST, Verdict.OFFER):
        return reason
    if dated.is_next:
        return f"{reason} It will come with the next digest; `/digest status` says when."
    every = " every:week" if dated.cadence is Cadence.WEEK else ""
    return (
        f"{reason} It would be posted now, but the digest of that day was put together before, or "
        f"the channel had none yet: `/digest send date:{dated.day}{every}` posts what is missing."
    )


def say_unknown(subscription: Subscription, arxiv_id: ArxivId, stored: StoredPaper | None) -> str:
    """Say that none of the followed categories announced the paper, as far as is known."""
    return " ".join(_unknown(subscription, arxiv_id, stored))


def _unknown(
    subscription: Subscription, arxiv_id: ArxivId, stored: StoredPaper | None
) -> Iterator[str]:
    shown = subscription.categories[:MAX_CATEGORIES]
    more = len(subscription.categories) - len(shown)
    names = ", ".join(shown) + (f" and {more} more" if more else "") or "no category"
    yield (
        f"{_name(arxiv_id, stored.paper.title if stored else '')} was not posted in "
        f"<#{subscription.channel_id}>: no listing I know of {names} announces it."
    )
    if stored is None:
        yield "I have never seen it announced."
    elif stored.paper.categories:
        yield (
            f"It is a paper of {', '.join(stored.paper.categories[:MAX_CATEGORIES])}, first "
            f"announced on {long_date(stored.announced_on)}."
        )


def _name(arxiv_id: ArxivId, title: str) -> str:
    link = f"[{arxiv_id}](<{abs_url(arxiv_id)}>)"
    return f"{link} {markdown.shorten(title, MAX_TITLE)}".strip()
