"""Auto shows cards while there are few papers, and a brief when there are many."""

from dataclasses import replace

import pytest

from bot.digest.models import Digest, Order
from bot.ui.styles.auto import AUTO
from bot.ui.styles.brief import BRIEF
from bot.ui.styles.cards import CARDS
from tests.builders import make_digest, make_subscription, make_topic
from tests.ui.styles.bodies import content_of, typical_paper


def ranked(count: int, up_to: int = 25) -> Digest:
    papers = [typical_paper(number) for number in range(1, count + 1)]
    return replace(make_digest(*papers), order=Order.TOPICS, top=5, cards_up_to=up_to)


@pytest.mark.parametrize(
    ("count", "up_to", "is_cards"),
    [(0, 25, True), (1, 25, True), (25, 25, True), (26, 25, False), (1, 0, False), (40, 40, True)],
)
def test_few_papers_are_cards_and_many_a_brief(count: int, up_to: int, is_cards: bool) -> None:
    digest, style = ranked(count, up_to), CARDS if is_cards else BRIEF
    assert AUTO.render(digest, first_part=3) == style.render(digest, first_part=3)
    assert AUTO.measure(digest) == style.measure(digest)


def test_cards_say_their_order_too_where_it_is_not_the_listings() -> None:
    assert content_of(AUTO.render(ranked(2))[0]).endswith("2 posted · best matches first")
    assert content_of(CARDS.render(replace(ranked(2), order=Order.LISTING))[0]).endswith("2 posted")


def test_no_message_is_kept_as_auto_but_it_can_read_and_split_all() -> None:
    for digest in (ranked(5), ranked(40)):
        for draft in AUTO.render(digest):
            assert draft.style in ("cards", "list")
            shown = AUTO.read(draft.body)
            assert shown is not None
            assert {arxiv_id for arxiv_id, _ in shown.papers} == {each for each, _ in draft.papers}
            assert AUTO.split(draft.body, draft.papers)


def test_it_says_how_it_shows_a_channels_papers() -> None:
    subscription = make_subscription(topics=[make_topic()])
    long = "the 5 best matches as cards and the others as a list"
    assert AUTO.describe(subscription) == f"cards up to 25 papers, above that {long}"
    assert AUTO.describe(replace(subscription, cards_up_to=0)) == long
