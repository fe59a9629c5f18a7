"""What `/digest audit` and the command `audit` say: the account of a period. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import discord

from bot.digest.audit import DayAudit, Whereabouts
from bot.digest.models import Subscription
from bot.models import IntakeVerdict
from bot.text.words import count_of, joined, long_date, month_name
from bot.ui.digest_status import FULL, name_categories
from bot.ui.intake import VERDICTS, say_state
from bot.ui.replies import COLOUR, fitting_lines
from bot.ui.tally import SEPARATOR

_SAID: Mapping[Whereabouts, str] = {
    Whereabouts.POSTED: "posted",
    Whereabouts.BEFORE: "posted with another day",
    Whereabouts.OFFERED: "more behind a button",
    Whereabouts.ELSEWHERE: "in other channels",
    Whereabouts.NOT_MATCHED: "not matched",
    Whereabouts.ON_ITS_WAY: "on the way",
    Whereabouts.FAILED: "failed",
    Whereabouts.UNKNOWN: "unknown whether they arrived",
    Whereabouts.LEFT: "left out by an admin",
    Whereabouts.NOT_POSTED: "not posted",
}

_HELP: Mapping[Whereabouts, str] = {
    Whereabouts.FAILED: "failed: `/digest resolve` posts them again",
    Whereabouts.UNKNOWN: "unknown: `/digest resolve` settles them",
    Whereabouts.NOT_POSTED: (
        "not posted: they match by today's settings; the digest of that day was decided before, or "
        "there was none yet. `/digest send` with the date posts them"
    ),
}


def render_audit(
    subscription: Subscription, month: date, days: Sequence[DayAudit]
) -> discord.Embed:
    """Say the sums of a month, what to do about what is not in order, and then each date."""
    total = sum_up(days)
    lines = [f"**{_say_papers(total)}**", *(_HELP[where] for where in _HELP if total.get(where))]
    if not days:
        lines = ["No announcement of that month is known yet."]
    lines += [f"- {say_day(each)}" for each in days]
    return discord.Embed(
        title=f"{name_categories(subscription.categories)} · {month_name(month)}",
        description=fitting_lines(lines, FULL),
        colour=COLOUR,
    ).set_footer(text="Why one paper was or was not posted: /digest why")


def sum_up(days: Sequence[DayAudit]) -> Mapping[Whereabouts, int]:
    """Add up where the papers of several dates are."""
    return sum((Counter(each.papers) for each in days), Counter())


def say_day(audit: DayAudit) -> str:
    """Account for one date in one line, with what is to be said about its listings."""
    return _say(audit, _say_papers(audit.papers))


def say_listed(audit: DayAudit) -> str:
    """Say how many papers a date announced, whatever became of them."""
    return _say(audit, f"{audit.announced:,} announced")


def _say(audit: DayAudit, papers: str) -> str:
    parts = [*([papers] if audit.announced else []), *_listings(audit)]
    return f"{long_date(audit.day)}: {SEPARATOR.join(parts) or 'no listing is known'}"


def _say_papers(papers: Mapping[Whereabouts, int]) -> str:
    said = [f"{sum(papers.values()):,} announced"]
    said += [f"{papers[where]:,} {words}" for where, words in _SAID.items() if papers.get(where)]
    return SEPARATOR.join(said)


def _listings(audit: DayAudit) -> Iterator[str]:
    """Say what is missing or uncertain, and how the listings were checked."""
    for record in audit.records:
        if record.verdict is not None and record.verdict is not IntakeVerdict.COMPLETE:
            why = say_state(record)
            yield f"{record.category} {VERDICTS[record.verdict]}{f' ({why})' if why else ''}"
    asked = [each for each in audit.checks if each.on_page is not None]
    for each in asked:
        if not each.agrees:
            yield (
                f"{each.category}: {count_of(each.papers, 'paper')} in the feed, "
                f"{each.on_page:,} on arXiv's page, which counts"
            )
    same = [each.category for each in asked if each.agrees]
    if same:
        yield f"as many as on arXiv's page of {joined(same)}"
