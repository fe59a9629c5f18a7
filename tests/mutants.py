"""How well the tests bite: break a room in seeded small ways, count what turns no test red.

``make mutants ROOM=intake SAMPLE=100 SEED=1`` copies the project to a temporary folder, has mutmut
make every mutant of the room, draws ``SAMPLE`` of them with ``SEED``, and runs each against the
tests named for the room that reach it. Survivors are printed with their difference; those that do
the same as the code unbroken are listed in `ALIKE` with the reason, and are no holes in the tests.
Statements that only write a log line are not mutated: what a log says is not held word for word.
"""

import argparse
import json
import random
import re
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

KILLED, STOPPED, SURVIVED, NO_TESTS = "killed", "stopped", "survived", "no tests"
STATUS = {0: SURVIVED, 1: KILLED, 3: KILLED, 5: NO_TESTS, 33: NO_TESTS}
"""mutmut's exit codes; all others (a time-out, a crash) are `STOPPED`, and count as noticed."""


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
            "tests/faults/test_edit_rows.py",
            "tests/faults/test_follow_rows.py",
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
    "outbox": Room(
        files=("bot/store/outbox/*.py",),
        tests=(
            "tests/store/outbox",
            "tests/delivery/test_edits.py",
            "tests/delivery/test_takeover.py",
            "tests/faults/test_edit_rows.py",
            "tests/faults/test_once_rows.py",
            "tests/intake/test_revisit.py",
            "tests/planning/test_once.py",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant changed: the lines that it took away and those it put there."""

    function: str
    removed: str
    added: str


ALIKE: dict[str, str] = {
    "bot.delivery.worker.Delivery.__init__: self._has_more = True": (
        "the first look at the outbox sets it"
    ),
    "bot.digest.week.week_due: "
    "last = max(announcement_days(end - WEEK + ONE_DAY, end), default=None)": (
        "no week is without a day on which arXiv announces"
    ),
    "bot.digest.zones._code_of: "
    """return f"UTC{'-' if offset <= timedelta() else '+'}{hours:02}:{minutes:02}\"""": (
        "an offset of nothing was answered before"
    ),
    "bot.digest.zones._read_offset: "
    'offset = timedelta(hours=int(hours), minutes=read or 0) / (-1 if sign == "-" else 1)': (
        "to divide by 1 or -1 is to multiply by it"
    ),
    "bot.planning.announced._match: if number % READ_AT_ONCE == READ_AT_ONCE - 2:": (
        "when others have their turn is not held to the very query"
    ),
    "bot.planning.known.read_known_days: since = oldest_day(None, rules, now)": (
        "what is no week is a day"
    ),
    "bot.planning.decisions.Decisions.preview: "
    "subscription, announced = replace(subscription, cap=None), announced.take_back_offers()": (
        "no limit is none"
    ),
    "bot.planning.announced._read_delivered: "
    "otherwise = await outbox.delivered_anywhere(arxiv_ids, other, among=None)": (
        "only what people were sent is taken of it"
    ),
    "bot.planning.decisions.Decisions.read: "
    "return replace(announced, elsewhere=elsewhere) if (elsewhere) or True else announced": (
        "a day that was read has none elsewhere"
    ),
    "bot.planning.readers.divide: for _, group in groupby(digests, key=None):": (
        "those alike are brought together only to be counted once"
    ),
    "bot.planning.readers.divide: for _, group in groupby(digests, ):": (
        "those alike are brought together only to be counted once"
    ),
    "bot.planning.due._following: is_whole = None": "a copy is equal",
    "bot.query.compile._reading: "
    'anchored.append(_joined([_joined(tags, "OR") or "" for tags in asked], "AND") or "XXXX")': (
        "a name of several words asks for something"
    ),
    "bot.query.examples._Said.__init__: self._forms[lemma_of(word)][word] += 2": (
        "the counts are only compared with each other"
    ),
    'bot.store.outbox.outbox.Outbox.plan: thread_name: str = "XXXX",': (
        "messages that go into no thread leave it out"
    ),
    "bot.text.html._undo_tags: if not _is_tag(tag) or "
    '(names is not None and (tag["name"] or "XXXX").lower() not in names):': (
        "no tag has that name"
    ),
    "bot.text.html.undo_typed_html: "
    "return _undo_tags(text, paired) if paired | (starts | ends) else text": (
        "without a pair no tag is undone"
    ),
    r'bot.text.markdown._sanitise: text = re.sub(r"[\x00-\x09\x0B-\x1F\x7F]", " ", text)': (
        "hexadecimal digits are read in any case"
    ),
    "bot.text.markdown.cut: "
    'return kept + " …" if width(kept) < max_chars - 1 else cut(kept, width(kept) - 2)': (
        "what goes is an address, which is longer than that"
    ),
    'bot.text.links._is_own_forge: first = host.split(".", )[0]': "only the first piece is read",
    'bot.text.offers.read_clauses: leading, is_bare, end_before = "XXXX", False, 0': (
        "the first address sets it before it is read"
    ),
}
"""Survivors that were looked at, and left alone."""

AT_IMPORT = frozenset(
    {
        "bot.query.inflect._table",
        "bot.text.macros._arrow",
        "bot.text.macros._between",
        "bot.text.macros._derivative",
        "bot.text.macros._framed",
        "bot.text.macros._modulo",
        "bot.text.macros._roman",
    }
)
"""What is only called while modules are imported, so that mutmut breaks it too late."""

_CASTS = re.compile(r"\bcast\(\w+, ")
_NO = re.compile(r"(?<![A-Za-z])((?:is|has|may|can)_\w+|strict)( ?= ?)None\b")
_CACHE_SIZES = re.compile(r"\bmaxsize=(?:\d+|None)")
_LITERALS = re.compile(r"""'[^']*'|:\w+|"\w+":""")


def why_alike(change: Change) -> str | None:
    """Say why a mutant does the same as the code, or None where a test should tell them apart."""
    removed, added = change.removed, change.added
    if _CASTS.sub("", removed) == _CASTS.sub("", added):
        return "cast() returns what it is given"
    if _CACHE_SIZES.sub("", removed) == _CACHE_SIZES.sub("", added):
        return "a cache of another size remembers the same"
    if removed == _NO.sub(r"\1\2False", added):
        return "what asks whether something is so takes None for no"
    if change.function in AT_IMPORT:
        return "the tables are made before mutmut breaks the code"
    if change.function.endswith("._log_fields"):
        return "what a log says is not held word for word"
    if (
        change.function.startswith("bot.store.")
        and removed.lower() == added.lower()
        and _LITERALS.findall(removed) == _LITERALS.findall(added)
    ):
        return "SQL reads its keywords and names in any case"
    return ALIKE.get(f"{change.function}: {added}")


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
    return {name: STATUS.get(codes[name], STOPPED) for name in chosen}


def mutmut(copy: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *words], cwd=copy, capture_output=True, text=True
    )
    said = f"{done.stdout}{done.stderr}\nmutmut ended with {done.returncode}"  # < 0: by a signal
    (copy / "mutmut.log").write_text(said)
    return said


def read_results(copy: Path) -> dict[str, int | None]:
    """Return mutmut's exit code by mutant; None for one that was not run."""
    results: dict[str, int | None] = {}
    for path in sorted((copy / "mutants").rglob("*.py.meta")):
        results |= json.loads(path.read_text())["exit_code_by_key"]
    return results


def report(copy: Path, statuses: dict[str, str]) -> None:
    alive = sorted(name for name, status in statuses.items() if status in (SURVIVED, NO_TESTS))
    holes = 0
    for name in alive:
        lines = mutmut(copy, "show", name).splitlines()
        why = why_alike(read_change(name, lines))
        holes += why is None
        print(f"\n{name}: {why or statuses[name]}")
        print("\n".join(line for line in lines if line.startswith(("-", "+", "@"))))
    killed = len(statuses) - len(alive)
    stopped = sum(status == STOPPED for status in statuses.values())
    print(f"\n{killed} of {len(statuses)} killed ({killed / len(statuses):.0%})")
    print(f"{stopped} of them computed for too long or crashed")
    print(f"{len(alive) - holes} others do the same as the code, {holes} are holes in the tests")


def read_change(name: str, lines: Sequence[str]) -> Change:
    """Read what mutmut shows of a mutant: ``bot.text.tex.x_clean__mutmut_3`` is of `clean`."""
    function = re.sub(r"__mutmut_\d+$", "", name)
    function = re.sub(r"\.x(?:ǁ(\w+)ǁ|_)", lambda m: f".{m[1]}." if m[1] else ".", function)
    body = [line for line in lines if not line.startswith(("---", "+++"))]
    removed, added = (
        " ".join(line[1:].strip() for line in body if line.startswith(sign)) for sign in "-+"
    )
    return Change(function, removed, added)


if __name__ == "__main__":
    raise SystemExit(main())
