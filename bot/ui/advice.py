"""What a person is told whose search found nothing, and the searches that are offered instead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import discord

from bot.query.ast import And, Node, Query, all_of
from bot.query.fields import Misnamed, as_meant
from bot.query.printer import print_node
from bot.query.results import (
    MOST_COUNTED,
    Advice,
    Answer,
    DoubtfulName,
    DoubtfulWord,
    SearchPage,
)
from bot.text import markdown
from bot.text.words import count_of
from bot.ui.replies import code, fitting_lines
from bot.ui.search import COLOUR, CUT_SHORT, title_of

MOST_DOUBTED = 5
MOST_BLAMED = 3
MOST_CHIPS = 5
MAX_LABEL = 80
MAX_SAID = 1000
MANY = 100  # papers; the advice counts no further

NOTHING_FOUND = "No paper matches."
HINTS = (
    "All words must occur in a paper, in any form (`train` finds *training*).\n"
    "- Try fewer words, or alternatives: `nerf OR splatting`.\n"
    "- Try a beginning: `segment*`.\n"
    '- Without quotes, the words of `"a phrase"` may stand apart.\n'
    "- Leave out a filter such as `category:`, `author:`, `since:` or `has:code`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Another search, and what its button says."""

    label: str
    query: str


def render_nothing(page: SearchPage, query: Query, advice: Advice) -> discord.Embed:
    """Say that nothing was found, and what would find something."""
    lines = [NOTHING_FOUND, *(say_advice(advice, code) or [HINTS])]
    if page.overran:
        lines.append(CUT_SHORT)
    return discord.Embed(title=title_of(query), description="\n".join(lines), colour=COLOUR)


def say_advice(advice: Advice, show: Callable[[str], str]) -> list[str]:
    """Put the advice into sentences; ``show`` sets words and queries off from them."""
    said = [_misname(each, show) for each in advice.misnamed[:MOST_DOUBTED]]
    said += [_doubt(each, show) for each in advice.doubtful[:MOST_DOUBTED]]
    said += [_doubt_name(each, show) for each in advice.names[:MOST_DOUBTED]]
    if advice.corrected:
        return [*said, f"Try {show(advice.corrected.text)}."]
    if advice.counts:
        said.append(_counts(advice.counts, show))
    for blame in advice.blame[:MOST_BLAMED] if len(advice.counts) != 2 else ():
        papers = count_of(blame.papers, "paper")
        more = " or more" if blame.papers >= MANY else ""
        said.append(f"Without {show(blame.part)} it finds {papers}{more}.")
    return said


def _counts(counts: Sequence[tuple[str, int]], show: Callable[[str], str]) -> str:
    """Say what each part finds; of two, that also says what is found without the other."""
    each = [
        f"{show(part)} {papers:,}{'+' if papers >= MOST_COUNTED else ''}" for part, papers in counts
    ]
    return f"Papers that match: {', '.join(each)}, {'both' if len(each) == 2 else 'all'} 0."


def _misname(field: Misnamed, show: Callable[[str], str]) -> str:
    name = field.typed.partition(":")[0]
    return f"There is no field {show(f'{name}:')}; did you mean {show(print_node(field.meant))}?"


def _doubt(doubtful: DoubtfulWord, show: Callable[[str], str]) -> str:
    word = show(doubtful.word)
    uses = "uses" if doubtful.papers == 1 else "use"
    said = f"Only {count_of(doubtful.papers, 'paper')} {uses} the word {word}"
    if not doubtful.papers:
        said = f"No paper uses the word {word}"
    alike = [show(each) for each in doubtful.suggestions]
    return f"{said}; did you mean {' or '.join(alike)}?" if alike else f"{said}."


def _doubt_name(doubtful: DoubtfulName, show: Callable[[str], str]) -> str:
    said = f"No author goes by {show(doubtful.name)}"
    alike = " or ".join(map(show, doubtful.nearest))
    return f"{said}; did you mean {alike}?" if alike else f"{said}."


def say_found(page: SearchPage, advice: Advice | None) -> str:
    """Say what a topic's query finds in the whole archive, in few enough words for a message."""
    if advice is None:
        total = count_of(page.total, "paper") if page.total_is_exact else f"{page.total:,}+ papers"
        return f"In the whole archive it finds {total}."
    lines = ["Nothing in the whole archive matches it either.", *say_advice(advice, code)]
    return fitting_lines(lines, MAX_SAID)


def make_suggestions(query: Query, advice: Advice) -> list[Suggestion]:
    """List the searches to offer, the likeliest first."""
    if advice.corrected:
        text = advice.corrected.text
        return [Suggestion(label=_label(f"Search {text}"), query=text)]
    root = as_meant(query)  # as what is to blame was looked for
    offered = [
        Suggestion(label=_label(f"Without {blame.part}"), query=_without(root, blame.part))
        for blame in advice.blame[:MOST_BLAMED]
    ]
    return [each for each in offered if each.query]  # of the same words twice nothing is left


def make_chips(answer: Answer) -> list[Suggestion]:
    """List what takes away again what words were understood as, and what spells them as meant."""
    closest = answer.closest
    if closest is None:
        return []
    query = closest.query
    chips = [
        Suggestion(label=_label(f"Without {part}"), query=_without(query.root, part))
        for part in map(print_node, closest.filters)
    ]
    meant = closest.corrected or (query if closest.mended and not answer.is_understood else None)
    if meant is not None:
        chips.insert(0, Suggestion(label=_label(f"Search {meant.text}"), query=meant.text))
    return [chip for chip in chips if chip.query][:MOST_CHIPS]


def _without(root: Node, part: str) -> str:
    parts = root.parts if isinstance(root, And) else ()
    return print_node(all_of(*(each for each in parts if print_node(each) != part)))


def _label(text: str) -> str:
    return markdown.plain(text, MAX_LABEL)
