"""`/digest panel`: a digest with its health, its topics one by one, and everything to change them.

Everything here does what the commands do, by the same code; only the way in is another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import discord

from bot.cogs.access import require_admin
from bot.cogs.admin import AdminCog, DigestChannel, digest_cog, guild_of
from bot.cogs.answers import (
    StateButton,
    StateItem,
    StateMenu,
    defer_on_panel,
    defer_privately,
)
from bot.cogs.digest_answers import ask_removal, ask_resumption
from bot.cogs.digest_pause import pause, resume
from bot.cogs.digest_preview import PreviewPageButton
from bot.cogs.digest_setup import find_newest
from bot.cogs.digest_status import gather_statuses, say_hindrance
from bot.cogs.pings import NOBODY, read_ping
from bot.cogs.topic_moving import carry
from bot.cogs.topic_saving import (
    find_key,
    open_topic_form,
    read_draft,
    show_change,
    topic_cog,
)
from bot.cogs.topic_trials import show_trial
from bot.delivery.reconcile import may_repeat
from bot.digest.models import Subscription, Topic
from bot.errors import InputError
from bot.topics.checkup import check_up
from bot.ui.components import draw_line, make_panel, make_row, write, write_beside
from bot.ui.digest_status import ChannelStatus, colour_of
from bot.ui.digest_status import say_health as say_digest_health
from bot.ui.drafts import Draft, key_of
from bot.ui.panel import (
    TOPICS_A_MENU,
    ChangePart,
    Checked,
    PanelAct,
    PanelStep,
    TopicAct,
    TopicCarry,
    TopicMenu,
    TopicRole,
    TopicStep,
    ailment_of,
    by_need,
    is_paused,
    list_topics,
    render_no_digest,
    say_looks,
    say_mending,
    say_more,
    say_topic,
    say_topics,
    say_what,
    say_when,
)
from bot.ui.replies import say_topic_paused, say_topic_removed
from bot.ui.setup import Newest
from bot.ui.setup_form import FormPart, render_change_form, render_first_form, render_setup_form
from bot.ui.views import PreviewPage, make_view

LABELS: Final[Mapping[PanelAct, str]] = {
    PanelAct.FORM: "Change",
    PanelAct.PANEL: "Open the panel",
    PanelAct.TOPIC: "Add a topic",
    PanelAct.PAUSE: "Pause",
    PanelAct.RESUME: "Resume",
    PanelAct.REMOVE: "Remove",
}
HERE: Final = 0
"""In place of a channel: one that is chosen in the form."""
MOST_LOOKED_AT: Final = 4
"""Ailing topics with a button of their own; the menu opens all."""
MOST_PLACES: Final = 12
"""Other digests that a topic is offered to; Discord allows 25 options."""
GONE: Final = "That channel is not there any more; use /digest setup in another."

Item = discord.ui.Item[Any]


def make_step(act: PanelAct, channel_id: int, label: str = "") -> "StepButton":
    step = PanelStep(act=act, channel_id=channel_id)
    return StepButton(step, label or LABELS[act], is_grave=act is PanelAct.REMOVE)


# -- the panel -----------------------------------------------------------------------------------


async def show_panel(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, said: str = ""
) -> None:
    """Show a digest with its health and what can be done; ``said`` is what was done just now."""
    (status,) = await gather_statuses(cog, guild_of(interaction), [subscription])
    checked = await check_up(cog.store, subscription) if subscription.topics else {}
    newest = [await find_newest(cog, subscription, each) for each in subscription.cadences]
    now = cog.pipeline.now()
    above = "\n".join(filter(None, (said, await say_hindrance(cog, now))))
    parts = [*digest_parts(status, newest, now), *topic_parts(subscription, checked)]
    view = make_panel(parts, colour_of(status), above=above)
    await interaction.edit_original_response(view=view)


def digest_parts(
    status: ChannelStatus, newest: Sequence[Newest | None], now: datetime
) -> list[Item]:
    """Show a digest: its state, what to do, and its parts with a form each."""
    subscription = status.subscription
    channel_id = subscription.channel_id
    turn = PanelAct.RESUME if is_paused(subscription) else PanelAct.PAUSE
    previews = [_preview_button(subscription, each) for each in newest if each]
    steps = [make_step(each, channel_id) for each in (turn, PanelAct.REMOVE)]
    sections = [
        (FormPart.WHAT, say_what(subscription)),
        (FormPart.WHEN, say_when(subscription)),
        (FormPart.LOOK, say_looks(subscription)),
        (FormPart.MORE, say_more(subscription)),
    ]
    return [
        write(f"## Digest in <#{channel_id}>", 80),
        write(say_digest_health(status, 1000, now=now), 1000),
        make_row(*previews, *steps),
        draw_line(),
        *(
            write_beside(text, ChangeButton(ChangePart(part=part, channel_id=channel_id), "Change"))
            for part, text in sections
        ),
        draw_line(),
    ]


def _preview_button(subscription: Subscription, newest: Newest) -> PreviewPageButton:
    is_second = newest.cadence is not subscription.cadences[0]
    page = PreviewPage(
        channel_id=subscription.channel_id, day=newest.day, page=0, cadence=newest.cadence
    )
    return PreviewPageButton(page, "Preview the week" if is_second else "Preview")


def topic_parts(subscription: Subscription, checked: Checked) -> list[Item]:
    """Show the topics, a menu that opens each, and a button for those that need a look."""
    channel_id, topics = subscription.channel_id, by_need(subscription.topics, checked)
    pages = [topics[at : at + TOPICS_A_MENU] for at in range(0, len(topics), TOPICS_A_MENU)]
    menus = [
        TopicsMenu(
            TopicMenu(channel_id=channel_id, page=number),
            list_topics(page, checked),
            "Open a topic to change it",
        )
        for number, page in enumerate(pages[:2])
    ]
    return [
        write(say_topics(subscription, checked), 1000),
        *(make_row(menu) for menu in menus),
        make_row(make_step(PanelAct.TOPIC, channel_id), *look_buttons(subscription, checked)),
    ]


def look_buttons(subscription: Subscription, checked: Checked) -> list["TopicButton"]:
    """Make a button for each of the topics that need a look, as far as there is room."""
    ordered = by_need(subscription.topics, checked)
    ailing = [each for each in ordered if ailment_of(each, checked) is not None]
    return [
        _topic_button(TopicAct.OPEN, subscription.channel_id, each, f"Look at {each.name}"[:80])
        for each in ailing[:MOST_LOOKED_AT]
    ]


class StepButton(StateButton[PanelStep], state=PanelStep):
    """Does one thing with a digest, or opens the form for it."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog, act, channel_id = digest_cog(interaction), self.state.act, self.state.channel_id
        if act is PanelAct.FORM:
            await open_form(cog, interaction, channel_id, _query_in(interaction.message))
            return
        subscription = await cog.owned_subscription(interaction, channel_id)
        if act is PanelAct.TOPIC:
            await open_topic_form(interaction, channel_id, Draft(name="", query=""))
            return
        await defer_on_panel(interaction)
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


class ChangeButton(StateButton[ChangePart], state=ChangePart):
    """Opens the form for a part of a digest."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = digest_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        form = render_change_form(self.state.part, subscription)
        await interaction.response.send_modal(form)


async def open_form(
    cog: AdminCog, interaction: discord.Interaction, channel_id: int, query: str = ""
) -> None:
    """Open the form that sets a digest up, filled in as it is; with `HERE` one chooses where."""
    await require_admin(interaction, "digest")
    if channel_id == HERE:
        here = interaction.channel_id if isinstance(interaction.channel, DigestChannel) else None
        await interaction.response.send_modal(render_first_form(here, query=query))
        return
    before = await cog.store.subscriptions.get_subscription(channel_id)
    if before is not None and before.guild_id != interaction.guild_id:
        raise InputError(GONE)
    await interaction.response.send_modal(render_setup_form(channel_id, before, query=query))


def _query_in(message: discord.Message | None) -> str:
    """Read the query of a topic that had no digest to narrow."""
    try:
        return Draft.of(message, 0).query
    except InputError:
        return ""


async def offer_setup(interaction: discord.Interaction, draft: Draft) -> None:
    """Offer to set a digest up with a topic, where there is none that it could narrow."""
    button = make_step(PanelAct.FORM, HERE, "Set up a digest with it")
    await interaction.edit_original_response(
        embed=render_no_digest(draft), view=make_view([button])
    )


# -- a topic -------------------------------------------------------------------------------------


def _topic_button(
    act: TopicAct, channel_id: int, topic: Topic, label: str, *, is_grave: bool = False
) -> "TopicButton":
    step = TopicStep(act=act, channel_id=channel_id, key=key_of(topic.name))
    return TopicButton(step, label, is_grave=is_grave)


async def show_topic(
    cog: AdminCog,
    interaction: discord.Interaction,
    subscription: Subscription,
    topic: Topic,
    said: str = "",
) -> None:
    """Show one topic of a panel in its place, with everything that can be done with it."""
    checked = await check_up(cog.store, subscription)
    guild = guild_of(interaction)
    others = [
        each
        for each in await cog.store.subscriptions.list_subscriptions(guild.id)
        if each.channel_id != subscription.channel_id
    ]
    names = {}
    for each in others[:MOST_PLACES]:
        channel = guild.get_channel_or_thread(each.channel_id)
        names[each.channel_id] = f"#{channel.name}" if channel else str(each.channel_id)
    parts = topic_page(subscription, topic, checked, names)
    await interaction.edit_original_response(view=make_panel(parts, above=said))


def topic_page(
    subscription: Subscription, topic: Topic, checked: Checked, others: Mapping[int, str]
) -> list[Item]:
    """Show a topic and what can be done with it; ``others`` are digests that it can go to."""
    channel_id, fares = subscription.channel_id, checked.get(topic.name)
    turn, label = (TopicAct.RESUME, "Resume") if topic.is_paused else (TopicAct.PAUSE, "Pause")
    better = fares[1] if fares else None
    mend = [_topic_button(TopicAct.MEND, channel_id, topic, say_mending(better))] if better else []
    carry_to = TopicCarry(channel_id=channel_id, key=key_of(topic.name))
    role = TopicRole(channel_id=channel_id, key=key_of(topic.name))
    return [
        write(say_topic(topic, fares), 1500),
        *([make_row(*mend)] if mend else []),
        make_row(
            _topic_button(TopicAct.CHANGE, channel_id, topic, "Change"),
            _topic_button(TopicAct.TEST, channel_id, topic, "Test"),
            _topic_button(turn, channel_id, topic, label),
            _topic_button(TopicAct.REMOVE, channel_id, topic, "Remove", is_grave=True),
            make_step(PanelAct.PANEL, channel_id, "Back"),
        ),
        make_row(TopicRoleMenu(role, topic.ping_role)),
        *([make_row(CarryMenu(carry_to, _list_ways(others), "Move or copy it"))] if others else []),
    ]


def _list_ways(others: Mapping[int, str]) -> list[discord.SelectOption]:
    return [
        discord.SelectOption(label=f"{verb} to {name}"[:100], value=f"{verb.lower()}:{channel_id}")
        for channel_id, name in others.items()
        for verb in ("Move", "Copy")
    ]


class TopicsMenu(StateMenu[TopicMenu], state=TopicMenu):
    """Opens a topic of a panel in the panel's place."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = digest_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        topic = find_key(subscription, self.chosen)
        await defer_on_panel(interaction)
        await show_topic(cog, interaction, subscription, topic)


class TopicButton(StateButton[TopicStep], state=TopicStep):
    """Does one thing with a topic, or opens what does."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog, act = topic_cog(interaction), self.state.act
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        topic = find_key(subscription, self.state.key)
        match act:
            case TopicAct.CHANGE:
                draft = Draft(name=topic.name, query=topic.query, instead_of=topic.name)
                await open_topic_form(interaction, subscription.channel_id, draft)
            case TopicAct.TEST:
                await defer_privately(interaction)
                embed = await show_trial(cog.pipeline, subscription, topic)
                await interaction.edit_original_response(embed=embed)
            case TopicAct.MEND:
                await defer_privately(interaction)
                await _offer_better(cog, interaction, subscription, topic)
            case TopicAct.OPEN:
                await defer_on_panel(interaction)
                await show_topic(cog, interaction, subscription, topic)
            case _:
                await defer_on_panel(interaction)
                await self._change(cog, interaction, subscription, topic)

    async def _change(
        self,
        cog: AdminCog,
        interaction: discord.Interaction,
        subscription: Subscription,
        topic: Topic,
    ) -> None:
        store, channel_id = cog.store.subscriptions, subscription.channel_id
        if self.state.act is TopicAct.REMOVE:
            await store.delete_topic(channel_id, topic.name)
            said = say_topic_removed(channel_id, topic, rest=len(subscription.topics) - 1)
            after = await cog.owned_subscription(interaction, channel_id)
            await show_panel(digest_cog(interaction), interaction, after, said)
            return
        pauses = self.state.act is TopicAct.PAUSE
        await store.pause_topic(channel_id, topic.name, is_paused=pauses)
        said = say_topic_paused(subscription, topic, is_paused=pauses)
        await _show_again(cog, interaction, channel_id, self.state.key, said)


async def _show_again(
    cog: AdminCog, interaction: discord.Interaction, channel_id: int, key: str, said: str
) -> None:
    subscription = await cog.owned_subscription(interaction, channel_id)
    await show_topic(cog, interaction, subscription, find_key(subscription, key), said)


async def _offer_better(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, topic: Topic
) -> None:
    """Show what the better query of an ailing topic would do, with a button that saves it."""
    _, better = (await check_up(cog.store, subscription))[topic.name]
    if better is None:
        raise InputError("This topic does well now; there is nothing to mend.")
    draft = read_draft(topic.name, better.topic.query, instead_of=topic.name)
    await show_change(cog, interaction, subscription, draft)


class CarryMenu(StateMenu[TopicCarry], state=TopicCarry):
    """Moves or copies a topic to another digest of the server, and shows the panel then."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = topic_cog(interaction)
        source = await cog.owned_subscription(interaction, self.state.channel_id)
        topic = find_key(source, self.state.key)
        verb, _, channel = self.chosen.partition(":")
        if verb not in ("move", "copy") or not channel.isascii() or not channel.isdigit():
            raise InputError("Pick one of the digests that the menu offers.")
        target = await cog.owned_subscription(interaction, int(channel))
        await defer_on_panel(interaction)
        said = await carry(cog, interaction, source, topic, target, is_copy=verb == "copy")
        after = await cog.owned_subscription(interaction, source.channel_id)
        await show_panel(digest_cog(interaction), interaction, after, said)


class TopicRoleMenu(StateItem[TopicRole, discord.ui.RoleSelect[discord.ui.View]], state=TopicRole):
    """Chooses the role that a topic pings; none chosen is nobody."""

    def __init__(self, state: TopicRole, role_id: int | None = None) -> None:
        menu: discord.ui.RoleSelect[discord.ui.View] = discord.ui.RoleSelect(
            custom_id=state.custom_id,
            placeholder="Ping a role when it matches (nobody)",
            min_values=0,
            default_values=[] if role_id is None else [discord.Object(role_id, type=discord.Role)],
        )
        super().__init__(state, menu)

    @classmethod
    def of(cls, state: TopicRole) -> "TopicRoleMenu":
        return cls(state)

    async def press(self, interaction: discord.Interaction) -> None:
        cog, channel_id = topic_cog(interaction), self.state.channel_id
        subscription = await cog.owned_subscription(interaction, channel_id)
        topic = find_key(subscription, self.state.key)
        there = guild_of(interaction).get_channel_or_thread(channel_id)
        if not isinstance(there, DigestChannel):
            raise InputError(GONE)
        chosen = str(self.item.values[0].id) if self.item.values else NOBODY
        role = read_ping(interaction, there, chosen)
        await defer_on_panel(interaction)
        await cog.store.subscriptions.put_topics(channel_id, [replace(topic, ping_role=role)])
        said = "It pings nobody now." if role is None else f"It pings <@&{role}> now."
        await _show_again(cog, interaction, channel_id, self.state.key, said)


BUTTONS = (
    StepButton,
    ChangeButton,
    TopicsMenu,
    TopicButton,
    CarryMenu,
    TopicRoleMenu,
)
