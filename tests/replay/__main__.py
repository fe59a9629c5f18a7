"""The command line of the replay; ``tests.replay`` says what it does."""

import argparse
import asyncio
import random
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import tests.replay
from tests.replay.compare import compare, report
from tests.replay.faults import Script, at, write_script
from tests.replay.truth import Corpus, read_corpus
from tests.replay.walk import walk


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replay",
        description=tests.replay.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--listings", type=Path, required=True)
    parser.add_argument("--papers", type=Path, required=True)
    parser.add_argument("--faults", type=int, metavar="SEED", help="default: an honest arXiv")
    parser.add_argument("--from", type=int, default=0, dest="skip", metavar="DAYS")
    parser.add_argument("--days", type=int)
    parser.add_argument("--starts", type=int, metavar="SEED", help="default: all from the first")
    parser.add_argument("--process", action="store_true", help="a process, killed with SIGKILL")
    options = parser.parse_args()
    corpus = read_corpus(options.listings, options.papers)
    first = corpus.days[0] + timedelta(days=options.skip)
    if options.days is not None:
        corpus = corpus.between(first, first + timedelta(days=options.days - 1))
    script = Script() if options.faults is None else write_script(corpus, options.faults)
    starts = None if options.starts is None else random_starts(corpus, options.starts)
    told = script.told.copy()
    with tempfile.TemporaryDirectory() as folder:
        replay = asyncio.run(
            walk(
                corpus,
                Path(folder) / "replay.db",
                script=script,
                starts=starts,
                seed=options.faults,
                is_process=options.process,
            )
        )
        result = compare(replay)
    report(result, told)
    return 0 if result.is_right else 1


def random_starts(corpus: Corpus, seed: int) -> dict[str, datetime]:
    """Choose for each category a day of the first half, and an hour."""
    dice = random.Random(seed)
    days = corpus.days[: max(len(corpus.days) // 2, 1)]
    return {name: at(dice.choice(days), dice.randrange(24)) for name in corpus.categories}


if __name__ == "__main__":
    sys.exit(main())
