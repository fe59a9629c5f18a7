"""How far a long command is: a bar where somebody looks, plain lines where nobody does."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never, TextIO

from tqdm import tqdm

_FORMAT = "{desc} {percentage:3.0f}%|{bar:24}| {unit} [{elapsed}, {remaining} left]"


class Progress:
    """One command's progress; `say` prints a line without tearing the bar."""

    def __init__(self, label: str, total: float, stream: TextIO) -> None:
        self._stream = stream
        self._began_at = time.monotonic()
        self._bar: tqdm[Never] = tqdm(
            desc=label,
            total=total,
            file=stream,
            bar_format=_FORMAT,
            unit="0 papers",  # stands where the text is to stand
            disable=not stream.isatty(),
            leave=False,
            dynamic_ncols=True,
        )

    def advance(self, done: float, papers: int) -> None:
        """Show that ``done`` of the total is behind us, and ``papers`` papers."""
        if self._bar.disable:
            return
        rate = papers / max(time.monotonic() - self._began_at, 0.1)
        self._bar.unit = f"{papers:,} papers, {rate:,.0f}/s"
        self._bar.update(done - self._bar.n)

    def say(self, line: str) -> None:
        with tqdm.external_write_mode(file=self._stream):
            print(line, file=self._stream)

    def close(self) -> None:
        self._bar.close()


@contextmanager
def show_progress(label: str, total: float, stream: TextIO | None = None) -> Iterator[Progress]:
    """Show a bar on ``stream`` (stderr) while the block runs, if it is a terminal."""
    progress = Progress(label, total, stream or sys.stderr)
    try:
        yield progress
    finally:
        progress.close()
