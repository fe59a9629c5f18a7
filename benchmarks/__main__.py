"""Run one benchmark by name, or list them: ``python -m benchmarks [NAME [OPTIONS]]``.

Each is a module of this package with ``main(argv) -> int``; the first line of its docstring is
its description here. One that lacks what it needs says so in a sentence and exits with 1.
"""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from benchmarks.tables import table

FOLDER = Path(__file__).resolve().parent
HELPERS = {
    "__init__", "__main__", "corpus", "month_bot", "panels", "search_peers", "tables", "vectors",
}  # fmt: skip


def main(argv: list[str]) -> int:
    names = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem not in HELPERS}
    if argv and argv[0] in names:
        benchmark = importlib.import_module(f"benchmarks.{argv[0]}")
        try:
            code: int = benchmark.main(argv[1:])
        except pytest.skip.Exception as reason:  # what the tests' stand-ins raise
            sys.exit(f"This {reason}.")
        return code
    if argv and argv[0] not in ("-h", "--help"):
        print(f"There is no benchmark {argv[0]!r}; there are:", file=sys.stderr)
    print("python -m benchmarks NAME [--help]\n")
    print(table([(name, _first_line(path)) for name, path in names.items()], names=2))
    return 0 if not argv or argv[0] in ("-h", "--help") else 2


def _first_line(path: Path) -> str:
    # Read, not imported: a benchmark may need a peer that is not installed.
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
