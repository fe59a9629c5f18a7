"""Tables and verdicts as the benchmarks print them."""

import math
from collections.abc import Sequence

GAP = "  "


def table(rows: Sequence[Sequence[str]], *, names: int = 1) -> str:
    """Lay out rows of equal length in columns as wide as what they hold.

    The first ``names`` columns are words and stand left, the others numbers and stand right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(GAP.join(_cells(row, widths, names)).rstrip() for row in rows)


def _cells(row: Sequence[str], widths: Sequence[int], names: int) -> list[str]:
    return [
        cell.ljust(width) if at < names else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def percentile_95(times: Sequence[float]) -> float:
    return percentile(times, 0.95)


def percentile(times: Sequence[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[math.ceil(share * len(ordered)) - 1]
