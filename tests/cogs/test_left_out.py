"""The button on a receipt: what a digest left out, for everyone there, privately."""

from datetime import date

import discord
import pytest
import simcord

from bot.cogs.left_out import LeftOutButton
from bot.ui.views import LeftOut, make_view
from tests.builders import DAY, make_listing, make_papers
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

PAPERS = 60


async def post_digest(world: World) -> discord.Message:
    """Post one paper of many, whose topic it alone matches."""
    await world.set_up(style="list")
    await world.announce(make_listing(*make_papers(PAPERS)))
    await world.admin.slash(world.channel, "topic add", name="one", query="id:2403.00007")
    await world.admin.slash(world.channel, "digest send")
    return world.channel.history()[-1]


async def see(world: World, message: discord.Message) -> simcord.InteractionResult:
    return await world.member.click(message, label=f"See {PAPERS - 1} papers not matched")


async def forge(world: World, state: LeftOut) -> discord.Message:
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    return await channel.send("x", view=make_view([LeftOutButton(state, "See")]))


async def test_a_member_turns_through_all_that_was_left_out(world: World) -> None:
    result = await see(world, await post_digest(world))
    assert is_private(result)
    assert "Tue, 5 Mar 2024: 59 papers of 60 announced match no topic" in shown(result).replace(
        "*", ""
    )
    seen: set[str] = set()
    for page in range(1, 4):
        text = shown(result)
        assert f"Page {page} of 3." in text
        seen |= {word[:10] for word in text.split("/abs/")[1:]}
        assert labels(result) == {"← Previous": page > 1, "Next →": page < 3}
        if page < 3:
            assert result.response is not None
            result = await world.member.click(result.response, label="Next →")
    assert seen == {f"2403.{n:05}" for n in range(1, PAPERS + 1) if n != 7}


async def test_an_abstract_of_what_was_left_out_is_one_press_away(world: World) -> None:
    result = await see(world, await post_digest(world))
    assert result.response is not None
    read = await world.member.select(result.response, ["2403.00003v1"])
    assert is_private(read)
    assert "Paper number 3" in shown(read)


async def test_it_works_after_a_restart(world: World) -> None:
    message = await post_digest(world)
    await world.restart()
    assert "59 papers" in shown(await see(world, message))


async def test_when_all_match_now_it_says_so(world: World) -> None:
    message = await post_digest(world)
    await world.admin.slash(world.channel, "topic remove", name="one")
    assert "Every paper of that day matches" in shown(await see(world, message))


@pytest.mark.parametrize("page", [-1, 99])
async def test_a_page_that_is_not_there_shows_the_nearest(world: World, page: int) -> None:
    await post_digest(world)
    message = await forge(world, LeftOut(channel_id=world.channel.id, day=DAY, page=page))
    result = await world.member.click(message, label="See")
    assert f"Page {1 if page < 0 else 3} of 3" in shown(result)


async def test_a_made_up_channel_or_date_shows_nothing_of_others(world: World) -> None:
    await post_digest(world)
    elsewhere = await forge(world, LeftOut(channel_id=12345, day=DAY, page=0))
    assert "no longer exists" in shown(await world.member.click(elsewhere, label="See"))
    other = LeftOut(channel_id=world.channel.id, day=date(2024, 3, 6), page=0)
    result = await world.member.click(await forge(world, other), label="See")
    assert "Every paper of that day" in shown(result)
    assert is_private(result)


async def test_a_button_does_not_open_the_digest_of_another_server(world: World) -> None:
    await post_digest(world)
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    await world.store.subscriptions.set_subscription(
        guild_id=999,
        channel_id=4321,
        categories=subscription.categories,
        announce_types=subscription.announce_types,
        post_at=None,
        zone="UTC",
        style="list",
        now=world.clock.now(),
    )
    message = await forge(world, LeftOut(channel_id=4321, day=DAY, page=0))
    assert "no longer exists" in shown(await world.member.click(message, label="See"))
