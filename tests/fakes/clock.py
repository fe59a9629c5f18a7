"""A clock that moves only when told: time of day, monotonic time and sleep agree."""

from datetime import UTC, datetime, timedelta


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
