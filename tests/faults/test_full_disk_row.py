"""Row 33: a disk that is truly full, which only the bot and its test see.

`test_process_rows.py` has the same row with a limit on the size of files.
"""

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.fakes.forking import ROOT
from tests.faults import full_disk
from tests.waiting import HUNG_S

pytestmark = pytest.mark.slow

MOUNT = 'mount -t tmpfs -o size=80m tmpfs "$SMALL_DISK" && exec "$@"'

WAYS = (
    ("unshare", "--mount"),  # as root
    ("unshare", "--user", "--map-root-user", "--mount"),  # where the kernel lets everybody
)
"""How to get a mount that nobody else sees and that ends with its last process."""


def with_disk(way: tuple[str, ...], place: Path, *command: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*way, "sh", "-c", MOUNT, "sh", *command],
        env={**os.environ, "SMALL_DISK": str(place)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@functools.cache
def way_to_mount() -> tuple[str, ...]:
    """Return the first way that this machine permits, or skip the test."""
    said = ""
    with tempfile.TemporaryDirectory() as place:
        for way in WAYS:
            try:
                with with_disk(way, Path(place), "true") as tried:
                    said, _ = tried.communicate(timeout=HUNG_S)
            except OSError as error:
                said = str(error)
                continue
            if tried.returncode == 0:
                return way
    pytest.skip(f"needs a disk of its own, which cannot be mounted here: {said.strip()}")


@pytest.mark.slow(25)
@pytest.mark.cpu_limit(600)
def test_row_33_a_disk_without_space(tmp_path: Path) -> None:
    """Every test of `full_disk.py`, one after another on the same disk."""
    place = tmp_path / "disk"
    place.mkdir()
    command = sys.executable, "-m", "pytest", full_disk.__file__, "-q", "-p", "no:cacheprovider"
    with with_disk(way_to_mount(), place, *command, f"--basetemp={tmp_path / 'inside'}") as inside:
        try:
            said, _ = inside.communicate()
        finally:
            inside.kill()
    assert inside.returncode == 0, said
    assert not place.is_mount()
