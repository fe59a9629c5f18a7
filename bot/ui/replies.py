"""What the admin commands answer: subscriptions and topics in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import discord

from bot.arxiv.taxonomy import category_name
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import (
    Cadence,
    Place,
    QuietDays,
    Subscription,
    SubscriptionState,
    Tally,
    Topic,
)
from bot.digest.outlook import Outlook
from bot.digest.week import WeekAhead
from bot.digest.zones import inverted_offset
from bot.text import markdown
from bot.text.words import TYPE_NAMES, WEEKDAYS, count_of, joined, long_date
from bot.ui.defects import MAX_MISTAKE, find_defects, find_mistake
from bot.ui.pings import mention_role
from bot.ui.reasons import say_reason
from bot.ui.styles import style_of
from bot.ui.tally import say_tally

COLOUR = discord.Colour(0xB31B1B)  # arXiv's own red
MAX_SHOWN = 600
"""Characters for one list of names; two of them and the rest fit a message's 2000."""
ATTENTION = "**Needs attention**: something is wrong with its settings; `/digest status` says what"
MAX_SHOWN_IN_LIST = 280
MAX_DIGESTS_SHOWN = 6  # of at most 900 characters each: Discord allows 6000 per message


def describe_next(subscription: Subscription, outlook: Outlook) -> str:
    """Say when a channel's next digest comes, and what it waits for."""
    if not subscription.categories:
        return "none: it follows no category that I know. Choose some with `/digest setup`"
    if subscription.state is SubscriptionState.PAUSED:
        because = markdown.escape(say_reason(subscription.paused_because))
        return f"none while it is paused ({because}); `/digest resume` resumes it"
    daily = [_describe_next_day(subscription, outlook)] if _is_daily(subscription) else []
    weekly = [_describe_next_week(outlook.week)] if outlook.week else []
    return "; ".join((*daily, *weekly))


def _is_daily(subscription: Subscription) -> bool:
    return Cadence.DAY in subscription.cadences


def _describe_next_week(week: WeekAhead) -> str:
    name = f"the week to {long_date(week.end)}"
    if week.at is None:
        return f"{name}, as soon as arXiv's last listing of that week is out"
    return f"{name}, on <t:{int(week.at.timestamp())}:F>, once arXiv's last listing of it is out"


def _describe_next_day(subscription: Subscription, outlook: Outlook) -> str:
    day = long_date(outlook.day)
    if outlook.is_due:
        return f"that of {day} is being put together now"
    if outlook.at is None:
        return _describe_wait(outlook)
    moment = f"<t:{int(outlook.at.timestamp())}:F>"
    if not outlook.waits_for:
        return moment
    if outlook.is_timed:
        return f"{moment}, once arXiv's listing of that day is out"
    said = f"as soon as arXiv's listing of {day} is out, about {moment}"
    if subscription.post_at is None:
        return said
    return f"{said} ({subscription.post_at:%H:%M} there is before arXiv announces)"


def _describe_wait(outlook: Outlook) -> str:
    waited = f"as soon as arXiv's listing of {long_date(outlook.day)} is out"
    if outlook.goes_without_at is None:
        return waited
    names = joined(outlook.waits_for)
    return (
        f"{waited} for {names} too, or without it <t:{int(outlook.goes_without_at.timestamp())}:R>"
    )


QUIET_DAYS: Final[Mapping[QuietDays, str]] = {
    QuietDays.UNEXPECTED: "say why, when one was expected",
    QuietDays.ALL: "always say why",
    QuietDays.NONE: "stay silent",
}
"""What is said on a day without a digest."""

UPDATES: Final[Mapping[str, str]] = {
    "edit": "edit them when code, a version or a venue becomes known",
    "leave": "leave them as they were posted",
}
"""What becomes of messages that were posted."""


def describe_time(subscription: Subscription) -> str:
    """Say when a digest comes, and on which weekday the weekly one."""
    if Cadence.WEEK not in subscription.cadences:
        return _describe_time_of_day(subscription)
    weekly = f"every {WEEKDAYS[subscription.weekday]}"
    often = f"every day and {weekly}" if _is_daily(subscription) else weekly
    return f"{often} {_describe_time_of_day(subscription)}"


def _describe_time_of_day(subscription: Subscription) -> str:
    if subscription.post_at is None:
        return "as soon as announced"
    inverted = inverted_offset(subscription.zone)
    real = f" ({inverted[0]})" if inverted else ""
    return f"at {subscription.post_at:%H:%M} {markdown.escape(subscription.zone)}{real}"


PLACES: Final[Mapping[Place, str]] = {
    Place.CHANNEL: "",
    Place.THREAD: ", one message in the channel and the rest in its thread",
    Place.FORUM: ", one post a day",
    Place.DM: ", as direct messages",
}


def describe_place(subscription: Subscription) -> str:
    """Say where in the channel messages go, as an addition to when; nothing if that is usual."""
    if subscription.place is Place.THREAD and subscription.cards_in_thread:
        return ", one message in the channel and the rest as cards in its thread"
    return PLACES[subscription.place]


def describe_types(subscription: Subscription) -> str:
    return joined([f"{TYPE_NAMES[each]}s" for each in subscription.announce_types])


def describe_topics(topics: Sequence[Topic], max_chars: int = MAX_SHOWN) -> str:
    if not topics:
        return "none, so every paper is posted"
    return _joined_within([f"**{markdown.escape(topic.name)}**" for topic in topics], max_chars)


def describe_pings(subscription: Subscription) -> str:
    """Say which roles are pinged, and for which topic; empty where none is."""
    own = [] if subscription.ping_role is None else [mention_role(subscription.ping_role)]
    topics = [
        f"{mention_role(topic.ping_role)} for {markdown.escape(topic.name)}"
        for topic in subscription.topics
        if topic.ping_role is not None
    ]
    return _joined_within([*own, *topics], MAX_SHOWN_IN_LIST)


def describe_categories(categories: Sequence[str], max_chars: int = MAX_SHOWN) -> str:
    if not categories:
        return "none that I know"
    names = [f"**{each}** {markdown.escape(category_name(each))}" for each in categories]
    return _joined_within(names, max_chars)


def _joined_within(words: Sequence[str], max_chars: int) -> str:
    """Join as many words as fit with commas, and say how many more there are."""
    shown: list[str] = []
    for word in words:
        if markdown.width(", ".join((*shown, word))) > max_chars - 20:
            return f"{', '.join(shown)} and {len(words) - len(shown)} more"
        shown.append(word)
    return ", ".join(shown)


def _quiet_lines(subscription: Subscription) -> Iterator[str]:
    if subscription.quiet_days is not QuietDays.NONE and subscription.place is not Place.FORUM:
        yield f"On days without one: {QUIET_DAYS[subscription.quiet_days]}"


def subscription_lines(
    subscription: Subscription, outlook: Outlook, max_chars: int = MAX_SHOWN
) -> str:
    lines = (
        f"Categories: {describe_categories(subscription.categories, max_chars)}",
        f"Papers: {describe_types(subscription)}",
        f"Posted: {describe_time(subscription)}{describe_place(subscription)}",
        f"Style: {style_of(subscription.style).describe(subscription)}",
        *([f"At most: {say_cap(subscription)}"] if subscription.cap else []),
        f"Topics: {describe_topics(subscription.topics, max_chars)}",
        *([f"Pings: {pings}"] if (pings := describe_pings(subscription)) else []),
        f"Next digest: {describe_next(subscription, outlook)}",
        *_quiet_lines(subscription),
        *([] if subscription.updates else [f"Posted messages: {UPDATES['leave']}"]),
        *([ATTENTION] if find_defects(subscription) else []),
    )
    return "\n".join(lines)


def say_cap(subscription: Subscription) -> str:
    return f"{count_of(subscription.cap, 'paper')} a digest, the others behind a button"


def channel_link(guild_id: int, channel_id: int, name: str | None) -> str:
    """Link a channel inside an embed; ``name`` is None when it no longer exists."""
    if name is None:
        return f"a deleted channel or archived thread ({channel_id})"
    return markdown.masked_link(f"#{name}", f"https://discord.com/channels/{guild_id}/{channel_id}")


def render_subscriptions(
    subscriptions: Sequence[Subscription],
    outlooks: Mapping[int, Outlook],
    channels: Mapping[int, str],
) -> list[discord.Embed]:
    """List a guild's digests, one embed each; ``channels`` are links by channel."""
    embeds = [
        discord.Embed(
            description=f"**{channels[each.channel_id]}**\n"
            + subscription_lines(each, outlooks[each.channel_id], MAX_SHOWN_IN_LIST),
            colour=COLOUR,
        )
        for each in subscriptions[:MAX_DIGESTS_SHOWN]
    ]
    if more := len(subscriptions) - len(embeds):
        embeds[-1].set_footer(text=f"and {count_of(more, 'more digest')}")
    return embeds


def render_topics(
    topics: Sequence[tuple[int, Topic]],
    channels: Mapping[int, str],
    health: Mapping[tuple[int, str], str] = MappingProxyType({}),
) -> discord.Embed:
    """List topics with their channels; ``channels`` are links by channel.

    ``health`` says by channel and name how a topic fares.
    """
    lines = [
        f"{channels[channel_id]} **{markdown.escape(topic.name)}** {code(topic.query)}"
        + (" (paused)" if topic.is_paused else "")
        + health.get((channel_id, topic.name), "")
        + describe_mistake(topic)
        for channel_id, topic in topics
    ]
    return discord.Embed(
        title=count_of(len(topics), "topic"),
        description=fitting_lines(lines, 4000),
        colour=COLOUR,
    ).set_footer(text="A paper is posted when it matches at least one topic of the channel")


def describe_mistake(topic: Topic) -> str:
    """Say, after a topic's name, why its query cannot be read; blank where it can."""
    mistake = find_mistake(topic)
    return f" **cannot be read**: {markdown.shorten(mistake, MAX_MISTAKE)}" if mistake else ""


def say_topic_set(channel_id: int, topic: Topic, *, is_new: bool) -> str:
    """Confirm a topic."""
    verb = "now has" if is_new else "has changed"
    name = markdown.escape(topic.name)
    said = f"<#{channel_id}> {verb} the topic **{name}**: {code(topic.query)}"
    if topic.ping_role is not None:
        said += f"\nWhen it matches a paper, {mention_role(topic.ping_role)} is pinged."
    return said


def say_topic_removed(channel_id: int, topic: Topic, *, rest: int) -> str:
    left = f"{count_of(rest, 'topic')} left." if rest else "Without topics every paper is posted."
    return f"Removed the topic **{markdown.escape(topic.name)}** from <#{channel_id}>. {left}"


def say_topic_paused(subscription: Subscription, topic: Topic, *, is_paused: bool) -> str:
    """Say that a topic matches nothing, or again, and what that leaves of the digest."""
    name = f"The topic **{markdown.escape(topic.name)}** of <#{subscription.channel_id}>"
    if not is_paused:
        return f"{name} matches papers again, from the next digest on."
    others = [each for each in subscription.topics if not each.is_paused and each != topic]
    rest = "The other topics go on." if others else "Nothing is posted while all are paused."
    return f"{name} matches nothing until `/topic resume`. {rest}"


def say_exported(subscription: Subscription) -> str:
    topics = count_of(len(subscription.topics), "topic")
    return f"{topics} of <#{subscription.channel_id}>; `/topic import` reads this file anywhere."


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """What ``/digest send`` came to: what was planned, and all the date's messages so far."""

    subscription: Subscription
    day: date
    tally: Tally
    messages: int
    deliveries: Sequence[DeliveryRecord]
    cadence: Cadence = Cadence.DAY

    @property
    def date(self) -> str:
        week = "the week to " if self.cadence is Cadence.WEEK else ""
        return f"{week}{long_date(self.day)}"


def say_sent(outcome: SendOutcome) -> str:
    """Say what was posted and where, or why nothing was."""
    if not outcome.messages:
        return _say_nothing_to_post(outcome)
    new = outcome.deliveries[-outcome.messages :]
    channel = f"<#{outcome.subscription.channel_id}>"
    papers = (
        f"{say_tally(outcome.tally, 'posted')}, in {count_of(outcome.messages, 'message')}, of "
        f"{outcome.date}"
    )
    troubles = [each for each in new if each.is_in_trouble]
    if troubles:
        why = markdown.escape(say_reason(troubles[0].reason))
        return (
            f"Not everything could be posted in {channel}: {why}\n"
            "`/digest status` shows what is missing, `/digest resolve` posts it again."
        )
    if any(each.state is not DeliveryState.SENT for each in new):
        return (
            f"Posting in {channel}: {papers}. It is on its way; `/digest status` says when all of "
            "it will be there."
        )
    return f"Posted in {channel}: {papers}. {new[0].posted.url if new[0].posted else ''}".strip()


def _say_nothing_to_post(outcome: SendOutcome) -> str:
    channel, day = f"<#{outcome.subscription.channel_id}>", outcome.date
    if outcome.deliveries:
        return f"Nothing new to post: {_say_there(outcome.deliveries, channel, day)}"
    if outcome.tally.announced:
        return (
            f"Nothing to post in {channel}: {say_tally(outcome.tally, 'to post')} on {day}. "
            "`/digest preview` says why."
        )
    return f"Nothing to post: no listing of {day} holds a paper that {channel} follows."


def _say_there(deliveries: Sequence[DeliveryRecord], channel: str, day: str) -> str:
    """Say how much of a digest is in its channel."""
    url = next((each.posted.url for each in deliveries if each.posted), "")
    if any(each.is_in_trouble for each in deliveries):
        return (
            f"not all of the digest of {day} arrived in {channel}; `/digest status` says why, "
            f"`/digest resolve` posts it again. {url}"
        )
    if any(each.state is not DeliveryState.SENT for each in deliveries):
        return f"the digest of {day} is on its way to {channel}; `/digest status` says more. {url}"
    return f"{channel} already has the digest of {day}. {url}"


def say_no_listing(subscription: Subscription, errors: Sequence[str]) -> str:
    """Say why there is nothing to show or post; ``errors`` are those of asking arXiv just now."""
    start = f"No listing of {', '.join(subscription.categories)} is stored yet"
    if errors:
        return f"{start}: {errors[0].rstrip('.')}. I keep trying; /digest status says when."
    return (
        f"{start}, and arXiv has none today. Announcements come Monday to Friday at "
        "about 00:00 US Eastern time."
    )


def _followed(subscription: Subscription) -> str:
    return ", ".join(subscription.categories) or "no category"


def say_sure_to_remove(subscription: Subscription, *, given_up: int) -> str:
    """Ask before a digest is removed; ``given_up`` of its messages are on the way or in trouble."""
    topics = count_of(len(subscription.topics), "topic")
    more = f", with its {topics}" if subscription.topics else ""
    return (
        f"Remove the digest of {_followed(subscription)} from "
        f"<#{subscription.channel_id}>{more}? What was posted stays; nothing more will be posted. "
        f"{_say_given_up(given_up)}(`/digest pause` only stops it for a while.)"
    )


def _say_given_up(messages: int) -> str:
    if not messages:
        return ""
    verb = "is" if messages == 1 else "are"
    return (
        f"{count_of(messages, 'message')} on the way or in trouble {verb} dropped; if you set up "
        "a digest here again, it decides again what to post. "
    )


def say_removed(subscription: Subscription) -> str:
    return (
        f"Removed the digest of {_followed(subscription)} from "
        f"<#{subscription.channel_id}>. `/digest setup` sets up a new one."
    )


def say_kept(channel_id: int) -> str:
    return f"Kept the digest in <#{channel_id}>."


def code(text: str) -> str:
    """Show text as typed, on one line; a backtick in it would end the code span."""
    shown = " ".join(text.split()).replace("`", "'")
    return f"`{shown if len(shown) <= 200 else shown[:199] + '…'}`"


def fitting_lines(lines: Sequence[str], max_chars: int, *, unlisted: int = 0) -> str:
    """Keep as many lines as fit, and say how many more there are, with those ``unlisted``."""
    kept: list[str] = []
    for line in lines:
        if markdown.width("\n".join((*kept, line))) > max_chars - 20:
            break
        kept.append(line)
    more = len(lines) - len(kept) + unlisted
    return "\n".join((*kept, f"… and {more:,} more") if more else kept)


def say_once(*, is_on: bool, is_new: bool) -> str:
    """Confirm whether a server posts each paper in one channel."""
    since = "From the next daily digests on," if is_new else "As before,"
    if not is_on:
        return f"{since} each paper is posted in every channel that it matches."
    return (
        f"{since} each paper is posted in one channel of this server, where it matches best. The "
        "other digests count it and link to it; if that channel does not get it, they post it."
    )
