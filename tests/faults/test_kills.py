"""Row 31: a short blind kill loop under each condition; `kills.py` runs longer ones."""

import os
from pathlib import Path

import pytest

from tests.faults.kills import Loop, run_loop

KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("has_history", [True, False], ids=["history", "no history"])
@pytest.mark.parametrize("nonce_window_s", [300.0, 0.0], ids=["nonce alive", "nonce expired"])
async def test_row_31_killed_at_random_moments(
    tmp_path: Path, nonce_window_s: float, has_history: bool
) -> None:
    """0 lost, 0 twice; unknown only where neither nonce nor history can tell."""
    loop = Loop(
        kills=KILLS,
        channels=max(KILLS * 2, 12),
        nonce_window_s=nonce_window_s,
        has_history=has_history,
        seed=SEED,
    )
    _, messages, findings = await run_loop(loop, tmp_path)
    assert findings.problems == []
    assert messages >= loop.channels
    if nonce_window_s or has_history:
        assert findings.unknown == 0
