"""Everything that can go wrong, as one tree; the type decides what happens next.

BotError
├─ ConfigError(problems)             exit 78: every problem of the settings at once
├─ InputError                        a person gave something impossible: tell them the sentence
│  ├─ MarkdownError                  ... which is Markdown already
│  ├─ QuerySyntaxError(position)     ... with a caret under the mistake
│  │  └─ QueryOutOfPlace             ... that only a person in Discord can ask
│  ├─ UnknownCategory(category)      ... with the nearest real ones
│  └─ FileFormatError                ... a file is not what it claims to be
├─ ArxivError(url)
│  ├─ ArxivUnavailable(retry_after_s)  try again later
│  └─ ListingFormatError             the bytes are not a listing: do not store, try again
├─ LinksError                        a source of late links failed: the bot does without
│  ├─ LinksUnavailable               try again later
│  └─ LinksFormatError               the answer is of no use: not before the next re-check
├─ StoreError
│  ├─ DatabaseUnusable               exit 74: missing, corrupt, foreign, newer, read-only
│  │  └─ DatabaseDamaged             ... corrupt: a backup helps
│  ├─ DatabaseBusy                   another process holds the lock: try again
│  ├─ DatabaseFull                   no space on the disk: nothing new until there is some
│  └─ AlreadyRunning                 exit 75: another instance uses this database
├─ TakenOver                         exit 75: another host posts with this bot's token
├─ OutputError                       exit 74: nothing can be written where the output goes
└─ TokenRefused                      exit 78: Discord does not accept the token

``str(error)`` is always one sentence fit for a person: what is wrong, and what would be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import IntakeCode, IntakeReason


class BotError(Exception):
    """The root; its message is one sentence for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigProblem:
    """One bad setting: its key, its value (masked when secret) and what is allowed."""

    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        value = f" = {self.value}" if self.value else ""
        return f"{self.key}{value}: {self.allowed}"


class ConfigError(BotError):
    """The settings cannot be used; carries every problem found, not only the first."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(BotError):
    """A person gave something impossible."""


class MarkdownError(InputError):
    """As `InputError`, in a sentence that is Markdown already: nothing of it is to be escaped."""


class QuerySyntaxError(InputError):
    """A query that cannot be read; ``position`` is a 0-based index into ``query``."""

    def __init__(self, query: str, position: int, found: str, expected: str) -> None:
        self.query = query
        self.position = position
        self.found = found
        self.expected = expected
        super().__init__(f"At character {position + 1}: found {found}, expected {expected}.")

    def with_caret(self) -> str:
        """Render the query and a caret under the mistake, for a monospaced block."""
        return f"{self.query}\n{' ' * self.position}^"


class QueryOutOfPlace(QuerySyntaxError):
    """A query that asks what people did with papers, where it is not known who asks."""

    def __init__(self, query: str, position: int, found: str) -> None:
        super().__init__(query, position, found, "what is the same for everybody")
        self.args = (
            f"{found} depends on who asks, and in which server; only /paper search and "
            "/library list know that, so leave it out here.",
        )


class UnknownCategory(InputError):
    """Not an arXiv category; ``nearest`` are real ones that look like it."""

    def __init__(self, category: str, nearest: Sequence[str]) -> None:
        self.category = category
        self.nearest = tuple(nearest)
        hint = f" Did you mean {', '.join(self.nearest)}?" if self.nearest else ""
        super().__init__(f"{category!r} is not an arXiv category.{hint}")


class FileFormatError(InputError):
    """A file is not of a form that can be imported."""


class ArxivError(BotError):
    """Something about arXiv; ``url`` is the address asked, ``reason`` what is stored of it."""

    code = IntakeCode.NOT_A_LISTING

    def __init__(self, message: str, url: str = "", *, reason: IntakeReason | None = None) -> None:
        self.url = url
        self.reason = reason or IntakeReason(code=self.code, text=message)
        super().__init__(message)


class ArxivUnavailable(ArxivError):
    """ArXiv did not answer properly; ``retry_after_s`` is what it asked for, in seconds."""

    code = IntakeCode.UNREACHABLE

    def __init__(
        self,
        message: str,
        url: str = "",
        retry_after_s: float | None = None,
        *,
        reason: IntakeReason | None = None,
    ) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message, url, reason=reason)


class ListingFormatError(ArxivError):
    """The answer is not a listing (truncated, HTML instead of XML, an error feed)."""


class LinksError(BotError):
    """Something about a source of late links."""


class LinksUnavailable(LinksError):
    """The source did not answer properly; asking again later may help."""


class LinksFormatError(LinksError):
    """The source answered with something else than links."""


class StoreError(BotError):
    """The database could not do what was asked."""


class DatabaseUnusable(StoreError):
    """The database file is missing, corrupt, foreign, newer than this program or read-only."""


class DatabaseDamaged(DatabaseUnusable):
    """The database file lost data; the caller that knows the backups adds which is the newest."""


class DatabaseBusy(StoreError):
    """Another process holds the database's lock for longer than we wait."""


class DatabaseFull(StoreError):
    """The disk has no space left for anything to be written down."""


class AlreadyRunning(StoreError):
    """Another instance of the bot uses this database."""


class TakenOver(BotError):
    """Another host has posted with this bot's token since the database was last used."""


class OutputError(BotError):
    """What was to be printed cannot be written (a full disk, a closed stdout)."""


class TokenRefused(BotError):
    """Discord does not accept the token."""
