"""What a trial of a topic is said to have come to."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.arxiv.calendar import is_announcement_day
from bot.digest.models import Topic
from bot.digest.select import merge
from bot.digest.trial import AnnouncedDate, Trial, try_topic
from bot.models import ArxivId
from bot.text import markdown
from bot.topics.trials import MatchedPaper
from bot.ui.trial import draw_bars, render_trial, say_trial
from tests.builders import DAY, make_listing, make_paper, make_subscription

MONDAY = date(2024, 3, 4)


def trial_of(counts: Sequence[int], *, weeks: int = 4, others: frozenset[ArxivId] | None = None,
             announced: int = 300) -> Trial:  # fmt: skip
    """Try a topic that finds so many papers each day from Monday, 4 March on."""
    day, days = MONDAY, list[date]()
    while len(days) < len(counts):
        if is_announcement_day(day):
            days.append(day)
        day += timedelta(days=1)
    papers = {
        day: [make_paper(1000 * number + each) for each in range(announced)]
        for number, day in enumerate(days, 1)
    }
    found = {each.arxiv_id for n, day in enumerate(days) for each in papers[day][: counts[n]]}
    dates = [
        AnnouncedDate(day=day, papers=merge(["cs.CV"], [make_listing(*each, announced_on=day)]))
        for day, each in papers.items()
    ]
    trial = try_topic(
        make_subscription(), Topic(name="x", query="x"), dates, {"x": found}, weeks=weeks
    )
    return Trial(trial.topic, trial.days, weeks, others)


def test_a_trial_is_said_in_one_sentence() -> None:
    trial = trial_of([*[2] * 19, 3])
    assert say_trial(trial, trial.days[-1].day) == (
        "3 of today's 300; 41 in the last 4 weeks, 10 a week; never more than 3 a day."
    )
    assert say_trial(trial, DAY).startswith("3 of 300 of Fri, 29 Mar 2024; 41 in")


@pytest.mark.parametrize(
    ("counts", "weeks", "said"),
    [
        ([0] * 20, 4, "none in the last 4 weeks."),
        ([0, 1], 4, "1 in the 2 listings that are stored of the last 4 weeks"),
        ([1], 1, "1 in the last week, 5 a week"),
        ([1], 4, "1 in the 1 listing that is stored of the last 4 weeks"),
        ([*[0] * 19, 1], 4, "1 in the last 4 weeks, less than one a week"),
    ],
)
def test_what_is_stored_of_the_weeks_is_said(counts: list[int], weeks: int, said: str) -> None:
    assert said in say_trial(trial_of(counts, weeks=weeks), DAY)


def test_what_other_topics_bring_is_said() -> None:
    papers = trial_of([2] * 20).papers
    assert "bring all of them" in say_trial(trial_of([2] * 20, others=papers), DAY)
    assert "None of them comes by" in say_trial(trial_of([2] * 20, others=frozenset()), DAY)
    one = frozenset(list(papers)[:1])
    assert "39 of them come by no other" in say_trial(trial_of([2] * 20, others=one), DAY)


def test_without_listings_that_is_said() -> None:
    assert "No listing is stored yet" in say_trial(trial_of([]), DAY)


def test_bars_are_as_high_as_their_day_and_stand_in_their_week() -> None:
    assert draw_bars(trial_of([0, 1, 70, 35, 70, 7], announced=70)) == (
        "` 4 Mar ▁▂█▅█` 176\n`11 Mar ▂    ` 7"
    )


def test_a_trial_with_long_texts_fits_a_message() -> None:
    trial = trial_of([30] * 20)
    paper = make_paper(title="*_~[](" * 60)
    shown = MatchedPaper(paper=paper, day=DAY, words=("`*" * 80,) * 30)
    embed = render_trial(trial, [shown] * 10, DAY)
    assert markdown.width(embed.description or "") <= 4096
    assert "The newest 10" in (embed.description or "")
