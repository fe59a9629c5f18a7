"""What each command does: call the bot's parts, and hand the results to `output`."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from bot.arxiv.calendar import announcement_day
from bot.arxiv.files import parse_listing_file
from bot.arxiv.taxonomy import canonical_category
from bot.cli.agents import serve
from bot.cli.arguments import Options
from bot.cli.channel import NO_CHANNEL
from bot.cli.output import (
    EXIT_CONFIG,
    EXIT_OK,
    EXIT_STOPPED,
    EXIT_UNDATED,
    EXIT_USAGE,
    FORMATS,
    MESSAGES,
    audit_as_json,
    audit_as_text,
    exit_code,
    messages_as_json,
    papers_as_lines,
    papers_explained,
    report,
    say_proof,
    search_as_json,
    show,
    status_as_json,
    status_as_text,
    summary_of,
)
from bot.cli.topics import topic_command
from bot.config.schema import Config
from bot.config.sources import default_settings
from bot.config.token import read_token
from bot.digest.models import Cadence, Subscription, Topic
from bot.errors import DatabaseUnusable, FileFormatError, InputError, TokenRefused
from bot.intake.backfill import PastDays, check_days
from bot.intake.importing import detect_form
from bot.log import setup_logging
from bot.models import AnnounceType, Listing
from bot.query.ast import Query
from bot.query.parser import parse_query
from bot.query.results import SearchPage, Sort, usual_sort
from bot.run.app import open_backfill, open_importer, open_offline, open_pipeline
from bot.run.check import Finding, check_bot
from bot.run.demo import run_demo
from bot.run.doctor import examine
from bot.run.process import run_bot
from bot.run.standing import read_standing
from bot.store.backup.backup import backup, restore
from bot.store.backup.copies import list_copies, refuse_lost
from bot.store.backup.proof import prove
from bot.store.sqlite.database import instance_lock, is_missing
from bot.store.sqlite.maintenance import list_indexes, rebuild_index
from bot.store.store import Store
from bot.text.words import count_of
from bot.ui.advice import say_advice
from bot.ui.intake import say_fetched
from bot.ui.layout import lay_out
from bot.ui.search import say_closest
from bot.ui.styles import DEFAULT_STYLE

SEARCH_DEADLINE_S = 10.0
"""A person at a terminal would rather wait than miss something."""


async def run_command(options: Options, config: Config) -> int:
    token = read_token()
    if token is None:
        raise TokenRefused(
            "There is no Discord token; set DISCORD_TOKEN, or DISCORD_TOKEN_FILE to a file that "
            "holds it (Developer Portal > your application > Bot > Reset Token)."
        )
    os.environ.pop("DISCORD_TOKEN", None)  # not needed any more, least of all by a child
    setup_logging(config.log, secrets=(token,))
    await run_bot(config, token, is_adopting=options.adopt)
    return EXIT_OK


async def demo_command(options: Options, config: Config) -> int:
    listing = _read_listing(options.listing) if options.listing else None
    await run_demo(show, port=options.port, listing=listing)
    return EXIT_OK


async def backup_command(options: Options, config: Config) -> int:
    await backup(config.database.path, options.file)
    report(f"{config.database.path} copied to {options.file}")
    return EXIT_OK


async def restore_command(options: Options, config: Config) -> int:
    path: Path = config.database.path
    kept = await restore(options.file, path, now=_now())
    report(f"{options.file} restored as {path}" + (f"; what was there is {kept}" if kept else ""))
    return EXIT_OK


async def verify_backup_command(options: Options, config: Config) -> int:
    file = _newest_copy(config) if options.newest else options.file
    if sys.platform != "win32":  # which has no such call
        os.nice(10)  # the running bot starts this, too, and has better things to do
    begun = time.monotonic()
    proof = await prove(file)
    show(f"{file} is good: {say_proof(proof)}; checked in {time.monotonic() - begun:.1f} s\n")
    return EXIT_OK


def _newest_copy(config: Config) -> Path:
    made = list_copies(config.database.path, config.backup_folder)
    if not made:
        raise InputError(f"The bot has made no backup in {config.backup_folder} yet; name a file.")
    return made[0].file


async def forget_command(options: Options, config: Config) -> int:
    with instance_lock(config.database.path):
        async with open_offline(config) as pipeline:
            store = pipeline.store
            if options.user is not None:
                deleted = await store.people.forget(options.user)
                name = f"person {options.user}"
            else:
                deleted = await store.departures.forget(options.guild)
                name = f"server {options.guild}"
    if not deleted:
        raise InputError(f"Nothing is kept of {name}; check the number.")
    report(f"{name} forgotten; backups hold it until newer ones replace them")
    return EXIT_OK


async def check_command(options: Options, config: Config) -> int:
    return await _show_findings(check_bot(config, read_token(), program=options.program))


async def doctor_command(options: Options, config: Config) -> int:
    return await _show_findings(examine(config, read_token(), program=options.program))


async def _show_findings(findings: AsyncIterator[Finding]) -> int:
    problems = 0
    async for finding in findings:
        problems += not finding.is_good
        show(f"{'ok ' if finding.is_good else 'BAD'}  {finding.sentence}\n")
    return EXIT_CONFIG if problems else EXIT_OK


async def status_command(options: Options, config: Config) -> int:
    now, path = _now(), config.database.path
    refuse_lost(path, config.backup_folder)
    if is_missing(path):  # an empty one, made somewhere else, would answer for the bot's
        raise DatabaseUnusable(
            f"There is no database {path}; set database.path to that of the bot, which makes it "
            "when it first starts."
        )
    async with open_offline(config) as pipeline:
        standing = await read_standing(config, pipeline, now)
    show(status_as_json(standing, now) if options.json else status_as_text(standing, now))
    return EXIT_OK


async def settings_command(options: Options, config: Config) -> int:
    show(default_settings())
    return EXIT_OK


async def reindex_command(options: Options, config: Config) -> int:
    with instance_lock(config.database.path):
        async with open_offline(config) as pipeline:
            store = pipeline.store
            if options.texts:
                await _reread(store)
            if not await store.search.renew(_report_renewal):
                await _rebuild(store)
            await store.search.tidy()
    return EXIT_OK


def _report_renewal(done: int, total: int) -> None:
    report(f"search indexes renewed for {done:,} of {count_of(total, 'paper')}")


async def _rebuild(store: Store) -> None:
    for name in await list_indexes(store.database):
        begun = time.monotonic()
        await rebuild_index(store.database, name)
        report(f"{name} rebuilt in {time.monotonic() - begun:.1f} s")


async def _reread(store: Store) -> None:
    begun = time.monotonic()
    total = 0
    last, changed = await store.papers.reread()
    while last is not None:
        total += changed
        last, changed = await store.papers.reread(after=last)
    report(f"{count_of(total, 'paper')} read otherwise now, in {time.monotonic() - begun:.1f} s")


async def fetch_command(options: Options, config: Config) -> int:
    categories = [canonical_category(name) for name in options.category]
    with instance_lock(config.database.path):
        async with open_pipeline(config) as pipeline:
            outcomes = await pipeline.intake.fetch_each(
                categories or await pipeline.watched_categories()
            )
            await pipeline.store.search.tidy()
    if not outcomes:
        raise InputError("No category to fetch; name one with --category, e.g. cs.CV.")
    for outcome in outcomes:
        new = outcome.added.new_announcements if outcome.added is not None else None
        report(say_fetched(outcome.record, new=new, error=str(outcome.error or "")))
    errors = [outcome.error for outcome in outcomes if outcome.error]
    return exit_code(errors[0]) if errors else EXIT_OK


async def import_command(options: Options, config: Config) -> int:
    files = [(path, detect_form(path)) for path in options.files]  # before anything is stored
    try:
        with instance_lock(config.database.path):
            async with open_importer(config, report=report) as importer:
                imported = await importer.import_files(files)
    except asyncio.CancelledError:
        return _stopped()
    if imported.errors:
        return EXIT_USAGE
    return EXIT_UNDATED if imported.uncertain or imported.undated else EXIT_OK


async def backfill_command(options: Options, config: Config) -> int:
    since = _parse_date(options.since)
    until = _parse_date(options.until) if options.until else _now().date()
    check_days(since, until, _now().date())
    names = dict.fromkeys(map(canonical_category, options.category))
    try:
        with instance_lock(config.database.path):
            async with open_backfill(config, report=report) as backfill:
                for name in names:
                    await backfill.run(PastDays(category=name, since=since, until=until))
    except asyncio.CancelledError:
        return _stopped()
    return EXIT_OK


def _stopped() -> int:
    report("stopped; the same command continues where it stopped")
    return EXIT_STOPPED


async def digest_command(options: Options, config: Config) -> int:
    if options.style and options.format != MESSAGES:
        raise InputError(f"--style is how messages look; add --format {MESSAGES}.")
    if options.cap is not None and (options.format != MESSAGES or options.cap < 1):
        raise InputError(
            f"--cap is how many papers the messages have, 1 or more; add --format {MESSAGES}."
        )
    cadence = Cadence(options.every)
    if cadence is Cadence.WEEK:
        _check_week(options)
    if options.channel is not None and (options.topic or options.types):
        raise InputError(
            "The channel has topics and types of its own; leave out --topic and --type."
        )
    day = _parse_date(options.date) if options.date else None
    async with open_offline(config) as pipeline:
        subscription = await _find_subscription(pipeline.store, options)
        day = await _find_day(pipeline.store, subscription.categories[0], day)
        weekly = replace(subscription, cadences=(cadence,), weekday=day.weekday())
        digest = await pipeline.decisions.preview(weekly, day, cadence, from_scratch=True)
        likes = await pipeline.decisions.likes(weekly, digest)
    if options.format == MESSAGES:
        show(messages_as_json(lay_out(subscription, digest, likes=likes)))
    else:
        show(FORMATS[options.format](digest))
    return EXIT_OK


def _check_week(options: Options) -> None:
    """Refuse what a week's post has not: it is one look with one number of papers."""
    if options.format != MESSAGES:
        raise InputError(f"--every week is a post in a channel; add --format {MESSAGES}.")
    for name in ("style", "cap"):
        if getattr(options, name) is not None:
            raise InputError(f"--{name} is that of daily digests; leave it out with --every week.")


async def _find_day(store: Store, category: str, day: date | None) -> date:
    """Return the date asked for, else the newest; raises `InputError` if it has no listing."""
    day = day or await store.papers.latest_listing_date(category)
    if day is None or await store.papers.get_listing(category, day) is None:
        dates = await store.papers.list_listing_dates(category, limit=5)
        known = f" Stored: {', '.join(map(str, dates))}." if dates else ""
        raise InputError(
            f"No listing of {category} is stored{f' for {day}' if day else ''}.{known}"
        )
    return day


async def _find_subscription(store: Store, options: Options) -> Subscription:
    """Return the channel that was named, or make one up; raises `InputError` for an unknown one."""
    if options.channel is None:
        return _read_subscription(options)
    found = await store.subscriptions.get_subscription(options.channel)
    if found is None or not found.categories:
        raise InputError(f"The channel {options.channel} has no digest with a category.")
    style, cap = options.style or found.style, options.cap or found.cap
    return replace(found, style=style, cap=cap)


def _read_subscription(options: Options) -> Subscription:
    """Make up the channel whose digest is printed."""
    for topic in options.topic:
        parse_query(topic)
    return replace(
        NO_CHANNEL,
        categories=(canonical_category(options.category),),
        announce_types=tuple(map(AnnounceType, options.types)) or tuple(AnnounceType),
        topics=tuple(Topic(name=topic, query=topic) for topic in options.topic),
        style=options.style or DEFAULT_STYLE.code,
        cap=options.cap or 0,
        created_at=_now(),
    )


async def audit_command(options: Options, config: Config) -> int:
    category = canonical_category(options.category)
    since = _parse_date(options.since)
    until = _parse_date(options.until) if options.until else announcement_day(_now())
    if until < since:
        raise InputError(f"--until ({until}) is before --from ({since}); swap them.")
    async with open_offline(config) as pipeline:
        everything = replace(NO_CHANNEL, categories=(category,), created_at=_now())
        days = await pipeline.decisions.audit(everything, since, until)
        channels = {
            each.channel_id: await pipeline.decisions.audit(
                replace(each, categories=(category,)), since, until
            )
            for each in await pipeline.store.subscriptions.list_subscriptions()
            if category in each.categories
        }
    show(audit_as_json(category, days, channels) if options.json else audit_as_text(days, channels))
    return EXIT_OK


async def search_command(options: Options, config: Config) -> int:
    query = parse_query(options.query)
    sort = Sort(options.sort) if options.sort else usual_sort(query)
    closest = None
    async with open_offline(config) as pipeline:
        store = pipeline.store
        if options.explain:
            trace = await store.search.trace(query, sort=sort, limit=options.limit)
            page = trace.page
            show(papers_explained(query, page, trace.lines()))
        else:
            page = await store.search.find(
                query, sort=sort, limit=options.limit, deadline_s=SEARCH_DEADLINE_S
            )
            if not options.strict:
                answer = await store.search.fill_up(
                    query,
                    page,
                    sort=sort,
                    today=announcement_day(_now()),
                    limit=options.limit,
                    deadline_s=SEARCH_DEADLINE_S,
                )
                page, closest = answer.page, answer.closest
            if options.json:
                show(search_as_json(query, sort, page, closest))
            else:
                show(papers_as_lines(page.matches))
        report(summary_of(page))
        if closest is not None:
            for sentence in say_closest(closest, len(page.matches), _quoted):
                report(sentence)
            if not options.json:
                show(papers_as_lines(closest.matches))
        else:
            for sentence in await _advise(store, query, page, options.program):
                report(sentence)
    return EXIT_OK


async def mcp_command(options: Options, config: Config) -> int:
    async with open_offline(config) as pipeline:
        await serve(pipeline.store, _now)
    return EXIT_OK


def _quoted(text: str) -> str:
    return f"'{text}'"


async def _advise(store: Store, query: Query, page: SearchPage, program: str) -> list[str]:
    """Say what would find papers, where a search found none."""
    if page.matches or page.overran:
        return []
    if not await store.papers.count_papers():
        return [f"No paper is stored yet; {program} fetch, import and backfill bring some."]
    return say_advice(await store.search.advise(query), _quoted)


def _now() -> datetime:
    return datetime.now(UTC)


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


Command = Callable[[Options, Config], Awaitable[int]]

COMMANDS: Mapping[str, Command] = {
    "run": run_command,
    "demo": demo_command,
    "check": check_command,
    "doctor": doctor_command,
    "status": status_command,
    "settings": settings_command,
    "backup": backup_command,
    "restore": restore_command,
    "verify-backup": verify_backup_command,
    "forget": forget_command,
    "reindex": reindex_command,
    "fetch": fetch_command,
    "import": import_command,
    "backfill": backfill_command,
    "digest": digest_command,
    "audit": audit_command,
    "search": search_command,
    "mcp": mcp_command,
    "topic": topic_command,
}
"""What `arguments` lets a person type, and what it does: returns the exit code."""
