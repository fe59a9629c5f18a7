"""Can this host run the bot? Its disk, its ways to arXiv and Discord, its clock: a line each.

What is seen (`Way`, `Answer`) and what it means (`judge_*`, which are pure) are apart.
"""

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.config.schema import Config
from bot.delivery.worker import DeliverySettings
from bot.models import Clock
from bot.run.app import open_visit, proxy_for, utc_now
from bot.run.check import Finding, bad, check_bot, good
from bot.run.client import why_unreached
from bot.run.health import find_disk_problem
from bot.text.words import count_of, joined

PATIENCE_S: Final = 10.0
"""How long one connection or answer may take."""

MOST_APART: Final = timedelta(seconds=30)
"""Dates of answers are whole seconds, and say nothing of the way here."""

SOON: Final = timedelta(days=7)
"""A certificate that expires sooner should have been renewed already."""

PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
FAMILIES: Final = {"IPv4": socket.AF_INET, "IPv6": socket.AF_INET6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What came of connecting to one host: nothing here means that it was not tried.

    ``families`` says for each family that the host has an address of why it was not reached, empty
    where it was. ``ends_at`` is when its certificate ends.
    """

    host: str
    lookup_error: str = ""
    families: Mapping[str, str] = field(default_factory=dict)
    certificate_error: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered: by how much this host's clock is ahead of its own, or an error."""

    service: str
    ahead: timedelta | None = None
    error: str = ""


async def examine(
    config: Config, token: str | None, *, program: str, now: Clock = utc_now
) -> AsyncIterator[Finding]:
    """Do what `check_bot` does, then look at the host."""
    async for finding in check_bot(config, token, program=program):
        yield finding
    yield await asyncio.to_thread(_look_at_disk, config.database.path.absolute().parent)
    services = _services(config)
    proxies = {url: proxy_for(config, asked) for url, asked in _proxied(services)}
    yield judge_proxies(proxies)
    reached = dict.fromkeys(proxy or url for url, proxy in proxies.items())
    ways = await asyncio.gather(*map(find_way, reached))
    for finding in (judge_names(ways), *judge_families(ways), judge_certificates(ways, now())):
        yield finding
    async with open_visit(config) as session:
        answers = [await ask(session, name, urls[0], now) for name, urls in services.items()]
    yield judge_clock(answers)


def _services(config: Config) -> dict[str, Sequence[str]]:
    """Return by name what the bot talks to; of the first address each is asked something."""
    arxiv, discord = config.arxiv, config.discord
    links = {"Hugging Face": [config.huggingface.url]} if config.huggingface.enabled else {}
    return {
        "arXiv": list(
            dict.fromkeys([arxiv.feed_url, arxiv.listing_url, arxiv.api_url, arxiv.oai_url])
        ),
        "Discord": [
            discord.api_url or Route.BASE,
            discord.gateway_url or str(DiscordWebSocket.DEFAULT_GATEWAY),
        ],
        **links,
    }


def _proxied(services: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Pair each address with the one by which its proxy is found: Discord's have one for all."""
    return [
        (url, urls[0] if name == "Discord" else url)
        for name, urls in services.items()
        for url in urls
    ]


# -- looking --------------------------------------------------------------------------------------


def _look_at_disk(folder: Path) -> Finding:
    if problem := find_disk_problem(folder, DeliverySettings().min_free_bytes):
        return bad(f"disk: {problem}")
    return good(f"disk: {shutil.disk_usage(folder).free / 1e9:,.1f} GB free in {folder}")


async def find_way(url: str) -> Way:
    """Connect to a host by each family of addresses, and look at its certificate."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
    except (OSError, TimeoutError) as error:
        return Way(host=host, lookup_error=_say(error))
    addresses = {
        name: str(where[0])
        for name, family in FAMILIES.items()
        for kind, _, _, _, where in reversed(found)
        if kind == family
    }
    errors = await asyncio.gather(*[_connect(each, port) for each in addresses.values()])
    families = dict(zip(addresses, errors, strict=True))
    if parts.scheme not in ("https", "wss") or all(errors):
        return Way(host=host, families=families)
    ends_at, distrust = await _read_certificate(host, port)
    return Way(host=host, families=families, ends_at=ends_at, certificate_error=distrust)


async def _connect(address: str, port: int) -> str:
    """Return why an address is not reached; empty when it is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError) as error:
        return _say(error)
    writer.close()
    return ""


async def _read_certificate(host: str, port: int) -> tuple[datetime | None, str]:
    """Return when a host's certificate ends, or why it is not to be trusted."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            context = ssl.create_default_context()
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        return None, error.verify_message
    except (OSError, TimeoutError) as error:
        return None, _say(error)
    seen = writer.get_extra_info("peercert") or {}
    writer.close()
    until = str(seen.get("notAfter", ""))
    return (datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC) if until else None), ""


async def ask(session: aiohttp.ClientSession, service: str, url: str, now: Clock) -> Answer:
    """Ask a service for anything at all, and compare the date of its answer with the clock."""
    begun = now()
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with session.head(url, timeout=timeout, allow_redirects=False) as response:
            half_way = begun + (now() - begun) / 2
            date = parsedate_to_datetime(response.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Answer(service=service, error=why_unreached(error) or _say(error))
    except ValueError:
        return Answer(service=service, error="its answer has no date")
    middle = date.replace(tzinfo=UTC) + timedelta(seconds=0.5)  # it was cut to a whole second
    return Answer(service=service, ahead=half_way - middle)


def _say(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE_S:.0f} seconds"
    return str(getattr(error, "strerror", None) or error)


# -- judging --------------------------------------------------------------------------------------


def judge_proxies(proxies: Mapping[str, str | None]) -> Finding:
    """Say through which proxy the bot goes; ``proxies`` are by address. No password is named."""
    used: dict[str, list[str]] = {}
    for url, proxy in proxies.items():
        if proxy:
            parts = urlsplit(proxy)
            used.setdefault(f"{parts.hostname}:{parts.port or 80}", []).append(_host(url))
    if not used:
        return good("proxy: none")
    said = [f"{proxy} for {joined(list(dict.fromkeys(hosts)))}" for proxy, hosts in used.items()]
    return good(f"proxy: {'; '.join(said)}")


def judge_names(ways: Sequence[Way]) -> Finding:
    if unknown := [f"{each.host} ({each.lookup_error})" for each in ways if each.lookup_error]:
        return bad(f"DNS: no address for {joined(unknown)}; look at the host's resolver")
    return good(f"DNS: addresses of {joined([each.host for each in ways])} found")


def judge_families(ways: Sequence[Way]) -> list[Finding]:
    """Say which family of addresses leads where; one of them is enough for each host."""
    known = [each for each in ways if not each.lookup_error]
    lost = {each.host for each in known if all(each.families.values())}
    return [_judge_family(name, known, lost) for name in FAMILIES]


def _judge_family(family: str, ways: Sequence[Way], lost: set[str]) -> Finding:
    tried = {each.host: each.families[family] for each in ways if family in each.families}
    failed = {host: error for host, error in tried.items() if error}
    if not tried:
        return good(f"{family}: no host has such an address")
    if not failed:
        return good(f"{family}: {joined(list(tried))} reached")
    named = joined([f"{host} ({error})" for host, error in failed.items()])
    if lost & failed.keys():
        return bad(f"{family}: {named} not reached; a firewall may be in the way")
    return good(f"{family}: not used, {named} not reached by it")


def judge_certificates(ways: Sequence[Way], now: datetime) -> Finding:
    if wrong := [f"{way.host} ({way.certificate_error})" for way in ways if way.certificate_error]:
        return bad(
            f"certificates: not trusted of {joined(wrong)}; bring the host's CA certificates up to "
            "date, and look whether something on the way reads along"
        )
    ends = {way.host: way.ends_at for way in ways if way.ends_at}
    if not ends:
        return good("certificates: none to look at from here")
    host, first = min(ends.items(), key=lambda each: each[1])
    said = (
        f"certificates: {count_of(len(ends), 'host')} trusted, that of {host} ends {first:%Y-%m-%d}"
    )
    return good(said) if first - now > SOON else bad(f"{said}; it was to be renewed by now")


def judge_clock(answers: Sequence[Answer]) -> Finding:
    """Compare the clock with those of the services; wrong is what differs from all of them."""
    silent = [f"{each.service} ({each.error})" for each in answers if each.ahead is None]
    apart = {each.service: each.ahead for each in answers if each.ahead is not None}
    if silent:
        return bad(f"clock: cannot be compared with that of {joined(silent)}")
    said = joined([f"{_direction(by)} {service}'s" for service, by in apart.items()])
    if all(abs(by) > MOST_APART for by in apart.values()):
        return bad(f"clock: {said}; set it by NTP, as the times of digests go by it")
    return good(f"clock: {said}")


def _direction(ahead: timedelta) -> str:
    seconds = round(ahead.total_seconds())
    if not seconds:
        return "as"
    return f"{count_of(abs(seconds), 'second')} {'ahead of' if seconds > 0 else 'behind'}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
