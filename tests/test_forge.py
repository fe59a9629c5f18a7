"""The files that a public forge reads: workflows, Dependabot, templates."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FORGE = ROOT / ".github"
WORKFLOWS = sorted((FORGE / "workflows").glob("*.yml"))
TEMPLATES = sorted((FORGE / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


JOBS: dict[str, dict[str, Any]] = {
    f"{path.stem}.{name}": job for path in WORKFLOWS for name, job in read(path)["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.M))


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    """A tag can be moved to other code; a commit cannot."""
    lines = [line for path in WORKFLOWS for line in path.read_text("utf-8").splitlines()]
    uses = [line for line in lines if "uses:" in line]
    assert uses
    for line in uses:
        assert re.search(r"uses: [\w-]+/[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$", line), line


def test_an_action_is_pinned_to_one_commit_everywhere() -> None:
    uses = {step["uses"] for step in STEPS if "uses" in step}
    assert len(uses) == len({name.partition("@")[0] for name in uses})


def test_every_command_is_a_make_target() -> None:
    """What fails there can be run at home, by the same name; Windows has no make."""
    at_home = [job for name, job in JOBS.items() if name != "ci.elsewhere"]
    commands = [step["run"] for job in at_home for step in job["steps"] if "run" in step]
    wanted = {"lint", "platforms", "node", "test", "slow", "coverage", "wheel", "image", "attested"}
    targets = [re.match(r"make (\w+)", command) for command in commands]
    assert None not in targets
    assert {match[1] for match in targets if match} == wanted <= make_targets()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_only_read(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_and_leaves_no_credentials_to_the_code(name: str) -> None:
    assert JOBS[name]["timeout-minutes"] <= 45
    for step in JOBS[name]["steps"]:
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_the_tests_run_on_every_python_that_the_package_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    tested = JOBS["ci.test"]["strategy"]["matrix"]["python"]
    assert tested == named
    assert project["requires-python"] == f">={named[0]}"
    tried = re.search(r"\$\(PYTHON\) (.+) python3;", (ROOT / "Makefile").read_text("utf-8"))
    assert tried is not None
    assert tried[1].split() == [f"python{version}" for version in reversed(named)]


def test_dependabot_watches_packages_actions_and_image_and_waits_a_week() -> None:
    updates = read(FORGE / "dependabot.yml")["updates"]
    assert {each["package-ecosystem"]: each["directory"] for each in updates} == {
        "pip": "/",
        "github-actions": "/",
        "npm": "/tests/node",
        "docker": "/",
    }
    assert all(each["cooldown"]["default-days"] >= 7 for each in updates)


def test_dependabot_can_read_the_locks() -> None:
    """It reads requirements only in files that end so, and finds them in folders below."""
    assert all(path.suffix == ".txt" for path in (ROOT / "requirements").iterdir())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_an_issue_form_asks_something_and_names_each_answer_once(path: Path) -> None:
    form = read(path)
    assert form["name"]
    assert form["description"]
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert any(part.get("validations", {}).get("required") for part in fields)
    assert len({part["id"] for part in fields}) == len(fields) > 1
    assert all(part["attributes"]["label"] for part in fields)
