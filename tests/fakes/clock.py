"""A clock that moves only when told: time of day, monotonic time and sleep agree."""

from datetime import UTC, datetime, timedelta

from bot.digest.messages import Instant


class VirtualClock:
    """Starts at ``start`` (aware); `sleep` returns at once and moves it on."""

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._now = self._start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        self._now += by

    def advance_to(self, moment: datetime) -> None:
        """Move on to ``moment``; a moment that has passed changes nothing."""
        self._now = max(self._now, moment.astimezone(UTC))


class HostClock:
    """The clocks of a host, which show the true time until they are told otherwise."""

    def __init__(self, true: VirtualClock) -> None:
        self._true = true
        self._wall_by = self._frozen = timedelta()

    def now(self) -> datetime:
        return self._true.now() + self._wall_by

    def instant(self) -> Instant:
        up_s = self._true.monotonic() - self._frozen.total_seconds()
        return Instant(boot="the only one", up_s=up_s, wall=self.now())

    def set_wall(self, by: timedelta) -> None:
        """Set the time of day forward or back."""
        self._wall_by += by

    def freeze(self, for_: timedelta) -> None:
        """Let the machine have been frozen: its time since boot lacks what its wall clock shows."""
        self._frozen += for_
