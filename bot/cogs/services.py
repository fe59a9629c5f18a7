"""What commands need from the rest of the bot besides the pipeline."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, cast

import discord

from bot.cogs.turns import Turns
from bot.pipeline import Pipeline

CommandIds = Callable[[], Mapping[str, int]]
"""Discord's ids of the command groups, by name; empty until they are known."""


class Speed(Protocol):
    """How fast messages leave, over all channels."""

    @property
    def pace_per_s(self) -> float: ...
    @property
    def lanes(self) -> int: ...


class Deliverer(Protocol):
    """The part that delivers what is in the outbox."""

    def wake(self) -> None:
        """Look into the outbox now, something may be due."""

    @property
    def settings(self) -> Speed: ...

    @property
    def held_until(self) -> datetime | None:
        """Until when Discord takes no message of ours at all."""

    @property
    def is_short_of_space(self) -> bool:
        """Whether nothing is sent because the disk is nearly full."""


class Host(Protocol):
    """The running bot, as buttons and context menus reach it: Discord hands them the client."""

    @property
    def pipeline(self) -> Pipeline: ...

    @property
    def delivery(self) -> Deliverer: ...

    @property
    def discussing(self) -> Turns:
        """The servers in which a discussion is being opened."""


def host_of(interaction: discord.Interaction) -> Host:
    """Return the running bot."""
    return cast(Host, interaction.client)


def pipeline_of(interaction: discord.Interaction) -> Pipeline:
    """Return the running bot's pipeline."""
    return host_of(interaction).pipeline
