"""A weekly digest, alone or beside the daily one: one post, the rest by day, each paper once."""

from datetime import date, datetime, timedelta

import discord
import simcord

from bot.arxiv.calendar import EASTERN
from tests.builders import make_listing, make_papers
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

MONDAY = date(2024, 3, 11)
FRIDAY = date(2024, 3, 15)
A_DAY = 30


async def announce_week(world: World) -> None:
    """Store five days of papers, numbered 1 to 150, and let it be Friday."""
    for number in range(5):
        day = MONDAY + timedelta(days=number)
        world.clock.advance_to(datetime(day.year, day.month, day.day, 1, tzinfo=EASTERN))
        papers = make_papers(A_DAY, first=1 + A_DAY * number)
        await world.announce(make_listing(*papers, announced_on=day))


async def post_due(world: World) -> list[discord.Message]:
    """Plan and deliver; returns the new messages, oldest first."""
    before = {each.id for each in world.channel.history()}
    await world.pipeline.plan_due()
    await world.delivery.run_once()
    return [each for each in world.channel.history() if each.id not in before]


def found_in(text: str) -> set[int]:
    return {int(word[5:10]) for word in text.split("/abs/")[1:]}


def papers_of(messages: list[discord.Message]) -> set[int]:
    embeds = [embed for each in messages for embed in each.embeds]
    return set().union(
        *(found_in(f"{embed.url or ''} {embed.description or ''}") for embed in embeds)
    )


async def read_all(world: World, message: discord.Message, label: str) -> set[int]:
    result = await world.member.click(message, label=label)
    assert is_private(result)
    seen = found_in(shown(result))
    while labels(result).get("Next →"):
        assert result.response is not None
        result = await world.member.click(result.response, label="Next →")
        seen |= found_in(shown(result))
    return seen


async def set_up(world: World, every: str = "week", **options: object) -> simcord.InteractionResult:
    world.clock.advance_to(datetime(2024, 3, 10, 12, tzinfo=EASTERN))
    result = await world.set_up(every=every, **options)
    for name, query in (("some", "id:2403.00007 OR id:2403.00140"), ("all", "category:cs.CV")):
        await world.store.subscriptions.set_topic(world.channel.id, name, query)
    return result


async def test_a_week_is_one_post_with_the_best_and_the_rest_by_day(world: World) -> None:
    said = shown(await set_up(world, top=2))
    assert "every Friday as soon as announced" in said
    assert "the week to Fri, 15 Mar 2024" in said
    await announce_week(world)
    (message,) = await post_due(world)
    assert "cs.CV · week to Fri, 15 Mar 2024" in message.content
    assert (
        "150 announced (150 new)\n150 match · 2 posted · 148 more behind a button"
        in message.content
    )
    assert "best matches first" in message.content
    assert papers_of([message]) == {7, 140}
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    buttons = [
        str(each.label) for row in rows for each in row.children if isinstance(each, discord.Button)
    ]
    assert buttons == [
        "Mon, 11 Mar: 29 more",
        "Tue, 12 Mar: 30 more",
        "Wed, 13 Mar: 30 more",
        "Thu, 14 Mar: 30 more",
        "Fri, 15 Mar: 29 more",
    ]
    by_day = [await read_all(world, message, label) for label in buttons]
    assert by_day[1] == set(range(31, 61))
    assert set().union(*by_day) == set(range(1, 151)) - {7, 140}
    assert await post_due(world) == []


async def test_both_cadences_post_every_paper_once_each(world: World) -> None:
    await set_up(world, "day and week", style="list", top=1)
    daily: list[discord.Message] = []
    for number in range(5):
        day = MONDAY + timedelta(days=number)
        world.clock.advance_to(datetime(day.year, day.month, day.day, 1, tzinfo=EASTERN))
        papers = make_papers(A_DAY, first=1 + A_DAY * number)
        await world.announce(make_listing(*papers, announced_on=day))
        daily += await post_due(world)
    weeks = [each for each in daily if "week to" in each.content]
    others = [each for each in daily if each not in weeks]
    assert len(weeks) == 1
    assert papers_of(others) == set(range(1, 151))
    assert len(papers_of(weeks)) == 1
    for command in ("status", "list"):
        said = shown(await world.admin.slash(world.channel, f"digest {command}"))
        assert "week to Fri, " in said
        assert "every day and every Friday" in said


async def test_commands_say_which_digest_is_meant(world: World) -> None:
    await set_up(world, "day and week", style="list", top=1)
    await announce_week(world)
    slash, channel = world.admin.slash, world.channel
    preview = shown(await slash(channel, "digest preview", every="week", date="2024-03-13"))
    assert "the week to Fri, 15 Mar 2024" in preview
    assert "1 would be posted · 149 more behind a button" in preview
    sent = shown(await slash(channel, "digest send", every="week"))
    assert (
        "1 posted · 149 more behind a button, in 1 message, of the week to Fri, 15 Mar 2024" in sent
    )
    assert "Nothing new to post" in shown(await slash(channel, "digest send", every="week"))
    audit = shown(await slash(channel, "digest audit", every="week", month="2024-03"))
    assert "150 announced · 1 posted · 149 more behind a button" in audit
    why = shown(await slash(channel, "digest why", paper="2403.00090"))
    assert "week to Fri, 15 Mar 2024: It was not among the papers that the digest shows" in why
    assert "- Wed, 13 Mar 2024: " in why


async def test_a_week_that_was_missed_is_caught_up_and_a_late_list_follows(world: World) -> None:
    await set_up(world, top=1)
    await announce_week(world)
    world.clock.advance_to(datetime(2024, 3, 19, 12, tzinfo=EASTERN))
    (message,) = await post_due(world)
    assert "week to Fri, 15 Mar 2024" in message.content
    late = make_listing(*make_papers(3, first=201), announced_on=FRIDAY)
    world.clock.advance(timedelta(minutes=1))
    await world.announce(late)
    (supplement,) = await post_due(world)
    assert "week to Fri, 15 Mar 2024 · supplement" in supplement.content
    assert not papers_of([supplement]) & papers_of([message])


async def test_a_week_without_a_match_says_so_once_if_it_is_wanted(world: World) -> None:
    world.clock.advance_to(datetime(2024, 3, 10, 12, tzinfo=EASTERN))
    await world.set_up(every="week", quiet_days="all")
    await world.store.subscriptions.set_topic(world.channel.id, "none", "id:2403.09999")
    await announce_week(world)
    (line,) = await post_due(world)
    assert line.content == (
        "-# No digest of cs.CV · week to Fri, 15 Mar 2024: none of 150 announced papers matches a "
        "topic."
    )
    assert await post_due(world) == []


async def test_a_weekly_digest_begins_with_the_week_in_which_it_was_set_up(world: World) -> None:
    await announce_week(world)
    world.clock.advance_to(datetime(2024, 3, 16, 12, tzinfo=EASTERN))
    await world.set_up(every="week")
    assert await post_due(world) == []
    world.clock.advance_to(datetime(2024, 3, 22, 12, tzinfo=EASTERN))
    await world.announce(make_listing(*make_papers(4, first=301), announced_on=date(2024, 3, 22)))
    (message,) = await post_due(world)
    assert papers_of([message]) == {301, 302, 303, 304}


async def test_what_makes_no_sense_is_said_in_a_sentence(world: World) -> None:
    assert "add every:week" in shown(await world.set_up(weekday="Monday"))
    await world.set_up()
    said = shown(await world.admin.slash(world.channel, "digest preview", every="week"))
    assert "This channel has no digest every 'week'; it has one every day." in said
