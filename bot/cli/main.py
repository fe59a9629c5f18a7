"""The command line: read the arguments, call, print.

Results go to stdout, progress and diagnostics to stderr. Every failure is one sentence and one
of the exit codes below; a traceback is a bug.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from bot import __version__
from bot.arxiv.files import parse_listing_file
from bot.arxiv.taxonomy import canonical_category
from bot.config.schema import Config
from bot.config.sources import load_config
from bot.config.token import read_token
from bot.digest.export import to_bibtex, to_json, to_markdown
from bot.errors import (
    AlreadyRunning,
    ArxivError,
    BotError,
    ConfigError,
    DatabaseDamaged,
    FileFormatError,
    InputError,
    QuerySyntaxError,
    StoreError,
    TokenRefused,
)
from bot.log import setup_logging
from bot.models import AnnounceType, Digest, Listing, Subscription, Topic
from bot.query.parser import parse_query
from bot.store.backup.backup import backup, restore
from bot.store.backup.copies import advise
from bot.store.search.search import Sort
from bot.store.sqlite.database import instance_lock
from bot.store.sqlite.maintenance import list_indexes, rebuild_index
from bot.store.store import Store, open_store
from bot.ui.messages import render_digest

log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_ARXIV = 69
EXIT_DATABASE = 74
EXIT_RUNNING = 75
EXIT_CONFIG = 78
EXIT_STOPPED = 130

EXIT_CODES = """\
exit codes:
  0   done
  1   a bug: please report the traceback
  2   what you gave cannot be used (unknown category, impossible date, missing or wrong file)
  69  arXiv did not answer, or not with a listing
  74  the database cannot be used
  75  another instance uses the database
  78  a setting is wrong, or Discord refuses the token
  130 import or backfill was stopped by Ctrl-C
"""

Command = Callable[[argparse.Namespace, Config], Awaitable[int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        config = load_config(options.config, canonical_category=canonical_category)
        setup_logging(config.log, secrets=())
        return asyncio.run(_advised(options.command(options, config), config))
    except BotError as error:
        print(_sentence(error), file=sys.stderr)
        return _exit_code(error)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception:
        log.exception("this is a bug, please report it")  # by the log, which hides secrets
        return EXIT_BUG
    except KeyboardInterrupt:
        return EXIT_OK


async def _advised(work: Awaitable[int], config: Config) -> int:
    try:
        return await work
    except DatabaseDamaged as error:
        advice = advise(config.database.path, config.backup_folder)
        raise DatabaseDamaged(f"{error} {advice}") from error


def _sentence(error: BotError) -> str:
    if isinstance(error, QuerySyntaxError):
        return f"{error}\n{error.with_caret()}"
    return str(error)


def _exit_code(error: BotError) -> int:
    codes: tuple[tuple[type[BotError], int], ...] = (
        (ConfigError, EXIT_CONFIG),
        (TokenRefused, EXIT_CONFIG),
        (InputError, EXIT_USAGE),
        (ArxivError, EXIT_ARXIV),
        (AlreadyRunning, EXIT_RUNNING),
        (StoreError, EXIT_DATABASE),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), EXIT_BUG)


# -- arguments -----------------------------------------------------------------------------------


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Paper Digest Bot: arXiv's daily announcement in Discord channels.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Paper Digest Bot {__version__}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings as TOML (default: $PAPER_BOT_CONFIG, else built-in defaults); see "
        "config/bot.toml for every setting",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_running_commands(commands)
    _add_intake_commands(commands)
    _add_reading_commands(commands)
    return parser


Subparsers = argparse._SubParsersAction  # the type that add_subparsers returns has no public name


def _add(commands: "Subparsers[argparse.ArgumentParser]", name: str, command: Command, text: str,
         example: str) -> argparse.ArgumentParser:  # fmt: skip
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text.partition(".")[0],
        description=text,
        epilog=f"example:\n  python -m bot {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=command)
    return parser


def _add_running_commands(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    _add(
        commands, "run", run_command,
        "Run the bot: connect to Discord, watch arXiv, post what is due. Needs DISCORD_TOKEN "
        "or DISCORD_TOKEN_FILE. Ctrl-C or SIGTERM ends it cleanly.",
        "run",
    )  # fmt: skip
    demo = _add(
        commands, "demo", demo_command,
        "Show the whole bot in a browser, without token or network. Prints the address of a "
        "page on 127.0.0.1 with a channel, its digest and the bot's real commands.",
        "demo --port 8765",
    )  # fmt: skip
    demo.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    demo.add_argument(
        "--listing", type=Path, metavar="FILE",
        help="listing to show (default: cs.CV of 21 Aug 2020); any form that import reads",
    )  # fmt: skip
    backup = _add(
        commands, "backup", backup_command,
        "Copy the database to a file, whole and checked, while the bot may be running.",
        "backup backups/papers-2026-08-21.db",
    )  # fmt: skip
    backup.add_argument("file", type=Path, metavar="FILE", help="where to; replaced if it exists")
    restore = _add(
        commands, "restore", restore_command,
        "Put a backup in the place of the database; what was there is kept under another name. "
        "The bot must be stopped. At its next start it looks what the channels have got since "
        "the backup, and posts nothing again.",
        "restore backups/papers-2026-08-21.db",
    )  # fmt: skip
    restore.add_argument("file", type=Path, metavar="FILE", help="the backup")
    _add(
        commands, "check", check_command,
        "Check settings, database, search indexes, token and permissions. Prints the link that "
        "invites the bot to a server.",
        "check",
    )  # fmt: skip

    _add(
        commands, "reindex", reindex_command,
        "Make the search indexes anew from the papers. The bot must be stopped; at its start it "
        "does so by itself for an index that is out of step, and check finds such an index.",
        "reindex",
    )  # fmt: skip


def _add_intake_commands(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    fetch = _add(
        commands, "fetch", fetch_command,
        "Fetch today's listings into the database, without posting. Without --category: those "
        "that channels follow and intake.categories.",
        "fetch --category cs.CV --category cs.LG",
    )  # fmt: skip
    fetch.add_argument("--category", action="append", default=[], metavar="C",
                       help="arXiv category, may be repeated")  # fmt: skip
    importing = _add(
        commands, "import", import_command, IMPORT_TEXT,
        "import cs.CV-2020-08-21.md\n  python -m bot import arxiv-metadata-oai-snapshot.json.gz",
    )  # fmt: skip
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    backfill = _add(
        commands, "backfill", backfill_command, BACKFILL_TEXT,
        "backfill --category cs.CV --from 2026-01-01 --until 2026-06-30",
    )  # fmt: skip
    backfill.add_argument("--category", action="append", required=True, metavar="C",
                          help="arXiv category, may be repeated")  # fmt: skip
    backfill.add_argument("--from", required=True, dest="since", metavar="YYYY-MM-DD",
                          help="first announcement date")  # fmt: skip
    backfill.add_argument("--until", metavar="YYYY-MM-DD",
                          help="last announcement date (default: today)")  # fmt: skip


IMPORT_TEXT = """\
Import papers from files, plain or gzipped. What a file is, is told by its content:

  Markdown digest      the form that 'digest' prints
  RSS or Atom feed     as rss.arxiv.org gives them
  listing page         as arxiv.org/list/cs.CV/new and arxiv.org/catchup give them
  OAI-PMH answer       ListRecords or GetRecord, formats arXiv and arXivRaw
  metadata snapshot    arXiv's own (JSON lines), and excerpts of it

The first three tell what was announced when. The others do not: the date of announcement is
worked out from the date of submission, and corrected when a listing comes that knows it.

Importing a file twice changes nothing; stopped or killed, the same command goes on where it was.
A record that cannot be read is skipped and named. More: docs/import.md."""

BACKFILL_TEXT = """\
Fetch the papers of past days from arXiv (OAI-PMH, at most one request in three seconds).

The days are those on which papers were first announced, worked out from their submission. arXiv
is asked by the day of a record's last change, so everything changed since --from is looked
through: a few minutes for a year of a large category. Stopped or killed, the same command goes on
where it was. More: docs/import.md."""


def _add_reading_commands(commands: "Subparsers[argparse.ArgumentParser]") -> None:
    digest = _add(
        commands, "digest", digest_command,
        "Print the digest of a stored listing. Without --topic and --type it has every paper of "
        "the listing.",
        "digest --category cs.CV --date 2020-08-21 --topic 'segmentation OR detection'",
    )  # fmt: skip
    digest.add_argument("--category", required=True, metavar="C", help="arXiv category")
    digest.add_argument("--date", metavar="YYYY-MM-DD",
                        help="announcement date (default: the newest stored)")  # fmt: skip
    digest.add_argument("--topic", action="append", default=[], metavar="QUERY",
                        help="only papers that match, may be repeated (any of them)")  # fmt: skip
    digest.add_argument("--type", action="append", default=[], dest="types",
                        choices=[kind.value for kind in AnnounceType],
                        help="only papers announced so, may be repeated")  # fmt: skip
    digest.add_argument("--format", default="markdown", choices=sorted(FORMATS),
                        help="markdown (the form that import reads), json, bibtex, or discord: "
                        "the messages as they are posted (default: markdown)")  # fmt: skip
    search = _add(
        commands, "search", search_command,
        "Search every stored paper. The language is that of /paper search and of topics; see "
        "docs/query-language.md. A query that begins with a - comes behind --.",
        "search 'author:\"K. He\" detection since:2020' --limit 5",
    )  # fmt: skip
    search.add_argument("query", metavar="QUERY")
    search.add_argument("--limit", type=_positive, default=10, metavar="N")
    search.add_argument("--sort", default=Sort.NEWEST.value, choices=[sort.value for sort in Sort])
    printed = search.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print JSON")
    printed.add_argument(
        "--explain", action="store_true",
        help="show how the query was understood, what was asked, and why each paper matches",
    )  # fmt: skip


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return number


# -- commands ------------------------------------------------------------------------------------


async def run_command(options: argparse.Namespace, config: Config) -> int:
    from bot.run.process import run_bot  # Discord's client takes half a second to import

    token = read_token()
    if token is None:
        raise TokenRefused(
            "There is no Discord token; set DISCORD_TOKEN, or DISCORD_TOKEN_FILE to a file that "
            "holds it (Developer Portal > your application > Bot > Reset Token)."
        )
    os.environ.pop("DISCORD_TOKEN", None)  # nobody needs it any more, least of all a child
    setup_logging(config.log, secrets=(token,))
    await run_bot(config, token)
    return EXIT_OK


async def demo_command(options: argparse.Namespace, config: Config) -> int:
    from bot.run.demo import run_demo

    listing = _read_listing(options.listing) if options.listing else None
    await run_demo(port=options.port, listing=listing)
    return EXIT_OK


async def backup_command(options: argparse.Namespace, config: Config) -> int:
    await asyncio.to_thread(backup, config.database.path, options.file)
    _report(f"{config.database.path} copied to {options.file}")
    return EXIT_OK


async def restore_command(options: argparse.Namespace, config: Config) -> int:
    path: Path = config.database.path
    kept = await asyncio.to_thread(restore, options.file, path, now=_now())
    _report(f"{options.file} put back as {path}" + (f"; what was there is {kept}" if kept else ""))
    return EXIT_OK


async def check_command(options: argparse.Namespace, config: Config) -> int:
    from bot.run.check import check_bot

    problems = 0
    async for finding in check_bot(config, read_token()):
        problems += not finding.is_good
        print(f"{'ok ' if finding.is_good else 'BAD'}  {finding.sentence}")
    return EXIT_CONFIG if problems else EXIT_OK


async def reindex_command(options: argparse.Namespace, config: Config) -> int:
    with instance_lock(config.database.path):
        async with open_store(config.database.path) as store:
            for name in await list_indexes(store.database):
                begun = time.monotonic()
                await rebuild_index(store.database, name)
                _report(f"{name} rebuilt in {time.monotonic() - begun:.1f} s")
            await store.search.tidy()
    return EXIT_OK


async def fetch_command(options: argparse.Namespace, config: Config) -> int:
    from bot.run.app import open_pipeline

    categories = [canonical_category(name) for name in options.category]
    with instance_lock(config.database.path):
        async with open_pipeline(config) as pipeline:
            outcomes = await pipeline.fetch_listings(
                categories or await pipeline.watched_categories()
            )
            await pipeline.store.search.tidy()
    if not outcomes:
        raise InputError("No category to fetch; name one with --category, e.g. cs.CV.")
    for outcome in outcomes:
        _report(str(outcome))
    errors = [outcome.error for outcome in outcomes if outcome.error]
    return _exit_code(errors[0]) if errors else EXIT_OK


async def import_command(options: argparse.Namespace, config: Config) -> int:
    from bot.intake.importing import Importer, detect_form

    files = [(path, detect_form(path)) for path in options.files]  # before anything is stored
    try:
        with instance_lock(config.database.path):
            async with open_store(config.database.path) as store:
                importer = Importer(store, now=_now(), report=_report)
                errors = await importer.import_files(files)
    except asyncio.CancelledError:
        return _stopped()
    return EXIT_USAGE if errors else EXIT_OK


async def backfill_command(options: argparse.Namespace, config: Config) -> int:
    from bot.intake.backfill import Asked, check_days
    from bot.run.app import open_backfill

    since = _parse_date(options.since)
    until = _parse_date(options.until) if options.until else _now().date()
    check_days(since, until, _now().date())
    names = dict.fromkeys(map(canonical_category, options.category))
    try:
        with instance_lock(config.database.path):
            async with open_backfill(config, report=_report) as backfill:
                for name in names:
                    await backfill.run(Asked(category=name, since=since, until=until))
    except asyncio.CancelledError:
        return _stopped()
    return EXIT_OK


def _stopped() -> int:
    _report("stopped; the same command goes on where it was")
    return EXIT_STOPPED


async def digest_command(options: argparse.Namespace, config: Config) -> int:
    category = canonical_category(options.category)
    day = _parse_date(options.date) if options.date else None
    async with open_store(config.database.path) as store:
        digest = await _read_digest(store, category, day, options.topic, options.types)
    print(FORMATS[options.format](digest), end="")
    return EXIT_OK


async def _read_digest(
    store: Store, category: str, day: date | None, topics: Sequence[str], types: Sequence[str]
) -> Digest:
    from bot.run.app import offline_pipeline

    day = day or await store.papers.latest_listing_date(category)
    if day is None or await store.papers.get_listing(category, day) is None:
        dates = await store.papers.list_listing_dates(category, limit=5)
        known = f" Stored: {', '.join(map(str, dates))}." if dates else ""
        raise InputError(
            f"No listing of {category} is stored{f' for {day}' if day else ''}.{known}"
        )
    for topic in topics:
        parse_query(topic)
    subscription = Subscription(
        id=0,
        guild_id=0,
        channel_id=0,
        categories=(category,),
        announce_types=tuple(AnnounceType(name) for name in types) or tuple(AnnounceType),
        topics=tuple(Topic(name=topic, query=topic) for topic in topics),
        created_at=_now(),
    )
    return await offline_pipeline(store).preview(subscription, day)


async def search_command(options: argparse.Namespace, config: Config) -> int:
    from bot.cli.search import Form, answer

    query = parse_query(options.query)
    form = Form.EXPLAINED if options.explain else Form.JSON if options.json else Form.LINES
    async with open_store(config.database.path) as store:
        found = await answer(store, query, sort=Sort(options.sort), limit=options.limit, form=form)
    for line in found.results:
        print(line)
    for remark in found.remarks:
        _report(remark)
    return EXIT_OK


def _messages_json(digest: Digest) -> str:
    return _json([dict(draft.body) for draft in render_digest(digest)])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


FORMATS: dict[str, Callable[[Digest], str]] = {
    "markdown": to_markdown,
    "json": lambda digest: _json(to_json(digest)),
    "bibtex": to_bibtex,
    "discord": _messages_json,
}


# -- small helpers -------------------------------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date; write it as YYYY-MM-DD.") from error


def _read_listing(path: Path) -> Listing:
    try:
        return parse_listing_file(path.read_bytes())
    except OSError as error:
        raise FileFormatError(f"Cannot read {path}: {error.strerror}.") from error
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
