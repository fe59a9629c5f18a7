"""Where a paper is posted that several channels of a server would post."""

from dataclasses import replace

import pytest

from bot.digest.models import DigestEntry, Subscription
from bot.digest.once import Claim, find_homes
from tests.builders import make_entry, make_id, make_paper, make_subscription


def channel(number: int, *categories: str) -> Subscription:
    return replace(
        make_subscription(), id=number, channel_id=number, categories=categories or ("cs.CV",)
    )


def entry(number: int, *topics: str, category: str = "cs.CV") -> DigestEntry:
    paper = make_paper(number, categories=(category, "stat.ML"))
    return replace(make_entry(paper), topics=topics)


ONE = entry(1)


@pytest.mark.parametrize(
    ("here", "there", "why"),
    [
        (Claim(channel(1), [entry(1, "a")]), Claim(channel(2), [entry(1)]), "a topic"),
        (
            Claim(channel(1), [entry(1, "a", "b")]),
            Claim(channel(2), [entry(1, "c")]),
            "more topics",
        ),
        (
            Claim(channel(1), [entry(1, "a")]),
            Claim(channel(2), [entry(1, "c"), entry(2, "c")]),
            "a rarer topic",
        ),
        (Claim(channel(9), [ONE]), Claim(channel(2, "stat.ML"), [ONE]), "its primary category"),
        (
            Claim(channel(9), [ONE]),
            Claim(channel(2, "cs.CV", "cs.LG"), [ONE]),
            "a more special channel",
        ),
        (Claim(channel(1), [ONE]), Claim(channel(2), [ONE]), "the older channel"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_it_goes_where_it_matches_best(here: Claim, there: Claim, why: str) -> None:
    for claims in ((here, there), (there, here)):
        assert find_homes(claims, {})[make_id(1)] == here.subscription.channel_id, why


def test_what_has_a_home_stays_there() -> None:
    claims = [Claim(channel(1), [entry(1, "a"), entry(2)]), Claim(channel(2), [entry(1)])]
    assert find_homes(claims, {make_id(1): 7}) == {make_id(1): 7, make_id(2): 1}
