"""A digest with a cap: so many papers in the channel, the others a press away, none lost."""

import pytest

from bot.models import ArxivId
from tests.builders import DAY, make_listing, make_papers
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

PAPERS, CAP = 60, 20
IDS = {ArxivId(f"2403.{number:05}") for number in range(1, PAPERS + 1)}


async def announce(world: World, **options: object) -> None:
    await world.set_up(style="list", cap=CAP, **options)
    await world.announce(make_listing(*make_papers(PAPERS)))


async def send(world: World, **options: object) -> str:
    return shown(await world.admin.slash(world.channel, "digest send", **options))


def found_in(text: str) -> set[str]:
    return {word[:10] for word in text.split("/abs/")[1:]}


def in_channel(world: World) -> set[str]:
    texts = (embed.description or "" for each in world.channel.history() for embed in each.embeds)
    return set().union(*map(found_in, texts))


async def test_every_paper_is_in_the_channel_or_behind_the_button(world: World) -> None:
    await announce(world)
    assert "20 posted · 40 more behind a button" in await send(world)
    (message,) = world.channel.history()
    assert "60 announced (60 new)\n20 posted · 40 more behind a button" in message.content
    assert "20 posted here · 40 more behind a button" in (message.embeds[-1].footer.text or "")
    result = await world.member.click(message, label="+40 more")
    assert is_private(result)
    assert "40 papers of 60 announced are beyond what the digest" in shown(result)
    seen = found_in(shown(result))
    while labels(result).get("Next →"):
        assert result.response is not None
        result = await world.member.click(result.response, label="Next →")
        seen |= found_in(shown(result))
    assert in_channel(world) | seen == IDS
    assert not in_channel(world) & seen


async def test_what_was_offered_is_posted_only_when_an_admin_asks(world: World) -> None:
    await announce(world)
    await send(world)
    assert "Nothing new to post" in await send(world)
    assert await world.pipeline.plan_due() == 0
    assert "40 posted" in await send(world, offered=True)
    assert in_channel(world) == IDS
    assert "Nothing new to post" in await send(world, offered=True)


async def test_the_best_matches_are_those_that_are_posted(world: World) -> None:
    await world.set_up(style="brief", cap=1)
    await world.announce(make_listing(*make_papers(PAPERS)))
    for name, query in (("all", "category:cs.CV"), ("one", "id:2403.00031")):
        await world.admin.slash(world.channel, "topic add", name=name, query=query)
    await send(world)
    (message,) = world.channel.history()
    assert message.embeds[0].url == "https://arxiv.org/abs/2403.00031"


async def test_the_cap_is_accounted_for_wherever_one_looks(world: World) -> None:
    await announce(world)
    slash, channel = world.admin.slash, world.channel
    preview = shown(await slash(channel, "digest preview"))
    assert "20 would be posted · 40 more behind a button" in preview
    assert "It is not among the papers that the digest shows" in preview
    assert "At most: 20 papers a digest, the others behind a button" in shown(
        await slash(channel, "digest list")
    )
    await send(world)
    assert "60 announced · 20 posted · 40 more behind a button" in shown(
        await slash(channel, "digest status")
    )
    assert "60 announced · 20 posted · 40 more behind a button" in shown(
        await slash(channel, "digest audit", month=f"{DAY:%Y-%m}")
    )
    said = shown(await slash(channel, "digest why", paper="2403.00060"))
    assert "the button “more” below its last message opens it" in said


@pytest.mark.parametrize("cap", [0, PAPERS])
async def test_without_a_cap_that_leaves_out_something_there_is_no_button(
    world: World, cap: int
) -> None:
    await announce(world)
    await world.set_up(cap=cap)
    await send(world)
    assert in_channel(world) == IDS
    assert not [row for each in world.channel.history() for row in each.components[1:]]
