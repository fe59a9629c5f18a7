"""Three small pages for a monitor that watches the process: /healthz, /readyz and /metrics.

Alive means that the heart and the ticker moved lately, not that a process exists: a bot whose
loop hangs has a pid too. Ready means that it can do its work now. Nothing here is secret.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.config.schema import HealthConfig
from bot.errors import ConfigError, ConfigProblem
from bot.text.words import joined_first

MAX_AGE_S: Final = 120.0
"""How old the last heartbeat or tick may be before the process counts as hung."""

MOST_NAMED: Final = 8

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""
TRIAL: Final = bytes(4096)
"""What is written to learn whether the disk takes anything: a page of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the process is at one moment."""

    heartbeat_age_s: float
    """Since the event loop last did what it does every few seconds."""
    tick_age_s: float
    """Since a tick last got somewhere."""
    is_connected: bool
    """Whether Discord's gateway has us, with all shards."""
    shards: int = 1
    lost_shards: Sequence[int] = ()
    """Those that have no connection to the gateway."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """What happened since the start, by name: ``digests_sent``, ``papers_stored`` ..."""
    gauges: Mapping[str, int] = field(default_factory=dict)
    """How things stand, by name: ``digests_defective`` ..."""
    starting: str = ""
    """What keeps the bot from being there yet, in a few words."""


Snapshot = Callable[[], Health]
Page = Callable[[], Awaitable[bytes]]
Obstacles = Callable[[], Awaitable[Sequence[str]]]
"""Says why nothing is posted or read though the process is alive."""
DiskCheck = Callable[[], str]
"""Says why nothing can be written down; empty when something can."""


def find_hangs(health: Health) -> list[str]:
    """Return why the process is not alive; empty when it is."""
    ages_s = {"heartbeat": health.heartbeat_age_s, "tick": health.tick_age_s}
    return [
        f"the last {name} was {age_s:.0f} seconds ago"
        for name, age_s in ages_s.items()
        if age_s > MAX_AGE_S
    ]


def find_obstacles(health: Health, disk_problem: str) -> list[str]:
    """Return why the bot cannot work now; empty when it can."""
    connection_problem = health.starting or _find_connection_problem(health)
    return [problem for problem in (connection_problem, disk_problem) if problem]


def _find_connection_problem(health: Health) -> str:
    if health.is_connected:
        return ""
    lost = health.lost_shards
    if not 0 < len(lost) < health.shards:
        return "not connected to Discord"
    which = joined_first([str(each) for each in lost], MOST_NAMED)
    noun = "shard" if len(lost) == 1 else "shards"
    return f"{noun} {which} of {health.shards} not connected to Discord"


def find_disk_problem(folder: Path, reserve: int) -> str:
    """Say why nothing can be written down in ``folder``; empty when something can.

    ``reserve`` are the bytes that must be free before anything is posted. A page is written and
    forced to the disk, as permissions and free space alone prove little: the disk may have been
    mounted read-only, or a quota used up.
    """
    try:
        free = shutil.disk_usage(folder).free
        if free < reserve:
            return (
                f"the disk of {folder} has {_mb(free)} left; nothing is posted below {_mb(reserve)}"
            )
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(TRIAL)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"{folder} takes no writes ({error.strerror or error})"
    return ""


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def build_health_app(
    snapshot: Snapshot, check_disk: DiskCheck, *, obstacles: Obstacles, metrics: Page
) -> web.Application:
    """Return the three pages; each request asks again, and a disk that hangs holds up no other."""

    async def healthz(_: web.Request) -> web.Response:
        return _verdict(find_hangs(snapshot()))

    async def readyz(_: web.Request) -> web.Response:
        problem = await asyncio.to_thread(check_disk)
        health = snapshot()
        found = find_hangs(health) + find_obstacles(health, problem)
        return _verdict([*found, *await obstacles()])

    async def numbers(_: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": METRICS_TYPE})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", numbers)
    return app


def _verdict(faults: list[str]) -> web.Response:
    if faults:
        return web.Response(status=503, text="".join(f"{fault}\n" for fault in faults))
    return web.Response(text="ok\n")


@contextlib.asynccontextmanager
async def serve_health(
    config: HealthConfig,
    snapshot: Snapshot,
    check_disk: DiskCheck,
    *,
    obstacles: Obstacles,
    metrics: Page,
) -> AsyncIterator[None]:
    """Serve the pages while the context is open; port 0 serves nothing.

    Raises `ConfigError` when the address cannot be used.
    """
    if config.port == 0:
        yield
        return
    app = build_health_app(snapshot, check_disk, obstacles=obstacles, metrics=metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await _listen(runner, config)
        yield
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: HealthConfig) -> None:
    try:
        await web.TCPSite(runner, config.host, config.port).start()
    except OSError as error:
        raise ConfigError(
            [
                ConfigProblem(
                    key="health.port",
                    value=str(config.port),
                    allowed=f"cannot be used on {config.host} ({error.strerror or error}); "
                    "choose a free port, or 0 for none",
                )
            ]
        ) from error
