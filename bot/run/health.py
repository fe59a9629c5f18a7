"""Three small pages for whoever watches the process: /healthz, /readyz and /metrics.

Alive means that the heart and the ticker moved lately, not that a process exists: a bot whose
loop hangs has a pid too. Ready means that it can do its work now. Nothing here is secret.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from bot.config.schema import HealthConfig
from bot.errors import ConfigError, ConfigProblem

MAX_AGE: Final = timedelta(seconds=120)
"""How old the last heartbeat or tick may be before the process counts as hung."""

PREFIX: Final = "paper_bot_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the process is at one moment; both times start as the time of the start."""

    heartbeat_at: datetime
    ticked_at: datetime
    is_connected: bool
    """Whether Discord's gateway has us."""
    is_writable: bool
    """Whether the database took the last write."""
    counters: Mapping[str, int] = field(default_factory=dict)
    """What happened since the start, by name: ``digests_sent``, ``papers_stored`` ..."""


Snapshot = Callable[[], Health]
Clock = Callable[[], datetime]


def find_hangs(health: Health, now: datetime) -> list[str]:
    """Return why the process is not alive; empty when it is. A clock set back counts as old."""
    moments = {"heartbeat": health.heartbeat_at, "tick": health.ticked_at}
    return [
        f"the last {name} was at {moment:%Y-%m-%d %H:%M:%S} UTC"
        for name, moment in moments.items()
        if abs(now - moment) > MAX_AGE
    ]


def find_obstacles(health: Health) -> list[str]:
    """Return why the bot cannot work now; empty when it can."""
    checks = {
        "not connected to Discord": health.is_connected,
        "the database does not take writes": health.is_writable,
    }
    return [sentence for sentence, is_fine in checks.items() if not is_fine]


def render_metrics(health: Health, now: datetime) -> str:
    """Return the counters and states in Prometheus' text form.

    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    gauges = {
        "heartbeat_age_seconds": (now - health.heartbeat_at).total_seconds(),
        "tick_age_seconds": (now - health.ticked_at).total_seconds(),
        "connected": int(health.is_connected),
        "database_writable": int(health.is_writable),
    }
    lines = [_metric(f"{name}_total", "counter", n) for name, n in sorted(health.counters.items())]
    return "".join(lines + [_metric(name, "gauge", value) for name, value in gauges.items()])


def _metric(name: str, kind: str, value: float) -> str:
    return f"# TYPE {PREFIX}{name} {kind}\n{PREFIX}{name} {value}\n"


def build_health_app(snapshot: Snapshot, now: Clock) -> web.Application:
    """Return the three pages; ``snapshot`` is asked anew for each request."""

    async def healthz(_: web.Request) -> web.Response:
        return _verdict(find_hangs(snapshot(), now()))

    async def readyz(_: web.Request) -> web.Response:
        health = snapshot()
        return _verdict(find_hangs(health, now()) + find_obstacles(health))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=render_metrics(snapshot(), now()))

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app


def _verdict(faults: list[str]) -> web.Response:
    if faults:
        return web.Response(status=503, text="".join(f"{fault}\n" for fault in faults))
    return web.Response(text="ok\n")


@contextlib.asynccontextmanager
async def serve_health(config: HealthConfig, snapshot: Snapshot, now: Clock) -> AsyncIterator[None]:
    """Serve the pages while the context is open; port 0 serves nothing.

    Raises `ConfigError` when the address cannot be used.
    """
    if config.port == 0:
        yield
        return
    runner = web.AppRunner(build_health_app(snapshot, now), access_log=None, shutdown_timeout=1)
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
