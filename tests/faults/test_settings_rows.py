"""Row 42: settings that cannot be used end the start with one sentence each, and code 78.

The process is started as its host starts it. Where nothing is wrong with its own settings, no
other variable of the environment keeps it from running.
"""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.fakes.discord import TOKEN, DiscordServer
from tests.fakes.process import bot_environ, running_bot

pytestmark = pytest.mark.slow

EX_CONFIG = 78
NOT_UTF8 = "\udcff\udcfe"
"""The bytes FF FE, as Python carries them in the environment."""

SECRETS = (TOKEN, "canary")

BAD: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "zone Mars": (
        {"PAPER_BOT_SCHEDULE__ZONE": "Mars"},
        ('schedule.zone = "Mars": there is no such setting; did you mean schedule.tick_s?',),
    ),
    "hour 25": (
        {"PAPER_BOT_INTAKE__POLL_START": "25:00"},
        ('intake.poll_start = "25:00": must be a time of day as "HH:MM", from "00:00" to "23:59"',),
    ),
    "minute 60": (
        {"PAPER_BOT_INTAKE__POLL_START": "10:60"},
        ('intake.poll_start = "10:60": must be a time of day as "HH:MM", from "00:00" to "23:59"',),
    ),
    "no token": (
        {"DISCORD_TOKEN": ""},
        ("There is no Discord token; set DISCORD_TOKEN, or DISCORD_TOKEN_FILE to a file",),
    ),
    "blank token": (
        {"DISCORD_TOKEN": " \t "},
        ("There is no Discord token; set DISCORD_TOKEN, or DISCORD_TOKEN_FILE to a file",),
    ),
    "token in double quotes": (
        {"DISCORD_TOKEN": f'"{TOKEN}"'},
        ("DISCORD_TOKEN: must hold the token without quotes around it",),
    ),
    "token in single quotes": (
        {"DISCORD_TOKEN": f"'{TOKEN}'"},
        ("DISCORD_TOKEN: must hold the token without quotes around it",),
    ),
    "half a quote": (
        {"DISCORD_TOKEN": f'{TOKEN}"'},
        ("DISCORD_TOKEN: must hold the token without quotes around it",),
    ),
    "token with its scheme": (
        {"DISCORD_TOKEN": f"Bot {TOKEN}"},
        ("DISCORD_TOKEN: must be the token alone, without blanks (no 'Bot ')",),
    ),
    "token that is not UTF-8": (
        {"DISCORD_TOKEN": f"{TOKEN}{NOT_UTF8}"},
        ("DISCORD_TOKEN: is not UTF-8; write it in UTF-8",),
    ),
    "token in a setting's place": (
        {"PAPER_BOT_DISCORD__TOKEN": TOKEN},
        ("discord.token = ***: does not belong here; put the token into DISCORD_TOKEN",),
    ),
    "unknown category": (
        {"PAPER_BOT_INTAKE__CATEGORIES": "cs.CV cs.XX"},
        ("intake.categories = \"cs.CV cs.XX\": must be arXiv categories. 'cs.XX' is not an arXiv",),
    ),
    "negative lanes": (
        {"PAPER_BOT_DELIVERY__LANES": "-1"},
        ('delivery.lanes = "-1": must be a whole number from 1 to 1,000',),
    ),
    "negative pace": (
        {"PAPER_BOT_DELIVERY__PACE_PER_S": "-46"},
        ('delivery.pace_per_s = "-46": must be a number from 0.1 to 48',),
    ),
    "negative size": (
        {"PAPER_BOT_ARXIV__MAX_BYTES": "-1"},
        ('arxiv.max_bytes = "-1": must be a whole number from 100,000 to 1,000,000,000',),
    ),
    "negative window": (
        {"PAPER_BOT_SCHEDULE__CATCHUP_WINDOW_H": "-96"},
        ('schedule.catchup_window_h = "-96": must be a number from 1 to 720',),
    ),
    "value that is not UTF-8": (
        {"PAPER_BOT_ARXIV__CONTACT": f"me@example.org{NOT_UTF8}"},
        ("PAPER_BOT_ARXIV__CONTACT: is not UTF-8; write it in UTF-8",),
    ),
    "name that is not UTF-8": (
        {f"PAPER_BOT_LOG__LEVEL{NOT_UTF8}": "INFO"},
        (r"PAPER_BOT_LOG__LEVEL\udcff\udcfe: is not UTF-8; write it in UTF-8",),
    ),
    "path of the settings that is not UTF-8": (
        {"PAPER_BOT_CONFIG": f"{NOT_UTF8}.toml"},
        ("PAPER_BOT_CONFIG: is not UTF-8; write it in UTF-8",),
    ),
    "UTF-8 in a locale without it": (
        {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
        | {"PAPER_BOT_INTAKE__CATEGORIES": "cs.中"},
        ("PAPER_BOT_INTAKE__CATEGORIES: is not UTF-8; write it in UTF-8",),
    ),
    "several at once": (
        {
            "PAPER_BOT_SCHEDULE__ZONE": "Mars",
            "PAPER_BOT_INTAKE__POLL_START": "25:00",
            "PAPER_BOT_INTAKE__CATEGORIES": "cs.XX",
            "PAPER_BOT_DELIVERY__LANES": "-1",
        },
        (
            'schedule.zone = "Mars": there is no such setting; did you mean schedule.tick_s?',
            "intake.categories = \"cs.XX\": must be arXiv categories. 'cs.XX' is not an arXiv",
            'intake.poll_start = "25:00": must be a time of day as "HH:MM"',
            'delivery.lanes = "-1": must be a whole number from 1 to 1,000',
        ),
    ),
    "several that are not UTF-8": (
        {"PAPER_BOT_ARXIV__CONTACT": NOT_UTF8, "DISCORD_TOKEN": f"{TOKEN}{NOT_UTF8}"},
        (
            "PAPER_BOT_ARXIV__CONTACT: is not UTF-8; write it in UTF-8",
            "DISCORD_TOKEN: is not UTF-8; write it in UTF-8",
        ),
    ),
}
"""What is set, and how the sentence about each problem begins."""

HARMLESS: dict[str, dict[str, str]] = {
    "a value that is not UTF-8": {"LS_COLORS": NOT_UTF8, "PAPER": NOT_UTF8},
    "a name that is not UTF-8": {f"OTHER{NOT_UTF8}": "1"},
    "a time zone that does not exist": {"TZ": "Mars/Olympus"},
    "a time zone that is not UTF-8": {"TZ": NOT_UTF8},
    "a locale that does not exist": {"LC_ALL": "xx_YY.ISO-8859-99", "LANG": NOT_UTF8},
    "a locale without UTF-8": {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"},
}
"""What may stand in a host's environment and is no setting of the bot."""


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as discord:
        yield discord


@pytest.fixture
def environ(tmp_path: Path, discord: DiscordServer) -> dict[str, str]:
    return bot_environ(tmp_path, arxiv=None, discord=discord)


async def refused(environ: Mapping[str, str]) -> list[str]:
    """Start the bot, which must refuse its settings; returns what it says, line by line."""
    async with running_bot(environ) as bot:
        assert await bot.wait() == EX_CONFIG
        log = bot.log
    assert "Traceback" not in log
    assert not [secret for secret in SECRETS if secret in log]
    return log.splitlines()


@pytest.mark.parametrize("case", BAD)
async def test_row_42_settings_that_cannot_be_used(
    case: str, environ: dict[str, str], discord: DiscordServer
) -> None:
    """Each problem is told in one line with its key and what is allowed; nothing is begun."""
    variables, beginnings = BAD[case]
    told = await refused({**environ, **variables})
    assert len(told) == len(beginnings), told
    for line, beginning in zip(sorted(told), sorted(beginnings), strict=True):
        assert line.startswith(beginning), told
    assert not os.path.exists(environ["PAPER_BOT_DATABASE__PATH"])
    assert discord.calls == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "DISCORD_TOKEN_FILE: is empty; it must hold the bot's token"),
        (b"\n", "DISCORD_TOKEN_FILE: is empty; it must hold the bot's token"),
        (f'"{TOKEN}"\n'.encode(), "DISCORD_TOKEN_FILE: must hold the token without quotes"),
        (TOKEN.encode("utf-16"), "token: is not UTF-8 text; save it as UTF-8"),
        (None, "token: cannot be read (No such file or directory); name a file that can"),
    ],
    ids=["empty", "blank", "quoted", "UTF-16", "absent"],
)
async def test_row_42_a_token_file_that_cannot_be_used(
    content: bytes | None, told: str, environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    (line,) = await refused({**environ, "DISCORD_TOKEN": "", "DISCORD_TOKEN_FILE": str(path)})
    assert told in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[intake]\npoll_start = "25:00"\n', 'intake.poll_start = "25:00": must be a time of day'),
        (b"[delivery]\nlanes = -1\n", "delivery.lanes = -1: must be a whole number from 1 to"),
        (b"arxiv.contact = '\xff\xfe'\n", "bot.toml: is not UTF-8 text; save it as UTF-8"),
        (b"[intake\n", "bot.toml: is not TOML ("),
        (None, "bot.toml: cannot be read (No such file or directory); name a file that can"),
    ],
    ids=["hour 25", "negative", "not UTF-8", "not TOML", "absent"],
)
async def test_row_42_a_file_of_settings_that_cannot_be_used(
    content: bytes | None, told: str, environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "bot.toml"
    if content is not None:
        path.write_bytes(content)
    del environ["PAPER_BOT_INTAKE__POLL_START"]  # it would be taken in place of the file's
    (line,) = await refused({**environ, "PAPER_BOT_CONFIG": str(path)})
    assert told in line


async def test_row_42_a_zone_that_an_admin_makes_up(
    environ: dict[str, str], discord: DiscordServer
) -> None:
    """The only zones are those of digests: the one who sets it up is told, and nothing is kept."""
    guild = discord.add_guild()
    channel, admin = discord.add_channel(guild), discord.add_user(is_admin=True)
    async with running_bot(environ) as bot:
        await discord.wait_connected()
        for zone in ("Mars", "../../etc/passwd", "Europe", "UTC+25", "\0", "x" * 300):
            reply = await discord.slash(
                guild, channel, admin, "digest setup", categories="cs.CV", time="09:00", zone=zone
            )
            assert reply.is_private
            wrong = "no offset in use" if zone == "UTC+25" else "time zone"
            assert wrong in reply.content, (zone, reply.content)
        listed = await discord.slash(guild, channel, admin, "digest list")
        assert channel.name not in listed.text
        assert await bot.stop() == 0
        assert "Traceback" not in bot.log
    assert discord.refusals == []


@pytest.mark.parametrize("case", HARMLESS)
async def test_row_42_what_is_no_setting_keeps_it_from_nothing(
    case: str, environ: dict[str, str], discord: DiscordServer
) -> None:
    async with running_bot({**environ, **HARMLESS[case]}) as bot:
        await discord.wait_connected()
        assert await bot.stop() == 0
        assert "Traceback" not in bot.log
        assert " ERROR " not in bot.log
