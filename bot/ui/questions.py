"""What the buttons of a question carry, that is asked before something is done (see `views`)."""

import contextlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from bot.errors import InputError
from bot.ui.ids import CustomId, Part, Snowflake, YesOrNo


class Question(StrEnum):
    """What is asked about a channel's digest before it is done."""

    REMOVE = "remove"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(CustomId):
    """An answer to a question about the digest of a channel."""

    PREFIX = "answer:1"

    question: Question
    channel_id: Snowflake
    is_yes: YesOrNo


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The messages in trouble that an admin means: one part of a channel's date, or all (0)."""

    PATTERN: ClassVar[str] = r"\d{1,20}:\d{4}-\d\d-\d\d:\d{1,5}"

    channel_id: int
    day: date
    part: int

    def __str__(self) -> str:
        return f"{self.channel_id}:{self.day.isoformat()}:{self.part}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what fits the pattern; raises ValueError for a date that does not exist."""
        channel_id, day, part = text.split(":")
        return cls(channel_id=int(channel_id), day=date.fromisoformat(day), part=int(part))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the value of an offered choice; raises `InputError` for anything else."""
        with contextlib.suppress(ValueError):
            if re.fullmatch(cls.PATTERN, text.strip(), re.ASCII):
                return cls.read(text.strip())
        raise InputError(
            "Pick one of the messages that Discord offers while you type; if none is offered, "
            "none is in trouble."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Repost(CustomId):
    """An answer to 'post these messages again?'; ``mark`` names them as they were when asked."""

    PREFIX = "again:1"

    lot: Annotated[Lot, Part(Lot.PATTERN, Lot.read)]
    mark: Annotated[str, Part("[0-9a-f]{8}")]
    is_yes: YesOrNo
