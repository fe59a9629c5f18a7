"""`/digest audit`: a month's papers, each accounted for."""

from datetime import timedelta

import pytest
import simcord

from bot.models import AnnounceType
from tests.builders import DAY, make_listing, make_paper, make_papers
from tests.cogs.replies import is_private, shown
from tests.conftest import World


async def audit(world: World, **options: object) -> simcord.InteractionResult:
    return await world.admin.slash(world.channel, "digest audit", **options)


def plain(result: simcord.InteractionResult) -> str:
    return shown(result).replace("*", "")


async def test_a_posted_day_and_its_left_out_papers_add_up(world: World) -> None:
    await world.set_up()
    replaced = (make_paper(99), AnnounceType.REPLACE)
    await world.announce(make_listing(*make_papers(25), replaced))
    await world.admin.slash(world.channel, "topic add", name="one", query="id:2403.00007")
    await world.admin.slash(world.channel, "digest send")
    result = await audit(world, month="2024-03")
    assert is_private(result)
    said = plain(result)
    assert "cs.CV · Mar 2024" in said
    assert said.count("25 announced · 1 posted · 24 not matched") == 2  # the sum, and the day
    assert "- Tue, 5 Mar 2024: 25 announced" in said


async def test_what_was_announced_again_is_said_to_be_posted_with_another_day(world: World) -> None:
    await world.set_up()
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    await world.announce(make_listing(*make_papers(25), announced_on=DAY + timedelta(days=1)))
    said = plain(await audit(world, month="2024-03"))
    assert "Tue, 5 Mar 2024: 25 announced · 25 posted" in said
    assert "Wed, 6 Mar 2024: 25 announced · 25 posted with another day" in said


async def test_what_could_be_posted_still_says_how(world: World) -> None:
    await world.set_up()
    await world.announce()
    said = plain(await audit(world, month="2024-03"))
    assert "25 announced · 25 not posted" in said
    assert "`/digest send` with the date posts them" in said


async def test_an_announcement_day_without_a_listing_is_named(world: World) -> None:
    await world.set_up()
    await world.announce()
    said = plain(await audit(world, month="2024-03"))
    assert "Mon, 4 Mar 2024: no listing is known" in said
    assert "Sun, 3 Mar 2024" not in said


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("March", "'March' is not a month; write year and month, like 2026-10."),
        ("2024-13", "is not a month"),
        ("0001-01", "is not a month"),
        ("9999-01", "9999-01 is still to come"),
    ],
)
async def test_a_month_that_is_none_is_said_so(world: World, month: str, said: str) -> None:
    await world.set_up()
    result = await audit(world, month=month)
    assert said in shown(result)
    assert is_private(result)
