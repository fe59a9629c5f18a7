"""What a person is told of what they follow. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import DeliveryRecord
from bot.digest.models import Cadence, Reason, Subscription, Topic
from bot.digest.reading import MOST_FOLLOWED, FollowedPaper
from bot.digest.trial import Trial
from bot.models import ArxivId, Paper
from bot.text import markdown
from bot.text.words import count_of, joined, joined_first, long_date, short_date
from bot.ui.defects import find_mistake
from bot.ui.drafts import say_yield
from bot.ui.embeds import UNTITLED, one_line
from bot.ui.ids import At, CustomId
from bot.ui.reasons import say_reason
from bot.ui.replies import COLOUR, code, describe_time, fitting_lines
from bot.ui.trial import say_weeks

MAX_NAMED: Final = 8
MAX_TITLE: Final = 110
MAX_LIST: Final = 3600
TRY_AGAIN: Final = "Try again"
NOTHING: Final = (
    "You follow nothing yet. `/follow add` follows a query, an author or a paper, and sends what "
    "is new to you alone."
)
FULL: Final = f"You follow {MOST_FOLLOWED} things, the most allowed; /follow remove takes one away."


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFollow(CustomId):
    """A wish to follow the draft of one of the message's embeds."""

    PREFIX = "follow:1:save"

    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAgain(CustomId):
    """A wish to be written to again."""

    PREFIX = "follow:1:again"


# -- adding and changing -------------------------------------------------------------------------


def say_followed(topic: Topic, digest: Subscription, trial: Trial, *, is_new: bool) -> str:
    """Confirm a query; ``digest`` names the lists that it looks through."""
    verb = "You now follow" if is_new else "Changed:"
    return "\n".join(
        (
            f"**{verb} {markdown.escape(topic.name)}** {code(topic.query)}",
            *_say_trial(trial),
            *say_when(digest),
        )
    )


def _say_trial(trial: Trial) -> Iterator[str]:
    if trial.newest is not None:
        yield f"It would have sent you {say_weeks(trial)}"


def say_paper_followed(paper: Paper, digest: Subscription, *, is_new: bool) -> str:
    verb = "You now follow" if is_new else "You follow already"
    return "\n".join(
        (
            f"**{verb} {_link(paper.arxiv_id, paper.title)}**: new versions, code, publication "
            "and withdrawal, as far as they become known.",
            *say_when(digest),
        )
    )


def say_when(digest: Subscription) -> Iterator[str]:
    """Say when the messages come, and from which lists."""
    often = "every day, " if Cadence.WEEK not in digest.cadences else ""
    yield f"Sent to you directly {often}{describe_time(digest)}, from {_say_lists(digest)}."
    if digest.reads:
        channels = joined([f"<#{each}>" for each in digest.reads])
        yield f"What {channels} gets is left out."
    yield "-# If Discord does not let me write to you, I say so when you next use me."


def _say_lists(digest: Subscription) -> str:
    if not digest.categories:
        return "no list: I read none yet, so name categories with `/follow settings`"
    return joined_first(digest.categories, MAX_NAMED)


def say_settings(digest: Subscription) -> str:
    return "\n".join(("**Saved.**", *say_when(digest)))


def say_left_to(channel_id: int, *, is_left_out: bool) -> str:
    if is_left_out:
        return f"What <#{channel_id}> gets is no longer sent to you as well."
    return f"What <#{channel_id}> gets is sent to you as well again."


def say_removed(name: str, *, is_last: bool) -> str:
    said = f"You no longer follow **{markdown.escape(name)}**."
    return f"{said} That was the last: I keep nothing of what you followed." if is_last else said


# -- the list ------------------------------------------------------------------------------------


def render_follows(
    digest: Subscription,
    trials: Mapping[str, Trial],
    papers: Sequence[tuple[FollowedPaper, Paper | None]],
    troubles: Sequence[DeliveryRecord],
) -> discord.Embed:
    """Show what a person follows, how much it brings, when it comes and what is in its way."""
    lines = [
        *(_topic_line(each, trials.get(each.name)) for each in digest.topics),
        *(_paper_line(followed, paper) for followed, paper in papers),
    ]
    followed = f"**You follow {count_of(len(lines), 'thing')}** of at most {MOST_FOLLOWED}"
    parts = [
        followed,
        *([say_pause(digest.paused_because)] if digest.paused_because else []),
        *([say_troubles(troubles)] if troubles else []),
        fitting_lines(lines, MAX_LIST),
        *say_when(digest),
    ]
    return discord.Embed(description="\n".join(parts), colour=COLOUR)


def _topic_line(topic: Topic, trial: Trial | None) -> str:
    brings = f" · {say_yield(trial)}" if trial and trial.days else ""
    if find_mistake(topic):
        brings = " · **I can't read it any more**, so it finds nothing; `/follow edit` changes it"
    return f"- **{markdown.escape(topic.name)}** {code(topic.query)}{brings}"


def _paper_line(followed: FollowedPaper, paper: Paper | None) -> str:
    since = short_date(followed.followed_at.date())
    return f"- {_link(followed.arxiv_id, paper.title if paper else '')} · since {since}"


def _link(arxiv_id: ArxivId, title: str) -> str:
    plain = markdown.plain(one_line(title), MAX_TITLE) or UNTITLED
    return markdown.masked_link(plain, abs_url(arxiv_id))


# -- what goes wrong -----------------------------------------------------------------------------


def say_pause(reason: Reason) -> str:
    """Say why nothing is sent, and what would be right."""
    return (
        f"**What you follow is not sent to you**: {say_reason(reason)}. Allow direct messages from "
        "me (in the privacy settings of a server that we share, or by adding me to your account), "
        f"then press *{TRY_AGAIN}*."
    )


def say_troubles(troubles: Sequence[DeliveryRecord]) -> str:
    days: list[date] = sorted({each.announced_on for each in troubles})
    of = joined([long_date(day) for day in days[-3:]])
    return (
        f"{count_of(len(troubles), 'message')} of {of} did not arrive, or may not have; "
        f"*{TRY_AGAIN}* sends what did not arrive for sure."
    )


def say_tried(sent: int) -> str:
    again = f" {count_of(sent, 'message')} that did not arrive for sure follow now." if sent else ""
    return f"I write to you again.{again}"
