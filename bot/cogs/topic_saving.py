"""Saving a topic: at once, or after a look at what speaks against it or what a change does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

import discord
from discord.ext import commands

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import AdminCog, DigestChannel, guild_of
from bot.cogs.answers import Fields, StateButton, StateForm, defer_privately
from bot.cogs.options import parse_name
from bot.cogs.pings import read_ping
from bot.cogs.topic_trials import say_effect
from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial, compare
from bot.errors import InputError
from bot.query.parser import parse_query
from bot.topics.doubts import MAX_QUERY, find_doubts
from bot.topics.trials import list_matched, read_past, try_topics
from bot.ui.advice import say_found
from bot.ui.doubts import Doubt
from bot.ui.drafts import (
    PER_PAGE,
    Draft,
    EditTopic,
    SaveTopic,
    SeeDifference,
    TopicFormId,
    key_of,
    proposals,
    render_change,
    render_difference,
    render_doubted,
    render_topic_form,
    say_difference,
)
from bot.ui.replies import say_topic_set
from bot.ui.views import NEXT, PREVIOUS, make_view

TOPIC_COG: Final = "topic"
EDIT: Final = "Change it"
SAVE: Final = "Save it"
MAX_TOPICS = 50
"""Per server: each is a search at every announcement."""
MAX_NAME: Final = 50


def topic_cog(interaction: discord.Interaction) -> AdminCog:
    """Return the running bot's `/topic`, for buttons: Discord hands them only the client."""
    client = cast(commands.Bot, interaction.client)
    return cast(AdminCog, client.get_cog(TOPIC_COG))


def find_topic(topics: Sequence[Topic], name: str) -> Topic | None:
    wanted = " ".join(name.split()).lower()
    return next((topic for topic in topics if topic.name.lower() == wanted), None)


def require_topic(subscription: Subscription, name: str) -> Topic:
    """Return the topic of that name; raises `InputError` that names those which are there."""
    topic = find_topic(subscription.topics, name)
    if topic is None:
        known = ", ".join(topic.name for topic in subscription.topics[:10])
        hint = f"its topics are {known}" if known else "it has no topics"
        raise InputError(f"This digest has no topic {name!r}; {hint}.")
    return topic


def find_key(subscription: Subscription, key: str) -> Topic:
    """Return the topic that a button or a form names; raises `InputError` if it is gone."""
    for topic in subscription.topics:
        if key_of(topic.name) == key:
            return topic
    raise InputError("This topic is not there any more; /topic list shows those that are.")


def read_draft(name: str, query: str, *, instead_of: str = "") -> Draft:
    """Read what was typed; raises `InputError` for what cannot be a topic."""
    line = " ".join(query.split())
    if len(line) > MAX_QUERY:
        raise InputError(f"A topic's query may have {MAX_QUERY} characters; this has {len(line)}.")
    if parse_query(line).is_empty:
        raise InputError("An empty query matches every paper; a channel without topics gets all.")
    return Draft(name=parse_name(name), query=line, instead_of=instead_of)


def draft_of_query(query: str, *, instead_of: str = "") -> Draft:
    """Read a topic that is named after its query."""
    draft = read_draft("topic", query)
    name = " ".join(draft.query.replace('"', "").split())
    name = name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
    return read_draft(name, draft.query, instead_of=instead_of)


async def require_room(cog: AdminCog, subscription: Subscription, draft: Draft) -> None:
    """Raise `InputError` where one topic more is too many, or the name is another topic's."""
    is_there = find_topic(subscription.topics, draft.name) is not None
    if draft.instead_of:
        old = require_topic(subscription, draft.instead_of)
        if is_there and old.name.lower() != draft.name.lower() and old.query != draft.query:
            raise InputError(
                f"This digest already has a topic {draft.name!r}; choose another name."
            )
        return
    subscriptions = await cog.store.subscriptions.list_subscriptions(subscription.guild_id)
    count = sum(len(each.topics) for each in subscriptions)
    if count >= MAX_TOPICS and not is_there:
        raise InputError(f"This server has {count} topics, the most allowed; remove one first.")


# -- adding --------------------------------------------------------------------------------------


async def add_or_ask(
    cog: AdminCog,
    interaction: discord.Interaction,
    subscription: Subscription,
    draft: Draft,
    role: int | None,
) -> None:
    """Save a topic, unless something speaks against it: then ask."""
    await require_room(cog, subscription, draft)
    topic = Topic(name=draft.name, query=draft.query, ping_role=role)
    past = await read_past(cog.store, subscription)
    (trial,) = await try_topics(cog.store, past, subscription, [topic])
    doubts = await find_doubts(cog.store, past, subscription, trial)
    if not doubts:
        said = await _save(cog, subscription, draft, role, trial)
        await interaction.edit_original_response(content=said)
        return
    today = announcement_day(cog.pipeline.now())
    buttons = _saving_buttons(subscription, role, draft, doubts)
    await interaction.edit_original_response(
        embeds=render_doubted(draft, trial, doubts, today),
        view=make_view([*buttons, EditButton(EditTopic(channel_id=subscription.channel_id), EDIT)]),
    )


def _saving_buttons(
    subscription: Subscription,
    role: int | None,
    draft: Draft,
    doubts: Sequence[Doubt],
) -> list["SaveButton"]:
    first = SaveTopic(channel_id=subscription.channel_id, role_id=role or 0, at=0)
    labels = [label for label, _, _ in proposals(draft, doubts)]
    offered = [SaveButton(replace(first, at=n), label) for n, label in enumerate(labels, 1)]
    return [*offered, SaveButton(first, f"{SAVE} as it is" if doubts else SAVE)]


async def _save(
    cog: AdminCog, subscription: Subscription, draft: Draft, role: int | None, trial: Trial
) -> str:
    """Save a topic; returns what to say."""
    before = find_topic(subscription.topics, draft.instead_of or draft.name)
    is_paused = before is not None and before.is_paused
    topic = Topic(name=draft.name, query=draft.query, ping_role=role, is_paused=is_paused)
    await cog.store.subscriptions.put_topic(
        subscription.channel_id, topic, instead_of=draft.instead_of
    )
    said = say_topic_set(subscription.channel_id, topic, is_new=before is None)
    said = f"{said}\n{say_effect(trial)}"
    if trial.newest and not trial.newest.tally.matching:
        said += f"\n{await _look_further(cog, topic)}"
    return said


async def _look_further(cog: AdminCog, topic: Topic) -> str:
    """Say of a query that finds nothing new whether it finds anything at all."""
    query = parse_query(topic.query)
    page = await cog.store.search.find(query, limit=1)
    advice = None if page.matches else await cog.store.search.advise(query)
    return say_found(page, advice)


class SaveButton(StateButton[SaveTopic], state=SaveTopic):
    """Saves a draft that the message shows."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        cog = topic_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        draft = Draft.of(interaction.message, self.state.at)
        draft = read_draft(draft.name, draft.query, instead_of=draft.instead_of)
        await require_room(cog, subscription, draft)
        role = _may_ping(interaction, subscription, draft, self.state.role_id)
        past = await read_past(cog.store, subscription)
        topic = Topic(name=draft.name, query=draft.query, ping_role=role)
        (trial,) = await try_topics(cog.store, past, subscription, [topic])
        said = await _save(cog, subscription, draft, role, trial)
        await interaction.edit_original_response(content=said, embeds=[], view=None)


def _may_ping(
    interaction: discord.Interaction, subscription: Subscription, draft: Draft, role_id: int
) -> int | None:
    """Check again that the person may have this role pinged: a button's id can be made up."""
    before = find_topic(subscription.topics, draft.instead_of or draft.name)
    there = guild_of(interaction).get_channel_or_thread(subscription.channel_id)
    if not role_id or (before is not None and before.ping_role == role_id):
        return role_id or None
    return read_ping(interaction, there, str(role_id)) if isinstance(there, DigestChannel) else None


# -- changing ------------------------------------------------------------------------------------


async def open_topic_form(interaction: discord.Interaction, channel_id: int, draft: Draft) -> None:
    """Open the form with a topic's name and query; sent, it shows what they would do."""
    await interaction.response.send_modal(render_topic_form(channel_id, draft))


class TopicForm(StateForm[TopicFormId], state=TopicFormId):
    """Adds a topic, or shows what the change of one does before it is saved."""

    async def take(self, interaction: discord.Interaction, sent: Fields) -> None:
        await defer_privately(interaction)
        cog = topic_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        name, query = (" ".join(sent.get(field, ())) for field in ("name", "query"))
        if not self.state.key:
            draft = read_draft(name, query)
            await add_or_ask(cog, interaction, subscription, draft, None)
            return
        old = find_key(subscription, self.state.key)
        draft = read_draft(name, query, instead_of=old.name)
        await show_change(cog, interaction, subscription, draft)


class EditButton(StateButton[EditTopic], state=EditTopic):
    """Opens the form with the message's draft."""

    async def press(self, interaction: discord.Interaction) -> None:
        cog = topic_cog(interaction)
        await cog.owned_subscription(interaction, self.state.channel_id)
        draft = Draft.of(interaction.message, self.state.at)
        await open_topic_form(interaction, self.state.channel_id, draft)


async def show_change(
    cog: AdminCog, interaction: discord.Interaction, subscription: Subscription, draft: Draft
) -> None:
    """Show what a change would do to the last weeks, and ask whether to save it."""
    old = require_topic(subscription, draft.instead_of)
    await require_room(cog, subscription, draft)
    today = announcement_day(cog.pipeline.now())
    trial, before, doubts = await _try_change(cog, subscription, old, draft)
    difference = compare(before, trial)
    channel_id = subscription.channel_id
    buttons: list[discord.ui.Item[Any]] = [
        *_saving_buttons(subscription, old.ping_role, draft, doubts)
    ]
    if difference.added or difference.dropped:
        see = SeeDifference(channel_id=channel_id, page=0, is_opening=True)
        buttons.append(DifferenceButton(see, "See which"))
    buttons.append(EditButton(EditTopic(channel_id=channel_id), EDIT))
    await interaction.edit_original_response(
        embeds=render_change(draft, old.query, trial, difference, doubts, today),
        view=make_view(buttons),
    )


async def _try_change(
    cog: AdminCog, subscription: Subscription, old: Topic, draft: Draft
) -> tuple[Trial, Trial, list[Doubt]]:
    """Try the draft and the topic that it changes beside the channel's others."""
    others = replace(
        subscription, topics=tuple(each for each in subscription.topics if each is not old)
    )
    past = await read_past(cog.store, subscription)
    new = Topic(name=draft.name, query=draft.query)
    trial, before = await try_topics(cog.store, past, others, [new, old])
    return trial, before, await find_doubts(cog.store, past, others, trial)


class DifferenceButton(StateButton[SeeDifference], state=SeeDifference):
    """Opens the papers that a change brings and drops, or turns their page."""

    async def press(self, interaction: discord.Interaction) -> None:
        if self.state.is_opening:
            await defer_privately(interaction)
        else:
            await interaction.response.defer()
        cog = topic_cog(interaction)
        subscription = await cog.owned_subscription(interaction, self.state.channel_id)
        draft = Draft.of(interaction.message, 0)
        await show_difference(cog, interaction, subscription, draft, self.state)


async def show_difference(
    cog: AdminCog,
    interaction: discord.Interaction,
    subscription: Subscription,
    draft: Draft,
    state: SeeDifference,
) -> None:
    """Show a page: first what is added, then what is dropped, each the newest first."""
    old = require_topic(subscription, draft.instead_of)
    trial, before, _ = await _try_change(cog, subscription, old, draft)
    difference = compare(before, trial)
    everything = [*difference.added, *difference.dropped]
    last = max(0, -(-len(everything) // PER_PAGE) - 1)
    page = min(max(state.page, 0), last)
    shown = everything[page * PER_PAGE : (page + 1) * PER_PAGE]
    added = [each for each in shown if each in difference.added]
    dropped = [each for each in shown if each in difference.dropped]
    store = cog.store
    embed = render_difference(
        draft,
        say_difference(difference, trial.weeks),
        await list_matched(store, parse_query(draft.query), added),
        await list_matched(store, parse_query(old.query), dropped),
        note=f"Page {page + 1} of {last + 1}",
    )
    turn = replace(state, is_opening=False)
    turns = [
        DifferenceButton(replace(turn, page=page - 1), PREVIOUS, is_there=page > 0),
        DifferenceButton(replace(turn, page=page + 1), NEXT, is_there=page < last),
    ]
    await interaction.edit_original_response(embed=embed, view=make_view(turns if last else []))


BUTTONS = (SaveButton, EditButton, DifferenceButton)
FORMS = (TopicForm,)
