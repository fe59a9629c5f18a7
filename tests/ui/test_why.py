"""What is said of one paper fits a message and holds no surprise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.digest.messages import PostedMessage
from bot.digest.models import ListedIn, Subscription
from bot.digest.select import Decision, DeliveryStatus, Verdict
from bot.models import AnnounceType
from bot.ui.why import DatedDecision, describe_decision, say_unknown, say_why
from tests.builders import (
    DAY,
    make_entry,
    make_id,
    make_paper,
    make_stored,
    make_subscription,
    make_topic,
)
from tests.fakes.spec import MESSAGES, body_errors

PAPER = make_paper(1, title="*_~@everyone " * 40)
POSTED = PostedMessage(guild_id=2**63, channel_id=2**63, message_id=2**63)


def told(days_ago: int, verdict: Verdict) -> DatedDecision:
    entry = make_entry(PAPER, topics=["*is* @here"] * 60)
    decision = Decision(entry=entry, verdict=verdict)
    return DatedDecision(day=DAY - timedelta(days=days_ago), decision=decision, is_next=False)


def test_the_longest_answer_fits() -> None:
    subscription = make_subscription(
        channel_id=2**63, categories=[f"astro-ph.{number}" for number in range(20)]
    )
    days = [told(number, Verdict.POST) for number in range(3)]
    for said in (
        say_why(subscription, PAPER, days, posted=POSTED),
        say_unknown(subscription, PAPER.arxiv_id, make_stored(PAPER)),
    ):
        assert body_errors("post", MESSAGES, {"content": said}) == []
        assert len(said) <= 2000
        assert "@everyone" not in said


def test_only_what_would_be_posted_says_how_to_post_it() -> None:
    subscription = make_subscription(topics=[make_topic("nerf")])
    said = say_why(subscription, PAPER, [told(0, Verdict.NO_TOPIC_MATCHED)], posted=None)
    assert "does not match the topic 'nerf'" in said.replace("\\", "")
    assert "/digest send" not in said
    assert "/digest send" in say_why(subscription, PAPER, [told(0, Verdict.POST)], posted=None)


TOPICS = [make_topic("nerf"), make_topic("pose")]
TWICE = (
    ListedIn(category="cs.CV", announce_type=AnnounceType.NEW, position=1),
    ListedIn(category="cs.LG", announce_type=AnnounceType.CROSS, position=4),
)


@pytest.mark.parametrize(
    ("verdict", "topics", "subscription", "sentence"),
    [
        (Verdict.POST, (), make_subscription(), "It is a new submission in cs.CV."),
        (
            Verdict.POST,
            ("nerf",),
            make_subscription(),
            "It is a new submission in cs.CV and matches the topic 'nerf'.",
        ),
        (
            Verdict.POST,
            ("nerf", "pose"),
            make_subscription(),
            "It is a new submission in cs.CV and matches the topics 'nerf' and 'pose'.",
        ),
        (
            Verdict.NO_TOPIC_MATCHED,
            (),
            make_subscription(topics=TOPICS[:1]),
            "It does not match the topic 'nerf'.",
        ),
        (
            Verdict.NO_TOPIC_MATCHED,
            (),
            make_subscription(topics=TOPICS),
            "It matches none of the channel's 2 topics.",
        ),
        (
            Verdict.TYPE_NOT_FOLLOWED,
            (),
            make_subscription(),
            "It is a new submission in cs.CV; this channel follows new submissions and "
            "cross-lists only.",
        ),
        (
            Verdict.TYPE_NOT_FOLLOWED,
            (),
            make_subscription(announce_types=()),
            "It is a new submission in cs.CV; this channel follows nothing only.",
        ),
        (
            Verdict.POSTED_BEFORE,
            (),
            make_subscription(),
            "Version 3 was posted in this channel before.",
        ),
    ],
)
def test_each_verdict_has_its_sentence(
    verdict: Verdict, topics: Sequence[str], subscription: Subscription, sentence: str
) -> None:
    decision = Decision(entry=make_entry(topics=topics), verdict=verdict, sent_version=3)
    assert describe_decision(decision, subscription) == sentence


def test_every_listing_is_named() -> None:
    entry = replace(make_entry(), listed_in=TWICE)
    decision = Decision(entry=entry, verdict=Verdict.POST)
    assert describe_decision(decision, make_subscription()) == (
        "It is a new submission in cs.CV and a cross-list in cs.LG."
    )


@pytest.mark.parametrize("status", DeliveryStatus)
def test_what_became_of_the_message_replaces_what_was_decided(status: DeliveryStatus) -> None:
    before = Decision(entry=make_entry(), verdict=Verdict.POSTED_BEFORE, sent_version=1)
    sentences = {
        describe_decision(replace(before, delivery=each), make_subscription())
        for each in DeliveryStatus
    }
    said = describe_decision(replace(before, delivery=status), make_subscription())
    assert len(sentences) == len(DeliveryStatus)
    assert "was posted" not in said


def test_a_paper_without_title_is_named_by_its_identifier() -> None:
    said = say_unknown(make_subscription(), make_id(7), None)
    assert said.startswith("[2403.00007](<https://arxiv.org/abs/2403.00007>) was not posted")
