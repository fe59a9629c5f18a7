"""The wheel as people install it: built, put into an empty environment, started from elsewhere.

By default without the network: the environment borrows its dependencies from that of the tests.
`make wheel` installs the wheel with its real dependencies and runs the same tests there. Each of
those of how it runs starts a program or two, so they are among the slow ones.
"""

import asyncio
import email.parser
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import __version__
from bot.run.demo import NEEDS_SIMCORD
from tests.fakes.discord import DiscordServer

ROOT = Path(__file__).parent.parent
START_S = 60


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )


# --- what is in it ---


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = run(
        sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    """Data files too: the demo's listing, settings, starter topics, the mark of typed code."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = (path for path in (ROOT / "bot").rglob("*") if path.is_file())
    wanted = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert names == wanted
    assert {"bot/py.typed", "bot/config/bot.toml", "bot/config/topics.toml"} < names


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.parser.Parser().parsestr(archive.read(name).decode())
        entry_points = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Provides-Extra") == ["demo", "mcp"]
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert "paper-digest-bot = bot.__main__:start" in entry_points


def test_the_demo_asks_for_the_packages_of_its_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (wanted,) = project["optional-dependencies"]["demo"]
    assert f"'{wanted}'" in NEEDS_SIMCORD


# --- how it runs ---


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel, and an empty folder from which it is started."""

    environment: Path
    folder: Path

    @property
    def script(self) -> str:
        return str(self.environment / "bin" / "paper-digest-bot")

    @property
    def python(self) -> str:
        return str(self.environment / "bin" / "python")

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return run(*command, cwd=self.folder, env={"PATH": os.environ["PATH"], **variables})


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("INSTALLED_BOT"):
        return (ROOT / given).absolute()
    path = tmp_path_factory.mktemp("installed") / "environment"
    steps = [
        [sys.executable, "-m", "venv", "--without-pip", str(path)],
        [
            sys.executable, "-m", "pip", "--python", str(path / "bin" / "python"), "install", "-q",
            "--disable-pip-version-check", "--no-index", "--no-deps", str(wheel),
        ],
    ]  # fmt: skip
    for step in steps:
        done = run(*step)
        assert done.returncode == 0, done.stderr
    (packages,) = path.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return path


@pytest.fixture
def installed(environment: Path, tmp_path: Path) -> Installed:
    return Installed(environment, tmp_path)


@pytest.mark.slow
def test_it_runs_from_its_own_environment(installed: Installed) -> None:
    """Else all below would be about the clone."""
    done = installed.run(installed.python, "-c", "import bot; print(bot.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed.environment)


@pytest.mark.slow
def test_usage_names_the_program_as_it_was_started(installed: Installed) -> None:
    helped = installed.run(installed.script, "--help").stdout
    assert helped.startswith("usage: paper-digest-bot [")
    assert "python -m bot" not in helped


@pytest.mark.slow
def test_settings_and_starter_topics_travel_with_it(installed: Installed) -> None:
    settings = installed.run(installed.script, "settings")
    assert settings.stdout == (ROOT / "config" / "bot.toml").read_text("utf-8")
    count = "from bot.config.schema import Config; from bot.config.starters import load_starters;"
    done = installed.run(
        installed.python, "-c", f"{count} print(len(load_starters(Config().topics.starters)))"
    )
    topics = tomllib.loads((ROOT / "config" / "topics.toml").read_text("utf-8"))["topic"]
    assert done.stdout == f"{len(topics)}\n"


@pytest.mark.slow
def test_an_empty_database_says_what_to_do(installed: Installed) -> None:
    done = installed.run(installed.script, "search", "video")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No paper is stored yet; paper-digest-bot fetch, import and backfill" in done.stderr
    assert (installed.folder / "data" / "papers.db").exists()


@pytest.mark.slow
def test_without_a_token_check_says_so(installed: Installed) -> None:
    check = installed.run(installed.script, "check")
    assert check.returncode == 78
    assert "BAD  no token; set DISCORD_TOKEN or DISCORD_TOKEN_FILE\n" in check.stdout


@pytest.mark.slow
async def test_a_token_that_discord_refuses_is_one_sentence(installed: Installed) -> None:
    async with DiscordServer() as discord:
        discord.is_token_good = False
        started = await asyncio.to_thread(
            installed.run, installed.script, "run",
            DISCORD_TOKEN=discord.token,
            PAPER_BOT_DISCORD__API_URL=discord.api_url,
            PAPER_BOT_LOG__LEVEL="ERROR",
        )  # fmt: skip
    assert started.returncode == 78
    assert re.fullmatch("Discord refuses the token; .+\n", started.stderr)


@pytest.mark.slow
async def test_the_demo_serves_its_page_until_ctrl_c(installed: Installed) -> None:
    process = await asyncio.create_subprocess_exec(
        installed.script, "demo", cwd=installed.folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            said = (await process.stdout.readuntil(b"Ctrl-C ends it.\n")).decode()
        address, *_ = re.findall(r"http://127\.0\.0\.1:\d+/", said)
        assert "cs.CV of Tue, 18 Aug 2026: 269 papers" in said
        async with aiohttp.ClientSession() as session, session.get(address) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
