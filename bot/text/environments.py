r"""Environments: displayed formulas, cases and matrices row by row, lists.

``\begin{cases} 1 & x > 0 \\ 0 & x \leq 0 \end{cases}`` reads ``{1, x > 0; 0, x ≤ 0}``: rows are
parted by semicolons, cells by commas, between the brackets that TeX would draw.
"""

import re
from collections.abc import Iterator

from bot.text.formulas import settle
from bot.text.structure import Reader
from bot.text.symbols import words

_BRACKETS = {
    "cases": "{}", "dcases": "{}", "rcases": "{}", "matrix": ("", ""), "smallmatrix": ("", ""),
    "array": ("", ""), "pmatrix": "()", "psmallmatrix": "()", "bmatrix": "[]",
    "bsmallmatrix": "[]", "Bmatrix": "{}", "vmatrix": "||", "Vmatrix": "‖‖", "subarray": ("", ""),
}  # fmt: skip
_DISPLAYED = words("""
    equation align gather multline eqnarray displaymath math flalign alignat
""")
_ALIGNED = _DISPLAYED | words("aligned split gathered alignedat")
_WITH_ARGUMENT = words("array subarray tabular alignat alignedat minipage")
_MOST = 3000  # characters between the two ends of an environment
_BORDER = re.compile(
    r"\\(?P<end>begin|end)\{[A-Za-z]+\*?\}|\\\\(?:\[[^\[\]\n]{0,20}\])?|\\.|[{&]", re.DOTALL
)
_END_OF_ROW = " ,;.\n\t"


def begin(reader: Reader) -> None:
    """Read a displayed formula as one; drop the name of an environment of prose."""
    group = reader.take_group()
    if group is None:
        return
    name = reader.text[slice(*group)].strip().removesuffix("*")
    reader.take_option()
    if name in _WITH_ARGUMENT:
        reader.take_group()
    end = _end(reader, name)
    if end is None or not (name in _DISPLAYED or reader.is_math):
        return
    start, reader.at = reader.at, end
    rows = list(_rows(reader, start, end))
    if name in _BRACKETS:
        opening, closing = _BRACKETS[name]
        cells = (", ".join(filter(None, map(_bare, row))) for row in rows)
        reader.write(f"{opening}{'; '.join(filter(None, cells))}{closing}")
    elif name in _ALIGNED:
        reader.write(settle(_lines(rows)))
    else:
        reader.at = start


def stacked(reader: Reader) -> None:
    r"""Read the lines of ``\substack`` as a list."""
    group = reader.take_group()
    if group is not None:
        rows = (" ".join(map(_bare, row)) for row in _rows(reader, *group))
        reader.write(", ".join(filter(None, rows)))


def _end(reader: Reader, name: str) -> int | None:
    """Return where the environment ends that began here, others of its name inside it."""
    depth = 0
    limit = min(reader.end, reader.at + _MOST)
    for found in re.finditer(
        rf"\\(begin|end)\{{{re.escape(name)}\*?\}}", reader.text[reader.at : limit]
    ):
        if found[1] == "end" and depth == 0:
            return reader.at + found.start()
        depth += 1 if found[1] == "begin" else -1
    return None


def _rows(reader: Reader, start: int, end: int) -> Iterator[list[str]]:
    """Yield the rows between two places, each as its cells, already readable."""
    cells: list[str] = []
    at, depth = start, 0
    position = start
    while found := _BORDER.search(reader.text, position, end):
        position = found.end()
        if found[0] == "{":
            position = reader.end_of_group(found.start()) or position
        elif found["end"]:
            depth += 1 if found["end"] == "begin" else -1
        elif depth == 0 and (found[0] == "&" or found[0].startswith("\\\\")):
            cells.append(_cell(reader, at, found.start()))
            at = found.end()
            if found[0] != "&":
                yield cells
                cells = []
    yield [*cells, _cell(reader, at, end)]


def _cell(reader: Reader, start: int, end: int) -> str:
    return settle(reader.inner(start, end, is_math=True)).strip()


def _bare(cell: str) -> str:
    return cell.strip(_END_OF_ROW)


def _lines(rows: list[list[str]]) -> str:
    """Join the lines of a displayed formula; one that goes on with a relation stays the same."""
    shown = ""
    for row in rows:
        line = " ".join(filter(None, row))
        goes_on = not shown or shown[-1] in ",;:." or re.match(r"[=<>≤≥≈≡∼⇔⇒+−×·-]", line)
        if line:
            shown += f" {line}" if goes_on else f"; {line}"
    return shown.strip()
