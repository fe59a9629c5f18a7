"""A posted message is recognised by its first line and papers, and doubt is not taken for proof."""

from datetime import timedelta

import pytest

from bot.delivery.fingerprint import (
    CLOCK_TOLERANCE,
    HISTORY_LIMIT,
    HISTORY_PAGE,
    HistorySearch,
    Likeness,
    Seen,
    compare,
)
from bot.digest.messages import ShownMessage
from bot.digest.models import ReasonCode
from tests.builders import NOW, make_id

SAME, DOUBTFUL, OTHER = Likeness.SAME, Likeness.DOUBTFUL, Likeness.OTHER
LINE = "### cs.CV · Tue, 5 Mar 2024"


def shown(line: str, *numbers: int, version: int = 1, is_stripped: bool = False) -> ShownMessage:
    papers = tuple((make_id(number), version) for number in numbers)
    return ShownMessage(line=line, papers=papers, is_stripped=is_stripped)


WANTED = shown(LINE, 1, 2)

LIKENESS = {
    "itself": (WANTED, WANTED, SAME),
    "papers in another order": (WANTED, shown(LINE, 2, 1), SAME),
    "versions are not always shown": (shown(LINE, 1, version=3), shown(LINE, 1), SAME),
    "embeds removed": (WANTED, shown(LINE, is_stripped=True), SAME),
    "another line": (WANTED, shown(f"{LINE} · part 2", 1, 2), OTHER),
    "another line, embeds removed": (WANTED, shown(f"{LINE} · part 2", is_stripped=True), OTHER),
    "a part of the papers": (WANTED, shown(LINE, 1), DOUBTFUL),
    "more papers": (WANTED, shown(LINE, 1, 2, 3), DOUBTFUL),
    "other papers": (WANTED, shown(LINE, 3), OTHER),
    "only a line, as planned": (shown(LINE), shown(LINE), SAME),
    "no line, the same papers": (shown("", 1), shown("", 1), SAME),
    "no line, other papers": (shown("", 1), shown("", 2), OTHER),
    "nothing left of either": (shown("", 1), shown("", is_stripped=True), DOUBTFUL),
    "nothing left, but a line was planned": (WANTED, shown("", is_stripped=True), OTHER),
    "nothing at all": (shown(""), shown(""), OTHER),
}


@pytest.mark.parametrize(("wanted", "seen", "likeness"), LIKENESS.values(), ids=LIKENESS)
def test_a_message_is_recognised(
    wanted: ShownMessage, seen: ShownMessage, likeness: Likeness
) -> None:
    assert compare(wanted, seen) is likeness


def search(
    *messages: tuple[timedelta, ShownMessage | None],
    wanted: ShownMessage = WANTED,
    is_clock_wrong: bool = False,
) -> tuple[Seen, int | ReasonCode | None]:
    """Show messages of some age before the claim, newest first, as long as more are wanted."""
    found = HistorySearch(wanted, claimed_at=NOW)
    for number, (age, message) in enumerate(messages, start=1):
        if found.look_at(number, NOW - age, message):
            break
    said = found.conclude(is_clock_wrong=is_clock_wrong)
    return said.seen, said.reason.code if said.reason else said.message_id


JUST_NOW, LONG_AGO = timedelta(), timedelta(hours=1)
ABSENT = Seen.ABSENT, None


def test_a_message_is_found_among_others() -> None:
    others = [(JUST_NOW, None)] * 5
    assert search(*others, (JUST_NOW, WANTED)) == (Seen.FOUND, 6)


def test_a_message_is_found_after_one_that_may_be_it() -> None:
    doubtful = shown(LINE, 1)
    assert search((JUST_NOW, doubtful), (JUST_NOW, WANTED)) == (Seen.FOUND, 2)


def test_a_history_read_to_its_end_proves_an_absence() -> None:
    """Whatever the clock says; messages of others count for nothing."""
    assert search() == ABSENT
    assert search(*[(JUST_NOW, None)] * (HISTORY_LIMIT - 1), is_clock_wrong=True) == ABSENT


@pytest.mark.parametrize(("age", "seen"), [(JUST_NOW, Seen.CANNOT_TELL), (LONG_AGO, Seen.ABSENT)])
def test_what_may_be_the_message_is_no_absence(age: timedelta, seen: Seen) -> None:
    """Unless it was there long before the message was taken for sending."""
    assert search((age, shown(LINE, 1)))[0] is seen


def test_a_whole_page_is_read_although_it_is_old() -> None:
    """The clock may have been wrong when the message was claimed."""
    old = [(LONG_AGO, None)] * (HISTORY_PAGE - 1)
    assert search(*old, (LONG_AGO, WANTED)) == (Seen.FOUND, HISTORY_PAGE)
    assert search(*old, (LONG_AGO, None), (LONG_AGO, WANTED)) == ABSENT


def test_a_page_newer_than_the_claim_is_not_enough() -> None:
    new = [(-JUST_NOW, None)] * HISTORY_PAGE
    edge = (CLOCK_TOLERANCE, None)
    assert search(*new, edge, (LONG_AGO, WANTED)) == (Seen.FOUND, HISTORY_PAGE + 2)


def test_a_wrong_clock_proves_nothing() -> None:
    old = [(LONG_AGO, None)] * HISTORY_PAGE
    assert search(*old, is_clock_wrong=True) == (Seen.CANNOT_TELL, ReasonCode.CLOCK_WRONG)
    assert search(*old) == ABSENT


def test_a_list_that_is_cut_off_proves_nothing() -> None:
    many = [(JUST_NOW, None)] * HISTORY_LIMIT
    assert search(*many) == (Seen.CANNOT_TELL, ReasonCode.HISTORY_TOO_LONG)
    cut_off = HistorySearch(WANTED, claimed_at=NOW)
    for number in range(HISTORY_LIMIT):
        cut_off.look_at(number, NOW, None)
    reason = cut_off.conclude(is_clock_wrong=False).reason
    assert reason is not None
    assert reason.number == HISTORY_LIMIT
    assert search(*many[1:], (LONG_AGO, None)) == ABSENT
