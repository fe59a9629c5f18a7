"""`/paper`: find papers and read about one. For everyone."""

import contextlib
import re
from collections.abc import Collection, Mapping
from typing import Literal, Self, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.arxiv.identifier import abs_url, parse_identifier
from bot.cogs.answers import Answered
from bot.cogs.options import read_search
from bot.cogs.suggestions import MAX_CHOICES, Choice, complete_category, make_choices, quietly
from bot.errors import InputError
from bot.models import ArxivId, PostedMessage
from bot.pipeline import Pipeline
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.store.search import Cursor, SearchPage, Sort
from bot.ui.search import render_paper_details, render_search
from bot.ui.views import NEXT, PREVIOUS, SearchTurn, make_view, page_note, query_of_note

PAGE_SIZE = 10


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class PaperCog(commands.GroupCog, group_name="paper", group_description="Find and read papers"):
    """Search and show; answers are public, as people search together."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.store = pipeline.store

    @app_commands.command(description="Search all announced papers")
    @app_commands.describe(
        query='words, "a phrase", -without, nerf OR splatting, author:he, title:segment*',
        category="an arXiv category such as cs.CV, or all of an archive: cs.*",
        author="an author's name or part of it",
        since="announced on this date or later: 2020-08-21, 2020-08 or 2020",
        until="announced on this date or earlier",
        code="only papers with a link to code (or only papers without)",
        sort="newest first (default) or most relevant first",
    )
    async def search(
        self,
        interaction: discord.Interaction,
        query: app_commands.Range[str, 1, 300],
        category: app_commands.Range[str, 1, 50] | None = None,
        author: app_commands.Range[str, 1, 100] | None = None,
        since: str | None = None,
        until: str | None = None,
        code: bool | None = None,
        sort: Literal["newest", "relevance"] = "newest",
    ) -> None:
        wanted = read_search(query, category, author, since, until, code)
        await interaction.response.defer(thinking=True)
        page = await self.store.search.find(wanted, sort=Sort(sort), limit=PAGE_SIZE)
        await self._show_page(interaction, wanted, Sort(sort), page, asker=interaction.user.id)

    async def turn_page(self, interaction: discord.Interaction, turn: SearchTurn) -> None:
        """Replace a page of results by the one before or after it."""
        wanted = parse_query(query_of_note(interaction.message))
        sort, cursor = Sort(turn.sort), Cursor.parse(turn.cursor)
        page = await self.store.search.find(wanted, sort=sort, limit=PAGE_SIZE, after=cursor)
        await self._show_page(interaction, wanted, sort, page, asker=turn.asker)

    async def _show_page(
        self,
        interaction: discord.Interaction,
        query: Query,
        sort: Sort,
        page: SearchPage,
        *,
        asker: int,
    ) -> None:
        arxiv_ids = [match.stored.paper.arxiv_id for match in page.matches]
        embed = render_search(
            page,
            query_text=query.text,
            posted=await self._posted(interaction, arxiv_ids),
            sort=sort.value,
            first_number=page.first_number,
        )
        buttons = page_buttons(page, sort, asker)
        if buttons:
            embed.set_footer(text=page_note(1 + page.first_number // PAGE_SIZE, query.text))
        await interaction.edit_original_response(embed=embed, view=make_view(buttons))

    async def _posted(
        self, interaction: discord.Interaction, arxiv_ids: Collection[ArxivId]
    ) -> Mapping[ArxivId, PostedMessage]:
        """Find where this server saw the papers; nowhere in direct messages."""
        if interaction.guild_id is None:
            return {}
        return await self.store.outbox.find_messages(interaction.guild_id, arxiv_ids)

    @app_commands.command(description="Show all that is known about a paper")
    @app_commands.describe(paper="an arXiv identifier or address, or start typing the title")
    async def show(
        self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 300]
    ) -> None:
        arxiv_id, _ = parse_identifier(paper)
        await interaction.response.defer(thinking=True)
        stored = await self.store.papers.get_paper(arxiv_id)
        if stored is None:
            raise InputError(
                f"I have not seen {arxiv_id} announced; if it exists, it is at {abs_url(arxiv_id)}."
            )
        posted = await self._posted(interaction, [arxiv_id])
        embed = render_paper_details(stored, posted.get(arxiv_id))
        await interaction.edit_original_response(embed=embed)

    search.autocomplete("category")(complete_category)

    @search.autocomplete("author")
    @quietly
    async def complete_author(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        names = await self.store.search.suggest_authors(current, MAX_CHOICES)
        return make_choices((name, name) for name in names)

    @show.autocomplete("paper")
    @quietly
    async def complete_paper(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        """Offer the paper of that identifier, else those of such a title, else the newest."""
        with contextlib.suppress(InputError):
            stored = await self.store.papers.get_paper(parse_identifier(current)[0])
            if stored is not None:
                return make_choices([(stored.paper.title, stored.paper.arxiv_id)])
        if current.strip():
            titles = await self.store.search.suggest_titles(current, MAX_CHOICES)
            return make_choices((each.title, each.arxiv_id) for each in titles)
        newest = await self.store.search.find(parse_query(""), limit=MAX_CHOICES)
        papers = [match.stored.paper for match in newest.matches]
        return make_choices((each.title, each.arxiv_id) for each in papers)

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self:
        """Return the running bot's cog, for buttons: Discord hands them only the client."""
        client = cast(commands.Bot, interaction.client)
        return cast(Self, client.get_cog(cls.__cog_name__))


class SearchPageButton(
    Answered,
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=SearchTurn.TEMPLATE,
):
    """Turns the page of a search, for whoever asked."""

    def __init__(self, turn: SearchTurn, label: str, *, is_there: bool = True) -> None:
        super().__init__(
            discord.ui.Button(label=label, custom_id=turn.custom_id, disabled=not is_there)
        )
        self.turn = turn

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[discord.ui.View],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(SearchTurn.from_match(match), "")

    async def press(self, interaction: discord.Interaction) -> None:
        if interaction.user.id != self.turn.asker:
            raise InputError(
                "Only the person who searched can turn these pages; /paper search starts your own."
            )
        await interaction.response.defer()
        await PaperCog.of(interaction).turn_page(interaction, self.turn)


def page_buttons(page: SearchPage, sort: Sort, asker: int) -> list[SearchPageButton]:
    """Make the buttons to the pages before and after; none when there is only one page."""
    if page.previous is None and page.next is None:
        return []
    back = SearchTurn(asker=asker, sort=sort.value, cursor=str(page.previous or "start"))
    on = SearchTurn(asker=asker, sort=sort.value, cursor=str(page.next or "end"))
    return [
        SearchPageButton(back, PREVIOUS, is_there=page.previous is not None),
        SearchPageButton(on, NEXT, is_there=page.next is not None),
    ]


BUTTONS = (SearchPageButton,)
