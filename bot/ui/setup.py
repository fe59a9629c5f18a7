"""What setting up a digest answers: what the channel gets, and what the newest list would bring."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from bot.digest.due import due_instant
from bot.digest.models import Cadence, Subscription, SubscriptionState, Tally
from bot.digest.outlook import Outlook
from bot.digest.zones import ABBREVIATIONS, ZoneMeaning, is_offset, zone_of
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.reasons import say_reason
from bot.ui.replies import subscription_lines
from bot.ui.tally import say_tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest list of what a channel follows, or the week that it is in, and its papers.

    A week is named by its last day.
    """

    day: date
    tally: Tally
    today: date
    stored: int = 0
    """Of how many categories the list is stored."""
    followed: int = 0
    cadence: Cadence = Cadence.DAY

    @property
    def name(self) -> str:
        if self.cadence is Cadence.WEEK:
            return f"the week to {long_date(self.day)}"
        return "today's" if self.day == self.today else f"that of {long_date(self.day)}"


def say_setup(
    subscription: Subscription,
    outlook: Outlook,
    *,
    now: datetime,
    before: Subscription | None = None,
    meant: ZoneMeaning | None = None,
    lacks_zone: bool = False,
) -> str:
    """Confirm what a channel gets from now on.

    ``before`` is what it got, if anything; ``meant`` is how its zone was read just now, and
    ``lacks_zone`` says that none was named.
    """
    lines = [
        f"## Digest {'changed' if before else 'set up'} in <#{subscription.channel_id}>",
        subscription_lines(subscription, outlook),
        *(describe_meaning(meant) if meant else ()),
        *([ask_for_zone(subscription, now)] if lacks_zone else ()),
    ]
    if before and before.state is SubscriptionState.PAUSED:
        because = markdown.escape(say_reason(before.paused_because))
        if subscription.state is SubscriptionState.PAUSED:
            lines.insert(1, f"It stays paused ({because}); `/digest resume` resumes it.")
        else:
            lines.insert(1, f"It was paused ({because}) and is active again.")
    return "\n".join(lines)


def say_newest(newest: Newest | None) -> str:
    """Say what the newest list would bring, without posting it."""
    if newest is None:
        return "No list of it is stored yet, so I cannot say how many papers come a day."
    tally = newest.tally
    day = "Today" if newest.day == newest.today else long_date(newest.day)
    if newest.cadence is Cadence.WEEK:
        day = f"The week to {long_date(newest.day)}"
    said = f"**{day}: {count_of(tally.announced, 'paper')}"
    said += "**" if tally.no_topics else f"; {tally.matching:,} with your topics**"
    if tally.before:
        said += f", {tally.before:,} of them posted already"
    if newest.stored < newest.followed:
        said += f" (so far: {newest.stored} of {newest.followed} lists are here)"
    return f"{said}. Setting up posts nothing."


def say_sure_to_send(subscription: Subscription, day: date, tally: Tally, *, messages: int) -> str:
    """Ask before a long digest is posted."""
    return (
        f"The digest of {long_date(day)} would be {count_of(messages, 'message')} in "
        f"<#{subscription.channel_id}>: {say_tally(tally, 'to post')}. "
        "A topic (`/topic add`) or `style:brief` makes it shorter. Post them all?"
    )


def ask_for_zone(subscription: Subscription, now: datetime, command: str = "/digest setup") -> str:
    """Show a time of day in the reader's own clock; Discord does so with each reader's."""
    assert subscription.post_at is not None  # noqa: S101
    at = due_instant(now.date(), subscription.post_at, zone_of(subscription.zone))
    return (
        f"{subscription.post_at:%H:%M} {subscription.zone} is <t:{int(at.timestamp())}:t> for you. "
        f"If you mean another, name your zone: `{command} zone:` takes a city or a country."
    )


def describe_meaning(meaning: ZoneMeaning) -> Iterator[str]:
    """Say how a zone was read where that is not plain, and what to choose instead."""
    text, zone = markdown.escape(meaning.text), markdown.escape(meaning.zone)
    if meaning.summer:
        yield (
            f"I read {text} as {zone}, the same all year: without summer time. "
            f"`zone:{meaning.summer}` has it."
        )
    elif meaning.text in ABBREVIATIONS and meaning.zone != "UTC":
        yield f"I read {text} as {zone}."
    elif is_offset(meaning.zone):
        yield (
            f"{zone} is the same all year. Where the clocks are changed in summer, name a city: "
            "`zone:Europe/Berlin`."
        )
    for each in meaning.others:
        yield f"If you mean {each.where}: `zone:{each.zone}`."
