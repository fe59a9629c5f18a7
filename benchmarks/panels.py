"""Panels of a Grafana dashboard as a page of HTML: each graph at its place, with unit and legend.

Pure. It draws what `docs/monitoring/dashboard.json` uses of Grafana: time series, their units
``short``, ``s`` and ``bytes``, legends with labels, a least value. Anything else is a ValueError,
so that a panel is never shown as something else than it is.
"""

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

WIDTH, COLUMNS, ROW = 1280, 24, 27
"""Of the page in pixels, of the dashboard's grid, and of a row of that in pixels."""
GAP = 8
TITLE, LEGEND = 26, 34
"""Heights above and below a graph: a line, and two."""
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 8, 20
"""What a graph leaves around its lines, for the numbers of its axes."""
COLOURS = (
    "#73bf69", "#f2cc0c", "#5794f2", "#ff9830", "#f2495c", "#b877d9", "#8ab8ff", "#ffa6b0",
    "#37872d", "#e0b400", "#1f60c4", "#fa6400", "#c4162a", "#8f3bb8",
)  # fmt: skip
MOST_TICKS = 5
DIVISIONS_S = (
    *(10.0**power * by for power in range(-6, 0) for by in (1, 2, 5)),
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
)  # fmt: skip
"""Of an axis of time, in seconds; above them whole days."""
UNITS_S = (
    (86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "µs"),
)  # fmt: skip
UNITS_BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
UNITS = {"short", "s", "bytes"}

STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: #111217; color: #ccccdc; overflow: hidden;
  font: 12px/16px "Inter", "DejaVu Sans", Arial, sans-serif }
section { position: absolute; background: #181b1f; border: 1px solid #2c3235; border-radius: 3px }
h2 { margin: 0; padding: 6px 10px 0; font-size: 13px; font-weight: 500; height: 26px }
svg { display: block } text { fill: #9a9ba5; font-size: 11px }
.grid { stroke: #2c3235 } polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round }
ul { margin: 0; padding: 0 10px; list-style: none; font-size: 11px; height: 34px }
li { display: inline-block; margin-right: 12px; white-space: nowrap }
i { display: inline-block; width: 12px; height: 3px; margin: 0 5px 3px 0; border-radius: 1px }
p { margin: 0; position: absolute; top: 45%; width: 100%; text-align: center; color: #9a9ba5 }
"""


@dataclass(frozen=True, slots=True)
class Query:
    expr: str
    legend: str

    def name(self, labels: Mapping[str, str]) -> str:
        """Return what the legend calls a series; labels that it has not are empty."""
        return re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), self.legend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    title: str
    x: int
    y: int
    w: int
    h: int
    unit: str
    least: float | None
    queries: Sequence[Query]


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and values by the moment in seconds since 1970."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Span:
    start: datetime
    end: datetime
    step: timedelta


def read_panels(dashboard: Mapping[str, Any]) -> list[Panel]:
    """Return the panels of a dashboard; raises ValueError for what this module does not draw."""
    return [_read_panel(panel) for panel in dashboard["panels"]]


def _read_panel(panel: Mapping[str, Any]) -> Panel:
    look = panel["fieldConfig"]["defaults"]
    if panel["type"] != "timeseries" or panel["fieldConfig"]["overrides"]:
        raise ValueError(f"{panel['title']}: only plain time series are drawn here")
    if look["unit"] not in UNITS:
        raise ValueError(f"{panel['title']}: the unit {look['unit']!r} is not drawn here")
    queries = [Query(each["expr"], each["legendFormat"]) for each in panel["targets"]]
    return Panel(
        title=panel["title"], unit=look["unit"], least=look.get("min"), queries=queries,
        **{name: panel["gridPos"][name] for name in "xywh"},
    )  # fmt: skip


def name_series(query: Query, answer: Mapping[str, Any]) -> list[Series]:
    """Return the lines of Prometheus' answer to a range query, in the order of their names."""
    lines = [
        Series(query.name(each["metric"]), [(at, float(value)) for at, value in each["values"]])
        for each in answer["data"]["result"]
    ]
    return sorted(lines, key=lambda line: line.name)


def draw_page(panels: Sequence[tuple[Panel, Sequence[Series]]], span: Span) -> str:
    """Return the page; it is `WIDTH` wide and as high as `height_of` says."""
    drawn = "".join(_draw_panel(panel, lines, span) for panel, lines in panels)
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{drawn}"


def height_of(panels: Sequence[Panel]) -> int:
    return max(panel.y + panel.h for panel in panels) * ROW + GAP


def _draw_panel(panel: Panel, lines: Sequence[Series], span: Span) -> str:
    column = (WIDTH - GAP) / COLUMNS
    width, height = round(panel.w * column) - GAP, panel.h * ROW - GAP
    place = (
        f"left:{round(panel.x * column) + GAP}px;top:{panel.y * ROW + GAP}px;"
        f"width:{width}px;height:{height}px"
    )
    graph = _draw_graph(panel, lines, span, width - 2, height - 2 - TITLE - LEGEND)
    empty = "" if any(line.points for line in lines) else "<p>No data</p>"
    names = "".join(
        f'<li><i style="background:{_colour(number)}"></i>{html.escape(line.name)}</li>'
        for number, line in enumerate(lines)
    )
    return (
        f'<section style="{place}"><h2>{html.escape(panel.title)}</h2>{graph}{empty}'
        f"<ul>{names}</ul></section>"
    )


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _draw_graph(panel: Panel, lines: Sequence[Series], span: Span, width: int, height: int) -> str:
    values = [value for line in lines for _, value in line.points if math.isfinite(value)]
    ticks = find_ticks(panel.least, values, panel.unit)
    right, bottom = width - RIGHT, height - BOTTOM
    across = _scale(span.start.timestamp(), span.end.timestamp(), LEFT, right)
    up = _scale(ticks[0], ticks[-1], bottom, TOP)
    parts = [
        f"<line class=grid x1={LEFT} x2={right} y1={up(tick):.1f} y2={up(tick):.1f} />"
        f"<text x={LEFT - 6} y={up(tick) + 4:.1f} text-anchor=end>{show(tick, panel.unit)}</text>"
        for tick in ticks
    ]
    parts += [
        f"<line class=grid x1={at:.1f} x2={at:.1f} y1={TOP} y2={bottom} />"
        f"<text x={at:.1f} y={height - 5} text-anchor=middle>{day:%m-%d}</text>"
        for day, at in ((day, across(day.timestamp())) for day in _midnights(span))
    ]
    parts += [
        _draw_piece([(across(at), up(value)) for at, value in piece], _colour(number))
        for number, line in enumerate(lines)
        for piece in cut_at_gaps(line.points, span.step.total_seconds())
    ]
    return f"<svg width={width} height={height}>{''.join(parts)}</svg>"


def _draw_piece(dots: Sequence[tuple[float, float]], colour: str) -> str:
    if len(dots) == 1:
        ((x, y),) = dots
        return f'<circle r=1.5 cx={x:.1f} cy={y:.1f} fill="{colour}" />'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    return f'<polyline stroke="{colour}" points="{path}" />'


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _midnights(span: Span) -> Iterator[datetime]:
    day = datetime(span.start.year, span.start.month, span.start.day, tzinfo=UTC)
    while day <= span.end:
        if day >= span.start:
            yield day
        day += timedelta(days=1)


def cut_at_gaps(
    points: Sequence[tuple[float, float]], step_s: float
) -> list[list[tuple[float, float]]]:
    """Cut a line where a value is missing or none (NaN), as no value is not a value in between."""
    pieces: list[list[tuple[float, float]]] = []
    before = -math.inf
    for at, value in points:
        if not math.isfinite(value):
            continue
        if at - before > 1.5 * step_s:
            pieces.append([])
        pieces[-1].append((at, value))
        before = at
    return pieces


def find_ticks(least: float | None, values: Sequence[float], unit: str) -> list[float]:
    """Return some round numbers of a unit: none of the values is below the first or above the last.

    Nor is the ``least`` value of a panel that has one.
    """
    bounds = [*values, *([] if least is None else [least])] or [0.0]
    low, width = min(bounds), (max(bounds) - min(bounds)) or 1.0
    step = _round_up(width / MOST_TICKS, unit)
    first, last = math.floor(low / step), math.ceil((low + width) / step)
    return [number * step for number in range(first, last + 1)]


def _round_up(wanted: float, unit: str) -> float:
    if unit == "bytes":
        return float(2 ** math.ceil(math.log2(wanted)))
    if unit == "s":
        for step in DIVISIONS_S:
            if step >= wanted:
                return step
        return 86_400 * _round_up(wanted / 86_400, "short")
    decade = 10.0 ** math.floor(math.log10(wanted))
    return next(by * decade for by in (1, 2, 5, 10) if by * decade >= wanted * 0.999_999)


def show(value: float, unit: str) -> str:
    """Write a number of an axis."""
    if value == 0 and unit != "short":
        return f"0 {'B' if unit == 'bytes' else 's'}"
    if unit == "short":
        size, name = next(
            ((size, name) for size, name in ((1e6, " M"), (1e3, " k")) if abs(value) >= size),
            (1, ""),
        )
        return f"{value / size:.4g}{name}"
    units = UNITS_BYTES if unit == "bytes" else UNITS_S
    size, name = next((each for each in units if abs(value) >= each[0] * 0.999_999), units[-1])
    return f"{value / size:.4g} {name}"
