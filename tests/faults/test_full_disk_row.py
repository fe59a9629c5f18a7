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

pytestmark = pytest.mark.slow

CASES = [
    "test_full_before_a_listing_is_stored",
    "test_full_before_a_digest_is_planned",
    "test_too_little_space_for_posting",
    "test_full_between_accept_and_finish[running]",
    "test_full_between_accept_and_finish[killed]",
    "test_full_is_not_ready",
    "test_a_folder_on_a_full_disk_takes_no_writes",
    "test_full_at_the_start",
]

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
                    said, _ = tried.communicate(timeout=10)
            except OSError as error:
                said = str(error)
                continue
            if tried.returncode == 0:
                return way
    pytest.skip(f"needs a disk of its own, which cannot be mounted here: {said.strip()}")


def test_every_case_of_the_full_disk_is_run() -> None:
    names = {name for name in vars(full_disk) if name.startswith("test_")}
    assert {case.partition("[")[0] for case in CASES} == names


@pytest.mark.parametrize("case", CASES)
def test_row_33_a_disk_without_space(case: str, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    test = f"{full_disk.__file__}::{case}"
    command = sys.executable, "-m", "pytest", test, "-q", "-p", "no:cacheprovider"
    with with_disk(way_to_mount(), place, *command, f"--basetemp={tmp_path / 'inside'}") as inside:
        try:
            said, _ = inside.communicate(timeout=180)
        finally:
            inside.kill()
    assert inside.returncode == 0, said
    assert not place.is_mount()
