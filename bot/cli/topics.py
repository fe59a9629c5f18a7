"""`topic test` and `topic from`: topics tried, and made from examples, on the terminal."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.arxiv.taxonomy import canonical_category
from bot.cli.arguments import Options
from bot.cli.channel import NO_CHANNEL
from bot.cli.output import EXIT_OK, EXIT_USAGE, show
from bot.config.schema import Config
from bot.digest.models import Subscription, Topic
from bot.digest.trial import Trial, TrialDay
from bot.errors import FileFormatError, InputError
from bot.models import AnnounceType
from bot.query.parser import parse_query
from bot.run.app import open_offline
from bot.topics.examples import from_papers, read_examples
from bot.topics.trials import SHOWN, MatchedPaper, Past, list_matched, read_past, try_topics
from bot.ui.from_papers import FromPapers, Offered, say_about, say_offered
from bot.ui.trial import say_trial

FOLLOWED = (AnnounceType.NEW, AnnounceType.CROSS)
"""What a digest follows that is set up without saying."""

WIDTH = 30
"""Characters of the longest bar."""


async def topic_command(options: Options, config: Config) -> int:
    return await TOPIC_COMMANDS[options.topic_command](options, config)


async def try_command(options: Options, config: Config) -> int:
    query = parse_query(options.query)
    topic = Topic(name=options.query, query=options.query)
    channel = channel_of(options)
    async with open_offline(config) as pipeline:
        past = await read_past(pipeline.store, channel, options.weeks)
        require_listings(past, channel)
        (trial,) = await try_topics(pipeline.store, past, channel, [topic])
        shown = trial.found if options.json else trial.found[:SHOWN]
        papers = await list_matched(pipeline.store, query, shown)
    show(trial_as_json(trial, papers) if options.json else trial_as_text(trial, papers))
    return EXIT_OK


async def from_command(options: Options, config: Config) -> int:
    text = ", ".join(options.papers)
    if options.bib is not None:
        text = f"{text}\n{_read_text(options.bib)}"
    examples = read_examples(text)
    channel = channel_of(options)
    async with open_offline(config) as pipeline:
        past = await read_past(pipeline.store, channel, options.weeks)
        found = await from_papers(pipeline.store, past, channel, examples)
    show(from_as_json(found) if options.json else from_as_text(found, channel))
    return EXIT_OK if found.best is not None else EXIT_USAGE


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise FileFormatError(f"Cannot read {path}: {error.strerror}.") from error


def from_as_json(found: FromPapers) -> str:
    """Print what examples led to; null where there is no such query."""
    named = {name.lower(): each for name, each in found.offered[:3] if not name.startswith("Group")}
    printed = {
        **{name: _offered(named.get(name)) for name in ("proposal", "narrower", "wider")},
        "groups": [
            {"papers": list(papers), **(_offered(each) or {})} for papers, each in found.groups
        ],
        "unknown": list(found.unknown),
    }
    return json.dumps(printed, ensure_ascii=False, indent=2) + "\n"


def _offered(offered: Offered | None) -> dict[str, object] | None:
    if offered is None:
        return None
    trial = offered.trial
    return {
        "query": offered.query,
        "found": offered.found,
        "of": offered.of,
        "announced": trial.announced,
        "matched": trial.matched,
        "a_week": round(trial.a_week, 1),
        "share": round(trial.share, 4),
    }


def from_as_text(found: FromPapers, channel: Subscription) -> str:
    lines = list(say_about(found))
    for name, each in found.offered:
        lines += [f"{name}: {each.query}", f"  {say_offered(each, channel.categories)}"]
    for number, (papers, _) in enumerate(found.groups, 1):
        lines.append(f"Group {number} is {', '.join(papers)}")
    return "".join(f"{line}\n" for line in lines)


def channel_of(options: Options) -> Subscription:
    """Make up the channel on which a topic is tried."""
    return replace(
        NO_CHANNEL,
        categories=tuple(dict.fromkeys(map(canonical_category, options.category))),
        announce_types=tuple(map(AnnounceType, options.types)) or FOLLOWED,
    )


def require_listings(past: Past, channel: Subscription) -> None:
    """Raise `InputError` where nothing is stored to try a topic on."""
    if not past.dates:
        names = ", ".join(channel.categories)
        raise InputError(f"No listing of {names} is stored; fetch and import bring some.")


def trial_as_json(trial: Trial, papers: list[MatchedPaper]) -> str:
    """Print a trial as JSON; the papers are all that it found, the newest first."""
    found = {
        "announced": trial.announced,
        "matched": trial.matched,
        "days": [
            {"date": each.day.isoformat(), "announced": each.announced, "matched": each.matched}
            for each in trial.days
        ],
        "papers": [
            {
                "arxiv_id": each.paper.arxiv_id,
                "title": each.paper.title,
                "announced_on": each.day.isoformat(),
                "matched": list(each.words),
            }
            for each in papers
        ],
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def trial_as_text(trial: Trial, papers: list[MatchedPaper]) -> str:
    """Print the counts, a line a date, and ``papers``."""
    lines = [say_trial(trial), ""]
    lines += [_day(each, trial.most) for each in trial.days]
    lines += ["" if papers else "No paper of these dates matches.", *map(_paper, papers)]
    return "".join(f"{line}\n" for line in lines)


def _day(day: TrialDay, most: int) -> str:
    bar = "#" * -(-day.matched * WIDTH // max(most, 1))
    return f"{day.day}  {day.announced:>5} announced  {day.matched:>5} match  {bar}".rstrip()


def _paper(matched: MatchedPaper) -> str:
    words = ", ".join(matched.words)
    line = f"{matched.day}  {matched.paper.arxiv_id:<16} {matched.paper.title}"
    return f"{line}  ({words})" if words else line


TOPIC_COMMANDS: Mapping[str, Callable[[Options, Config], Awaitable[int]]] = {
    "test": try_command,
    "from": from_command,
}
