"""The promise about edits as one check: what each posted message shows of what became known.

None undone: a message never loses a link that it showed. None missing: in the end it shows all
that are known of its papers, unless it had to be left alone.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.discord import DiscordServer
from tests.indexes import connect

LINK = re.compile(r"https://github\.com/found/[\w./]+")
"""The addresses that a loop lets become known, which nothing else in a message has."""


@dataclass(slots=True, kw_only=True)
class EditFindings:
    """What was found; `problems` names every broken promise."""

    made: int = 0
    undone: int = 0
    missing: int = 0
    left: int = 0
    problems: list[str] = field(default_factory=list)


def link_of(arxiv_id: str, number: int) -> str:
    return f"https://github.com/found/{arxiv_id}/{number}"


def count_open(path: Path) -> int:
    """Return how many edits are still to be made, and updates still to be looked at."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        (count,) = connection.execute(
            """
            SELECT (SELECT count(*) FROM edit JOIN delivery ON delivery.id = delivery_id
                WHERE edit.state = 'planned' AND delivery.state = 'sent' AND message_id IS NOT NULL)
                + (SELECT count(*) FROM paper_update WHERE is_pending)
            """
        ).fetchone()
        return int(count)
    finally:
        connection.close()


def find_undone(discord: DiscordServer, path: Path) -> EditFindings:
    """Compare the edits that Discord took, in their order, with what is known."""
    findings = EditFindings(made=len(discord.edited))
    shown: dict[int, set[str]] = {}
    for message_id, body in discord.edited:
        links = links_in(body)
        lost = shown.get(message_id, set()) - links
        findings.undone += bool(lost)
        findings.problems += [f"edit undone in {message_id}: {link}" for link in lost]
        shown[message_id] = links
    connection = connect(path)
    try:
        _check_end(discord, connection, findings)
    finally:
        connection.close()
    return findings


def _check_end(
    discord: DiscordServer, connection: sqlite3.Connection, findings: EditFindings
) -> None:
    left = dict(
        connection.execute(
            "SELECT message_id, edit.reason FROM edit JOIN delivery ON delivery.id = delivery_id "
            "WHERE edit.state = 'left'"
        ).fetchall()
    )
    findings.left = len(left)
    messages = {int(each["id"]): each for each in _messages(discord)}
    known: dict[int, set[str]] = {}
    for message_id, link in connection.execute(
        "SELECT message_id, text FROM paper_update JOIN delivered_paper USING (arxiv_id) "
        "JOIN delivery ON delivery.id = delivery_id "
        "WHERE state = 'sent' AND message_id IS NOT NULL AND number > known_update "
        "AND NOT is_offered"
    ):
        known.setdefault(message_id, set()).add(link)
    for message_id, links in known.items():
        message = messages.get(message_id)
        if message is None or message["flags"] & (1 << 2):
            continue  # deleted, or its embeds were removed
        if message_id in left:
            findings.problems.append(f"{message_id} left alone: {left[message_id]}")
        elif missing := links - links_in(message):
            findings.missing += 1
            findings.problems.append(f"{message_id} does not show {sorted(missing)}")


def _messages(discord: DiscordServer) -> Iterator[Mapping[str, Any]]:
    for guild in discord.guilds.values():
        for channel in guild.channels.values():
            yield from channel.messages
    for channel in discord.private_channels.values():
        yield from channel.messages


def links_in(body: Mapping[str, Any]) -> set[str]:
    texts = [str(embed.get("description") or "") for embed in body.get("embeds") or ()]
    return {link for text in texts for link in LINK.findall(text)}
