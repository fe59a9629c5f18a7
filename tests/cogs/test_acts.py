"""The buttons below a paper: each does one thing, once, and answers only who pressed it."""

import asyncio

import discord
import pytest
import simcord

from bot.cogs.acts import ActButton
from bot.cogs.answers import EXPIRED
from bot.digest.reading import Saving
from bot.errors import DatabaseBusy
from bot.models import ArxivId
from bot.store.readers.library import Library
from bot.ui.acts import Act, PaperAct
from bot.ui.views import make_view
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

TITLE = "Axolotl limbs grow again"
PAPER = make_paper(1, title=TITLE)
ALL = ["Save", "Like", "Not for us", "Similar", "BibTeX", "Discuss"]


async def show(world: World) -> simcord.InteractionResult:
    await world.announce(make_listing(PAPER, make_paper(2, title="Why frogs sing")))
    return await world.admin.slash(world.channel, "paper show", paper="2403.00001")


async def press(
    world: World, result: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    assert result.response is not None
    return await world.member.click(result.response, label=label)


async def saved(world: World) -> list[ArxivId]:
    return [each.arxiv_id for each in await world.store.library.list_saved(world.member.id)]


async def test_a_paper_that_is_shown_can_be_acted_on_by_everyone(world: World) -> None:
    assert list(labels(await show(world))) == ALL


async def test_saving_twice_saves_once_and_says_since_when(world: World) -> None:
    result = await show(world)
    first = await press(world, result, "Save")
    assert is_private(first)
    assert f"Saved: **{TITLE}**" in shown(first)
    second = await press(world, result, "Save")
    assert f"In your library since Tue, 5 Mar 2024: **{TITLE}**" in shown(second)
    assert await saved(world) == [make_id(1)]
    assert await world.store.opinions.weigh(world.guild.id) == {make_id(1): 0.5}


async def test_presses_at_the_same_moment_save_once(world: World) -> None:
    person, now = world.member.id, world.clock.now()
    save = world.store.library.save
    savings = await asyncio.gather(
        *(save(person, make_id(1), guild_id=world.guild.id, now=now) for _ in range(5))
    )
    assert savings.count(Saving.NEW) == 1
    assert savings.count(Saving.KNOWN) == 4
    assert await saved(world) == [make_id(1)]


async def test_what_was_saved_can_be_removed_where_it_says_so(world: World) -> None:
    said = await press(world, await show(world), "Save")
    await press(world, said, "Remove it again")
    assert shown(said) == f"No longer in your library: **{TITLE}**"
    assert labels(said) == {}
    assert await saved(world) == []


@pytest.mark.parametrize(
    ("label", "says", "weight"),
    [("Like", "You like it", 1.0), ("Not for us", "Not for this server", -1.0)],
)
async def test_an_opinion_counts_once_and_can_be_taken_back(
    world: World, label: str, says: str, weight: float
) -> None:
    result = await show(world)
    first, second = await press(world, result, label), await press(world, result, label)
    assert is_private(first)
    assert f"{says}: **{TITLE}**" in shown(first)
    assert f"{says}, as before: **{TITLE}**" in shown(second)
    assert await world.store.opinions.weigh(world.guild.id) == {make_id(1): weight}
    await press(world, first, "Take it back")
    assert shown(first) == f"Taken back: **{TITLE}**"
    await press(world, second, "Take it back")
    assert shown(second) == f"There is nothing to take back: **{TITLE}**"
    assert await world.store.opinions.weigh(world.guild.id) == {}


async def test_the_other_opinion_takes_the_place_of_the_first(world: World) -> None:
    result = await show(world)
    await press(world, result, "Like")
    await press(world, result, "Not for us")
    assert await world.store.opinions.weigh(world.guild.id) == {make_id(1): -1.0}


async def test_bibtex_can_be_copied(world: World) -> None:
    said = await press(world, await show(world), "BibTeX")
    assert is_private(said)
    assert shown(said).startswith("```bibtex\n@misc{")
    assert "eprint = {2403.00001}" in shown(said)


async def test_a_long_entry_is_a_file(world: World) -> None:
    await world.announce(make_listing(make_paper(1, authors=[f"Person {n}" for n in range(300)])))
    result = await world.admin.slash(world.channel, "paper show", paper="2403.00001")
    said = await press(world, result, "BibTeX")
    assert said.response is not None
    (file,) = said.response.attachments
    assert file.filename == "0-2403.00001.bib"
    assert b"Person 299" in await file.read()


async def test_in_direct_messages_papers_are_saved_and_no_server_s_likes_given(
    world: World,
) -> None:
    await world.announce(make_listing(PAPER))
    dora = world.env.create_user("dora")
    result = await dora.slash("paper show", paper="2403.00001")
    assert result.response is not None
    assert "Saved" in shown(await dora.click(result.response, label="Save"))
    said = shown(await dora.click(result.response, label="Like"))
    assert "it can only be given in one" in said
    assert [each.guild_id for each in await world.store.library.list_saved(dora.id)] == [None]


async def test_results_of_a_search_lead_to_the_same_buttons(world: World) -> None:
    await world.announce(make_listing(PAPER, make_paper(2, title="Limbs of frogs")))
    result = await world.member.slash(world.channel, "paper search", query="limbs")
    assert result.response is not None
    read = await world.admin.select(result.response, ["2403.00001"])
    assert is_private(read)
    assert TITLE in shown(read)
    assert list(labels(read)) == ALL


async def forge(world: World, act: Act, paper: str) -> simcord.InteractionResult:
    """Press a button that the bot was made to post with a made-up id."""
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    button = ActButton(PaperAct(act=act, arxiv_id=ArxivId(paper)), "x")
    message = await channel.send("x", view=make_view([button]))
    return await world.member.click(message, label="x")


@pytest.mark.parametrize("act", list(Act))
async def test_a_made_up_button_gets_the_answer_of_an_old_one(world: World, act: Act) -> None:
    for paper in ("9999.99999", "x", "2403.00001v2"):
        result = await forge(world, act, paper)
        assert is_private(result)
        assert shown(result) == EXPIRED


@pytest.mark.parametrize("act", list(Act))
async def test_a_paper_that_is_gone_is_one_private_sentence(world: World, act: Act) -> None:
    result = await forge(world, act, "2403.00009")
    assert is_private(result)
    assert shown(result).startswith("I no longer have 2403.00009; its abstract is at ")
    assert await saved(world) == []


async def test_a_busy_database_is_one_private_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: object, **__: object) -> None:
        raise DatabaseBusy("The database is busy; please try again in a moment.")

    result = await show(world)
    monkeypatch.setattr(Library, "save", busy)
    said = await press(world, result, "Save")
    assert is_private(said)
    assert shown(said) == "The database is busy; please try again in a moment."


async def test_the_buttons_work_after_a_restart(world: World) -> None:
    result = await show(world)
    await world.restart()
    assert "Saved" in shown(await press(world, result, "Save"))
