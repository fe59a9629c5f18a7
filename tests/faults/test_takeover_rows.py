"""Rows 98 and 120: the host dies, another one goes on with the replica, the first comes back."""

from pathlib import Path

import pytest

from tests.faults.takeover import take_over

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("kill_at", "every_s"), [(0.1, 1.0), (0.6, 10.0)])
async def test_row_98_120_another_host_goes_on_with_the_replica(
    tmp_path: Path, kill_at: float, every_s: float
) -> None:
    """What the replica does not know any more the channels tell: nothing lost, nothing twice."""
    taken = await take_over(tmp_path, channels=4, every_s=every_s, kill_at=kill_at)
    assert taken.findings.problems == []
    assert (taken.findings.lost, taken.findings.duplicated, taken.findings.unknown) == (0, 0, 0)
    assert taken.posted_before < taken.messages
    assert (taken.returned, taken.posted_by_returned) == (75, 0)
    assert "so this one posts nothing" in taken.said
