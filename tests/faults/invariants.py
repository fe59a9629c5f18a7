"""The promises of docs/operations.md as one check: what Discord has against what the bot knows.

I1 nothing lost, I2 nothing twice, I3 agreement, I4 frozen, I5 monotone, I7 sound, I9 secret.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bot.digest.models import Cadence
from bot.ui.styles import cadence_of
from tests.fakes import spec
from tests.fakes.discord import Accepted, DiscordServer
from tests.indexes import connect

ALLOWED_STEPS = {
    (None, "planned"),
    ("planned", "sending"),
    ("planned", "failed"),
    ("sending", "sent"),
    ("sending", "planned"),
    ("sending", "failed"),
    ("sending", "unknown"),
    ("failed", "planned"),  # an admin's choice
    ("unknown", "planned"),  # an admin's choice
}


class Pair(NamedTuple):
    """A paper in a channel, once for each cadence of its digests."""

    channel_id: int
    arxiv_id: str
    cadence: Cadence = Cadence.DAY


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a check found; `problems` names every broken promise."""

    sent: int = 0
    unknown: int = 0
    why_unknown: Counter[str] = field(default_factory=Counter)
    """How many of these papers for each reason that an admin is told."""
    lost: int = 0
    duplicated: int = 0
    problems: list[str] = field(default_factory=list)


def find_broken(
    discord: DiscordServer, path: Path, expected: Collection[Pair], log: str = ""
) -> Findings:
    """Compare Discord's ledger with the bot's database, which nobody must be using."""
    findings = Findings()
    connection = connect(path)
    try:
        problems = [
            *_check_papers(discord, connection, expected, findings),
            *_check_agreement(discord, connection),
            *_check_frozen(discord),
            *_check_steps(connection),
            *_check_file(connection),
        ]
    finally:
        connection.close()
    findings.problems += [*problems, *_check_secret(discord, path, log)]
    return findings


def _check_papers(
    discord: DiscordServer,
    connection: sqlite3.Connection,
    expected: Collection[Pair],
    findings: Findings,
) -> Iterator[str]:
    """I1 and I2: each paper is in exactly one message, posted once or behind a button of it."""
    states: dict[Pair, str] = {}
    offered: dict[Pair, str] = {}
    rows = connection.execute(
        "SELECT delivered_paper.channel_id, arxiv_id, delivered_paper.cadence, state, reason, "
        "is_offered FROM delivered_paper JOIN delivery ON delivery.id = delivery_id"
    )
    for channel_id, arxiv_id, cadence, state, reason, is_offered in rows:
        pair = Pair(channel_id, arxiv_id, Cadence(cadence))
        if pair in states or pair in offered:
            yield f"{arxiv_id} is in two messages for {channel_id}"
        (offered if is_offered else states)[pair] = state
        if state == "unknown" and not is_offered:
            findings.why_unknown[str(reason)] += 1
        if state in ("failed", "unknown") and not reason:
            yield f"{arxiv_id} is {state} without a reason"
    posted = Counter(
        Pair(discord.top_of(entry), arxiv_id, _cadence_of(entry))
        for entry in discord.ledger
        for arxiv_id in entry.papers
    )
    planned = {**offered, **states}
    lost = [pair for pair in expected if planned.get(pair) not in ("sent", "failed", "unknown")]
    lost += [pair for pair, state in states.items() if state == "sent" and not posted[pair]]
    buttons = {
        (discord.top_of(entry), _cadence_of(entry)) for entry in discord.ledger if entry.offers
    }
    lost += [
        pair
        for pair, state in offered.items()
        if state == "sent" and (posted[pair] or (pair.channel_id, pair.cadence) not in buttons)
    ]
    twice = [pair for pair, count in posted.items() if count > 1]
    findings.sent = sum(state == "sent" for state in states.values())
    findings.unknown = sum(state == "unknown" for state in states.values())
    findings.lost, findings.duplicated = len(lost), len(twice)
    yield from (f"lost: {pair}, {planned.get(pair)}" for pair in lost)
    yield from (f"posted twice: {pair}" for pair in twice)
    keys = Counter(entry.nonce for entry in discord.ledger if entry.nonce)
    yield from (f"key {key} accepted {count} times" for key, count in keys.items() if count > 1)


def _cadence_of(entry: Accepted) -> Cadence:
    return cadence_of(entry.content.partition("\n")[0])


def _check_agreement(discord: DiscordServer, connection: sqlite3.Connection) -> Iterator[str]:
    """I3: what the bot calls sent is what Discord has; the rest may be there only if unknown."""
    rows = connection.execute(
        "SELECT nonce, message_id, state, reason, channel_id, place FROM delivery"
    ).fetchall()
    known = {row[0]: row[1:3] for row in rows} | {row[1]: row[1:3] for row in rows if row[1]}
    unknown_posts = {row[4] for row in rows if row[2] == "unknown" and row[5] == "forum"}
    for entry in discord.ledger:
        # A forum's post has no nonce, and where its outcome is unknown no identifier either.
        # What was adopted from the channel has another nonce than it was posted with.
        nameless = (None, None)
        message_id, state = known.get(entry.nonce, known.get(entry.message_id, nameless))
        if entry.nonce is None and message_id is None and discord.top_of(entry) in unknown_posts:
            continue
        if state != "unknown" and message_id != entry.message_id:
            yield f"message {entry.message_id} is {state} with id {message_id} in the database"
    accepted = {entry.message_id for entry in discord.ledger}
    for _, message_id, state, reason, *_ in rows:
        if state == "sent" and message_id not in accepted and reason is None:
            yield f"sent message {message_id} is not on Discord"


def _check_frozen(discord: DiscordServer) -> Iterator[str]:
    """I4: every attempt of a key has the same payload."""
    bodies: dict[str, str] = {}
    for call in discord.calls:
        if call.method == "POST" and call.template == spec.MESSAGES and "nonce" in call.body:
            text = json.dumps(call.body, sort_keys=True)
            if bodies.setdefault(call.body["nonce"], text) != text:
                yield f"two payloads under the key {call.body['nonce']}"
        if call.method == "POST" and call.template == spec.POSTS:
            text = json.dumps(call.body, sort_keys=True)
            line = call.body["message"]["content"].partition("\n")[0]
            if bodies.setdefault(f"{call.channel_id} {line}", text) != text:
                yield f"two payloads of a post in {call.channel_id}"


def _check_steps(connection: sqlite3.Connection) -> Iterator[str]:
    """I5: the history has only the steps that are allowed, one after the other."""
    last: dict[int, str] = {}
    rows = connection.execute(
        "SELECT delivery_id, from_state, to_state FROM delivery_history ORDER BY rowid"
    )
    for delivery_id, before, after in rows:
        if (before, after) not in ALLOWED_STEPS and (before, after) != (None, "sent"):
            yield f"delivery {delivery_id} went from {before} to {after}"
        if last.get(delivery_id) != before:
            yield f"the history of delivery {delivery_id} has a gap before {after}"
        last[delivery_id] = after
    for delivery_id, state in connection.execute("SELECT id, state FROM delivery"):
        if last.get(delivery_id) != state:
            yield f"delivery {delivery_id} is {state}, its history ends in {last.get(delivery_id)}"


def _check_file(connection: sqlite3.Connection) -> Iterator[str]:
    """I7: the file is whole, and so are its full-text indexes."""
    for pragma in ("integrity_check", "foreign_key_check"):
        found = connection.execute(f"PRAGMA {pragma}").fetchall()
        if found not in ([], [("ok",)]):
            yield f"{pragma}: {found}"
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%USING fts5%'"
    ).fetchall()
    for (name,) in names:
        try:
            connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            yield f"index {name}: {error}"


def _check_secret(discord: DiscordServer, path: Path, log: str) -> Iterator[str]:
    """I9: the token is in no file, log or message."""
    secret = discord.token
    for file in path.parent.iterdir():
        if file.is_file() and secret.encode() in file.read_bytes():
            yield f"the token is in {file.name}"
    if secret in log:
        yield "the token is in the log"
    if any(secret in json.dumps(entry.body) for entry in discord.ledger):
        yield "the token is in a message"
