"""A notice says what happened, and names the command that helps."""

import pytest

from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.ui.notices import Paused, render_notice, render_paused
from tests.builders import make_reason, make_record


def trouble(*, is_unknown: bool) -> DeliveryRecord:
    state = DeliveryState.UNKNOWN if is_unknown else DeliveryState.FAILED
    return make_record(2, state=state, reason=make_reason("it is shut"))


@pytest.mark.parametrize(
    ("is_unknown", "said"), [(False, "I could not post"), (True, "I cannot tell whether")]
)
def test_a_notice_names_the_command_that_settles_it(is_unknown: bool, said: str) -> None:
    notice = render_notice(7, [trouble(is_unknown=is_unknown)], None)
    assert said in notice
    assert "Tue, 5 Mar 2024, part 2: it is shut" in notice
    assert "`/digest resolve`" in notice
    assert "`/digest status`" in notice
    assert "paused" not in notice


def paused(channel_id: int = 7, *, by_itself: bool) -> Paused:
    return Paused(channel_id=channel_id, reason="it *is* shut", resumes_by_itself=by_itself)


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_notice_of_a_pause_says_what_ends_it(by_itself: bool) -> None:
    """What an admin paused, say, does not go on by itself."""
    notice = render_notice(7, [trouble(is_unknown=False)], paused(by_itself=by_itself))
    assert ("resumes by itself" in notice) == by_itself
    assert "`/digest resume`" in notice


def test_after_a_backup_each_paused_digest_is_named_with_its_reason() -> None:
    notice = render_paused([paused(by_itself=False), paused(8, by_itself=True)])
    assert "- <#7>: it \\*is\\* shut\n" in notice
    assert "- <#8>: it \\*is\\* shut. It resumes by itself" in notice
    assert "`/digest resume`" in notice


def test_many_paused_digests_fit_into_a_message() -> None:
    many = [Paused(channel_id=2**63, reason="*" * 500, resumes_by_itself=True)] * 40
    notice = render_paused(many)
    assert len(notice) < 2000
    assert "and 34 more" in notice
