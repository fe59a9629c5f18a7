"""Is everything in place? One line per thing looked at, for the person who hosts the bot."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pyexpat import EXPAT_VERSION

import aiohttp
import discord

from bot.arxiv.calendar import announcement_day
from bot.config.schema import Config
from bot.digest.models import Subscription
from bot.errors import AlreadyRunning, DatabaseDamaged, StoreError
from bot.pipeline import Pipeline
from bot.run.app import build_visitor, open_offline
from bot.run.client import why_unreached
from bot.run.housekeeping import LOOKED_AT, PROVEN, find_problem
from bot.store.backup.copies import advise, list_copies
from bot.store.damage import count_damaged
from bot.store.sqlite.database import instance_lock
from bot.store.sqlite.maintenance import find_stale_indexes
from bot.store.store import Store
from bot.text.words import count_of
from bot.ui.defects import find_defects
from bot.ui.intake import say_difference, say_intake_reason
from bot.ui.permissions import invite_url, missing_there, user_install_url

SAFE_SQLITE = (3, 51, 3)
"""Before it, two connections that write at once can corrupt a WAL database; we keep to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is good, and a sentence on it."""

    is_good: bool
    sentence: str


async def check_bot(config: Config, token: str | None, *, program: str) -> AsyncIterator[Finding]:
    """Look at settings, versions, database, token and channels, in this order.

    ``program`` is what a person types to start the bot, for the commands that mend something.
    """
    yield good("settings read")
    note = "" if sqlite3.sqlite_version_info >= SAFE_SQLITE else " (one writer, so it is safe)"
    yield good(f"SQLite {sqlite3.sqlite_version}{note}, {EXPAT_VERSION}")
    try:
        async with open_offline(config) as pipeline:
            async for finding in _check_store(config, pipeline, program):
                yield finding
            proven = await pipeline.store.facts.moment(PROVEN)
            yield await asyncio.to_thread(_check_backups, config, proven)
            async for finding in _check_discord(config, pipeline, token):
                yield finding
    except DatabaseDamaged as error:
        yield bad(f"{error} {advise(config.database.path, config.backup_folder, program)}")
    except StoreError as error:
        yield bad(str(error))


def good(sentence: str) -> Finding:
    return Finding(is_good=True, sentence=sentence)


def bad(sentence: str) -> Finding:
    return Finding(is_good=False, sentence=sentence)


async def _check_store(config: Config, pipeline: Pipeline, program: str) -> AsyncIterator[Finding]:
    papers = await pipeline.store.papers.count_papers()
    subscriptions = await pipeline.store.subscriptions.list_subscriptions()
    yield good(
        f"database {config.database.path}: {papers} papers, {len(subscriptions)} subscriptions"
    )
    yield await _check_indexes(config, pipeline.store, program)
    yield await _check_rows(pipeline)
    for subscription in subscriptions:
        for defect in find_defects(subscription):
            yield bad(f"digest of channel {subscription.channel_id}: {defect}")
    for status in await pipeline.store.papers.listing_statuses():
        total = sum(status.counts.values())
        yield good(
            f"{status.category}: last listing {status.announced_on}, {total} papers, "
            f"from {status.source}"
        )
    for category, intake in sorted((await pipeline.intake.statuses()).items()):
        record = intake.record
        error = f"; last error: {say_intake_reason(record.error)}" if record.error else ""
        why = f" ({say_intake_reason(record.reason)})" if record.reason else ""
        difference = say_difference(record)
        counted = f", {difference}" if difference else ""
        yield Finding(
            is_good=not record.error,
            sentence=f"{category}: {record.day} {record.verdict or 'not asked yet'}{why}{counted}, "
            f"next poll {intake.next_poll:%Y-%m-%d %H:%M %Z}{error}",
        )


async def _check_indexes(config: Config, store: Store, program: str) -> Finding:
    """Compare the search indexes with the papers, unless a running bot would be held up."""
    try:
        with instance_lock(config.database.path):
            stale = await find_stale_indexes(store.database)
    except AlreadyRunning:
        return good("search indexes: left alone, as the bot is running")
    if stale:
        names = ", ".join(stale)
        return bad(f"search indexes out of step ({names}); {program} reindex mends them")
    return good("search indexes in step with the papers")


async def _check_rows(pipeline: Pipeline) -> Finding:
    """Count the rows that cannot be read in full."""
    since = announcement_day(pipeline.now() - LOOKED_AT)
    damaged = await count_damaged(pipeline.store.database, since)
    if not damaged:
        return good("no rows damaged, as far as can be seen")
    named = ", ".join(f"{count} of {table}" for table, count in damaged.items())
    return bad(f"rows damaged ({named}): the bot does without them; a backup has them whole")


def _check_backups(config: Config, proven: datetime | None) -> Finding:
    """Say when the bot last copied the database, or why it cannot."""
    path, folder = config.database.path, config.backup_folder
    made = list_copies(path, folder)
    last = f"last backup {made[0].made_at:%Y-%m-%d %H:%M} UTC, {made[0].file}" if made else ""
    tried = f"{proven:%Y-%m-%d}" if proven else "never"
    last = f"{last}; last tried and found good: {tried}" if made else ""
    if config.backup.every_h == 0:
        return good(last or "backups: none are made, as backup.every_h is 0")
    if problem := find_problem(path, folder):
        return bad(f"no backup can be made: {problem}" + (f"; {last}" if last else ""))
    return good(last or f"backups: none yet in {folder}; the running bot makes them")


async def _check_discord(
    config: Config, pipeline: Pipeline, token: str | None
) -> AsyncIterator[Finding]:
    if token is None:
        yield bad("no token; set DISCORD_TOKEN or DISCORD_TOKEN_FILE")
        return
    async with build_visitor(config) as client:
        try:
            await client.login(token)
        except discord.LoginFailure:
            yield bad("Discord refuses the token; reset it in the developer portal under Bot")
            return
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            yield bad(f"Discord cannot be reached: {why_unreached(error)}")
            return
        yield good(f"token of {client.user}")
        application_id = client.application_id or 0
        yield good(f"add the bot to a server: {invite_url(application_id)}")
        yield good(f"add the bot to your own account: {user_install_url(application_id)}")
        yield await _check_shards(client, config.discord.shards)
        for subscription in await pipeline.store.subscriptions.list_subscriptions():
            yield await _check_channel(client, subscription)


async def _check_shards(client: discord.Client, wanted: int) -> Finding:
    """Say how many connections the gateway gets, and how often they may begin today."""
    try:
        recommended, _, limits = await client.http.get_bot_gateway()
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        return bad(f"gateway: Discord does not say how many shards it wants ({error})")
    left = f"{limits['remaining']:,} of {limits['total']:,} sessions may begin today"
    if limits["remaining"] < (wanted or recommended):
        return bad(f"gateway: only {left}; do not restart the bot before tomorrow")
    if wanted and wanted < recommended:
        said = f"discord.shards is {wanted}, Discord recommends {recommended}"
        return bad(f"gateway: {said}; 0 takes what it recommends")
    return good(f"gateway: {count_of(wanted or recommended, 'shard')}; {left}")


async def _check_channel(client: discord.Client, subscription: Subscription) -> Finding:
    name = f"channel {subscription.channel_id} ({', '.join(subscription.categories)})"
    try:
        guild = await client.fetch_guild(subscription.guild_id)
        channel = await guild.fetch_channel(subscription.channel_id)
        member = await guild.fetch_member(client.user.id if client.user else 0)
    except (discord.HTTPException, discord.InvalidData) as error:
        return bad(f"{name} cannot be seen: {error}")
    missing = missing_there(channel, channel.permissions_for(member), subscription.place)
    if missing:
        return bad(f"{name}: the bot needs {', '.join(missing)}")
    return good(name)
