"""The line about a day without digest is small, silent, and recognised as what it is."""

import pytest

from bot.delivery.fingerprint import Likeness, compare
from bot.digest.quiet import QuietDay, Silence
from bot.ui.styles import QUIET_STYLE, STYLES, read_any, render_quiet, style_of
from tests.builders import DAY, make_digest, make_paper, make_subscription

CATEGORIES = [f"xx.{number:03}" for number in range(20)]


@pytest.mark.parametrize("silence", Silence)
def test_it_is_one_short_line_that_notifies_nobody(silence: Silence) -> None:
    quiet = QuietDay(day=DAY, silence=silence, announced=311)
    draft = render_quiet(make_subscription(categories=CATEGORIES), quiet)
    content = str(draft.body["content"])
    assert content.startswith("-# No digest of xx.000, ")
    assert "and 12 more on Tue, 5 Mar 2024: " in content
    assert content.endswith(".")
    assert "\n" not in content
    assert draft.body["flags"] == 1 << 12
    assert draft.papers == ()
    assert ("311" in content) is (silence is Silence.NO_MATCH)


def test_it_is_found_again_and_taken_for_nothing_else() -> None:
    quiet = QuietDay(day=DAY, silence=Silence.LATE)
    draft = render_quiet(make_subscription(), quiet)
    assert draft.style == QUIET_STYLE
    wanted = style_of(draft.style).read(draft.body)
    assert wanted is not None
    seen = read_any({**draft.body, "flags": 0})
    assert seen is not None
    assert not seen.is_stripped
    assert compare(wanted, seen) is Likeness.SAME
    other = render_quiet(make_subscription(categories=["cs.LG"]), quiet)
    shown = read_any(other.body)
    assert shown is not None
    assert compare(wanted, shown) is Likeness.OTHER
    for style in STYLES.values():
        assert style.read(draft.body) is None
        (first, *_) = style.render(make_digest(make_paper()))
        assert style_of(QUIET_STYLE).read(first.body) is None


def test_nobody_is_offered_it_as_a_style() -> None:
    assert QUIET_STYLE not in STYLES
