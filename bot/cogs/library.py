"""`/library`: the papers that a person saved. For everyone, answered privately."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.arxiv.identifier import parse_identifier
from bot.cogs.acts import find_paper, make_file, save, server_of
from bot.cogs.answers import StateButton, defer_privately
from bot.cogs.paper import PaperText, abstract_menu, asker_of, unseen
from bot.cogs.services import pipeline_of
from bot.cogs.suggestions import MAX_CHOICES, Choice, complete_paper, make_choices, quietly
from bot.digest.citations import ENDINGS, Citation, Cited, cite
from bot.digest.reading import SavedPaper, SharedTag
from bot.errors import InputError, MarkdownError
from bot.models import ArxivId, Paper
from bot.pipeline import Pipeline
from bot.query.ast import Query, asks_of_person
from bot.query.library import parse_tag, parse_tags
from bot.query.parser import parse_query
from bot.store.readers.asked import Asker
from bot.store.store import Store
from bot.ui.library import (
    MAX_NAME,
    MAX_NOTE,
    PAGE_SIZE,
    LibraryPage,
    render_library,
    say_none,
    say_noted,
    say_read,
    say_shared,
    say_tagged,
)
from bot.ui.views import NEXT, PREVIOUS, make_view, page_note, query_of_note

MAX_FILE: Final = 8_000_000
"""Bytes; Discord takes ten million."""

FORMATS: Final = [
    Choice(name="BibTeX (LaTeX, JabRef)", value=Citation.BIBTEX),
    Choice(name="RIS (EndNote, Mendeley)", value=Citation.RIS),
    Choice(name="CSL-JSON (Zotero, pandoc)", value=Citation.CSL_JSON),
    Choice(name="Markdown (a list to tick off)", value=Citation.MARKDOWN),
]

Mine = app_commands.Range[str, 1, 300]
LibraryText = app_commands.Range[str, 1, 300]
NameText = app_commands.Range[str, 1, MAX_NAME]
A_QUERY = "words and fields as in /paper search, and tag:slam -tag:survey is:unread"
MINE = "a paper of your library: its identifier, or start typing the title"


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class LibraryCog(commands.GroupCog, group_name="library", group_description="Your saved papers"):
    """Everything is about the person's own library; only what is shared can be another's."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.store = pipeline.store
        self.library = pipeline.store.library
        self.now = pipeline.now

    @app_commands.command(description="Save a paper in your library")
    @app_commands.describe(
        paper="an arXiv identifier or address, or start typing the title",
        tags="words to find it by: slam, to-read",
    )
    async def add(
        self,
        interaction: discord.Interaction,
        paper: PaperText,
        tags: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        arxiv_id, _ = parse_identifier(paper)
        wanted = parse_tags(tags or "")
        await defer_privately(interaction)
        stored = await self.store.papers.get_paper(arxiv_id)
        if stored is None:
            raise unseen(arxiv_id)
        await save(interaction, stored.paper, tags=wanted)

    @app_commands.command(name="list", description="Show your library, or one shared with you")
    @app_commands.describe(query=A_QUERY, shared="the name of a list that is shared in this server")
    async def list_(
        self,
        interaction: discord.Interaction,
        query: LibraryText | None = None,
        shared: NameText | None = None,
    ) -> None:
        wanted = parse_query(query or "", of_readers=True)
        await defer_privately(interaction)
        await show_page(interaction, LibraryPage(page=0, name=shared or ""), wanted)

    @app_commands.command(description="Take a paper out of your library")
    @app_commands.describe(paper=MINE)
    async def remove(self, interaction: discord.Interaction, paper: Mine) -> None:
        arxiv_id, _ = parse_identifier(paper)
        await defer_privately(interaction)
        if not await self.library.drop(interaction.user.id, arxiv_id):
            raise _not_saved(arxiv_id)
        await interaction.edit_original_response(content=f"No longer in your library: {arxiv_id}")

    @app_commands.command(description="Write a note beside a paper of your library")
    @app_commands.describe(paper=MINE, note="up to 1,000 characters; leave it out to delete it")
    async def note(
        self,
        interaction: discord.Interaction,
        paper: Mine,
        note: app_commands.Range[str, 1, MAX_NOTE] | None = None,
    ) -> None:
        found = await self._mine(interaction, paper)
        written = (note or "").strip()
        if not await self.library.set_note(interaction.user.id, found.arxiv_id, written):
            raise _not_saved(found.arxiv_id)
        await interaction.edit_original_response(content=say_noted(found, written))

    @app_commands.command(description="Tag a paper of your library; tags are its folders")
    @app_commands.describe(paper=MINE, tags="all its tags: slam, to-read; leave out for none")
    async def tag(
        self,
        interaction: discord.Interaction,
        paper: Mine,
        tags: app_commands.Range[str, 1, 300] | None = None,
    ) -> None:
        wanted = parse_tags(tags or "")
        found = await self._mine(interaction, paper)
        if not await self.library.set_tags(interaction.user.id, found.arxiv_id, wanted):
            raise _not_saved(found.arxiv_id)
        await interaction.edit_original_response(content=say_tagged(found, wanted))

    @app_commands.command(description="Mark a paper of your library as read, or as unread")
    @app_commands.describe(paper=MINE, read="True (default): read; False: unread again")
    async def read(self, interaction: discord.Interaction, paper: Mine, read: bool = True) -> None:
        found = await self._mine(interaction, paper)
        if not await self.library.set_read(interaction.user.id, found.arxiv_id, is_read=read):
            raise _not_saved(found.arxiv_id)
        await interaction.edit_original_response(content=say_read(found, is_read=read))

    @app_commands.command(description="Get your library as a file for a reference manager")
    @app_commands.describe(format="for which program", query=A_QUERY)
    @app_commands.choices(format=FORMATS)
    async def export(
        self,
        interaction: discord.Interaction,
        format: Choice,  # the option's own name
        query: LibraryText | None = None,
    ) -> None:
        wanted = parse_query(query or "", of_readers=True)
        await defer_privately(interaction)
        saved = await find_saved(self.store, wanted, asker_of(interaction))
        cited = [
            Cited(paper=paper, tags=each.tags, note=each.note, is_read=each.is_read)
            for each, paper in await _with_papers(self.store, saved)
        ]
        if not cited:
            raise MarkdownError(say_none(wanted.text, None))
        form = Citation(format.value)
        text = await asyncio.to_thread(cite, cited, form)
        if len(text.encode()) > MAX_FILE:
            raise InputError("That is too much for one file; narrow it down with the option query.")
        file = make_file(text, f"library.{ENDINGS[form]}")
        said = f"{len(cited):,} of your papers as {format.name}."
        await interaction.edit_original_response(content=said, attachments=[file])

    @app_commands.command(description="Let this server read a part of your library, by a name")
    @app_commands.describe(name="what the list is called here", tag="only the papers of this tag")
    async def share(
        self,
        interaction: discord.Interaction,
        name: NameText,
        tag: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        chosen, called = parse_tag(tag) if tag else "", " ".join(name.split())
        await defer_privately(interaction)
        if not await self.library.share(
            _server(interaction), called, interaction.user.id, chosen, now=self.now()
        ):
            raise InputError(f"Somebody else shares a list named {called!r}; take another name.")
        await interaction.edit_original_response(content=say_shared(called, chosen))

    @app_commands.command(description="Share a list of yours no more")
    @app_commands.describe(name="what the list is called here")
    async def unshare(self, interaction: discord.Interaction, name: NameText) -> None:
        called = " ".join(name.split())
        await defer_privately(interaction)
        if not await self.library.unshare(_server(interaction), called, interaction.user.id):
            raise InputError(f"You share no list named {called!r} here.")
        await interaction.edit_original_response(content=f"No longer shared: {called}")

    async def _mine(self, interaction: discord.Interaction, text: str) -> Paper:
        arxiv_id, _ = parse_identifier(text)
        await defer_privately(interaction)
        return await find_paper(self.store, arxiv_id)

    # -- autocomplete --------------------------------------------------------------------------

    @add.autocomplete("paper")
    @quietly
    async def complete_any(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_paper(self.store, current)

    @remove.autocomplete("paper")
    @note.autocomplete("paper")
    @tag.autocomplete("paper")
    @read.autocomplete("paper")
    @quietly
    async def complete_mine(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        mine = await self.library.suggest(interaction.user.id, current, MAX_CHOICES)
        return make_choices((each.title, each.arxiv_id) for each in mine)

    @share.autocomplete("tag")
    @quietly
    async def complete_tag(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        saved = await self.library.list_saved(interaction.user.id)
        tags = dict.fromkeys(tag for each in saved for tag in each.tags)
        return make_choices((tag, tag) for tag in tags if current.strip().lower() in tag)

    @list_.autocomplete("shared")
    @unshare.autocomplete("name")
    @quietly
    async def complete_shared(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        shared = await self.library.list_shared(server_of(interaction) or 0)
        typed = current.strip().lower()
        return make_choices((each.name, each.name) for each in shared if typed in each.name.lower())


# -- pages ---------------------------------------------------------------------------------------


class LibraryPageButton(StateButton[LibraryPage], state=LibraryPage):
    """Turns the page of the library of the person who presses it, or of a shared list."""

    async def press(self, interaction: discord.Interaction) -> None:
        wanted = parse_query(query_of_note(interaction.message), of_readers=True)
        await interaction.response.defer()
        await show_page(interaction, self.state, wanted)


async def show_page(interaction: discord.Interaction, page: LibraryPage, wanted: Query) -> None:
    """Show a page, or the last one where there are fewer."""
    store = pipeline_of(interaction).store
    shared = await _find_shared(interaction, store, page.name) if page.name else None
    if shared is not None and asks_of_person(wanted.root):
        raise InputError(
            "A shared list does not tell how its owner tagged and read its papers; search it by "
            "what papers say."
        )
    saved, total = await _find_page(store, wanted, asker_of(interaction), shared, page.page)
    if not total:
        raise MarkdownError(say_none(wanted.text, shared))
    last = (total - 1) // PAGE_SIZE
    page = replace(page, page=min(max(page.page, 0), last))
    first = page.page * PAGE_SIZE + 1
    shown = await _with_papers(store, saved)
    embed = render_library(shown, first_number=first, total=total, query=wanted.text, shared=shared)
    embed.set_footer(text=page_note(page.page + 1, wanted.text))
    items: list[discord.ui.Item[Any]] = [
        *_turns(page, last),
        *abstract_menu([paper for _, paper in shown], first),
    ]
    await interaction.edit_original_response(embed=embed, view=make_view(items))


def _turns(page: LibraryPage, last: int) -> list[LibraryPageButton]:
    if not last:
        return []
    before, after = replace(page, page=page.page - 1), replace(page, page=page.page + 1)
    return [
        LibraryPageButton(before, PREVIOUS, is_there=page.page > 0),
        LibraryPageButton(after, NEXT, is_there=page.page < last),
    ]


async def _find_page(
    store: Store, wanted: Query, asker: Asker, shared: SharedTag | None, page: int
) -> tuple[list[SavedPaper], int]:
    """Find the nearest page of what a person saved, and say how many papers there are in all."""
    if wanted.is_empty and not (shared and shared.tag):  # a library may have ten thousand
        owner = shared.user_id if shared else asker.user_id
        return await store.library.list_page(owner, page, PAGE_SIZE)
    saved = await find_saved(store, wanted, asker, shared)
    first = min(max(page, 0), max(len(saved) - 1, 0) // PAGE_SIZE) * PAGE_SIZE
    return saved[first : first + PAGE_SIZE], len(saved)


async def find_saved(
    store: Store, wanted: Query, asker: Asker, shared: SharedTag | None = None
) -> list[SavedPaper]:
    """Find what a person saved, by the same engine as every search; the last saved first."""
    owner = shared.user_id if shared else asker.user_id
    saved = [
        each
        for each in await store.library.list_saved(owner)
        if shared is None or not shared.tag or shared.tag in each.tags
    ]
    if wanted.is_empty or not saved:
        return saved
    keys = await store.asked.saved_keys(owner)
    (found,) = await store.search.match_span([await store.asked.look_up(wanted, asker)], keys)
    return [each for each in saved if each.arxiv_id in found]


async def _find_shared(interaction: discord.Interaction, store: Store, name: str) -> SharedTag:
    shared = await store.library.list_shared(_server(interaction))
    wanted = " ".join(name.split()).lower()
    for each in shared:
        if each.name.lower() == wanted:
            return each
    raise InputError(f"No list named {name!r} is shared here.")


async def _with_papers(store: Store, saved: Sequence[SavedPaper]) -> list[tuple[SavedPaper, Paper]]:
    papers = await store.papers.get_papers([each.arxiv_id for each in saved])
    return [(each, papers[each.arxiv_id].paper) for each in saved if each.arxiv_id in papers]


def _server(interaction: discord.Interaction) -> int:
    guild_id = server_of(interaction)
    if guild_id is None:
        raise InputError("Lists are shared with a server that I am in; there is none here.")
    return guild_id


def _not_saved(arxiv_id: ArxivId) -> InputError:
    return InputError(f"{arxiv_id} is not in your library; /library add puts it there.")


BUTTONS = (LibraryPageButton,)
