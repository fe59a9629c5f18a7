"""Row 30: the process is killed at every durable step, and the day still ends well.

``CRASH_POINTS=all`` in the environment tries every occurrence of every point until none fires;
otherwise the first ones.
"""

import os
from pathlib import Path

import pytest

from tests.faults.scenario import scenario

POINTS = (
    "after_fetch",
    "after_store",
    "after_plan",
    "after_claim",
    "before_send",
    "after_send",
    "after_finish",
)
KILLED = 137
MOST = 50 if os.environ.get("CRASH_POINTS") == "all" else 1


@pytest.mark.slow
@pytest.mark.cpu_limit(600)
@pytest.mark.parametrize("point", POINTS)
async def test_row_30_killed_at_a_durable_step(tmp_path: Path, point: str) -> None:
    """After a restart nothing is lost and nothing there twice, whatever step was the last."""
    for occurrence in range(1, MOST + 1):
        folder = tmp_path / str(occurrence)
        folder.mkdir()
        async with scenario(folder, channels=2, papers=12) as day:
            async with day.running(CRASH_AT=f"{point}:{occurrence}") as bot:
                if await day.finished(bot):
                    assert occurrence > 1, f"{point} was never passed"
                    return
                assert await bot.wait() == KILLED, bot.log
            await day.run_to_the_end()
            findings = day.check()
            assert findings.problems == []
            assert findings.unknown == 0
            assert "Traceback" not in day.log
