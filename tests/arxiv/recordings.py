"""The recordings as parsers' tests want them: by pattern, and cut at many places."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import shared


def recordings(*patterns: str) -> list[Path]:
    """Return the recordings that match, or skip where there are none at hand."""
    found = sorted({path for pattern in patterns for path in shared("recordings").glob(pattern)})
    if not found:
        pytest.skip(f"needs ../shared/recordings/{patterns[0]}, which is not here")
    return found


def cuts(content: bytes, most: int = 40) -> Iterator[bytes]:
    """Yield truncations: every one of a small file, else random places and all kinds of border."""
    whole = content.rstrip()
    if len(whole) <= most * 4:
        places = set(range(len(whole)))
    else:
        dice = random.Random(len(whole))
        places = {0, 1, len(whole) - 1, len(whole) - 2, *dice.sample(range(len(whole)), most // 2)}
        for mark in (b">", b"\n", b"</"):
            starts = [dice.randrange(len(whole)) for _ in range(most // 6)]
            places |= {max(whole.find(mark, start), 0) + len(mark) for start in starts}
    for place in sorted(places):
        if place < len(whole):
            yield whole[:place]
