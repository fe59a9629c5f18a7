"""The health pages are there before the bot is, and say what it is waiting for."""

import asyncio
import logging
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from bot.config.schema import Config
from bot.run.process import run_bot
from bot.run.starting import Front
from bot.store.sqlite import migrations
from tests.run.test_health import HOST, find_free_port
from tests.store.backup.test_update import version_of
from tests.store.sqlite.test_updating import ENDLESS, file_of
from tests.waiting import until

STEPS = 12


async def test_an_update_is_alive_not_ready_and_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that would never end: a monitor sees how far it got, a signal leaves what is whole."""
    path = tmp_path / "papers.db"
    file_of(path, STEPS)
    ended = len(migrations.STEPS) - STEPS
    before_it = sum(map(len, migrations.STEPS[STEPS:]))
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, (ENDLESS,) * before_it))
    config = Config.model_validate(
        {"database": {"path": path}, "health": {"host": HOST, "port": find_free_port()}}
    )
    running = asyncio.create_task(run_bot(config, "a.token.here"))
    async with aiohttp.ClientSession(f"http://{HOST}:{config.health.port}") as http:
        await until(lambda: is_saying(http, "/readyz", "migrating, 50 %"))
        assert await page(http, "/healthz") == (200, "ok\n")
        status, said = await page(http, "/readyz")
        assert (status, said.count("\n")) == (503, 1)
        assert await page(http, "/metrics") == (200, "")
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    assert version_of(path) == STEPS + ended
    assert (tmp_path / "backups").is_dir()


async def page(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, await answer.text()


async def is_saying(http: aiohttp.ClientSession, path: str, words: str) -> bool:
    try:
        return words in (await page(http, path))[1]
    except aiohttp.ClientError:
        return False


def test_steps_that_take_no_time_are_not_all_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now_s = 0.0
    front = Front(lambda: now_s)
    for percent in range(20):
        front.note(f"migrating, {percent} %")
        now_s += 1
    assert [record.getMessage() for record in caplog.records] == [
        f"migrating, {percent} %" for percent in (0, 5, 10, 15)
    ]
    assert front.health().starting == "migrating, 19 %"
