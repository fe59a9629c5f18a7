"""A message's body as Discord's API has it, and what is read from it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from bot.models import ArxivId

Body = Mapping[str, object]
"""``content``, ``embeds``, ``components``, ``flags``."""

Papers = Sequence[tuple[ArxivId, int]]
"""Papers of a message with their versions, in its order."""

SILENT: Final = 1 << 12
"""The flag of a message that notifies nobody (SUPPRESS_NOTIFICATIONS)."""


def embeds_of(body: Body) -> Sequence[Mapping[str, Any]]:
    """Return the embeds of a message, planned or posted."""
    return cast(Sequence[Mapping[str, Any]], body.get("embeds") or ())


def rows_of(body: Body) -> Sequence[Mapping[str, Any]]:
    """Return the rows of buttons and menus below a message."""
    return cast(Sequence[Mapping[str, Any]], body.get("components") or ())
