"""`/digest why`: the one sentence an admin wants when a paper is missing."""

from datetime import timedelta

import pytest
import simcord

from bot.models import AnnounceType, DayRecord, IntakeCode, IntakeReason, IntakeVerdict
from tests.builders import DAY, make_listing, make_paper, make_papers
from tests.cogs.replies import is_private, shown
from tests.conftest import World

GRAPH, DIFFUSION = "2403.00001", "2403.00004"


async def why(world: World, paper: str, **options: object) -> str:
    result = await world.admin.slash(world.channel, "digest why", paper=paper, **options)
    assert is_private(result)
    return plain(result)


def plain(result: simcord.InteractionResult) -> str:
    return shown(result).replace("*", "").replace("`", "")


async def test_a_posted_paper_is_linked(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    said = await why(world, f"https://arxiv.org/pdf/{GRAPH}v1")
    assert f"[{GRAPH}](<https://arxiv.org/abs/{GRAPH}>) Graph networks, part 1" in said
    assert "Tue, 5 Mar 2024: Version 1 was posted in this channel before." in said
    assert world.channel.history()[0].jump_url in said


async def test_a_paper_that_matches_no_topic_says_which(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="diffusion", query="diffusion")
    await world.pipeline.plan_due()
    assert "It does not match the topic 'diffusion'." in await why(world, GRAPH)
    assert "Its message is on its way" in await why(world, DIFFUSION)


async def test_a_paper_to_come_says_so(world: World) -> None:
    await world.set_up()
    await world.announce()
    assert "It will come with the next digest" in await why(world, GRAPH)


async def test_a_paper_that_a_changed_topic_brings_says_how_to_get_it(world: World) -> None:
    """What an admin changes holds from the next digest on."""
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="frogs", query="axolotl")
    await world.pipeline.plan_due()
    await world.admin.slash(world.channel, "topic remove", name="frogs")
    assert "/digest send date:2024-03-05 posts what is missing" in await why(world, GRAPH)
    result = await world.admin.slash(world.channel, "digest send", date="2024-03-05")
    assert "25 announced (25 new) · 25 posted" in plain(result)


async def test_a_paper_whose_message_failed_says_what_helps(world: World) -> None:
    await world.set_up()
    await world.announce()
    world.env.inject_error(
        "POST", "/channels/*/messages", status=403, code=50013, message="Missing Permissions"
    )
    await world.admin.slash(world.channel, "digest send")
    assert "could not be posted; /digest resolve posts it again" in await why(world, GRAPH)


async def test_every_announcement_of_a_paper_is_told(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(make_paper(1)))
    later = make_listing(
        (make_paper(1, version=2), AnnounceType.REPLACE), announced_on=DAY + timedelta(days=1)
    )
    await world.announce(later)
    said = await why(world, GRAPH)
    assert "Wed, 6 Mar 2024: It is a replacement in cs.CV; this channel follows" in said
    assert said.index("Wed, 6 Mar") < said.index("Tue, 5 Mar")


async def test_a_paper_of_other_categories_says_of_which(world: World) -> None:
    await world.set_up()
    await world.announce(make_listing(make_paper(1, categories=["cs.SE"]), category="cs.SE"))
    said = await why(world, GRAPH)
    assert "no listing I know of cs.CV announces it" in said
    assert "It is a paper of cs.SE, first announced on Tue, 5 Mar 2024." in said


async def test_a_paper_never_seen_says_so(world: World) -> None:
    await world.set_up()
    assert "I have never seen it announced." in await why(world, "2403.99999")


@pytest.mark.parametrize("paper", ["attention", "2403.1", "@everyone"])
async def test_what_is_no_paper_says_what_is_right(world: World, paper: str) -> None:
    await world.set_up()
    assert "identifier" in await why(world, paper)


async def judge(world: World, verdict: IntakeVerdict, reason: str, category: str = "cs.CV") -> str:
    """Record a verdict as intake does, an hour after the last; returns its time as shown."""
    world.clock.advance(timedelta(hours=1))
    now = world.clock.now()
    why = IntakeReason(code=IntakeCode.OTHER, text=reason)
    record = DayRecord(category=category, day=DAY, verdict=verdict, reason=why)
    await world.store.intake.set_records([record], now=now)
    return f"<t:{int(now.timestamp())}:f>"


async def why_day(world: World) -> str:
    result = await world.admin.slash(world.channel, "digest why", date=DAY.isoformat())
    assert is_private(result)
    return plain(result)


async def test_a_late_digest_says_what_its_listing_went_through(world: World) -> None:
    await world.set_up()
    first = await judge(world, IntakeVerdict.STALE, "the feed repeats an earlier day")
    second = await judge(world, IntakeVerdict.COMPLETE, "complete after: it repeated")
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    said = await why_day(world)
    assert "Listing of cs.CV\n" in said
    assert f"- {first} it is not out yet (the feed repeats an earlier day)\n" in said
    assert f"- {second} it is complete\n" in said
    messages = len(world.channel.history())
    together = f"- <t:{int(world.clock.now().timestamp())}:f> put together: "
    assert f"{together}{messages} of {messages} messages delivered by <t:" in said


async def test_categories_that_went_through_the_same_are_told_together(world: World) -> None:
    await world.subscribe("cs.CV", "cs.LG", "cs.SE")
    for category in ("cs.CV", "cs.LG"):
        await judge(world, IntakeVerdict.EMPTY_UNEXPECTED, "taken for a holiday", category)
    said = await why_day(world)
    assert "Listing of cs.CV, cs.LG\n" in said
    assert said.count("it is empty so far (taken for a holiday)") == 1
    assert "Listing of cs.SE: arXiv was not asked about it" in said


async def test_a_digest_to_come_says_what_it_waits_for(world: World) -> None:
    await world.set_up(time="23:00")
    await world.announce()
    assert "nothing yet; next digest: <t:" in await why_day(world)


async def test_a_date_on_which_nothing_was_for_the_channel_says_so(world: World) -> None:
    await world.set_up(time="09:00")
    await world.announce()
    await world.admin.slash(world.channel, "topic add", name="frogs", query="axolotl")
    await world.pipeline.plan_due()
    assert "of the 25 papers announced was for this channel" in await why_day(world)


async def test_what_was_split_is_not_counted_twice(world: World) -> None:
    """Its papers are in other messages."""
    await world.set_up()
    await world.announce(make_listing(*make_papers(2)))
    world.env.inject_error(
        "POST", "/channels/*/messages", status=400, code=50035, message="Invalid Form Body"
    )
    await world.admin.slash(world.channel, "digest send")
    assert "2 of 2 messages delivered" in await why_day(world)


async def test_a_paper_and_a_date_are_both_told(world: World) -> None:
    await world.subscribe()
    await world.announce()
    said = await why(world, GRAPH, date=DAY.isoformat())
    assert "It will come with the next digest" in said
    assert "Listing of cs.CV: it was imported" in said


async def test_neither_a_paper_nor_a_date_says_what_to_name(world: World) -> None:
    await world.set_up()
    result = await world.admin.slash(world.channel, "digest why")
    assert is_private(result)
    assert "Name a paper, or the date" in plain(result)


async def test_titles_complete_to_papers(world: World) -> None:
    await world.announce()
    choices = await world.admin.autocomplete(world.channel, "digest why", "paper", "part 7")
    assert {"name": "Graph networks, part 7", "value": "2403.00007"} in choices
