"""The guard of all tests: it ends what never ends, and lets a busy machine be."""

import signal
import time

import pytest

from tests.guard import limited


def compute() -> None:
    while True:
        pass


def test_what_computes_too_long_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"computed for 0\.05 s"), limited(0.05, 60):
        compute()


def test_what_hangs_without_computing_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"run for 0\.05 s"), limited(60, 0.05):
        signal.pause()


def test_time_in_which_others_compute_does_not_count() -> None:
    with limited(0.2, 60):
        time.sleep(0.4)


def test_a_guard_inside_another_gives_it_back() -> None:
    with limited(50, 60):
        with limited(5, 6):
            pass
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 40
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 40


def test_every_test_is_guarded() -> None:
    assert 0 < signal.getitimer(signal.ITIMER_PROF)[0] < 121
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 600


@pytest.mark.cpu_limit(7)
def test_a_test_may_have_another_limit() -> None:
    assert 0 < signal.getitimer(signal.ITIMER_PROF)[0] < 8
    assert 60 < signal.getitimer(signal.ITIMER_REAL)[0] < 71
