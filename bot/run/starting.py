"""The start of the bot as its health pages show it: there before the database is.

An update of a large database takes minutes. A monitor is to see that the process is alive then, and
how far it got; one that waits for it to be ready is told to wait.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from bot.run.health import Health

log = logging.getLogger(__name__)

BEGUN: Final = "starting"
LOGGED_EVERY_S: Final = 5.0
"""The log gets no line for each of a hundred steps that take no time."""


class Work(Protocol):
    """The running bot, as far as the pages ask it."""

    def health(self) -> Health: ...

    async def find_obstacles(self) -> list[str]: ...

    async def render_metrics(self) -> bytes: ...


class Front:
    """What the pages ask: the start, then the bot once it is there."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._said = BEGUN
        self._clock = clock
        self._logged_at_s = -LOGGED_EVERY_S
        self.work: Work | None = None

    def note(self, said: str) -> None:
        """Note what keeps the bot from being there; called from the thread that does it, too."""
        self._said = said
        if self._clock() - self._logged_at_s >= LOGGED_EVERY_S:
            self._logged_at_s = self._clock()
            log.info("%s", said)

    def health(self) -> Health:
        if self.work is None:  # not there yet, or ended; that this answers shows the loop is alive
            return Health(heartbeat_age_s=0, tick_age_s=0, is_connected=False, starting=self._said)
        return self.work.health()

    async def find_obstacles(self) -> list[str]:
        return [] if self.work is None else await self.work.find_obstacles()

    async def render_metrics(self) -> bytes:
        """Render the numbers; none while there is nothing to count."""
        return b"" if self.work is None else await self.work.render_metrics()
