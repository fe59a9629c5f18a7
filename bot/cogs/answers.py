"""How commands and buttons answer: at once, and privately when something goes wrong."""

import contextlib
import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import discord

from bot.cogs.pause_notice import tell_of_pause
from bot.errors import InputError
from bot.ui.components import make_panel, make_row, write
from bot.ui.errors import apologise, explain, unwrapped
from bot.ui.ids import CustomId
from bot.ui.views import NEXT, PREVIOUS, DayPage, make_view

log = logging.getLogger(__name__)

TOO_LATE_CODES = frozenset({10015, 10062, 50027})
"""Discord's codes for an interaction that was not answered within three seconds (10062), or whose
token is over, as it is after fifteen minutes (50027, 10015)."""
EXPIRED = "This button belongs to another version of me; use the command again."
EXPIRED_FORM = "This form belongs to another version of me, so nothing is changed; open it again."
_IS_PRIVATE = "is_private"


async def defer_privately(interaction: discord.Interaction) -> None:
    """Show 'thinking', and later the answer, to the person alone."""
    interaction.extras[_IS_PRIVATE] = True
    await interaction.response.defer(ephemeral=True, thinking=True)


def is_panel(message: discord.Message | None) -> bool:
    """Return whether a message is made of components: nothing else can ever take their place."""
    return message is not None and message.flags.components_v2


async def defer_beside_panel(interaction: discord.Interaction) -> None:
    """Let the answer replace the message, or stand below a panel, which cannot hold it."""
    if is_panel(interaction.message):
        await defer_privately(interaction)
    else:
        await interaction.response.defer()


async def defer_on_panel(interaction: discord.Interaction) -> None:
    """Let a panel replace the panel; any other message stays, and the panel stands below it."""
    if is_panel(interaction.message):
        await interaction.response.defer()
    else:
        await defer_privately(interaction)


async def say(
    interaction: discord.Interaction, text: str, items: Sequence[discord.ui.Item[Any]] = ()
) -> None:
    """Answer a deferred interaction with a text and what to do next, in place of what was shown."""
    if is_panel(interaction.message):
        parts = [write(text), *([make_row(*items)] if items else [])]
        await interaction.edit_original_response(view=make_panel(parts))
    else:
        view = make_view(items) if items else None
        await interaction.edit_original_response(content=text, embeds=[], view=view)


async def report(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person, and only the person, what went wrong; never raises.

    A mistake of the bot's own is logged once, under an id that the person is told.
    """
    cause = unwrapped(error)
    if is_too_late(cause):
        log.warning("interaction answered too late", extra=_fields(interaction))
        return
    sentence = explain(error)
    if sentence is None:
        error_id = secrets.token_hex(4)
        fields = {**_fields(interaction), "error_id": error_id}
        log.error("command failed (%s)", error_id, exc_info=cause, extra=fields)
        sentence = apologise(error_id)
    try:
        await _say_privately(interaction, sentence)
    except discord.HTTPException as failure:
        why = "interaction answered too late" if is_too_late(failure) else f"no answer: {failure}"
        log.warning("person not answered: %s", why, extra=_fields(interaction))


def is_too_late(error: BaseException | None) -> bool:
    """Return whether Discord takes no more answers to an interaction."""
    return isinstance(error, discord.HTTPException) and error.code in TOO_LATE_CODES


class LateOffers(logging.Filter):
    """Lets discord.py log no traceback where Discord no longer waits for an autocompletion."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not (record.exc_info and is_too_late(record.exc_info[1])):
            return True
        log.warning("interaction answered too late")
        return False


async def _say_privately(interaction: discord.Interaction, text: str) -> None:
    """Answer so that no one else reads it, however far the interaction has come."""
    response = interaction.response
    if not response.is_done():
        await response.send_message(text, ephemeral=True)
        return
    if interaction.extras.get(_IS_PRIVATE):
        await interaction.edit_original_response(content=text, embeds=[], view=None)
        return
    await _take_back(interaction)
    await interaction.followup.send(text, ephemeral=True)


async def _take_back(interaction: discord.Interaction) -> None:
    """Take away the 'thinking' that everyone sees.

    The first follow-up would take it over, for everyone to read. So it becomes a message, which
    goes, and the follow-up is one of its own.
    """
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        with contextlib.suppress(discord.HTTPException):
            await interaction.edit_original_response(content="…")
            await interaction.delete_original_response()


async def answer_privately(
    interaction: discord.Interaction, embed: discord.Embed, view: discord.ui.View
) -> None:
    """Answer a command so that no one else reads it; a pressed button's message is changed."""
    if interaction.type is not discord.InteractionType.application_command:
        await interaction.edit_original_response(embed=embed, view=view)
        return
    await _take_back(interaction)
    await interaction.followup.send(embed=embed, view=view, ephemeral=True)


S = TypeVar("S", bound=CustomId)
Base = TypeVar("Base", bound=discord.ui.Item[Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expired:
    """What a button carries that means nothing (any more), such as a date that never was."""

    custom_id: str


class StateItem(Generic[S, Base], discord.ui.DynamicItem[Base], template=""):
    """A button or menu that is nothing but its state, so it works after a restart too.

    What it does stands in `press`; its errors reach the person who used it.
    """

    _kind: ClassVar[type[CustomId]]
    state: S

    def __init_subclass__(cls, *, state: type[CustomId] | None = None) -> None:
        super().__init_subclass__(template=state.template() if state else "")
        if state:
            cls._kind = state

    def __init__(self, state: S, item: Base) -> None:
        super().__init__(item)
        self.state = state

    @classmethod
    def of(cls, state: S) -> Self:
        """Make the item that Discord tells of, with nothing but its state."""
        raise NotImplementedError

    @classmethod
    def takes(cls, custom_id: str) -> bool:
        """Return whether a custom id is of this item, in this version."""
        return re.fullmatch(cls._kind.template(), custom_id) is not None

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        try:
            state = cls._kind.from_match(match)
        except ValueError:  # a made-up id gets the same answer
            return cls.of(cast(S, _Expired(custom_id=match.string)))
        return cls.of(cast(S, state))

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            if isinstance(self.state, _Expired):
                raise InputError(EXPIRED)
            await self.press(interaction)
            await tell_of_pause(interaction)
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)

    async def press(self, interaction: discord.Interaction) -> None:
        """Do what the item is for."""
        raise NotImplementedError


class StateButton(StateItem[S, discord.ui.Button[discord.ui.View]]):
    """A button; subclasses name their state: ``class Turn(StateButton[Page], state=Page)``."""

    def __init__(
        self,
        state: S,
        label: str = "",
        *,
        is_grave: bool = False,
        is_there: bool = True,
    ) -> None:
        """``is_grave`` colours what changes something; what is not ``is_there`` is greyed out."""
        button: discord.ui.Button[discord.ui.View] = discord.ui.Button(
            label=label,
            style=discord.ButtonStyle.danger if is_grave else discord.ButtonStyle.secondary,
            custom_id=state.custom_id,
            disabled=not is_there,
        )
        super().__init__(state, button)

    @classmethod
    def of(cls, state: S) -> Self:
        return cls(state)


class StateMenu(StateItem[S, discord.ui.Select[discord.ui.View]]):
    """A menu of which one option is chosen; subclasses name their state as buttons do.

    What was ``chosen`` can be made up, like a custom id.
    """

    def __init__(
        self, state: S, options: Sequence[discord.SelectOption] = (), placeholder: str | None = None
    ) -> None:
        menu: discord.ui.Select[discord.ui.View] = discord.ui.Select(
            custom_id=state.custom_id, options=list(options), placeholder=placeholder
        )
        super().__init__(state, menu)

    @classmethod
    def of(cls, state: S) -> Self:
        return cls(state)

    @property
    def chosen(self) -> str:
        """The value of the chosen option, blank if there is none."""
        return next(iter(self.item.values), "")


Fields = Mapping[str, tuple[str, ...]]
"""What a form holds by the ids of its fields; what was typed is one value."""


class StateForm(Generic[S]):
    """A form that is nothing but its state, so it may be sent after a restart, late, or twice.

    It is read from what Discord sends. What it does stands in `take`; nothing is changed where
    that raises, and the person is told why.
    """

    _kind: ClassVar[type[CustomId]]

    def __init_subclass__(cls, *, state: type[CustomId]) -> None:
        super().__init_subclass__()
        cls._kind = state

    def __init__(self, state: S) -> None:
        self.state = state

    @classmethod
    def takes(cls, custom_id: str) -> bool:
        """Return whether a custom id is of this form, in this version."""
        return re.fullmatch(cls._kind.template(), custom_id) is not None

    @classmethod
    async def answer(cls, interaction: discord.Interaction) -> None:
        """Do what was sent says."""
        data = cast(Mapping[str, Any], interaction.data or {})
        try:
            state = cls._kind.read(str(data.get("custom_id")))
            if state is not None:
                await cls(cast(S, state)).take(interaction, read_fields(data.get("components", ())))
        except Exception as error:  # discord.py would only log it
            await report(interaction, error)

    async def take(self, interaction: discord.Interaction, sent: Fields) -> None:
        """Answer or defer, and do what was sent."""
        raise NotImplementedError


def read_fields(components: Sequence[Mapping[str, Any]]) -> Fields:
    """Read what a form holds, by its fields' ids."""
    fields = {}
    for outer in components:
        if field := outer.get("component"):
            values = field.get("values") or [field.get("value")]
            fields[str(field.get("custom_id"))] = tuple(str(each) for each in values if each)
    return fields


P = TypeVar("P", bound=DayPage)


def make_turns(
    button: Callable[..., StateButton[P]], page: P, *, last: int
) -> list[StateButton[P]]:
    """Make the buttons to the pages before and after; none when there is only one page."""
    if not last:
        return []
    before, after = replace(page, page=page.page - 1), replace(page, page=page.page + 1)
    return [
        button(before, PREVIOUS, is_there=page.page > 0),
        button(after, NEXT, is_there=page.page < last),
    ]


def _fields(interaction: discord.Interaction) -> dict[str, object]:
    data = cast(Mapping[str, object], interaction.data or {})
    command = interaction.command
    name = command.qualified_name if command else data.get("custom_id")
    return {"command": name, "guild": interaction.guild_id, "interaction": interaction.id}
