"""A fast run takes fewer examples, and one of all tests every example that a test asks for."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.examples import ALL, FAST, examples


@pytest.fixture(params=[FAST, "default"])
def profile(request: pytest.FixtureRequest) -> Iterator[str]:
    before = settings.get_current_profile_name()
    settings.load_profile(request.param)
    yield request.param
    settings.load_profile(before)


def test_a_fast_run_takes_a_share_of_many_and_all_of_few(profile: str) -> None:
    taken = [examples(count) for count in (6, 10, 25, 600)]
    assert taken == ([6, 10, 10, 180] if profile == FAST else [6, 10, 25, 600])
    assert examples(ALL) == settings().max_examples


def test_only_a_run_of_fast_tests_takes_fewer(request: pytest.FixtureRequest) -> None:
    options = request.config.option
    wanted = options.hypothesis_profile or (FAST if options.markexpr == "not slow" else None)
    assert wanted in (None, settings.get_current_profile_name())
