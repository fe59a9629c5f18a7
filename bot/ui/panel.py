"""The panel of a digest: what its buttons, menus and forms carry, and what they show."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Self

import discord

from bot.digest.models import Place, Subscription, SubscriptionState
from bot.ui.drafts import Draft
from bot.ui.replies import COLOUR, code, content_lines
from bot.ui.styles import STYLES, style_of

MAX_CATEGORIES_CHARS: Final = 400
MAX_QUERY_CHARS: Final = 300
CARDS_IN_THREAD: Final = "thread-cards"

PLACE_WORDS: Final[Mapping[str, str]] = {
    Place.CHANNEL: "in the channel",
    Place.THREAD: "in a thread: one message in the channel, the rest in its thread",
    CARDS_IN_THREAD: "in a thread, the rest as a card each",
    Place.FORUM: "in a forum: one post a day",
}
"""Where messages may go, by the names that are typed."""


class PanelAct(StrEnum):
    """What a button of a panel, a set-up or a welcome does."""

    FORM = "form"
    PANEL = "panel"
    TOPIC = "topic"
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelStep:
    """A wish to do something with the digest of a channel; 0 is the channel one is in."""

    TEMPLATE: ClassVar[str] = (
        r"digest:1:(?P<act>form|panel|topic|pause|resume|remove):(?P<channel>\d{1,20})"
    )

    act: PanelAct
    channel_id: int

    @property
    def custom_id(self) -> str:
        return f"digest:1:{self.act}:{self.channel_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(act=PanelAct(match["act"]), channel_id=int(match["channel"]))


class PanelSetting(StrEnum):
    """What a menu of the panel changes."""

    STYLE = "style"
    WHERE = "where"


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelChoice:
    """A menu that changes one setting of a channel's digest."""

    TEMPLATE: ClassVar[str] = r"panel:1:(?P<setting>style|where):(?P<channel>\d{1,20})"

    setting: PanelSetting
    channel_id: int

    @property
    def custom_id(self) -> str:
        return f"panel:1:{self.setting}:{self.channel_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(setting=PanelSetting(match["setting"]), channel_id=int(match["channel"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelRole:
    """The menu of roles to ping."""

    TEMPLATE: ClassVar[str] = r"panel-role:1:(?P<channel>\d{1,20})"

    channel_id: int

    @property
    def custom_id(self) -> str:
        return f"panel-role:1:{self.channel_id}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(channel_id=int(match["channel"]))


def list_styles(subscription: Subscription) -> list[discord.SelectOption]:
    now = style_of(subscription.style).code
    return [
        discord.SelectOption(label=f"Style: {style.words}"[:100], value=code, default=code == now)
        for code, style in STYLES.items()
    ]


def list_places(subscription: Subscription) -> list[discord.SelectOption]:
    """List where messages can go; a forum takes posts only, so there is nothing to choose."""
    if subscription.place is Place.FORUM:
        return []
    in_cards = subscription.place is Place.THREAD and subscription.cards_in_thread
    now = CARDS_IN_THREAD if in_cards else subscription.place.value
    return [
        discord.SelectOption(label=f"Where: {words}"[:100], value=code, default=code == now)
        for code, words in PLACE_WORDS.items()
        if code != Place.FORUM
    ]


def render_panel(
    subscription: Subscription,
    health: Sequence[discord.Embed],
) -> list[discord.Embed]:
    """Show a digest: what it holds, then when and how it comes, and how it does."""
    settings = discord.Embed(
        title="Digest", description="\n".join(content_lines(subscription)), colour=COLOUR
    )
    return [settings, *health]


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


# -- the form ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFormId:
    """What a form to set up a channel's digest carries."""

    TEMPLATE: ClassVar[str] = r"setup-form:1:(?P<channel>\d{1,20})"

    channel_id: int

    @property
    def custom_id(self) -> str:
        return f"setup-form:1:{self.channel_id}"

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """Read a form's id; None for that of another."""
        match = re.fullmatch(cls.TEMPLATE, custom_id)
        return cls(channel_id=int(match["channel"])) if match else None


def render_setup_form(
    channel_id: int, before: Subscription | None, *, query: str = ""
) -> discord.ui.Modal:
    """Make the form; what is blank in it stays as it was, or is the default."""
    form = discord.ui.Modal(
        title="Change the digest" if before else "Set up a digest",
        custom_id=SetupFormId(channel_id=channel_id).custom_id,
        timeout=None,
    )
    form.add_item(
        discord.ui.Label(
            text="arXiv categories",
            description="cs.CV, cs.LG; names work too (computer vision), and archives (math)",
            component=discord.ui.TextInput(
                custom_id="categories",
                default=", ".join(before.categories)[:MAX_CATEGORIES_CHARS] if before else None,
                placeholder="cs.CV, cs.LG",
                max_length=MAX_CATEGORIES_CHARS,
            ),
        )
    )
    if before is None or not before.topics:
        form.add_item(
            discord.ui.Label(
                text="Only papers that match (blank: all of them)",
                description="Written as in /paper search; /topic adds more",
                component=discord.ui.TextInput(
                    custom_id="query",
                    default=query or None,
                    placeholder="diffusion -survey",
                    required=False,
                    max_length=MAX_QUERY_CHARS,
                ),
            )
        )
    at = before.post_at if before else None
    form.add_item(
        discord.ui.Label(
            text="Time of day (blank: when announced)",
            description="09:00, 9am, noon",
            component=discord.ui.TextInput(
                custom_id="time",
                default=f"{at:%H:%M}" if at else None,
                required=False,
                max_length=40,
            ),
        )
    )
    form.add_item(
        discord.ui.Label(
            text="Time zone",
            description="A city, a country or an offset: Berlin, India, UTC+2",
            component=discord.ui.TextInput(
                custom_id="zone",
                default=before.zone[:60] if before and at else None,
                required=False,
                max_length=60,
            ),
        )
    )
    now = style_of(before.style).code if before else next(iter(STYLES))
    form.add_item(
        discord.ui.Label(
            text="Style",
            component=discord.ui.Select(
                custom_id="style",
                required=True,
                options=[
                    discord.SelectOption(label=style.words[:100], value=code, default=code == now)
                    for code, style in STYLES.items()
                ],
            ),
        )
    )
    return form


def is_paused(subscription: Subscription) -> bool:
    return subscription.state is SubscriptionState.PAUSED
