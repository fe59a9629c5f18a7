"""The numbers that a monitor reads: true, in Prometheus' form, and without anybody's name."""

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.digest.messages import DeliveryState
from bot.digest.models import Reason, ReasonCode, Topic
from bot.models import AnnounceType, IntakeCode, IntakeReason, ListingStatus, Outage
from bot.run.health import Health
from bot.run.metrics import Metrics, Moment, render_metrics
from bot.run.standing import Standing, find_standstills
from bot.store.figures import Figures, Progress, read_figures
from bot.store.follows import When
from bot.ui.styles.list import LIST
from tests.builders import DAY, make_digest, make_id, make_paper
from tests.faults.scenario import scenario
from tests.run.test_health import find_free_port
from tests.store.outbox.test_outbox import CHANNEL, subscribe
from tests.stores import open_store
from tests.waiting import until

HEALTH = Health(
    heartbeat_age_s=1.5, tick_age_s=2, is_connected=True, counters={"ticks": 7}, gauges={"odd": 3}
)
NOW = datetime(2026, 8, 18, 12, tzinfo=UTC)
LISTING = ListingStatus(
    category="cs.CV",
    announced_on=NOW.date(),
    counts={AnnounceType.NEW: 3},
    source="feed",
    stored_at=NOW,
)


def page(metrics: Metrics, standing: Standing | None = None, problem: str = "") -> dict[str, float]:
    """Read the page as a monitor does: each sample by its name and labels."""
    moment = Moment(health=HEALTH, disk_problem=problem, standing=standing)
    return read(render_metrics(metrics, moment).decode())


def read(text: str) -> dict[str, float]:
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def make_standing(**changes: object) -> Standing:
    figures = {
        "papers": 5, "digests": 2, "size_bytes": 4096, "free_bytes": 0,
        "unsettled": {("planned", "channel"): 3},
        "followers": {"active": 2, "paused": 1}, "follows": {"query": 4, "paper": 6},
    }  # fmt: skip
    progress: dict[str, datetime | None] = {"due_since": None, "sent_at": None}
    known = {name: changes.pop(name) for name in tuple(changes) if name in figures}
    moved = {name: changes.pop(name, progress[name]) for name in progress}
    parts: dict[str, object] = {
        "listings": (), "intake": (), "outages": (), "backup_made_at": None,
        "backup_proven_at": None,
    }  # fmt: skip
    return Standing(
        figures=Figures(**{**figures, **known}),  # type: ignore[arg-type]
        progress=Progress(**moved),  # type: ignore[arg-type]
        **{**parts, **changes},  # type: ignore[arg-type]
    )


def test_what_is_known_of_the_moment_is_shown() -> None:
    shown = page(Metrics(), make_standing(backup_made_at=NOW), problem="full")
    assert shown["paper_bot_ticks_total"] == 7
    assert shown["paper_bot_odd"] == 3
    assert shown["paper_bot_heartbeat_age_seconds"] == 1.5
    assert shown["paper_bot_database_writable"] == 0
    assert shown["paper_bot_messages_unsettled planned channel"] == 3
    assert shown["paper_bot_messages_unsettled unknown person"] == 0
    assert shown["paper_bot_followers active"] == 2
    assert shown["paper_bot_followers paused"] == 1
    assert shown["paper_bot_follows paper"] == 6
    assert shown["paper_bot_backup_made_timestamp_seconds"] == NOW.timestamp()
    assert "paper_bot_backup_proven_timestamp_seconds" not in shown


def test_each_counter_is_one_series() -> None:
    """And no second one that says when it began: it would be as many again for a monitor."""
    metrics = Metrics()
    metrics.note_lag(0.1)
    metrics.expect_commands(["paper search"])
    names = [name.split()[0] for name in page(metrics)]
    assert "paper_bot_commands_total" in names
    assert "paper_bot_event_loop_lag_seconds_bucket" in names
    assert [name for name in names if name.endswith("_created")] == []


def test_a_silent_database_leaves_the_rest() -> None:
    shown = page(Metrics())
    assert shown["paper_bot_connected"] == 1
    assert "paper_bot_papers" not in shown


@pytest.mark.parametrize(
    ("due", "sent", "is_stuck"),
    [(None, None, False), (9, None, False), (11, None, True), (11, 5, False), (90, 11, True)],
)
def test_due_messages_stand_still_when_none_at_all_is_posted(
    due: int | None, sent: int | None, is_stuck: bool
) -> None:
    """A large day takes hours; while messages go out, the others wait their turn."""
    ago = {name: NOW - timedelta(minutes=age) if age is not None else None
           for name, age in (("due_since", due), ("sent_at", sent))}  # fmt: skip
    assert bool(find_standstills(make_standing(**ago), NOW)) is is_stuck


@pytest.mark.parametrize(("hours", "said"), [(23, []), (30, ["unread for 30 hours"])])
def test_a_category_unread_for_a_day_is_told(hours: int, said: list[str]) -> None:
    outage = Outage(
        category="cs.CV",
        since=NOW - timedelta(hours=hours),
        error=IntakeReason(code=IntakeCode.REFUSED, status=403),
        is_notified=True,
    )
    found = find_standstills(make_standing(outages=[outage]), NOW)
    assert len(found) == len(said)
    assert all(words in sentence for words, sentence in zip(said, found, strict=True))


def counters(metrics: Metrics) -> dict[str, float]:
    """Read what the bot counts; the process itself counts its seconds of CPU, which pass."""
    shown = page(metrics)
    return {name: shown[name] for name in shown if re.match(r"paper_bot_\w+_total\b", name)}


async def test_the_first_of_each_kind_is_a_rise() -> None:
    """Prometheus takes the first number that it sees of a counter for no rise."""
    metrics = Metrics()
    metrics.expect_commands(["paper search", "Papers in this message"])
    trace = metrics.watch(aiohttp.TraceConfig(), "arxiv")
    before = counters(metrics)
    metrics.note_command("paper search", is_good=False, took_s=1)
    metrics.note_command("Papers in this message", is_good=True, took_s=1)
    port = find_free_port()  # nobody answers there
    async with aiohttp.ClientSession(trace_configs=[trace]) as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"http://127.0.0.1:{port}/")
    after = counters(metrics)
    assert after.keys() == before.keys()
    assert {name: count for name, count in after.items() if count != before[name]} == {
        "paper_bot_commands_total paper search failed": 1,
        "paper_bot_commands_total Papers in this message done": 1,
        "paper_bot_requests_total arxiv none": 1,
    }
    assert {"200", "403", "429", "503"} <= {name.split()[-1] for name in before}


async def test_what_people_follow_is_counted_without_their_numbers(tmp_path: Path) -> None:
    """People, what they follow, and messages to them, apart from those of channels."""
    metrics = Metrics()
    async with open_store(tmp_path / "bot.db") as store:
        for person in (71, 72):
            await store.follows.set_up(person, 10 * person, When(), NOW)
            await store.follows.follow(person, Topic(name="all", query="paper"))
        await store.follows.follow_paper(71, make_id(1), now=NOW)
        digest = await store.follows.get(71)
        assert digest is not None
        await store.outbox.plan(digest, DAY, LIST.render(make_digest(make_paper(2))), now=NOW)
        record = await store.outbox.claim(710, NOW)
        assert record is not None
        metrics.note_message(record, DeliveryState.FAILED, NOW)
        closed = Reason(code=ReasonCode.NO_PRIVATE_MESSAGES)
        await store.subscriptions.pause(720, closed)
        figures = await read_figures(store.database)
        assert figures.digests == 0
        shown = page(metrics, dataclasses.replace(make_standing(), figures=figures))
    assert shown["paper_bot_messages_total failed person"] == 1
    assert shown["paper_bot_messages_total failed channel"] == 0
    assert shown["paper_bot_messages_total sending person"] == 0
    assert shown["paper_bot_followers active"] == shown["paper_bot_followers paused"] == 1
    assert shown["paper_bot_follows query"] == 2
    assert shown["paper_bot_follows paper"] == 1


async def test_messages_that_wait_for_somebody_are_counted_by_whom_they_are_for(
    tmp_path: Path,
) -> None:
    """A message of unknown outcome counts until an admin has decided."""
    async with open_store(tmp_path / "bot.db") as store:
        channel = await subscribe(store.database)
        await store.follows.set_up(71, 710, When(), NOW)
        person = await store.follows.get(71)
        assert person is not None
        for number, digest in ((1, channel), (2, channel), (3, person)):
            drafts = LIST.render(make_digest(make_paper(number)))
            await store.outbox.plan(digest, DAY, drafts, now=NOW)
        record = await store.outbox.claim(CHANNEL, NOW)
        assert record is not None
        await store.outbox.mark_unknown(record.id, None, NOW)
        waiting = (await read_figures(store.database)).unsettled
        await store.troubles.settle(record.id, NOW)
        decided = (await read_figures(store.database)).unsettled
    assert decided == {("planned", "channel"): 1, ("planned", "person"): 1}
    assert waiting == {**decided, ("unknown", "channel"): 1}


@pytest.mark.slow
async def test_a_digest_leaves_its_numbers(tmp_path: Path) -> None:
    """Messages, requests and a command; and no number of a server or channel among the labels."""
    port = find_free_port()
    async with (
        scenario(tmp_path, channels=3, papers=3, health__port=port) as day,
        day.running() as bot,
        aiohttp.ClientSession() as http,
    ):
        assert await day.finished(bot), bot.log
        await day.discord.wait_connected()
        admin = day.discord.add_user(is_admin=True)
        reply = await day.discord.slash(day.guild, day.channels[0], admin, "bot status")
        assert reply.embeds or reply.content

        async def is_ready() -> bool:
            async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200

        await until(is_ready, lambda: bot.log)
        async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
            shown = read(await answer.text())
    assert shown["paper_bot_messages_total sent channel"] == 3
    assert shown["paper_bot_message_delay_seconds_count"] == 3
    assert shown["paper_bot_requests_total arxiv 200"] >= 1
    assert shown["paper_bot_requests_total discord 200"] >= 3
    assert shown["paper_bot_command_seconds_count bot status done"] == 1
    assert shown["paper_bot_commands_total bot status done"] == 1
    assert shown["paper_bot_papers"] == 3
    assert shown["paper_bot_listing_papers cs.CV new"] == 3
    assert shown["process_resident_memory_bytes"] > 0
    numbers = {word for name in shown for word in name.split() if word.isdigit()}
    assert all(len(number) < 4 for number in numbers)


MONITORING = Path(__file__).resolve().parent.parent.parent / "docs/monitoring"


def asked_for() -> set[str]:
    """Every metric that the dashboard and the alert rules name."""
    texts = [path.read_text("utf-8") for path in MONITORING.iterdir()]
    return {name for text in texts for name in re.findall(r"\b(?:paper_bot|process)_\w+", text)}


def test_dashboard_and_alerts_ask_for_metrics_that_there_are() -> None:
    standing = make_standing(
        backup_made_at=NOW, backup_proven_at=NOW, sent_at=NOW, listings=[LISTING]
    )
    counters = {"listings_missed": 0}
    health = Health(heartbeat_age_s=0, tick_age_s=0, is_connected=True, counters=counters)
    metrics = Metrics()
    metrics.note_command("paper search", is_good=True, took_s=1)
    metrics.watch(aiohttp.TraceConfig(), "arxiv")
    text = render_metrics(metrics, Moment(health=health, disk_problem="", standing=standing))
    families = re.findall(r"^# TYPE (\w+)", text.decode(), re.MULTILINE)
    known = {f"{family}{end}" for family in families for end in ("", "_bucket", "_count", "_sum")}
    assert asked_for() - known == set()


def expressions(part: object) -> Iterator[str]:
    """List what the panels of a dashboard ask Prometheus."""
    if isinstance(part, dict):
        yield from (part["expr"],) if "expr" in part else ()
    for inner in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from expressions(inner)


def test_prometheus_takes_the_alerts_and_what_the_dashboard_asks(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool (Debian: apt-get install prometheus)")
    asked = list(expressions(json.loads((MONITORING / "dashboard.json").read_text("utf-8"))))
    assert len(asked) > 10
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(asked)]
    panels = tmp_path / "panels.yml"
    panels.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    subprocess.run([promtool, "check", "rules", MONITORING / "alerts.yml", panels], check=True)
