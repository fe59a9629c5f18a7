"""`/paper`: what people find, how they turn pages, what they are told when it makes no sense."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import simcord

from bot.cogs.paper import SearchOfferButton, SearchPageButton
from bot.errors import DatabaseBusy
from bot.models import LinkKind
from bot.query.results import Sort
from bot.store.searches import RecentSearches
from bot.ui.views import SearchOffer, SearchTurn
from tests.builders import DAY, NOW, make_id, make_link, make_listing, make_paper, make_papers
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World
from tests.query.hostile import HOSTILE

NEXT, PREVIOUS = "Next →", "← Previous"
FIRST, LAST = "« First", "Last »"
NEWEST, RELEVANT = "Newest first", "Most relevant first"


async def search(world: World, query: str, **options: object) -> simcord.InteractionResult:
    return await world.member.slash(world.channel, "paper search", query=query, **options)


async def turn(world: World, result: simcord.InteractionResult, label: str) -> str:
    """Click a button and return what the page says then."""
    message = result.response or result.followups[0]
    await world.member.click(message, label=label)
    return shown(result)


def numbers(text: str) -> list[int]:
    """Return the numbers of the results on a page."""
    return [
        int(part.partition(".")[0])
        for part in text.replace("\n", " ").split("**")
        if part.endswith(".") and part[:-1].isdigit()
    ]


# -- search ------------------------------------------------------------------------------------


async def test_a_search_answers_for_everybody_to_see(world: World) -> None:
    await world.announce()
    result = await search(world, "diffusion")
    assert "6 papers" in shown(result)
    assert "**Diffusion** networks, part 24" in shown(result)
    assert not is_private(result)


async def test_options_narrow_a_search(world: World) -> None:
    code = make_link("https://github.com/example/project", LinkKind.CODE)
    await world.announce(
        make_listing(
            make_paper(1, title="Networks with code", links=[code]),
            make_paper(2, title="Networks without"),
            make_paper(3, title="Networks elsewhere", categories=["cs.LG"], authors=["Eve Other"]),
        )
    )
    assert numbers(shown(await search(world, "networks"))) == [1, 2, 3]
    assert "**Networks** with code" in shown(await search(world, "networks", code=True))
    without = shown(await search(world, "networks", author="sample", code=False))
    assert "**Networks** without" in without
    assert "**Ben Sample**" in without
    assert "elsewhere" in shown(await search(world, "networks", category="cs.lg"))
    assert numbers(shown(await search(world, "networks", category="cs.*"))) == [1, 2, 3]
    assert numbers(shown(await search(world, "networks", since=DAY.isoformat()))) == [1, 2, 3]
    assert "No paper matches" in shown(await search(world, "networks", until="2024-02"))
    assert "most relevant first" in shown(await search(world, "networks", sort="relevance"))


async def test_results_link_to_the_message_where_this_server_saw_the_paper(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    first, last = world.channel.history()[0], world.channel.history()[-1]
    assert first.jump_url in shown(await search(world, '"part 1"'))
    assert last.jump_url in shown(await search(world, '"part 25"'))


async def test_another_server_is_not_shown_where_this_one_saw_a_paper(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    guild = world.env.create_guild("Elsewhere")
    carol = guild.add_member(world.env.create_user("carol"))
    result = await carol.slash(guild.create_text_channel("general"), "paper search", query="graph")
    assert "19 papers" in shown(result)
    assert "discord.com/channels" not in shown(result)


async def test_search_works_in_direct_messages(world: World) -> None:
    await world.announce()
    result = await world.env.create_user("dora").slash("paper search", query="diffusion")
    assert "6 papers" in shown(result)


async def test_a_library_is_searched_for_its_person_alone_page_by_page(world: World) -> None:
    await world.announce()
    for number in range(1, 12):
        await world.store.library.save(world.member.id, make_id(number), guild_id=None, now=NOW)
    result = await search(world, "in:library networks", sort="newest")
    pages = [shown(result), *[await turn(world, result, NEXT) for _ in range(2)]]
    assert [numbers(page) for page in pages] == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11]]
    assert is_private(result)
    others = await world.admin.slash(world.channel, "paper search", query="in:library networks")
    assert "No paper matches" in shown(others)
    assert world.channel.history() == []


async def test_outside_of_servers_nothing_is_posted_or_liked(world: World) -> None:
    await world.announce()
    result = await world.env.create_user("dora").slash("paper search", query="liked:>1")
    assert "liked:>1 asks of a server that I am in; there is none here" in shown(result)
    assert is_private(result)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"query": "graph OR"}, "expected"),
        ({"query": "x", "category": "cs.CX"}, "is not an arXiv category. Did you mean cs."),
        ({"query": "x", "since": "2024-13-01"}, "since: '2024-13-01' is not a date; write a date"),
        ({"query": "x", "until": "soon"}, "until: 'soon' is not a date; write a date that exists"),
        ({"query": "x", "since": "2024-03", "until": "2024-02"}, "is after until"),
        ({"query": "x", "author": "!!"}, "author: '!!' is not a name; write"),
    ],
)
async def test_what_makes_no_sense_is_explained_privately(
    world: World, options: dict[str, str], said: str
) -> None:
    result = await world.member.slash(world.channel, "paper search", **options)
    assert said in shown(result)
    assert is_private(result)
    assert world.channel.history() == []


async def test_a_syntax_error_stands_over_its_caret(world: World) -> None:
    result = await search(world, "graph OR")
    assert "```\ngraph OR\n        ^\n```" in shown(result)


async def test_whatever_is_typed_is_answered(world: World) -> None:
    """By results, by advice or by one sentence; the world fails on anything else."""
    texts = [text[:300].encode("utf-8", "replace").decode() for text in HOSTILE]
    papers = [make_paper(number, title=text) for number, text in enumerate(texts, 1)]
    await world.announce(make_listing(*papers))
    for typed in texts:
        if typed.strip():
            result = await search(world, typed, sort="relevance")
            assert shown(result)
            assert "on my side" not in shown(result)


# -- pages ---------------------------------------------------------------------------------------


async def test_pages_turn_forward_and_back(world: World) -> None:
    await world.announce()
    result = await search(world, "networks")
    pages = [shown(result)]
    while labels(result)[NEXT]:
        pages.append(await turn(world, result, NEXT))
    assert [numbers(page) for page in pages] == [
        list(range(first, first + 5)) for first in range(1, 26, 5)
    ]
    assert [page.splitlines()[-1] for page in pages] == [
        f"Page {number} of 5 · networks" for number in range(1, 6)
    ]
    back = {FIRST: True, PREVIOUS: True, NEXT: False, LAST: False, NEWEST: True}
    assert labels(result) == back
    for page in reversed(pages[:-1]):
        assert await turn(world, result, PREVIOUS) == page
    on = {FIRST: False, PREVIOUS: False, NEXT: True, LAST: True, NEWEST: True}
    assert labels(result) == on
    assert await turn(world, result, LAST) == pages[-1]
    assert labels(result) == back
    assert await turn(world, result, FIRST) == pages[0]


@pytest.mark.parametrize("sort", ["newest", "relevance"])
async def test_pages_stay_in_step_while_papers_arrive(world: World, sort: str) -> None:
    await world.announce()
    result = await search(world, "networks", sort=sort)
    first, second = shown(result), await turn(world, result, NEXT)
    await turn(world, result, NEXT)
    newer = [make_paper(number, title=f"New networks {number}") for number in range(101, 105)]
    await world.announce(replace(make_listing(*newer), announced_on=DAY.replace(day=6)))
    assert await turn(world, result, PREVIOUS) == second
    assert titles(await turn(world, result, PREVIOUS)) == titles(first)


def titles(text: str) -> list[str]:
    return [line for line in text.splitlines() if "/abs/" in line]


async def test_a_single_page_is_not_turned(world: World) -> None:
    await world.announce()
    assert labels(await search(world, "diffusion -24")) == {NEWEST: True}


async def test_words_are_searched_by_relevance_and_a_button_changes_the_order(
    world: World,
) -> None:
    papers = [
        make_paper(1, title="A study of halos", abstract="x"),
        make_paper(2, title="Halos", abstract="x"),
        make_paper(3, title="Others", abstract="With halos."),
    ]
    await world.announce(make_listing(*papers))
    result = await search(world, "halos")
    by_relevance = shown(result)
    assert "most relevant first" in by_relevance
    assert titles(by_relevance)[0].startswith("**1.** [**Halos**]")
    assert labels(result) == {NEWEST: True}
    await world.restart()
    newest = await turn(world, result, NEWEST)
    assert "newest first" in newest
    assert titles(newest)[0].startswith("**1.** [Others]")
    assert labels(result) == {RELEVANT: True}
    assert await turn(world, result, RELEVANT) == by_relevance


async def test_without_words_the_newest_come_first(world: World) -> None:
    await world.announce()
    result = await search(world, "category:cs.CV author:sample")
    assert "newest first" in shown(result)
    assert labels(result) == {FIRST: False, PREVIOUS: False, NEXT: True, LAST: True}


async def test_a_search_goes_on_with_what_is_closest(world: World) -> None:
    papers = [
        make_paper(1, title="Gaussian splatting of cities", abstract="x"),
        make_paper(2, title="Gaussian splatting", abstract="x", links=(make_link(),)),
    ]
    await world.announce(make_listing(*papers))
    result = await search(world, "what papers about gausian splatting of rivers with code")
    said = shown(result)
    assert "No paper matches all of this. These come closest:" in said
    assert "Read `gausian` as `gaussian` · understood `has:code` · left out what, papers" in said
    assert "Papers that match each part: `gaussian` 2 · `splatting` 2 · `rivers` 0" in said
    assert [title.partition("(")[0] for title in titles(said)] == [
        "**1.** [**Gaussian** **splatting**]"
    ]
    await world.restart()
    found = await turn(world, result, "Without has:code")
    assert len(titles(found)) == 2


async def test_a_question_is_answered_by_what_says_all_the_rest(world: World) -> None:
    """No line of closest papers: the words of the question were left out, and pages follow."""
    papers = [
        make_paper(number, title="Gaussian splatting", abstract="x") for number in range(1, 10)
    ]
    await world.announce(make_listing(*papers))
    result = await search(world, "what papers about 3d gaussian splatting came out this year?")
    assert "No paper matches all of this" in shown(result)
    result = await search(world, "what papers about gausian splatting came out since 2024?")
    said = shown(result)
    assert "all of this" not in said
    assert "**9 papers** · most relevant first\n-# Read `gausian` as `gaussian` · " in said
    assert "understood `since:2024-01-01` · left out what, papers, about, came, out" in said
    assert numbers(said) == [1, 2, 3, 4, 5]
    assert "Without since:2024-01-01" in labels(result)
    await world.restart()
    assert numbers(await turn(world, result, NEXT)) == [6, 7, 8, 9]


async def test_the_few_that_say_it_all_come_before_the_closest(world: World) -> None:
    papers = [
        make_paper(1, title="Dark halos of galaxies", abstract="x"),
        make_paper(2, title="Dark halos of clusters", abstract="x"),
    ]
    await world.announce(make_listing(*papers))
    said = shown(await search(world, "dark halos galaxies"))
    assert "**1 paper** · most relevant first" in said
    first, second = said.split("Only 1 paper matches all of this. These come closest:")
    assert ("2403.00001" in first, "2403.00002" in second) == (True, True)
    assert numbers(said) == [1, 2]


async def test_only_the_asker_turns_pages(world: World) -> None:
    await world.announce()
    result = await search(world, "networks")
    before = shown(result)
    assert result.response is not None
    refused = await world.admin.click(result.response, label=NEXT)
    assert "Only the person who searched" in shown(refused)
    assert is_private(refused)
    assert shown(result) == before


async def test_pages_turn_after_a_restart(world: World) -> None:
    await world.announce()
    result = await search(world, 'networks -"part 3" OR nonsense', category="cs.*", author="Sample")
    shown_first = shown(result)
    await world.restart()
    assert numbers(await turn(world, result, NEXT)) == list(range(6, 11))
    assert await turn(world, result, PREVIOUS) == shown_first


async def test_a_long_query_survives_turning(world: World) -> None:
    await world.announce()
    query = "networks OR " + " OR ".join(f"`_*{'x' * 17}{number}*_`" for number in range(10))
    assert len(query) <= 300
    result = await search(world, query, category="cs.CV")
    assert numbers(await turn(world, result, NEXT)) == list(range(6, 11))


# -- a paper by its name -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["2403.00007", "arXiv:2403.00007v2", "https://arxiv.org/abs/2403.00007", "10.1000/182"]
)
async def test_a_search_for_an_identifier_shows_the_paper(world: World, query: str) -> None:
    await world.announce(make_listing(make_paper(7, doi="10.1000/182"), make_paper(8)))
    result = await search(world, query)
    assert "arXiv:2403.00007v1" in shown(result)
    assert "We study problem 7 and solve it." in shown(result)


async def test_an_identifier_among_other_words_is_a_search(world: World) -> None:
    await world.announce()
    assert "1 paper" in shown(await search(world, "2403.00007 graph"))
    assert "1 paper" in shown(await search(world, "2403.00007", category="cs.CV"))
    assert "2 papers" in shown(await search(world, "2403.00007 OR 2403.00008"))


@pytest.mark.parametrize(
    ("query", "said"),
    [("2403.09999", "https://arxiv.org/abs/2403.09999"), ("10.1000/none", "the DOI 10.1000/none")],
)
async def test_a_paper_that_is_not_there_is_said_so_privately(
    world: World, query: str, said: str
) -> None:
    await world.announce()
    result = await search(world, query)
    assert said in shown(result)
    assert is_private(result)


# -- nothing found -------------------------------------------------------------------------------


async def test_a_misspelt_word_is_searched_right_at_once(world: World) -> None:
    await world.announce()
    result = await search(world, "difusion", sort="relevance")
    assert "6 papers** · most relevant first\n-# Read `difusion` as `diffusion`" in shown(result)
    await world.restart()
    assert numbers(await turn(world, result, NEXT)) == [6]


async def test_a_misspelt_word_among_others_is_searched_right_by_one_click(world: World) -> None:
    await world.announce()
    result = await search(world, "difusion zebra")
    assert "No paper matches all of this. These come closest:" in shown(result)
    assert labels(result) == {"Search diffusion zebra": True}
    await world.restart()
    assert "Search: diffusion zebra" in await turn(world, result, "Search diffusion zebra")


async def test_the_part_to_blame_is_left_out_by_one_click(world: World) -> None:
    await world.announce()
    result = await search(world, "diffusion", category="cs.LG")
    assert "Papers that match: `diffusion` 6, `category:cs.LG` 0, both 0." in shown(result)
    assert is_private(result)
    found = await turn(world, result, "Without category:cs.LG")
    assert "Search: diffusion" in found
    assert "6 papers" in found


async def test_only_the_asker_takes_an_offer(world: World) -> None:
    await world.announce()
    result = await search(world, "difusion zebra")
    assert result.response is not None
    refused = await world.admin.click(result.response, label="Search diffusion zebra")
    assert "Only the person who searched" in shown(refused)
    assert is_private(refused)


async def test_an_offer_too_long_for_a_button_is_text(world: World) -> None:
    await world.announce()
    query = "difusion zebra " + " ".join(f"-{letter * 9}" for letter in "bcdfghjkl")
    result = await search(world, query)
    assert "Read `difusion` as `diffusion`" in shown(result)
    assert labels(result) == {}


# -- show ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2403.00007", "arXiv:2403.00007v3", "https://arxiv.org/pdf/2403.00007v1"]
)
async def test_a_paper_is_shown_by_any_form_of_its_identifier(world: World, text: str) -> None:
    await world.announce()
    result = await world.member.slash(world.channel, "paper show", paper=text)
    assert "Graph networks, part 7" in shown(result)
    assert "We study problem 7 and solve it." in shown(result)


async def test_a_paper_is_shown_by_picking_its_title(world: World) -> None:
    await world.announce()
    choices = await world.member.autocomplete(
        world.channel, "paper show", "paper", "diffusion netw"
    )
    assert [choice["name"] for choice in choices][:2] == [
        "Diffusion networks, part 24",
        "Diffusion networks, part 20",
    ]
    result = await world.member.slash(world.channel, "paper show", paper=choices[0]["value"])
    assert "Diffusion networks, part 24" in shown(result)


async def test_a_paper_is_shown_by_the_beginning_of_its_title(world: World) -> None:
    await world.announce()
    result = await world.member.slash(world.channel, "paper show", paper="graph networks, part 7")
    assert "We study problem 7 and solve it." in shown(result)


async def test_titles_that_begin_alike_are_listed_to_choose_from(world: World) -> None:
    await world.announce()
    result = await world.member.slash(world.channel, "paper show", paper="diffusion networks, p")
    assert "More than 5 papers have titles that begin so" in shown(result)
    assert "Diffusion networks, part 24 (2403.00024)" in shown(result)
    assert is_private(result)


async def test_an_identifier_completes_to_its_paper(world: World) -> None:
    await world.announce()
    choices = await world.member.autocomplete(world.channel, "paper show", "paper", "2403.00007")
    assert choices == [{"name": "Graph networks, part 7", "value": "2403.00007"}]


async def test_nothing_typed_offers_the_newest_papers(world: World) -> None:
    await world.announce()
    assert len(await world.member.autocomplete(world.channel, "paper show", "paper", "")) == 25


async def test_a_paper_unknown_here_is_pointed_to_privately(world: World) -> None:
    result = await world.member.slash(world.channel, "paper show", paper="2403.09999")
    assert "https://arxiv.org/abs/2403.09999" in shown(result)
    assert is_private(result)
    assert world.channel.history() == []


async def test_what_is_no_identifier_is_said_so(world: World) -> None:
    result = await world.member.slash(world.channel, "paper show", paper="that paper")
    assert "'that paper'" in shown(result)
    assert is_private(result)


async def test_a_paper_leads_to_similar_ones_for_whoever_asks(world: World) -> None:
    await world.announce(SIMILAR)
    result = await world.member.slash(world.channel, "paper show", paper="2403.00001")
    assert result.response is not None
    await world.restart()
    similar = await world.admin.click(result.response, label="Similar")
    assert "Similar to: Axolotl limbs grow again" in shown(similar)
    assert "[Why axolotl limbs grow]" in shown(similar)
    assert is_private(similar)
    assert "Axolotl" in shown(result)


# -- similar -------------------------------------------------------------------------------------

SIMILAR = make_listing(
    make_paper(1, title="Axolotl limbs grow again", abstract="Axolotl limbs regenerate."),
    make_paper(2, title="Why axolotl limbs grow", abstract="Cells of axolotl limbs regenerate."),
    *make_papers(20, first=3),
)


async def test_similar_papers_are_listed_for_everybody(world: World) -> None:
    await world.announce(SIMILAR)
    result = await world.member.slash(
        world.channel, "paper similar", paper="https://arxiv.org/abs/2403.00001v1"
    )
    assert "Similar to: Axolotl limbs grow again" in shown(result)
    assert "**1.** [Why axolotl limbs grow](https://arxiv.org/abs/2403.00002)" in shown(result)
    assert "Both say: Axolotl, limbs, grow, regenerate" in shown(result)
    assert not is_private(result)


async def test_a_paper_to_compare_with_completes_like_one_to_show(world: World) -> None:
    await world.announce(SIMILAR)
    choices = await world.member.autocomplete(world.channel, "paper similar", "paper", "why axo")
    assert choices == [{"name": "Why axolotl limbs grow", "value": "2403.00002"}]


async def test_nothing_is_similar_to_a_paper_unknown_here(world: World) -> None:
    result = await world.member.slash(world.channel, "paper similar", paper="2403.09999")
    assert "https://arxiv.org/abs/2403.09999" in shown(result)
    assert is_private(result)


# -- autocomplete --------------------------------------------------------------------------------


async def test_categories_complete_by_code_and_by_name(world: World) -> None:
    for typed in ("cs.cv", "computer vis"):
        choices = await world.member.autocomplete(
            world.channel, "paper search", "category", typed, query="x"
        )
        assert choices[0]["value"] == "cs.CV"


async def test_authors_complete(world: World) -> None:
    await world.announce()
    choices = await world.member.autocomplete(
        world.channel, "paper search", "author", "ada", query="x"
    )
    assert [choice["value"] for choice in choices] == ["ada", "Ada Example"]


async def complete(world: World, typed: str, *, by: simcord.MemberActor | None = None) -> list[str]:
    """Return what is offered for a query."""
    person = by or world.member
    choices = await person.autocomplete(world.channel, "paper search", "query", typed)
    offered = [str(choice["value"]) for choice in choices]
    if typed and offered:
        assert offered.pop(0) == typed  # Enter takes the first
    return offered


async def test_a_query_completes_to_papers_of_such_a_title(world: World) -> None:
    await world.announce()
    assert (await complete(world, "diffusion netw"))[:2] == ["2403.00024", "2403.00020"]
    result = await search(world, (await complete(world, "diffusion netw"))[0])
    assert "arXiv:2403.00024v1" in shown(result)


async def test_a_query_too_long_to_be_offered_stays_as_it_is(world: World) -> None:
    await world.announce()
    assert await complete(world, "graph " * 17) == []


async def test_what_a_person_searched_is_offered_to_that_person_again(world: World) -> None:
    await world.announce()
    await search(world, "diffusion -24")
    world.clock.advance(timedelta(seconds=1))
    await search(world, "graph", category="cs.CV")
    assert await complete(world, "") == ["graph category:cs.CV", "diffusion -24"]
    assert (await complete(world, "Diff"))[:2] == ["diffusion -24", "2403.00024"]
    assert await complete(world, "", by=world.admin) == []


async def test_a_person_s_own_tags_complete(world: World) -> None:
    await world.announce()
    await world.store.library.save(world.member.id, make_id(1), guild_id=None, now=NOW)
    await world.store.library.set_tags(world.member.id, make_id(1), ["slam", "to-read"])
    assert await complete(world, "graph -tag:s") == ["graph -tag:slam"]
    assert await complete(world, "in:") == ["in:library"]
    assert await complete(world, "tag:s", by=world.admin) == []


async def test_searches_that_found_nothing_are_not_offered_again(world: World) -> None:
    await world.announce()
    await search(world, "axolotl")
    await search(world, "2403.00007")
    assert await complete(world, "") == []


async def test_authors_and_categories_complete_inside_a_query(world: World) -> None:
    await world.announce()
    assert await complete(world, "graph -author:ad") == ['graph -author:"Ada Example"']
    assert await complete(world, 'graph (author:"ben s') == ['graph (author:"Ben Sample"']
    assert (await complete(world, "graph category:cs.cv"))[0] == "graph category:cs.CV"


async def test_other_fields_complete_inside_a_query_too(world: World) -> None:
    assert await complete(world, "graph -type:repl") == [
        "graph -type:replace",
        "graph -type:replace-cross",
    ]
    assert await complete(world, "graph has:co") == ["graph has:code"]
    assert (await complete(world, "(since:2023-1"))[0] == "(since:2023-10"


@pytest.mark.parametrize("option", ["since", "until"])
async def test_dates_complete_by_number_and_by_name(world: World, option: str) -> None:
    """Enter takes the first: the text itself, if that is a date."""
    for typed, meant in (("2023-1", "2023-1"), ("last y", "2023"), ("", "2024-03-05")):
        choices = await world.member.autocomplete(
            world.channel, "paper search", option, typed, query="x"
        )
        assert choices[0]["value"] == meant


async def test_completion_is_quiet_and_in_time_when_the_store_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(self: RecentSearches, user_id: int) -> None:
        await asyncio.sleep(60)

    async def refuse(self: RecentSearches, user_id: int) -> None:
        raise DatabaseBusy("The database is busy.")

    monkeypatch.setattr("bot.cogs.suggestions.DEADLINE_S", 0.05)
    for fault in (sleep, refuse):
        monkeypatch.setattr(RecentSearches, "list_newest", fault)
        assert await complete(world, "graph") == []


async def test_a_search_is_answered_though_it_cannot_be_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: RecentSearches, user_id: int, query: str, *, now: datetime) -> None:
        raise DatabaseBusy("The database is busy.")

    await world.announce()
    monkeypatch.setattr(RecentSearches, "add", refuse)
    assert "25 papers" in shown(await search(world, "networks"))


@pytest.mark.parametrize("sort", Sort)
def test_buttons_take_every_order_of_results(sort: Sort) -> None:
    turn = SearchTurn(asker=1, sort=sort, cursor="start")
    offer = SearchOffer(asker=1, sort=sort, query="frogs")
    assert SearchPageButton.takes(turn.custom_id)
    assert SearchOfferButton.takes(offer.custom_id)
