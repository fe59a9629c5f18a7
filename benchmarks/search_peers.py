"""Other engines over the same papers, each asked for the ten best or newest rows."""

import contextlib
import shutil
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from bot.query.ast import And, Query, Text
from bot.query.compile import compile_query

COLUMNS = "arxiv_id, title, abstract, authors, categories, announced_on"


SETTINGS = (
    "-c fsync=off -c jit=off -c shared_buffers=2GB -c maintenance_work_mem=1GB -c listen_addresses="
)


class Peer(ABC):
    """An engine that can be asked some of the queries."""

    name: str
    only_rare = False

    def best_of(self, repeats: int, query: Query) -> float | None:
        """Return the best time in milliseconds; None when it cannot be asked this."""
        best = float("inf")
        for _ in range(repeats):
            begun = time.perf_counter()
            if not self.ask(query):
                return None
            best = min(best, time.perf_counter() - begun)
        return best * 1000

    @abstractmethod
    def ask(self, query: Query) -> bool:
        """Fetch ten rows; False when this engine has no such question."""

    def close(self) -> None:  # noqa: B027  # most hold nothing
        """Give back what it holds."""


class Bm25(Peer):
    """The same index and expression, ranked by FTS5's own bm25 over all matches."""

    name = "full bm25"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, query: Query) -> bool:
        expression = compile_query(query).select(lambda place: True).expression()
        self._connection.execute(
            f"SELECT {COLUMNS} FROM paper WHERE key IN (SELECT rowid FROM paper_text "
            "WHERE paper_text MATCH ? ORDER BY rank LIMIT 10)",
            (expression,),
        ).fetchall()
        return True


class LikeScan(Peer):
    """What needs no index: a scan over the texts, newest first."""

    name = "LIKE scan"
    only_rare = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, query: Query) -> bool:
        if not isinstance(query.root, Text):
            return False
        pattern = f"%{query.root.text}%"
        self._connection.execute(
            f"SELECT {COLUMNS} FROM paper WHERE title LIKE ?1 OR abstract LIKE ?1 "
            "ORDER BY key DESC LIMIT 10",
            (pattern,),
        ).fetchall()
        return True


def postgres_peers(folder: Path, archive: Path) -> list[Peer]:
    """Start PostgreSQL over the same papers; none where it is not installed."""
    binaries = _postgres_binaries()
    if binaries is None:
        print("PostgreSQL is not on this machine: it takes no part")
        return []
    begun = time.perf_counter()
    server = PostgresServer(folder, binaries)
    server.load(archive)
    print(f"PostgreSQL loaded in {time.perf_counter() - begun:.0f} s")
    return [
        Postgres("PostgreSQL newest", server, "key DESC"),
        Postgres("PostgreSQL ts_rank", server, "ts_rank(said, asked) DESC"),
    ]


class Postgres(Peer):
    """Stored weighted tsvector and a GIN index; with the total up to 1,000, as ours has it."""

    def __init__(self, name: str, server: "PostgresServer", order: str) -> None:
        self.name = name
        self._server = server
        self._order = order

    def ask(self, query: Query) -> bool:
        parts = query.root.parts if isinstance(query.root, And) else (query.root,)
        words = [part for part in parts if isinstance(part, Text) and not part.field]
        if len(words) < len(parts) or any(word.is_prefix for word in words):
            return False
        asked = " && ".join(f"phraseto_tsquery('english', $${word.text}$$)" for word in words)
        found = f"FROM paper, (SELECT {asked} AS asked) AS q WHERE said @@ asked"
        self._server.send(
            f"SELECT {COLUMNS} {found} ORDER BY {self._order} LIMIT 10;\n"
            f"SELECT count(*) FROM (SELECT 1 {found} LIMIT 1001) AS counted;"
        )
        return True

    def close(self) -> None:
        self._server.stop()


class PostgresServer:
    """A server from this machine's binaries, in a folder of its own, behind a socket there."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._data = folder / "postgres"
        self._socket = folder
        self._binaries = binaries
        self._psql: subprocess.Popen[str] | None = None
        self._start()

    def send(self, sql: str) -> None:
        """Run one statement and read all it answers."""
        assert self._psql is not None
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(f"{sql}\n\\echo END\n")
        self._psql.stdin.flush()
        while self._psql.stdout.readline().strip() != "END":
            pass

    def stop(self) -> None:
        if self._psql is None:
            return
        self._psql.communicate("\\q\n")
        self._psql = None
        stop = [str(self._binaries / "pg_ctl"), "-D", str(self._data), "stop", "-m", "fast"]
        subprocess.run([*self._as_user(), *stop], check=False, capture_output=True)

    def _as_user(self) -> list[str]:
        """PostgreSQL refuses to run as root."""
        with contextlib.suppress(OSError):
            if Path("/proc/self").stat().st_uid == 0 and shutil.which("runuser"):
                return ["runuser", "-u", "postgres", "--"]
        return []

    def _client(self) -> list[str]:
        return [
            *self._as_user(),
            str(self._binaries / "psql"),
            "-h",
            str(self._socket),
            "-d",
            "postgres",
        ]

    def _start(self) -> None:
        user = self._as_user()
        self._data.mkdir()
        if user:
            shutil.chown(self._socket, "postgres")
            shutil.chown(self._data, "postgres")
        run = [
            *user,
            str(self._binaries / "initdb"),
            "-D",
            str(self._data),
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(run, check=True, capture_output=True)
        start = [str(self._binaries / "pg_ctl"), "-D", str(self._data), "-w"]
        start += ["-o", f"{SETTINGS} -k {self._socket}", "-l", str(self._data / "log"), "start"]
        subprocess.run([*user, *start], check=True, stdout=subprocess.DEVNULL)

    def load(self, archive: Path) -> None:
        """Copy the papers, make their vectors and the index."""
        columns = f"key, {COLUMNS}"
        sql = (
            "CREATE UNLOGGED TABLE paper (key bigint PRIMARY KEY, arxiv_id text, title text, "
            "abstract text, authors text, categories text, announced_on text, said tsvector);\n"
            f"COPY paper ({columns}) FROM STDIN;\n"
        )
        loading = subprocess.Popen([*self._client(), "-q"], stdin=subprocess.PIPE, text=True)
        assert loading.stdin is not None
        loading.stdin.write(sql)
        connection = sqlite3.connect(archive)
        for row in connection.execute(f"SELECT {columns} FROM paper"):
            loading.stdin.write("\t".join(_escaped(value) for value in row) + "\n")
        connection.close()
        loading.stdin.write("\\.\n")
        loading.stdin.write(
            "UPDATE paper SET said = setweight(to_tsvector('english', title), 'A') || "
            "setweight(to_tsvector('english', abstract || ' ' || authors), 'D');\n"
            "CREATE INDEX ON paper USING gin (said);\nVACUUM ANALYZE paper;\n"
        )
        loading.stdin.close()
        if loading.wait():
            raise RuntimeError("PostgreSQL did not take the papers")
        self._psql = subprocess.Popen(
            [*self._client(), "-q", "-A", "-t"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _escaped(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return text.replace("\r", "\\r").replace("\0", "")


def _postgres_binaries() -> Path | None:
    """Find the newest PostgreSQL whose server is installed."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = candidates[-1] if candidates else shutil.which("initdb")
    return Path(found).parent if found else None
