"""Numbers for a monitor, in Prometheus' form: what happened since the start, and how things stand.

Labels are few and bounded. None names a person, a server or a channel.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Final

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Place
from bot.run.health import Health
from bot.run.standing import Standing
from bot.store.figures import CHANNEL, PERSON, Figures

PREFIX: Final = "paper_bot_"
DELAYS_S: Final = (1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400)
ANSWERS_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LAGS_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 10)
BEGUN: Final = "_created"
NO_ANSWER: Final = "none"
STATUSES: Final = (
    "200", "204", "304", "400", "401", "403", "404", "429", "500", "502", "503", "504", NO_ANSWER,
)  # fmt: skip
"""What arXiv, Discord and Hugging Face usually answer; another status is counted when it comes."""
OUTCOMES: Final = ("done", "failed")
TO: Final = (CHANNEL, PERSON)
UNSETTLED: Final = tuple(each for each in DeliveryState if each is not DeliveryState.SENT)


class Metrics:
    """What happened since the start.

    Counters with known labels begin at 0: a monitor takes the first number that it sees for no
    rise, and would miss the first failure.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._messages = Counter(
            f"{PREFIX}messages", "Messages by how a try to post them ended, and to whom.",
            ["outcome", "to"], registry=registry,
        )  # fmt: skip
        for state, to in itertools.product(DeliveryState, TO):
            self._messages.labels(outcome=state.value, to=to)
        self._delays = Histogram(
            f"{PREFIX}message_delay_seconds", "From when a message was due until it was posted.",
            buckets=DELAYS_S, registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            f"{PREFIX}requests", "HTTP requests by service and status; 429 is a rate limit.",
            ["service", "status"], registry=registry,
        )  # fmt: skip
        self._answers = Histogram(
            f"{PREFIX}request_seconds", "Until the head of an answer came.", ["service"],
            buckets=ANSWERS_S, registry=registry,
        )  # fmt: skip
        self._commands = Counter(
            f"{PREFIX}commands", "Commands by how they ended.", ["command", "outcome"],
            registry=registry,
        )  # fmt: skip
        # A dozen numbers each: only of commands that were used.
        self._durations = Histogram(
            f"{PREFIX}command_seconds", "From a command's arrival to its end.",
            ["command", "outcome"], buckets=ANSWERS_S, registry=registry,
        )  # fmt: skip
        self._lags = Histogram(
            f"{PREFIX}event_loop_lag_seconds", "How late the heart beats.",
            buckets=LAGS_S, registry=registry,
        )  # fmt: skip

    def note_message(self, record: DeliveryRecord, state: DeliveryState, now: datetime) -> None:
        """Note that a try to post a message left it in ``state``: planned is to be tried again."""
        to = PERSON if record.place is Place.DM else CHANNEL
        self._messages.labels(outcome=state.value, to=to).inc()
        if state is DeliveryState.SENT:
            self._delays.observe(max((now - record.planned_at).total_seconds(), 0))

    def expect_commands(self, names: Iterable[str]) -> None:
        """Count these commands from 0 on."""
        for name, outcome in itertools.product(names, OUTCOMES):
            self._commands.labels(name, outcome)

    def note_command(self, name: str, *, is_good: bool, took_s: float) -> None:
        outcome = OUTCOMES[0] if is_good else OUTCOMES[1]
        self._commands.labels(name, outcome).inc()
        self._durations.labels(name, outcome).observe(took_s)

    def note_lag(self, late_s: float) -> None:
        self._lags.observe(max(late_s, 0))

    def watch(self, trace: aiohttp.TraceConfig, service: str) -> aiohttp.TraceConfig:
        """Count the requests of a session that is built with ``trace``."""
        self._answers.labels(service)
        for status in STATUSES:
            self._requests.labels(service, status)

        async def on_start(_: object, context: SimpleNamespace, __: object) -> None:
            context.asked_at_s = time.monotonic()

        async def on_end(
            _: object, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
        ) -> None:
            self._requests.labels(service, str(params.response.status)).inc()
            self._answers.labels(service).observe(time.monotonic() - context.asked_at_s)

        async def on_exception(_: object, __: object, ___: object) -> None:
            self._requests.labels(service, NO_ANSWER).inc()

        trace.on_request_start.append(on_start)
        trace.on_request_end.append(on_end)
        trace.on_request_exception.append(on_exception)
        return trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How things stand when the numbers are asked for; no ``standing``: the database is silent."""

    health: Health
    disk_problem: str
    standing: Standing | None


def render_metrics(metrics: Metrics, moment: Moment) -> bytes:
    """Return everything in Prometheus' text form."""
    return generate_latest(_Both(metrics.registry, moment))


class _Both(CollectorRegistry):
    """What was counted, and what is true now."""

    def __init__(self, counted: CollectorRegistry, moment: Moment) -> None:
        super().__init__()
        self._counted = counted
        self._moment = moment

    def collect(self) -> Iterator[Metric]:
        for each in self._counted.collect():
            # When a counter began is a series of its own in this form, and nobody asks for it.
            each.samples = [sample for sample in each.samples if not sample.name.endswith(BEGUN)]
            yield each
        yield from _describe(self._moment)


def _describe(moment: Moment) -> Iterator[Metric]:
    health = moment.health
    for name, count in sorted(health.counters.items()):
        yield CounterMetricFamily(f"{PREFIX}{name}", "Since the start.", value=count)
    yield _gauge("heartbeat_age_seconds", "Since the loop last moved.", health.heartbeat_age_s)
    yield _gauge("tick_age_seconds", "Since a tick last got somewhere.", health.tick_age_s)
    yield _gauge("connected", "Whether Discord's gateway has us.", health.is_connected)
    yield _gauge("database_writable", "Whether a page can be written.", not moment.disk_problem)
    for name, count in sorted(health.gauges.items()):
        yield _gauge(name, "When last looked at.", count)
    if moment.standing is not None:
        yield from _describe_standing(moment.standing)


def _describe_standing(standing: Standing) -> Iterator[Metric]:
    yield from _describe_figures(standing.figures)
    yield from _describe_listings(standing)
    for name, moment in (
        ("backup_made", standing.backup_made_at),
        ("backup_proven", standing.backup_proven_at),
        ("message_sent", standing.progress.sent_at),
    ):
        if moment is not None:
            yield _gauge(f"{name}_timestamp_seconds", "When the last one was.", moment.timestamp())


def _describe_figures(figures: Figures) -> Iterator[Metric]:
    yield _gauge("papers", "Papers that are stored.", figures.papers)
    yield _gauge("digests", "Digests that channels follow.", figures.digests)
    yield _gauges("followers", "People who follow something.", "state", figures.followers)
    yield _gauges("follows", "What people follow.", "kind", figures.follows)
    yield _gauge("database_bytes", "Size of the database.", figures.size_bytes)
    yield _gauge("database_free_bytes", "Of it unused.", figures.free_bytes)
    unsettled = GaugeMetricFamily(
        f"{PREFIX}messages_unsettled", "Messages that are not posted, by state, and to whom.",
        labels=["state", "to"],
    )  # fmt: skip
    for state, to in itertools.product(UNSETTLED, TO):
        unsettled.add_metric((state.value, to), figures.unsettled.get((state.value, to), 0))
    yield unsettled


def _describe_listings(standing: Standing) -> Iterator[Metric]:
    papers = GaugeMetricFamily(
        f"{PREFIX}listing_papers", "Papers of a category's last listing, by type.",
        labels=["category", "type"],
    )  # fmt: skip
    dates = GaugeMetricFamily(
        f"{PREFIX}listing_date_timestamp_seconds", "The date of a category's last listing.",
        labels=["category"],
    )  # fmt: skip
    for listing in standing.listings:
        for announce_type, count in listing.counts.items():
            papers.add_metric([listing.category, announce_type.value], count)
        day = datetime.combine(listing.announced_on, datetime.min.time(), listing.stored_at.tzinfo)
        dates.add_metric([listing.category], day.timestamp())
    verdicts = GaugeMetricFamily(
        f"{PREFIX}listing_verdict", "What the newest date of a category is held to be.",
        labels=["category", "verdict"],
    )  # fmt: skip
    for status in standing.intake:
        verdict = status.record.verdict
        verdicts.add_metric([status.record.category, verdict.value if verdict else "unasked"], 1)
    yield from (papers, dates, verdicts)


def _gauges(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", meaning, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", meaning, value=value)
