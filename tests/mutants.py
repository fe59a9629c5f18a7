"""How well the tests bite: break a room in seeded small ways, count what turns no test red.

``make mutants ROOM=intake SAMPLE=100 SEED=1`` copies the project to a temporary folder, has mutmut
make every mutant of the room, draws ``SAMPLE`` of them with ``SEED``, and runs each against the
tests named for the room that reach it. Survivors are printed with their difference. Statements
that only write a log line are not mutated: what a log says is not held word for word.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.shared import SHARED

ROOT = Path(__file__).resolve().parent.parent
NOT_COPIED = ("bot", "tests", SHARED.name)

KILLED, SURVIVED, NO_TESTS = "killed", "survived", "no tests"
STATUS = {0: SURVIVED, 1: KILLED, 3: KILLED, 5: NO_TESTS, 33: NO_TESTS}
"""mutmut's exit codes; all others (a time-out, a crash) count as noticed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Which files are broken, and which tests are to see it."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "intake": Room(
        files=("bot/intake/judge.py", "bot/intake/schedule.py"),
        tests=("tests/intake/test_judge*.py", "tests/intake/test_schedule*.py"),
    ),
    "delivery": Room(
        files=("bot/delivery/*.py",),
        tests=(
            "tests/delivery",
            "tests/faults/test_bad_rows.py",
            "tests/faults/test_discord_rows.py",
            "tests/faults/test_forum_rows.py",
            "tests/faults/test_nonce_rows.py",
            "tests/faults/test_ping_rows.py",
            "tests/faults/test_restored_rows.py",
            "tests/faults/test_thread_rows.py",
        ),
    ),
    "digest": Room(files=("bot/digest/*.py",), tests=("tests/digest", "tests/ui/test_why.py")),
    "planning": Room(
        files=("bot/planning/*.py",),
        tests=("tests/planning", "tests/test_pipeline.py", "tests/topics/test_agreement.py"),
    ),
    "query": Room(
        files=("bot/query/*.py",),
        tests=("tests/query", "tests/store/search", "tests/test_engine.py"),
    ),
    "links": Room(
        files=("bot/text/addresses.py", "bot/text/links.py", "bot/text/offers.py"),
        tests=(
            "tests/text/test_addresses.py",
            "tests/text/test_link*.py",
            "tests/text/test_offers.py",
        ),
    ),
    "text": Room(files=("bot/text/*.py",), tests=("tests/text",)),
    "outbox": Room(files=("bot/store/outbox/*.py",), tests=("tests/store/outbox",)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("room", choices=sorted(ROOMS))
    parser.add_argument("--sample", type=int, default=100, help="how many mutants (default 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, help="at once (default: all cores)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="paper-bot-mutants-") as folder:
        copy = Path(folder) / "project"
        copy_project(copy, ROOMS[options.room])
        statuses = run_sample(
            copy, sample=options.sample, seed=options.seed, processes=options.processes
        )
        report(copy, statuses)
    return 0


def copy_project(copy: Path, room: Room) -> None:
    """Copy the tracked files, with mutmut's settings for the room."""
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    if SHARED.is_dir():  # mutmut runs the tests in a folder of the copy
        (copy / SHARED.name).symlink_to(SHARED)
    with (copy / "pyproject.toml").open("a") as settings:
        settings.write(mutmut_settings(copy, room))


def mutmut_settings(copy: Path, room: Room) -> str:
    tests = [str(path.relative_to(copy)) for each in room.tests for path in copy.glob(each)]
    without = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    options = ["-q", "-x", *without, "-m", "not slow", "--hypothesis-profile=default"]
    others = [path.name for path in copy.iterdir() if path.name not in NOT_COPIED]
    return (
        "\n[tool.mutmut]\n"
        'source_paths = ["bot"]\n'
        f"only_mutate = {json.dumps(room.files)}\n"
        f"also_copy = {json.dumps(sorted(others))}\n"
        'process_isolation = "forkserver"\n'  # fork would hand warm caches on
        'do_not_mutate_patterns = ["^\\\\s*log\\\\."]\n'
        f"pytest_add_cli_args = {json.dumps(options)}\n"
        f"pytest_add_cli_args_test_selection = {json.dumps(sorted(tests))}\n"
    )


def run_sample(copy: Path, *, sample: int, seed: int, processes: int | None) -> dict[str, str]:
    """Return by mutant what came of it. Raises `SystemExit` where the tests fail unbroken."""
    run = ("run", "--max-children", str(processes)) if processes else ("run",)
    output = mutmut(copy, *run, "nothing-is-called-this")
    names = sorted(read_results(copy))
    if not names:
        raise SystemExit(f"mutmut made no mutants:\n{output[-2000:]}")
    chosen = random.Random(seed).sample(names, min(sample, len(names)))
    print(f"{len(chosen)} of {len(names)} mutants, seed {seed}")
    output = mutmut(copy, *run, *chosen)
    codes = {name: code for name, code in read_results(copy).items() if code is not None}
    if not codes.keys() >= set(chosen):
        raise SystemExit(f"mutmut stopped before the last mutant:\n{output[-2000:]}")
    return {name: STATUS.get(codes[name], KILLED) for name in chosen}


def mutmut(copy: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *words], cwd=copy, capture_output=True, text=True
    )
    (copy / "mutmut.log").write_text(done.stdout + done.stderr)
    return done.stdout


def read_results(copy: Path) -> dict[str, int | None]:
    """Return mutmut's exit code by mutant; None for one that was not run."""
    results: dict[str, int | None] = {}
    for path in sorted((copy / "mutants").rglob("*.py.meta")):
        results |= json.loads(path.read_text())["exit_code_by_key"]
    return results


def report(copy: Path, statuses: dict[str, str]) -> None:
    alive = sorted(name for name, status in statuses.items() if status != KILLED)
    for name in alive:
        print(f"\n{name}: {statuses[name]}")
        lines = mutmut(copy, "show", name).splitlines()
        print("\n".join(line for line in lines if line.startswith(("-", "+", "@"))))
    killed = len(statuses) - len(alive)
    print(f"\n{killed} of {len(statuses)} killed ({killed / len(statuses):.0%})")


if __name__ == "__main__":
    raise SystemExit(main())
