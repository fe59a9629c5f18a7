"""Connections of a test's own to a database file."""

import sqlite3
from pathlib import Path

from bot.store.sqlite.migrations import FUNCTIONS

INDEXES = ("paper_text", "paper_head", "paper_typed")


def connect(path: Path | str) -> sqlite3.Connection:
    """Open a file, with the functions that its view of words calls."""
    connection = sqlite3.connect(path, timeout=10)
    for name, function in FUNCTIONS.items():
        connection.create_function(name, 1, function, deterministic=True)
    return connection


def check_indexes(path: Path | str) -> None:
    """Raise when an index is not what the papers say."""
    connection = connect(path)
    try:
        for name in INDEXES:
            connection.execute(f"INSERT INTO {name} ({name}, rank) VALUES ('integrity-check', 1)")
    finally:
        connection.close()
