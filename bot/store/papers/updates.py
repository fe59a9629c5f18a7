"""Notes what becomes known of papers that were posted, or may be about to be posted."""

import sqlite3
from collections.abc import Sequence
from typing import Final

from bot.digest.updates import find_updates
from bot.store.papers.merging import Change
from bot.store.sqlite.statements import json_array

STILL_POSTED: Final = "-14 days"
"""How old an announcement may be, against the newest, whose papers may be on their way."""


def note_updates(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    """Note what these changes say of papers that people follow, or channels have or may get now."""
    rows = [
        (change.after.arxiv_id, update.kind.value, update.text, update.source)
        for change in changes
        if change.before is not None and change.before.paper != change.after
        for update in find_updates(change.before.paper, change.after)
    ]
    if not rows:
        return
    connection.execute(
        """
        INSERT INTO paper_update (arxiv_id, kind, text, source)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(:rows)
        WHERE EXISTS (SELECT 1 FROM delivered_paper WHERE arxiv_id = value ->> 0)
            OR EXISTS (SELECT 1 FROM followed_paper WHERE arxiv_id = value ->> 0)
            OR EXISTS (SELECT 1 FROM announcement WHERE arxiv_id = value ->> 0 AND announced_on >=
                (SELECT date(max(announced_on), :still_posted) FROM announcement))
        """,
        {"rows": json_array(rows), "still_posted": STILL_POSTED},
    )
