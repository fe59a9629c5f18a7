"""Fields by a wrong name are read as they are meant, and text with a colon stays text."""

import pytest

from bot.query.ast import And
from bot.query.fields import read_fields
from bot.query.parser import parse_query
from bot.query.printer import print_node


@pytest.mark.parametrize(
    ("typed", "meant", "rest"),
    [
        ("autor:he", "author:he", ""),
        ("nerf Autor:He", "author:He", "nerf"),
        ('autor:"Kaiming He" nerf', 'author:"Kaiming He"', "nerf"),
        ("titel:nerf", "title:nerf", ""),
        ("catgory:cs.CV nerf", "category:cs.CV", "nerf"),
        ("conf:CVPR", "venue:CVPR", ""),
        ("with:code nerf", "has:code", "nerf"),
        ("year:2024", "since:2024-01-01 until:2024-12-31", ""),
        ("years:2024", "since:2024-01-01 until:2024-12-31", ""),
        ('date:"2024-02"', "since:2024-02-01 until:2024-02-29", ""),
        ("from:2024-02 to:2024-03", "since:2024-02-01, until:2024-03-31", ""),
        ("after:2024", "since:2025-01-01", ""),
        ("before:2024-02", "until:2024-01-31", ""),
    ],
)
def test_a_field_by_a_wrong_name_is_read_as_it_is_meant(typed: str, meant: str, rest: str) -> None:
    parts, misnamed = read_fields(parse_query(typed))
    assert ", ".join(print_node(field.meant) for field in misnamed) == meant
    assert " ".join(map(print_node, parts)) == rest


@pytest.mark.parametrize(
    "typed",
    [
        "author:he",
        "author:he since:2024",
        "BERT:pretraining",
        "model:gpt",
        "dataset:imagenet",
        "http://year:2024/x",
        '"autor:he"',
        '"x autor:he y"',
        "=autor:he",
        "nerf -autor:he",
        "nerf OR autor:he",
        "nerf (autor:he OR slam)",
        "autor: he",
        "xy-autor:he",
        "date:2024-13",
        "before:0001",
        "after:9999",
        "catgory:cs.XX",
        "tags:slam",
        "ay:he",
        "nam:he",
        "data:2024",
    ],
)
def test_text_and_what_fits_no_field_stay_as_they_are(typed: str) -> None:
    root = parse_query(typed).root
    parts, misnamed = read_fields(parse_query(typed))
    assert misnamed == []
    assert parts == (list(root.parts) if isinstance(root, And) else [root])
