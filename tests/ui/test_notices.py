"""A notice says what happened, and names the command that helps."""

import pytest

from bot.ui.notices import Trouble, render_notice
from tests.builders import DAY


def trouble(*, is_unknown: bool) -> Trouble:
    return Trouble(announced_on=DAY, part=2, is_unknown=is_unknown, reason="it is shut")


@pytest.mark.parametrize(
    ("is_unknown", "said"), [(False, "I could not post"), (True, "I cannot tell whether")]
)
def test_a_notice_names_the_command_that_settles_it(is_unknown: bool, said: str) -> None:
    notice = render_notice(7, [trouble(is_unknown=is_unknown)], is_paused=False)
    assert said in notice
    assert "Tue, 5 Mar 2024, part 2: it is shut" in notice
    assert "`/digest resolve`" in notice
    assert "`/digest status`" in notice
    assert "paused" not in notice


def test_a_notice_of_a_pause_says_what_ends_it() -> None:
    notice = render_notice(7, [trouble(is_unknown=False)], is_paused=True)
    assert "goes on by itself" in notice
    assert "`/digest resume`" in notice
