"""How events are written: one a line on stderr, with their fields, without secrets.

Secrets are taken out of the finished line, so that messages, fields and tracebacks are all
covered. Whatever happens to stderr, the bot goes on: a log is never worth a lost digest.
"""

import json
import logging
import re
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Final, TextIO

from bot.config.messages import TOKEN_PATTERN
from bot.config.schema import AREAS, LogConfig

HIDDEN: Final = "***"

LEAST_LEVELS: Final[Mapping[str, int]] = {
    "discord": logging.INFO,  # at DEBUG it writes interaction tokens
    "aiosqlite": logging.INFO,  # at DEBUG it writes every statement
    "asyncio": logging.INFO,
    "apscheduler": logging.WARNING,  # at INFO it writes two lines for each tick
}
"""Libraries that log more than an operator wants; ours are named ``bot.*``."""

# Discord's addresses carry tokens: /webhooks/<id>/<token>, /interactions/<id>/<token>/callback.
_TOKEN_IN_ADDRESS: Final = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/?\s\"']+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD: Final = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def setup_logging(
    config: LogConfig, secrets: Collection[str] = (), stream: TextIO | None = None
) -> None:
    """Send all events to ``stream`` (stderr), in place of where they went before."""
    handler = make_handler(config, secrets, stream)
    levels = {area: logging.getLevelNamesMapping()[name] for area, name in config.levels.items()}
    logging.basicConfig(handlers=[handler], level=levels[""], force=True)
    for area in AREAS:
        name = area if area in LEAST_LEVELS else f"bot.{area}"
        logging.getLogger(name).setLevel(levels.get(area, logging.NOTSET))
    for name, least in LEAST_LEVELS.items():
        logging.getLogger(name).setLevel(max(least, levels.get(name, levels[""])))


def make_handler(
    config: LogConfig, secrets: Collection[str] = (), stream: TextIO | None = None
) -> logging.Handler:
    """Return the handler that writes events as the settings say."""
    handler = _QuietHandler(stream or sys.stderr)
    formatter = _JsonFormatter if config.format == "json" else _TextFormatter
    handler.setFormatter(formatter(secrets))
    return handler


def listing_id(category: str, day: date) -> str:
    """Name a listing in the log, as its own events and those of its digests do."""
    return f"{category}/{day.isoformat()}"


def digest_id(channel_id: int, day: date, cadence: str) -> str:
    """Name a digest in the log, as its own events and those of its messages do."""
    return f"{channel_id}/{day.isoformat()}/{cadence}"


class _QuietHandler(logging.StreamHandler[TextIO]):
    """Writes on; a closed or full stderr is nobody's business (fault 48)."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        return


class _RedactingFormatter(logging.Formatter):
    """Formats in two steps: the line as a subclass writes it, then without secrets."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        return redact(self.write(record), self._secrets)

    def write(self, record: logging.LogRecord) -> str:
        raise NotImplementedError

    def traceback_of(self, record: logging.LogRecord) -> str:
        parts = [record.exc_text or ""]
        if record.exc_info:
            parts = [self.formatException(record.exc_info)]
        if record.stack_info:
            parts.append(record.stack_info)
        return "\n".join(filter(None, parts))


class _TextFormatter(_RedactingFormatter):
    """``time level name: message key=value``; a traceback follows, indented."""

    def write(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {key}={_word(value)}" for key, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_message(record)}{fields}"
        traceback = self.traceback_of(record)
        below = "".join(f"\n    {_visible(part)}" for part in traceback.splitlines())
        return _visible(line) + below


class _JsonFormatter(_RedactingFormatter):
    """One JSON object a line: time, level, logger, message, the fields, traceback."""

    def write(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        event |= {key: value for key, value in _fields(record).items() if key not in event}
        if traceback := self.traceback_of(record):
            event["traceback"] = traceback
        return json.dumps(event, default=str, skipkeys=True)


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Return ``text`` without the given secrets and without anything that looks like a token."""
    for secret in secrets:
        # JSON and repr double each backslash, possibly one after the other.
        spellings = re.escape(secret).replace(r"\\", r"\\+")
        text = re.sub(spellings, HIDDEN, text)
    text = TOKEN_PATTERN.sub(HIDDEN, text)
    return _TOKEN_IN_ADDRESS.sub(rf"\1{HIDDEN}", text)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a wrong format string must not lose the event
        return f"{record.msg} {record.args}"


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """Return what was given as ``extra``."""
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _word(value: object) -> str:
    text = str(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else json.dumps(text, ensure_ascii=False)


def _visible(text: str) -> str:
    # A title may carry line ends and terminal codes: neither may forge a line or move a cursor.
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)
