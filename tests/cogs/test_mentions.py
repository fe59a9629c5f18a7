"""The menu entry of a message: the papers in it, for whoever asks, anywhere."""

import discord
import simcord

from bot.cogs.mentions import NAME
from bot.run.client import PaperBot
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

PAPERS = [make_paper(n, title=f"Wonder number {n}") for n in range(1, 13)]


async def ask(world: World, text: str) -> simcord.InteractionResult:
    message = await world.admin.send(world.channel, text)
    result = await world.member.context_menu(world.channel, NAME, message)
    assert is_private(result)
    return result


async def test_a_link_becomes_a_card_with_all_buttons(world: World) -> None:
    await world.announce(make_listing(*PAPERS))
    result = await ask(world, "Have you seen https://alphaxiv.org/abs/2403.00001v1?")
    text = shown(result)
    assert "1. Wonder number 1" in text
    assert "We study problem 1 and solve it." in text
    assert "announced 5 Mar 2024" in text
    assert list(labels(result)) == ["Save", "Like", "Not for us", "Similar", "BibTeX", "Discuss"]


async def test_it_says_where_and_when_this_server_saw_the_paper(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(PAPERS[0]))
    await world.admin.slash(world.channel, "digest send")
    posted = world.channel.history()[-1]
    text = shown(await ask(world, "arXiv:2403.00001"))
    assert f"[seen here]({posted.jump_url})" in text


async def test_several_papers_are_saved_one_by_one(world: World) -> None:
    await world.announce(make_listing(*PAPERS))
    text = "2403.00002, https://huggingface.co/papers/2403.00001, arXiv:2403.09999, 2403.08888"
    result = await ask(world, text)
    assert "Never seen announced: 2403.09999." in shown(result)
    assert "08888" not in shown(result)
    assert [label for label in labels(result) if label.startswith("Save")] == ["Save 1", "Save 2"]
    assert result.response is not None
    await world.member.click(result.response, label="Save 1")
    saved = await world.store.library.list_saved(world.member.id)
    assert [each.arxiv_id for each in saved] == [make_id(2)]


async def test_a_crowd_of_papers_fits_into_one_message(world: World) -> None:
    long = "long words of an abstract " * 80
    papers = [make_paper(n, title=long[:250], abstract=long) for n in range(1, 13)]
    await world.announce(make_listing(*papers))
    result = await ask(world, " ".join(paper.arxiv_id for paper in papers))
    assert "And 2 papers more" in shown(result)
    assert result.response is not None
    assert len(result.response.embeds) == 10


async def test_a_doi_is_a_paper_too(world: World) -> None:
    await world.announce(make_listing(make_paper(1, title="Limbs", doi="10.1000/ABC.1")))
    assert "1. Limbs" in shown(await ask(world, "<https://doi.org/10.1000/abc.1>"))


async def test_the_bot_s_own_lists_have_papers(world: World) -> None:
    await world.set_up(style="list")
    await world.announce(make_listing(*PAPERS[:3]))
    await world.admin.slash(world.channel, "digest send")
    result = await world.member.context_menu(world.channel, NAME, world.channel.history()[-1])
    assert "3. Wonder number 3" in shown(result)


async def test_a_message_without_papers_is_one_sentence(world: World) -> None:
    assert "I see no paper in this message" in shown(await ask(world, "Lunch at 12.30?"))


async def test_discord_offers_it_everywhere(world: World) -> None:
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    (command,) = bot.tree.get_commands(type=discord.AppCommandType.message)
    payload = command.to_dict(bot.tree)
    assert payload["integration_types"] == [0, 1]
    assert payload["contexts"] == [0, 1, 2]
