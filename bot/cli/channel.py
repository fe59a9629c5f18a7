"""The channel that commands make up which print what some channel would get."""

from datetime import UTC, datetime

from bot.digest.models import Subscription
from bot.models import AnnounceType

NO_CHANNEL = Subscription(
    id=0,
    guild_id=0,
    channel_id=0,
    categories=(),
    announce_types=tuple(AnnounceType),
    created_at=datetime(1970, 1, 1, tzinfo=UTC),
)
"""Stands for a channel that gets whatever is announced, of any type."""
