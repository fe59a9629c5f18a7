"""Rows 67 to 72: what is wrong with what is stored of one digest hurts only that digest.

Another version, another host, a disk or a person with an editor wrote it; each is put into the
database by hand. The others are posted, every command is answered, the admins are told once.
"""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import cast

import aiohttp
import pytest
import simcord

from bot.arxiv.dating import date_paper
from bot.arxiv.snapshot import read_snapshot_line
from bot.digest import due
from bot.digest.messages import MessageDraft
from bot.digest.models import Digest, Subscription
from bot.planning import due as planning_due
from bot.run.health import Health
from bot.run.housekeeping import count_damage
from bot.run.metrics import Metrics, Moment, render_metrics
from bot.store.damage import count_damaged
from bot.store.papers.bulk import prepare_paper
from bot.ui.defects import find_defects
from bot.ui.styles import STYLES, Style
from tests.builders import DAY, make_listing, make_paper
from tests.cogs.replies import shown
from tests.conftest import World as Commands
from tests.fakes.plain_style import Plain
from tests.fakes.world import Channel
from tests.faults.fetching import HOUR, MINUTE, Fetching, ids, records
from tests.faults.scenario import scenario
from tests.replay.faults import at
from tests.run.test_health import find_free_port
from tests.samples import snapshot_line
from tests.waiting import until

LISTED = records(5)
PAPER = "2403.00004"

UNKNOWN_ZONES = ["Mars/Olympus", "localtime", "posixrules", "Factory", "", "../../etc/passwd"]

QUERIES = {
    "operator without a side": "diffusion OR",
    "field of another version": "category:cs.ZZ",
    "value of another version": "type:teleported",
    "too deep": "(" * 90 + "a" + ")" * 90,
}

SETTINGS = {
    "type of another version": (
        "announce_types = 'new cross teleport'", "I don't know the announce type 'teleport'"
    ),
    "no type that is known": (
        "announce_types = 'teleport'", "I don't know the announce type 'teleport'"
    ),
    "no time": ("post_at = '25:99'", "I can't read the time '25:99'"),
    "time with a zone": ("post_at = '09:00+02:00'", "I can't read the time '09:00+02:00'"),
    "begin": ("created_at = 'some day'", "I can't read when this digest began"),
    "begin without a zone": (
        "created_at = '2024-03-05T09:00:00'", "I can't read when this digest began"
    ),
}  # fmt: skip


def run_sql(path: Path, *statements: str) -> None:
    """Change the database by hand."""
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def damage(path: Path, channel_id: int, change: str) -> None:
    run_sql(path, f"UPDATE subscription SET {change} WHERE channel_id = {channel_id}")


async def subscription_of(day: Fetching, channel: Channel) -> Subscription:
    found = await day.store.subscriptions.get_subscription(channel.id)
    assert found is not None
    return found


# -- planning, telling and counting ----------------------------------------------------------------


async def live_through(day: Fetching, *statements: str, post_at: time | None = None) -> Channel:
    """Let a digest be damaged before `DAY`, beside one that is whole, which has all its papers."""
    day.arxiv.publish("cs.CV", DAY, LISTED)
    other = day.server.add_channel(day.guild, "other")
    await day.subscribe(post_at=post_at)
    await day.subscribe(channel=other)
    await day.store.subscriptions.set_topic(day.channel.id, "all", "paper")
    run_sql(day.store.database.path, *statements)
    await day.until(at(DAY, 1), every=10 * MINUTE)
    assert day.posted(other) == ids(LISTED)
    return other


def told_admin(day: Fetching) -> list[str]:
    return day.server.told(day.guild.owner)


def check_told_and_counted(day: Fetching, *parts: str) -> None:
    """The admin was told once, of this channel and what to do; a monitor can see it."""
    (said,) = told_admin(day)
    assert f"<#{day.channel.id}>" in said
    for part in ("`/digest setup`", *parts):
        assert part.replace("'", "") in said.replace("\\", "").replace("'", "")
    assert day.caretaker.defective == 1


@pytest.mark.parametrize("zone", UNKNOWN_ZONES)
async def test_row_67_a_zone_that_is_unknown_here_is_taken_for_utc(
    day: Fetching, zone: str
) -> None:
    """At 9:00 UTC, which is 4:00 Eastern; not before, and not without end."""
    change = f"UPDATE subscription SET zone = '{zone}' WHERE channel_id = {day.channel.id}"
    await live_through(day, change, post_at=time(9))
    assert day.posted() == []
    await day.until(at(DAY, 3, 50))
    assert day.posted() == []
    await day.until(at(DAY, 4, 10))
    assert day.posted() == ids(LISTED)
    check_told_and_counted(day, f"doesn't know the time zone '{zone}'", "so I treat 09:00 as UTC")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_row_68_a_query_that_cannot_be_read_finds_nothing(day: Fetching, query: str) -> None:
    """The other topics of the channel find what they find."""
    added = (
        f"INSERT INTO topic (subscription_id, name, query) SELECT id, 'odd', '{query}' "
        f"FROM subscription WHERE channel_id = {day.channel.id}"
    )
    await live_through(day, added)
    assert day.posted() == ids(LISTED)
    (said,) = told_admin(day)
    assert f"<#{day.channel.id}>" in said
    assert "the topic **odd**, so it matches nothing" in said
    assert "`/topic add` and the same name; then `/digest send` posts" in said
    assert day.caretaker.defective == 1


async def test_row_68_what_was_missed_is_made_up_for_by_hand(day: Fetching) -> None:
    broken = "UPDATE topic SET query = 'paper OR' WHERE name = 'all'"
    await live_through(day, broken)
    assert day.posted() == []
    await day.store.subscriptions.set_topic(day.channel.id, "all", "paper")
    await day.pipeline.plan(await subscription_of(day, day.channel), DAY)
    await day.tick()
    assert day.posted() == ids(LISTED)
    assert day.caretaker.defective == 0
    assert len(told_admin(day)) == 1


async def test_row_69_a_category_that_is_gone_is_neither_asked_for_nor_waited_for(
    day: Fetching,
) -> None:
    change = (
        f"UPDATE subscription SET categories = 'cs.ZZ cs.CV' WHERE channel_id = {day.channel.id}"
    )
    await live_through(day, change)
    assert day.posted() == ids(LISTED)
    assert day.asked("cs.ZZ") == []
    check_told_and_counted(day, "I don't know the category 'cs.ZZ', so I skip that")


async def test_row_69_a_digest_of_nothing_but_lost_categories_says_so(day: Fetching) -> None:
    change = f"UPDATE subscription SET categories = 'cs.ZZ' WHERE channel_id = {day.channel.id}"
    await live_through(day, change)
    assert day.posted() == []
    check_told_and_counted(day, "I don't know the category 'cs.ZZ', so nothing is posted")


async def test_row_69_a_category_that_another_took_in_is_followed_there(day: Fetching) -> None:
    day.arxiv.publish("math.AG", DAY, records(2, first=40))
    change = f"UPDATE subscription SET categories = 'alg-geom' WHERE channel_id = {day.channel.id}"
    topics = "UPDATE topic SET query = 'paper'"
    await live_through(day, change, topics)
    assert day.posted() == ids(records(2, first=40))
    assert told_admin(day) == []


@pytest.mark.parametrize(("change", "said"), SETTINGS.values(), ids=SETTINGS)
async def test_row_70_a_digest_goes_on_without_the_setting_that_cannot_be_read(
    day: Fetching, change: str, said: str
) -> None:
    statement = f"UPDATE subscription SET {change} WHERE channel_id = {day.channel.id}"
    await live_through(day, statement)
    assert day.posted() == ids(LISTED)
    check_told_and_counted(day, said)


async def test_row_70_setting_it_up_again_puts_it_right(day: Fetching) -> None:
    path, channel = day.store.database.path, day.channel
    await day.subscribe(post_at=time(9))
    damage(
        path,
        channel.id,
        "zone = 'Mars', post_at = '9', announce_types = 'x', categories = 'y', created_at = 'z', "
        "style = 'w'",
    )
    broken = await subscription_of(day, channel)
    assert len(find_defects(broken)) == 5  # without a time the zone does not matter
    await day.subscribe(post_at=time(9))
    whole = await subscription_of(day, channel)
    assert find_defects(whole) == ()
    assert whole.created_at == day.host.now()
    assert whole.unreadable == ()


# -- what people are answered ----------------------------------------------------------------------

WRONGS = {
    "zone": (
        "zone = 'localtime'",
        "doesn't know the time zone 'localtime', so I treat 09:00 as UTC",
    ),
    "category": ("categories = 'cs.CV cs.ZZ'", "I don't know the category 'cs.ZZ'"),
    "categories": ("categories = 'cs.ZZ x'", "I don't know the categories 'cs.ZZ' and 'x'"),
    "no category": ("categories = ''", "It follows no category, so nothing is posted"),
    "style": ("style = 'hologram'", "I don't know the style 'hologram'"),
    "paused for a reason of another version": ("state = 'paused', paused_because = 'tides'", ""),
    **SETTINGS,
}

EVERY_COMMAND: Sequence[tuple[str, Mapping[str, str]]] = (
    ("digest status", {}),
    ("digest list", {}),
    ("topic list", {}),
    ("digest preview", {}),
    ("digest preview", {"date": DAY.isoformat()}),
    ("digest why", {"paper": PAPER}),
    ("digest why", {"date": DAY.isoformat()}),
    ("bot status", {}),
    ("paper search", {"query": "diffusion"}),
    ("digest send", {}),
    ("digest pause", {}),
    ("digest resume", {}),
)


async def answers(commands: Commands, **more: object) -> dict[str, str]:
    """Ask everything that concerns a channel's digest; returns the answers, as people see them."""
    said: dict[str, str] = {}
    for name, options in EVERY_COMMAND:
        given = {**options, **(more if name.startswith("digest") and name != "digest list" else {})}
        result = await commands.admin.slash(commands.channel, name, **given)
        text = plain(result)
        assert text
        assert "Something went wrong" not in text, f"{name}: {text}"
        said[" ".join([name, *options])] = text
    return said


def plain(result: simcord.InteractionResult) -> str:
    return shown(result).replace("*", "").replace("`", "").replace("\\", "")


async def set_up_two(commands: Commands) -> simcord.ChannelHandle:
    """Set up two digests with a topic each; the first is that of the channel where people ask."""
    other = commands.guild.create_text_channel("other")
    for channel in (commands.channel, other):
        await commands.set_up(channel=channel, time="09:00")
        await commands.admin.slash(
            commands.channel, "topic add", name="graphs", query="networks", channel=channel
        )
    return other


@pytest.mark.parametrize(("change", "said"), WRONGS.values(), ids=WRONGS)
async def test_row_67_69_70_every_command_is_answered_and_says_what_is_wrong(
    commands: Commands, change: str, said: str
) -> None:
    other = await set_up_two(commands)
    damage(commands.store.database.path, commands.channel.id, change)
    await commands.announce()
    await commands.pipeline.plan_due()
    assert len(await commands.store.outbox.list_deliveries(other.id)) == 3
    mine = await answers(commands)
    assert said in mine["digest status"]
    assert ("Needs attention" in mine["digest list"]) == bool(said)
    assert said in mine["digest preview date"]
    assert said in mine["digest why date"]
    theirs = plain(await commands.admin.slash(commands.channel, "digest status", channel=other))
    assert "Needs attention" not in theirs
    assert "25 posted, " in theirs
    assert commands.pipeline.failed == 0


async def test_row_68_a_topic_that_cannot_be_read_is_shown_with_its_mistake(
    commands: Commands,
) -> None:
    other = await set_up_two(commands)
    path = commands.store.database.path
    run_sql(
        path,
        "UPDATE topic SET query = 'diffusion OR' WHERE subscription_id = "
        f"(SELECT id FROM subscription WHERE channel_id = {commands.channel.id})",
    )
    await commands.announce()
    await commands.pipeline.plan_due()
    assert len(await commands.store.outbox.list_deliveries(other.id)) == 3
    said = await answers(commands)
    mistake = "At character 13: found the end, expected a word or phrase on both sides of OR"
    for name in ("digest status", "digest preview", "digest why date"):
        assert (
            f"I can't read the query of the topic graphs, so it matches nothing ({mistake}"
            in (said[name])
        )
    assert said["topic list"].count("cannot be read: At character 13") == 1
    assert (
        "No topic matches it, and I can't read 'graphs'; /digest status says why."
        in (said["digest why paper"])
    )
    assert "25 not posted. No topic matches it, and I can't read 'graphs'" in said["digest preview"]
    await commands.admin.slash(commands.channel, "topic add", name="graphs", query="networks")
    assert "Needs attention" not in plain(
        await commands.admin.slash(commands.channel, "digest status", channel=commands.channel)
    )


# -- listings, papers and what was decided ---------------------------------------------------------

ROWS = {
    "listing: when it was stored": "UPDATE listing SET stored_at = 'soon'",
    "listing: when it grew": "UPDATE listing SET updated_at = '2024-03-05T09:00:00'",
    "listing: its source": "UPDATE listing SET source = 'telepathy'",
    "decision: when": "UPDATE digest SET decided_at = 'some day'",
    "paper: its date": "UPDATE paper SET announced_on = 'some day'",
    "paper: when it was submitted": "UPDATE paper SET submitted_at = 'once'",
    "paper: its categories": "UPDATE paper SET categories = 'cs.ZZ no.such'",
    "paper: a link of another version": (
        "INSERT INTO paper_link SELECT arxiv_id, 'code', 'https://github.com/a/b', 'rumour', 1 "
        "FROM paper"
    ),
    "record: its date": "UPDATE intake_day SET day = 'some day'",
    "record: its verdict": "UPDATE intake_day SET verdict = 'astonished'",
    "record: its source": "UPDATE intake_day SET source = 'telepathy'",
    "record: its reason": "UPDATE intake_day SET reason = 'sunspots', details = 'no JSON'",
    "record: since when it is held": "UPDATE intake_day SET held_since = 'once'",
    "request: its source": "UPDATE intake_inquiry SET source = 'telepathy of ' || source",
    "request: when": "UPDATE intake_inquiry SET asked_at = 'soon'",
    "request: when again": "UPDATE intake_inquiry SET not_before = 'soon', failing_since = 'x'",
    "request: its error": "UPDATE intake_inquiry SET error = 'sunspots', details = '[1]'",
    "history of a record": "UPDATE intake_verdict SET at = 'once', verdict = 'astonished'",
    "guild that is gone": "INSERT INTO departed_guild VALUES (5, 'once')",
    "notes": "UPDATE fact SET value = 'no JSON'",
}
"""A statement for each; only one of two categories is hit, whose names are added."""

WITH_CATEGORY = ("listing", "intake_day", "intake_inquiry", "intake_verdict")

HARMLESS = {
    "listing: its source", "paper: its categories", "record: its verdict", "record: its source",
    "record: its reason", "request: its source", "request: its error", "history of a record",
    "notes",
}  # fmt: skip
"""Codes of another version and notes: they are shown as they are, or made again."""


def aimed(statement: str) -> str:
    """Let a statement hit what belongs to cs.CV only."""
    words = statement.split()
    if words[0] == "INSERT":
        return statement
    if words[1] in WITH_CATEGORY:
        return f"{statement} WHERE category = 'cs.CV'"
    return statement


@pytest.mark.parametrize("name", ROWS)
async def test_row_71_a_damaged_row_stops_neither_its_channel_nor_others(
    day: Fetching, name: str
) -> None:
    """Damaged after the list was posted; the next day is posted as if nothing were wrong."""
    tomorrow = DAY + timedelta(days=1)
    for category, first in (("cs.CV", 1), ("cs.LG", 41)):
        day.arxiv.publish(category, DAY, records(4, first=first))
        day.arxiv.publish(category, tomorrow, records(3, first=first + 20))
    other = await day.subscribe("cs.LG", channel=day.server.add_channel(day.guild, "other"))
    await day.subscribe("cs.CV")
    await day.until(at(DAY, 6), every=2 * HOUR)
    assert day.posted() == ids(records(4))
    run_sql(day.store.database.path, aimed(ROWS[name]))
    damaged = await count_damage(day.store, now=day.host.now())
    assert (damaged == 0) == (name in HARMLESS)
    await day.until(at(tomorrow, 6), every=6 * HOUR)
    assert day.posted() == ids([*records(4), *records(3, first=21)])
    assert day.posted(other) == ids([*records(4, first=41), *records(3, first=61)])
    assert day.pipeline.failed == 0


@pytest.mark.parametrize("name", [name for name in ROWS if not name.startswith(("guild", "notes"))])
async def test_row_71_a_damaged_row_is_read_by_the_commands(commands: Commands, name: str) -> None:
    other = await set_up_two(commands)
    await commands.announce()
    run_sql(commands.store.database.path, aimed(ROWS[name]))
    await commands.pipeline.plan_due()
    for channel in (commands.channel, other):
        assert len(await commands.store.outbox.list_deliveries(channel.id)) == 3
    run_sql(commands.store.database.path, aimed(ROWS[name].replace("INSERT", "INSERT OR IGNORE")))
    await answers(commands)


@pytest.mark.parametrize("column", ["announced_on", "submitted_at"])
async def test_row_71_history_goes_past_a_damaged_paper(day: Fetching, column: str) -> None:
    """An import reads what is stored of each paper, to tell whether it has news."""
    papers = day.store.papers
    lines = [snapshot_line(number, doi=f"10.1/{number}") for number in (1, 2)]
    wanted = [read_snapshot_line(line) for line in lines]
    prepared = [prepare_paper(date_paper(each.build(), each.announced_on)) for each in wanted]
    await papers.add_papers(prepared)
    run_sql(day.store.database.path, f"UPDATE paper SET {column} = 'once' WHERE arxiv_id LIKE '%1'")
    since = date(1991, 8, 1)
    assert await count_damaged(day.store.database, since) == {"paper": 1}
    await papers.list_changed(wanted)
    await papers.add_papers(prepared)
    for each in wanted:
        assert await papers.get_paper(each.arxiv_id) is not None


async def test_row_71_a_damaged_decision_hides_no_other(day: Fetching) -> None:
    """What is stored after a decision of a clock that was ahead still counts as later."""
    ahead = day.host.now() + timedelta(days=1)
    await day.store.papers.add_listing(make_listing(make_paper(1)), now=day.host.now())
    for channel_id in (1, 2):
        await day.store.digests.record(channel_id, DAY, announced=1, planned=1, now=ahead)
    run_sql(
        day.store.database.path, "UPDATE digest SET decided_at = 'some day' WHERE channel_id = 1"
    )
    await day.store.papers.add_listing(make_listing(make_paper(2)), now=day.host.now())
    listings = await day.store.digests.listings_since(DAY)
    assert listings["cs.CV", DAY].updated_at > ahead


async def test_row_71_a_paper_that_was_deleted_is_missing_alone(day: Fetching) -> None:
    """With its announcement left, as only another program can do."""
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.subscribe(post_at=time(4))
    await day.until(at(DAY, 2))
    lost = LISTED[2].arxiv_id
    run_sql(day.store.database.path, f"DELETE FROM paper WHERE arxiv_id = '{lost}'")
    damaged = await count_damaged(day.store.database, DAY)
    assert damaged == {"announcement without paper": 1}
    await day.until(at(DAY, 5))
    assert day.posted() == [each for each in ids(LISTED) if each != lost]


async def test_row_71_what_is_damaged_is_counted_for_the_host(
    day: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day.arxiv.publish("cs.CV", DAY, LISTED)
    await day.subscribe()
    await day.until(at(DAY, 2))
    path = day.store.database.path
    assert await count_damaged(day.store.database, DAY) == {}
    run_sql(path, "UPDATE paper SET submitted_at = 'once' WHERE arxiv_id LIKE '%1'")
    run_sql(path, "UPDATE listing SET stored_at = 'once'")
    damage(path, day.channel.id, "announce_types = 'new x'")
    with caplog.at_level(logging.WARNING):
        assert await count_damage(day.store, now=day.host.now()) == 2
    (warning,) = [each for each in caplog.records if "damaged" in each.getMessage()]
    assert (warning.__dict__["paper"], warning.__dict__["listing"]) == (1, 1)
    health = Health(heartbeat_age_s=0, tick_age_s=0, is_connected=True, gauges={"rows_damaged": 2})
    page = render_metrics(Metrics(), Moment(health=health, disk_problem="", standing=None))
    assert b"\npaper_bot_rows_damaged 2.0\n" in page


@pytest.mark.slow
async def test_row_67_71_who_watches_the_process_sees_both_counts(tmp_path: Path) -> None:
    port = find_free_port()
    async with scenario(tmp_path, health__port=port) as made:
        damage(made.path, made.channels[0].id, "announce_types = 'new x'")
        run_sql(made.path, "INSERT INTO departed_guild VALUES (5, 'once')")
        async with made.running() as bot, aiohttp.ClientSession() as http:
            await made.discord.wait_connected()

            async def is_counted() -> bool:
                async with http.get(f"http://127.0.0.1:{port}/metrics") as answer:
                    text = await answer.text()
                return all(
                    f"paper_bot_{line}\n" in text
                    for line in (
                        "digests_defective 1.0",
                        "rows_damaged 1.0",
                        "plans_failed_total 0.0",
                    )
                )

            await until(is_counted, lambda: bot.log)


# -- what nobody foresaw ---------------------------------------------------------------------------


class Broken(Plain):
    """A style with a mistake."""

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        raise ZeroDivisionError("nobody foresaw this")


async def test_row_72_an_error_in_rendering_stops_one_digest_and_is_logged_once(
    day: Fetching, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(cast(dict[str, Style], STYLES), "broken", Broken())
    change = f"UPDATE subscription SET style = 'broken' WHERE channel_id = {day.channel.id}"
    await live_through(day, change)
    assert day.posted() == []
    await check_failure(day, caplog)
    damage(day.store.database.path, day.channel.id, "style = 'cards'")
    await day.tick()
    assert day.posted() == ids(LISTED)


async def test_row_72_an_error_in_what_is_due_stops_one_digest(
    day: Fetching, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def digest_due(
        subscription: Subscription, on: date, stored_at: Sequence[datetime | None]
    ) -> datetime | None:
        if subscription.channel_id == day.channel.id:
            raise ZeroDivisionError("nobody foresaw this")
        return due.digest_due(subscription, on, stored_at)

    monkeypatch.setattr(planning_due, "digest_due", digest_due)
    await live_through(day)
    assert day.posted() == []
    await check_failure(day, caplog)


async def check_failure(day: Fetching, caplog: pytest.LogCaptureFixture) -> None:
    """It was logged with its traceback, once for all ticks, and is counted."""
    failed = day.pipeline.failed
    assert failed > 1
    await day.tick()
    assert day.pipeline.failed > failed
    logged = [each for each in caplog.records if each.getMessage() == "digest not planned"]
    (record,) = [each for each in logged if each.__dict__["channel"] == day.channel.id]
    assert record.levelno == logging.ERROR
    assert record.exc_info
