"""The digest holds what is to be posted and says out of how many."""

from dataclasses import replace

import pytest

from bot.digest.build import build_digest
from bot.digest.select import decide, merge
from bot.models import AnnounceType
from tests.builders import DAY, make_id, make_listing, make_paper, make_subscription, make_topic


def test_announced_counts_the_papers_of_followed_types_matching_or_not() -> None:
    """'3 announced, 1 posted': the replacement is not counted, the posted and the unmatched are."""
    subscription = make_subscription(topics=[make_topic("nerf")])
    listing = make_listing(
        make_paper(1),
        make_paper(2),
        (make_paper(3), AnnounceType.CROSS),
        (make_paper(4), AnnounceType.REPLACE),
    )
    decisions = decide(
        subscription=subscription,
        announced=merge(subscription.categories, [listing]),
        matches={"nerf": {make_id(1), make_id(2)}},
        delivered={make_id(1): 1},
    )
    digest = build_digest(subscription, DAY, decisions)
    assert [entry.paper.arxiv_id for entry in digest.entries] == [make_id(2)]
    assert digest.tally.announced == 3
    assert digest.categories == ("cs.CV",)
    assert digest.announced_on == DAY
    assert not digest.is_supplement


def test_a_paper_of_two_followed_categories_is_announced_once() -> None:
    subscription = make_subscription(categories=["cs.CV", "cs.LG"])
    listings = [
        make_listing(make_paper(1), category="cs.CV"),
        make_listing((make_paper(1), AnnounceType.CROSS), category="cs.LG"),
    ]
    announced = merge(subscription.categories, listings)
    decisions = decide(subscription=subscription, announced=announced, matches={}, delivered={})
    assert build_digest(subscription, DAY, decisions).tally.announced == 1


def test_a_day_without_papers_gives_an_empty_digest() -> None:
    digest = build_digest(make_subscription(), DAY, (), is_supplement=True)
    assert digest.entries == ()
    assert digest.tally.announced == 0
    assert digest.is_supplement


@pytest.mark.parametrize("user_id", [None, 1])
def test_a_digest_of_a_person_is_sent_to_them_directly(user_id: int | None) -> None:
    subscription = replace(make_subscription(), user_id=user_id)
    assert build_digest(subscription, DAY, ()).is_direct is (user_id is not None)
