"""The image as people run it: without rights, on a root that cannot be written, beside stand-ins.

`make image` builds it and runs these tests; without Docker and BOT_IMAGE they are skipped.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import __version__
from tests.fakes.arxiv import ArxivServer
from tests.fakes.discord import DiscordServer
from tests.fakes.process import bot_environ
from tests.waiting import until

IMAGE = os.environ.get("BOT_IMAGE", "")
ROOT = Path(__file__).parent.parent
DOCKER = shutil.which("docker")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (IMAGE and DOCKER), reason="needs Docker and an image: make image"),
]

SEALED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL",  # noqa: S108
          "--security-opt", "no-new-privileges"]  # fmt: skip


async def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [DOCKER or "docker", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


async def printed(*arguments: str) -> str:
    done = await docker(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def copy_privately(names: Sequence[str], folder: Path) -> None:
    """Copy parts of the project as they are in a clone made under the umask 077."""
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy(source, folder / name)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)


@asynccontextmanager
async def container(arxiv: ArxivServer, discord: DiscordServer) -> AsyncIterator[str]:
    """Run the bot in a container that shares this machine's loopback, where the stand-ins are."""
    settings = bot_environ(Path("/data"), arxiv=arxiv, discord=discord)
    variables = [
        part
        for name, value in settings.items()
        if name.startswith(("PAPER_BOT_", "DISCORD_"))
        for part in ("--env", f"{name}={value}")
    ]
    name = await printed(
        "run", "--detach", *SEALED, "--network", "host", "--memory", "256m", "--pids-limit", "64",
        "--health-interval", "1s", "--health-start-period", "0s", *variables, IMAGE,
    )  # fmt: skip
    try:
        yield name
    finally:
        await docker("rm", "--force", "--volumes", name)


async def test_the_image_is_this_version() -> None:
    said = await printed("run", "--rm", "--network", "none", *SEALED, IMAGE, "--version")
    assert said == f"Paper Digest Bot {__version__}"


async def test_a_clone_that_only_its_owner_may_read_makes_an_image_that_runs(
    tmp_path: Path,
) -> None:
    """The umask 077 leaves such files; the image's user is not their owner."""
    copy_privately(("Dockerfile", ".dockerignore", "config", "bot"), tmp_path)
    # As in the image under test, whose packages then need not be fetched again.
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    image = await printed("build", "--quiet", str(tmp_path))
    try:
        assert await printed("run", "--rm", "--network", "none", *SEALED, image, "--version")
    finally:
        await docker("rmi", "--force", image)


async def test_without_rights_it_turns_green_passes_its_check_and_ends_in_time() -> None:
    async with (
        ArxivServer() as arxiv,
        DiscordServer() as discord,
        container(arxiv, discord) as name,
    ):

        async def is_healthy() -> bool:
            state = "{{.State.Status}} {{.State.Health.Status}}"
            said = await printed("inspect", "--format", state, name)
            assert said.startswith("running"), (await docker("logs", name)).stderr
            return said == "running healthy"

        await discord.wait_connected()
        await until(is_healthy)
        check = await docker("exec", name, "python", "-m", "bot", "check")
        assert check.returncode == 0, check.stdout
        assert "BAD" not in check.stdout
        await printed("stop", "-t", "40", name)
        ended = await printed("inspect", "--format", "{{.State.ExitCode}}", name)
        assert ended == "0", (await docker("logs", name)).stderr
