"""After an unsure try nothing is sent again once Discord may have forgotten the nonce."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.outcome import Try
from bot.delivery.window import NonceWindow, NonceWindowOver, Tries, host_clock
from bot.digest.messages import Instant
from tests.builders import NOW
from tests.fakes.clock import HostClock, VirtualClock

WINDOW = timedelta(seconds=60)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def host(clock: VirtualClock) -> HostClock:
    return HostClock(clock)


@pytest.fixture
def window(host: HostClock) -> NonceWindow:
    return NonceWindow(WINDOW, now=host.instant)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(("age_s", "is_open"), [(0, True), (49.9, True), (50.1, False)])
def test_the_window_ends_before_discord_forgets(
    clock: VirtualClock, window: NonceWindow, age_s: float, is_open: bool
) -> None:
    """A try that begins in the last seconds could arrive too late."""
    first_try = window.now()
    clock.advance(seconds(age_s))
    assert window.is_open(first_try) is is_open


def test_nothing_is_open_that_is_not_known(window: NonceWindow) -> None:
    assert not window.is_open(None)
    assert not window.is_open(replace(window.now(), boot="an earlier one"))


@pytest.mark.parametrize("by_s", [-3600, -1, 51, 3600])
def test_a_wall_clock_that_was_set_closes_the_window(
    host: HostClock, window: NonceWindow, by_s: float
) -> None:
    """Forward it may have been right all along: a frozen machine's other clocks saw nothing."""
    first_try = window.now()
    host.set_wall(seconds(by_s))
    assert not window.is_open(first_try)


def test_a_wall_clock_that_was_set_back_hides_no_time(
    clock: VirtualClock, host: HostClock, window: NonceWindow
) -> None:
    first_try = window.now()
    clock.advance(seconds(120))
    host.set_wall(seconds(-110))
    assert not window.is_open(first_try)


def test_the_host_counts_the_time_of_a_stop() -> None:
    """The clock goes on while a process is stopped or the host sleeps, where there is such."""
    read = host_clock(lambda: NOW)
    before = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    instant = read()
    assert instant.wall == NOW
    assert before <= instant.up_s <= before + 60
    assert read().boot == instant.boot == host_clock(lambda: datetime.now(UTC))().boot


def make_try(tries: Tries, status: int | None) -> None:
    tries.begin()
    tries.require_open()
    tries.end(Try(status=status))


@pytest.mark.parametrize("status", [200, 400, 408, 500, 502, 504, None])
def test_no_try_follows_an_unsure_one_that_is_old(
    clock: VirtualClock, window: NonceWindow, status: int | None
) -> None:
    tries = Tries(window)
    make_try(tries, status)
    clock.advance(seconds(40))
    make_try(tries, 502)
    clock.advance(seconds(20))
    with pytest.raises(NonceWindowOver):
        tries.begin()
    assert tries.is_refused
    assert [each.status for each in tries.made] == [status, 502]


def test_the_window_counts_from_the_beginning_of_the_try(
    clock: VirtualClock, window: NonceWindow
) -> None:
    """Discord may have taken the message at once, however late the answer is."""
    tries = Tries(window)
    tries.begin()
    clock.advance(seconds(100))
    tries.end(Try(status=504))
    with pytest.raises(NonceWindowOver):
        tries.begin()


def test_rate_limits_can_be_waited_out(clock: VirtualClock, window: NonceWindow) -> None:
    """They left nothing behind; the window opens with the first try that may have."""
    tries = Tries(window)
    for _ in range(3):
        make_try(tries, 429)
        clock.advance(seconds(600))
    make_try(tries, 502)
    clock.advance(seconds(30))
    make_try(tries, 429)
    clock.advance(seconds(30))
    with pytest.raises(NonceWindowOver):
        tries.begin()


def test_a_request_that_was_long_in_connecting_does_not_leave(
    clock: VirtualClock, window: NonceWindow
) -> None:
    tries = Tries(window)
    make_try(tries, 502)
    tries.begin()
    clock.advance(seconds(60))
    with pytest.raises(NonceWindowOver):
        tries.require_open()
    tries.end(Try(status=None))  # aiohttp tells of it as of any other failure
    assert [each.status for each in tries.made] == [502]


def test_a_send_that_goes_on_where_another_ended_has_its_window(
    clock: VirtualClock, window: NonceWindow
) -> None:
    first_try: Instant = window.now()
    clock.advance(seconds(30))
    tries = Tries(window, first_try)
    make_try(tries, 502)
    clock.advance(seconds(25))
    with pytest.raises(NonceWindowOver):
        tries.begin()
