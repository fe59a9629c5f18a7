"""`/me`: a person gets everything that is kept of them, and deletes it."""

import json

import discord
import simcord

from bot.cogs.me import ForgetButton
from bot.store.store import Store
from bot.ui.me import FORGET, ForgetMe
from bot.ui.views import make_view
from tests.builders import NOW, make_id
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World


async def fill(store: Store, person: int, guild: int) -> None:
    await store.library.save(person, make_id(1), guild_id=guild, now=NOW)
    await store.opinions.give(guild, person, make_id(2), True, now=NOW)


async def press(
    world: World, result: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    assert result.response is not None
    return await world.member.click(result.response, label=label)


async def test_a_person_is_sent_everything_as_a_file(world: World) -> None:
    await fill(world.store, world.member.id, world.guild.id)
    result = await world.member.slash(world.channel, "me data")
    assert is_private(result)
    assert result.response is not None
    (file,) = result.response.attachments
    data = json.loads(await file.read())
    assert data["user"] == str(world.member.id)
    assert [each["paper"] for each in data["saved"]] == [make_id(1)]
    assert [each["opinion"] for each in data["opinions"]] == ["like"]


async def test_forgetting_asks_once_and_deletes_everything_at_once(world: World) -> None:
    await fill(world.store, world.member.id, world.guild.id)
    await fill(world.store, world.admin.id, world.guild.id)
    result = await world.member.slash(world.channel, "me forget")
    assert is_private(result)
    assert "1 saved paper and 1 like" in shown(result)
    assert labels(result) == {FORGET: True}
    assert len(await world.store.library.list_saved(world.member.id)) == 1
    await press(world, result, FORGET)
    assert shown(result) == "Deleted. I keep nothing about you."
    assert labels(result) == {}
    assert await world.store.library.list_saved(world.member.id) == []
    assert await world.store.opinions.weigh(world.guild.id) == {make_id(1): 0.5, make_id(2): 1.0}


async def test_who_has_nothing_is_told_so(world: World) -> None:
    result = await world.env.create_user("dora").slash("me forget")
    assert shown(result) == "I keep nothing about you."
    assert labels(result) == {}


async def test_nobody_deletes_what_is_another_s(world: World) -> None:
    await fill(world.store, world.admin.id, world.guild.id)
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    button = ForgetButton(ForgetMe(user_id=world.admin.id), FORGET)
    message = await channel.send("x", view=make_view([button]))
    result = await world.member.click(message, label=FORGET)
    assert is_private(result)
    assert "another version of me" in shown(result)
    assert len(await world.store.library.list_saved(world.admin.id)) == 1
