"""`/digest panel`, what follows a set-up, and the form for one: for those who rather press.

Everything here does what the commands do, by the same code; only the way in is another.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import discord

from bot.cogs.access import require_admin
from bot.cogs.admin import (
    AdminCog,
    DigestChannel,
    channel_here,
    digest_cog,
    guild_of,
)
from bot.cogs.answers import StateButton, StateItem, StateMenu, defer_privately, report
from bot.cogs.digest_answers import ask_removal, ask_resumption
from bot.cogs.digest_pause import pause, resume
from bot.cogs.digest_preview import PreviewPageButton
from bot.cogs.digest_send import SendButton
from bot.cogs.digest_setup import apply_options, find_newest
from bot.cogs.digest_status import gather_status
from bot.cogs.options import SetupOptions
from bot.cogs.topic_saving import TopicForm, topic_cog
from bot.delivery.reconcile import may_repeat
from bot.digest.models import Subscription
from bot.errors import InputError
from bot.ui.drafts import Draft
from bot.ui.panel import (
    PanelAct,
    PanelChoice,
    PanelRole,
    PanelSetting,
    PanelStep,
    SetupFormId,
    is_paused,
    list_places,
    list_styles,
    render_no_digest,
    render_panel,
    render_setup_form,
)
from bot.ui.setup import Newest, say_setup
from bot.ui.styles import STYLES
from bot.ui.views import PreviewPage, SendDay, make_view

LABELS: Final[Mapping[PanelAct, str]] = {
    PanelAct.FORM: "Change",
    PanelAct.PANEL: "Open the panel",
    PanelAct.TOPIC: "Add a topic",
    PanelAct.PAUSE: "Pause",
    PanelAct.RESUME: "Resume",
    PanelAct.REMOVE: "Remove",
}
HERE: Final = 0
"""In place of a channel: the one that the button is pressed in."""


def make_step(act: PanelAct, channel_id: int, label: str = "") -> "StepButton":
    step = PanelStep(act=act, channel_id=channel_id)
    return StepButton(step, label or LABELS[act], is_grave=act is PanelAct.REMOVE)


# -- after a set-up ------------------------------------------------------------------------------


async def set_up(
    cog: AdminCog,
    interaction: discord.Interaction,
    channel: DigestChannel | None,
    options: SetupOptions,
) -> None:
    """Do what the options say; say what the channel gets, and what the newest list would bring."""
    here = channel_here(interaction, channel)
    done = await apply_options(cog, interaction, here, options)
    subscription = done.subscription
    outlooks = await cog.pipeline.outlooks([subscription])
    newest = await find_newest(cog, subscription)
    said = say_setup(
        subscription,
        outlooks[subscription.channel_id],
        before=done.before,
        meant=done.wishes.meant,
        newest=newest,
        lacks_zone=done.wishes.lacks_zone,
        now=cog.pipeline.now(),
    )
    view = make_view(_next_steps(subscription, newest))
    await interaction.edit_original_response(content=said, view=view)


def _next_steps(subscription: Subscription, newest: Newest | None) -> list[discord.ui.Item[Any]]:
    """Make the buttons that lead on from a set-up."""
    channel_id = subscription.channel_id
    steps: list[discord.ui.Item[Any]] = []
    if newest:
        page = PreviewPage(channel_id=channel_id, day=newest.day, page=0)
        steps.append(PreviewPageButton(page, "Preview"))
        if newest.tally.chosen:
            send = SendDay(channel_id=channel_id, day=newest.day)
            steps.append(SendButton(send, f"Post {newest.name}", is_grave=True))
    return [
        *steps,
        make_step(PanelAct.TOPIC, channel_id),
        make_step(PanelAct.FORM, channel_id),
        make_step(PanelAct.PANEL, channel_id),
    ]


# -- the panel -----------------------------------------------------------------------------------


async def show_panel(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, said: str = ""
) -> None:
    """Show a digest with its health and what can be done; ``said`` is what was done just now."""
    health = await gather_status(cog, guild_of(interaction), [subscription])
    embeds = render_panel(subscription, health)
    items = [*_menus(subscription), *await _steps(cog, subscription)]
    await interaction.edit_original_response(
        content=said or None, embeds=embeds, view=make_view(items)
    )


def _menus(subscription: Subscription) -> list[discord.ui.Item[Any]]:
    channel_id = subscription.channel_id
    style = PanelChoice(setting=PanelSetting.STYLE, channel_id=channel_id)
    where = PanelChoice(setting=PanelSetting.WHERE, channel_id=channel_id)
    places = list_places(subscription)
    return [
        ChoiceMenu(style, list_styles(subscription)),
        *([ChoiceMenu(where, places)] if places else []),
        RoleMenu(PanelRole(channel_id=channel_id), subscription.ping_role),
    ]


async def _steps(cog: AdminCog, subscription: Subscription) -> list[discord.ui.Item[Any]]:
    channel_id = subscription.channel_id
    newest = await find_newest(cog, subscription)
    turn = PanelAct.RESUME if is_paused(subscription) else PanelAct.PAUSE
    acts = (PanelAct.FORM, PanelAct.TOPIC, turn, PanelAct.REMOVE)
    steps: list[discord.ui.Item[Any]] = [make_step(act, channel_id) for act in acts]
    if newest:
        page = PreviewPage(channel_id=channel_id, day=newest.day, page=0)
        steps.append(PreviewPageButton(page, "Preview"))
    return steps


class StepButton(StateButton[PanelStep], state=PanelStep):
    """Does one thing with a digest, or opens the form for it."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog, act, channel_id = digest_cog(interaction), self.state.act, self.state.channel_id
        if act is PanelAct.FORM:
            await open_form(cog, interaction, channel_id, _query_in(interaction.message))
            return
        subscription = await cog.owned_subscription(interaction, channel_id)
        if act is PanelAct.TOPIC:
            draft = Draft(name="", query="")
            form = TopicForm(topic_cog(interaction), channel_id, draft)
            await interaction.response.send_modal(form)
            return
        if act is PanelAct.PANEL:
            await defer_privately(interaction)
            await show_panel(cog, interaction, subscription)
            return
        await interaction.response.defer()
        if act is PanelAct.REMOVE:
            await ask_removal(cog, interaction, subscription)
        elif act is PanelAct.RESUME and may_repeat(subscription):
            await ask_resumption(interaction, subscription)
        else:
            said = await self._turn(cog, interaction, subscription)
            subscription = await cog.owned_subscription(interaction, channel_id)
            await show_panel(cog, interaction, subscription, said)

    async def _turn(
        self, cog: AdminCog, interaction: discord.Interaction, subscription: Subscription
    ) -> str:
        match self.state.act:
            case PanelAct.PAUSE:
                return await pause(cog, subscription)
            case PanelAct.RESUME:
                return await resume(cog, interaction, subscription)
            case _:
                return ""


class ChoiceMenu(StateMenu[PanelChoice], state=PanelChoice):
    """Changes the style or the place at once, and shows the panel as it is then."""

    async def press(self, interaction: discord.Interaction) -> None:
        setting, chosen = self.state.setting, self.chosen
        options = SetupOptions(style=chosen)
        if setting is PanelSetting.WHERE:
            options = SetupOptions(where=chosen)
        await change(interaction, self.state.channel_id, options)


class RoleMenu(StateItem[PanelRole, discord.ui.RoleSelect[discord.ui.View]], state=PanelRole):
    """Chooses the role that each digest pings; none chosen is nobody."""

    def __init__(self, state: PanelRole, role_id: int | None = None) -> None:
        menu: discord.ui.RoleSelect[discord.ui.View] = discord.ui.RoleSelect(
            custom_id=state.custom_id,
            placeholder="Ping a role with each digest (nobody)",
            min_values=0,
            default_values=[] if role_id is None else [discord.Object(role_id, type=discord.Role)],
        )
        super().__init__(state, menu)

    @classmethod
    def of(cls, state: PanelRole) -> "RoleMenu":
        return cls(state)

    async def press(self, interaction: discord.Interaction) -> None:
        roles = self.item.values
        ping = str(roles[0].id) if roles else "nobody"
        await change(interaction, self.state.channel_id, SetupOptions(ping=ping))


async def change(interaction: discord.Interaction, channel_id: int, options: SetupOptions) -> None:
    """Change a digest by options, and show its panel."""
    await interaction.response.defer()
    cog = digest_cog(interaction)
    await cog.owned_subscription(interaction, channel_id)
    done = await apply_options(cog, interaction, find_channel(interaction, channel_id), options)
    await show_panel(cog, interaction, done.subscription, "Changed.")


def find_channel(interaction: discord.Interaction, channel_id: int) -> DigestChannel:
    """Find a channel of this server; ids can be made up, and channels go."""
    found = guild_of(interaction).get_channel_or_thread(channel_id)
    if not isinstance(found, DigestChannel):
        raise InputError("That channel is not there any more; use /digest setup in another.")
    return found


# -- the form ------------------------------------------------------------------------------------


async def open_form(
    cog: AdminCog, interaction: discord.Interaction, channel_id: int, query: str = ""
) -> None:
    """Open the form for a channel's digest, filled in as it is."""
    await require_admin(interaction, "digest")
    if channel_id == HERE:
        channel_id = interaction.channel_id or HERE
    before = await cog.store.subscriptions.get_subscription(channel_id)
    if before is not None and before.guild_id != interaction.guild_id:
        raise InputError("That channel is not there any more; use /digest setup in another.")
    await interaction.response.send_modal(render_setup_form(channel_id, before, query=query))


def _query_in(message: discord.Message | None) -> str:
    """Read the query of a topic that had no digest to narrow."""
    try:
        return Draft.of(message, 0).query
    except InputError:
        return ""


async def take_form(interaction: discord.Interaction) -> None:
    """Do what a form says, if it is that of a digest.

    It is read from what Discord sends, not from what this process remembers: a form may be sent
    a quarter of an hour later, after a restart, or twice.
    """
    data = cast(Mapping[str, Any], interaction.data or {})
    form = SetupFormId.read(str(data.get("custom_id")))
    if form is None:
        return
    try:
        await defer_privately(interaction)
        await require_admin(interaction, "digest")
        cog, sent = digest_cog(interaction), read_fields(data.get("components", ()))
        before = await cog.store.subscriptions.get_subscription(form.channel_id)
        options = read_form(before, sent)
        await set_up(cog, interaction, find_channel(interaction, form.channel_id), options)
    except Exception as error:  # discord.py would only log it
        await report(interaction, error)


def read_fields(components: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Read what a form holds by its fields' ids; what is chosen in a menu counts as text."""
    fields: dict[str, str] = {}
    for outer in components:
        for field in [outer.get("component"), *outer.get("components", ())]:
            if field is not None:
                values = field.get("values") or [field.get("value") or ""]
                fields[str(field.get("custom_id"))] = str(values[0])
    return fields


def read_form(before: Subscription | None, sent: Mapping[str, str]) -> SetupOptions:
    """Read a form: what is blank is the default; a time that was taken out is 'when announced'."""
    said = {name: text.strip() for name, text in sent.items()}
    time, zone, style = said.get("time"), said.get("zone"), said.get("style")
    had_time = before is not None and before.post_at is not None
    if style and style not in STYLES:
        raise InputError("That is no style; pick one that the form offers.")
    return SetupOptions(
        categories=said.get("categories") or None,
        time=time or ("when announced" if had_time else None),
        zone=(zone or None) if time else None,
        style=style or None,
        query=said.get("query") or None,
    )


# -- where there is no digest yet ----------------------------------------------------------------


async def offer_setup(interaction: discord.Interaction, draft: Draft) -> None:
    """Offer to set a digest up with a topic, where there is none that it could narrow."""
    button = make_step(PanelAct.FORM, HERE, "Set up a digest with it")
    await interaction.edit_original_response(
        embed=render_no_digest(draft), view=make_view([button])
    )


BUTTONS = (StepButton, ChoiceMenu, RoleMenu)
