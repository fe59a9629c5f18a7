"""What a trial of a topic came to: counts, a bar a day, the newest papers it would bring. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, Protocol

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.trial import DAYS_A_WEEK, Trial
from bot.models import Paper
from bot.text import markdown
from bot.text.words import count_of, day_and_month, long_date
from bot.ui.embeds import UNTITLED
from bot.ui.replies import COLOUR, code, fitting_lines

BARS: Final = "▁▂▃▄▅▆▇█"
NO_LIST: Final = " "
MAX_TITLE: Final = 110
MAX_WORDS: Final = 60
MOST_WORDS: Final = 5
MAX_LISTED: Final = 3000


class Shown(Protocol):
    """A paper that a topic would have posted on ``day``, and the words of it that matched."""

    @property
    def paper(self) -> Paper: ...
    @property
    def day(self) -> date: ...
    @property
    def words(self) -> tuple[str, ...]: ...


def say_trial(trial: Trial, today: date | None = None) -> str:
    """Say in one sentence what a topic would have posted."""
    newest = trial.newest
    if newest is None:
        return "No listing is stored yet, so I cannot say what it would post."
    of = f"{newest.announced:,} of {long_date(newest.day)}"
    if newest.day == today:
        of = f"today's {newest.announced:,}"
    return f"{newest.matched:,} of {of}; {say_weeks(trial)}"


def say_weeks(trial: Trial) -> str:
    """Say what a topic would have posted over the weeks, and what it adds to the other topics."""
    if not trial.matched:
        said = f"none {_say_span(trial)}"
    else:
        said = (
            f"{trial.matched:,} {_say_span(trial)}, {say_rate(trial)}; never more than "
            f"{trial.most:,} a day"
        )
    if trial.added is None or not trial.matched:
        return f"{said}."
    if not trial.added:
        return f"{said}. The channel's other topics bring all of them."
    if trial.added == trial.matched:
        return f"{said}. None of them comes by the channel's other topics."
    return f"{said}. {trial.added:,} of them come by no other topic of the channel."


def say_rate(trial: Trial) -> str:
    """Return ``8 a week``, or what is rarer than one a week."""
    return f"{trial.a_week:.0f} a week" if trial.a_week >= 1 else "less than one a week"


def _say_span(trial: Trial) -> str:
    weeks = "the last week" if trial.weeks == 1 else f"the last {trial.weeks} weeks"
    if len(trial.days) > (trial.weeks - 1) * DAYS_A_WEEK:
        return f"in {weeks}"
    dates = count_of(len(trial.days), "listing")
    return f"in the {dates} that {'is' if len(trial.days) == 1 else 'are'} stored of {weeks}"


def draw_bars(trial: Trial) -> str:
    """Draw a line a week, a bar a day from Monday to Friday, and the week's papers."""
    by_day = {each.day: each.matched for each in trial.days}
    weeks = sorted({_monday(day) for day in by_day})
    return "\n".join(_draw_week(monday, by_day, trial.most) for monday in weeks)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _draw_week(monday: date, by_day: dict[date, int], most: int) -> str:
    days = [monday + timedelta(days=number) for number in range(7)]
    shown = [day for day in days if day.weekday() < DAYS_A_WEEK or day in by_day]
    bars = "".join(_bar(by_day[day], most) if day in by_day else NO_LIST for day in shown)
    papers = sum(by_day.get(day, 0) for day in days)
    return f"`{day_and_month(monday):>6} {bars}` {papers:,}"


def _bar(papers: int, most: int) -> str:
    return BARS[0] if not papers else BARS[max(1, round(papers / most * (len(BARS) - 1)))]


def list_shown(papers: Iterable[Shown]) -> list[str]:
    """Write each paper on a line: its title with a link, and the words that matched."""
    return [_line(each) for each in papers]


def _line(shown: Shown) -> str:
    title = markdown.plain(" ".join(shown.paper.title.split()), MAX_TITLE) or UNTITLED
    words = ", ".join(shown.words[:MOST_WORDS])
    why = f" · *{markdown.shorten(words, MAX_WORDS)}*" if words else ""
    return f"- {markdown.masked_link(title, abs_url(shown.paper.arxiv_id))}{why}"


def render_trial(trial: Trial, papers: Sequence[Shown], today: date) -> discord.Embed:
    """Show a whole trial; ``papers`` are the newest of what it found."""
    return discord.Embed(
        description="\n".join(_parts(trial, papers, today)), colour=COLOUR
    ).set_footer(text="Counted as posting counts; nothing is saved or posted by a test.")


def _parts(trial: Trial, papers: Sequence[Shown], today: date) -> Iterator[str]:
    yield code(trial.topic.query)
    yield f"**{say_trial(trial, today)}**"
    if trial.matched:
        yield draw_bars(trial)
    if papers:
        yield f"**The newest {len(papers)}**" if len(papers) > 1 else "**The newest**"
        yield fitting_lines(list_shown(papers), MAX_LISTED)
