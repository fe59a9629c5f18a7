"""Topics that examples lead to: each query with what it finds, and what to make of them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import discord

from bot.digest.trial import Trial
from bot.models import ArxivId
from bot.text.words import count_of, joined
from bot.ui.drafts import Draft
from bot.ui.replies import COLOUR, code
from bot.ui.trial import say_rate

MOST_NAMED = 10
MOST_OFFERED = 8
"""An embed and a button each; Discord shows ten embeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A query made from examples: how many ``of`` them it finds, and what it would have posted."""

    query: str
    found: int
    of: int
    trial: Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class FromPapers:
    """What examples led to: a query, others around it, or one for each group of examples.

    ``best`` is None where the examples share no telling word. ``groups`` pair papers with their
    query where the examples have little in common; ``unknown`` are not in the archive.
    """

    best: Offered | None
    narrower: Offered | None = None
    wider: Offered | None = None
    groups: tuple[tuple[tuple[ArxivId, ...], Offered], ...] = ()
    unknown: tuple[ArxivId, ...] = ()

    @property
    def offered(self) -> tuple[tuple[str, Offered], ...]:
        """All that is offered, each with what it is called."""
        named = [("Proposal", self.best), ("Narrower", self.narrower), ("Wider", self.wider)]
        groups = [(f"Group {number}", each) for number, (_, each) in enumerate(self.groups, 1)]
        return (*((name, each) for name, each in named if each is not None), *groups)[:MOST_OFFERED]

    def group_of(self, number: int) -> tuple[ArxivId, ...]:
        """Return the papers of what is offered at that place, if it is of a group."""
        at = number - sum(each is not None for each in (self.best, self.narrower, self.wider))
        return self.groups[at][0] if 0 <= at < len(self.groups) else ()


def say_offered(offered: Offered, categories: Sequence[str]) -> str:
    """Return ``finds 9 of your 10; 4 a week; 2 % of cs.LG``."""
    trial = offered.trial
    said = f"finds {offered.found} of your {offered.of}"
    if not trial.announced:
        return f"{said}; no listing is stored to try it on"
    rate = say_rate(trial) if trial.matched else "none in the last weeks"
    share = f"{trial.share:.0%}" if trial.share >= 0.01 or not trial.matched else "less than 1%"
    return f"{said}; {rate}; {share} of {joined(categories[:5])}"


def say_about(found: FromPapers) -> Iterator[str]:
    """Say what is to be known before a query is chosen."""
    if found.unknown:
        names = ", ".join(found.unknown[:MOST_NAMED])
        more = len(found.unknown) - MOST_NAMED
        verb = "is" if len(found.unknown) == 1 else "are"
        yield (
            f"{count_of(len(found.unknown), 'paper')} {verb} not in my archive, so I did without: "
            f"{names}{f' and {more} more' if more > 0 else ''}."
        )
    if found.best is None:
        yield "These papers share no word that tells them apart from others."
    elif found.groups:
        count = len(found.groups)
        yield (
            f"They have little in common: no word is in half of them. I parted them into "
            f"{count_of(count, 'group')}, each with a query of its own."
        )


def render_from_papers(
    found: FromPapers, name: str, categories: Sequence[str]
) -> list[discord.Embed]:
    """Show what examples led to, first what is to be known, then an embed for each query."""
    said = list(say_about(found))
    embeds = [discord.Embed(description="\n".join(said), colour=COLOUR)] if said else []
    for number, (heading, offered) in enumerate(found.offered):
        lines = [f"**{heading}** {code(offered.query)}", say_offered(offered, categories)]
        papers = found.group_of(number)
        if papers:
            lines.append(f"-# {', '.join(papers[:MOST_NAMED])}")
        note = Draft(name=name, query=offered.query).note
        embeds.append(
            discord.Embed(description="\n".join(lines), colour=COLOUR).set_footer(text=note)
        )
    return embeds[:10]
