"""Files as people have them: a digest of 2020, arXiv's metadata snapshot with a line a paper."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

SEED = Path(__file__).resolve().parent.parent / "bot/run/data/cs.CV-2020-08-21.md"
"""The digest that the project began as; the demo posts it."""

MARCH = datetime(2024, 3, 1, 12, tzinfo=UTC)


def snapshot_line(number: int = 1, **changes: object) -> str:
    """Return the ``number``-th paper of March 2024 as the snapshot has it; a change replaces."""
    submitted_at = MARCH + timedelta(minutes=20 * number)
    record: dict[str, object] = {
        "id": f"2403.{number:05d}",
        "submitter": "Ada Example",
        "authors": "Ada Example, Ben Sample",
        "title": f"Paper number {number}\n  on frogs",
        "comments": f"{number} pages",
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": "cs.CV cs.LG",
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": f"  We count {number} frogs\nin the $\\beta$ pond. Code: https://github.com/f/"
        f"n{number}\n",
        "versions": [{"version": "v1", "created": format_datetime(submitted_at, usegmt=True)}],
        "update_date": "2024-03-05",
        "authors_parsed": [["Example", "Ada", ""], ["Sample", "Ben", ""]],
    }
    return json.dumps({**record, **changes})


def write_snapshot(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
