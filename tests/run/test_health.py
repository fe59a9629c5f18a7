"""The health pages, asked over real HTTP."""

import socket
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.config.schema import HealthConfig
from bot.errors import ConfigError
from bot.run.health import Health, Snapshot, serve_health

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOST = "127.0.0.1"


def make_health(
    *,
    heartbeat_s: float = 1,
    tick_s: float = 1,
    is_connected: bool = True,
    is_writable: bool = True,
    **counters: int,
) -> Health:
    return Health(
        heartbeat_at=NOW - timedelta(seconds=heartbeat_s),
        ticked_at=NOW - timedelta(seconds=tick_s),
        is_connected=is_connected,
        is_writable=is_writable,
        counters=counters,
    )


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def ask(path: str, snapshot: Snapshot) -> tuple[int, str]:
    config = HealthConfig(host=HOST, port=find_free_port())
    async with (
        serve_health(config, snapshot, lambda: NOW),
        aiohttp.ClientSession() as http,
        http.get(f"http://{HOST}:{config.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("health", "status", "text"),
    [
        (make_health(), 200, "ok"),
        (make_health(heartbeat_s=119, tick_s=119), 200, "ok"),
        (make_health(is_connected=False, is_writable=False), 200, "ok"),
        (make_health(heartbeat_s=121), 503, "the last heartbeat was at 2024-05-01 11:57:59 UTC"),
        (make_health(tick_s=121), 503, "the last tick was at"),
        (make_health(tick_s=-3600), 503, "the last tick was at"),
    ],
)
async def test_alive_is_who_beat_and_ticked_lately(health: Health, status: int, text: str) -> None:
    answer = await ask("/healthz", lambda: health)
    assert answer[0] == status
    assert text in answer[1]


@pytest.mark.parametrize(
    ("health", "status", "text"),
    [
        (make_health(), 200, "ok"),
        (make_health(is_connected=False), 503, "not connected to Discord"),
        (make_health(is_writable=False), 503, "the database does not take writes"),
        (make_health(tick_s=121), 503, "the last tick was at"),
    ],
)
async def test_ready_is_who_can_work(health: Health, status: int, text: str) -> None:
    answer = await ask("/readyz", lambda: health)
    assert answer[0] == status
    assert text in answer[1]


async def test_metrics_are_counters_and_states_in_prometheus_form() -> None:
    status, text = await ask("/metrics", lambda: make_health(digests_sent=3, tick_s=2))
    assert status == 200
    assert "# TYPE paper_bot_digests_sent_total counter\npaper_bot_digests_sent_total 3\n" in text
    assert "paper_bot_tick_age_seconds 2.0\n" in text
    assert "paper_bot_connected 1\n" in text


async def test_other_pages_do_not_exist() -> None:
    assert (await ask("/", make_health))[0] == 404


async def test_port_0_serves_nothing() -> None:
    async with serve_health(HealthConfig(), make_health, lambda: NOW):
        pass


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        config = HealthConfig(host=HOST, port=taken.getsockname()[1])
        with pytest.raises(
            ConfigError, match=r"health\.port = \d+: cannot be used on 127\.0\.0\.1"
        ):
            async with serve_health(config, make_health, lambda: NOW):
                pass
