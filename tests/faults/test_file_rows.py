"""Rows 62 and 63: files that were taken away, are no files or open to others, and lost output.

The program is started as its host starts it, and what people do to its files is done.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from bot.config.sources import load_config
from bot.errors import ConfigError
from bot.store.backup.backup import backup
from bot.store.backup.copies import name_copy
from bot.store.sqlite.files import beside, lock_file
from bot.store.store import open_store
from tests.builders import NOW, make_listing, make_papers
from tests.fakes import commands
from tests.fakes.commands import Ran
from tests.fakes.discord import TOKEN
from tests.fakes.forking import ROOT
from tests.fakes.process import NOBODY, bot_environ, running_bot
from tests.faults.scenario import Scenario, scenario

EX_IOERR = 74
EX_CONFIG = 78
LONG_S = 60.0
"""Ends what hangs; none that passes comes near it."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    """Settings with which the bot waits for a Discord that is not there."""
    environ = bot_environ(folder, arxiv=None, discord=None)
    environ |= {"DISCORD_TOKEN": TOKEN, "PAPER_BOT_DISCORD__API_URL": NOBODY}
    return environ


@pytest.fixture
def path(environ: dict[str, str]) -> Path:
    return Path(environ["PAPER_BOT_DATABASE__PATH"])


async def create(path: Path, papers: int = 5) -> None:
    async with open_store(path) as store:
        await store.papers.add_listing(make_listing(*make_papers(papers)), now=NOW)


def run(environ: Mapping[str, str], *arguments: str, cwd: Path) -> Ran:
    return commands.run(environ, *arguments, cwd=cwd)


def start(
    environ: Mapping[str, str], script: str, cwd: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a shell script, in which ``$BOT`` is the program; it is ended when it hangs."""
    return subprocess.run(
        ["/usr/bin/env", "timeout", "--signal=KILL", str(LONG_S), "sh", "-c", script],
        env={**environ, "PYTHONPATH": str(ROOT), "BOT": f"{sys.executable} -m bot"},
        cwd=cwd or Path(environ["PAPER_BOT_DATABASE__PATH"]).parent,
        capture_output=True,
        text=True,
        check=False,
    )


def sentence_in(said: str) -> str:
    """Return the last line, which must be all that was said besides log lines of the bot."""
    assert "Traceback" not in said
    assert "bug" not in said
    (sentence,) = [
        line for line in said.splitlines() if " bot." not in line and " discord" not in line
    ]
    return sentence


def mode_of(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


# Taken away while it runs


def rename_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def replace_file(path: Path) -> None:
    other = path.with_name("other.db")
    shutil.copy(path, other)
    other.replace(path)


def delete(suffix: str) -> Callable[[Path], None]:
    return lambda path: beside(path, suffix).unlink()


TAKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "folder renamed": (rename_folder, ""),
    "folder deleted": (delete_folder, ""),
    "file replaced": (replace_file, ""),
    "file deleted": (delete(""), ""),
    "-wal deleted": (delete("-wal"), "-wal"),
    "-shm deleted": (delete("-shm"), "-shm"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", TAKEN)
async def test_row_62_files_taken_away_while_it_waits_for_discord(
    case: str, environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    take, suffix = TAKEN[case]
    await create(path)
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        take(path)
        assert await bot.wait() == EX_IOERR
        assert sentence_in(bot.log).startswith(
            f"{path}{suffix} was deleted, renamed or replaced while it was in use; "
        )


@pytest.mark.slow
async def test_row_73_a_backup_written_over_the_file_while_it_waits_for_discord(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    await create(path)
    await backup(path, tmp_path / "copy.db")
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        path.write_bytes((tmp_path / "copy.db").read_bytes())
        assert await bot.wait() == EX_IOERR
        assert sentence_in(bot.log).startswith(f"{path} was overwritten while it was in use")


@pytest.fixture
async def day(folder: Path) -> AsyncIterator[Scenario]:
    async with scenario(folder, channels=2, papers=4) as day:
        yield day


@pytest.mark.slow
@pytest.mark.parametrize("case", TAKEN)
async def test_row_62_files_taken_away_while_it_works(
    case: str, day: Scenario, tmp_path: Path
) -> None:
    """Whichever part of the bot finds out first, there is one sentence at the end."""
    take, suffix = TAKEN[case]
    async with running_bot(day.environ, cwd=tmp_path) as bot:
        await day.discord.wait_connected()
        await bot.ticks(1)
        take(day.path)
        assert await bot.wait() == EX_IOERR
        assert sentence_in(bot.log).startswith(f"{day.path}{suffix} was deleted, renamed or")


@pytest.mark.slow
async def test_row_62_what_a_deleted_log_held_is_saved_at_the_end(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    await create(path)
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        assert beside(path, "-wal").stat().st_size
        beside(path, "-wal").unlink()
        assert await bot.wait() == EX_IOERR
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    (boot,) = connection.execute("SELECT value FROM fact WHERE name = 'boot'").fetchone()
    connection.close()
    assert lock_file(path).read_text().split()[0] == boot


@pytest.mark.slow
async def test_row_62_the_log_of_a_replaced_file_is_not_read_into_the_new_one(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    await create(path)
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        replace_file(path)
        assert await bot.wait() == EX_IOERR
    assert not beside(path, "-wal").exists()
    assert beside(path, ".lost-wal").stat().st_size


@pytest.mark.slow
async def test_row_62_a_deleted_lock_file_is_made_again(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    """It looks left over; without it a second instance could start."""
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        before = lock_file(path).read_text()
        lock_file(path).unlink()
        await bot.says("lock file deleted")
        assert lock_file(path).read_text() == before
        assert run(environ, "run", cwd=tmp_path).code == 75
        assert await bot.stop() == 0


DEADMAN = 128
"""The byte of a ``-shm`` that SQLite keeps locked while the database is open (os_unix.c)."""


@pytest.mark.slow
async def test_row_62_the_bot_does_not_lose_its_locks(day: Scenario) -> None:
    """A process loses them when it opens and closes such a file to look at it.

    Other programs would take the database for closed then, and empty the files beside it.
    """
    day.environ["PAPER_BOT_BACKUP__EVERY_H"] = "24"  # a backup reads the file too
    async with day.running() as bot:
        await day.discord.wait_connected()
        await bot.says("backup made")
        await bot.ticks(2)
        with beside(day.path, "-shm").open("r+b") as shared, pytest.raises(BlockingIOError):
            fcntl.lockf(shared, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, DEADMAN)
        await asyncio.to_thread(run, day.environ, "check", cwd=day.path.parent)
        await bot.ticks(2)
        assert await bot.stop() == 0


# Gone between two runs


@pytest.mark.slow
async def test_row_62_a_file_that_is_gone_is_not_begun_anew(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    """The lock file of the last run says that there was one; without it it may begin."""
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached")
        assert await bot.stop() == 0
    path.unlink()
    for command in (["run"], ["search", "x"], ["check"]):
        ran = run(environ, *command, cwd=tmp_path)
        assert f"{path} is gone, but {path}.lock says that there was one" in ran.err + ran.out
        assert ran.code == (EX_CONFIG if command == ["check"] else EX_IOERR)
    assert not path.exists()
    lock_file(path).unlink()
    assert run(environ, "search", "x", cwd=tmp_path).code == 0


async def test_row_62_a_log_without_its_file_is_not_read_into_an_empty_one(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    beside(path, "-wal").write_bytes(b"x" * 100)
    ran = run(environ, "search", "x", cwd=tmp_path)
    assert ran.code == EX_IOERR
    assert f"{path} is gone, but {path}-wal says" in sentence_in(ran.err)
    assert not path.exists()


async def test_row_62_a_folder_that_is_gone_is_not_begun_anew(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    """A backup in another place says that there was a database, and how to have it back."""
    await create(path)
    copies = tmp_path / "copies"
    copies.mkdir()
    environ["PAPER_BOT_BACKUP__FOLDER"] = str(copies)
    copy = copies / name_copy(path, NOW)
    await backup(path, copy)
    delete_folder(path)
    for command in (["run"], ["search", "x"]):
        ran = run(environ, *command, cwd=tmp_path)
        assert ran.code == EX_IOERR
        sentence = sentence_in(ran.err)
        assert f"{path} is gone, but there is a backup of it" in sentence
        assert f"restore {copy}" in sentence
    assert not path.exists()
    assert run(environ, "restore", str(copy), cwd=tmp_path).code == 0
    assert run(environ, "search", "x", cwd=tmp_path).code == 0


@pytest.mark.slow
async def test_row_62_a_log_deleted_after_a_kill_is_noticed(day: Scenario) -> None:
    """The file is older than what the bot knew then, like a copy that was put back."""
    admin = day.discord.add_user(is_admin=True)
    async with day.running() as bot:
        await day.discord.wait_connected()
        await bot.ticks(1)
        checkpoint(day.path)  # the file knows this start, and not what comes
        channel = day.discord.add_channel(day.guild, "more")
        setup = await day.discord.slash(
            day.guild, channel, admin, "digest setup", categories="cs.CV"
        )
        assert setup.is_private
        await bot.kill()
    beside(day.path, "-wal").unlink()
    async with day.running() as bot:
        await bot.says("database older than when the bot last ran")
        await bot.says("compared with the channels")
        await bot.ticks()
        assert await bot.stop() == 0


def checkpoint(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, timeout=LONG_S)) as connection:
        connection.execute("PRAGMA wal_checkpoint(FULL)")


@pytest.mark.slow
async def test_row_62_a_kill_alone_is_not_taken_for_a_loss(day: Scenario) -> None:
    """Nor is another command that puts the log into the file."""
    for command in ([], ["search", "x"], ["check"]):
        async with day.running() as bot:
            await day.discord.wait_connected()
            await bot.ticks(1)
            await bot.kill()
        if command:
            await asyncio.to_thread(run, day.environ, *command, cwd=day.path.parent)
    async with day.running() as bot:
        await bot.ticks(1)
        assert await bot.stop() == 0
    assert "database older" not in day.log


# Files that are none


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def link_to(device: str) -> Callable[[Path], None]:
    # By a link: what is made beside a device, or in its place, would stay on this machine.
    return lambda path: path.symlink_to(device)


SPECIAL: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (make_pipe, "a pipe"),
    "a socket": (make_socket, "a socket"),
    "a folder": (Path.mkdir, "a folder"),
    "/dev/null": (link_to("/dev/null"), "a device"),
    "/dev/full": (link_to("/dev/full"), "a device"),
}


@pytest.mark.slow
@pytest.mark.cpu_limit(6)  # and a minute, for one that waits for what is no file
@pytest.mark.parametrize("case", SPECIAL)
def test_row_63_a_database_that_is_no_file(
    case: str, environ: dict[str, str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, kind = SPECIAL[case]
    monkeypatch.chdir(path.parent)
    make(Path(path.name))  # the path of a socket may not be long
    sentence = f"{path} is {kind}, not a file; set database.path to a file."
    for command in ("run", "search x", "backup b.db"):
        ran = run(environ, *command.split(), cwd=path.parent)
        assert ran == Ran(EX_IOERR, "", f"{sentence}\n"), command
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("case", SPECIAL)
async def test_row_63_a_backup_to_what_is_no_file(
    case: str, environ: dict[str, str], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be replaced by a file."""
    make, kind = SPECIAL[case]
    await create(path)
    monkeypatch.chdir(path.parent)
    make(Path("copy.db"))
    ran = run(environ, "backup", "copy.db", cwd=path.parent)
    assert ran.code == EX_IOERR
    assert sentence_in(ran.err) == f"copy.db is {kind}, not a file; name a file for the backup."


@pytest.mark.parametrize("name", ["DATABASE__PATH", "BACKUP__FOLDER", "TOPICS__STARTERS"])
def test_row_63_a_home_folder_that_is_none(
    name: str, environ: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder gets the name of one, be it that of another user or the bot's own."""
    variable = f"PAPER_BOT_{name}"
    ran = run({**environ, variable: "~no-such-user/papers"}, "search", "x", cwd=folder)
    assert ran.code == EX_CONFIG
    assert "~no-such-user stands for a home folder, and there is none" in sentence_in(ran.err)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    with pytest.raises(ConfigError, match="~ stands for a home folder, and there is none"):
        load_config(environ={variable: "~/papers"})
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "around", [b"%s\r\n", b"\xef\xbb\xbf%s", b"  %s\t\n\n", b"\xef\xbb\xbf%s\r\n"]
)
@pytest.mark.parametrize("kind", ["file", ".env"])
async def test_row_63_what_an_editor_leaves_around_a_token(
    around: bytes, kind: str, environ: dict[str, str], folder: Path
) -> None:
    token_file, env_file = folder / "token", folder / ".env"
    del environ["DISCORD_TOKEN"]
    if kind == "file":
        token_file.write_bytes(around % TOKEN.encode())
        environ["DISCORD_TOKEN_FILE"] = str(token_file)
    else:
        env_file.write_bytes(around % f"DISCORD_TOKEN={TOKEN}".encode())
    ran = run(environ, "check", cwd=folder)
    assert "Discord cannot be reached" in ran.out, ran.err


# Who may read them


@pytest.mark.slow
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777], ids="{:03o}".format)
def test_row_63_new_files_are_their_users_own(
    umask: int, environ: dict[str, str], path: Path
) -> None:
    """Whatever the umask says: nobody else reads them, and the bot itself can."""
    environ["PAPER_BOT_DATABASE__PATH"] = str(path := path.parent / "new" / "papers.db")
    for command in ("search x", "backup new/b.db", "restore new/b.db"):
        cwd = path.parent.parent
        with commands.started(environ, *command.split(), cwd=cwd, umask=umask) as running:
            assert (ran := running.wait()).code == 0, ran.err
    files = sorted(path.parent.iterdir())
    assert {"b.db", "papers.db", "papers.db.lock"} <= {file.name for file in files}
    assert {mode_of(file) for file in files} == {0o600}
    assert mode_of(path.parent) == 0o700


@pytest.mark.slow
async def test_row_63_files_beside_an_open_database_and_its_copies_are_private_too(
    path: Path,
) -> None:
    async with scenario(path.parent, channels=1, papers=1) as day:
        day.environ["PAPER_BOT_BACKUP__EVERY_H"] = "24"
        async with day.running() as bot:
            await bot.says("backup made")
            files = [*path.parent.glob("papers.db*"), *path.parent.glob("backups/*")]
            assert len(files) == 5
            assert {mode_of(file) for file in files} == {0o600}
            assert "others on this machine" not in bot.log
            assert await bot.stop() == 0


@pytest.mark.slow
async def test_row_63_files_open_to_others_are_told_once(
    environ: dict[str, str], path: Path, tmp_path: Path
) -> None:
    await create(path)
    copy = path.with_name("b.db")
    await backup(path, copy)
    path.chmod(0o644)
    copy.chmod(0o640)
    async with running_bot(environ, cwd=tmp_path) as bot:
        await bot.says("Discord not reached", times=2)
        (line,) = [line for line in bot.log.splitlines() if "others on this machine" in line]
        assert "run: chmod 600" in line
        assert {str(path), str(copy)} <= set(line.split())
        assert await bot.stop() == 0
    assert (mode_of(path), mode_of(copy)) == (0o644, 0o640)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
async def test_row_63_restore_keeps_the_permissions(
    mode: int, environ: dict[str, str], path: Path
) -> None:
    await create(path)
    copy = path.with_name("b.db")
    await backup(path, copy)
    path.chmod(mode)
    copy.chmod(0o666)
    if os.geteuid() == 0:
        os.chown(path, 1234, 5678)
    assert run(environ, "restore", str(copy), cwd=path.parent).code == 0
    assert mode_of(path) == mode
    if os.geteuid() == 0:
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
async def test_row_63_what_root_makes_is_of_the_folders_owner(
    environ: dict[str, str], path: Path
) -> None:
    """Else the bot could not use what an administrator's command had made."""
    os.chown(path.parent, 1234, 5678)
    assert run(environ, "search", "x", cwd=path.parent).code == 0
    assert run(environ, "reindex", cwd=path.parent).code == 0
    owners = {(file.stat().st_uid, file.stat().st_gid) for file in path.parent.iterdir()}
    assert owners == {(1234, 5678)}


# Lost output

PRINTING = ["settings", "--help", "--version", "search --help", "search paper", "check"]
TELLING = (*PRINTING, "digest --category cs.CV")
QUIET = ["backup b.db", "reindex", "restore b.db"]


@pytest.mark.slow
async def test_row_63_output_that_is_full(environ: dict[str, str], path: Path) -> None:
    """Told in one sentence on stderr, with the code of such an error; files are not touched."""
    await create(path)
    await backup(path, path.with_name("b.db"))
    sentence = "The output cannot be written: No space left on device."
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        ran = {each: run_into(full, environ, each, path.parent) for each in (*TELLING, *QUIET)}
    finally:
        os.close(full)
    for command in TELLING:
        told = ran[command].err.splitlines()
        assert (ran[command].code, told) == (EX_IOERR, [sentence]), command
    assert [ran[command].code for command in QUIET] == [0] * len(QUIET)


def run_into(output: int, environ: Mapping[str, str], command: str, folder: Path) -> Ran:
    with commands.started(environ, *command.split(), cwd=folder, output=output) as running:
        return running.wait()


@pytest.mark.slow(10)
async def test_row_63_output_that_is_closed(environ: dict[str, str], path: Path) -> None:
    """Likewise; Python itself has no stdout then."""
    await create(path)
    await backup(path, path.with_name("b.db"))
    sentence = "The output cannot be written: stdout is closed."
    for command in TELLING:
        ran = start(environ, f"$BOT {command} >&-")
        assert (ran.returncode, ran.stderr.splitlines()) == (EX_IOERR, [sentence]), command
    for command in QUIET:
        assert start(environ, f"$BOT {command} >&-").returncode == 0, command


@pytest.mark.slow
async def test_row_63_a_reader_that_has_seen_enough_is_no_failure(
    environ: dict[str, str], path: Path
) -> None:
    await create(path)
    for command in PRINTING:
        script = f"( $BOT {command}; echo $? >code ) | true; cat code"
        ran = start(environ, script)
        assert ran.stdout.strip() in ("0", str(EX_CONFIG)), (command, ran.stderr)
        assert "Traceback" not in ran.stderr
        assert "BrokenPipe" not in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("redirect", ["2>/dev/full", "2>&-"])
async def test_row_63_remarks_that_nobody_reads_keep_it_from_nothing(
    redirect: str, environ: dict[str, str], path: Path
) -> None:
    """Nor do they land in the output, or in a file that took the number of stderr."""
    await create(path)
    ran = start(environ, f"$BOT search paper {redirect}")
    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) == 5
    ran = start(environ, f"$BOT search nothing-of-the-kind {redirect}")
    assert (ran.returncode, ran.stdout) == (0, "")


def test_row_63_a_config_that_is_a_folder(environ: dict[str, str], folder: Path) -> None:
    ran = run(environ, "--config", str(folder), "search", "x", cwd=folder)
    assert ran.code == EX_CONFIG
    assert sentence_in(ran.err) == (
        f"{folder}: cannot be read (Is a directory); name a file that can"
    )
