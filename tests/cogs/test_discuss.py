"""A paper is discussed in one thread of a server, whoever presses, however often."""

import discord
import pytest
import simcord

from bot.cogs.answers import EXPIRED
from bot.cogs.discuss import DiscussButton
from bot.models import ArxivId
from bot.store.readers.discussions import Discussion
from bot.ui.discuss import DiscussPaper
from bot.ui.views import make_view
from tests.builders import make_id, make_listing, make_paper
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

TITLE = "Axolotl limbs grow again"


async def show(world: World) -> simcord.InteractionResult:
    await world.announce(make_listing(make_paper(1, title=TITLE)))
    return await world.member.slash(world.channel, "paper show", paper="2403.00001")


async def press(
    world: World, result: simcord.InteractionResult, person: simcord.MemberActor | None = None
) -> str:
    assert result.response is not None
    said = await (person or world.member).click(result.response, label="Discuss")
    assert is_private(said)
    return shown(said)


def threads(world: World) -> list[discord.Thread]:
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return list(channel.threads)


async def test_one_thread_a_paper_and_a_second_press_leads_there(world: World) -> None:
    result = await show(world)
    first = await press(world, result)
    (thread,) = threads(world)
    assert thread.name == TITLE
    assert first == f"Opened <#{thread.id}>."
    assert await press(world, result, world.admin) == f"It is discussed in <#{thread.id}>."
    assert threads(world) == [thread]
    (card,) = [message for message in world.channel.history() if message.id == thread.id]
    assert card.embeds[0].title == TITLE


async def test_a_message_without_its_thread_gets_one(world: World) -> None:
    """As after a crash in between."""
    result = await show(world)
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("x")
    where = Discussion(channel_id=channel.id, thread_id=message.id)
    await world.store.discussions.set(world.guild.id, make_id(1), where)
    assert await press(world, result) == f"It is discussed in <#{message.id}>."
    assert [each.id for each in threads(world)] == [message.id]


async def test_where_all_is_deleted_another_is_opened(world: World) -> None:
    result = await show(world)
    where = Discussion(channel_id=world.channel.id, thread_id=1)
    await world.store.discussions.set(world.guild.id, make_id(1), where)
    assert (await press(world, result)).startswith("Opened")
    assert len(threads(world)) == 1


async def test_in_direct_messages_there_is_nothing_to_discuss(world: World) -> None:
    await show(world)
    result = await world.env.create_user("dora").slash("paper show", paper="2403.00001")
    assert "Discuss" not in labels(result)


@pytest.mark.parametrize(
    ("paper", "said"), [("x", EXPIRED), ("2403.00009", "I no longer have 2403.00009")]
)
async def test_a_made_up_button_is_one_sentence(world: World, paper: str, said: str) -> None:
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    button = DiscussButton(DiscussPaper(arxiv_id=ArxivId(paper)))
    message = await channel.send("x", view=make_view([button]))
    result = await world.member.click(message, label="Discuss")
    assert is_private(result)
    assert said in shown(result)
    assert threads(world) == []
