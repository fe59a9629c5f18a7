"""What `check` says of the backups, and of a database that needs one."""

import sqlite3
from datetime import time
from pathlib import Path

import pytest

from bot.config.schema import BackupConfig, Config, DatabaseConfig, DiscordConfig
from bot.run.check import Finding, check_bot
from bot.store.backup import copies
from bot.store.backup.backup import backup
from bot.store.backup.copies import name_copy
from tests.builders import NOW
from tests.fakes.discord import DiscordServer
from tests.stores import open_store


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "papers.db"
    async with open_store(path):
        pass
    return path


async def check(path: Path, **settings: object) -> list[Finding]:
    config = Config(
        database=DatabaseConfig(path=path), backup=BackupConfig.model_validate(settings)
    )
    return [finding async for finding in check_bot(config, None, program="bot")]


async def backup_finding(path: Path, **settings: object) -> Finding:
    beginnings = ("backups:", "last backup ", "no backup ")
    (found,) = [
        each for each in await check(path, **settings) if each.sentence.startswith(beginnings)
    ]
    return found


async def make_copy(path: Path, folder: str = "backups") -> Path:
    target = path.parent / folder / name_copy(path, NOW)
    target.parent.mkdir()
    await backup(path, target)
    return target


async def test_before_the_first_copy_it_says_where_it_will_be(path: Path) -> None:
    found = await backup_finding(path)
    assert found.is_good
    assert f"none yet in {path.parent / 'backups'}" in found.sentence


@pytest.mark.parametrize("folder", ["backups", "elsewhere"])
async def test_the_last_copy_is_named_with_its_time(path: Path, folder: str) -> None:
    copy = await make_copy(path, folder)
    found = await backup_finding(path, folder=folder)
    assert found.is_good
    assert f"{NOW:%Y-%m-%d %H:%M} UTC, {copy}" in found.sentence


async def test_backups_that_nobody_wants_are_no_problem(path: Path) -> None:
    found = await backup_finding(path, every_h=0)
    assert found.is_good
    assert "backup.every_h is 0" in found.sentence


async def test_no_room_for_a_copy_is_bad(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "ROOM_BYTES", 10**18)
    found = await backup_finding(path)
    assert not found.is_good
    assert "no backup can be made" in found.sentence


async def test_a_folder_that_cannot_be_is_bad(path: Path) -> None:
    found = await backup_finding(path, folder=str(path.parent / "not mounted" / "backups"))
    assert not found.is_good
    assert "cannot be used" in found.sentence


async def test_a_damaged_database_comes_with_the_way_out(path: Path) -> None:
    copy = await make_copy(path)
    path.write_bytes(b"")
    found = (await check(path))[-1]
    assert not found.is_good
    assert found.sentence.endswith(f"with: bot restore {copy}")


async def test_damaged_rows_and_settings_are_named(path: Path) -> None:
    assert [each for each in await check(path) if "rows damaged" in each.sentence] == [
        Finding(is_good=True, sentence="no rows damaged, as far as can be seen")
    ]
    async with open_store(path) as store:
        await store.subscriptions.set_subscription(
            guild_id=1, channel_id=2, categories=["cs.CV"], announce_types=[], post_at=time(9),
            zone="Mars", style="cards", now=NOW,
        )  # fmt: skip
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT INTO digest (channel_id, cadence, announced_on, decided_at, announced, "
            "planned, offered) VALUES (2, 'day', '2024-03-05', 'once', 1, 1, 0)"
        )
        connection.execute("INSERT INTO departed_guild VALUES (5, 'once'), (6, 'twice')")
    connection.close()
    bad = [each.sentence for each in await check(path) if not each.is_good]
    (rows,) = [each for each in bad if each.startswith("rows damaged")]
    assert rows.startswith("rows damaged (1 of digest, 2 of departed_guild): the bot does without")
    (setting,) = [each for each in bad if "Mars" in each]
    assert setting.startswith(
        "digest of channel 2: The machine I run on doesn't know the time zone 'Mars'"
    )


@pytest.mark.parametrize(
    ("wanted", "left", "said"),
    [
        (0, 999, "ok gateway: 2 shards; 999 of 1,000 sessions may begin today"),
        (3, 999, "ok gateway: 3 shards; 999 of 1,000 sessions may begin today"),
        (1, 999, "bad gateway: discord.shards is 1, Discord recommends 2; 0 takes what it rec"),
        (3, 2, "bad gateway: only 2 of 1,000 sessions may begin today; do not restart the bot"),
    ],
)
async def test_shards_and_what_is_left_of_the_days_sessions_are_told(
    path: Path, wanted: int, left: int, said: str
) -> None:
    async with DiscordServer() as server:
        server.gateway.recommended, server.gateway.starts_left = 2, left
        with server.pointed_at():
            config = Config(
                database=DatabaseConfig(path=path),
                discord=DiscordConfig(
                    api_url=server.api_url, gateway_url=server.gateway_url, shards=wanted
                ),
            )
            found = [each async for each in check_bot(config, server.token, program="bot")]
    (finding,) = [each for each in found if each.sentence.startswith("gateway:")]
    assert f"{'ok' if finding.is_good else 'bad'} {finding.sentence}".startswith(said)
