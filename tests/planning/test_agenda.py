"""Passing channels over never passes over what is due."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.arxiv.calendar import announcement_day
from bot.digest.due import PATIENCE
from bot.digest.models import Cadence, QuietDays, Subscription
from bot.digest.outlook import KnownDays
from bot.digest.quiet import list_quiet_days
from bot.digest.week import ListingKey
from bot.models import DayRecord, Inquiry, IntakeCode, IntakeReason, IntakeSource, IntakeVerdict
from bot.planning.agenda import PASSED_OVER_FOR, Agenda, Look, QuietLook, find_changed
from bot.planning.due import list_due
from bot.store.digests import DigestRecord, ListingTimes
from tests.builders import DAY, NOW, make_subscription

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NEXT_DAY = DAY + timedelta(days=1)
EVENING = datetime(2024, 3, 5, 19, 30, tzinfo=UTC)

CHANNELS = (
    make_subscription(channel_id=1, categories=("cs.CV",)),
    make_subscription(channel_id=2, categories=("cs.CV", "cs.LG")),
    make_subscription(channel_id=3, categories=("cs.LG",), post_at=time(9), zone="Asia/Tokyo"),
    make_subscription(
        channel_id=4, categories=("cs.CV", "cs.LG"), post_at=time(22), zone="Pacific/Honolulu"
    ),
    make_subscription(channel_id=5, categories=("cs.CV", "cs.LG"), begins=(("cs.LG", DAY),)),
    make_subscription(channel_id=6, categories=("cs.LG",), starts_after=2),
    make_subscription(
        channel_id=7,
        categories=("cs.CV",),
        cadences=tuple(Cadence),
        weekday=2,
        post_at=time(8, 30),
        zone="Europe/Paris",
    ),
    make_subscription(
        channel_id=8,
        categories=("cs.CV", "cs.LG"),
        cadences=(Cadence.WEEK,),
        weekday=1,
        post_at=time(22),
        zone="Pacific/Honolulu",
    ),
)
SUBSCRIPTIONS = [replace(each, id=number) for number, each in enumerate(CHANNELS, start=1)]


class History:
    """Listings that come and grow, channels that change, and two looks at what is due."""

    def __init__(self) -> None:
        self.now = NOW
        self.subscriptions = {each.id: each for each in SUBSCRIPTIONS}
        self.listings: dict[ListingKey, ListingTimes] = {}
        self.decided: dict[Cadence, dict[tuple[int, date], DigestRecord]] = {
            each: {} for each in Cadence
        }
        self.agendas = {each: Agenda() for each in Cadence}

    def write(self, number: int) -> Subscription:
        """Make of a subscription another object, as one that was read again is."""
        self.subscriptions[number] = replace(self.subscriptions[number])
        return self.subscriptions[number]

    # What may happen, each with a number that says to what.

    def wait(self, number: int) -> None:
        self.now += (MINUTE, HOUR, PATIENCE, 5 * HOUR, 11 * HOUR)[number % 5]

    def turn_back(self, number: int) -> None:
        self.now -= (MINUTE, HOUR, 5 * HOUR, 30 * HOUR)[number % 4]

    def store(self, number: int) -> None:
        key = (("cs.CV", "cs.LG")[number % 2], DAY + timedelta(days=number % 3))
        before = self.listings.get(key)
        self.listings[key] = ListingTimes(
            number=before.number if before else len(self.listings) + 1,
            stored_at=before.stored_at if before else self.now,
            updated_at=self.now,
            is_growing=number % 5 == 0,
        )

    def lose(self, number: int) -> None:
        for key in list(self.listings)[number % 4 :][:1]:
            del self.listings[key]

    def change(self, number: int) -> None:
        id_ = number % len(SUBSCRIPTIONS) + 1
        at = (None, time(7), time(23, 15))[number % 3]
        categories = (("cs.CV",), ("cs.LG",), ("cs.CV", "cs.LG"))[number % 3]
        self.subscriptions[id_] = replace(self.write(id_), post_at=at, categories=categories)

    def decide_early(self, number: int) -> None:
        """Decide from what was read before a list grew."""
        id_ = number % len(SUBSCRIPTIONS) + 1
        day = DAY + timedelta(days=number % 3)
        self._decide(self.write(id_), day, Cadence.DAY, self.now - HOUR)

    def undo(self, number: int) -> None:
        for cadence in Cadence:
            for key in list(self.decided[cadence])[number % 4 :][:1]:
                del self.decided[cadence][key]
                self.write(key[0])

    def _decide(
        self, subscription: Subscription, day: date, cadence: Cadence, at: datetime
    ) -> None:
        self.decided[cadence][subscription.channel_id, day] = DigestRecord(
            channel_id=subscription.channel_id,
            announced_on=day,
            decided_at=at,
            announced=1,
            planned=1,
            cadence=cadence,
        )

    def tick(self, number: int) -> None:
        """Look at what the agenda chose; what it did not choose has nothing due."""
        for cadence in Cadence:
            wanting = [each for each in self.subscriptions.values() if cadence in each.cadences]
            look = Look(dict(self.listings), self.now)
            chosen = self.agendas[cadence].open(wanting, look)
            due = {each.id: self._list_due(each, cadence) for each in wanting}
            missed = {each.id for each in wanting if due[each.id]} - {each.id for each in chosen}
            assert not missed, (cadence, missed, self.now)
            for each in chosen:
                if not due[each.id]:
                    self.agendas[cadence].pass_over(each, look)
                elif number % 3:  # else planning it fails
                    for day in due[each.id]:
                        self._decide(self.write(each.id), day, cadence, self.now)

    def _list_due(self, subscription: Subscription, cadence: Cadence) -> list[date]:
        found = list_due(subscription, cadence, self.listings, self.decided[cadence], now=self.now)
        return [day for day, _ in found]


STEPS = ("wait", "turn_back", "store", "lose", "change", "decide_early", "undo")


HOURS = [("wait", 1)] * 54


def play(history: "History | QuietHistory", steps: Sequence[tuple[str, int]]) -> None:
    """Take the steps, and look after each; what the agenda forgot is refused.

    Without the look at everything each hour, which would hide it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.planning.agenda.PASSED_OVER_FOR", timedelta(days=9))
        for step, number in steps:
            getattr(history, step)(number)
            history.tick(number)


@settings(deadline=None)  # fifty looks take longer on a busy machine
@example([("store", 0), ("store", 3), *HOURS])
@example(HOURS)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 23)), max_size=25))
def test_what_is_due_is_always_looked_at(steps: Sequence[tuple[str, int]]) -> None:
    """Whatever happened since: as a look at all of them would find it."""
    play(History(), steps)


def test_the_history_has_digests_that_are_due_and_such_that_are_not() -> None:
    """Else the property above would say nothing."""
    history = History()
    for number in (0, 1, 3, 4):
        history.store(number)
    history.tick(1)
    assert {key for key, _ in history.decided[Cadence.DAY]} >= {1, 2}
    for _ in range(5):
        history.wait(4)
        history.tick(1)
    assert {key for key, _ in history.decided[Cadence.DAY]} == {1, 2, 3, 4, 5, 6, 7}
    assert {key for key, _ in history.decided[Cadence.WEEK]} >= {7, 8}


PLAIN, LATER = SUBSCRIPTIONS[0], SUBSCRIPTIONS[2]


def chosen(agenda: Agenda, look: Look, *subscriptions: Subscription) -> list[int]:
    """Open the agenda and find nothing due; returns who was looked at."""
    found = agenda.open(subscriptions, look)
    for each in found:
        agenda.pass_over(each, look)
    return [each.id for each in found]


def stored(at: datetime = NOW, **values: bool) -> ListingTimes:
    return ListingTimes(number=1, stored_at=at, updated_at=at, **values)


def test_a_channel_is_looked_at_once_while_nothing_changes() -> None:
    agenda = Agenda()
    assert chosen(agenda, Look({}, NOW), PLAIN, LATER) == [1, 3]
    assert chosen(agenda, Look({}, NOW + MINUTE), PLAIN, LATER) == []
    assert chosen(agenda, Look({}, NOW + PASSED_OVER_FOR), PLAIN, LATER) == [1, 3]


def test_only_those_are_looked_at_whose_category_got_a_list() -> None:
    agenda = Agenda()
    chosen(agenda, Look({}, NOW), PLAIN, LATER)
    listings = {("cs.LG", DAY): stored()}
    assert chosen(agenda, Look(listings, NOW + MINUTE), PLAIN, LATER) == [3]
    assert chosen(agenda, Look(listings, NOW + 2 * MINUTE), PLAIN, LATER) == []


def test_what_was_found_due_is_looked_at_again() -> None:
    """Until it is decided, or nothing is due any more."""
    agenda, look = Agenda(), Look({}, NOW)
    assert agenda.open([PLAIN], look) == [PLAIN]
    assert agenda.open([PLAIN], Look({}, NOW + MINUTE)) == [PLAIN]


def test_a_look_that_another_has_overtaken_passes_nothing_over() -> None:
    """It has not seen the list of which the other one heard."""
    agenda, older, newer = Agenda(), Look({}, NOW), Look({("cs.CV", DAY): stored()}, NOW)
    agenda.open([PLAIN], older)
    agenda.open([PLAIN], newer)
    agenda.pass_over(PLAIN, older)
    assert agenda.open([PLAIN], Look(newer.listings, NOW + MINUTE)) == [PLAIN]


def test_a_clock_that_was_set_back_forgets_what_was_passed_over() -> None:
    agenda = Agenda()
    chosen(agenda, Look({}, NOW), PLAIN)
    assert chosen(agenda, Look({}, NOW - MINUTE), PLAIN) == [1]


def test_those_who_are_gone_are_not_remembered() -> None:
    agenda = Agenda()
    chosen(agenda, Look({}, NOW), PLAIN, LATER)
    assert chosen(agenda, Look({}, NOW), PLAIN) == []
    assert chosen(agenda, Look({}, NOW), PLAIN, LATER) == [3]


@pytest.mark.parametrize(
    ("listings", "now", "until"),
    [
        ({}, NOW, NOW + PASSED_OVER_FOR),
        ({("cs.LG", DAY): stored(NOW - PATIENCE + MINUTE)}, NOW, NOW + MINUTE),
        ({("cs.LG", DAY): stored(NOW + MINUTE)}, NOW, NOW + MINUTE),
        ({("cs.RO", DAY): stored(NOW - PATIENCE + MINUTE)}, NOW, NOW + PASSED_OVER_FOR),
        # Nine in the morning in Tokyo, and midnight Eastern.
        ({}, datetime(2024, 3, 5, 23, 30, tzinfo=UTC), datetime(2024, 3, 6, tzinfo=UTC)),
        ({}, datetime(2024, 3, 6, 4, 59, tzinfo=UTC), datetime(2024, 3, 6, 5, tzinfo=UTC)),
    ],
)
def test_it_holds_until_time_may_change_it(
    listings: Mapping[ListingKey, ListingTimes], now: datetime, until: datetime
) -> None:
    assert Look(listings, now).holds_until(LATER) == until


def test_a_category_has_changed_where_anything_of_its_lists_has() -> None:
    before = {("cs.CV", DAY): stored(), ("cs.LG", DAY): stored(), ("cs.RO", DAY): stored()}
    after = {
        ("cs.CV", DAY): stored(),
        ("cs.CV", NEXT_DAY): stored(),
        ("cs.LG", DAY): stored(is_growing=True),
        ("cs.AI", DAY): stored(),
    }
    assert find_changed(before, before) == set()
    assert find_changed(before, after) == {"cs.CV", "cs.LG", "cs.RO", "cs.AI"}


# -- dates without a digest ----------------------------------------------------------------------


def judged(category: str, day: date, *, number: int = 0) -> DayRecord:
    """Make what the judge says: open, failing, closed without a list; asked at another time."""
    error = IntakeReason(code=IntakeCode.UNREACHABLE) if number % 4 == 1 else None
    inquiry = Inquiry(asked_at=NOW + number * MINUTE, failures=0, error=error)
    return DayRecord(
        category=category,
        day=day,
        verdict=IntakeVerdict.EMPTY_EXPECTED if number % 4 == 2 else None,
        is_closed=number % 4 > 1,
        inquiries={IntakeSource.FEED: inquiry},
    )


def quiet_channels() -> dict[int, Subscription]:
    return {
        each.id: replace(each, quiet_days=QuietDays.ALL, created_at=NOW - timedelta(days=3))
        for each in SUBSCRIPTIONS
    }


class QuietHistory:
    """Lists that come or do not, channels that change, and a look at which dates are quiet."""

    def __init__(self) -> None:
        self.now = NOW
        self.subscriptions = quiet_channels()
        self.stored: set[ListingKey] = set()
        self.records: dict[ListingKey, DayRecord] = {}
        self.told: set[tuple[int, date]] = set()
        self.agenda = Agenda()

    def wait(self, number: int) -> None:
        self.now += (MINUTE, HOUR, PATIENCE, 5 * HOUR, 11 * HOUR)[number % 5]

    def turn_back(self, number: int) -> None:
        self.now -= (MINUTE, HOUR, 5 * HOUR)[number % 3]

    def store(self, number: int) -> None:
        self.stored ^= {_key(number)}

    def judge(self, number: int) -> None:
        self.records[_key(number)] = judged(*_key(number), number=number)

    def change(self, number: int) -> None:
        id_ = number % len(SUBSCRIPTIONS) + 1
        at = (None, time(7), time(23, 15))[number % 3]
        self.subscriptions[id_] = replace(self.subscriptions[id_], post_at=at)

    def known(self) -> KnownDays:
        return KnownDays(
            since=announcement_day(self.now - 2 * timedelta(days=1)),
            numbers=dict.fromkeys(self.stored, 1),
            ready_at={},
            decided=(),
            records=dict(self.records),
            poll_start=time(0, 10),
        )

    def tick(self, number: int) -> None:
        """Tell what the agenda chose; what it did not choose has nothing to be told."""
        look = QuietLook(self.known(), self.now)
        wanting = list(self.subscriptions.values())
        chosen = self.agenda.open(wanting, look)
        quiet = {each.id: self._list_untold(each) for each in wanting}
        missed = {id_ for id_, days in quiet.items() if days} - {each.id for each in chosen}
        assert not missed, (missed, self.now)
        for each in chosen:
            if not quiet[each.id]:
                self.agenda.pass_over(each, look)
            elif number % 3:  # else it fails
                self.told |= {(each.id, day) for day in quiet[each.id]}

    def _list_untold(self, subscription: Subscription) -> list[date]:
        found = list_quiet_days(subscription, self.known(), now=self.now)
        return [each.day for each in found if (subscription.id, each.day) not in self.told]


def _key(number: int) -> ListingKey:
    return ("cs.CV", "cs.LG")[number % 2], DAY + timedelta(days=number % 3)


@settings(deadline=None)
@example([("judge", 1), *HOURS])
@example([("change", 16), *HOURS])
@example([("store", 6), ("judge", 6), *HOURS[:20], ("store", 6)])
@example(HOURS)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("wait", "turn_back", "store", "judge", "change")), st.integers(0, 23)
        ),
        max_size=25,
    )
)
def test_what_is_quiet_is_always_looked_at(steps: Sequence[tuple[str, int]]) -> None:
    """Whatever happened since."""
    play(QuietHistory(), steps)


def test_the_history_has_dates_that_are_quiet_and_channels_that_are_passed_over() -> None:
    """Else the property above would say nothing."""
    history = QuietHistory()
    for _ in range(30):
        history.wait(1)
        history.tick(1)
    assert {id_ for id_, _ in history.told} >= {1, 2, 3, 4, 5}
    look = QuietLook(history.known(), history.now)
    assert history.agenda.open(list(history.subscriptions.values()), look) == []


def test_that_arxiv_was_asked_again_changes_nothing_of_a_quiet_date() -> None:
    agenda, history = Agenda(), QuietHistory()
    for number, looked_at in ((0, 1), (4, 0), (1, 1), (5, 0), (2, 1), (3, 1)):
        history.records = {("cs.CV", DAY): judged("cs.CV", DAY, number=number)}
        look = QuietLook(history.known(), NOW)
        chosen = agenda.open([history.subscriptions[1], history.subscriptions[3]], look)
        assert [each.id for each in chosen if each.id == 1] == [1] * looked_at, number
        for each in chosen:
            agenda.pass_over(each, look)
