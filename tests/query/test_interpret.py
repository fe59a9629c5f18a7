"""What a person means by words that no paper says."""

from datetime import date

import pytest

from bot.query.interpret import interpret, names_in, without
from bot.query.parser import parse_query

TODAY = date(2024, 3, 6)  # a Wednesday


@pytest.mark.parametrize(
    ("typed", "meant", "left_out"),
    [
        (
            "what papers about 3d gaussian splatting came out this week?",
            "3d gaussian splatting since:2024-02-28",
            "what papers about came out",
        ),
        ("nerf past week", "nerf since:2024-02-28", ""),
        ("nerf last week", "nerf since:2024-02-26 until:2024-03-03", ""),
        ("nerf this month", "nerf since:2024-03-01", ""),
        ("nerf last month", "nerf since:2024-02-01 until:2024-02-29", ""),
        ("nerf in the last 3 months", "nerf since:2023-12-07", ""),
        ("nerf last 10 days", "nerf since:2024-02-25", ""),
        ("nerf this year", "nerf since:2024-01-01", ""),
        ("nerf last year", "nerf since:2023-01-01 until:2023-12-31", ""),
        ("nerf today", "nerf since:2024-03-06", ""),
        ("nerf from yesterday", "nerf since:2024-03-05 until:2024-03-05", ""),
        ("nerf since January", "nerf since:2024-01-01", ""),
        ("nerf since june", "nerf since:2023-06-01", ""),
        ("nerf since March 2021", "nerf since:2021-03-01", ""),
        ("since January nerf", "nerf since:2024-01-01", ""),
        ("nerf over the last 2 weeks", "nerf since:2024-02-21", ""),
        ("nerf within the past week", "nerf since:2024-02-28", ""),
        ("nerf during this month", "nerf since:2024-03-01", ""),
        ("nerf in", "nerf", "in"),
        ("nerf since 2022", "nerf since:2022-01-01", ""),
        ("nerf after 2022", "nerf since:2023-01-01", ""),
        ("nerf before 2022", "nerf until:2021-12-31", ""),
        ("nerf until Feb 2022", "nerf until:2022-02-28", ""),
        ("nerf in 2023", "nerf since:2023-01-01 until:2023-12-31", ""),
        ("masked autoencoders by Kaiming He", 'masked autoencoders author:"Kaiming He"', ""),
        ("frogs by Plato", "frogs author:Plato", ""),
        ("autoencoders by kaiming he", 'autoencoders author:"kaiming he"', ""),
        ("imaging by optical means of light", "imaging optical means light", "by of"),
        ("segmentation with code", "segmentation has:code", ""),
        ("segmentation with code available", "segmentation has:code", ""),
        ("segmentation in cs.CV", "segmentation category:cs.CV", ""),
        ("maps in cs.CV this week", "maps category:cs.CV since:2024-02-28", ""),
        ("how can I use transformers for MRI", "transformers MRI", "how can I use for"),
        ("recent papers", "recent papers", ""),
        ("this week", "since:2024-02-28", ""),
        ("deep author:he this week", "deep author:he since:2024-02-28", ""),
        ('"this week" nerf', '"this week" nerf', ""),
        ("nerf -slow this week", "nerf -slow since:2024-02-28", ""),
        ("title:papers nerf", "title:papers nerf", ""),
        ("segment* last 99999 years", "segment* since:0001-01-01", ""),
        ("papers on nerf year:2022", "nerf since:2022-01-01 until:2022-12-31", "papers on"),
        ('autor:"Kaiming He" masks', 'masks author:"Kaiming He"', ""),
        ("masks -autor:he", 'masks -"autor:he"', ""),
        ("may be in may", "may since:2023-05-01 until:2023-05-31", "be"),
    ],
)
def test_phrases_become_filters_and_questions_lose_their_words(
    typed: str, meant: str, left_out: str
) -> None:
    found = interpret(parse_query(typed), TODAY)
    assert found.query.text == meant
    assert parse_query(found.query.text).root == found.query.root
    assert " ".join(found.left_out) == left_out


def test_names_that_nobody_has_are_words_again() -> None:
    found = interpret(parse_query("masked autoencoders by Kaiming He with code"), TODAY)
    names = list(names_in(found.filters))
    assert without(found, names).query.text == "masked autoencoders Kaiming He has:code"
    assert without(found, []) == found
