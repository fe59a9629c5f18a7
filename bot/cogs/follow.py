"""`/follow`: queries, authors and papers that one person follows. For everyone, privately."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.arxiv.calendar import announcement_day
from bot.arxiv.identifier import parse_identifier
from bot.cogs.acts import find_paper
from bot.cogs.admin import ChannelOption, DigestChannel
from bot.cogs.answers import EXPIRED, StateButton, defer_privately
from bot.cogs.options import (
    SetupOptions,
    offer_zones,
    parse_categories,
    read_cadences,
    read_time,
    read_weekday,
    suggest_times,
)
from bot.cogs.paper import unseen
from bot.cogs.services import Deliverer, host_of, pipeline_of
from bot.cogs.suggestions import (
    Choice,
    complete_author,
    complete_paper,
    complete_query,
    make_choices,
    offer_categories,
    quietly,
)
from bot.cogs.topic_saving import draft_of_query, find_topic, read_draft
from bot.digest.models import Subscription, Topic
from bot.digest.reading import MOST_FOLLOWED, Following
from bot.digest.trial import Trial
from bot.digest.zones import list_zones
from bot.errors import InputError
from bot.models import ArxivId
from bot.pipeline import Pipeline
from bot.planning.readers import resolve
from bot.query.parser import parse_query, refine
from bot.query.values import BadValue
from bot.store.follows import When
from bot.store.store import Store
from bot.text.words import WEEKDAYS
from bot.topics.doubts import find_doubts
from bot.topics.trials import WEEKS, Past, read_past, try_topics
from bot.ui.doubts import Doubt
from bot.ui.drafts import Draft, proposals, render_doubted
from bot.ui.follow import (
    FULL,
    NOTHING,
    TRY_AGAIN,
    SaveFollow,
    SendAgain,
    render_follows,
    say_followed,
    say_left_to,
    say_paper_followed,
    say_removed,
    say_settings,
    say_tried,
)
from bot.ui.setup import ask_for_zone, describe_meaning
from bot.ui.views import make_view

MAX_CATEGORIES: Final = 10
"""A person; what nobody else wants is asked of arXiv for this person alone."""
MOST_TRIED: Final = 10
"""Categories whose last weeks are read to try a query; of more, one week says enough."""
ALL: Final = "all"
SAVE: Final = "Follow it"

Every = Literal["day", "week"]
Text = app_commands.Range[str, 1, 300]
Name = app_commands.Range[str, 1, 100]

WHEN: Final = {
    "every": "how often the messages come: every day (default) or week",
    "time": "a time of day such as 09:00, or when announced (default)",
    "zone": "your time zone or city, for the time",
    "weekday": "the day on which a week ends (default: Friday)",
    "categories": "only these arXiv categories; all: every list that I read (default)",
    "except_channel": "a channel that you read: what its digest has is not sent to you",
}


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class FollowCog(commands.GroupCog, group_name="follow", group_description="What you follow"):
    """Nothing here is seen by others, and nothing is sent to anybody who did not ask for it."""

    def __init__(self, pipeline: Pipeline, delivery: Deliverer) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.store = pipeline.store
        self.delivery = delivery

    @app_commands.command(description="Follow a query, an author or a paper: sent to you alone")
    @app_commands.describe(
        query="what a paper must match, as in /paper search: diffusion -survey",
        author="an author's name: new papers by this name",
        paper="a paper: its new versions, code, publication, withdrawal",
        **WHEN,
    )
    async def add(
        self,
        interaction: discord.Interaction,
        query: Text | None = None,
        author: Name | None = None,
        paper: Text | None = None,
        every: Every | None = None,
        time: str | None = None,
        zone: str | None = None,
        weekday: str | None = None,
        categories: str | None = None,
        except_channel: ChannelOption | None = None,
    ) -> None:
        if sum(each is not None for each in (query, author, paper)) != 1:
            raise InputError("Name one thing to follow: a query, an author or a paper.")
        options = SetupOptions(
            every=every, time=time, zone=zone, weekday=weekday, categories=categories
        )
        draft = _read_author(author) if author else draft_of_query(query) if query else None
        arxiv_id = parse_identifier(paper)[0] if paper else None
        await defer_privately(interaction)
        if arxiv_id is not None and await self.store.papers.get_paper(arxiv_id) is None:
            raise unseen(arxiv_id)
        digest, notes = await self._set_up(interaction, options, except_channel)
        if arxiv_id is not None:
            await self._follow_paper(interaction, digest, arxiv_id, notes)
        elif draft is not None:
            await self._follow(interaction, digest, draft, notes)

    @app_commands.command(name="list", description="Show what you follow, and when it is sent")
    async def list_follows(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        digest = await self._mine(interaction)
        await self.store.follows.take_pause(interaction.user.id, self.pipeline.now())
        followed = await self.store.follows.list_papers(interaction.user.id)
        papers = await self.store.papers.get_papers([each.arxiv_id for each in followed])
        titled = [
            (each, papers[each.arxiv_id].paper if each.arxiv_id in papers else None)
            for each in followed
        ]
        troubles = await self.store.follows.list_troubles(interaction.user.id)
        embed = render_follows(
            digest,
            await _try_all(self.store, digest),
            titled,
            troubles,
        )
        is_amiss = bool(troubles) or digest.paused_because is not None
        buttons = [AgainButton(SendAgain(), TRY_AGAIN)] if is_amiss else []
        await interaction.edit_original_response(embed=embed, view=make_view(buttons))

    @app_commands.command(description="Follow something no more")
    @app_commands.describe(what="what you follow: pick it from the list")
    async def remove(self, interaction: discord.Interaction, what: Text) -> None:
        await defer_privately(interaction)
        digest = await self._mine(interaction)
        topic = find_topic(digest.topics, what)
        person, follows = interaction.user.id, self.store.follows
        if topic is not None:
            await follows.unfollow(person, topic.name)
        else:
            await self._unfollow_paper(person, what)
        is_last = await follows.get(person) is None
        said = say_removed(topic.name if topic else what, is_last=is_last)
        await interaction.edit_original_response(content=said)

    async def _unfollow_paper(self, person: int, what: str) -> None:
        followed = {each.arxiv_id for each in await self.store.follows.list_papers(person)}
        arxiv_id = _read_paper(what)
        if arxiv_id not in followed:
            raise _not_followed(what)
        await self.store.follows.unfollow_paper(person, arxiv_id)

    @app_commands.command(description="Change a query that you follow")
    @app_commands.describe(
        what="what you follow: pick it from the list",
        query="what a paper must match instead, as in /paper search",
    )
    async def edit(self, interaction: discord.Interaction, what: Text, query: Text) -> None:
        parse_query(query)
        await defer_privately(interaction)
        digest = await self._mine(interaction)
        topic = find_topic(digest.topics, what)
        if topic is None:
            raise _not_followed(what)
        draft = draft_of_query(query, instead_of=topic.name)
        await self._follow(interaction, digest, draft, [])

    @app_commands.command(description="When and from where what you follow is sent to you")
    @app_commands.describe(**WHEN)
    async def settings(
        self,
        interaction: discord.Interaction,
        every: Every | None = None,
        time: str | None = None,
        zone: str | None = None,
        weekday: str | None = None,
        categories: str | None = None,
        except_channel: ChannelOption | None = None,
    ) -> None:
        options = SetupOptions(
            every=every, time=time, zone=zone, weekday=weekday, categories=categories
        )
        await defer_privately(interaction)
        before = await self._mine(interaction)
        digest, notes = await self._set_up(interaction, options, except_channel, is_toggling=True)
        if except_channel is not None and digest.reads != before.reads:
            is_left_out = except_channel.id in digest.reads
            notes = [*notes, say_left_to(except_channel.id, is_left_out=is_left_out)]
        said = "\n".join([say_settings(digest), *notes])
        await interaction.edit_original_response(content=said)

    # -- what they share ---------------------------------------------------------------------------

    async def _mine(self, interaction: discord.Interaction) -> Subscription:
        """Return the person's digest with the lists that it looks through."""
        digest = await self.store.follows.get(interaction.user.id)
        if digest is None:
            raise InputError(NOTHING)
        return await _resolved(self.pipeline, digest)

    async def _set_up(
        self,
        interaction: discord.Interaction,
        options: SetupOptions,
        except_channel: DigestChannel | None,
        *,
        is_toggling: bool = False,
    ) -> tuple[Subscription, list[str]]:
        """Make the person's digest, or change what the options name; returns what to say, too."""
        person, follows = interaction.user.id, self.store.follows
        before = await follows.get(person)
        when = read_when(before, options)
        if except_channel is not None:
            await _require_digest(self.store, interaction, except_channel)
        if before is None or not options.says_nothing or before.paused_because is not None:
            direct = await interaction.user.create_dm()
            await follows.set_up(person, direct.id, when, self.pipeline.now())
            self.delivery.wake()
        if except_channel is not None:
            is_read = before is not None and except_channel.id in before.reads
            if is_toggling or not is_read:
                await follows.leave_to(person, except_channel.id)
        digest = await self._mine(interaction)
        return digest, _say_zone(before, options, digest, self.pipeline.now())

    async def _follow(
        self,
        interaction: discord.Interaction,
        digest: Subscription,
        draft: Draft,
        notes: Sequence[str],
    ) -> None:
        """Follow a query, unless something speaks against it: then ask."""
        _require_room(digest, draft, await self.store.follows.list_papers(interaction.user.id))
        past, trial = await _try(self.store, digest, draft)
        doubts = await find_doubts(self.store, past, digest, trial)
        if not doubts:
            said = await save(self.store, interaction.user.id, digest, draft, trial)
            await interaction.edit_original_response(content="\n".join([said, *notes]))
            return
        today = announcement_day(self.pipeline.now())
        await interaction.edit_original_response(
            embeds=render_doubted(draft, trial, doubts, today, others="what you follow as"),
            view=make_view([*_saving_buttons(draft, doubts)]),
        )

    async def _follow_paper(
        self,
        interaction: discord.Interaction,
        digest: Subscription,
        arxiv_id: ArxivId,
        notes: Sequence[str],
    ) -> None:
        following = await self.store.follows.follow_paper(
            interaction.user.id, arxiv_id, now=self.pipeline.now()
        )
        if following is Following.FULL:
            raise InputError(FULL)
        paper = await find_paper(self.store, arxiv_id)
        said = say_paper_followed(paper, digest, is_new=following is Following.NEW)
        await interaction.edit_original_response(content="\n".join([said, *notes]))

    # -- autocomplete ------------------------------------------------------------------------------

    @add.autocomplete("query")
    @edit.autocomplete("query")
    @quietly
    async def complete_query(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        today = announcement_day(self.pipeline.now())
        return await complete_query(self.store, interaction.user.id, current, today=today)

    @add.autocomplete("author")
    @quietly
    async def complete_author(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_author(self.store, current)

    @add.autocomplete("paper")
    @quietly
    async def complete_paper(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_paper(self.store, current)

    @add.autocomplete("time")
    @settings.autocomplete("time")
    @quietly
    async def complete_time(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices((each, each) for each in suggest_times(current))

    @add.autocomplete("zone")
    @settings.autocomplete("zone")
    @quietly
    async def complete_zone(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return make_choices(offer_zones(current, list_zones()))

    @add.autocomplete("weekday")
    @settings.autocomplete("weekday")
    @quietly
    async def complete_weekday(
        self, interaction: discord.Interaction, current: str
    ) -> list[Choice]:
        typed = current.strip().lower()
        return make_choices((each, each) for each in WEEKDAYS if typed in each.lower())

    @add.autocomplete("categories")
    @settings.autocomplete("categories")
    @quietly
    async def complete_categories(
        self, interaction: discord.Interaction, current: str
    ) -> list[Choice]:
        every = [Choice(name="all: every list that I read", value=ALL)]
        offers = offer_categories(current, await self.pipeline.watched_categories())
        return [*(every if current.strip().lower() in ALL else []), *offers][:25]

    @remove.autocomplete("what")
    @edit.autocomplete("what")
    @quietly
    async def complete_mine(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        digest = await self.store.follows.get(interaction.user.id)
        if digest is None:
            return []
        pairs = [(f"{each.name}: {each.query}", each.name) for each in digest.topics]
        command = interaction.command
        if command is not None and command.name == "remove":
            followed = await self.store.follows.list_papers(interaction.user.id)
            papers = await self.store.papers.get_papers([each.arxiv_id for each in followed])
            pairs += [(each.paper.title, arxiv_id) for arxiv_id, each in papers.items()]
        typed = current.strip().lower()
        return make_choices(pair for pair in pairs if typed in f"{pair[0]} {pair[1]}".lower())


# -- reading what was typed ------------------------------------------------------------------------


def read_when(before: Subscription | None, options: SetupOptions) -> When:
    """Read when a person's digest comes; what is left out stays as it was ``before``."""
    cadences = read_cadences(before, options.every)
    at = read_time(before, options, list_zones())
    return When(
        cadence=cadences[0],
        weekday=read_weekday(before, options.weekday, cadences),
        post_at=at["post_at"],
        zone=at["zone"],
        categories=_read_categories(before, options.categories),
    )


def _say_zone(
    before: Subscription | None, options: SetupOptions, digest: Subscription, now: datetime
) -> list[str]:
    """Say how a zone was read, or that there should be one."""
    at = read_time(before, options, list_zones())
    notes = list(describe_meaning(at["meant"])) if at["meant"] else []
    return [*notes, ask_for_zone(digest, now, "/follow settings")] if at["lacks_zone"] else notes


def _read_categories(before: Subscription | None, text: str | None) -> tuple[str, ...]:
    if text is None:
        return before.categories if before else ()
    if text.strip().lower() == ALL:
        return ()
    categories = parse_categories(text)
    if len(categories) > MAX_CATEGORIES:
        raise InputError(
            f"{len(categories)} categories are too many for one person; name at most "
            f"{MAX_CATEGORIES}, or all."
        )
    return categories


def _read_author(author: str) -> Draft:
    name = " ".join(author.split())
    try:
        query = refine(parse_query(""), author=name)
    except BadValue as error:
        raise InputError(f"author: {name[:60]!r} is not a name; write {error}.") from error
    return read_draft(name[:50], query.text)


def _read_paper(text: str) -> ArxivId | None:
    try:
        return parse_identifier(text)[0]
    except InputError:
        return None


def _not_followed(what: str) -> InputError:
    return InputError(f"You do not follow {what[:60]!r}; /follow list shows what you follow.")


async def _require_digest(
    store: Store, interaction: discord.Interaction, channel: DigestChannel
) -> None:
    """Raise unless a digest is posted in a channel of this server."""
    digest = await store.subscriptions.get_subscription(channel.id)
    if digest is None or digest.guild_id != interaction.guild_id:
        raise InputError(f"No digest is posted in #{channel.name}, so nothing can come twice.")


def _require_room(digest: Subscription, draft: Draft, papers: Sequence[object]) -> None:
    is_more = find_topic(digest.topics, draft.name) is None and not draft.instead_of
    if is_more and len(digest.topics) + len(papers) >= MOST_FOLLOWED:
        raise InputError(FULL)


# -- trying and saving -----------------------------------------------------------------------------


async def _resolved(pipeline: Pipeline, digest: Subscription) -> Subscription:
    return resolve(digest, await pipeline.watched_categories())


async def _read_past(store: Store, digest: Subscription) -> Past:
    weeks = WEEKS if len(digest.categories) <= MOST_TRIED else 1
    return await read_past(store, digest, weeks)


async def _try(store: Store, digest: Subscription, draft: Draft) -> tuple[Past, Trial]:
    """Try a query by itself: what else the person follows brings no fewer papers."""
    past = await _read_past(store, digest)
    topic = Topic(name=draft.name, query=draft.query)
    (trial,) = await try_topics(store, past, replace(digest, topics=()), [topic])
    return past, trial


async def _try_all(store: Store, digest: Subscription) -> dict[str, Trial]:
    past = await _read_past(store, digest)
    trials = await try_topics(store, past, replace(digest, topics=()), digest.topics)
    return {each.topic.name: each for each in trials}


async def save(store: Store, user_id: int, digest: Subscription, draft: Draft, trial: Trial) -> str:
    """Follow a query; returns what to say."""
    topic = Topic(name=_free_name(digest, draft), query=draft.query)
    following = await store.follows.follow(user_id, topic, instead_of=draft.instead_of)
    if following is Following.FULL:
        raise InputError(FULL)
    is_new = following is Following.NEW and not draft.instead_of
    return say_followed(topic, digest, trial, is_new=is_new)


def _free_name(digest: Subscription, draft: Draft) -> str:
    """Return the draft's name, or one beside it where that names another query."""
    taken = {
        each.name.lower()
        for each in digest.topics
        if each.query != draft.query and each.name.lower() != draft.instead_of.lower()
    }
    names = (draft.name, *(f"{draft.name[:46]} {number}" for number in range(2, 100)))
    return next(each for each in names if each.lower() not in taken)


def _saving_buttons(draft: Draft, doubts: Sequence[Doubt]) -> list[discord.ui.Item[Any]]:
    labels = [label for label, _, _ in proposals(draft, doubts)]
    offered = [SaveButton(SaveFollow(at=n), label) for n, label in enumerate(labels, 1)]
    return [*offered, SaveButton(SaveFollow(at=0), f"{SAVE} as it is")]


class SaveButton(StateButton[SaveFollow], state=SaveFollow):
    """Follows a draft that the message shows, for the person who presses."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        pipeline, person = pipeline_of(interaction), interaction.user.id
        digest = await pipeline.store.follows.get(person)
        if digest is None:
            raise InputError(EXPIRED)
        digest = await _resolved(pipeline, digest)
        draft = Draft.of(interaction.message, self.state.at)
        draft = read_draft(draft.name, draft.query, instead_of=draft.instead_of)
        _, trial = await _try(pipeline.store, digest, draft)
        said = await save(pipeline.store, person, digest, draft, trial)
        await interaction.edit_original_response(content=said, embeds=[], view=None)


class AgainButton(StateButton[SendAgain], state=SendAgain):
    """Writes again to the person who presses."""

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        pipeline = pipeline_of(interaction)
        if await pipeline.store.follows.get(interaction.user.id) is None:
            raise InputError(NOTHING)
        sent = await pipeline.store.follows.try_again(interaction.user.id, pipeline.now())
        host_of(interaction).delivery.wake()
        await interaction.edit_original_response(content=say_tried(sent))


BUTTONS = (SaveButton, AgainButton)
