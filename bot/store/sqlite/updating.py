"""The update of a file of an earlier version as those see it who wait for it."""

import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

Function = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating:
    """What goes with the update of a file of an earlier version, on the thread that does it.

    ``before`` is called once, before anything is changed; ``report`` with the percentage done.
    """

    before: Callable[[sqlite3.Connection], None] = lambda _: None
    report: Callable[[int], None] = lambda _: None


ALONE: Final = Updating()
"""An update that nobody watches."""

ALL_PAPERS: Final = re.compile(r"UPDATE paper SET|'rebuild'")
"""The statements that go through every paper."""


class Meter:
    """Counts how much of an update is done: a statement for each paper that it goes through."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        steps: Sequence[Sequence[str]],
        report: Callable[[int], None],
    ) -> None:
        self._report = report
        self._papers = _count_papers(connection) if steps else 0
        self._all = sum(self._effort(each) for step in steps for each in step)
        self._done = self._calls = self._effort_now = 0
        self._reported = -1
        if self._all:
            self._tell(0)

    def _effort(self, statement: str) -> int:
        return 1 + self._papers * bool(ALL_PAPERS.search(statement))

    def counting(self, function: Function) -> Function:
        """Let each call of a function count: a statement calls it for every paper."""

        def counted(text: str) -> str | None:
            self._calls += 1
            self._tell(min(self._calls, self._effort_now))
            return function(text)

        return counted if self._papers else function

    def begin(self, statement: str) -> None:
        self._effort_now, self._calls = self._effort(statement), 0

    def finish(self) -> None:
        self._done += self._effort_now
        self._tell(0)

    def _tell(self, more: int) -> None:
        percent = 100 * (self._done + more) // max(self._all, 1)
        if percent > self._reported:
            self._reported = percent
            self._report(percent)


def _count_papers(connection: sqlite3.Connection) -> int:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'paper'").fetchone():
        return 0
    (papers,) = connection.execute("SELECT count(*) FROM paper").fetchone()
    return int(papers)
