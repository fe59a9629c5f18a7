"""`/digest pause` and `/digest resume`: nothing is posted in between, nothing is lost by it."""

import discord
import pytest
import simcord

from bot.delivery.notices import Caretaker
from bot.digest.models import Reason, ReasonCode, SubscriptionState
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

SHUT = Reason(code=ReasonCode.MAY_NOT_POST)
LOST = Reason(code=ReasonCode.PUT_BACK, because=Reason(code=ReasonCode.HISTORY_HIDDEN))


async def digest(world: World, command: str, **options: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, f"digest {command}", **options)


async def subscribe(world: World, guild_id: int, channel_id: int) -> None:
    await world.store.subscriptions.set_subscription(
        guild_id=guild_id, channel_id=channel_id, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip


async def state(world: World) -> SubscriptionState:
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    return subscription.state


async def test_a_paused_digest_posts_nothing_until_it_is_resumed(world: World) -> None:
    await world.set_up()
    result = await digest(world, "pause")
    assert is_private(result)
    assert "nothing is posted there until /digest resume" in shown(result).replace("`", "")
    assert "posts what was missed in the last 4 days" in shown(result)
    await world.announce()
    assert await world.pipeline.plan_due() == 0
    result = await digest(world, "resume")
    assert is_private(result)
    assert "What it missed in the last 4 days follows" in shown(result)
    assert "that of Tue, 5 Mar 2024 is being put together now" in shown(result)
    assert await world.pipeline.plan_due() == 3


async def test_messages_on_their_way_wait_too(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.delivery.stop()
    await world.pipeline.plan_due()
    assert "3 messages that should have been posted now wait too" in shown(
        await digest(world, "pause")
    )


async def test_what_an_admin_paused_only_an_admin_resumes(world: World) -> None:
    """Also when Discord had refused the channel before: that pause would end by itself."""
    await world.set_up()
    caretaker = Caretaker(world.store, world.sender, now=world.clock.now)
    await world.store.subscriptions.pause(world.channel.id, SHUT)
    await digest(world, "pause")
    assert await caretaker.look_around() == 0
    assert await state(world) is SubscriptionState.PAUSED
    await digest(world, "resume")
    assert await state(world) is SubscriptionState.ACTIVE


async def test_pausing_twice_and_resuming_what_is_not_paused_is_said(world: World) -> None:
    await world.set_up()
    assert "This digest is not paused" in shown(await digest(world, "resume"))
    await digest(world, "pause")
    assert "already paused (an admin paused it)" in shown(await digest(world, "pause"))


async def test_a_digest_resumes_only_where_the_bot_may_post(world: World) -> None:
    bot = world.guild.me
    assert bot is not None
    closed = world.guild.create_text_channel(
        "closed", overwrites={bot: discord.PermissionOverwrite(send_messages=False)}
    )
    await subscribe(world, world.guild.id, closed.id)
    await world.store.subscriptions.pause(closed.id, SHUT)
    result = await world.admin.slash(closed, "digest resume")
    assert "I am missing Send Messages and Embed Links" in shown(result)
    subscription = await world.store.subscriptions.get_subscription(closed.id)
    assert subscription is not None
    assert subscription.state is SubscriptionState.PAUSED


async def test_resuming_posts_what_was_refused(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    await digest(world, "send")
    assert await state(world) is SubscriptionState.PAUSED
    said = shown(await digest(world, "resume")).replace("`", "")
    assert "Now follows what was refused before: 3 messages." in said
    assert "/digest resolve" not in said


async def test_a_digest_whose_past_is_unknown_asks_before_it_goes_on(world: World) -> None:
    await world.set_up()
    await world.store.subscriptions.pause(world.channel.id, LOST)
    assert "already paused" in shown(await digest(world, "pause"))  # it must not lose its reason
    result = await digest(world, "resume")
    assert "may appear twice" in shown(result)
    assert labels(result) == {"Resume it": True, "Leave it paused": True}
    assert await state(world) is SubscriptionState.PAUSED
    await world.restart()
    assert result.response is not None
    await world.admin.click(result.response, label="Resume it")
    assert "Resumed" in shown(result)
    assert await state(world) is SubscriptionState.ACTIVE


async def test_a_digest_whose_past_is_unknown_can_stay_paused(world: World) -> None:
    await world.set_up()
    await world.store.subscriptions.pause(world.channel.id, LOST)
    result = await digest(world, "resume")
    assert result.response is not None
    await world.admin.click(result.response, label="Leave it paused")
    assert "stays paused" in shown(result)
    assert await state(world) is SubscriptionState.PAUSED
    assert "is paused" in shown(await world.set_up())  # nor does a change resume it unasked
    assert await state(world) is SubscriptionState.PAUSED


async def test_an_old_button_does_not_resume_what_an_admin_paused_since(world: World) -> None:
    await world.set_up()
    await world.store.subscriptions.pause(world.channel.id, LOST)
    result = await digest(world, "resume")
    await world.store.subscriptions.resume(world.channel.id)
    assert result.response is not None
    clicked = await world.admin.click(result.response, label="Resume it")
    assert "not paused" in shown(clicked)


async def test_setting_up_a_digest_resumes_it_unless_an_admin_paused_it(world: World) -> None:
    """What is missed would be posted, which nobody asked for who only changes a setting."""
    await world.set_up()
    await world.store.subscriptions.pause(world.channel.id, Reason(code=ReasonCode.MAY_NOT_POST))
    assert "and is active again." in shown(await world.set_up())
    assert await state(world) is SubscriptionState.ACTIVE
    await digest(world, "pause")
    assert "It stays paused (an admin paused it)" in shown(await world.set_up())
    assert await state(world) is SubscriptionState.PAUSED


async def test_nothing_is_sent_while_a_digest_is_paused(world: World) -> None:
    await world.set_up()
    await world.announce()
    await digest(world, "pause")
    said = shown(await digest(world, "send"))
    assert "This digest is paused (an admin paused it)" in said
    assert await world.store.outbox.list_deliveries(world.channel.id) == []


async def test_a_paused_digest_is_listed_as_such(world: World) -> None:
    await world.set_up()
    await digest(world, "pause")
    assert "none while it is paused (an admin paused it)" in shown(await digest(world, "list"))


@pytest.mark.parametrize("command", ["pause", "resume"])
async def test_other_servers_digests_are_out_of_reach(world: World, command: str) -> None:
    elsewhere = world.env.create_guild("Elsewhere")
    there = elsewhere.create_text_channel("there")
    await subscribe(world, elsewhere.id, there.id)
    assert "No digest is set up in this server" in shown(await digest(world, command))
