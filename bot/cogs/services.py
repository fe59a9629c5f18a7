"""What commands need from the rest of the bot besides the pipeline."""

from collections.abc import Callable, Mapping
from typing import Protocol

CommandIds = Callable[[], Mapping[str, int]]
"""Discord's ids of the command groups, by name; empty until they are known."""


class Wakeable(Protocol):
    """Whoever delivers what is in the outbox."""

    def wake(self) -> None:
        """Look into the outbox now, something may be due."""
