"""`/digest status`: why something was or was not posted, and when the rest arrives."""

import re
from datetime import timedelta

import discord
import pytest
import simcord

from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode, Subscription
from bot.models import DayRecord, Inquiry, IntakeCode, IntakeReason, IntakeSource, IntakeVerdict
from bot.ui.reasons import say_reason
from tests.builders import DAY, make_draft, make_listing, make_paper, make_papers, make_reason
from tests.cogs.replies import is_private, shown
from tests.conftest import World

PATCH = "/channels/*/messages"


async def status(world: World, **options: object) -> str:
    return said(await world.admin.slash(world.channel, "digest status", **options))


def said(result: simcord.InteractionResult) -> str:
    return shown(result).replace("*", "").replace("`", "")


async def subscription(world: World) -> Subscription:
    found = await world.store.subscriptions.get_subscription(world.channel.id)
    assert found is not None
    return found


async def intake(world: World, category: str, verdict: IntakeVerdict, reason: str) -> None:
    asked = world.clock.now()
    record = DayRecord(
        category=category,
        day=DAY,
        verdict=verdict,
        reason=IntakeReason(code=IntakeCode.OTHER, text=reason),
        inquiries={
            source: Inquiry(asked_at=asked) for source in (IntakeSource.FEED, IntakeSource.CATCHUP)
        },
    )
    await world.store.intake.set_records([record], now=asked)


async def test_a_posted_digest_is_counted_and_linked(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    result = await world.admin.slash(world.channel, "digest status")
    assert is_private(result)
    assert "Active, posted as soon as announced" in said(result)
    assert "Tue, 5 Mar 2024: 25 announced · 25 posted, 3 of 3 messages delivered" in said(result)
    assert world.channel.history()[0].jump_url in said(result)
    assert "Next digest: as soon as arXiv's listing of Wed, 6 Mar 2024 is out" in said(result)


async def test_a_digest_of_which_nothing_matched_says_so(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="frogs", query="axolotl")
    await world.pipeline.plan_due()
    text = await status(world)
    assert "Tue, 5 Mar 2024: 25 announced · 0 match · 0 posted" in text
    assert "/digest why" in text


async def test_what_waits_for_a_listing_says_for_which_and_why(world: World) -> None:
    await world.subscribe("cs.CV", "cs.LG")
    await intake(world, "cs.LG", IntakeVerdict.EMPTY_UNEXPECTED, "the feed is empty")
    text = await status(world)
    assert "as soon as arXiv's listing of Tue, 5 Mar 2024 is out" in text
    assert "cs.CV: arXiv has not been asked yet" in text
    assert "cs.LG: the feed is empty; arXiv is asked <t:" in text
    await world.announce()
    assert "is out for cs.LG too, or without it <t:1709636400:R>" in await status(world)
    world.clock.advance(timedelta(hours=2))
    assert "that of Tue, 5 Mar 2024 is being put together now" in await status(world)
    await world.pipeline.plan_due()
    assert "25 announced · 25 posted" in await status(world)
    assert "Without cs.LG: the feed is empty" in await status(world)


async def test_a_category_that_is_new_is_not_missing_from_old_digests(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.pipeline.plan_due()
    await world.set_up_late(categories="cs.CV, math.AG")
    text = await status(world)
    assert "25 announced · 25 posted" in text
    assert "Without" not in text


async def test_what_is_on_its_way_says_when_it_arrives(world: World) -> None:
    """Behind 600 messages of other servers."""
    await world.set_up()
    await world.announce()
    await world.delivery.stop()
    for number in range(120):
        other = await world.store.subscriptions.set_subscription(
            guild_id=5, channel_id=1000 + number, categories=["cs.SE"], announce_types=[],
            post_at=None, zone="UTC", style="cards", now=world.clock.now(),
        )  # fmt: skip
        drafts = [make_draft(paper) for paper in make_papers(5)]
        await world.store.outbox.plan(other, DAY, drafts, now=world.clock.now())
    world.clock.advance(timedelta(seconds=1))
    await world.pipeline.plan_due()
    text = await status(world)
    assert "On its way: 3 messages of Tue, 5 Mar 2024, after 600 for other channels" in text
    at = re.search(r"should all be there <t:(\d+):R>", text)
    assert at
    seconds = int(at[1]) - world.clock.now().timestamp()
    assert seconds == pytest.approx(603 / world.delivery.settings.pace_per_s, abs=3)
    assert "0 of 3 messages delivered" in text


async def test_a_refused_channel_says_why_and_what_helps(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error("POST", PATCH, status=403, code=50013, message="Missing Permissions")
    await world.admin.slash(world.channel, "digest send")
    text = await status(world)
    assert f"Paused: {say_reason(Reason(code=ReasonCode.MAY_NOT_POST))}" in text
    assert "It resumes by itself once I am allowed to post there; /digest resume" in text
    assert "3 messages in trouble: /digest resolve settles it" in text
    assert "Tue, 5 Mar 2024, parts 1, 2 and 3: not posted" in text


async def test_a_missing_permission_is_said_before_it_hurts(world: World) -> None:
    bot = world.guild.me
    assert bot is not None
    mute = world.guild.create_text_channel(
        "mute", overwrites={bot: discord.PermissionOverwrite(embed_links=False)}
    )
    await world.store.subscriptions.set_subscription(
        guild_id=world.guild.id, channel_id=mute.id, categories=["cs.CV"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    assert "I am missing Embed Links there" in await status(world)


async def test_a_message_of_unknown_fate_is_shown(world: World) -> None:
    await world.set_up()
    await world.delivery.stop()
    await world.store.outbox.plan(
        await subscription(world), DAY, [make_draft(make_paper())], now=world.clock.now()
    )
    record = await world.store.outbox.claim(world.channel.id, world.clock.now())
    assert record is not None
    await world.store.outbox.mark_unknown(
        record.id, make_reason("history unreadable"), world.clock.now()
    )
    text = await status(world)
    assert "1 message in trouble: /digest resolve settles it" in text
    assert "part 1: may have arrived (history unreadable)" in text


async def test_the_preview_tells_the_fate_of_each_paper(world: World) -> None:
    """A paper whose message failed counts as posted, and its admin must learn that it was not."""
    await world.set_up()
    await world.announce(make_listing(*make_papers(3)))
    world.env.inject_error("POST", PATCH, status=403, code=50013, message="Missing Permissions")
    await world.admin.slash(world.channel, "digest send")
    result = await world.admin.slash(world.channel, "digest preview")
    assert "3 papers of it did not arrive (yet)" in said(result)
    assert result.response is not None
    await world.admin.click(result.response, label="Only what is still to come")
    assert "3 not posted. Its message could not be posted; /digest resolve posts it again." in said(
        result
    )


async def test_status_shows_all_digests_of_this_server_and_no_others(world: World) -> None:
    vision = world.guild.create_text_channel("vision")
    await world.set_up()
    await world.set_up(channel=vision, categories="math.AG")
    await world.store.subscriptions.set_subscription(
        guild_id=5, channel_id=1, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    text = await status(world)
    assert "#papers" in text
    assert "#vision" in text
    assert "cs.SE" not in text
    one = await status(world, channel=vision)
    assert "math.AG" in one
    assert "#papers" not in one


async def test_troubles_of_other_servers_are_not_shown(world: World) -> None:
    await world.set_up()
    other = await world.store.subscriptions.set_subscription(
        guild_id=5, channel_id=1, categories=["cs.SE"], announce_types=[],
        post_at=None, zone="UTC", style="cards", now=world.clock.now(),
    )  # fmt: skip
    await world.delivery.stop()
    await world.store.outbox.plan(other, DAY, [make_draft(make_paper())], now=world.clock.now())
    record = await world.store.outbox.claim(1, world.clock.now())
    assert record is not None
    await world.store.outbox.mark_failed(record.id, make_reason("refused"), world.clock.now())
    assert "trouble" not in await status(world)


async def test_status_says_how_to_start(world: World) -> None:
    assert "/digest setup" in await status(world)
    await world.set_up()
    assert "none yet; /digest send posts the newest listing now" in await status(world)


async def test_what_holds_up_everything_is_said_first(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error("POST", PATCH, status=403, code=0, message="Attention Required!")
    await world.admin.slash(world.channel, "digest send")
    assert world.delivery.held_until is not None
    assert (await status(world)).startswith("Nothing is posted anywhere at the moment: Discord")
    await world.store.facts.set("restored_at", "2024-03-05")
    assert "restored from a backup" in await status(world)


async def test_a_digest_is_delivered_after_its_message_is_gone(world: World) -> None:
    """Somebody deleted it: it was posted all the same."""
    await world.set_up()
    await world.delivery.stop()
    await world.store.outbox.plan(
        await subscription(world), DAY, [make_draft(make_paper())], now=world.clock.now()
    )
    await world.store.digests.record(
        world.channel.id, DAY, announced=1, planned=1, now=world.clock.now()
    )
    record = await world.store.outbox.claim(world.channel.id, world.clock.now())
    assert record is not None
    await world.store.outbox.mark_sent(
        record.id, None, world.clock.now(), make_reason("deleted on Discord")
    )
    (delivery,) = await world.store.outbox.list_deliveries(world.channel.id)
    assert delivery.state is DeliveryState.SENT
    assert "1 of 1 message delivered" in await status(world)
