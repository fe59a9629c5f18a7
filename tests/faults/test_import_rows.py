"""Row 66: files whose dates are wrong, by the command, whatever their order."""

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import DAY
from tests.cli.terminal import environ_in
from tests.fakes import commands
from tests.fakes.arxiv_forms import Record, catchup_page, rss_feed
from tests.faults.fetching import records
from tests.stores import lay_out

THURSDAY, FRIDAY, SATURDAY = (DAY + timedelta(days=days) for days in (2, 3, 4))
OLD, NEWS = records(5), records(4, first=21)


def feed(shown: Sequence[Record], *, days: int) -> bytes:
    return rss_feed("cs.CV", DAY + timedelta(days=days), shown).encode()


FILES = {
    "thursday": feed(OLD, days=2),
    "friday, thursday again": feed(OLD, days=3),
    "saturday, friday at last": feed(NEWS, days=4),
    "sunday, friday again": feed(NEWS, days=5),
}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return environ_in(tmp_path) | {"PAPER_BOT_DATABASE__PATH": str(lay_out(tmp_path / "papers.db"))}


def write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def announced(environ: dict[str, str], day: object) -> list[str]:
    """Return what a day's digest would have; none where no list is stored for it."""
    ran = commands.run(
        environ, "digest", "--category", "cs.CV", "--date", str(day), "--format", "json"
    )
    return (
        sorted(each["arxiv_id"] for each in json.loads(ran.out)["papers"]) if ran.code == 0 else []
    )


@pytest.mark.parametrize("seed", range(3))
def test_row_66_files_are_judged_as_the_live_feed_in_any_order(
    environ: dict[str, str], tmp_path: Path, seed: int
) -> None:
    files = [write(tmp_path, name, content) for name, content in FILES.items()]
    random.Random(seed).shuffle(files)
    for file in files[:2]:
        commands.run(environ, "import", file)
    ran = commands.run(environ, "import", *files)
    assert ran.code == 65  # of Thursday's list nothing tells the day
    *_, summary = ran.err.splitlines()
    assert summary.startswith("1 listing of uncertain date.")
    late = f"{tmp_path / 'saturday, friday at last'}: it carries {SATURDAY}, and has the list of"
    assert f"{late} {FRIDAY}" in ran.err
    assert announced(environ, THURSDAY) == sorted(each.arxiv_id for each in OLD)
    assert announced(environ, FRIDAY) == sorted(each.arxiv_id for each in NEWS)
    assert announced(environ, SATURDAY) == announced(environ, SATURDAY + timedelta(days=1)) == []


def test_row_66_the_page_of_a_date_makes_it_certain(
    environ: dict[str, str], tmp_path: Path
) -> None:
    saturday = write(tmp_path, "feed", FILES["saturday, friday at last"])
    page = write(tmp_path, "page", catchup_page("cs.CV", FRIDAY, NEWS, 0, 2000).encode())
    assert commands.run(environ, "import", saturday).code == 65
    assert commands.run(environ, "import", page).code == 0
    assert commands.run(environ, "import", saturday).code == 0
    assert announced(environ, FRIDAY) == sorted(each.arxiv_id for each in NEWS)
