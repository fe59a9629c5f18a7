"""`/digest resolve`: an admin's word ends what the bot cannot know; nothing is reposted blindly."""

import sqlite3
from collections.abc import Mapping

import discord
import pytest
import simcord

from bot.cogs.digest_resolve import RepostButton
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Subscription
from bot.ui.questions import Lot, Repost
from bot.ui.views import make_view
from tests.builders import DAY, make_draft, make_listing, make_papers, make_reason
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

AGAIN, LEAVE = "Post again", "Leave it"
PAPERS = make_papers(6)


@pytest.fixture
async def world(world: World) -> World:
    """A digest of three messages: the first failed, the second is unknown, the third arrived."""
    await world.set_up()
    await world.announce(make_listing(*PAPERS))
    subscription = await world.store.subscriptions.get_subscription(world.channel.id)
    assert subscription is not None
    await plan(world, subscription)
    return world


async def plan(world: World, subscription: Subscription) -> None:
    """Plan three messages and note what became of them, before delivery looks."""
    outbox, now = world.store.outbox, world.clock.now()
    drafts = [
        make_draft(*PAPERS[number : number + 2], content=f"part {number // 2 + 1}")
        for number in (0, 2, 4)
    ]
    await outbox.plan(subscription, DAY, drafts, now=now)
    await outbox.mark_failed(await claim(world, subscription), make_reason("it is shut"), now)
    await outbox.mark_unknown(
        await claim(world, subscription), make_reason("history unreadable"), now
    )
    await outbox.mark_sent(await claim(world, subscription), 77, now)


async def claim(world: World, subscription: Subscription) -> int:
    record = await world.store.outbox.claim(subscription.channel_id, world.clock.now())
    assert record is not None
    return record.id


def lot(world: World, part: int = 0) -> str:
    return str(Lot(channel_id=world.channel.id, day=DAY, part=part))


async def resolve(world: World, part: int, what: str) -> simcord.InteractionResult:
    return await world.admin.slash(
        world.channel, "digest resolve", message=lot(world, part), what=what
    )


async def records(world: World) -> list[DeliveryRecord]:
    return await world.store.outbox.list_deliveries(world.channel.id, DAY)


async def states(world: World) -> list[str]:
    return [record.state.value for record in await records(world)]


async def click(world: World, result: simcord.InteractionResult, label: str) -> str:
    assert result.response is not None
    await world.admin.click(result.response, label=label)
    return plain(result)


def plain(result: simcord.InteractionResult) -> str:
    return shown(result).replace("*", "").replace("`", "")


def posted(world: World) -> list[str]:
    return [message.content for message in world.channel.history()]


async def test_messages_in_trouble_are_offered(world: World) -> None:
    choices = await world.admin.autocomplete(world.channel, "digest resolve", "message", "")
    assert choices == [
        {
            "name": "#papers · cs.CV · Tue, 5 Mar 2024 · all 2 · may have arrived and not posted",
            "value": lot(world),
        },
        {
            "name": "#papers · cs.CV · Tue, 5 Mar 2024 · part 1 of 3 · not posted",
            "value": lot(world, 1),
        },
        {
            "name": "#papers · cs.CV · Tue, 5 Mar 2024 · part 2 of 3 · may have arrived",
            "value": lot(world, 2),
        },
    ]
    some = await world.admin.autocomplete(world.channel, "digest resolve", "message", "arrived 2")
    assert [choice["value"] for choice in some] == [lot(world), lot(world, 2)]


async def test_what_is_there_is_settled_and_stays_as_it_is(world: World) -> None:
    result = await resolve(world, 2, "done")
    assert is_private(result)
    assert "part 2 of Tue, 5 Mar 2024" in plain(result)
    assert "counts as posted" in plain(result)
    assert await states(world) == ["failed", "unknown", "sent"]
    assert posted(world) == []
    assert "not in trouble (any more)" in plain(await resolve(world, 2, "done"))
    assert "not in trouble (any more)" in plain(await resolve(world, 2, "again"))


async def test_what_failed_can_be_left_out(world: World) -> None:
    assert "2 papers are left out there" in plain(await resolve(world, 1, "done"))
    offered = await world.admin.autocomplete(world.channel, "digest resolve", "message", "")
    assert [choice["value"] for choice in offered] == [lot(world, 2)]


async def test_nothing_is_posted_again_before_the_question_is_answered(world: World) -> None:
    result = await resolve(world, 2, "again")
    assert is_private(result)
    assert labels(result) == {AGAIN: True, LEAVE: True}
    text = plain(result)
    assert "May be there already: part 2 (history unreadable)" in text
    assert "If it has arrived, 2 papers will appear twice" in text
    assert "[2403.00003](https://arxiv.org/abs/2403.00003) Paper number 3" in text
    assert "2403.00001" not in text
    assert posted(world) == []
    assert "Nothing was posted" in await click(world, result, LEAVE)
    assert labels(result) == {}
    assert posted(world) == []
    assert await states(world) == ["failed", "unknown", "sent"]


async def test_what_is_confirmed_is_posted_again_after_a_restart_too(world: World) -> None:
    before = (await records(world))[1]
    result = await resolve(world, 2, "again")
    await world.restart()
    text = await click(world, result, AGAIN)
    assert "Posted 1 message" in text
    assert world.channel.history()[0].jump_url in text
    after = (await records(world))[1]
    assert (after.state, after.payload) == (DeliveryState.SENT, before.payload)
    assert after.nonce != before.nonce


async def test_all_of_a_digest_are_posted_in_order(world: World) -> None:
    result = await resolve(world, 0, "again")
    assert "Not there: part 1 (it is shut). None of it will appear twice" in plain(result)
    assert "May be there already: part 2" in plain(result)
    assert "Posted 2 messages" in await click(world, result, AGAIN)
    assert posted(world) == ["part 1", "part 2"]


async def test_a_button_posts_once(world: World) -> None:
    first, second = await resolve(world, 1, "again"), await resolve(world, 1, "again")
    await click(world, first, AGAIN)
    assert posted(world) == ["part 1"]
    assert second.response is not None
    clicked = await world.admin.click(second.response, label=AGAIN)
    assert "not in trouble (any more)" in plain(clicked)
    assert posted(world) == ["part 1"]


async def test_an_old_button_does_not_post_what_got_lost_again_since(world: World) -> None:
    """It was asked about one loss; after another, the message may be there twice already."""
    result = await resolve(world, 2, "again")
    await world.delivery.stop()
    unknown, now = (await records(world))[1], world.clock.now()
    assert await world.store.troubles.post_again(unknown.id, now)
    assert await world.store.outbox.claim(world.channel.id, now)
    await world.store.outbox.mark_unknown(unknown.id, make_reason("history unreadable"), now)
    assert result.response is not None
    clicked = await world.admin.click(result.response, label=AGAIN)
    assert "not in trouble (any more)" in plain(clicked)
    assert await states(world) == ["failed", "unknown", "sent"]


async def test_a_refusal_is_told(world: World) -> None:
    result = await resolve(world, 1, "again")
    world.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    assert "1 message could not be posted" in await click(world, result, AGAIN)
    assert "it needs Send Messages" in plain(result)


async def test_a_paused_digest_is_resumed_first(world: World) -> None:
    result = await resolve(world, 1, "again")
    await world.admin.slash(world.channel, "digest pause")
    assert "/digest resume resumes it" in plain(await resolve(world, 1, "again"))
    assert result.response is not None
    clicked = await world.admin.click(result.response, label=AGAIN)
    assert "This digest is paused" in plain(clicked)
    assert "Noted" in plain(await resolve(world, 1, "done"))


@pytest.mark.parametrize("message", ["part 2", "1:2024-03-05", "7:2024-02-30:1", "x" * 90])
async def test_a_message_typed_by_hand_says_what_is_right(world: World, message: str) -> None:
    result = await world.admin.slash(world.channel, "digest resolve", message=message, what="again")
    assert "Pick one of the messages" in plain(result)
    assert is_private(result)


async def test_a_damaged_message_is_not_posted_again(world: World) -> None:
    """It would be refused at once; its papers are still in the archive."""

    def damage(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TRIGGER delivery_frozen")
        connection.execute("UPDATE delivery SET payload = '{' WHERE part = 1")

    await world.store.database.write(damage)
    assert "was damaged" in plain(await resolve(world, 1, "again"))
    assert "2 papers are left out" in plain(await resolve(world, 1, "done"))


async def elsewhere(world: World) -> Mapping[str, str]:
    """Make the same troubles in another server; returns the options that name one of them."""
    guild = world.env.create_guild("Elsewhere")
    other = guild.create_text_channel("there")
    subscription = await world.store.subscriptions.set_subscription(
        guild_id=guild.id, channel_id=other.id, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    await plan(world, subscription)
    return {"message": str(Lot(channel_id=other.id, day=DAY, part=1))}


@pytest.mark.parametrize("what", ["done", "again"])
async def test_other_servers_messages_are_out_of_reach(world: World, what: str) -> None:
    options = await elsewhere(world)
    offered = await world.admin.autocomplete(world.channel, "digest resolve", "message", "")
    assert options["message"] not in [choice["value"] for choice in offered]
    result = await world.admin.slash(world.channel, "digest resolve", what=what, **options)
    assert "no longer exists" in plain(result)
    assert "part" not in plain(result)


@pytest.mark.parametrize("who", ["admin", "member"])
async def test_a_made_up_button_posts_nothing(world: World, who: str) -> None:
    """Neither for another server's admin nor for somebody who may not manage this one."""
    lots = {
        "admin": Lot.parse((await elsewhere(world))["message"]),
        "member": Lot.parse(lot(world)),
    }
    answers = [Repost(lot=lots[who], mark="00000000", is_yes=is_yes) for is_yes in (True, False)]
    view = make_view([RepostButton(answer, str(answer.is_yes)) for answer in answers])
    channel = world.env.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("made up", view=view)
    for label in ("True", "False"):
        clicked = await getattr(world, who).click(message, label=label)
        said = "no longer exists" if who == "admin" else "permission Manage Server"
        assert said in plain(clicked)
        assert all(answer.ephemeral for answer in clicked.followups)
    assert posted(world) == ["made up"]


async def test_a_removed_digest_has_no_troubles(world: World) -> None:
    await world.store.subscriptions.delete_subscription(world.channel.id, world.clock.now())
    assert await world.admin.autocomplete(world.channel, "digest resolve", "message", "") == []
    assert "no longer exists" in plain(await resolve(world, 1, "again"))


async def test_a_digest_set_up_anew_posts_nothing_of_the_former_one(world: World) -> None:
    """It decides itself about what was not posted; what may have arrived counts as posted."""
    asked = await world.admin.slash(world.channel, "digest remove")
    assert "2 messages on the way or in trouble are dropped" in plain(asked)
    await click(world, asked, "Remove the digest")
    await world.set_up()
    assert await world.admin.autocomplete(world.channel, "digest resolve", "message", "") == []
    assert "not in trouble (any more)" in plain(await resolve(world, 1, "again"))
    sent = await world.admin.slash(world.channel, "digest send")
    assert "6 announced (6 new) · 4 posted before · 2 posted" in plain(sent)
    (message,) = world.channel.history()
    assert [embed.title for embed in message.embeds if embed.title] == [
        "Paper number 1",
        "Paper number 2",
    ]
