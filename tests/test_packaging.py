"""What newcomers and operators start first: make, the image, compose."""

import asyncio
import fnmatch
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import __version__
from bot.cli.arguments import build_parser
from bot.cli.output import EXIT_CONFIG, EXIT_RUNNING
from bot.config.schema import Config, HealthConfig
from bot.config.sources import load_config
from bot.run.process import GRACE_S
from tests.run.test_health import find_free_port, make_health, pages

ROOT = Path(__file__).parent.parent
LOCKS = ["runtime.txt", "demo.txt", "dev.txt"]

Instruction = tuple[str, str]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )


# --- make ---


def run_make(
    *arguments: str, folder: Path = ROOT, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    if make is None:
        pytest.skip("needs make, which is not here")
    inherited = {name: os.environ[name] for name in os.environ if not name.startswith("MAKE")}
    unset = {"PORT", "LISTING", "ARGS", "PYTHON", "CONFIG", "PAPER_BOT_CONFIG"}
    environment = {name: value for name, value in inherited.items() if name not in unset}
    return run(
        make, *arguments, cwd=folder, env={**environment, "PATH": path or os.environ["PATH"]}
    )


def test_make_alone_lists_every_target() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.M)
    listed = re.findall(r"^make (\w+) +\S", run_make().stdout, re.M)
    assert sorted(listed) == sorted(phony.split())


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["demo"], "exec .venv/bin/python -m bot demo"),
        (
            ["demo", "PORT=8123", "LISTING=my day.md"],
            "exec .venv/bin/python -m bot demo --port 8123 --listing 'my day.md'",
        ),
        (["run"], "PAPER_BOT_CONFIG='config/bot.toml' exec .venv/bin/python -m bot run"),
        (["run", "CONFIG=x.toml"], "PAPER_BOT_CONFIG='x.toml' exec .venv/bin/python -m bot run"),
        (["doctor"], "PAPER_BOT_CONFIG='config/bot.toml' .venv/bin/python -m bot doctor"),
        (["test"], ".venv/bin/python -m pytest -n auto --dist worksteal -m 'not slow'"),
    ],
)
def test_a_target_runs_what_it_says(arguments: list[str], command: str) -> None:
    last_line = run_make("--dry-run", *arguments).stdout.splitlines()[-1]
    assert shlex.split(last_line) == shlex.split(command)


@pytest.mark.parametrize(
    ("target", "lock"),
    [
        ("run", "runtime"),
        ("doctor", "runtime"),
        ("demo", "demo"),
        ("setup", "dev"),
        ("test", "dev"),
    ],
)
def test_a_target_installs_what_it_needs_and_no_more(
    target: str, lock: str, tmp_path: Path
) -> None:
    """In a clean clone, and once: the larger set serves the targets of the smaller ones."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    planned = run_make("--dry-run", target, folder=tmp_path).stdout
    assert re.findall(r"-r requirements/(\w+)\.txt", planned) == [lock]
    sets = {"runtime": "runtime", "demo": "runtime demo", "dev": "runtime demo dev"}[lock].split()
    (tmp_path / ".venv").mkdir()
    for name in sets:
        assert f".venv/.{name}-installed" in planned
        (tmp_path / ".venv" / f".{name}-installed").touch()
    assert "-r requirements" not in run_make("--dry-run", target, "run", folder=tmp_path).stdout


def test_too_old_a_python_is_one_clear_sentence(tmp_path: Path) -> None:
    """With only an old Python a person learns what to install, and gets no half environment."""
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "requirements" / "dev.txt", tmp_path / "requirements")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("head", "sh"):
        (programs / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))
    for name in ("python3", "python3.13"):
        (programs / name).write_text(
            '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1\nexit 1\n'
        )
        (programs / name).chmod(0o755)
    done = run_make("test", folder=tmp_path, path=str(programs))
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "python3 here is: Python 3.9.1" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_check_script_is_a_bash_script_that_runs_make() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text("utf-8")
    if shutil.which("bash"):
        assert run("bash", "-n", str(script)).stderr == ""
    targets = re.findall(r"^make (\w+)", script.read_text("utf-8"), re.M)
    assert targets == ["lint", "slow", "test"]


# --- the lock files ---


@pytest.mark.parametrize("name", LOCKS)
def test_each_locked_package_has_a_version_and_hashes(name: str) -> None:
    text = re.sub(r"^\s*#.*\n", "", read(f"requirements/{name}"), flags=re.M)
    requirements = text.replace("\\\n", " ").splitlines()
    assert requirements
    for requirement in requirements:
        assert re.fullmatch(
            r"[a-z0-9-]+==\S+( ; [^#\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", requirement
        ), requirement


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host_and_no_folder(name: str) -> None:
    assert not re.search(r"https?:|file:|index-url|find-links|/\w+/", read(f"requirements/{name}"))


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", read(f"requirements/{name}"), re.M))


def test_the_locks_agree_and_hold_every_dependency() -> None:
    runtime, demo, dev = map(locked, LOCKS)
    assert runtime.items() <= demo.items() <= dev.items()
    project = tomllib.loads(read("pyproject.toml"))
    assert set(map(normal, project["project"]["dependencies"])) <= set(runtime)
    assert set(map(normal, project["project"]["optional-dependencies"]["demo"])) <= set(demo)
    assert set(map(normal, project["dependency-groups"]["dev"])) <= set(dev)


def normal(requirement: str) -> str:
    name = re.split(r"[\[<>=~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


# --- the version ---


def test_the_changelog_tells_what_this_version_brings() -> None:
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", read("CHANGELOG.md"), re.M)
    assert released[0] == __version__


# --- the image ---


def instructions() -> list[Instruction]:
    text = re.sub(r"^\s*#.*\n", "", read("Dockerfile"), flags=re.M).replace("\\\n", " ")
    return [
        (word, rest.strip())
        for word, _, rest in (s.partition(" ") for s in text.splitlines())
        if word
    ]


def all_of(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def image_environment() -> dict[str, str]:
    (text,) = all_of("ENV")
    return dict(word.split("=", 1) for word in shlex.split(text))


def copied_from_the_project() -> list[str]:
    return [rest.split()[0] for rest in all_of("COPY") if not rest.startswith("--from")]


def is_in_build_context(name: str) -> bool:
    """Say what .dockerignore says of a path: the last matching line wins."""
    is_in = True
    for line in read(".dockerignore").splitlines():
        pattern = line.removeprefix("!")
        parents = [name, *map(str, Path(name).parents)]
        names = parents + [Path(part).name for part in parents if pattern.startswith("**/")]
        if line and not line.startswith("#"):
            matches = any(fnmatch.fnmatchcase(n, pattern.removeprefix("**/")) for n in names)
            is_in = line.startswith("!") if matches else is_in
    return is_in


def test_all_that_the_image_copies_is_there() -> None:
    for name in copied_from_the_project():
        assert (ROOT / name).exists()
        assert is_in_build_context(name)


@pytest.mark.parametrize(
    "name",
    [".env", ".git", ".git/config", ".venv/bin/python", "data/papers.db", "tests/test_log.py",
     "bot/.env", "config/.env.local", "bot/__pycache__/x.pyc", "discord_token"],
)  # fmt: skip
def test_no_secret_and_no_rubbish_enters_the_build(name: str) -> None:
    assert not is_in_build_context(name)


@pytest.mark.parametrize("name", ["bot/__main__.py", "bot/run/data/x.md", "config/bot.toml"])
def test_the_package_and_its_settings_enter_the_build(name: str) -> None:
    assert is_in_build_context(name)


def test_the_image_runs_as_a_fixed_user_and_stops_on_sigterm() -> None:
    assert all_of("USER") == ["10001"]
    assert "--uid 10001" in " ".join(all_of("RUN"))
    assert all_of("STOPSIGNAL") == ["SIGTERM"]
    assert all_of("VOLUME") == ["/data"]


def test_the_image_installs_locked_wheels_only() -> None:
    (install,) = [text for text in all_of("RUN") if " install --no-cache-dir" in text]
    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install


def test_every_setting_of_the_image_is_one(tmp_path: Path) -> None:
    environment = image_environment() | {"PAPER_BOT_CONFIG": str(ROOT / "config" / "bot.toml")}
    config = load_config(environ=environment, env_file=tmp_path / "none")
    assert config.database.path == Path("/data/papers.db")
    assert config.health.port == 8080


def image_command(word: str) -> list[str]:
    (text,) = all_of(word)
    command = yaml.safe_load(text[text.index("[") :])
    assert command[0] == "python"
    return [sys.executable, *command[1:]]


def outside_docker(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}


def test_the_image_starts_the_bot(tmp_path: Path) -> None:
    """The same command line and variables as in the container, from another folder."""
    environment = outside_docker(image_environment())
    done = run(*image_command("ENTRYPOINT"), "--help", cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(all_of("CMD")[0]) == ["run"]
    assert re.search(r"\brun\b", done.stdout)


@pytest.mark.parametrize(("age_s", "code"), [(0, 0), (3600, 1)])
async def test_the_health_check_of_the_image_tells_alive_from_hung(age_s: int, code: int) -> None:
    port = find_free_port()
    health = make_health(heartbeat_s=age_s, tick_s=age_s)
    environment = outside_docker(image_environment()) | {
        "PAPER_BOT_HEALTH__PORT": str(port),
        "PAPER_BOT_CONFIG": str(ROOT / "config" / "bot.toml"),
    }
    async with pages(HealthConfig(port=port), lambda: health):
        check = await asyncio.create_subprocess_exec(
            *image_command("HEALTHCHECK"), env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        assert await check.wait() == code


# --- compose ---


def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(read("compose.yaml"))["services"]["bot"]
    return found


def test_compose_takes_every_right_that_the_bot_does_not_need() -> None:
    bot = service()
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert bot["mem_limit"] == "512m"
    assert unit_lines("MemoryMax") == ["512M"]
    assert bot["pids_limit"] <= 128
    assert bot["init"] is True
    assert not {"ports", "privileged", "network_mode"} & set(bot)


def test_compose_waits_for_sends_and_starts_again_with_the_machine() -> None:
    """`on-failure` would not: Docker ends the bot well before it ends itself."""
    bot = service()
    assert bot["stop_grace_period"] == "40s"
    assert bot["restart"] == "unless-stopped"
    assert build_parser("bot").parse_args(bot["command"]).stay


def test_compose_keeps_the_database_on_the_volume() -> None:
    """Even when .env says otherwise: the rest of the container cannot be written."""
    bot = service()
    path = Path(bot["environment"]["PAPER_BOT_DATABASE__PATH"])
    assert f"data:{path.parent}" in bot["volumes"]


def test_compose_passes_on_what_the_readme_lets_a_person_export() -> None:
    exported = re.findall(r"export (\w+)=", read("README.md"))
    assert len(exported) == 2
    environment = service()["environment"]
    assert [environment.get(name, "not passed on") for name in exported] == [None, None]


def test_what_compose_lets_a_host_put_beside_it_is_never_committed() -> None:
    """The token in a file, and what a host changes."""
    (secret,) = re.findall(r"file: \./(\w+)$", read("compose.yaml"), re.M)
    assert {f"/{secret}", "/compose.override.yaml", ".env"} <= set(read(".gitignore").split())


def test_compose_sets_only_real_settings() -> None:
    names = {name for name in service()["environment"] if name.startswith("PAPER_BOT_")}
    keys = {name.removeprefix("PAPER_BOT_").lower().replace("__", ".") for name in names}
    assert keys - {"config"} <= set(Config.list_keys())


def test_the_example_env_file_holds_no_secret_and_only_real_settings(tmp_path: Path) -> None:
    text = read(".env.example")
    uncommented = re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.M)
    (tmp_path / ".env").write_text(uncommented, "utf-8")
    load_config(environ={}, env_file=tmp_path / ".env")
    assert re.findall(r"^DISCORD_TOKEN\w*=(.*)$", uncommented, re.M) == ["", ""]


# --- systemd ---

UNIT = "docs/systemd/paper-digest-bot.service"


def unit_lines(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", read(UNIT), re.M)


def test_the_unit_keeps_the_database_where_systemd_lets_it_write(tmp_path: Path) -> None:
    variables = dict(line.split("=", 1) for line in unit_lines("Environment"))
    (state,) = unit_lines("StateDirectory")
    path = Path(variables["PAPER_BOT_DATABASE__PATH"])
    assert path.parent == Path("/var/lib") / state == Path(variables["SQLITE_TMPDIR"])
    assert unit_lines("ProtectSystem") == ["strict"]
    settings = {name: value for name, value in variables.items() if "__" in name}
    assert load_config(environ=settings, env_file=tmp_path / "none").database.path == path
    (credential,) = unit_lines("LoadCredential")
    assert variables["DISCORD_TOKEN_FILE"] == f"%d/{credential.partition(':')[0]}"


def test_the_unit_waits_for_sends_and_starts_no_second_host_again() -> None:
    assert int(unit_lines("TimeoutStopSec")[0]) > GRACE_S
    codes = {EXIT_RUNNING, EXIT_CONFIG}
    assert {int(code) for code in unit_lines("RestartPreventExitStatus")[0].split()} == codes


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("needs systemd-analyze")
    (command,) = unit_lines("ExecStart")
    unit = tmp_path / Path(UNIT).name
    unit.write_text(read(UNIT).replace(command.partition(" ")[0], sys.executable), "utf-8")
    done = run(systemd, "verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
