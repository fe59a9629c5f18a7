"""What may be typed on the command line, and the help that explains it."""

import argparse
import sys
from pathlib import Path

from bot import __version__
from bot.cli.output import EXIT_CODES, FORMATS, MESSAGES, report, show
from bot.digest.models import Cadence
from bot.models import AnnounceType
from bot.query.results import Sort
from bot.ui.styles import DEFAULT_STYLE, STYLES

Options = argparse.Namespace
Subparsers = argparse._SubParsersAction  # the type that add_subparsers returns has no public name

SCRIPT = "paper-digest-bot"
"""The name under which the wheel installs the bot."""


def program_name(started_as: str) -> str:
    """Return what a person types to start the bot, given the program's path."""
    return SCRIPT if Path(started_as).stem == SCRIPT else "python -m bot"


class _Parser(argparse.ArgumentParser):
    """A parser whose help is a result like any other: argparse keeps quiet when it gets lost."""

    def _print_message(self, message: str, file: object = None) -> None:
        if file is sys.stderr:
            report(message.removesuffix("\n"))
        else:
            show(message)


def build_parser(program: str) -> argparse.ArgumentParser:
    """Build the parser; ``program`` is how the bot was started, for usage and examples."""
    parser = _Parser(
        prog=program,
        description="Paper Digest Bot: arXiv's daily announcement in Discord channels.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(program=program, stay=False)
    parser.add_argument("--version", action="version", version=f"Paper Digest Bot {__version__}")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings as TOML (default: $PAPER_BOT_CONFIG, else built-in defaults); the command "
        "prints one to begin with",
    )
    parser.add_argument(
        "--log-level",
        metavar="LEVEL",
        help="the least weighty events that are written, as the setting log.level has them: DEBUG, "
        "or INFO,delivery=DEBUG (default: the setting's)",
    )
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    _add_running_commands(commands)
    _add_database_commands(commands)
    _add_intake_commands(commands)
    _add_reading_commands(commands)
    _add_topic_commands(commands)
    return parser


def _add(commands: "Subparsers[_Parser]", name: str, text: str, *examples: str) -> _Parser:
    parser: _Parser = commands.add_parser(
        name,
        help=text.partition(".")[0],
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    heading = "example:" if len(examples) == 1 else "examples:"
    parser.epilog = "\n".join([heading, *(f"  {parser.prog} {each}".rstrip() for each in examples)])
    return parser


def _add_running_commands(commands: "Subparsers[_Parser]") -> None:
    run = _add(
        commands, "run",
        "Run the bot: connect to Discord, watch arXiv, post what is due. Needs DISCORD_TOKEN "
        "or DISCORD_TOKEN_FILE. Ctrl-C or SIGTERM ends it cleanly.",
        "",
    )  # fmt: skip
    run.add_argument(
        "--adopt", action="store_true",
        help="another host has posted with this bot's token and is off now: learn from the "
        "channels what they have got, then go on",
    )  # fmt: skip
    run.add_argument(
        "--stay", action="store_true",
        help="where the exit code would be 75 or 78, wait to be stopped: for a supervisor that "
        "starts again whatever ends, such as Docker",
    )  # fmt: skip
    demo = _add(
        commands, "demo",
        "Show the whole bot in a browser, without token or network. Prints the addresses of "
        "pages on 127.0.0.1, each with a channel, its digest and the bot's real commands.",
        "--port 8765",
    )  # fmt: skip
    demo.add_argument(
        "--port", type=int, default=0,
        help="port of the first page (default: a free one); the others take free ones",
    )  # fmt: skip
    demo.add_argument(
        "--listing", type=Path, metavar="FILE",
        help="listing to show, in one channel (default: cs.CV of 18 Aug 2026, in several); any "
        "form that import reads",
    )  # fmt: skip
    _add(
        commands, "check",
        "Check settings, database, search indexes, token and permissions. Prints the links that "
        "add the bot to a server and to a person's own account.",
        "",
    )  # fmt: skip
    _add(
        commands, "doctor",
        "Check all that 'check' does, and the host: disk, proxy, DNS, IPv4 and IPv6, certificates, "
        "and the clock, compared with arXiv's and Discord's. Asks each of them once.",
        "",
    )  # fmt: skip
    status = _add(
        commands, "status",
        "Say how things stand: papers, listings, messages that are not posted, backups, and what "
        "stands still. Only reads the database, and asks nobody; the bot may be running.",
        "", "--json",
    )  # fmt: skip
    status.add_argument("--json", action="store_true", help="print JSON")
    _add(
        commands, "settings",
        "Print every setting with its meaning and default. The output is a file to begin with, "
        "for --config.",
        "> bot.toml",
    )  # fmt: skip


def _add_database_commands(commands: "Subparsers[_Parser]") -> None:
    backup = _add(
        commands, "backup",
        "Copy the database to a file, whole and checked, while the bot may be running.",
        "backups/papers-2026-08-21.db",
    )  # fmt: skip
    backup.add_argument("file", type=Path, metavar="FILE", help="where to; replaced if it exists")
    restore = _add(
        commands, "restore",
        "Put a backup in the place of the database; what was there is kept under another name. "
        "The bot must be stopped. At its next start it looks what the channels have got since "
        "the backup, and posts nothing again.",
        "backups/papers-2026-08-21.db",
    )  # fmt: skip
    restore.add_argument("file", type=Path, metavar="FILE", help="the backup")
    verify = _add(
        commands, "verify-backup",
        "Try whether a backup is good: restore it beside itself, check its pages and its search "
        "indexes, count what it holds, and remove it again. The bot may be running.",
        "--newest", "backups/papers-2026-08-21.db",
    )  # fmt: skip
    which = verify.add_mutually_exclusive_group(required=True)
    which.add_argument("file", type=Path, metavar="FILE", nargs="?", help="the backup")
    which.add_argument(
        "--newest", action="store_true", help="the newest that the bot made by itself"
    )
    forget = _add(
        commands, "forget",
        "Delete all that is kept of a person, or of a server: its digests, topics and what was "
        "posted there. For good, but for backups, which hold it until newer ones replace them. "
        "The bot must be stopped.",
        "--user 268473310986240001", "--guild 684120000000000001",
    )  # fmt: skip
    whom = forget.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", type=_positive, metavar="ID", help="Discord's number of a person")
    whom.add_argument("--guild", type=_positive, metavar="ID", help="Discord's number of a server")
    reindex = _add(
        commands, "reindex",
        "Rebuild the search indexes from the papers. The bot must be stopped; when it starts it "
        "rebuilds an index that is out of step by itself, and check finds such an index.",
        "",
    )  # fmt: skip
    reindex.add_argument(
        "--texts", action="store_true",
        help="first rebuild titles, abstracts and links from the authors' text, as this version "
        "of the bot reads it",
    )  # fmt: skip


def _add_intake_commands(commands: "Subparsers[_Parser]") -> None:
    fetch = _add(
        commands, "fetch",
        "Fetch today's listings into the database, without posting. Without --category: those "
        "that channels follow and intake.categories.",
        "--category cs.CV --category cs.LG",
    )  # fmt: skip
    fetch.add_argument("--category", action="append", default=[], metavar="C",
                       help="arXiv category, may be repeated")  # fmt: skip
    importing = _add(
        commands, "import", IMPORT_TEXT,
        "cs.CV-2020-08-21.md", "arxiv-metadata-oai-snapshot.json.gz",
    )  # fmt: skip
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE")
    backfill = _add(
        commands, "backfill", BACKFILL_TEXT,
        "--category cs.CV --from 2026-01-01 --until 2026-06-30",
    )  # fmt: skip
    backfill.add_argument("--category", action="append", required=True, metavar="C",
                          help="arXiv category, may be repeated")  # fmt: skip
    backfill.add_argument("--from", required=True, dest="since", metavar="YYYY-MM-DD",
                          help="first announcement date")  # fmt: skip
    backfill.add_argument("--until", metavar="YYYY-MM-DD",
                          help="last announcement date (default: today)")  # fmt: skip


IMPORT_TEXT = """\
Import papers from files, plain or gzipped. A file is recognised by its content:

  Markdown digest      the form that 'digest' prints
  RSS or Atom feed     as rss.arxiv.org gives them
  listing page         as arxiv.org/list/cs.CV/new and arxiv.org/catchup give them
  OAI-PMH answer       ListRecords or GetRecord, formats arXiv and arXivRaw
  metadata snapshot    arXiv's own (JSON lines), and excerpts of it

The first three tell what was announced when. A feed's own date can be wrong, so its list is
compared with the lists around it, in whatever order they come; where nothing confirms the date,
or papers have none, the command says so and ends with exit code 65. The other forms tell no date
of announcement: it is worked out from the submission, and corrected when a listing comes that
knows it.

Importing a file twice changes nothing; stopped or killed, the same command continues
where it stopped. A record that cannot be read is skipped and named. More: docs/import.md."""

BACKFILL_TEXT = """\
Fetch the papers of past days from arXiv (OAI-PMH, at most one request in three seconds).

The days are those on which papers were first announced, worked out from their submission. arXiv
is asked by the day of a record's last change, so everything changed since --from is looked
through: a few minutes for a year of a large category. Stopped or killed, the same command
continues where it stopped. More: docs/import.md."""


def _add_reading_commands(commands: "Subparsers[_Parser]") -> None:
    digest = _add(
        commands, "digest",
        "Print the digest of a stored listing. Without --topic and --type it has every paper of "
        "the listing.",
        "--category cs.CV --date 2020-08-21 --topic 'segmentation OR detection'",
    )  # fmt: skip
    whose = digest.add_mutually_exclusive_group(required=True)
    whose.add_argument("--category", metavar="C", help="arXiv category")
    whose.add_argument("--channel", type=int, metavar="ID",
                       help="a channel with a digest: its categories, topics, types and style, "
                       "ordered by what its server likes, whatever was posted")  # fmt: skip
    digest.add_argument("--date", metavar="YYYY-MM-DD",
                        help="announcement date (default: the newest stored)")  # fmt: skip
    digest.add_argument("--topic", action="append", default=[], metavar="QUERY",
                        help="only papers that match, may be repeated (any of them)")  # fmt: skip
    digest.add_argument("--type", action="append", default=[], dest="types",
                        choices=[kind.value for kind in AnnounceType],
                        help="only papers announced so, may be repeated")  # fmt: skip
    digest.add_argument("--format", default="markdown", choices=sorted((*FORMATS, MESSAGES)),
                        help="markdown (the form that import reads), json, bibtex, or discord: "
                        "the messages as they are posted (default: markdown)")  # fmt: skip
    digest.add_argument("--style", choices=list(STYLES),
                        help="how messages look, with --format discord (default: "
                        f"{DEFAULT_STYLE.code})")  # fmt: skip
    digest.add_argument("--cap", type=int, metavar="N",
                        help="at most so many papers, with --format discord; the last message "
                        "then has a button for the others (default: all)")  # fmt: skip
    digest.add_argument("--every", default=Cadence.DAY.value,
                        choices=[cadence.value for cadence in Cadence],
                        help="week: the post of the week that ends on that date, with --format "
                        "discord (default: day)")  # fmt: skip
    audit = _add(
        commands, "audit",
        "Account for every paper that a category announced in a period: what is stored of each "
        "date, how its list was checked, and where its papers are in each channel that follows it.",
        "--category cs.CV --from 2026-10-01 --until 2026-10-31",
    )  # fmt: skip
    audit.add_argument("--category", required=True, metavar="C", help="arXiv category")
    audit.add_argument("--from", required=True, dest="since", metavar="YYYY-MM-DD",
                       help="first announcement date")  # fmt: skip
    audit.add_argument("--until", metavar="YYYY-MM-DD",
                       help="last announcement date (default: today)")  # fmt: skip
    audit.add_argument("--json", action="store_true", help="print JSON")
    search = _add(
        commands, "search",
        "Search every stored paper. The language is that of /paper search and of topics; see "
        "docs/query-language.md. Put -- before a query that begins with a -.",
        "'author:\"K. He\" detection since:2020' --limit 5",
    )  # fmt: skip
    search.add_argument("query", metavar="QUERY")
    search.add_argument("--limit", type=_positive, default=10, metavar="N")
    search.add_argument("--sort", choices=[sort.value for sort in Sort],
                        help="default: relevance where words are typed, else newest")  # fmt: skip
    search.add_argument("--strict", action="store_true",
                        help="do not go on with papers that say most of it")  # fmt: skip
    printed = search.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print JSON")
    printed.add_argument(
        "--explain", action="store_true",
        help="show how the query was understood, what was asked, and why each paper matches",
    )  # fmt: skip
    _add(
        commands, "mcp",
        "Let an agent search and read the stored papers, by the Model Context Protocol over "
        "standard input and output. Only reads; the bot may be running. Needs the package mcp.",
        "",
    )  # fmt: skip


def _add_topic_commands(commands: "Subparsers[_Parser]") -> None:
    topic = _add(
        commands, "topic",
        "Try topics on the stored listings, or make one from examples. Saves and posts nothing.",
        "test --category cs.LG --query 'diffusion -survey' --weeks 4",
        "from --papers 2401.01234 2402.04321 2403.00284 --category cs.LG",
    )  # fmt: skip
    actions = topic.add_subparsers(
        title="actions", metavar="ACTION", dest="topic_command", required=True
    )
    test = _add(
        actions, "test",
        "Say what a topic would have posted, date by date, counted as posting counts: each paper "
        "once, of the types that a digest follows.",
        "--category cs.LG --query 'diffusion -survey' --weeks 4 --json",
    )  # fmt: skip
    test.add_argument("--query", required=True, help="what a paper must match")
    _add_channel_options(test)
    from_papers = _add(
        actions, "from",
        "Make a topic from 3 to 50 papers: the shortest query that finds most of them and little "
        "else, with a narrower and a wider one, and what each would have posted.",
        "--papers 2401.01234 2402.04321 2403.00284 --category cs.LG",
        "--bib library.bib --category cs.LG --json",
    )  # fmt: skip
    from_papers.add_argument("--papers", nargs="+", default=[], metavar="ID",
                             help="arXiv identifiers or addresses")  # fmt: skip
    from_papers.add_argument("--bib", type=Path, metavar="FILE",
                             help="a BibTeX file that has identifiers")  # fmt: skip
    _add_channel_options(from_papers)


def _add_channel_options(parser: _Parser) -> None:
    parser.add_argument("--category", action="append", required=True, metavar="C",
                        help="arXiv category, may be repeated")  # fmt: skip
    parser.add_argument("--type", action="append", default=[], dest="types",
                        choices=[kind.value for kind in AnnounceType],
                        help="announcements that count, may be repeated (default: new and "
                        "cross)")  # fmt: skip
    parser.add_argument("--weeks", type=_positive, default=4, metavar="N",
                        help="weeks up to the newest stored listing (default: 4)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return number
