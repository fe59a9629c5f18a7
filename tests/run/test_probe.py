"""The container's health check asks where the settings put the page; unanswered is not well."""

import asyncio
import socket

import pytest

from bot.config.schema import HealthConfig
from bot.run import probe
from tests.run.test_health import HOST, find_free_port, make_health, pages


@pytest.mark.parametrize("host", [HOST, "localhost", *probe.ANYWHERE])
async def test_it_asks_where_the_page_is(host: str) -> None:
    config = HealthConfig(host=host, port=find_free_port())
    async with pages(config, make_health):
        assert await asyncio.to_thread(probe.ask, config) == ("ok", True)
    sentence, is_well = await asyncio.to_thread(probe.ask, config)
    assert (is_well, "no answer" in sentence) == (False, True)


async def test_a_hang_is_told_as_the_page_tells_it() -> None:
    config = HealthConfig(port=find_free_port())
    async with pages(config, lambda: make_health(heartbeat_s=3600)):
        sentence, is_well = await asyncio.to_thread(probe.ask, config)
    assert not is_well
    assert sentence == "the last heartbeat was 3600 seconds ago"


def test_whoever_accepts_but_does_not_answer_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a blocked event loop does."""
    monkeypatch.setattr(probe, "PATIENCE_S", 0.2)
    with socket.socket() as mute:
        mute.bind((HOST, 0))
        mute.listen()
        config = HealthConfig(port=mute.getsockname()[1])
        sentence, is_well = probe.ask(config)
    assert (is_well, "timed out" in sentence) == (False, True)


def test_without_a_page_nothing_is_well() -> None:
    sentence, is_well = probe.ask(HealthConfig(port=0))
    assert (is_well, "health.port is 0" in sentence) == (False, True)


@pytest.mark.parametrize("variable", ["PAPER_BOT_HEALTH__PORT", "PAPER_BOT_NONSENSE__KEY"])
def test_wrong_settings_are_not_well(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "nonsense")
    assert probe.main() == 1
    assert "nonsense" in capsys.readouterr().out
