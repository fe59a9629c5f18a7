"""What is known of a message, as far as it can be told by itself."""

from dataclasses import replace

import pytest

from bot.digest.messages import DeliveryState
from tests.builders import make_record


@pytest.mark.parametrize(
    ("state", "is_open", "is_in_trouble"),
    [
        (DeliveryState.PLANNED, True, False),
        (DeliveryState.SENDING, True, False),
        (DeliveryState.SENT, False, False),
        (DeliveryState.FAILED, False, True),
        (DeliveryState.UNKNOWN, False, True),
    ],
)
def test_a_message_is_open_in_trouble_or_posted(
    state: DeliveryState, is_open: bool, is_in_trouble: bool
) -> None:
    record = make_record(state=state)
    assert (record.is_open, record.is_in_trouble) == (is_open, is_in_trouble)


def test_a_message_that_was_posted_has_an_address() -> None:
    """In its channel, or in the thread that it went into."""
    record = make_record(guild_id=1, channel_id=2, message_id=3)
    assert record.posted is not None
    assert record.posted.url == "https://discord.com/channels/1/2/3"
    in_thread = replace(record, thread_id=4).posted
    assert in_thread is not None
    assert in_thread.url == "https://discord.com/channels/1/4/3"
    assert make_record().posted is None


@pytest.mark.parametrize(
    ("payload", "body"),
    [('{"content": "a"}', {"content": "a"}), ("[1]", {}), ('{"content"', {}), ("", {})],
)
def test_a_body_that_cannot_be_read_is_empty(payload: str, body: dict[str, object]) -> None:
    assert replace(make_record(), payload=payload).body == body
