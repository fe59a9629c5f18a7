"""`/digest audit`: where every paper is that a month announced for a channel."""

import re
from calendar import monthrange
from datetime import date

import discord

from bot.arxiv.calendar import announcement_day
from bot.cogs.admin import AdminCog
from bot.digest.models import Cadence, Subscription
from bot.errors import InputError
from bot.ui.audit import render_audit


def parse_month(text: str | None, today: date) -> date:
    """Return the first day of the month that was typed (2026-10), or of ``today``'s."""
    if text is None:
        return today.replace(day=1)
    match = re.fullmatch(r"(\d{4})[-/.](\d{1,2})", text.strip(), re.ASCII)
    if match is None or not (1 <= int(match[2]) <= 12 and int(match[1]) >= 1991):
        raise InputError(f"{text[:40]!r} is not a month; write year and month, like 2026-10.")
    month = date(int(match[1]), int(match[2]), 1)
    if month > today:
        raise InputError(f"{month:%Y-%m} is still to come; name a month that has begun.")
    return month


async def audit_month(
    cog: AdminCog, subscription: Subscription, month: str | None, cadence: Cadence
) -> discord.Embed:
    """Account for a month of one channel; days still to come are left out."""
    first = parse_month(month, announcement_day(cog.pipeline.now()))
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return render_audit(
        subscription, first, await cog.pipeline.decisions.audit(subscription, first, last, cadence)
    )
