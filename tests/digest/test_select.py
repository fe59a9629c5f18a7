"""What a channel gets, and why each other paper not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.models import Subscription
from bot.digest.select import (
    Decider,
    Decision,
    Verdict,
    cap_papers,
    decide,
    leave_to_channels,
    leave_to_homes,
    merge,
)
from bot.models import UNKNOWN_VERSION, AnnounceType, ArxivId, Listing
from tests.builders import make_id, make_listing, make_paper, make_subscription, make_topic

NEW, CROSS = AnnounceType.NEW, AnnounceType.CROSS
REPLACE, REPLACE_CROSS = AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS


def decide_on(
    *listings: Listing,
    subscription: Subscription | None = None,
    matches: Mapping[str, Collection[ArxivId]] | None = None,
    delivered: Mapping[ArxivId, int] | None = None,
) -> tuple[Decision, ...]:
    subscription = subscription or make_subscription()
    return decide(
        subscription=subscription,
        announced=merge(subscription.categories, listings),
        matches=matches or {},
        delivered=delivered or {},
    )


def posted(decisions: Sequence[Decision]) -> list[ArxivId]:
    return [each.entry.paper.arxiv_id for each in decisions if each.verdict is Verdict.POST]


def test_without_topics_every_paper_of_a_followed_type_is_posted() -> None:
    listing = make_listing((make_paper(1), NEW), (make_paper(2), CROSS), (make_paper(3), REPLACE))
    decisions = decide_on(listing)
    assert posted(decisions) == [make_id(1), make_id(2)]
    assert decisions[2].verdict is Verdict.TYPE_NOT_FOLLOWED


def test_with_topics_only_matching_papers_are_posted_and_say_which_topics() -> None:
    subscription = make_subscription(
        topics=[make_topic("nerf"), make_topic("diffusion"), make_topic("robots")]
    )
    decisions = decide_on(
        make_listing(make_paper(1), make_paper(2)),
        subscription=subscription,
        matches={"diffusion": {make_id(1)}, "nerf": {make_id(1)}},
    )
    assert posted(decisions) == [make_id(1)]
    assert decisions[0].entry.topics == ("nerf", "diffusion")
    assert decisions[1].verdict is Verdict.NO_TOPIC_MATCHED


def test_a_paper_of_two_categories_appears_once_where_it_came_first() -> None:
    both, only_cv, only_lg = make_paper(1), make_paper(2), make_paper(3)
    decisions = decide_on(
        make_listing((only_lg, NEW), (both, CROSS), category="cs.LG"),
        make_listing((only_cv, NEW), (both, NEW), category="cs.CV"),
        subscription=make_subscription(categories=["cs.CV", "cs.LG"]),
    )
    assert posted(decisions) == [make_id(2), make_id(1), make_id(3)]
    entry = decisions[1].entry
    assert [(each.category, each.announce_type) for each in entry.listed_in] == [
        ("cs.CV", NEW),
        ("cs.LG", CROSS),
    ]
    assert entry.announce_type is NEW


def test_the_weightiest_type_wins_whatever_the_order_of_categories() -> None:
    paper = make_paper()
    (decision,) = decide_on(
        make_listing((paper, CROSS), category="cs.LG"),
        make_listing((paper, NEW), category="cs.CV"),
        subscription=make_subscription(categories=["cs.LG", "cs.CV"]),
    )
    assert decision.entry.announce_type is NEW


def test_a_type_that_is_not_followed_never_hides_one_that_is() -> None:
    """New in cs.CV, cross-listed in cs.LG: a channel that follows cross-lists only gets it."""
    paper = make_paper()
    (decision,) = decide_on(
        make_listing((paper, NEW), category="cs.CV"),
        make_listing((paper, CROSS), category="cs.LG"),
        subscription=make_subscription(categories=["cs.CV", "cs.LG"], announce_types=[CROSS]),
    )
    assert decision.verdict is Verdict.POST
    assert decision.entry.announce_type is CROSS


def test_listings_of_other_categories_are_not_the_channels_business() -> None:
    assert decide_on(make_listing(make_paper(), category="math.AG")) == ()


def test_a_listing_given_twice_changes_nothing() -> None:
    listing = make_listing(make_paper(1), make_paper(2))
    assert decide_on(listing, listing) == decide_on(listing)


@pytest.mark.parametrize(
    ("announce_type", "version", "sent_version", "verdict"),
    [
        (NEW, 1, None, Verdict.POST),
        (NEW, 1, 1, Verdict.POSTED_BEFORE),
        (NEW, 2, 1, Verdict.POSTED_BEFORE),
        (CROSS, 2, 1, Verdict.POSTED_BEFORE),
        (REPLACE, 2, None, Verdict.POST),
        (REPLACE, 2, 1, Verdict.POST),
        (REPLACE, 2, 2, Verdict.POSTED_BEFORE),
        (REPLACE, 2, 3, Verdict.POSTED_BEFORE),
        (REPLACE_CROSS, 3, 2, Verdict.POST),
    ],
)
def test_a_paper_is_posted_once_and_a_replacement_once_per_version(
    announce_type: AnnounceType, version: int, sent_version: int | None, verdict: Verdict
) -> None:
    (decision,) = decide_on(
        make_listing((make_paper(version=version), announce_type)),
        subscription=make_subscription(announce_types=list(AnnounceType)),
        delivered={} if sent_version is None else {make_id(1): sent_version},
    )
    assert decision.verdict is verdict
    assert decision.sent_version == sent_version


def test_a_replacement_of_a_posted_paper_is_posted_even_when_also_newly_cross_listed() -> None:
    """The cross-list is old news to the channel, the new version is not; so it says replacement."""
    paper = make_paper(version=2)
    (decision,) = decide_on(
        make_listing((paper, REPLACE), category="cs.CV"),
        make_listing((paper, CROSS), category="cs.LG"),
        subscription=make_subscription(
            categories=["cs.CV", "cs.LG"], announce_types=list(AnnounceType)
        ),
        delivered={make_id(1): 1},
    )
    assert decision.verdict is Verdict.POST
    assert decision.entry.announce_type is REPLACE


def test_the_later_version_counts_when_two_listings_disagree() -> None:
    (decision,) = decide_on(
        make_listing((make_paper(version=1), NEW), category="cs.CV"),
        make_listing((make_paper(version=2), CROSS), category="cs.LG"),
        subscription=make_subscription(categories=["cs.CV", "cs.LG"]),
    )
    assert decision.entry.paper.version == 2


def test_of_two_texts_of_one_version_the_first_listing_s_is_kept() -> None:
    (decision,) = decide_on(
        make_listing((make_paper(title="As cs.CV has it"), NEW), category="cs.CV"),
        make_listing((make_paper(title="As cs.LG has it"), CROSS), category="cs.LG"),
        subscription=make_subscription(categories=["cs.CV", "cs.LG"]),
    )
    assert decision.entry.paper.title == "As cs.CV has it"


types = st.sampled_from(list(AnnounceType))


@given(
    cv=st.lists(st.tuples(st.integers(1, 20), types), max_size=15),
    lg=st.lists(st.tuples(st.integers(1, 20), types), max_size=15),
    found=st.sets(st.integers(1, 20)),
    sent=st.dictionaries(st.integers(1, 20), st.integers(1, 3)),
)
def test_every_announced_paper_is_decided_exactly_once(
    cv: list[tuple[int, AnnounceType]],
    lg: list[tuple[int, AnnounceType]],
    found: set[int],
    sent: dict[int, int],
) -> None:
    """No paper is lost, none stands twice, and what was posted before never comes again."""
    decisions = decide_on(
        make_listing(*((make_paper(number), each) for number, each in cv), category="cs.CV"),
        make_listing(*((make_paper(number), each) for number, each in lg), category="cs.LG"),
        subscription=make_subscription(
            categories=["cs.CV", "cs.LG"], announce_types=list(AnnounceType), topics=[make_topic()]
        ),
        matches={"diffusion": {make_id(number) for number in found}},
        delivered={make_id(number): version for number, version in sent.items()},
    )
    decided = [each.entry.paper.arxiv_id for each in decisions]
    assert decided == list(dict.fromkeys(make_id(number) for number, _ in (*cv, *lg)))
    assert set(posted(decisions)) == set(decided) & {
        make_id(number) for number in found if number not in sent
    }


@pytest.mark.parametrize(("sent", "is_posted"), [(1, True), (2, False)])
def test_a_replacement_of_unknown_version_is_at_least_the_second(
    sent: int, is_posted: bool
) -> None:
    """Listing pages name no versions."""
    paper = make_paper(1, version=UNKNOWN_VERSION)
    decisions = decide_on(
        make_listing((paper, REPLACE)),
        subscription=make_subscription(announce_types=[REPLACE]),
        delivered={make_id(1): sent},
    )
    assert posted(decisions) == ([make_id(1)] if is_posted else [])


def test_channels_that_share_a_decider_are_decided_as_each_by_itself() -> None:
    listing = make_listing((make_paper(1), NEW), (make_paper(2), CROSS), (make_paper(3), REPLACE))
    announced = merge(["cs.CV"], [listing])
    shared = Decider(announced)
    for topics in ((), (make_topic("a"),), (make_topic("a"), make_topic("b"))):
        for types in ((NEW,), (NEW, CROSS), (NEW, CROSS, REPLACE)):
            for delivered in ({}, {make_id(1): 1}, {make_id(3): 1, make_id(9): 2}):
                subscription = make_subscription(topics=topics, announce_types=types)
                matches = {"a": {make_id(1), make_id(3)}, "b": {make_id(2), make_id(1)}}
                expected = Decider(announced).decide(subscription, matches, delivered)
                assert shared.decide(subscription, matches, delivered) == expected


def day_with_a_repeat() -> tuple[Decision, ...]:
    """Decide about papers 1, 2 and 3, of which the third was posted before."""
    listing = make_listing(*(make_paper(number) for number in (1, 2, 3)))
    return decide_on(listing, delivered={make_id(3): 1})


def test_only_what_was_to_be_posted_is_left_to_the_channels_that_a_person_reads() -> None:
    decisions = day_with_a_repeat()
    left = leave_to_channels(decisions, {make_id(2), make_id(3), make_id(9)})
    read = replace(decisions[1], verdict=Verdict.READ_ELSEWHERE)
    assert left == (decisions[0], read, decisions[2])


def test_only_what_was_to_be_posted_is_left_to_its_home_which_the_decision_names() -> None:
    decisions = day_with_a_repeat()
    left = leave_to_homes(decisions, {make_id(2): 2002, make_id(3): 2003, make_id(9): 2009})
    elsewhere = replace(decisions[1], verdict=Verdict.ELSEWHERE, home=2002)
    assert left == (decisions[0], elsewhere, decisions[2])


def test_a_cap_offers_what_it_does_not_keep_and_nothing_that_was_posted_before() -> None:
    decisions = day_with_a_repeat()
    capped = cap_papers(decisions, [decisions[1].entry])
    offered = replace(decisions[0], verdict=Verdict.OFFER)
    assert capped == (offered, decisions[1], decisions[2])
