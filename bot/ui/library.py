"""What a library looks like, to its person and where it is shared. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.reading import SavedPaper, SharedTag
from bot.models import AnnounceType, Paper
from bot.text import markdown
from bot.text.words import count_of, short_date
from bot.ui.embeds import COLOURS, MAX_TITLE, one_line, render_authors, render_title
from bot.ui.ids import CustomId, Page, Part
from bot.ui.replies import code

PAGE_SIZE: Final = 8
"""With a note each they fill a message, at most."""
MAX_NOTE: Final = 1000
NOTE_SHOWN: Final = 110
MAX_NAME: Final = 40
"""Of a shared list: it stands in custom ids."""
TAGS_SHOWN: Final = 6
COLOUR = COLOURS[AnnounceType.NEW]

EMPTY = (
    "Your library is empty. The button *Save* below a paper puts it there, and so does "
    "`/library add`."
)
READ, UNREAD = "✓", "○"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryPage(CustomId):
    """A page of one's own library, counted from 0, or of the list shared under ``name``."""

    PREFIX = "library:1"

    page: Page
    name: Annotated[str, Part(rf"(?s:.{{0,{MAX_NAME}}})")] = ""


def render_library(
    shown: Sequence[tuple[SavedPaper, Paper]],
    *,
    first_number: int,
    total: int,
    query: str,
    shared: SharedTag | None,
) -> discord.Embed:
    """Render one page; of a list that is ``shared`` without what is its person's alone."""
    embed = discord.Embed(title=_title(shared), colour=COLOUR)
    lines = [_head(total, query, shared)]
    lines += [
        "\n".join(_lines(number, saved, paper, is_own=shared is None))
        for number, (saved, paper) in enumerate(shown, start=first_number)
    ]
    embed.description = "\n\n".join(lines)
    return embed


def _title(shared: SharedTag | None) -> str:
    return markdown.shorten(shared.name, MAX_TITLE) if shared else "Your library"


def _head(total: int, query: str, shared: SharedTag | None) -> str:
    said = f"**{count_of(total, 'paper')}**{f' · {code(query)}' if query else ''}"
    if shared is None:
        return said
    what = f", those tagged {code(shared.tag)}" if shared.tag else ""
    day = short_date(shared.shared_at.date())
    return f"{said} · shared by <@{shared.user_id}> on {day}{what}"


def _lines(number: int, saved: SavedPaper, paper: Paper, *, is_own: bool) -> Iterator[str]:
    title = markdown.plain(one_line(paper.title), 110) or str(paper.arxiv_id)
    mark = f"{READ if saved.is_read else UNREAD} " if is_own else ""
    yield f"**{number}.** {mark}{markdown.masked_link(title, abs_url(paper.arxiv_id))}"
    about = [
        render_authors(paper.authors, max_chars=50),
        f"saved {short_date(saved.saved_at.date())}",
        " ".join(map(code, saved.tags[:TAGS_SHOWN])) if is_own else "",
    ]
    yield " · ".join(part for part in about if part)
    if saved.note and is_own:
        yield f"> {markdown.shorten(one_line(saved.note), NOTE_SHOWN)}"


def say_none(query: str, shared: SharedTag | None) -> str:
    """Say that there is nothing on any page."""
    if query:
        return f"No paper there matches {code(query)}."
    return "This list is empty now." if shared else EMPTY


def say_noted(paper: Paper, note: str) -> str:
    said = f"Noted beside {named(paper)}:\n> " if note else f"The note is gone from {named(paper)}"
    return said + markdown.shorten(one_line(note), 300) if note else f"{said}."


def say_tagged(paper: Paper, tags: Sequence[str]) -> str:
    if not tags:
        return f"No tags any more: {named(paper)}"
    return f"{' '.join(map(code, tags))}: {named(paper)}"


def say_read(paper: Paper, *, is_read: bool) -> str:
    return f"{'Read' if is_read else 'Unread'}: {named(paper)}"


def say_shared(name: str, tag: str) -> str:
    what = f"your papers tagged {code(tag)}" if tag else "all papers of your library"
    return (
        f"Everyone here can read {what} with `/library list shared:{name}`, with your name and "
        "without your notes, tags and read marks; papers that you save later are in it too. "
        f"`/library unshare name:{name}` ends it."
    )


def named(paper: Paper) -> str:
    return f"**{render_title(paper, max_chars=120)}**"
