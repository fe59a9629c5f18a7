"""Row 55: the wall clock of the machine is set while the bot runs."""

from collections.abc import AsyncIterator, Sequence
from datetime import time, timedelta
from pathlib import Path

import pytest

from tests.builders import DAY
from tests.faults.fetching import HOUR, MINUTE, Fetching, ids, records
from tests.faults.invariants import Pair
from tests.faults.scenario import Scenario, scenario
from tests.faults.test_life_rows import add_late_channel, page
from tests.replay.faults import at
from tests.run.test_health import find_free_port
from tests.waiting import until

A_DAY, YEAR = timedelta(days=1), timedelta(days=365)
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


def find_library() -> str:
    found = [str(path) for pattern in LIBRARIES for path in Path("/").glob(pattern[1:])]
    if not found:
        pytest.skip("needs libfaketime (Debian: apt-get install faketime), which is not here")
    return found[0]


class WallClock:
    """The time of day that a process sees, as far off as a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.off_by = timedelta()
        self.set(timedelta())

    def set(self, off_by: timedelta) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(f"{off_by.total_seconds():+.0f}\n")
        new.replace(self._file)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": find_library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


# -- a process, with libfaketime -----------------------------------------------------------------


@pytest.fixture
async def life(tmp_path: Path) -> AsyncIterator[Scenario]:
    async with scenario(tmp_path, channels=1, papers=3, schedule__tick_s=1) as life:
        life.environ["PAPER_BOT_HEALTH__PORT"] = str(find_free_port())
        yield life


@pytest.fixture
def clock(tmp_path: Path) -> WallClock:
    return WallClock(tmp_path / "clock")


async def ticks(life: Scenario) -> int:
    metrics = await page(int(life.environ["PAPER_BOT_HEALTH__PORT"]), "/metrics")
    return round(float(metrics.partition("\npaper_bot_ticks_total ")[2].split()[0]))


async def ticked(life: Scenario) -> None:
    """Wait until two more ticks have begun and ended."""
    before = await ticks(life)

    async def is_later() -> bool:
        return await ticks(life) >= before + 2

    await until(is_later)


@pytest.mark.slow
@pytest.mark.cpu_limit(300)
@pytest.mark.parametrize(
    "settings",
    [(-HOUR,), (A_DAY, timedelta()), (YEAR, timedelta())],
    ids=["an hour back", "a day ahead and back", "a year ahead and back"],
)
async def test_row_55_the_clock_of_a_running_process_is_set(
    life: Scenario, clock: WallClock, settings: Sequence[timedelta]
) -> None:
    """It ticks on and is alive all the while; what is announced then is posted, once."""
    async with life.running(**clock.environ) as bot:
        assert await life.finished(bot), bot.log
        await ticked(life)
        for off_by in settings:
            clock.set(off_by)
            await ticked(life)
            assert await page(int(life.environ["PAPER_BOT_HEALTH__PORT"]), "/healthz") == "ok\n"
        late = await add_late_channel(life)
        await until(lambda: bool(life.discord.messages_in(late)))
        await ticked(life)
        assert await bot.stop() == 0
    assert life.log.count("the clock was set") <= len(settings)
    assert "Traceback" not in life.log
    assert life.check(life.expected | {Pair(late.id, "2408.00099")}).problems == []


# -- what the day comes to -----------------------------------------------------------------------

NEXT = DAY + timedelta(days=1)
AHEAD = [timedelta(days=1), timedelta(days=2), YEAR]


async def set_for_a_while(day: Fetching, by: timedelta) -> None:
    """Let the host's clock be off by so much for a few ticks."""
    day.host.set_wall(by)
    for _ in range(3):
        await day.tick()
        day.clock.advance(MINUTE)
    day.host.set_wall(-by)


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
async def test_row_55_a_day_that_was_waited_for_is_still_waited_for(
    day: Fetching, ahead: timedelta
) -> None:
    """A clock that was ahead gives no day up, nor the days after it."""
    await day.subscribe()
    await day.until(at(DAY, 0, 30))
    await set_for_a_while(day, ahead)
    await day.tick()
    day.arxiv.publish("cs.CV", DAY, records(2))
    await day.until(at(DAY, 2))
    assert day.posted() == ids(records(2))
    day.clock.advance_to(at(NEXT, 0))
    day.arxiv.publish("cs.CV", NEXT, records(2, first=11))
    await day.until(at(NEXT, 0, 40))
    assert day.posted() == ids([*records(2), *records(2, first=11)])


async def test_row_55_set_back_by_an_hour_it_asks_at_its_usual_pace(day: Fetching) -> None:
    await day.subscribe()
    await day.until(at(DAY, 1))
    day.host.set_wall(-HOUR)
    day.arxiv.publish("cs.CV", DAY, records(2))
    await day.until(at(DAY, 1, 20))
    assert day.posted() == ids(records(2))


async def test_row_55_a_digest_set_up_by_a_clock_that_was_ahead_begins_now(day: Fetching) -> None:
    day.host.set_wall(YEAR)
    await day.subscribe(post_at=time(1))
    day.host.set_wall(-YEAR)
    day.arxiv.publish("cs.CV", DAY, records(2))
    await day.until(at(DAY, 1, 10))
    assert day.posted() == ids(records(2))


async def test_row_55_a_jump_ahead_tells_of_all_days_out_of_reach_at_once(
    day: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    day.arxiv.publish("cs.CV", DAY, records(2))
    await day.subscribe()
    await day.until(at(DAY, 1))
    await set_for_a_while(day, YEAR)
    told = [each for each in caplog.messages if "missed" in each]
    assert told == ["listing missed"]
