"""What `/digest why` answers about a date: how its listings and its digest came about. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import discord

from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Subscription, SubscriptionState
from bot.digest.outlook import Outlook
from bot.models import IntakeReason, IntakeVerdict, JudgedStep
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.defects import find_defects
from bot.ui.digest_status import FULL, name_categories
from bot.ui.intake import VERDICTS, say_intake_reason
from bot.ui.replies import COLOUR, describe_next, fitting_lines

MAX_REASON: Final = 200
FIRST_STEPS, LAST_STEPS = 2, 4
"""How many steps of a listing are shown; one that grows for hours takes many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStory:
    """One date of a channel: ``steps`` by category, and why one without any has none (``without``).

    ``channel`` is a link, ``announced`` papers were in the listings. ``outlook`` is the next
    digest, which may be this one.
    """

    subscription: Subscription
    channel: str
    day: date
    outlook: Outlook
    steps: Mapping[str, Sequence[JudgedStep]] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    announced: int = 0
    messages: Sequence[DeliveryRecord] = ()


def render_day(story: DayStory) -> discord.Embed:
    """Describe for each category what became of its listing, then what became of the digest."""
    lines = [*_listings(story), *_digest(story)]
    return discord.Embed(
        title=long_date(story.day), description=fitting_lines(lines, FULL), colour=COLOUR
    ).set_footer(text="Which of its papers were posted, and why the rest was not: /digest preview")


def _listings(story: DayStory) -> Iterator[str]:
    """Describe a course once for all categories that took it, with the times of the first."""
    courses: dict[tuple[tuple[IntakeVerdict, IntakeReason | None], ...], list[str]] = {}
    for category, steps in story.steps.items():
        course = tuple((step.verdict, step.reason) for step in steps)
        courses.setdefault(course, []).append(category)
    for categories in courses.values():
        yield f"**Listing of {name_categories(categories)}**"
        yield from _course(story.steps[categories[0]])
    for category, why in story.without.items():
        yield f"**Listing of {category}**: {markdown.shorten(why, MAX_REASON)}"


def _course(steps: Sequence[JudgedStep]) -> Iterator[str]:
    left_out = len(steps) - FIRST_STEPS - LAST_STEPS
    for number, step in enumerate(steps):
        if left_out > 0 and number == FIRST_STEPS:
            yield f"- … {left_out:,} more"
        if left_out <= 0 or not FIRST_STEPS <= number < FIRST_STEPS + left_out:
            yield f"- {_timestamp(step.at)} {_said(step)}"


def _said(step: JudgedStep) -> str:
    # What a complete listing came after stands in the lines before.
    why = "" if step.verdict is IntakeVerdict.COMPLETE else say_intake_reason(step.reason)
    reason = f" ({markdown.shorten(why, MAX_REASON)})" if why else ""
    return f"it {VERDICTS[step.verdict]}{reason}"


def _digest(story: DayStory) -> Iterator[str]:
    yield f"**Digest in {story.channel}**"
    for defect in find_defects(story.subscription):
        yield f"- **Needs attention**: {defect}"
    if not story.messages:
        yield f"- {_why_none(story)}"
    batches: dict[datetime, list[DeliveryRecord]] = {}
    for message in story.messages:
        batches.setdefault(message.planned_at, []).append(message)
    for planned_at, messages in sorted(batches.items()):
        yield f"- {_timestamp(planned_at)} put together: {_batch(messages)}"


def _batch(messages: Sequence[DeliveryRecord]) -> str:
    sent = [each for each in messages if each.state is DeliveryState.SENT]
    in_trouble = sum(
        each.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN) for each in messages
    )
    waiting = len(messages) - len(sent) - in_trouble
    parts = [f"{len(sent)} of {count_of(len(messages), 'message')} delivered"]
    ids = [each.message_id for each in sent if each.message_id is not None]
    if ids:
        parts[0] += f" by {_timestamp(discord.utils.snowflake_time(max(ids)))}"
    if waiting:
        parts.append(f"{waiting} on the way")
    if in_trouble:
        parts.append(f"{in_trouble} in trouble (`/digest status` says why)")
    return ", ".join(parts)


def _why_none(story: DayStory) -> str:
    subscription = story.subscription
    if subscription.state is SubscriptionState.PAUSED or story.outlook.day == story.day:
        return f"nothing yet; next digest: {describe_next(subscription, story.outlook)}"
    if not story.announced:
        return "none: no listing of this date has any papers"
    began = f" ({_timestamp(subscription.created_at)})" if subscription.created_at else ""
    return (
        f"none: none of the {count_of(story.announced, 'paper')} announced was for this channel, "
        f"or the digest was not set up yet{began}"
    )


def _timestamp(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:f>"
