"""What a topic would have posted, counted as posting counts."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.digest.models import Subscription, Topic
from bot.digest.select import Announced, Verdict, decide, merge
from bot.digest.tally import count_papers
from bot.digest.trial import AnnouncedDate, Trial, compare, first_day, try_topic
from bot.models import AnnounceType, ArxivId, Listing
from tests.builders import (
    DAY,
    make_id,
    make_listing,
    make_paper,
    make_papers,
    make_subscription,
)

NEW, CROSS, REPLACE = AnnounceType.NEW, AnnounceType.CROSS, AnnounceType.REPLACE
NERF = Topic(name="nerf", query="nerf")
WEDNESDAY = DAY + timedelta(days=1)


def dates(*listings: Listing, subscription: Subscription) -> list[AnnouncedDate]:
    return [
        AnnouncedDate(
            day=day,
            papers=merge(
                subscription.categories, [each for each in listings if each.announced_on == day]
            ),
        )
        for day in sorted({each.announced_on for each in listings})
    ]


def tried(
    *listings: Listing,
    finds: Sequence[int] = (),
    others: Mapping[str, Sequence[int]] | None = None,
    **options: Sequence[str] | Sequence[AnnounceType],
) -> Trial:
    """Try a topic that finds the papers of these numbers, beside others that find theirs."""
    others = others or {}
    topics = [Topic(name=name, query=name) for name in others]
    subscription = make_subscription(topics=topics, **options)  # type: ignore[arg-type]
    matches = {name: set(map(make_id, numbers)) for name, numbers in others.items()}
    matches[NERF.query] = set(map(make_id, finds))
    return try_topic(
        subscription, NERF, dates(*listings, subscription=subscription), matches, weeks=4
    )


def test_each_date_counts_what_was_announced_and_what_matches() -> None:
    trial = tried(
        make_listing(make_paper(1), make_paper(2), (make_paper(3), CROSS)),
        make_listing(make_paper(4), announced_on=WEDNESDAY),
        finds=[1, 3],
    )
    assert [(each.day, each.announced, each.matched) for each in trial.days] == [
        (DAY, 3, 2),
        (WEDNESDAY, 1, 0),
    ]
    assert (trial.announced, trial.matched, trial.most) == (4, 2, 2)
    assert trial.found == ((make_id(1), DAY), (make_id(3), DAY))
    assert (trial.a_week, trial.share) == (5.0, 0.5)


def test_the_newest_papers_come_first() -> None:
    trial = tried(
        make_listing(make_paper(1), make_paper(2)),
        make_listing(make_paper(3), make_paper(4), announced_on=WEDNESDAY),
        finds=[1, 2, 3, 4],
    )
    assert [arxiv_id for arxiv_id, _ in trial.found] == list(map(make_id, (3, 4, 1, 2)))


def test_types_that_the_channel_does_not_follow_do_not_count() -> None:
    listing = make_listing(make_paper(1), (make_paper(2), CROSS), (make_paper(3), REPLACE))
    assert (tried(listing, finds=[1, 2, 3]).announced, tried(listing, finds=[2, 3]).matched) == (
        2,
        1,
    )
    only_new = tried(listing, finds=[1, 2, 3], announce_types=[NEW])
    assert (only_new.announced, only_new.matched) == (1, 1)


def test_a_paper_that_two_dates_announce_counts_on_the_first() -> None:
    late = make_listing((make_paper(1), CROSS), category="cs.LG", announced_on=WEDNESDAY)
    trial = tried(make_listing(make_paper(1)), late, finds=[1], categories=["cs.CV", "cs.LG"])
    assert [each.matched for each in trial.days] == [1, 0]
    assert trial.days[1].tally.before == 1


def test_a_replacement_counts_again_where_the_channel_follows_replacements() -> None:
    again = make_listing((make_paper(1, version=2), REPLACE), announced_on=WEDNESDAY)
    first = make_listing(make_paper(1))
    followed = tried(first, again, finds=[1], announce_types=[NEW, REPLACE])
    assert [each.matched for each in followed.days] == [1, 1]
    assert followed.papers == {make_id(1)}
    assert [each.matched for each in tried(first, again, finds=[1]).days] == [1, 0]


def test_what_other_topics_bring_is_not_added() -> None:
    listing = make_listing(*(make_paper(number) for number in range(1, 5)))
    assert tried(listing, finds=[1, 2]).added is None
    assert tried(listing, finds=[1, 2], others={"graphs": [2, 3]}).added == 1
    assert tried(listing, finds=[1, 2], others={"NeRF": [2]}).added is None


def test_a_paused_topic_brings_nothing_and_is_tried_as_if_it_were_not() -> None:
    channel = make_subscription(topics=[Topic(name="other", query="other", is_paused=True)])
    found = {"nerf": {make_id(1)}, "other": {make_id(1)}}
    announced = dates(make_listing(make_paper(1)), subscription=channel)
    paused = replace(NERF, is_paused=True)
    trial = try_topic(channel, paused, announced, found, weeks=4)
    assert (trial.matched, trial.added) == (1, None)


def test_without_listings_everything_is_zero() -> None:
    trial = tried()
    assert (trial.announced, trial.matched, trial.most, trial.a_week, trial.share) == (0,) * 5
    assert trial.newest is None


def test_a_change_says_what_it_adds_and_drops() -> None:
    listing = make_listing(*(make_paper(number) for number in range(1, 5)))
    difference = compare(tried(listing, finds=[1, 2]), tried(listing, finds=[2, 3, 4]))
    assert [arxiv_id for arxiv_id, _ in difference.added] == [make_id(3), make_id(4)]
    assert [arxiv_id for arxiv_id, _ in difference.dropped] == [make_id(1)]


def test_a_span_of_weeks_ends_with_the_newest_day() -> None:
    assert first_day(DAY, 4) == DAY - timedelta(days=27)


@pytest.mark.parametrize("seed", range(20))
def test_a_trial_counts_what_posting_day_by_day_would_post(seed: int) -> None:
    """Random listings in two categories: the same rules, with all topics of the channel at once."""
    dice = random.Random(seed)
    listings = [
        make_listing(
            *((make_paper(n, version=dice.randint(1, 3)), dice.choice(list(AnnounceType)))
              for n in dice.sample(range(1, 30), 12)),
            category=category,
            announced_on=DAY + timedelta(days=number),
        )
        for category in ("cs.CV", "cs.LG")
        for number in range(4)
    ]  # fmt: skip
    finds, others = dice.sample(range(1, 30), 12), dice.sample(range(1, 30), 12)
    types = dice.sample(list(AnnounceType), dice.randint(1, 4))
    categories = ["cs.LG", "cs.CV"]
    trial = tried(
        *listings,
        finds=finds,
        others={"other": others},
        categories=categories,
        announce_types=types,
    )
    channel = make_subscription(
        categories=categories,
        announce_types=types,
        topics=[Topic(name="other", query="other"), NERF],
    )
    matches = {"nerf": set(map(make_id, finds)), "other": set(map(make_id, others))}
    sent: dict[ArxivId, int] = {}
    added = 0
    for each, day in zip(dates(*listings, subscription=channel), trial.days, strict=True):
        decisions = decide(
            subscription=channel, announced=each.papers, matches=matches, delivered=sent
        )
        posted = [one.entry for one in decisions if one.verdict is Verdict.POST]
        sent.update((entry.paper.arxiv_id, entry.least_version) for entry in posted)
        assert day.posted == tuple(e.paper.arxiv_id for e in posted if "nerf" in e.topics)
        assert day.announced == count_papers(channel, decisions).announced
        added += sum(entry.topics == ("nerf",) for entry in posted)
    assert trial.added == added


class Counted(tuple[Announced, ...]):
    """A date's papers, and how often they were gone through."""

    rounds = 0

    def __iter__(self) -> Iterator[Announced]:
        self.rounds += 1
        return super().__iter__()


def test_a_date_is_gone_through_once_for_all_topics() -> None:
    """Most papers match none of them, and are decided about once."""
    channel = make_subscription()
    papers = Counted(merge(channel.categories, [make_listing(*make_papers(9))]))
    days = [AnnouncedDate(day=DAY, papers=papers)]
    for number in range(1, 4):
        topic = Topic(name=f"topic {number}", query="nerf")
        trial = try_topic(channel, topic, days, {"nerf": {make_id(number)}}, weeks=4)
        assert trial.found == ((make_id(number), DAY),)
    assert papers.rounds == 1
