"""What the buttons of a question carry, that is asked before something is done (see `views`)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self


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
