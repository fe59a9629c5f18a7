"""What the buttons of a question carry, that is asked before something is done (see `views`)."""

import contextlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Self

from bot.errors import InputError


class Question(StrEnum):
    """What is asked about a channel's digest before it is done."""

    REMOVE = "remove"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer to a question about the digest of a channel."""

    TEMPLATE: ClassVar[str] = (
        r"(?P<question>remove|resume):1:(?P<channel>\d{1,20}):(?P<answer>yes|no)"
    )

    question: Question
    channel_id: int
    is_yes: bool

    @property
    def custom_id(self) -> str:
        return f"{self.question}:1:{self.channel_id}:{'yes' if self.is_yes else 'no'}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(
            question=Question(match["question"]),
            channel_id=int(match["channel"]),
            is_yes=match["answer"] == "yes",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The messages in trouble that an admin means: one part of a channel's date, or all (0)."""

    PATTERN: ClassVar[str] = r"(?P<channel>\d{1,20}):(?P<day>\d{4}-\d\d-\d\d):(?P<part>\d{1,5})"

    channel_id: int
    day: date
    part: int

    def __str__(self) -> str:
        return f"{self.channel_id}:{self.day.isoformat()}:{self.part}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        """Read what the pattern found; raises ValueError for a date that does not exist."""
        return cls(
            channel_id=int(match["channel"]),
            day=date.fromisoformat(match["day"]),
            part=int(match["part"]),
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the value of an offered choice; raises `InputError` for anything else."""
        match = re.fullmatch(cls.PATTERN, text.strip(), re.ASCII)
        with contextlib.suppress(ValueError):
            if match is not None:
                return cls.from_match(match)
        raise InputError(
            "Pick one of the messages that Discord offers while you type; if none is offered, "
            "none is in trouble."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repost:
    """An answer to 'post these messages again?'; ``mark`` names them as they were when asked."""

    TEMPLATE: ClassVar[str] = rf"again:1:{Lot.PATTERN}:(?P<mark>[0-9a-f]{{8}}):(?P<answer>yes|no)"

    lot: Lot
    mark: str
    is_yes: bool

    @property
    def custom_id(self) -> str:
        return f"again:1:{self.lot}:{self.mark}:{'yes' if self.is_yes else 'no'}"

    @classmethod
    def from_match(cls, match: re.Match[str]) -> Self:
        return cls(lot=Lot.from_match(match), mark=match["mark"], is_yes=match["answer"] == "yes")
