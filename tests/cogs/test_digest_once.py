"""`/digest once`: a server posts each paper in one channel, and the others lead there."""

import discord
import simcord

from tests.builders import make_listing, make_paper
from tests.cogs.replies import is_private, shown
from tests.conftest import World

LISTING = make_listing(
    make_paper(1, title="Frogs in ponds"),
    make_paper(2, title="Toads"),
    *(make_paper(number, title=f"Frogs, part {number}") for number in range(3, 15)),
)


async def once(world: World, *, on: bool) -> str:
    result = await world.admin.slash(world.channel, "digest once", on=on)
    assert is_private(result)
    return shown(result)


async def test_the_other_channels_digest_leads_to_the_message(world: World) -> None:
    frogs = world.guild.create_text_channel("frogs")
    await world.set_up(style="list")
    await world.set_up(style="list", channel=frogs)
    await world.admin.slash(frogs, "topic add", name="frogs", query="frog", channel=frogs)
    assert "From the next daily digests on, each paper is posted in one channel" in await once(
        world, on=True
    )
    assert "As before" in await once(world, on=True)
    await world.announce(LISTING)
    await world.admin.slash(world.channel, "digest send")
    await world.admin.slash(frogs, "digest send", channel=frogs)
    (message,) = world.channel.history()
    assert "14 announced · 1 posted here · 13 in other channels" in str(
        [embed.footer.text for embed in message.embeds]
    )
    (there,) = frogs.history()
    result = await see(world, message)
    said = shown(result)
    assert "13 papers of 14 announced are left by" in said
    assert "Frogs in ponds" in said
    assert f"/{frogs.id}/{there.id}" in said
    assert "Page 1 of 2." in said
    assert result.response is not None
    assert "part 14" in shown(await world.member.click(result.response, label="Next →"))
    why = await world.admin.slash(world.channel, "digest why", paper="2403.00001")
    assert f"It is left to <#{frogs.id}>" in shown(why)


async def see(world: World, message: discord.Message) -> simcord.InteractionResult:
    result = await world.member.click(message, label="See 13 papers in other channels")
    assert is_private(result)
    return result


async def test_switched_off_every_channel_posts_it(world: World) -> None:
    await once(world, on=True)
    assert "is posted in every channel that it matches" in await once(world, on=False)
    assert await world.store.once.list_guilds() == set()
