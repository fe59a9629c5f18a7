"""`/paper`: find papers and read about one. For everyone."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.arxiv.calendar import announcement_day
from bot.arxiv.identifier import abs_url, parse_identifier
from bot.cogs.acts import make_act, server_of
from bot.cogs.answers import StateButton, StateMenu, answer_privately, defer_privately
from bot.cogs.browse import begin_catch_up, find_popular, find_received, list_topics, read_latest
from bot.cogs.discuss import DiscussButton
from bot.cogs.options import read_search
from bot.cogs.suggestions import (
    Choice,
    complete_author,
    complete_category,
    complete_date,
    complete_paper,
    complete_query,
    make_choices,
    quietly,
)
from bot.cogs.turns import Turns
from bot.digest.messages import PostedMessage
from bot.digest.updates import still_true
from bot.errors import BotError, InputError
from bot.models import ArxivId, Paper, StoredPaper
from bot.pipeline import Pipeline
from bot.query.ast import HasDoi, Identified, Query, asks_of_person
from bot.query.parser import parse_query
from bot.query.results import (
    Cursor,
    Match,
    SearchPage,
    Sort,
    says_words,
    usual_sort,
)
from bot.query.values import find_identifier
from bot.store.readers.asked import Asker
from bot.text import markdown
from bot.ui.acts import Act, no_longer_there
from bot.ui.advice import Suggestion, make_chips, make_suggestions, render_nothing
from bot.ui.browse import PAGE_SIZE as CATCH_UP_SIZE
from bot.ui.browse import CatchUpPage, render_catch_up, render_popular, say_nothing_since
from bot.ui.discuss import DiscussPaper
from bot.ui.embeds import one_line
from bot.ui.paper import render_paper_details
from bot.ui.search import render_search, render_similar
from bot.ui.styles import list_options
from bot.ui.views import (
    FIRST,
    LAST,
    NEXT,
    PREVIOUS,
    READ_ABSTRACT,
    SORTS,
    START,
    TO_FIRST,
    ReadAbstract,
    SearchOffer,
    SearchTurn,
    SimilarTo,
    make_view,
    page_note,
    query_of_note,
)

log = logging.getLogger(__name__)

PAGE_SIZE = 5
"""With their excerpts they fill a screen, and no more."""
SIMILAR = 10
MAX_LABEL = 100  # of an option

PaperText = app_commands.Range[str, 1, 300]
ACTS = (Act.SAVE, Act.LIKE, Act.NOT_FOR_US, Act.BIBTEX)
A_PAPER = "an arXiv identifier or address, or start typing the title"
MOST_NAMED = 5
"""Papers whose titles begin alike, listed for a person to choose from."""


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
class PaperCog(commands.GroupCog, group_name="paper", group_description="Find and read papers"):
    """Search and show; answers are public, as people search together."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self.store = pipeline.store
        self.now = pipeline.now
        self.turns = Turns()

    @app_commands.command(description="Search all announced papers")
    @app_commands.describe(
        query='words, "a phrase", -without, nerf OR splatting, author:he, title:segment*',
        category="an arXiv category such as cs.CV, or all of an archive: cs.*",
        author="an author's name or part of it",
        since="announced on this date or later: 2020-08-21, 2020-08 or 2020",
        until="announced on this date or earlier",
        code="only papers with a link to code (or only papers without)",
        sort="most relevant first (default where words are typed) or newest first",
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
        sort: Literal["relevance", "newest"] | None = None,
    ) -> None:
        wanted = read_search(query, category, author, since, until, code, of_readers=True)
        order = Sort(sort) if sort else usual_sort(wanted)
        if asks_of_person(wanted.root):
            await defer_privately(interaction)
        else:
            await interaction.response.defer(thinking=True)
        wanted = await self._looked_up(interaction, wanted)
        page = await self._find(interaction, wanted, order)
        if isinstance(wanted.root, Identified | HasDoi) and len(page.matches) < 2:
            await self._show_paper(interaction, _the_one(wanted.root, page))
            return
        await self._show_page(interaction, wanted, order, page)
        if page.matches:
            await self._remember(interaction.user.id, wanted)

    async def turn_page(self, interaction: discord.Interaction, turn: SearchTurn) -> None:
        """Replace a page of results by the one before or after it."""
        wanted = parse_query(query_of_note(interaction.message), of_readers=True)
        wanted = await self._looked_up(interaction, wanted)
        sort = Sort(turn.sort)
        cursor = None if turn.cursor in (START, TO_FIRST) else Cursor.parse(turn.cursor)
        page = await self._find(interaction, wanted, sort, cursor)
        await self._show_page(interaction, wanted, sort, page)

    async def search_instead(self, interaction: discord.Interaction, offer: SearchOffer) -> None:
        """Replace the answer to a search that found nothing by that to the one offered."""
        wanted, sort = parse_query(offer.query, of_readers=True), Sort(offer.sort)
        wanted = await self._looked_up(interaction, wanted)
        await self._show_page(
            interaction, wanted, sort, await self._find(interaction, wanted, sort)
        )

    async def _looked_up(self, interaction: discord.Interaction, query: Query) -> Query:
        """Look up what the query asks of the person, and of the server."""
        return await self.store.asked.look_up(query, asker_of(interaction))

    async def _find(
        self,
        interaction: discord.Interaction,
        query: Query,
        sort: Sort,
        after: Cursor | None = None,
    ) -> SearchPage:
        async with self.turns.of(interaction.user.id):
            return await self.store.search.find(query, sort=sort, limit=PAGE_SIZE, after=after)

    async def _show_page(
        self, interaction: discord.Interaction, query: Query, sort: Sort, page: SearchPage
    ) -> None:
        asker = interaction.user.id
        async with self.turns.of(asker):
            answer = await self.store.search.fill_up(
                query, page, sort=sort, today=announcement_day(self.now()), limit=PAGE_SIZE
            )
        query, page, closest = answer.query, answer.page, answer.closest
        if not page.matches and closest is None:
            await self._show_nothing(interaction, query, sort, page)
            return
        found = [*page.matches, *(closest.matches if closest else ())]
        posted = await self._posted(interaction, found)
        embed = render_search(page, query, posted=posted, sort=sort.value, closest=closest)
        buttons: list[discord.ui.Item[Any]] = [*page_buttons(page, query, sort, asker)]
        if buttons:
            number = 1 + page.first_number // PAGE_SIZE
            embed.set_footer(text=page_note(number, query.text, _pages_of(page)))
        buttons += offer_buttons(make_chips(answer), sort, asker)
        buttons += abstract_menu([each.stored.paper for each in found], page.first_number)
        await interaction.edit_original_response(embed=embed, view=make_view(buttons))

    async def _show_nothing(
        self, interaction: discord.Interaction, query: Query, sort: Sort, page: SearchPage
    ) -> None:
        """Say what is to blame, and offer what would find something."""
        async with self.turns.of(interaction.user.id):
            advice = await self.store.search.advise(query)
        buttons = offer_buttons(make_suggestions(query, advice), sort, interaction.user.id)
        embed = render_nothing(page, query, advice)
        await answer_privately(interaction, embed, make_view(buttons))

    async def _remember(self, user_id: int, query: Query) -> None:
        """Keep a search for the person's next one; a failure is only logged."""
        try:
            await self.store.recent.add(user_id, query.text, now=self.now())
        except BotError as error:
            log.warning("search not saved: %s", error)

    @app_commands.command(description="Show everything known about a paper")
    @app_commands.describe(paper=A_PAPER)
    async def show(self, interaction: discord.Interaction, paper: PaperText) -> None:
        await interaction.response.defer(thinking=True)
        await self._show_paper(interaction, await self._named(interaction, paper))

    @app_commands.command(description="Find the papers most similar to a given one")
    @app_commands.describe(paper=A_PAPER)
    async def similar(self, interaction: discord.Interaction, paper: PaperText) -> None:
        await interaction.response.defer(thinking=True)
        stored = await self._named(interaction, paper)
        await self.show_similar(interaction, stored.paper.arxiv_id)

    @app_commands.command(description="Show the newest papers, of a category or topic if you like")
    @app_commands.describe(
        category="an arXiv category such as cs.CV, or all of an archive: cs.*",
        topic="a topic of this server's digests",
    )
    async def latest(
        self,
        interaction: discord.Interaction,
        category: app_commands.Range[str, 1, 50] | None = None,
        topic: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await interaction.response.defer(thinking=True)
        wanted = await read_latest(self.store, interaction.guild_id, category, topic)
        page = await self._find(interaction, wanted, Sort.NEWEST)
        await self._show_page(interaction, wanted, Sort.NEWEST, page)

    @app_commands.command(description="Show any paper, at random")
    async def random(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)
        arxiv_id = await self.store.received.pick()
        if arxiv_id is None:
            raise InputError("I have seen no paper announced yet.")
        await self._show_paper(interaction, await self._get(arxiv_id))

    @app_commands.command(description="Show what this channel got since you last caught up")
    @app_commands.describe(since="from this date on (default: since you used this last)")
    async def catchup(self, interaction: discord.Interaction, since: str | None = None) -> None:
        await defer_privately(interaction)
        page = await begin_catch_up(self.store, interaction, since, self.now())
        await self.show_received(interaction, page)

    async def show_received(self, interaction: discord.Interaction, page: CatchUpPage) -> None:
        """Show a page of what a channel got."""
        page, heard, total = await find_received(self.store, interaction, page)
        if not total:
            said = say_nothing_since(page)  # not raised: its mentions would be escaped
            await interaction.edit_original_response(content=said, embed=None, view=None)
            return
        last = (total - 1) // CATCH_UP_SIZE
        items: list[discord.ui.Item[Any]] = []
        for label, number in ((PREVIOUS, page.page - 1), (NEXT, page.page + 1)) if last else ():
            turned = replace(page, page=number)
            items.append(CatchUpButton(turned, label, is_there=0 <= number <= last))
        papers = [each.paper for each in heard]
        items += abstract_menu(papers, page.page * CATCH_UP_SIZE + 1)
        embed = render_catch_up(page, heard, total=total, pages=last + 1)
        await interaction.edit_original_response(embed=embed, view=make_view(items))

    @app_commands.command(description="Show what people in this server liked and saved most")
    @app_commands.describe(period="how far back (default: the last week)")
    async def popular(
        self,
        interaction: discord.Interaction,
        period: Literal["week", "month", "year"] = "week",
    ) -> None:
        await interaction.response.defer(thinking=True)
        heard = await find_popular(self.store, interaction, period, self.now())
        view = make_view(abstract_menu([each.paper for each in heard], 1))
        await interaction.edit_original_response(embed=render_popular(heard, period), view=view)

    async def show_similar(self, interaction: discord.Interaction, arxiv_id: ArxivId) -> None:
        """List the papers that are most like a given one."""
        paper = (await self._get(arxiv_id)).paper
        async with self.turns.of(interaction.user.id):
            matches = await self.store.search.find_similar(paper, SIMILAR)
        posted = await self._posted(interaction, matches)
        await interaction.edit_original_response(embed=render_similar(paper, matches, posted))

    async def _show_paper(self, interaction: discord.Interaction, stored: StoredPaper) -> None:
        arxiv_id = stored.paper.arxiv_id
        posted = await self._posted(interaction, [Match(stored=stored)])
        updates = await self.store.edits.list_updates(arxiv_id)
        latest = still_true(updates, known=0, version=1)
        embed = render_paper_details(stored, posted.get(arxiv_id), latest)
        view = make_view(paper_buttons(arxiv_id, interaction))
        await interaction.edit_original_response(embed=embed, view=view)

    async def show_abstract(self, interaction: discord.Interaction, chosen: str) -> None:
        """Show a paper of a list as it is now; ``chosen`` is its value there."""
        arxiv_id, version = parse_identifier(chosen)
        stored = await self.store.papers.get_paper(arxiv_id)
        if stored is None:
            raise no_longer_there(arxiv_id)
        message_id = interaction.message.id if interaction.message else None
        updates = await self.store.edits.list_updates(arxiv_id, message_id)
        latest = still_true(updates, known=0, version=version or 1)
        embed = render_paper_details(stored, None, latest)
        view = make_view(paper_buttons(arxiv_id, interaction))
        await interaction.edit_original_response(embed=embed, view=view)

    async def _named(self, interaction: discord.Interaction, text: str) -> StoredPaper:
        """Return the one paper that ``text`` names; raises `InputError` if none or several."""
        async with self.turns.of(interaction.user.id):
            found = await self.store.search.find_named(text, MOST_NAMED + 1)
        if len(found) == 1:
            return found[0]
        raise _several(text, found) if found else _nowhere(text)

    async def _get(self, arxiv_id: ArxivId) -> StoredPaper:
        stored = await self.store.papers.get_paper(arxiv_id)
        if stored is None:
            raise unseen(arxiv_id)
        return stored

    async def _posted(
        self, interaction: discord.Interaction, matches: Iterable[Match]
    ) -> Mapping[ArxivId, PostedMessage]:
        """Find where this server saw the papers; nowhere in direct messages."""
        if interaction.guild_id is None:
            return {}
        arxiv_ids = [match.stored.paper.arxiv_id for match in matches]
        return await self.store.outbox.find_messages(interaction.guild_id, arxiv_ids)

    # -- autocomplete --------------------------------------------------------------------------

    search.autocomplete("category")(complete_category)
    latest.autocomplete("category")(complete_category)

    @latest.autocomplete("topic")
    @quietly
    async def complete_topic(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        topics = await list_topics(self.store, interaction.guild_id)
        typed = current.strip().lower()
        return make_choices((each.name, each.name) for each in topics if typed in each.name.lower())

    @search.autocomplete("query")
    @quietly
    async def complete_query(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        today = announcement_day(self.now())
        return await complete_query(self.store, interaction.user.id, current, today=today)

    @catchup.autocomplete("since")
    @search.autocomplete("since")
    @search.autocomplete("until")
    async def complete_date(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return complete_date(current, today=announcement_day(self.now()))

    @search.autocomplete("author")
    @quietly
    async def complete_author(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_author(self.store, current)

    @show.autocomplete("paper")
    @similar.autocomplete("paper")
    @quietly
    async def complete_paper(self, interaction: discord.Interaction, current: str) -> list[Choice]:
        return await complete_paper(self.store, current)

    @classmethod
    def of(cls, interaction: discord.Interaction) -> Self:
        """Return the running bot's cog, for buttons: Discord hands them only the client."""
        client = cast(commands.Bot, interaction.client)
        return cast(Self, client.get_cog(cls.__cog_name__))


def asker_of(interaction: discord.Interaction) -> Asker:
    return Asker(user_id=interaction.user.id, guild_id=server_of(interaction))


def _pages_of(page: SearchPage) -> str:
    """Count the pages that the one shown is one of."""
    return f"{math.ceil(page.total / PAGE_SIZE)}{'' if page.total_is_exact else '+'}"


def _the_one(asked: Identified | HasDoi, page: SearchPage) -> StoredPaper:
    """Return the only paper that was asked for by name; raises `InputError` if it is not there."""
    if page.matches:
        return page.matches[0].stored
    if isinstance(asked, Identified):
        raise unseen(asked.arxiv_id)
    raise _unknown_doi(asked.doi)


def _unknown_doi(doi: str) -> InputError:
    return InputError(
        f"I know of no paper with the DOI {doi}; arXiv often learns DOIs late, so try its title."
    )


def _nowhere(text: str) -> InputError:
    place = find_identifier(text)
    if isinstance(place, Identified):
        return unseen(place.arxiv_id)
    if isinstance(place, HasDoi):
        return _unknown_doi(place.doi)
    return InputError(
        f"No paper has a title that begins with {markdown.plain(text, 60)!r}; give an identifier "
        "such as 2401.01234, the address of its page, or look for its words with /paper search."
    )


def _several(text: str, found: Sequence[StoredPaper]) -> InputError:
    titles = [
        f"- {markdown.shorten(one_line(each.paper.title), 100)} ({each.paper.arxiv_id})"
        for each in found[:MOST_NAMED]
    ]
    count = f"More than {MOST_NAMED}" if len(found) > MOST_NAMED else str(len(found))
    said = f"{count} papers have titles that begin so; type more of it, or an identifier:"
    return InputError("\n".join([said, *titles]))


def unseen(arxiv_id: ArxivId) -> InputError:
    """Say that a paper was never announced, as far as is known."""
    return InputError(
        f"I have not seen {arxiv_id} announced; if it exists, it is at {abs_url(arxiv_id)}."
    )


# -- buttons -------------------------------------------------------------------------------------


class SearchPageButton(StateButton[SearchTurn], state=SearchTurn):
    """Turns the page of a search, for the person who searched."""

    async def press(self, interaction: discord.Interaction) -> None:
        _require_asker(interaction, self.state.asker)
        await interaction.response.defer()
        await PaperCog.of(interaction).turn_page(interaction, self.state)


class SearchOfferButton(StateButton[SearchOffer], state=SearchOffer):
    """Runs another search in place of one that found nothing, for the person who searched."""

    async def press(self, interaction: discord.Interaction) -> None:
        _require_asker(interaction, self.state.asker)
        await interaction.response.defer()
        await PaperCog.of(interaction).search_instead(interaction, self.state)


class CatchUpButton(StateButton[CatchUpPage], state=CatchUpPage):
    """Turns the page of what a channel got."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await PaperCog.of(interaction).show_received(interaction, self.state)


class SimilarButton(StateButton[SimilarTo], state=SimilarTo):
    """Shows what is like a paper, only to the person who presses it."""

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        await PaperCog.of(interaction).show_similar(interaction, self.state.arxiv_id)


class AbstractMenu(StateMenu[ReadAbstract], state=ReadAbstract):
    """Shows the chosen paper of a list, only to the person who chose it."""

    async def press(self, interaction: discord.Interaction) -> None:
        await defer_privately(interaction)
        await PaperCog.of(interaction).show_abstract(interaction, self.chosen)


def _require_asker(interaction: discord.Interaction, asker: int) -> None:
    if interaction.user.id != asker:
        raise InputError(
            "Only the person who searched can turn these pages; /paper search starts your own."
        )


def paper_buttons(
    arxiv_id: ArxivId, interaction: discord.Interaction
) -> list[discord.ui.Item[Any]]:
    """Make the buttons below a paper, for anyone who reads it there."""
    similar = SimilarButton(SimilarTo(arxiv_id=arxiv_id), "Similar")
    save, like, not_for_us, bibtex = (make_act(act, arxiv_id) for act in ACTS)
    buttons: list[discord.ui.Item[Any]] = [save, like, not_for_us, similar, bibtex]
    if server_of(interaction) is not None:
        buttons.append(DiscussButton(DiscussPaper(arxiv_id=arxiv_id)))
    return buttons


def abstract_menu(papers: Sequence[Paper], first_number: int) -> list[AbstractMenu]:
    """Make the menu below papers that are listed, by which anyone reads one and acts on it."""
    options = [
        discord.SelectOption(
            label=markdown.plain(f"{number}. {one_line(paper.title)}", MAX_LABEL),
            value=paper.arxiv_id,
        )
        for number, paper in enumerate(papers, start=first_number)
    ]
    return [AbstractMenu(ReadAbstract(), options, READ_ABSTRACT)] if options else []


def abstract_menus(body: Mapping[str, object]) -> list[AbstractMenu]:
    """Make the menu of a digest's message again; none where it has none."""
    papers = list_options(body)
    options = [discord.SelectOption(label=each["label"], value=each["value"]) for each in papers]
    return [AbstractMenu(ReadAbstract(), options, READ_ABSTRACT)] if papers else []


def page_buttons(page: SearchPage, query: Query, sort: Sort, asker: int) -> list[SearchPageButton]:
    """Make the buttons to the pages before and after, and to the other order.

    None where there is only one page, and only one order.
    """
    buttons = []
    if page.previous is not None or page.next is not None:
        back = SearchTurn(asker=asker, sort=sort.value, cursor=str(page.previous or START))
        on = SearchTurn(asker=asker, sort=sort.value, cursor=str(page.next or "end"))
        buttons += [
            SearchPageButton(back, PREVIOUS, is_there=page.previous is not None),
            SearchPageButton(on, NEXT, is_there=page.next is not None),
        ]
        if page.total > 2 * PAGE_SIZE:
            first = SearchTurn(asker=asker, sort=sort.value, cursor=TO_FIRST)
            last = SearchTurn(asker=asker, sort=sort.value, cursor=str(page.last or "last"))
            buttons.insert(0, SearchPageButton(first, FIRST, is_there=page.first_number > 1))
            buttons.append(SearchPageButton(last, LAST, is_there=page.last is not None))
    if len(page.matches) > 1 and says_words(query):
        other = Sort.NEWEST if sort is Sort.RELEVANCE else Sort.RELEVANCE
        turned = SearchTurn(asker=asker, sort=other.value, cursor=START)
        buttons.append(SearchPageButton(turned, SORTS[other.value]))
    return buttons


def offer_buttons(offers: Iterable[Suggestion], sort: Sort, asker: int) -> list[SearchOfferButton]:
    """Make the buttons of searches to try instead; those too long for one stay text."""
    states = [
        (SearchOffer(asker=asker, sort=sort.value, query=offer.query), offer.label)
        for offer in offers
    ]
    return [SearchOfferButton(state, label) for state, label in states if state.fits]


BUTTONS = (CatchUpButton, SearchPageButton, SearchOfferButton, SimilarButton, AbstractMenu)
