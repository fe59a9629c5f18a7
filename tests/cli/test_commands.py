"""Each command as a person runs it: what it prints, what it stores."""

import asyncio
import gzip
import json
import os
import sqlite3
from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.arxiv.calendar import announcement_day, is_announcement_day
from bot.cli import commands
from bot.cli.arguments import Options
from bot.config.schema import Config, LogConfig
from bot.models import AnnounceType, ArxivId
from bot.store.sqlite.database import instance_lock
from bot.ui.permissions import invite_url, user_install_url
from tests.builders import DAY, NOW, make_listing, make_paper
from tests.cli.terminal import assert_one_sentence, environ_in, run
from tests.fakes.arxiv import ArxivServer, Record, answer, html_instead
from tests.fakes.discord import DiscordServer
from tests.fakes.forking import ROOT
from tests.fakes.spec import MESSAGES, body_errors
from tests.samples import SEED
from tests.store.outbox.test_outbox import drafts, subscribe
from tests.stores import open_store


def test_the_seed_comes_out_as_it_went_in(environ: dict[str, str]) -> None:
    """47 papers, the same order and form: byte for byte."""
    seed = SEED
    first = run(environ, "import", seed)
    assert first.code == 0
    assert "47 papers (47 new, 0 updated)" in first.err
    digest = run(environ, "digest", "--category", "cs.CV", "--date", "2020-08-21")
    assert digest.out == seed.read_text()
    again = run(environ, "import", seed)
    assert "(0 new, 0 updated)" in again.err


def test_a_digest_as_json_has_the_documented_shape(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    ran = run(environ, "digest", "--category", "cs.CV", "--format", "json")
    digest = json.loads(ran.out)
    assert (digest["category"], digest["date"], len(digest["papers"])) == (
        "cs.CV",
        "2020-08-21",
        47,
    )
    paper = digest["papers"][2]
    assert set(paper) == {
        "arxiv_id",
        "version",
        "announce_type",
        "position",
        "title",
        "authors",
        "abstract",
        "primary_category",
        "categories",
        "links",
    }
    assert (paper["arxiv_id"], paper["position"]) == ("2008.09105", 3)
    assert {(link["kind"], link["url"], link["provenance"]) for link in paper["links"]} == {
        ("abs", "https://arxiv.org/abs/2008.09105", "arxiv"),
        ("pdf", "https://arxiv.org/pdf/2008.09105", "arxiv"),
        ("code", "https://github.com/SunDoge/L-GCN", "abstract"),
    }
    assert [each["announce_type"] for each in digest["papers"]] == ["new"] * 36 + ["cross"] * 11


def test_topics_and_types_narrow_a_digest(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    digest = ("digest", "--category", "cs.CV", "--format", "json")
    topics = run(environ, *digest, "--topic", '"point cloud"', "--topic", "has:code")
    papers = json.loads(topics.out)["papers"]
    assert "2008.09110" in {paper["arxiv_id"] for paper in papers}
    assert "2008.09105" in {paper["arxiv_id"] for paper in papers}
    assert len(papers) < 47
    crosses = run(environ, *digest, "--type", "cross")
    assert len(json.loads(crosses.out)["papers"]) == 11


@pytest.mark.parametrize("form", ["bibtex", "discord", "json", "markdown"])
def test_every_format_prints_every_paper(environ: dict[str, str], form: str) -> None:
    run(environ, "import", SEED)
    ran = run(environ, "digest", "--category", "cs.CV", "--format", form)
    assert ran.code == 0
    assert "2008.09110" in ran.out
    assert ran.out.count("/abs/" if form in ("discord", "json") else "2008.0") >= 40


def messages(environ: dict[str, str], *options: str) -> list[dict[str, Any]]:
    """Print the seed's day as messages and return them."""
    ran = run(environ, "digest", "--category", "cs.CV", "--format", "discord", *options)
    assert ran.code == 0, ran.err
    printed = json.loads(ran.out)
    assert list(printed) == ["messages"]
    bodies: list[dict[str, Any]] = printed["messages"]
    return bodies


def test_messages_are_printed_as_they_are_posted(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    cards = messages(environ, "--style", "cards")
    assert sum(len(body["embeds"]) for body in cards) == 47
    listed = messages(environ, "--style", "list")
    assert [len(body["components"][0]["components"][0]["options"]) for body in listed] == [23, 24]
    for bodies in (cards, listed, messages(environ, "--style", "brief", "--topic", "video")):
        assert [body.get("flags") for body in bodies] == [None, *[1 << 12] * (len(bodies) - 1)]
        for body in bodies:
            assert body["allowed_mentions"] == {"parse": []}
            assert "nonce" not in body
            assert "enforce_nonce" not in body
            assert body_errors("post", MESSAGES, body) == []


def test_a_brief_has_the_best_matches_as_cards(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    topics = ("--topic", "segmentation", "--topic", "video OR image")
    first, *others = messages(environ, "--style", "brief", *topics)
    assert first["content"].endswith("best matches first")
    assert [embed["title"] != "" for embed in first["embeds"]] == [True] * 5
    assert all("url" not in embed for body in others for embed in body["embeds"])
    assert messages(environ, *topics) == [first, *others]  # auto: there are more than 25
    assert messages(environ, "--style", "brief") == messages(environ, "--style", "list")


async def set_up_channel(environ: dict[str, str]) -> None:
    """A channel whose server likes an older paper about point clouds."""
    async with open_store(Path(environ["PAPER_BOT_DATABASE__PATH"])) as store:
        await store.subscriptions.set_subscription(
            guild_id=1001,
            channel_id=2001,
            categories=["cs.CV"],
            announce_types=[AnnounceType.NEW],
            post_at=None,
            zone="UTC",
            style="brief",
            now=NOW,
        )
        liked = make_paper(1, title="Point cloud completion", abstract="We complete point clouds.")
        await store.papers.add_listing(make_listing(liked, announced_on=date(2020, 8, 20)), now=NOW)
        await store.opinions.give(1001, 7, liked.arxiv_id, True, now=NOW)


def test_a_channel_is_named_for_its_own_digest_ordered_by_its_likes(
    environ: dict[str, str],
) -> None:
    run(environ, "import", SEED)
    asyncio.run(set_up_channel(environ))
    ran = run(environ, "digest", "--channel", "2001", "--format", "discord")
    assert ran.code == 0, ran.err
    first, *_ = json.loads(ran.out)["messages"]
    assert "closest to what people here like first" in first["content"]
    assert "like a paper that people here liked: point cloud" in str(first["embeds"][0]).lower()
    told = run(environ, "digest", "--channel", "2001", "--format", "json")
    assert {each["announce_type"] for each in json.loads(told.out)["papers"]} == {"new"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--channel", "3"), "The channel 3 has no digest with a category.\n"),
        (
            ("--channel", "2001", "--topic", "frog"),
            "The channel has topics and types of its own; leave out --topic and --type.\n",
        ),
    ],
)
def test_a_channel_without_a_digest_or_with_other_topics_is_one_sentence(
    environ: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    ran = run(environ, "digest", *options)
    assert (ran.code, ran.out, ran.err) == (2, "", said)


def test_a_style_is_only_for_messages(environ: dict[str, str]) -> None:
    ran = run(environ, "digest", "--category", "cs.CV", "--style", "list")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "--style is how messages look; add --format discord.\n"


def test_a_cap_ends_the_messages_in_a_button_for_the_others(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    (only,) = messages(environ, "--style", "list", "--cap", "20")
    assert len(only["components"][0]["components"][0]["options"]) == 20
    assert [each["label"] for each in only["components"][1]["components"]] == ["+27 more"]
    assert body_errors("post", MESSAGES, only) == []


def test_a_week_is_printed_as_it_would_be_posted_on_that_date(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    (week,) = messages(environ, "--date", "2020-08-21", "--every", "week", "--topic", "video")
    assert week["content"].startswith("### cs.CV · week to Fri, 21 Aug 2020\n")
    assert [len(embed.get("url", "")) > 0 for embed in week["embeds"]] == [True] * 5 + [False]
    (_, offers) = week["components"]
    assert offers["components"][0]["label"].startswith("Fri, 21 Aug: ")
    assert body_errors("post", MESSAGES, week) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--every week is a post in a channel; add --format discord."),
        (
            ["--format", "discord", "--style", "list"],
            "--style is that of daily digests; leave it out with --every week.",
        ),
    ],
)
def test_a_week_has_one_look(environ: dict[str, str], arguments: list[str], told: str) -> None:
    ran = run(environ, "digest", "--category", "cs.CV", "--every", "week", *arguments)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{told}\n")


def test_a_search_as_json_has_the_documented_shape(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    found = json.loads(run(environ, "search", '"point clouds"', "--json").out)
    assert found["total"] == len(found["papers"]) > 0
    assert all(paper["announced_on"] == "2020-08-21" for paper in found["papers"])
    assert {"arxiv_id", "title", "links", "abstract"} <= set(found["papers"][0])
    assert found["closest"] is None or found["closest"]["papers"]
    none = json.loads(run(environ, "search", "zzzzz", "--json").out)
    assert (none["total"], none["papers"], none["closest"]) == (0, [], None)


def test_a_search_as_json_says_what_was_understood(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    strict = json.loads(run(environ, "search", "segmentations", "--json", "--limit", "1").out)
    assert (strict["understood"], strict["sort"]) == ("segmentations", "relevance")
    (widened,) = strict["widened"]
    assert (widened["word"], widened["rule"]) == ("segmentations", "inflection")
    assert "segmentation" in widened["forms"]
    typed = "papers about segmentaton since 1999"
    found = json.loads(run(environ, "search", typed, "--json").out)
    closest = found["closest"]
    assert (found["query"], found["understood"]) == (typed, "segmentation since:1999-01-01")
    assert (found["total"], len(found["papers"]), closest["papers"]) == (6, 6, [])
    assert closest["mended"] == [{"typed": "segmentaton", "meant": "segmentation"}]
    assert closest["filters"] == ["since:1999-01-01"]
    assert closest["left_out"] == ["papers", "about"]


def test_a_search_goes_on_with_the_closest_unless_it_is_strict(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    ran = run(environ, "search", "segmentation zebras")
    assert len(ran.out.splitlines()) == 6
    assert "No paper matches all of this. These come closest:" in ran.err
    ran = run(environ, "search", "segmentaton")
    assert len(ran.out.splitlines()) == 6
    assert ran.err == "6 papers found, 6 shown\nRead 'segmentaton' as 'segmentation'\n"
    assert run(environ, "search", "segmentaton", "--strict").out == ""


def test_a_search_that_finds_nothing_says_what_would(environ: dict[str, str]) -> None:
    empty = run(environ, "search", "video")
    assert (empty.code, empty.out) == (0, "")
    assert "No paper is stored yet; python -m bot fetch, import and backfill" in empty.err
    run(environ, "import", SEED)
    misspelt = run(environ, "search", "segmentaton", "--strict")
    assert (misspelt.code, misspelt.out) == (0, "")
    assert "No paper uses the word 'segmentaton'; did you mean 'segmentation'" in misspelt.err
    assert "Try 'segmentation'." in misspelt.err
    narrow = run(environ, "search", "segmentation category:math.AG", "--json")
    assert json.loads(narrow.out)["total"] == 0
    assert "Papers that match: 'segmentation' 6, 'category:math.AG' 0, both 0." in narrow.err
    found = run(environ, "search", "segmentation", "--limit", "3")
    assert len(found.out.splitlines()) == 3
    assert found.err == "6 papers found, 3 shown\n"


def test_a_query_may_begin_with_a_dash(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    assert "41 papers found" in run(environ, "search", "--", "-segmentation").err


def test_an_index_out_of_step_is_found_and_mended(environ: dict[str, str]) -> None:
    path = environ["PAPER_BOT_DATABASE__PATH"]
    run(environ, "import", SEED)
    assert "ok   search indexes in step" in run(environ, "check").out
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE paper SET title = 'Axolotl' WHERE arxiv_id = '2008.09110'")
    connection.close()
    assert "BAD  search indexes out of step (paper_head, paper_text" in run(environ, "check").out
    with instance_lock(Path(path)):
        assert "search indexes: left alone" in run(environ, "check").out
        assert_one_sentence(run(environ, "reindex"), 75, path)
    mended = run(environ, "reindex")
    assert (mended.code, mended.out) == (0, "")
    assert "paper_text rebuilt in " in mended.err
    assert "ok   search indexes in step" in run(environ, "check").out
    assert "2008.09110" in run(environ, "search", "axolotl").out


def test_texts_are_rebuilt_by_the_rules_of_this_version(environ: dict[str, str]) -> None:
    path = environ["PAPER_BOT_DATABASE__PATH"]
    run(environ, "import", SEED)
    assert "0 papers read otherwise now" in run(environ, "reindex", "--texts").err
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "UPDATE paper SET source_title = title, title = 'Axolotl' WHERE arxiv_id = '2008.09110'"
        )
    connection.close()
    run(environ, "reindex")
    assert "2008.09110" in run(environ, "search", "axolotl").out
    assert "1 paper read otherwise now" in run(environ, "reindex", "--texts").err
    assert "2008.09110" not in run(environ, "search", "axolotl").out
    assert "ok   search indexes in step" in run(environ, "check").out


def test_a_gzipped_file_is_read_like_a_plain_one(environ: dict[str, str], tmp_path: Path) -> None:
    packed = tmp_path / "listing.md.gz"
    packed.write_bytes(gzip.compress(SEED.read_bytes()))
    assert "47 papers (47 new" in run(environ, "import", packed).err


async def test_fetch_stores_todays_listing_once(environ: dict[str, str]) -> None:
    """On a day without an announcement the feed repeats the one before, so nothing is today's."""
    today = announcement_day(datetime.now(UTC))
    async with ArxivServer() as arxiv:
        arxiv.publish("cs.CV", today, [Record("2408.00001")])
        environ["PAPER_BOT_ARXIV__FEED_URL"] = arxiv.url
        environ["PAPER_BOT_ARXIV__LISTING_URL"] = arxiv.url
        ran = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.cv")
        assert ran.code == 0, ran.err
        again = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.CV")
        assert again.code == 0, again.err
    found = json.loads(run(environ, "search", "category:cs.CV", "--json").out)
    assert found["total"] == is_announcement_day(today)


@pytest.mark.parametrize("fault", ["503", "html", "refused"])
async def test_a_fetch_that_fails_says_why(environ: dict[str, str], fault: str) -> None:
    async with ArxivServer() as arxiv:
        arxiv.publish("cs.CV", date(2024, 8, 2), [Record("2408.00001")])
        faults = {"503": answer(503), "html": html_instead()}
        if fault in faults:
            arxiv.fail(faults[fault])
        url = "http://127.0.0.1:1" if fault == "refused" else arxiv.url
        environ["PAPER_BOT_ARXIV__FEED_URL"] = url
        ran = await asyncio.to_thread(run, environ, "fetch", "--category", "cs.CV")
    assert ran.code == 69
    assert "Traceback" not in ran.err
    assert "failed" in ran.err


def test_nothing_is_stored_when_one_of_the_files_is_wrong(
    environ: dict[str, str], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"hello")
    assert run(environ, "import", SEED, wrong).code == 2
    assert json.loads(run(environ, "search", "category:cs.CV", "--json").out)["total"] == 0


def test_the_settings_come_as_a_file_to_begin_with(environ: dict[str, str], tmp_path: Path) -> None:
    ran = run(environ, "settings")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (ROOT / "config" / "bot.toml").read_text("utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(ran.out.replace('level = "INFO"', 'level = "LOUD"'), "utf-8")
    assert_one_sentence(run(environ, "--config", mine, "search", "x"), 78, "log.level")


async def test_check_prints_the_links_that_add_the_bot(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        environ = environ_in(tmp_path) | {
            "DISCORD_TOKEN": discord.token,
            "PAPER_BOT_DISCORD__API_URL": discord.api_url,
        }
        ran = await asyncio.to_thread(run, environ, "check")
    assert ran.code == 0, ran.out
    assert "WARNING" not in ran.err
    assert all(line.startswith("ok   ") for line in ran.out.splitlines())
    assert f"ok   add the bot to a server: {invite_url(discord.bot.id)}\n" in ran.out
    assert f"ok   add the bot to your own account: {user_install_url(discord.bot.id)}\n" in ran.out


async def test_a_token_that_discord_refuses_is_one_sentence(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        discord.is_token_good = False
        environ = environ_in(tmp_path) | {
            "DISCORD_TOKEN": discord.token,
            "PAPER_BOT_DISCORD__API_URL": discord.api_url,
            "PAPER_BOT_LOG__LEVEL": "ERROR",
        }
        checked = await asyncio.to_thread(run, environ, "check")
        started = await asyncio.to_thread(run, environ, "run")
    assert checked.code == 78
    assert "BAD  Discord refuses the token" in checked.out
    assert_one_sentence(started, 78, "Discord refuses the token", "developer portal")


async def test_the_token_is_hidden_in_the_log_and_left_to_no_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[object] = []

    async def look(config: Config, token: str, *, is_adopting: bool) -> None:
        assert is_adopting
        seen.append((token, os.environ.get("DISCORD_TOKEN")))

    def note(config: LogConfig, secrets: Collection[str]) -> None:
        seen.append(secrets)

    monkeypatch.setenv("DISCORD_TOKEN", "canary")
    monkeypatch.setattr(commands, "run_bot", look)
    monkeypatch.setattr(commands, "setup_logging", note)
    assert await commands.run_command(Options(adopt=True), Config()) == 0
    assert seen == [("canary",), ("canary", None)]


def test_a_backup_is_tried_by_name_or_as_the_newest(
    environ: dict[str, str], tmp_path: Path
) -> None:
    assert_one_sentence(run(environ, "verify-backup", "--newest"), 2, "has made no backup")
    run(environ, "import", SEED)
    copy = tmp_path / "data" / "backups" / "papers.auto-20260821T000000Z.db"
    copy.parent.mkdir()
    run(environ, "backup", copy)
    for which in ("--newest", str(copy)):
        ran = run(environ, "verify-backup", which)
        assert ran.out.startswith(f"{copy} is good: 47 papers, 0 digests, 0 messages; checked")
    copy.write_bytes(copy.read_bytes()[:10_000])
    assert_one_sentence(run(environ, "verify-backup", copy), 74, str(copy), "is damaged")


def test_status_makes_no_database_that_would_answer_for_the_bots(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """As without the settings of the service, in a folder where no bot ever ran."""
    path = tmp_path / "elsewhere" / "papers.db"
    elsewhere = {**environ, "PAPER_BOT_DATABASE__PATH": str(path)}
    ran = run(elsewhere, "status", cwd=tmp_path)
    assert_one_sentence(ran, 74, f"There is no database {path};")
    assert not path.parent.exists()


def test_status_says_how_things_stand_and_asks_nobody(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    said = run(environ, "status")
    assert "47 papers, 0 digests, 0 followers" in said.out
    assert "last backup: never" in said.out
    assert "STANDS STILL" not in said.out
    read = json.loads(run(environ, "status", "--json").out)
    assert (read["papers"], read["messages"], read["standstills"]) == (47, {}, [])
    assert read["backup_proven_at"] is None


async def plan_a_message(path: Path, now: datetime) -> None:
    async with open_store(path) as store:
        subscription = await subscribe(store.database)
        await store.outbox.plan(subscription, DAY, drafts(1), now=now)


def test_status_names_what_stands_still(environ: dict[str, str]) -> None:
    """A message that is due since an hour, and none was posted."""
    run(environ, "import", SEED)
    long_ago = datetime(2020, 8, 21, 12, tzinfo=UTC)
    asyncio.run(plan_a_message(Path(environ["PAPER_BOT_DATABASE__PATH"]), long_ago))
    assert "STANDS STILL: messages are due since 2020-08-21 12:00 UTC" in run(environ, "status").out
    read = json.loads(run(environ, "status", "--json").out)
    assert read["messages"] == {"planned": 1}
    assert read["due_since"] == "2020-08-21T12:00:00+00:00"


async def save_for(path: Path, user_id: int, guild_id: int) -> None:
    async with open_store(path) as store:
        await subscribe(store.database)
        for user in (user_id, user_id + 1):
            await store.library.save(user, ArxivId("2008.09110"), guild_id=guild_id, now=NOW)


async def what_is_kept(path: Path, user_id: int) -> tuple[int, int, int]:
    """Count what is saved by the person and by the next one, and the digests."""
    async with open_store(path) as store:
        people = [await store.people.get_data(user) for user in (user_id, user_id + 1)]
        digests = await store.subscriptions.list_subscriptions()
        return len(people[0].saved), len(people[1].saved), len(digests)


def test_a_person_or_a_server_is_forgotten_and_nothing_else(environ: dict[str, str]) -> None:
    run(environ, "import", SEED)
    path = Path(environ["PAPER_BOT_DATABASE__PATH"])
    asyncio.run(save_for(path, 7001, 1001))
    assert run(environ, "forget", "--user", "7001").code == 0
    assert asyncio.run(what_is_kept(path, 7001)) == (0, 1, 1)
    assert run(environ, "forget", "--guild", "1001").code == 0
    assert asyncio.run(what_is_kept(path, 7001)) == (0, 1, 0)
    assert_one_sentence(run(environ, "forget", "--user", "7001"), 2, "Nothing is kept of person")
    assert_one_sentence(run(environ, "forget", "--guild", "1001"), 2, "Nothing is kept of server")
