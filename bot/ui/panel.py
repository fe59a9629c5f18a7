"""A digest's panel and a topic's page: what their buttons carry, and what they say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import discord

from bot.digest.health import Ailment, Health
from bot.digest.models import Subscription, SubscriptionState, Topic
from bot.digest.trial import Trial
from bot.text import markdown
from bot.text.words import count_of, joined
from bot.ui.drafts import Draft, Key, key_of, say_yield
from bot.ui.ids import At, CustomId, Snowflake
from bot.ui.pings import mention_role
from bot.ui.replies import (
    COLOUR,
    QUIET_DAYS,
    UPDATES,
    code,
    describe_categories,
    describe_mistake,
    describe_place,
    describe_time,
    describe_types,
    fitting_lines,
    say_cap,
)
from bot.ui.setup_form import FormPart
from bot.ui.styles import style_of
from bot.ui.topic_health import say_health
from bot.ui.trial import draw_bars, say_trial

TOPICS_A_MENU: Final = 25
MAX_TOPICS_CHARS: Final = 900
MAX_LABEL: Final = 80
MAX_OPTION: Final = 100


class PanelAct(StrEnum):
    """What a button of a panel, a set-up or a welcome does."""

    FORM = "form"
    PANEL = "panel"
    TOPIC = "topic"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelStep(CustomId):
    """A wish to do something with the digest of a channel; 0 is one that is chosen."""

    PREFIX = "digest:1"

    act: PanelAct
    channel_id: Snowflake


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePart(CustomId):
    """A wish for the form that changes a part of a channel's digest."""

    PREFIX = "change:1"

    part: FormPart
    channel_id: Snowflake


class TopicAct(StrEnum):
    """What a button does with a topic."""

    OPEN = "open"
    CHANGE = "change"
    TEST = "test"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"
    MEND = "mend"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicStep(CustomId):
    """A wish to do something with a topic, which is named by `key_of`: a name is too long."""

    PREFIX = "topic-step:1"

    act: TopicAct
    channel_id: Snowflake
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCarry(CustomId):
    """The menu of digests to which a topic can be moved or copied."""

    PREFIX = "topic-carry:1"

    channel_id: Snowflake
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRole(CustomId):
    """The menu of roles that a topic can ping."""

    PREFIX = "topic-role:1"

    channel_id: Snowflake
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMenu(CustomId):
    """A menu of a digest's topics: those of a ``page``, counted from 0."""

    PREFIX = "topic-menu:1"

    channel_id: Snowflake
    page: At


Checked = Mapping[str, tuple[Health, Trial | None]]
"""How the topics of a digest fare, by name, and what would do better."""


def is_paused(subscription: Subscription) -> bool:
    return subscription.state is SubscriptionState.PAUSED


# -- the panel -----------------------------------------------------------------------------------


def say_what(subscription: Subscription) -> str:
    """Say what a digest holds."""
    categories = describe_categories(subscription.categories, 240)
    return f"**Papers**\n{categories}\n-# {describe_types(subscription)}"


def say_when(subscription: Subscription) -> str:
    return f"**Posted**\n{describe_time(subscription)}"


def say_looks(subscription: Subscription) -> str:
    """Say how a digest looks, and where it goes."""
    style = style_of(subscription.style)
    looks = style.describe(subscription)
    cap = f"\nAt most {say_cap(subscription)}" if subscription.cap else ""
    return f"**Style {style.code}**\n{looks}{describe_place(subscription)}{cap}"


def say_more(subscription: Subscription) -> str:
    """Say whom a digest pings, and what it says beside its papers."""
    role = subscription.ping_role
    updates = "edit" if subscription.updates else "leave"
    return (
        f"**Pings** {mention_role(role) if role is not None else 'nobody'}\n"
        f"-# On a day without a digest: {QUIET_DAYS[subscription.quiet_days]}. "
        f"Posted messages: {UPDATES[updates]}."
    )


def say_topics(subscription: Subscription, checked: Checked) -> str:
    """List a digest's topics with how each fares, what needs a look first."""
    if not subscription.topics:
        return "**Topics**\nnone, so every paper is posted"
    heading = (
        f"**{count_of(len(subscription.topics), 'topic')}**: a paper that matches one is posted"
    )
    lines = [_topic_line(each, checked) for each in by_need(subscription.topics, checked)]
    return f"{heading}\n{fitting_lines(lines, MAX_TOPICS_CHARS)}"


def _topic_line(topic: Topic, checked: Checked) -> str:
    paused = " (paused)" if topic.is_paused else ""
    fares = say_health(*checked[topic.name]) if topic.name in checked else ""
    return f"- **{markdown.escape(topic.name)}**{paused}{fares}{describe_mistake(topic)}"


def by_need(topics: Sequence[Topic], checked: Checked) -> list[Topic]:
    """Order topics: those that ail first, then by name."""
    return sorted(topics, key=lambda each: (ailment_of(each, checked) is None, each.name.lower()))


def ailment_of(topic: Topic, checked: Checked) -> Ailment | None:
    return checked[topic.name][0].ailment if topic.name in checked else None


def list_topics(topics: Sequence[Topic], checked: Checked) -> list[discord.SelectOption]:
    """List topics for a menu."""
    return [
        discord.SelectOption(
            label=markdown.plain(each.name, MAX_OPTION) or "?",
            description=markdown.plain(_about(each, checked), MAX_OPTION) or None,
            value=key_of(each.name),
        )
        for each in topics
    ]


def _about(topic: Topic, checked: Checked) -> str:
    ailment = ailment_of(topic, checked)
    said = [*(["paused"] if topic.is_paused else []), *([ailment.value] if ailment else [])]
    return ": ".join([*([joined(said)] if said else []), topic.query])


# -- a topic -------------------------------------------------------------------------------------


def say_topic(topic: Topic, fares: tuple[Health, Trial | None] | None) -> str:
    """Show a topic: its query, and what it brought in the last weeks."""
    paused = " (paused)" if topic.is_paused else ""
    lines = [f"## {markdown.escape(topic.name)}{paused}", code(topic.query)]
    if fares is None:
        return "\n".join([*lines, describe_mistake(topic).strip()]).strip()
    trial = fares[0].recent
    lines.append(say_trial(trial))
    if trial.matched:
        lines.append(draw_bars(trial))
    if fares[0].ailment is not None:
        lines.append(say_health(*fares).removeprefix(" · "))
    return "\n".join(lines)


def say_mending(better: Trial) -> str:
    """Label the button that tries the query which would do better."""
    return markdown.plain(f"Try {better.topic.query} ({say_yield(better)})", MAX_LABEL)


# -- where there is no digest ----------------------------------------------------------------------


def render_no_digest(draft: Draft) -> discord.Embed:
    """Say that a topic has no digest to narrow yet; the footer keeps it for the form."""
    return discord.Embed(
        title="No digest yet",
        description=f"{code(draft.query)} narrows a digest, and this server has none yet.",
        colour=COLOUR,
    ).set_footer(text=draft.note)


def render_welcome() -> str:
    """Say once, on joining a server, what the bot does; nobody has to answer."""
    return (
        "Hello! I post arXiv's daily announcement to the channels that want it, each paper once. "
        "Nothing is posted before someone who manages this server sets up a digest. Everybody "
        "can use `/paper search`; `/bot help` says more."
    )
