"""Run one command: read the arguments and settings, call, turn a failure into one sentence.

Results go to stdout, progress and diagnostics to stderr. Every failure is one sentence and one
of the exit codes of `output`; a traceback is a bug.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence

from bot.arxiv.taxonomy import canonical_category
from bot.cli.arguments import Options, build_parser, program_name
from bot.cli.commands import COMMANDS
from bot.cli.output import (
    EXIT_BUG,
    EXIT_FOR_GOOD,
    EXIT_OK,
    drop_output,
    exit_code,
    prepare_streams,
    report,
    sentence_of,
)
from bot.config.schema import Config
from bot.config.sources import load_config
from bot.errors import BotError, DatabaseDamaged, OutputError
from bot.log import setup_logging
from bot.run.stopping import wait_for_signal
from bot.store.backup.copies import advise

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    prepare_streams()
    is_staying = False
    try:
        options = build_parser(program_name(sys.argv[0])).parse_args(arguments)
        is_staying = options.stay
        given = {"log.level": options.log_level} if options.log_level else {}
        config = load_config(options.config, canonical_category=canonical_category, given=given)
        setup_logging(config.log, secrets=())
        return asyncio.run(_run(options, config))
    except OutputError as error:
        drop_output()
        report(sentence_of(error))
        return exit_code(error)
    except BotError as error:
        report(sentence_of(error))
        code = exit_code(error)
        if is_staying and code in EXIT_FOR_GOOD:
            report("Starting again would not help; waiting to be stopped.")
            asyncio.run(wait_for_signal())
        return code
    except BrokenPipeError:
        drop_output()  # its reader (head, less) has seen enough
        return EXIT_OK
    except Exception:
        log.exception("this is a bug, please report it")  # by the log, which hides secrets
        return EXIT_BUG
    except KeyboardInterrupt:
        return EXIT_OK


async def _run(options: Options, config: Config) -> int:
    try:
        return await COMMANDS[options.command](options, config)
    except DatabaseDamaged as error:
        advice = advise(config.database.path, config.backup_folder, options.program)
        raise DatabaseDamaged(f"{error} {advice}") from error
