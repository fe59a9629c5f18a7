"""The picture of the dashboard in `benchmarks/`: what is asked, and where answers are drawn."""

import copy
import itertools
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.dashboard import DASHBOARD, stamp, wanted_by
from benchmarks.panels import (
    COLUMNS,
    Panel,
    Query,
    Series,
    Span,
    cut_at_gaps,
    draw_page,
    find_ticks,
    height_of,
    name_series,
    read_panels,
    show,
)  # fmt: skip

START = datetime(2024, 3, 25, tzinfo=UTC)
SPAN = Span(START, START + timedelta(days=2), timedelta(hours=12))


def read_dashboard() -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return dashboard


def make_panel(**changes: Any) -> Panel:
    usual: dict[str, Any] = {
        "title": "Posts", "x": 0, "y": 0, "w": 12, "h": 8, "unit": "short", "least": 0.0,
        "queries": [],
    }  # fmt: skip
    return Panel(**{**usual, **changes})


def every_12_hours(*values: float) -> Series:
    moments = (START.timestamp() + number * 12 * 3600 for number in itertools.count())
    return Series("sent", list(zip(moments, values, strict=False)))


def test_the_dashboard_of_the_docs_is_read_whole_and_no_panel_covers_another() -> None:
    panels = read_panels(read_dashboard())
    covered = [
        (x, y)
        for panel in panels
        for x in range(panel.x, panel.x + panel.w)
        for y in range(panel.y, panel.y + panel.h)
    ]
    assert len(covered) == len(set(covered))
    assert max(x for x, _ in covered) < COLUMNS
    assert all(panel.queries for panel in panels)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda panel: panel.update(type="stat"), "only plain time series"),
        (lambda panel: panel["fieldConfig"]["overrides"].append({}), "only plain time series"),
        (lambda panel: panel["fieldConfig"]["defaults"].update(unit="percent"), "'percent'"),
    ],
)
def test_what_cannot_be_drawn_as_it_is_meant_is_refused(change: Any, said: str) -> None:
    dashboard = copy.deepcopy(read_dashboard())
    change(dashboard["panels"][0])
    with pytest.raises(ValueError, match=said):
        read_panels(dashboard)


def test_lines_are_named_by_their_labels_and_stand_in_order() -> None:
    result = [
        {"metric": {"service": "discord", "status": "200"}, "values": [[0, "1.5"], [60, "NaN"]]},
        {"metric": {"service": "arxiv"}, "values": [[0, "2"]]},
    ]
    query = Query("", "{{service}} {{status}}")
    first, second = name_series(query, {"data": {"result": result}})
    assert (first.name, first.points) == ("arxiv ", [(0, 2.0)])
    assert second.name == "discord 200"
    assert math.isnan(second.points[1][1])


def test_a_line_ends_where_a_value_is_missing() -> None:
    points = [(0, 1.0), (60, 2.0), (120, math.nan), (180, 3.0), (360, 4.0), (420, 5.0)]
    assert cut_at_gaps(points, 60) == [
        [(0, 1.0), (60, 2.0)], [(180, 3.0)], [(360, 4.0), (420, 5.0)],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "values", "shown"),
    [
        ("short", [], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        ("short", [3], ["0", "1", "2", "3"]),
        ("short", [170, 12], ["0", "50", "100", "150", "200"]),
        ("short", [4800], ["0", "1 k", "2 k", "3 k", "4 k", "5 k"]),
        ("s", [0.09], ["0 s", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"]),
        ("s", [70], ["0 s", "15 s", "30 s", "45 s", "1 min", "1.25 min"]),
        ("s", [7 * 86_400], ["0 s", "2 d", "4 d", "6 d", "8 d"]),
        ("bytes", [11 * 2**20], ["0 B", "4 MiB", "8 MiB", "12 MiB"]),
        ("bytes", [300], ["0 B", "64 B", "128 B", "192 B", "256 B", "320 B"]),
    ],
)
def test_an_axis_has_round_numbers_of_its_unit(
    unit: str, values: list[float], shown: list[str]
) -> None:
    assert [show(tick, unit) for tick in find_ticks(0, values, unit)] == shown


def test_an_axis_without_a_least_value_begins_below_the_lowest() -> None:
    assert find_ticks(None, [94, 106], "short") == [90, 95, 100, 105, 110]


def test_a_value_is_drawn_at_its_moment_and_height() -> None:
    page = draw_page([(make_panel(), [every_12_hours(0, 100, 50)])], SPAN)
    [drawn] = re.findall(r'points="([^"]+)"', page)
    (x0, y0), (x1, y1), (x2, y2) = [tuple(map(float, dot.split(","))) for dot in drawn.split()]
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    grid = {
        name: float(y)
        for y, name in re.findall(r"y1=([\d.]+) y2=\S+ /><text [^>]+>([^<]+)</text>", page)
        if not name.startswith("03-")
    }
    assert y1 < y0  # down is more, on a page
    assert [y0, y1, y2] == pytest.approx([grid["0"], grid["100"], (grid["40"] + grid["60"]) / 2])
    days = dict(re.findall(r"<text x=([\d.]+) [^>]+>(03-\d\d)</text>", page))
    assert {day: float(x) for x, day in days.items()}["03-26"] == x2


def test_a_lonely_value_is_a_dot_and_a_panel_without_any_says_so() -> None:
    page = draw_page([(make_panel(), [every_12_hours(1)])], SPAN)
    assert (page.count("<circle"), page.count("<polyline"), "No data" in page) == (1, 0, False)
    assert "No data" in draw_page([(make_panel(), [])], SPAN)


def test_titles_and_names_are_shown_as_they_are() -> None:
    page = draw_page([(make_panel(title="a < b"), [Series("x & y", [])])], SPAN)
    assert "a &lt; b" in page
    assert "x &amp; y" in page


def test_panels_stand_where_the_dashboard_has_them() -> None:
    panels = [make_panel(), make_panel(x=12), make_panel(y=8)]
    page = draw_page([(panel, []) for panel in panels], SPAN)
    places = re.findall(r"left:(\d+)px;top:(\d+)px;width:(\d+)px;height:(\d+)px", page)
    first, right, below = [tuple(map(int, place)) for place in places]
    assert right[0] >= first[0] + first[2]
    assert below[1] >= first[1] + first[3]
    assert (right[1], below[0]) == (first[1], first[0])
    assert below[1] + below[3] <= height_of(panels)


def test_prometheus_gets_what_is_asked_for_at_each_moment_until_the_next_stop() -> None:
    page = '# TYPE a gauge\npaper_bot_a{x="1"} 2.0\npaper_bot_b 3.0\n'
    wanted = wanted_by([make_panel(queries=[Query("sum(paper_bot_a) > 1", "")])])
    lines = stamp(page, START, wanted)
    assert {line.rpartition(" ")[0] for line in lines} == {'paper_bot_a{x="1"} 2.0'}
    moments = [float(line.rpartition(" ")[2]) - START.timestamp() for line in lines]
    assert moments == [0, 150, 300, 450, 600, 750]
