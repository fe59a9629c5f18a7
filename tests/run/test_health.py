"""The health pages, asked over real HTTP."""

import contextlib
import os
import random
import socket
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from bot.config.schema import HealthConfig
from bot.errors import ConfigError
from bot.run.health import Health, Obstacles, Snapshot, find_disk_problem, serve_health

HOST = "127.0.0.1"


def make_health(
    *,
    heartbeat_s: float = 1,
    tick_s: float = 1,
    is_connected: bool = True,
    lost_shards: Sequence[int] = (),
    **counters: int,
) -> Health:
    return Health(
        heartbeat_age_s=heartbeat_s,
        tick_age_s=tick_s,
        is_connected=is_connected,
        shards=16,
        lost_shards=lost_shards,
        counters=counters,
    )


PORTS = range(20_000, 32_000)
"""Below those that the kernel gives out by itself, which another test may get meanwhile."""


def find_free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind((HOST, port))
            return port


FULL = "the disk is full"


async def nothing() -> list[str]:
    return []


async def no_numbers() -> bytes:
    return b""


def pages(
    config: HealthConfig,
    snapshot: Snapshot = make_health,
    disk_problem: str = "",
    obstacles: Obstacles = nothing,
) -> contextlib.AbstractAsyncContextManager[None]:
    """Serve the pages of a bot in this state, without numbers."""
    return serve_health(
        config, snapshot, lambda: disk_problem, obstacles=obstacles, metrics=no_numbers
    )


async def ask(
    path: str, snapshot: Snapshot, disk_problem: str = "", obstacles: Obstacles = nothing
) -> tuple[int, str]:
    config = HealthConfig(host=HOST, port=find_free_port())
    async with (
        pages(config, snapshot, disk_problem, obstacles),
        aiohttp.ClientSession() as http,
        http.get(f"http://{HOST}:{config.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("health", "status", "text"),
    [
        (make_health(), 200, "ok"),
        (make_health(heartbeat_s=119, tick_s=119), 200, "ok"),
        (make_health(is_connected=False), 200, "ok"),
        (make_health(heartbeat_s=121), 503, "the last heartbeat was 121 seconds ago"),
        (make_health(tick_s=3600), 503, "the last tick was 3600 seconds ago"),
    ],
)
async def test_alive_is_who_beat_and_ticked_lately(health: Health, status: int, text: str) -> None:
    answer = await ask("/healthz", lambda: health, FULL)
    assert answer[0] == status
    assert text in answer[1]


@pytest.mark.parametrize(
    ("health", "disk_problem", "status", "text"),
    [
        (make_health(), "", 200, "ok\n"),
        (make_health(is_connected=False), "", 503, "not connected to Discord\n"),
        (
            make_health(is_connected=False, lost_shards=[3]),
            "",
            503,
            "shard 3 of 16 not connected to Discord\n",
        ),
        (
            make_health(is_connected=False, lost_shards=range(1, 16)),
            "",
            503,
            "shards 1, 2, 3, 4, 5, 6, 7, 8 and 7 more of 16 not connected to Discord\n",
        ),
        (
            make_health(is_connected=False, lost_shards=range(16)),
            "",
            503,
            "not connected to Discord\n",
        ),
        (make_health(), FULL, 503, f"{FULL}\n"),
        (make_health(tick_s=121), "", 503, "the last tick was 121 seconds ago\n"),
    ],
)
async def test_ready_is_who_can_work(
    health: Health, disk_problem: str, status: int, text: str
) -> None:
    assert await ask("/readyz", lambda: health, disk_problem) == (status, text)


def test_a_disk_that_takes_a_page_is_no_problem_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    assert find_disk_problem(tmp_path, reserve=1) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_disk_below_the_reserve_is_a_problem(tmp_path: Path) -> None:
    said = find_disk_problem(tmp_path, reserve=10**18)
    assert said.endswith("left; nothing is posted below 1,000,000,000,000 MB")


def test_a_folder_that_is_gone_takes_no_writes(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert find_disk_problem(gone, 0) == f"{gone} takes no writes (No such file or directory)"


@pytest.mark.skipif(not os.access("/proc", os.F_OK), reason="needs a folder that takes no writes")
def test_a_folder_that_takes_no_writes_says_so() -> None:
    assert "/proc takes no writes" in find_disk_problem(Path("/proc"), 0)


async def test_what_stands_still_makes_it_unready() -> None:
    async def stuck() -> list[str]:
        return ["messages are due"]

    assert await ask("/readyz", make_health, obstacles=stuck) == (503, "messages are due\n")
    assert (await ask("/healthz", make_health, obstacles=stuck))[0] == 200


async def test_other_pages_do_not_exist() -> None:
    assert (await ask("/", make_health))[0] == 404


async def test_port_0_serves_nothing() -> None:
    async with pages(HealthConfig()):
        pass


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        config = HealthConfig(host=HOST, port=taken.getsockname()[1])
        with pytest.raises(
            ConfigError, match=r"health\.port = \d+: cannot be used on 127\.0\.0\.1"
        ):
            async with pages(config):
                pass
