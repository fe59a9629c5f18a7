"""Before a message is posted again, an admin reads what may appear twice and what will not."""

from collections.abc import Sequence

import pytest

from bot.digest.messages import DeliveryRecord, DeliveryState, PostedMessage
from bot.ui.resolve import (
    OpenMessage,
    name_all,
    name_message,
    render_repost,
    say_reposted,
    say_settled,
)
from tests.builders import DAY, make_id, make_reason, make_record
from tests.fakes.spec import MESSAGES, body_errors
from tests.ui.test_digest_status import troubled

POSTED = PostedMessage(guild_id=1, channel_id=7, message_id=9)


def trouble(part: int, papers: int, *, is_unknown: bool, title: str = "A title") -> OpenMessage:
    return OpenMessage(
        message=troubled(part, is_unknown=is_unknown, reason="it is shut"),
        papers=[(make_id(10 * part + number), title) for number in range(papers)],
    )


def said(*troubles: OpenMessage) -> str:
    return (render_repost(troubles).description or "").replace("*", "")


def test_what_may_be_there_is_named_paper_by_paper() -> None:
    text = said(trouble(2, 3, is_unknown=True))
    assert "May be there already: part 2 (it is shut). Please check first." in text
    assert "If it has arrived, 3 papers will appear twice" in text
    assert "[2403.00020](https://arxiv.org/abs/2403.00020) A title" in text
    assert "Not there" not in text


def test_what_is_certainly_not_there_is_said_so() -> None:
    text = said(trouble(1, 2, is_unknown=False))
    assert "Not there: part 1 (it is shut). None of it will appear twice" in text
    assert "May be there" not in text


def test_both_are_told_apart() -> None:
    text = said(
        trouble(1, 2, is_unknown=False),
        trouble(2, 1, is_unknown=True),
        trouble(3, 1, is_unknown=True),
    )
    assert "May be there already: parts 2 and 3" in text
    assert "If they have arrived, 2 papers" in text
    assert "Not there: part 1" in text


def test_the_longest_question_fits() -> None:
    troubles = [
        trouble(part, 10, is_unknown=part % 2 == 0, title="*@everyone* " * 40)
        for part in range(1, 60)
    ]
    embed = render_repost(troubles)
    assert body_errors("post", MESSAGES, {"embeds": [embed.to_dict()]}) == []
    assert "@everyone" not in (embed.description or "")


def test_settling_says_what_is_left_out() -> None:
    text = say_settled(7, DAY, [trouble(1, 2, is_unknown=False), trouble(2, 9, is_unknown=True)])
    assert "parts 1 and 2 of Tue, 5 Mar 2024 in <#7>, nothing more to do" in text
    assert "2 papers are left out there" in text
    assert "counts as posted" in text
    assert "left out" not in say_settled(7, DAY, [trouble(2, 9, is_unknown=True)])


def reposted(state: DeliveryState, reason: str | None = None) -> DeliveryRecord:
    return make_record(
        state=state,
        reason=make_reason(reason) if reason else None,
        channel_id=POSTED.channel_id,
        message_id=POSTED.message_id if state is DeliveryState.SENT else None,
    )


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ([reposted(DeliveryState.SENT)], f"Posted 1 message in <#7>. {POSTED.url}"),
        ([reposted(DeliveryState.PLANNED)] * 2, "2 messages for <#7> on the way"),
        (
            [reposted(DeliveryState.FAILED, "it is shut")],
            "1 message could not be posted in <#7> again: it is shut",
        ),
    ],
)
def test_what_became_of_it_is_said(messages: Sequence[DeliveryRecord], line: str) -> None:
    assert line in say_reposted(7, messages)


def test_choices_tell_messages_apart_within_discords_100_characters() -> None:
    categories = ["astro-ph.CO", "astro-ph.EP"]
    failed, unknown = troubled(1), troubled(12, is_unknown=True)
    names = [
        name_message(failed, channel="#" + "n" * 99, categories=categories, of=14),
        name_message(unknown, channel="#" + "n" * 99, categories=categories, of=14),
        name_all([failed, unknown], channel="#" + "n" * 99, categories=categories, day=DAY),
    ]
    assert len(set(names)) == 3
    assert max(len(name) for name in names) <= 100
    assert names[1].endswith("Tue, 5 Mar 2024 · part 12 of 14 · may have arrived")
    assert names[2].endswith("all 2 · may have arrived and not posted")
