"""What a person can do with a paper where it is shown: ids, labels and answers. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.arxiv.identifier import abs_url
from bot.digest.reading import MOST_SAVED, Saving
from bot.errors import InputError
from bot.models import ArxivId, Paper
from bot.text import markdown
from bot.text.words import long_date
from bot.ui.embeds import render_title
from bot.ui.ids import CustomId, PaperId

MAX_SHOWN: Final = 120
MAX_CONTENT: Final = 2000


class Act(StrEnum):
    """What a button does with a paper; the values are in custom ids, so they stay as they are."""

    SAVE = "save"
    DROP = "drop"
    LIKE = "like"
    NOT_FOR_US = "not"
    UNDO = "undo"
    BIBTEX = "bibtex"


LABELS: Final = MappingProxyType(
    {
        Act.SAVE: "Save",
        Act.DROP: "Remove it again",
        Act.LIKE: "Like",
        Act.NOT_FOR_US: "Not for us",
        Act.UNDO: "Take it back",
        Act.BIBTEX: "BibTeX",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAct(CustomId):
    """A wish to do something with a paper."""

    PREFIX = "act:1"

    act: Act
    arxiv_id: PaperId


NO_SERVER = (
    "A like counts for a server that I am in, so it can only be given in one; saving works here."
)

TOO_LONG = "This entry is too long for a message, so here is a file."


def no_longer_there(arxiv_id: ArxivId) -> InputError:
    return InputError(f"I no longer have {arxiv_id}; its abstract is at {abs_url(arxiv_id)}.")


def say_saving(saving: Saving, paper: Paper, since: datetime | None) -> str:
    """Say what became of a wish to save a paper; ``since`` is when it was saved."""
    if saving is Saving.FULL:
        return (
            f"Your library is full with {MOST_SAVED:,} papers; `/library remove` makes room for "
            "this one."
        )
    if saving is Saving.KNOWN:
        told = f" since {long_date(since.date())}" if since else ""
        return f"In your library{told}: {_named(paper)}"
    return f"Saved: {_named(paper)}\n-# `/library list` shows your papers, to you alone."


def say_dropped(paper: Paper, *, was_there: bool) -> str:
    if not was_there:
        return f"It is not in your library: {_named(paper)}"
    return f"No longer in your library: {_named(paper)}"


def say_opinion(act: Act, paper: Paper, *, is_new: bool) -> str:
    """Say what a like, or the opposite, does; ``is_new`` unless it was given before."""
    if act is Act.UNDO:
        said = "Taken back" if is_new else "There is nothing to take back"
        return f"{said}: {_named(paper)}"
    said = "You like it" if act is Act.LIKE else "Not for this server"
    now = "" if is_new else ", as before"
    moves = "up" if act is Act.LIKE else "down"
    return (
        f"{said}{now}: {_named(paper)}\n"
        f"-# This moves papers like it {moves} in this server's digests. Nobody sees who said so."
    )


def _named(paper: Paper) -> str:
    return f"**{render_title(paper, max_chars=MAX_SHOWN)}**"


def say_bibtex(entry: str) -> str | None:
    """Show an entry to be copied; None where a message is too small for it."""
    shown = f"```bibtex\n{entry.replace('```', '` ` `')}```"
    return shown if markdown.width(shown) <= MAX_CONTENT else None
