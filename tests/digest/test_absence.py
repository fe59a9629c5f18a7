"""A person counts as gone after two looks a month apart, never while they are still there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.absence import (
    GONE_FOR,
    NOTHING,
    QUIET_FOR,
    Answer,
    PersonSeen,
    ServerSeen,
    Verdict,
    answered,
    decide,
)

TODAY = date(2026, 11, 27)
ONE, TWO = 11, 12
FORGET = Verdict(is_gone=True)
THERE, GONE, UNSURE = Answer.THERE, Answer.GONE, Answer.UNSURE

Told = tuple[int, Answer, int | None]
"""How many days ago a question was asked, its answer, and since how many days one is gone."""


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def server(guild_id: int, told: Told | None = None, *, seen: int = 100) -> ServerSeen:
    if told is None:
        return ServerSeen(guild_id=guild_id, seen_on=ago(seen))
    asked, answer, gone = told
    return ServerSeen(
        guild_id=guild_id,
        seen_on=ago(seen),
        asked_on=ago(asked),
        answer=answer,
        gone_since=None if gone is None else ago(gone),
    )


def person(*told: Told | None, seen: int = 100, is_own: bool = False) -> PersonSeen:
    """Make a person seen in as many servers, with what was told of each."""
    servers = [server(guild_id, each) for guild_id, each in zip((ONE, TWO), told, strict=False)]
    return PersonSeen(user_id=1, seen_on=ago(seen), servers=servers, is_own=is_own)


def ask(*guild_ids: int) -> Verdict:
    return Verdict(ask=guild_ids)


CASES: dict[str, tuple[PersonSeen, Verdict]] = {
    "used lately": (person(None, seen=29), NOTHING),
    "quiet": (person(None, seen=30), ask(ONE)),
    "on the account": (person((0, GONE, 40), is_own=True), NOTHING),
    "in no server": (person(), NOTHING),
    "quiet in two": (person(None, None), ask(ONE, TWO)),
    "there": (person((29, THERE, None)), NOTHING),
    "there a month ago": (person((30, THERE, None)), ask(ONE)),
    "there in one": (person((50, GONE, 50), (3, THERE, None)), NOTHING),
    "unsure today": (person((0, UNSURE, None)), NOTHING),
    "unsure yesterday": (person((1, UNSURE, None)), ask(ONE)),
    "just gone": (person((0, GONE, 0)), NOTHING),
    "gone for 29 days": (person((29, GONE, 29)), NOTHING),
    "gone for 30 days": (person((30, GONE, 30)), ask(ONE)),
    "gone at the second look": (person((0, GONE, 30)), FORGET),
    "gone at a second look too early": (person((1, GONE, 30)), ask(ONE)),
    "gone at a second look of yesterday": (person((1, GONE, 40)), ask(ONE)),
    "there at the second look": (person((0, THERE, None)), NOTHING),
    "unsure at the second look": (person((0, UNSURE, 30)), NOTHING),
    "unsure yesterday at the second look": (person((1, UNSURE, 31)), ask(ONE)),
    "used since gone": (person((40, GONE, 60), seen=50), ask(ONE)),
    "used on the day after which gone": (person((0, GONE, 60), seen=60), NOTHING),
    "gone from one, unsure of the other": (person((50, GONE, 50), (1, UNSURE, None)), ask(TWO)),
    "gone from one, the other never asked": (person((50, GONE, 50), None), ask(TWO)),
    "gone from both, from one lately": (person((50, GONE, 50), (5, GONE, 5)), NOTHING),
    "gone from both, second look of one": (person((0, GONE, 50), (31, GONE, 31)), ask(TWO)),
    "gone from both, second look of one yesterday": (
        person((1, GONE, 50), (0, GONE, 31)),
        ask(ONE),
    ),
    "gone from both, unsure of one today": (person((50, GONE, 50), (0, UNSURE, 31)), NOTHING),
    "gone from both, unsure of one yesterday": (
        person((1, GONE, 50), (1, UNSURE, 31)),
        ask(ONE, TWO),
    ),
    "gone from both at the second look": (person((0, GONE, 50), (0, GONE, 32)), FORGET),
    "asked on a day to come": (person((-9, GONE, 40)), ask(ONE)),
    "gone from a day to come": (person((0, GONE, -9)), NOTHING),
    "seen on a day to come": (person((0, GONE, 40), seen=-9), NOTHING),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_done_about_a_person(case: str) -> None:
    whom, expected = CASES[case]
    assert decide(whom, TODAY, {ONE, TWO}) == expected


@pytest.mark.parametrize("told", [None, (1, UNSURE, None), (30, GONE, 30)])
def test_a_server_that_cannot_be_asked_about_decides_nothing(told: Told | None) -> None:
    """The bot was removed from it: neither is it asked about, nor does it count as left."""
    assert decide(person((1, GONE, 40), told), TODAY, {ONE}) == NOTHING
    assert decide(person(told), TODAY, set()) == NOTHING


@pytest.mark.parametrize(
    ("before", "answer", "gone_since"),
    [
        (None, GONE, 0),
        ((30, GONE, 30), GONE, 30),
        ((30, GONE, 30), UNSURE, 30),
        ((30, GONE, 30), THERE, None),
        ((1, UNSURE, None), UNSURE, None),
        ((40, GONE, 100), GONE, 0),  # as they were seen a hundred days ago
        ((40, GONE, -3), GONE, 0),
    ],
)
def test_what_an_answer_leaves(before: Told | None, answer: Answer, gone_since: int | None) -> None:
    whom = person(before)
    now = answered(whom.servers[0], answer, whom, TODAY)
    assert (now.asked_on, now.answer) == (TODAY, answer)
    assert now.gone_since == (None if gone_since is None else ago(gone_since))


DAYS = st.lists(
    st.tuples(
        st.integers(1, 20),
        st.sets(st.sampled_from((ONE, TWO))),  # where they are
        st.sets(st.sampled_from((ONE, TWO))),  # which servers can be asked about
        st.sampled_from(("nothing", "nothing", "nothing", "nothing", "used", "outage")),
    ),
    max_size=30,
)


@given(DAYS)
def test_nobody_is_forgotten_who_is_anywhere_or_was_seen_in_two_months(
    days: Sequence[tuple[int, set[int], set[int], str]],
) -> None:
    """Whatever Discord can tell, and whoever comes and goes: two looks, a month apart, found them
    gone from each of their servers, and nothing since the first of them found them there."""
    today = TODAY
    whom = PersonSeen(
        user_id=1,
        seen_on=today,
        servers=[ServerSeen(guild_id=each, seen_on=today) for each in (ONE, TWO)],
    )
    gone_at: dict[int, list[date]] = {ONE: [], TWO: []}
    for later, where, can_tell, event in days:
        today += timedelta(days=later)
        if event == "used":
            whom = replace(whom, seen_on=today)
            gone_at = {ONE: [], TWO: []}
        while asked := decide(whom, today, can_tell).ask:
            guild_id = asked[0]
            answer = UNSURE if event == "outage" else THERE if guild_id in where else GONE
            if answer is THERE:
                gone_at = {ONE: [], TWO: []}
            elif answer is GONE:
                gone_at[guild_id].append(today)
            servers = [
                answered(each, answer, whom, today) if each.guild_id == guild_id else each
                for each in whom.servers
            ]
            whom = replace(whom, servers=servers)
        if decide(whom, today, can_tell).is_gone:
            assert not where
            assert today - whom.seen_on >= QUIET_FOR + GONE_FOR
            first = max(each[0] for each in gone_at.values())
            assert all(each[-1] - first >= GONE_FOR for each in gone_at.values())
            return
