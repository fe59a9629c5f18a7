"""The way to arXiv and Discord leads through the proxy that the host names, if any."""

import asyncio
import contextlib
import socket
from pathlib import Path

import aiohttp
import pytest

from bot.config.schema import HealthConfig
from bot.delivery.edge import failure_of
from bot.delivery.outcome import Ending
from bot.run import probe
from tests.cli.terminal import environ_in
from tests.fakes import commands
from tests.fakes.arxiv import ArxivServer
from tests.fakes.discord import DiscordServer
from tests.fakes.process import bot_environ, running_bot
from tests.fakes.proxy import ProxyServer, serve_proxy
from tests.faults.scenario import scenario
from tests.run.test_health import find_free_port
from tests.waiting import until

SECRET = "open-sesame"


async def fetch(environ: dict[str, str]) -> commands.Ran:
    return await asyncio.to_thread(commands.run, environ, "fetch", "--category", "cs.CV")


async def fetch_from(arxiv: ArxivServer, folder: Path, **environ: str) -> commands.Ran:
    addresses = {f"PAPER_BOT_ARXIV__{name}_URL": arxiv.url for name in ("FEED", "LISTING")}
    return await fetch({**environ_in(folder), **addresses, **environ})


async def test_the_environment_names_the_proxy_and_whom_to_ask_directly(tmp_path: Path) -> None:
    async with ArxivServer() as arxiv, serve_proxy(ProxyServer()) as proxy:
        await fetch_from(arxiv, tmp_path, HTTP_PROXY=proxy.url)
        assert proxy.asked[0] == f"GET {arxiv.url}/rss/cs.CV"
        assert arxiv.requests
        proxy.asked.clear()
        await fetch_from(arxiv, tmp_path, HTTP_PROXY=proxy.url, NO_PROXY="127.0.0.1")
        assert proxy.asked == []


async def test_the_setting_goes_before_the_environment(tmp_path: Path) -> None:
    async with ArxivServer() as arxiv, serve_proxy(ProxyServer(password=SECRET)) as proxy:
        await fetch_from(arxiv, tmp_path, PAPER_BOT_NETWORK__PROXY=proxy.url, HTTP_PROXY="http://x")
        assert proxy.asked[0] == f"GET {arxiv.url}/rss/cs.CV"
        assert arxiv.requests


@pytest.mark.parametrize(
    ("proxy", "sentence"),
    [
        (ProxyServer(refuse_with=403), "the proxy answers with HTTP 403"),
        (ProxyServer(refuse_with=407, password=SECRET), "the proxy answers with HTTP 407"),
    ],
)
async def test_a_proxy_that_refuses_gets_one_sentence(
    tmp_path: Path, proxy: ProxyServer, sentence: str
) -> None:
    """It is asked for a tunnel to arXiv itself, and opens none."""
    async with serve_proxy(proxy):
        ran = await fetch({**environ_in(tmp_path), "HTTPS_PROXY": proxy.url})
    assert proxy.asked[0] == "CONNECT rss.arxiv.org:443"
    assert (ran.code, ran.out) == (69, "")
    assert sentence in ran.err.splitlines()[-1]
    assert SECRET not in ran.err


async def test_a_proxy_that_is_not_there_is_named(tmp_path: Path) -> None:
    proxy = f"http://somebody:{SECRET}@127.0.0.1:1"
    ran = await fetch({**environ_in(tmp_path), "HTTPS_PROXY": proxy})
    assert ran.code == 69
    assert "the proxy at 127.0.0.1:1 cannot be reached" in ran.err.splitlines()[-1]
    assert SECRET not in ran.err


async def test_a_tunnel_that_is_refused_means_that_nothing_was_sent() -> None:
    async with (
        serve_proxy(ProxyServer(refuse_with=502)) as proxy,
        aiohttp.ClientSession(proxy=proxy.url) as session,
    ):
        with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
            await session.post("https://discord.com/api/v10/channels/1/messages")
    assert failure_of(caught.value).ending is Ending.UNSENT


async def test_a_digest_reaches_discord_through_the_proxy(tmp_path: Path) -> None:
    async with (
        serve_proxy(ProxyServer()) as proxy,
        scenario(tmp_path, channels=1, papers=3) as day,
        day.running(HTTP_PROXY=proxy.url) as bot,
    ):
        assert await day.finished(bot), bot.log
        assert await bot.stop() == 0, bot.log
    assert day.check().problems == []
    assert any(day.discord.gateway_url in each for each in proxy.asked)
    posts = [each for each in proxy.asked if each.startswith("POST") and "/messages" in each]
    assert len(posts) == len(day.discord.ledger)


def has(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as tried:
        tried.bind((address, 0))
        return True
    return False


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_one_family_of_addresses_is_enough(tmp_path: Path, address: str) -> None:
    """The bot talks to arXiv and Discord and shows its health where there is no other."""
    if not has(address):
        pytest.skip(f"this machine has no {address}")
    async with ArxivServer(host=address) as arxiv, DiscordServer(host=address) as discord:
        discord.add_channel(discord.add_guild())
        health = HealthConfig(host=address, port=find_free_port())
        environ = bot_environ(
            tmp_path, arxiv=arxiv, discord=discord, intake__categories="cs.CV",
            health__host=health.host, health__port=health.port,
        )  # fmt: skip
        async with running_bot(environ) as bot:
            await discord.wait_connected()
            await until(lambda: bool(arxiv.requests), lambda: bot.log)
            assert await asyncio.to_thread(probe.ask, health) == ("ok", True)
            assert await bot.stop() == 0, bot.log
