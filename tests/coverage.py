"""How much of each room the tests reach, in lines and branches together.

``make coverage`` prints it after the tests, and fails where a room that only computes is not
reached nearly whole: there is no excuse for a line there that no test runs.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import coverage

LEAST: Final = 95.0
PURE: Final = ("arxiv", "digest", "models", "query", "text")
NOT_PURE: Final = ("bot/arxiv/client.py",)
COUNTED: Final = ("num_statements", "covered_lines", "num_branches", "covered_branches")

REPORT: Final = Path("build/coverage/coverage.json")


def main() -> int:
    """Print the table; 1 when a room that only computes is reached too little."""
    measured = coverage.Coverage()
    measured.load()
    measured.json_report(outfile=str(REPORT))
    reached = percent_by_room(json.loads(REPORT.read_text("utf-8"))["files"])
    print(*lines(reached), sep="\n")
    return int(bool(too_little(reached)))


def percent_by_room(files: Mapping[str, Any]) -> dict[str, float]:
    rooms: dict[str, Counter[str]] = {}
    for path, file in files.items():
        counts = Counter({name: file["summary"][name] for name in COUNTED})
        rooms.setdefault(room_of(path), Counter()).update(counts)
    return {room: _percent(counts) for room, counts in sorted(rooms.items())}


def room_of(path: str) -> str:
    """Name the room of a file; one that is none of a pure room's is named by itself."""
    return path if path in NOT_PURE else path.split("/")[1].removesuffix(".py")


def _percent(counts: Mapping[str, int]) -> float:
    whole = counts["num_statements"] + counts["num_branches"]
    return 100 * (counts["covered_lines"] + counts["covered_branches"]) / whole if whole else 100.0


def too_little(reached: Mapping[str, float]) -> list[str]:
    return [room for room in PURE if reached.get(room, 0.0) < LEAST]


def lines(reached: Mapping[str, float]) -> Iterator[str]:
    missed = too_little(reached)
    for room, percent in reached.items():
        wanted = f"  below {LEAST:.0f} %" if room in missed else ""
        yield f"{room:<20} {percent:5.1f} %{wanted}"


if __name__ == "__main__":
    sys.exit(main())
