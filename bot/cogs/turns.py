"""One search at a time for each person, so that one person's many do not hold up another's one."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """A lock for each person, kept while it is held or awaited."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._locks)

    def of(self, user_id: int) -> asyncio.Lock:
        """Return the person's lock: ``async with turns.of(user_id)``."""
        lock = self._locks.get(user_id)
        if lock is None:
            lock = self._locks[user_id] = asyncio.Lock()
        return lock
