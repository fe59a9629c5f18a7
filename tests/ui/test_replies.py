"""What admins are answered: true, short enough, harmless whatever a name or query holds."""

from datetime import UTC, datetime, time
from typing import Any

import discord
import pytest

from bot.arxiv.taxonomy import CATEGORIES
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Subscription, SubscriptionState, Tally, Topic
from bot.digest.outlook import Outlook
from bot.models import AnnounceType
from bot.text import markdown
from bot.ui.replies import (
    SendOutcome,
    channel_link,
    describe_next,
    fitting_lines,
    render_subscriptions,
    render_topics,
    say_no_listing,
    say_sent,
    say_topic_set,
)
from bot.ui.setup import say_setup
from tests.builders import DAY, make_reason, make_record, make_subscription, make_topic
from tests.fakes.spec import MESSAGES, body_errors

AT = datetime(2024, 3, 5, 18, 0, tzinfo=UTC)
COMING = Outlook(day=DAY, waits_for=("cs.CV",))
HOSTILE = make_subscription(
    categories=list(CATEGORIES)[:20],
    topics=[make_topic(f"{number} ``` @everyone {'x' * 30}") for number in range(50)],
    post_at=time(9),
    zone="America/Argentina/ComodRivadavia",
)
PAUSED = make_subscription(
    state=SubscriptionState.PAUSED, paused_because=make_reason("it is shut " * 20)
)


def errors_of(*, content: str = "", embeds: list[discord.Embed] | None = None) -> list[str]:
    body: dict[str, Any] = {"content": content}
    body["embeds"] = [embed.to_dict() for embed in embeds or []]
    return body_errors("post", MESSAGES, body)


# -- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outlook", "said"),
    [
        (Outlook(day=DAY, is_due=True), "that of Tue, 5 Mar 2024 is being put together now"),
        (Outlook(day=DAY, at=AT), "<t:1709661600:F>"),
        (
            Outlook(day=DAY, at=AT, is_timed=True, waits_for=("cs.CV",)),
            "<t:1709661600:F>, once arXiv's listing of that day is out",
        ),
        (
            Outlook(day=DAY, at=AT, waits_for=("cs.CV",)),
            "as soon as arXiv's listing of Tue, 5 Mar 2024 is out, about <t:1709661600:F>",
        ),
        (
            Outlook(day=DAY, waits_for=("cs.CV",)),
            "as soon as arXiv's listing of Tue, 5 Mar 2024 is out",
        ),
        (
            Outlook(day=DAY, waits_for=("cs.CV", "cs.LG"), goes_without_at=AT),
            "as soon as arXiv's listing of Tue, 5 Mar 2024 is out for cs.CV and cs.LG too, "
            "or without it <t:1709661600:R>",
        ),
    ],
)
def test_the_next_digest_is_said_as_exactly_as_it_is_known(outlook: Outlook, said: str) -> None:
    assert describe_next(make_subscription(), outlook) == said


def test_a_time_before_the_announcement_is_explained() -> None:
    tokyo = make_subscription(post_at=time(9), zone="Asia/Tokyo")
    said = describe_next(tokyo, Outlook(day=DAY, at=AT, waits_for=("cs.CV",)))
    assert said.endswith("about <t:1709661600:F> (09:00 there is before arXiv announces)")


def test_what_is_not_stored_yet_says_what_happens_next() -> None:
    subscription = make_subscription()
    assert say_no_listing(subscription, ["arXiv did not answer."]) == (
        "No listing of cs.CV is stored yet: arXiv did not answer. I keep trying; /digest status "
        "says when."
    )
    assert "come Monday to Friday" in say_no_listing(subscription, [])


def test_a_paused_digest_says_why() -> None:
    subscription = make_subscription(
        state=SubscriptionState.PAUSED, paused_because=make_reason("the channel does not exist")
    )
    said = describe_next(subscription, COMING)
    assert said == (
        "none while it is paused (the channel does not exist); `/digest resume` resumes it"
    )


# -- what ----------------------------------------------------------------------------------------


def test_the_longest_setup_fits_a_message() -> None:
    assert errors_of(content=say_setup(HOSTILE, COMING, before=PAUSED, now=AT)) == []


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
    assert channel_link(1, 42, None) == "a deleted channel or archived thread (42)"


@pytest.mark.parametrize("query", ["``` x", "@everyone", "a\nb", "`", "<@1>", "x" * 300])
def test_a_query_is_shown_as_code_on_one_line(query: str) -> None:
    topic = Topic(name="x", query=query)
    said = say_topic_set(1, topic, is_new=True)
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


def message(
    state: DeliveryState, message_id: int | None = None, reason: str | None = None
) -> DeliveryRecord:
    return make_record(
        state=state, message_id=message_id, reason=make_reason(reason) if reason else None
    )


SENT = message(DeliveryState.SENT, 3)


def outcome(*deliveries: DeliveryRecord, messages: int, announced: int = 25) -> SendOutcome:
    return SendOutcome(
        subscription=make_subscription(channel_id=2),
        day=DAY,
        tally=Tally(
            types={AnnounceType.NEW: announced},
            matching=min(7, announced),
            before=0,
            no_topics=False,
        ),
        messages=messages,
        deliveries=deliveries,
    )


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            outcome(SENT, messages=1),
            "Posted in <#2>: 25 announced (25 new) · 7 match · 7 posted, in 1 message",
        ),
        (outcome(SENT, messages=1), "https://discord.com/channels/1/2/3"),
        (
            outcome(SENT, message(DeliveryState.PLANNED), messages=2),
            "It is on its way",
        ),
        (
            outcome(message(DeliveryState.FAILED, None, "no permission"), messages=1),
            "Not everything could be posted in <#2>: no permission",
        ),
        (
            outcome(message(DeliveryState.UNKNOWN), messages=1),
            "Not everything could be posted in <#2>: no reason is known",
        ),
        (outcome(SENT, messages=0), "already has the digest of Tue, 5 Mar 2024. https://"),
        (
            outcome(message(DeliveryState.FAILED), SENT, messages=0),
            "not all of the digest of Tue, 5 Mar 2024 arrived in <#2>; `/digest status` says why",
        ),
        (
            outcome(message(DeliveryState.PLANNED), messages=0),
            "the digest of Tue, 5 Mar 2024 is on its way to <#2>",
        ),
        (
            outcome(messages=0),
            "Nothing to post in <#2>: 25 announced (25 new) · 7 match",
        ),
        (outcome(messages=0, announced=0), "no listing of Tue, 5 Mar 2024 holds a paper"),
    ],
)
def test_send_says_what_came_of_it(result: SendOutcome, said: str) -> None:
    assert said in say_sent(result)


def test_only_the_new_messages_count_for_a_supplement() -> None:
    said = say_sent(outcome(SENT, message(DeliveryState.SENT, 4), messages=1))
    assert "/1/2/4" in said


def test_subscriptions_name_all_they_follow() -> None:
    subscription: Subscription = make_subscription(
        announce_types=[AnnounceType.NEW, AnnounceType.REPLACE], created_at=datetime.now(UTC)
    )
    said = say_setup(subscription, COMING, now=AT)
    assert "new submissions and replacements" in said
    assert "every paper is posted" in said
