"""A menu entry of every message: the papers in it, with what can be done with them. For everyone.

Discord hands over the message that it is used on, so no right to read messages is needed.
"""

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import app_commands

from bot.arxiv.mentions import Mention, find_mentions
from bot.cogs.acts import make_act, server_of
from bot.cogs.answers import defer_privately
from bot.cogs.paper import abstract_menu, paper_buttons
from bot.cogs.services import pipeline_of
from bot.errors import InputError
from bot.models import ArxivId, StoredPaper
from bot.query.ast import HasDoi, Query
from bot.store.store import Store
from bot.ui.acts import Act
from bot.ui.mentions import MOST_SHOWN, NONE, render_mentions, say_rest, texts_of
from bot.ui.views import make_view

NAME: Final = "Papers in this message"
MOST_LOOKED_UP: Final = 50


@app_commands.context_menu(name=NAME)
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def papers_in_message(interaction: discord.Interaction, message: discord.Message) -> None:
    """Show the papers that a message mentions, to the person who asks."""
    await defer_privately(interaction)
    store = pipeline_of(interaction).store
    mentions = find_mentions(texts_of(message))[:MOST_LOOKED_UP]
    papers, unknown = await _look_up(store, mentions)
    if not papers and not unknown:
        raise InputError(NONE)
    shown = papers[:MOST_SHOWN]
    ids = [stored.paper.arxiv_id for stored in shown]
    guild_id = server_of(interaction)
    posted = await store.outbox.find_messages(guild_id, ids) if guild_id else {}
    await interaction.edit_original_response(
        content=say_rest(len(papers) - len(shown), unknown) or None,
        embeds=render_mentions(shown, posted),
        view=make_view(_items(shown, interaction)),
    )


def _items(
    shown: Sequence[StoredPaper], interaction: discord.Interaction
) -> list[discord.ui.Item[Any]]:
    ids = [stored.paper.arxiv_id for stored in shown]
    if len(ids) == 1:
        return paper_buttons(ids[0], interaction)
    saves = [
        make_act(Act.SAVE, arxiv_id, f"Save {number}") for number, arxiv_id in enumerate(ids, 1)
    ]
    return [*saves, *abstract_menu([stored.paper for stored in shown], 1)]


async def _look_up(
    store: Store, mentions: Sequence[Mention]
) -> tuple[list[StoredPaper], list[str]]:
    """Get the papers that are known, each once, and name the others that certainly are papers."""
    known = await store.papers.get_papers([each.arxiv_id for each in mentions if each.arxiv_id])
    found: dict[ArxivId, StoredPaper] = {}
    unknown: list[str] = []
    for mention in mentions:
        stored = (
            known.get(mention.arxiv_id) if mention.arxiv_id else await _by_doi(store, mention.doi)
        )
        if stored is not None:
            found.setdefault(stored.paper.arxiv_id, stored)
        elif mention.arxiv_id and mention.is_certain:
            unknown.append(mention.arxiv_id)
    return list(found.values()), unknown


async def _by_doi(store: Store, doi: str) -> StoredPaper | None:
    page = await store.search.find(Query(text=doi, root=HasDoi(doi=doi)), limit=1)
    return page.matches[0].stored if page.matches else None
