"""A topic that is not saved yet: what speaks against it, what a change does, and its buttons.

The message carries the draft in the footers of its embeds, as a page of a search carries its query:
it is too long for a button's id, and outlives a restart.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Self

import discord

from bot.digest.trial import Difference, Trial
from bot.errors import InputError
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.doubts import Doubt, DoubtKind, say_doubt
from bot.ui.ids import At, CustomId, Page, Part, Snowflake, flag
from bot.ui.replies import COLOUR, code
from bot.ui.setup_form import FORM_TIMEOUT_S
from bot.ui.trial import Shown, list_shown, say_rate, say_trial

MAX_LABEL: Final = 80
MAX_TITLE: Final = 45
MAX_NAME: Final = 50
MAX_QUERY: Final = 300
PER_PAGE: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A topic as it would be saved; ``instead_of`` is the topic whose place it takes, if any."""

    name: str
    query: str
    instead_of: str = ""

    @property
    def note(self) -> str:
        return "\n".join((self.name, self.query, self.instead_of)).strip()

    @classmethod
    def of(cls, message: discord.Message | None, number: int) -> Self:
        """Read the draft of the message's embed of that number, counted from 0."""
        notes = [each.footer.text for each in message.embeds if each.footer.text] if message else []
        lines = notes[number].split("\n") if number < len(notes) else []
        if len(lines) not in (2, 3):
            raise InputError("This message no longer says what to save; use the command again.")
        return cls(name=lines[0], query=lines[1], instead_of=lines[2] if len(lines) > 2 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveTopic(CustomId):
    """A wish to save the draft of one of the message's embeds; 0 is no role to ping."""

    PREFIX = "topic:1:save"

    channel_id: Snowflake
    role_id: Snowflake
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class EditTopic(CustomId):
    """A wish to change the draft of one of the message's embeds in a form."""

    PREFIX = "topic:1:edit"

    channel_id: Snowflake
    at: At = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeDifference(CustomId):
    """A page, counted from 0, of the papers that the message's draft brings or no longer brings."""

    PREFIX = "topic:1"

    is_opening: Annotated[bool, flag("see", "turn")]
    channel_id: Snowflake
    page: Page


KEY: Final = "[0-9a-f]{12}"
Key = Annotated[str, Part(KEY)]


def key_of(name: str) -> str:
    """Return the short key by which ids name a topic, whatever its case; its name is too long."""
    return hashlib.sha256(name.lower().encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFormId(CustomId):
    """What the form of a topic carries: the key of the one that it changes, blank for a new one."""

    PREFIX = "topic-form:1"

    channel_id: Snowflake
    key: Annotated[str, Part(f"{KEY}|")] = ""


def render_topic_form(channel_id: int, draft: Draft) -> discord.ui.Modal:
    """Make the form with a topic's name and query."""
    form_id = TopicFormId(
        channel_id=channel_id, key=key_of(draft.instead_of) if draft.instead_of else ""
    )
    form = discord.ui.Modal(
        title=markdown.plain(f"Change {draft.instead_of}", MAX_TITLE)
        if draft.instead_of
        else "Add a topic",
        custom_id=form_id.custom_id,
        timeout=FORM_TIMEOUT_S,
    )
    name: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="name", default=draft.name or None, max_length=MAX_NAME
    )
    query: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id="query",
        style=discord.TextStyle.paragraph,
        default=draft.query or None,
        max_length=MAX_QUERY,
    )
    about_name = "A short name, shown with each paper"
    form.add_item(discord.ui.Label(text="Name", description=about_name, component=name))
    about_query = "Written as in /paper search: diffusion -survey"
    form.add_item(discord.ui.Label(text="Query", description=about_query, component=query))
    return form


# Before saving


def render_doubted(
    draft: Draft, trial: Trial, doubts: Sequence[Doubt], today: date, others: str = "the topic"
) -> list[discord.Embed]:
    """Show a new topic, one of ``others``, that is not saved because of ``doubts``.

    And what is proposed instead.
    """
    lines = [
        f"**Not saved yet: {markdown.escape(draft.name)}** {code(draft.query)}",
        *(say_doubt(each, trial, others) for each in doubts),
        say_trial(trial, today),
    ]
    return [_embed(lines, draft), *_proposals(draft, doubts, today)]


def _proposals(draft: Draft, doubts: Iterable[Doubt], today: date) -> Iterator[discord.Embed]:
    for _, better, said in proposals(draft, doubts, today):
        yield _embed([said], better)


def proposals(
    draft: Draft, doubts: Iterable[Doubt], today: date | None = None
) -> Iterator[tuple[str, Draft, str]]:
    """List what is proposed: a button's label, the draft that it saves, and what is said of it."""
    for doubt in doubts:
        if doubt.kind is DoubtKind.SAME:
            name = markdown.plain(doubt.part, 50)
            yield (
                f"Put it in place of {name}",
                Draft(name=draft.name, query=draft.query, instead_of=doubt.part),
                f"**Proposal**: let it take the place of **{markdown.escape(name)}**.",
            )
        elif doubt.better is not None:
            query = doubt.better.topic.query
            yield (
                markdown.plain(f"Save {query}", MAX_LABEL),
                Draft(name=draft.name, query=query, instead_of=draft.instead_of),
                f"**Proposal**: {code(query)}\n{say_trial(doubt.better, today)}",
            )


# A change


def render_change(
    draft: Draft,
    old: str,
    trial: Trial,
    difference: Difference,
    doubts: Sequence[Doubt],
    today: date,
) -> list[discord.Embed]:
    """Show what the change of a query from ``old`` does, and what is proposed instead."""
    renamed = draft.instead_of and draft.instead_of != draft.name
    name = f"{draft.instead_of} → {draft.name}" if renamed else draft.name
    lines = [
        f"**Not saved yet: {markdown.escape(name)}**",
        f"{code(old)} → {code(draft.query)}",
        f"**It {say_difference(difference, trial.weeks)}.**",
        *(say_doubt(each, trial) for each in doubts),
        say_trial(trial, today),
    ]
    return [_embed(lines, draft), *_proposals(draft, doubts, today)]


def say_difference(difference: Difference, weeks: int) -> str:
    """Return ``adds 9, drops 3 in the last 4 weeks``."""
    added, dropped = len(difference.added), len(difference.dropped)
    if not added and not dropped:
        return f"finds the same papers as before in the last {count_of(weeks, 'week')}"
    return f"adds {added:,}, drops {dropped:,} in the last {count_of(weeks, 'week')}"


def render_difference(
    draft: Draft, said: str, added: Sequence[Shown], dropped: Sequence[Shown], *, note: str
) -> discord.Embed:
    """Show a page of the papers that a change brings, and then of those that it drops."""
    lines = [f"It {said}."]
    for heading, papers in (("Added", added), ("Dropped", dropped)):
        if papers:
            lines += [f"**{heading}**", *list_shown(papers)]
    return _embed([*lines, f"-# {note}"], draft)


def say_yield(trial: Trial) -> str:
    """Return ``8 a week, 2 %``: how much a topic brings, in few words."""
    return f"{say_rate(trial)}, {trial.share:.0%}" if trial.matched else "nothing in weeks"


def _embed(lines: Iterable[str], draft: Draft) -> discord.Embed:
    return discord.Embed(description="\n".join(lines), colour=COLOUR).set_footer(text=draft.note)
