"""What admins are answered: true, short enough, harmless whatever a name or query holds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import discord
import pytest

from bot.arxiv.taxonomy import CATEGORIES
from bot.models import AnnounceType, DeliveryState, Subscription, SubscriptionState, Topic
from bot.text import markdown
from bot.ui.replies import (
    NextDigest,
    SendOutcome,
    channel_link,
    describe_next,
    fitting_lines,
    next_digest,
    render_subscriptions,
    render_topics,
    say_sent,
    say_setup,
    say_topic_set,
)
from tests.builders import DAY, make_subscription, make_topic
from tests.fakes.spec import MESSAGES, body_errors

COMING = NextDigest(day=DAY, at=None)
HOSTILE = make_subscription(
    categories=list(CATEGORIES)[:20],
    topics=[make_topic(f"{number} ``` @everyone {'x' * 30}") for number in range(50)],
    post_at=time(9),
    zone="America/Argentina/ComodRivadavia",
)


def errors_of(*, content: str = "", embeds: list[discord.Embed] | None = None) -> list[str]:
    body: dict[str, Any] = {"content": content}
    body["embeds"] = [embed.to_dict() for embed in embeds or []]
    return body_errors("post", MESSAGES, body)


# -- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "day", "at"),
    [
        # Tue, 5 Mar 2024, 07:59 UTC: 08:59 in Berlin, today's 09:00 is to come.
        (datetime(2024, 3, 5, 7, 59, tzinfo=UTC), date(2024, 3, 5), (5, 8)),
        (datetime(2024, 3, 5, 8, 0, tzinfo=UTC), date(2024, 3, 6), (6, 8)),
        (datetime(2024, 3, 8, 12, 0, tzinfo=UTC), date(2024, 3, 11), (11, 8)),  # a weekend
        (datetime(2024, 3, 29, 12, 0, tzinfo=UTC), date(2024, 4, 1), (1, 7)),  # summer time
    ],
)
def test_a_timed_digest_comes_at_its_local_time_on_announcement_days(
    now: datetime, day: date, at: tuple[int, int]
) -> None:
    subscription = make_subscription(post_at=time(9), zone="Europe/Berlin")
    coming = next_digest(subscription, latest=None, now=now)
    assert coming.day == day
    assert coming.at is not None
    assert (coming.at.day, coming.at.hour) == at


@pytest.mark.parametrize(
    ("latest", "day"),
    [
        (None, date(2024, 3, 8)),  # a Friday whose listing is not here yet
        (date(2024, 3, 7), date(2024, 3, 8)),
        (date(2024, 3, 8), date(2024, 3, 11)),
    ],
)
def test_an_untimed_digest_comes_with_the_next_listing(latest: date | None, day: date) -> None:
    now = datetime(2024, 3, 8, 12, 0, tzinfo=UTC)
    assert next_digest(make_subscription(), latest=latest, now=now) == NextDigest(day=day, at=None)


def test_a_paused_digest_says_why() -> None:
    subscription = make_subscription(
        state=SubscriptionState.PAUSED, paused_because="the channel does not exist"
    )
    assert describe_next(subscription, COMING) == "paused: the channel does not exist"


# -- what ----------------------------------------------------------------------------------------


def test_the_longest_setup_fits_a_message() -> None:
    assert errors_of(content=say_setup(HOSTILE, COMING, is_new=True)) == []


def test_the_longest_list_fits_a_message() -> None:
    subscriptions = [HOSTILE] * 9
    links = {HOSTILE.channel_id: channel_link(10**18, 10**18, "n" * 100)}
    embeds = render_subscriptions(subscriptions, {HOSTILE.channel_id: COMING}, links)
    assert errors_of(embeds=embeds) == []
    assert "3 more digests" in (embeds[-1].footer.text or "")


def test_the_longest_topics_fit_a_message() -> None:
    topics = [(1, Topic(name="*_~" * 16, query="`" * 300))] * 50
    assert errors_of(embeds=[render_topics(topics, {1: channel_link(1, 1, "papers")})]) == []


def test_a_channel_that_is_gone_is_said_so() -> None:
    assert channel_link(1, 42, None) == "a deleted channel (42)"


@pytest.mark.parametrize("query", ["``` x", "@everyone", "a\nb", "`", "<@1>", "x" * 300])
def test_a_query_is_shown_as_code_on_one_line(query: str) -> None:
    topic = Topic(name="x", query=query)
    said = say_topic_set(1, topic, is_new=True, matching=0, of=0, days=[])
    code = said.split("\n")[0].partition(": ")[2]
    assert code.startswith("`")
    assert code.endswith("`")
    assert "`" not in code[1:-1]


def test_lines_that_do_not_fit_are_counted() -> None:
    lines = [f"line {number}" for number in range(100)]
    shown = fitting_lines(lines, 100)
    assert markdown.width(shown) <= 100
    kept = shown.split("\n")[:-1]
    assert shown.endswith(f"… and {100 - len(kept)} more")
    assert fitting_lines(lines[:3], 100) == "line 0\nline 1\nline 2"


# -- send ----------------------------------------------------------------------------------------


class Message:
    """A message of the outbox as `say_sent` sees it."""

    guild_id = 1
    channel_id = 2

    def __init__(self, state: DeliveryState, message_id: int | None, reason: str | None) -> None:
        self.state = state
        self.message_id = message_id
        self.reason = reason


SENT = Message(DeliveryState.SENT, 3, None)


def outcome(*deliveries: Message, messages: int, announced: int = 25) -> SendOutcome:
    return SendOutcome(
        subscription=make_subscription(channel_id=2),
        day=DAY,
        announced=announced,
        papers=7,
        messages=messages,
        deliveries=deliveries,
    )


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (outcome(SENT, messages=1), "Posted in <#2>: 7 papers of 25 announced on Tue, 5 Mar 2024"),
        (outcome(SENT, messages=1), "https://discord.com/channels/1/2/3"),
        (
            outcome(SENT, Message(DeliveryState.PLANNED, None, None), messages=2),
            "It is on its way",
        ),
        (
            outcome(Message(DeliveryState.FAILED, None, "no permission"), messages=1),
            "Not everything could be posted in <#2>: no permission",
        ),
        (
            outcome(Message(DeliveryState.UNKNOWN, None, None), messages=1),
            "Discord did not take it",
        ),
        (outcome(SENT, messages=0), "already has the digest of Tue, 5 Mar 2024. https://"),
        (outcome(messages=0), "of the 25 papers announced on Tue, 5 Mar 2024, none is for <#2>"),
        (outcome(messages=0, announced=0), "no listing of Tue, 5 Mar 2024 holds a paper"),
    ],
)
def test_send_says_what_came_of_it(result: SendOutcome, said: str) -> None:
    assert said in say_sent(result)


def test_only_the_new_messages_count_for_a_supplement() -> None:
    said = say_sent(outcome(SENT, Message(DeliveryState.SENT, 4, None), messages=1))
    assert "/1/2/4" in said


def test_subscriptions_name_all_they_follow() -> None:
    subscription: Subscription = make_subscription(
        announce_types=[AnnounceType.NEW, AnnounceType.REPLACE], created_at=datetime.now(UTC)
    )
    said = say_setup(subscription, NextDigest(day=DAY + timedelta(days=1), at=None), is_new=False)
    assert "new submissions and replacements" in said
    assert "every paper is posted" in said
