"""How a date's digest came about is told within Discord's limits, whatever happened."""

from datetime import timedelta

from bot.digest.outlook import Outlook
from bot.models import IntakeCode, IntakeReason, IntakeVerdict, JudgedStep
from bot.ui.day import DayStory, render_day
from tests.builders import DAY, NOW, make_subscription


def story(steps: dict[str, list[JudgedStep]]) -> DayStory:
    return DayStory(
        subscription=make_subscription(categories=list(steps)),
        channel="[#papers](https://discord.com/channels/1/2)",
        day=DAY,
        outlook=Outlook(day=DAY + timedelta(days=1)),
        steps=steps,
    )


def growing(count: int, note: str = "") -> list[JudgedStep]:
    return [
        JudgedStep(
            at=NOW + timedelta(minutes=number),
            verdict=IntakeVerdict.GROWING,
            reason=IntakeReason(
                code=IntakeCode.OTHER, text=f"{number} papers of many *@everyone*{note}"
            ),
        )
        for number in range(1, count + 1)
    ]


def test_a_listing_that_grew_for_hours_is_told_by_its_beginning_and_end() -> None:
    """What it came to is the last line."""
    text = render_day(story({"cs.CV": growing(20)})).description or ""
    lines = [line for line in text.splitlines() if "papers of many" in line]
    numbers = [int(line.partition("(")[2].split()[0]) for line in lines]
    assert numbers == [1, 2, 17, 18, 19, 20]
    assert "… 14 more" in text
    assert "@everyone" not in text


def test_six_steps_are_told_in_full() -> None:
    text = render_day(story({"cs.CV": growing(6)})).description or ""
    assert text.count("papers of many") == 6
    assert "more" not in text


def test_many_categories_that_each_went_their_way_fit() -> None:
    steps = {
        f"cs.{number:02}": growing(9, f" in cs.{number} " + "x " * 200) for number in range(60)
    }
    embed = render_day(story(steps))
    assert len(embed) < 6000
    assert len(embed.description or "") <= 4096
