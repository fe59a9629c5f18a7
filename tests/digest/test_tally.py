"""All counts of a day are parts of one number, the papers announced for the channel."""

from hypothesis import given
from hypothesis import strategies as st

from bot.digest.build import build_digest
from bot.digest.select import Decision, Verdict, decide, merge
from bot.digest.tally import count_papers
from bot.models import AnnounceType
from tests.builders import DAY, make_id, make_listing, make_paper, make_subscription, make_topic

PAPERS = 12
numbers = st.sets(st.integers(1, PAPERS))


@given(st.lists(st.sampled_from(AnnounceType), min_size=PAPERS, max_size=PAPERS), numbers, numbers,
       st.booleans())  # fmt: skip
def test_the_counts_are_those_of_the_decisions(
    types: list[AnnounceType], matched: set[int], delivered: set[int], has_topics: bool
) -> None:
    subscription = make_subscription(topics=[make_topic("nerf")] if has_topics else [])
    papers = [(make_paper(number), kind) for number, kind in enumerate(types, start=1)]
    decisions = decide(
        subscription=subscription,
        announced=merge(subscription.categories, [make_listing(*papers)]),
        matches={"nerf": {make_id(number) for number in matched}},
        delivered={make_id(number): 1 for number in delivered},
    )
    tally = count_papers(subscription, decisions)
    digest = build_digest(subscription, DAY, decisions)
    assert tally == digest.tally
    assert tally.chosen == len(digest.entries)
    followed = [kind for kind in types if kind in subscription.announce_types]
    assert tally.announced == len(followed)
    assert {kind: count for kind, count in tally.types.items() if count} == {
        kind: followed.count(kind) for kind in set(followed)
    }
    assert tally.matching == sum(
        (number in matched or not has_topics) and kind in followed
        for number, kind in enumerate(types, start=1)
    )
    assert tally.before == tally.matching - tally.chosen
    assert tally.no_topics is not has_topics


def test_what_was_posted_before_and_matches_no_more_is_no_part_of_the_matching() -> None:
    """A topic that changed since must not make more papers posted before than there are matches."""
    subscription = make_subscription(topics=[make_topic("nerf")])
    decisions = decide(
        subscription=subscription,
        announced=merge(subscription.categories, [make_listing(make_paper(1), make_paper(2))]),
        matches={"nerf": {make_id(2)}},
        delivered={make_id(1): 1},
    )
    tally = count_papers(subscription, decisions)
    assert (tally.announced, tally.matching, tally.before, tally.chosen) == (2, 1, 0, 1)


def test_a_paper_of_another_type_is_not_announced_for_the_channel() -> None:
    decision = Decision(
        entry=decide(
            subscription=make_subscription(),
            announced=merge(["cs.CV"], [make_listing((make_paper(1), AnnounceType.REPLACE))]),
            matches={},
            delivered={},
        )[0].entry,
        verdict=Verdict.TYPE_NOT_FOLLOWED,
    )
    assert count_papers(make_subscription(), [decision]).announced == 0
