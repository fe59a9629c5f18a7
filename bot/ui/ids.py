"""Custom ids: what buttons, menus and forms carry: their whole state, so they outlive a restart.

A kind of id is a frozen dataclass. Its fields stand behind its prefix in their order, with colons
between them; the type of each says how (`Snowflake`, `Page`, an enum's values). The prefix says
what the id is for and ends in a version (``preview:2``), so that an older bot's buttons are
recognised. Discord takes 100 characters. Ids are not secret and can be made up: the code that acts
on one checks again who may do that.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Self, cast, get_type_hints

from bot.arxiv.identifier import parse_identifier
from bot.digest.models import Cadence
from bot.errors import InputError
from bot.models import ArxivId

MAX_CUSTOM_ID: Final = 100


@dataclass(frozen=True, slots=True)
class Part:
    """How the values of a field stand in an id.

    ``read`` raises ValueError for what fits the pattern and means nothing. A part that
    ``may_be_missing`` is left out, with its colon, where it is written as ''.
    """

    pattern: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    may_be_missing: bool = False


def flag(yes: str, no: str) -> Part:
    """Write a truth value as one of two words."""
    return Part(f"{yes}|{no}", lambda text: text == yes, lambda value: yes if value else no)


def mark(yes: str) -> Part:
    """Write what is usually false as a word that is there or not."""
    return Part(yes, bool, lambda value: yes if value else "", may_be_missing=True)


def read_id(text: str) -> ArxivId:
    """Read the identifier of a custom id; raises `ValueError` for what no paper is called."""
    try:
        arxiv_id, _ = parse_identifier(text)
    except InputError as error:
        raise ValueError(text) from error
    if arxiv_id != text:
        raise ValueError(text)
    return arxiv_id


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(text) from error


Snowflake = Annotated[int, Part(r"\d{1,20}", int)]
"""Discord's number of a channel, role or person; 0 for none."""
Page = Annotated[int, Part(r"-?\d{1,5}", int)]
At = Annotated[int, Part(r"\d", int)]
"""One of at most ten."""
Day = Annotated[date, Part(r"\d{4}-\d\d-\d\d", date.fromisoformat)]
YesOrNo = Annotated[bool, flag("yes", "no")]
Moment = Annotated[datetime, Part(r"\d{1,11}", _moment, lambda at: str(int(at.timestamp())))]
"""In whole seconds."""
PaperId = Annotated[ArxivId, Part(r"[A-Za-z0-9./-]{1,40}", read_id)]
Every = Annotated[
    Cadence,
    Part(
        Cadence.WEEK,
        lambda text: Cadence(text or Cadence.DAY),
        lambda cadence: cadence if cadence is Cadence.WEEK else "",
        may_be_missing=True,
    ),
]


class CustomId:
    """What one kind of button, menu or form carries; subclasses are frozen dataclasses."""

    __slots__ = ()
    PREFIX: ClassVar[str]

    @property
    def custom_id(self) -> str:
        written = ((part, part.write(getattr(self, name))) for name, part in self._parts().items())
        said = [text for part, text in written if text or not part.may_be_missing]
        return ":".join([self.PREFIX, *said])

    @classmethod
    def template(cls) -> str:
        """Return the pattern of all ids of this kind."""
        return cls.PREFIX + "".join(_pattern(*each) for each in cls._parts().items())

    @classmethod
    def read(cls, custom_id: str) -> Self | None:
        """Read an id; None if it is of another kind. Raises ValueError if it means nothing."""
        match = re.fullmatch(cls.template(), custom_id)
        return cls.from_match(match) if match else None

    @classmethod
    def from_match(cls, match: re.Match[str], /) -> Self:
        """Read what the pattern found; raises ValueError if it means nothing."""
        parts = cls._parts()
        return cls(**{name: part.read(match[name] or "") for name, part in parts.items()})

    @classmethod
    def _parts(cls) -> Mapping[str, Part]:
        return _parts(cls)  # type: ignore[arg-type]  # mypy takes no class for hashable


@functools.cache
def _parts(kind: type[CustomId]) -> dict[str, Part]:
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(cast(Any, kind))
    return {each.name: _part(hints[each.name]) for each in fields}


def _part(hint: Any) -> Part:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Part("|".join(hint), hint)
    return next(each for each in hint.__metadata__ if isinstance(each, Part))


def _pattern(name: str, part: Part) -> str:
    pattern = f":(?P<{name}>{part.pattern})"
    return f"(?:{pattern})?" if part.may_be_missing else pattern
