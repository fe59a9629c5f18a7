"""The image as people run it: without rights, on a root that cannot be written, beside stand-ins.

`make image` builds it and runs these tests; without Docker and BOT_IMAGE they are skipped.
"""

import asyncio
import json
import os
import shutil
import stat
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import yaml

from bot import __version__
from bot.store.backup.backup import backup
from tests.fakes.arxiv import ArxivServer
from tests.fakes.discord import DiscordServer
from tests.faults.scenario import Scenario
from tests.run.test_health import find_free_port
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

STANDING = """
import json, os, pathlib
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "rights": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "gains none": int(status["NoNewPrivs"]),
    "is sealed": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    "can write": [path for path in ("/", "/app", "/app/config", "/data", "/opt/venv")
                  if os.access(path, os.W_OK)],
    "modes": sorted({oct(path.stat().st_mode) for path in pathlib.Path("/data").rglob("*")
                     if path.is_file()} | {oct(os.stat("/data").st_mode)}),
}))
"""
"""Asked in the container, as the bot's user."""

LITESTREAM = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["litestream"]["image"]
REPLICA = "file:///replica"


async def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [DOCKER or "docker", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


async def printed(*arguments: str) -> str:
    done = await docker(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


class Host:
    """A day for two channels, and compose.yaml with the image under test on this loopback."""

    def __init__(self, day: Scenario, folder: Path) -> None:
        self.day = day
        settings = {
            name: value
            for name, value in day.environ.items()
            if name.startswith(("PAPER_BOT_", "DISCORD_")) and name != "PAPER_BOT_DATABASE__PATH"
        }
        settings["PAPER_BOT_HEALTH__PORT"] = str(find_free_port())
        settings["DISCORD_TOKEN_FILE"] = ""  # a developer's .env may name one
        bot = {
            "image": IMAGE,
            "network_mode": "host",
            "environment": settings,
            "healthcheck": {"interval": "1s", "start_period": "1s"},
        }
        replica = folder / "replica"
        replica.mkdir()
        replica.chmod(0o777)
        services = {"bot": bot, "litestream": {"volumes": [f"{replica}:/replica"]}}
        (folder / "beside.json").write_text(json.dumps({"services": services}), "utf-8")
        (folder / "env").write_text(f"LITESTREAM_REPLICA_URL={REPLICA}\n", "utf-8")
        self._options = [
            "--project-name", f"paper-digest-bot-test-{os.getpid()}", "--profile", "replicate",
            "--env-file", str(folder / "env"),
            "--file", str(ROOT / "compose.yaml"), "--file", str(folder / "beside.json"),
        ]  # fmt: skip

    async def compose(self, *arguments: str) -> str:
        return await printed("compose", *self._options, *arguments)

    async def start(self) -> None:
        """Start it and wait until Docker shows it as healthy."""
        await self.compose("up", "--no-build", "--detach", "bot")
        self.name = await self.compose("ps", "--all", "--quiet", "bot")

        async def is_healthy() -> bool:
            said = await self.inspect("{{.State.Status}} {{.State.Health.Status}}")
            assert said.startswith("running"), await self.log()
            return said == "running healthy"

        await until(is_healthy)

    async def stop(self) -> None:
        """Stop it as a host does; what had to be killed has another code."""
        await self.compose("stop")
        assert await self.inspect("{{.State.ExitCode}}") == "0", await self.log()

    async def inspect(self, form: str) -> str:
        return await printed("inspect", "--format", form, self.name)

    async def log(self) -> str:
        return (await docker("logs", self.name)).stderr

    async def ticks(self) -> None:
        """Let the bot look at what is due a few times."""
        enough = (await self.log()).count("tick ended") + 4

        async def has_looked() -> bool:
            return (await self.log()).count("tick ended") >= enough

        await until(has_looked)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    """Bring a database of elsewhere onto the volume, as a host who moves does."""
    async with ArxivServer() as arxiv, DiscordServer() as discord:
        day = Scenario(tmp_path, arxiv, discord, channels=2, papers=3)
        await day.subscribe()
        copy = tmp_path / "copy.db"
        await backup(day.path, copy)
        copy.chmod(0o644)  # the bot's user in the container is another one
        host = Host(day, tmp_path)
        try:
            await host.compose(
                "run", "--rm", "--volume", f"{copy}:/copy.db:ro", "bot", "restore", "/copy.db"
            )
            yield host
        finally:
            await host.compose("down", "--volumes")


async def test_the_image_is_this_version() -> None:
    said = await printed("run", "--rm", "--network", "none", *SEALED, IMAGE, "--version")
    assert said == f"Paper Digest Bot {__version__}"


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


async def test_it_turns_green_without_rights_passes_its_check_and_ends_in_time(host: Host) -> None:
    await host.start()
    standing = json.loads(await host.compose("exec", "-T", "bot", "python", "-c", STANDING))
    assert standing == {
        "user": [10001, 10001],
        "rights": 0,
        "gains none": 1,
        "is sealed": True,
        "can write": ["/data"],
        "modes": sorted([oct(stat.S_IFDIR | 0o700), oct(stat.S_IFREG | 0o600)]),
    }
    checked = await host.compose("exec", "-T", "bot", "python", "-m", "bot", "check")
    assert "BAD" not in checked
    await host.stop()


async def test_a_restart_and_a_restored_backup_post_nothing_again(host: Host) -> None:
    await host.start()
    await host.day.discord.wait_for_messages(2)
    await host.ticks()
    made = "/data/backups/papers.db"
    await host.compose("exec", "-T", "bot", "python", "-m", "bot", "backup", made)
    await host.stop()
    await host.start()
    await host.ticks()
    await host.stop()
    await host.compose("run", "--rm", "bot", "restore", made)
    await host.start()
    await host.ticks()
    assert (await host.log()).count("database compared with the channels") == 2
    assert len(host.day.discord.ledger) == 2


async def test_a_replica_comes_back_on_a_new_volume_and_posts_nothing_again(host: Host) -> None:
    """As the operations' page has it for a host that was lost."""
    fetched = await docker("pull", "--quiet", LITESTREAM)
    if fetched.returncode and (await docker("image", "inspect", LITESTREAM)).returncode:
        pytest.skip(f"needs {LITESTREAM}: {fetched.stderr}")
    await host.start()
    await host.compose("up", "--detach", "litestream")
    await host.day.discord.wait_for_messages(2)

    async def is_carried() -> bool:
        return "wal segment written" in await host.compose("logs", "litestream")

    await until(is_carried)
    await host.stop()
    await host.compose("down", "--volumes")
    await host.compose("create", "--no-build", "bot")
    await host.compose("run", "--rm", "litestream", "restore", "-o", "/data/papers.db", REPLICA)
    await host.start()
    await host.ticks()
    assert "database compared with the channels" in await host.log()
    assert len(host.day.discord.ledger) == 2
