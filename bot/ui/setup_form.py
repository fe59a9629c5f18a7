"""The forms of a digest: to set one up, and to change one part of it. Pure.

Discord allows five fields in a form, so what a digest has is divided: what it holds, when it comes,
how it looks, and the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import discord

from bot.digest.models import Cadence, Place, Subscription
from bot.text.words import WEEKDAYS
from bot.ui.ids import CustomId, Snowflake
from bot.ui.replies import QUIET_DAYS, UPDATES
from bot.ui.styles import DEFAULT_STYLE, STYLES, style_of

MAX_CATEGORIES_CHARS: Final = 400
MAX_QUERY_CHARS: Final = 300
MAX_TIME_CHARS: Final = 100
CARDS_IN_THREAD: Final = "thread-cards"
FORM_TIMEOUT_S: Final = 15 * 60.0
"""As long as Discord lets a form be sent."""

PLACE_WORDS: Final[Mapping[str, str]] = {
    Place.CHANNEL: "in the channel",
    Place.THREAD: "in a thread: one message in the channel, the rest in its thread",
    CARDS_IN_THREAD: "in a thread, the rest as a card each",
    Place.FORUM: "in a forum: one post a day",
}
"""Where messages may go, by the names that are typed."""

TYPE_WORDS: Final[Mapping[str, str]] = {
    "new cross": "new submissions and cross-lists",
    "new": "new submissions only",
    "new cross replace": "new, cross-lists and replacements",
    "new cross replace replace-cross": "everything",
}
"""What a channel may follow, by its announce types."""

CADENCE_WORDS: Final[Mapping[Cadence, str]] = {
    Cadence.DAY: "Every day",
    Cadence.WEEK: "Every week: the best, and the rest by day",
}

CHANNEL_TYPES: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.public_thread,
    discord.ChannelType.forum,
]
"""Where a digest can be posted."""

Field = discord.ui.Label[Any]


class FormPart(StrEnum):
    """What of a digest a form changes."""

    WHAT = "what"
    WHEN = "when"
    LOOK = "look"
    MORE = "more"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFormId(CustomId):
    """What a form to set up a channel's digest carries; 0 if one chooses the channel in it."""

    PREFIX = "setup-form:1"

    channel_id: Snowflake


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFormId(CustomId):
    """What a form to change a part of a channel's digest carries."""

    PREFIX = "change-form:1"

    part: FormPart
    channel_id: Snowflake


def render_first_form(channel_id: int | None, *, query: str = "") -> discord.ui.Modal:
    """Make the form that sets up a digest in a channel that one chooses, at first this one."""
    fields = [_categories(None), _channel(channel_id), _query(query), _time(None), _style(None)]
    return _make("Set up a digest", SetupFormId(channel_id=0).custom_id, fields)


def render_setup_form(
    channel_id: int, before: Subscription | None, *, query: str = ""
) -> discord.ui.Modal:
    """Make the form that sets a digest up; what is left out of it stays as it was."""
    title = "Change the digest" if before else "Set up a digest"
    fields = [
        _categories(before),
        *([] if before else [_query(query)]),
        _time(before),
        _cadence(before),
        *([_weekday(before)] if before else []),
        _style(before),
    ]
    return _make(title, SetupFormId(channel_id=channel_id).custom_id, fields)


def render_change_form(part: FormPart, subscription: Subscription) -> discord.ui.Modal:
    """Make the form that changes one part of a digest, filled in as it is."""
    title, fields = _part(part, subscription)
    form = ChangeFormId(part=part, channel_id=subscription.channel_id)
    return _make(title, form.custom_id, fields)


def _part(part: FormPart, subscription: Subscription) -> tuple[str, Sequence[Field]]:
    match part:
        case FormPart.WHAT:
            return "What the digest holds", [_categories(subscription), _types(subscription)]
        case FormPart.WHEN:
            fields = [_time(subscription), _cadence(subscription), _weekday(subscription)]
            return "When the digest comes", fields
        case FormPart.LOOK:
            return "How the digest looks", [*_looks(subscription)]
        case FormPart.MORE:
            fields = [_ping(subscription), _quiet_days(subscription), _updates(subscription)]
            return "Pings, quiet days and updates", fields


def _make(title: str, custom_id: str, fields: Sequence[Field]) -> discord.ui.Modal:
    form = discord.ui.Modal(title=title, custom_id=custom_id, timeout=FORM_TIMEOUT_S)
    for field in fields:
        form.add_item(field)
    return form


# -- the fields ----------------------------------------------------------------------------------


def _text(
    name: str, label: str, about: str, default: str, max_chars: int, *, is_needed: bool = False
) -> Field:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=name, default=default or None, required=is_needed, max_length=max_chars
    )
    return discord.ui.Label(text=label, description=about, component=field)


def _choice(name: str, label: str, words: Mapping[str, str], now: str, about: str = "") -> Field:
    """Offer one of several; where none is ``now``, none is marked, and none has to be."""
    options = [
        discord.RadioGroupOption(label=said[:100], value=value, default=value == now)
        for value, said in words.items()
    ]
    group: discord.ui.RadioGroup[Any] = discord.ui.RadioGroup(
        custom_id=name, required=now in words, options=options
    )
    return discord.ui.Label(text=label, description=about or None, component=group)


def _categories(before: Subscription | None) -> Field:
    return _text(
        "categories",
        "arXiv categories",
        "cs.CV, cs.LG; names work too (computer vision), and archives (math)",
        ", ".join(before.categories)[:MAX_CATEGORIES_CHARS] if before else "",
        MAX_CATEGORIES_CHARS,
        is_needed=True,
    )


def _channel(channel_id: int | None) -> Field:
    here = [] if channel_id is None else [discord.Object(channel_id, type=discord.TextChannel)]
    menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
        custom_id="channel", channel_types=CHANNEL_TYPES, default_values=here
    )
    return discord.ui.Label(text="Where to post", component=menu)


def _query(query: str) -> Field:
    return _text(
        "query",
        "Only papers that match",
        "Blank: all of them. Written as in /paper search: diffusion -survey",
        query,
        MAX_QUERY_CHARS,
    )


def _types(before: Subscription) -> Field:
    now = " ".join(before.announce_types)
    return _choice("types", "Which announcements", TYPE_WORDS, now)


def _time(before: Subscription | None) -> Field:
    at = before.post_at if before else None
    now = f"{at:%H:%M} {before.zone}" if before and at else ""
    return _text(
        "time",
        "Time of day and place",
        "Blank: when announced. 09:00 Berlin; 9am India; noon UTC-5",
        now[:MAX_TIME_CHARS],
        MAX_TIME_CHARS,
    )


def _cadence(before: Subscription | None) -> Field:
    now = before.cadences if before else (Cadence.DAY,)
    group: discord.ui.CheckboxGroup[Any] = discord.ui.CheckboxGroup(
        custom_id="every",
        min_values=1,
        max_values=len(CADENCE_WORDS),
        options=[
            discord.CheckboxGroupOption(label=said, value=each.value, default=each in now)
            for each, said in CADENCE_WORDS.items()
        ],
    )
    return discord.ui.Label(text="How often", component=group)


def _weekday(before: Subscription) -> Field:
    now = WEEKDAYS[before.weekday]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="weekday",
        options=[
            discord.SelectOption(label=name, value=name, default=name == now) for name in WEEKDAYS
        ],
    )
    return discord.ui.Label(text="Weeks end on", component=menu)


def _style(before: Subscription | None) -> Field:
    now = style_of(before.style).code if before else DEFAULT_STYLE.code
    words = {code: style.words for code, style in STYLES.items()}
    return _choice("style", "Style", words, now)


def _looks(before: Subscription) -> Iterator[Field]:
    yield _style(before)
    yield _text("top", "brief: best papers as cards", "0 to 10", str(before.top), 4)
    yield _text(
        "cards_up_to", "auto: all as cards up to", "0 to 100 papers", str(before.cards_up_to), 4
    )
    yield _text("cap", "At most so many papers a digest", "0: all; up to 1000", str(before.cap), 5)
    if before.place is not Place.FORUM:  # which takes posts only
        in_cards = before.place is Place.THREAD and before.cards_in_thread
        now = CARDS_IN_THREAD if in_cards else before.place.value
        words = {place: said for place, said in PLACE_WORDS.items() if place != Place.FORUM}
        yield _choice("where", "Where", words, now)


def _ping(before: Subscription) -> Field:
    role = before.ping_role
    menu: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
        custom_id="ping",
        required=False,
        min_values=0,
        default_values=[] if role is None else [discord.Object(role, type=discord.Role)],
    )
    return discord.ui.Label(text="Ping a role with each digest", component=menu)


def _quiet_days(before: Subscription) -> Field:
    words = {code.value: said for code, said in QUIET_DAYS.items()}
    return _choice("quiet_days", "On a day without a digest", words, before.quiet_days.value)


def _updates(before: Subscription) -> Field:
    now = "edit" if before.updates else "leave"
    return _choice("updates", "Messages that were posted", UPDATES, now)
