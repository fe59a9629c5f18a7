"""The buttons below a paper: save it, like it, cite it. For everyone, answered privately."""

import io
from collections.abc import Collection
from typing import Any, Final

import discord

from bot.cogs.answers import StateButton, defer_privately
from bot.cogs.services import pipeline_of
from bot.digest.bibtex import citation_key, papers_to_bibtex
from bot.digest.reading import Saving
from bot.errors import InputError
from bot.models import ArxivId, Paper
from bot.store.store import Store
from bot.ui.acts import (
    LABELS,
    NO_SERVER,
    TOO_LONG,
    Act,
    PaperAct,
    no_longer_there,
    say_bibtex,
    say_dropped,
    say_opinion,
    say_saving,
)
from bot.ui.views import make_view

OPINIONS: Final = {Act.LIKE: True, Act.NOT_FOR_US: False, Act.UNDO: None}


class ActButton(StateButton[PaperAct], state=PaperAct):
    """Does something with a paper for the person who presses it.

    Pressed again it changes nothing more: what is taken back is so by a button of its own.
    """

    async def press(self, interaction: discord.Interaction) -> None:
        act, message = self.state.act, interaction.message
        is_own = message is not None and message.flags.ephemeral
        if act in (Act.DROP, Act.UNDO) and is_own:
            await interaction.response.defer()
        else:
            await defer_privately(interaction)
        paper = await find_paper(pipeline_of(interaction).store, self.state.arxiv_id)
        if act is Act.BIBTEX:
            await _show_bibtex(interaction, paper)
        elif act in OPINIONS:
            await _give(interaction, act, paper)
        elif act is Act.SAVE:
            await save(interaction, paper)
        else:
            await _drop(interaction, paper)


def make_act(act: Act, arxiv_id: ArxivId, label: str = "") -> ActButton:
    return ActButton(PaperAct(act=act, arxiv_id=arxiv_id), label or LABELS[act])


async def find_paper(store: Store, arxiv_id: ArxivId) -> Paper:
    """Get a paper that was shown; raises `InputError` if it is gone."""
    stored = await store.papers.get_paper(arxiv_id)
    if stored is None:
        raise no_longer_there(arxiv_id)
    return stored.paper


async def save(
    interaction: discord.Interaction, paper: Paper, *, tags: Collection[str] = ()
) -> None:
    """Put a paper into the person's library, with these tags if there are any, and say so."""
    pipeline = pipeline_of(interaction)
    library, person = pipeline.store.library, interaction.user.id
    saving = await library.save(
        person, paper.arxiv_id, guild_id=server_of(interaction), now=pipeline.now()
    )
    if tags:
        await library.set_tags(person, paper.arxiv_id, tags)
    saved = await library.get(person, paper.arxiv_id) if saving is Saving.KNOWN else None
    said = say_saving(saving, paper, saved.saved_at if saved else None)
    back = [] if saving is Saving.FULL else [make_act(Act.DROP, paper.arxiv_id)]
    await _answer(interaction, said, back)


async def _drop(interaction: discord.Interaction, paper: Paper) -> None:
    library = pipeline_of(interaction).store.library
    was_there = await library.drop(interaction.user.id, paper.arxiv_id)
    await _answer(interaction, say_dropped(paper, was_there=was_there))


async def _give(interaction: discord.Interaction, act: Act, paper: Paper) -> None:
    guild_id, pipeline = server_of(interaction), pipeline_of(interaction)
    if guild_id is None:
        raise InputError(NO_SERVER)
    is_new = await pipeline.store.opinions.give(
        guild_id, interaction.user.id, paper.arxiv_id, OPINIONS[act], now=pipeline.now()
    )
    back = [] if act is Act.UNDO else [make_act(Act.UNDO, paper.arxiv_id)]
    await _answer(interaction, say_opinion(act, paper, is_new=is_new), back)


def server_of(interaction: discord.Interaction) -> int | None:
    """Return the server, if the bot is in it: people can use it in others, with their account."""
    guild_id = interaction.guild_id
    is_there = guild_id is not None and interaction.client.get_guild(guild_id) is not None
    return guild_id if is_there else None


async def _show_bibtex(interaction: discord.Interaction, paper: Paper) -> None:
    entry = papers_to_bibtex([paper])
    said = say_bibtex(entry)
    if said is not None:
        await _answer(interaction, said)
        return
    file = make_file(entry, f"{citation_key(paper)}.bib")
    await interaction.edit_original_response(content=TOO_LONG, attachments=[file])


def make_file(text: str, name: str) -> discord.File:
    return discord.File(io.BytesIO(text.encode()), filename=name)


async def _answer(
    interaction: discord.Interaction, said: str, buttons: list[ActButton] | None = None
) -> None:
    items: list[discord.ui.Item[Any]] = [*(buttons or [])]
    await interaction.edit_original_response(content=said, view=make_view(items))


BUTTONS = (ActButton,)
