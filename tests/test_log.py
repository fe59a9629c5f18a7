"""Log lines: one an event, with fields, without secrets, whatever happens to stderr."""

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config.schema import LogConfig
from bot.log import make_handler, redact
from tests.faults.scenario import CATEGORY, scenario

CANARY = "canary-\\token"
TOKEN = f"{'M' * 24}.{'G' * 6}.{'x' * 38}"


@pytest.fixture(params=["text", "json"])
def format_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.Logger("bot.example")
    yield logger
    for handler in logger.handlers:
        handler.close()


def listen(logger: logging.Logger, format_name: str) -> io.StringIO:
    stream = io.StringIO()
    config = LogConfig.model_validate({"format": format_name})
    logger.addHandler(make_handler(config, [CANARY], stream))
    return stream


def raise_with(text: str) -> None:
    raise RuntimeError(text)


def test_text_is_one_line_with_fields_appended(logger: logging.Logger) -> None:
    stream = listen(logger, "text")
    logger.info("listing stored", extra={"category": "cs.LG", "why": "a b", "new": 212})
    line = stream.getvalue()
    assert line.endswith('INFO    bot.example: listing stored category=cs.LG why="a b" new=212\n')
    assert line.count("\n") == 1


def test_json_is_one_object_with_fields(logger: logging.Logger) -> None:
    stream = listen(logger, "json")
    logger.info("listing stored", extra={"category": "cs.LG", "new": 212, "odd": object})
    event = json.loads(stream.getvalue())
    assert event["message"] == "listing stored"
    assert event["level"] == "INFO"
    assert event["logger"] == "bot.example"
    assert (event["category"], event["new"]) == ("cs.LG", 212)
    assert event["time"].endswith("Z")


def test_a_line_end_or_terminal_code_in_a_message_forges_nothing(
    logger: logging.Logger, format_name: str
) -> None:
    stream = listen(logger, format_name)
    logger.info("title: %s", "a\nERROR b\x1b[2J\u2028c", extra={"field": "x\ny"})
    written = stream.getvalue()
    assert written.count("\n") == 1
    assert written.splitlines() == [written.rstrip("\n")]
    assert "\x1b" not in written


def test_a_traceback_is_kept(logger: logging.Logger, format_name: str) -> None:
    stream = listen(logger, format_name)
    try:
        raise_with("what happened")
    except RuntimeError:
        logger.exception("failed")
    assert "RuntimeError: what happened" in stream.getvalue()
    assert all(
        number == 0 or line.startswith("    ")
        for number, line in enumerate(stream.getvalue().splitlines())
    )


@pytest.mark.parametrize("secret", [CANARY, TOKEN])
def test_a_secret_appears_in_no_part_of_an_event(
    logger: logging.Logger, format_name: str, secret: str
) -> None:
    stream = listen(logger, format_name)
    logger.info("login with %s", secret, extra={"field": secret, "more": {"deep": secret}})
    try:
        raise_with(f"bad token {secret}")
    except RuntimeError:
        logger.exception("failed")
    written = stream.getvalue()
    assert secret not in written
    assert "canary" not in written
    assert written.count("***") == 4


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "POST https://discord.com/api/v10/webhooks/123/aW50ZXJhY3Rpb24/messages/@original",
            "POST https://discord.com/api/v10/webhooks/123/***/messages/@original",
        ),
        ("/interactions/123/aW50ZXJhY3Rpb24/callback?a=b", "/interactions/123/***/callback?a=b"),
        ("https://discord.com/channels/1/2/3", "https://discord.com/channels/1/2/3"),
        ("arXiv 2401.01234v2, cs.CV", "arXiv 2401.01234v2, cs.CV"),
    ],
)
def test_tokens_in_addresses_go_and_the_rest_stays(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_a_wrong_format_string_loses_no_event(logger: logging.Logger, format_name: str) -> None:
    stream = listen(logger, format_name)
    logger.info("%d papers", "many")
    assert "%d papers" in stream.getvalue()
    assert "many" in stream.getvalue()


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {1: "x"}, [object()], b"\xff"])
def test_any_field_can_be_written(logger: logging.Logger, format_name: str, value: object) -> None:
    stream = listen(logger, format_name)
    logger.info("odd", extra={"value": value})
    assert "odd" in stream.getvalue()


# --- the process's own stderr ---

PROGRAM = """
import logging, sys
from bot.config.schema import LogConfig
from bot.log import setup_logging
setup_logging(LogConfig(level="DEBUG,delivery=WARNING"), ["canary"])
logging.getLogger("discord.http").debug("too much")
logging.getLogger("discord").warning("rate limited with canary")
logging.getLogger("bot.delivery.worker").info("hushed")
logging.getLogger("bot.run").debug("ours")
print("still here")
"""


def run(redirection: str = "", stderr: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", f'"$0" -c "$1" {redirection}', sys.executable, PROGRAM],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=30,
        check=False,
    )


def test_events_go_to_stderr_and_discord_is_capped_at_info() -> None:
    done = run()
    assert done.stdout == "still here\n"
    assert "too much" not in done.stderr
    assert "canary" not in done.stderr
    assert "hushed" not in done.stderr
    assert [line.split()[1] for line in done.stderr.splitlines()] == ["WARNING", "DEBUG"]


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_a_closed_or_full_stderr_stops_nothing(redirection: str) -> None:
    """Fault 48: the bot goes on without a log."""
    if redirection.endswith("full") and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = run(redirection)
    assert (done.returncode, done.stdout) == (0, "still here\n")


def test_a_log_reader_that_went_away_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run(stderr=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stdout) == (0, "still here\n")


FIELDS = re.compile(r'(\w+)=("[^"]*"|\S+)')


async def test_the_log_leads_from_a_listing_to_its_digest_and_its_messages(tmp_path: Path) -> None:
    async with scenario(tmp_path, channels=1, papers=2) as day:
        await day.run_to_the_end()
    (stored,) = fields_of(day.log, "listing stored")
    (planned,) = fields_of(day.log, "digest planned")
    (sent,) = fields_of(day.log, "message posted")
    (told,) = fields_of(day.log, "digest posted")
    assert stored["listing"] in planned["listings"].strip('"').split()
    assert planned["digest"] == sent["digest"] == told["digest"]
    assert sent["message_id"] == str(day.discord.ledger[0].message_id)
    assert (stored["announced_on"], stored["category"]) == (sent["announced_on"], CATEGORY)


def fields_of(log: str, event: str) -> list[dict[str, str]]:
    lines = [line.partition(f": {event} ")[2] for line in log.splitlines() if f": {event} " in line]
    return [dict(FIELDS.findall(line)) for line in lines]
