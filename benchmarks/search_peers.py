"""Other engines over the same papers, each asked for the ten best or newest rows.

All answer with the same columns of the same papers. PostgreSQL holds the rows itself; tantivy
finds keys, and their rows come from the bot's own file, as ours do.
"""

import contextlib
import importlib
import shutil
import sqlite3
import statistics
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bot.query.ast import And, Category, Node, Not, Or, Query, Since, Text, TextField, Until
from bot.query.compile import compile_query
from bot.query.results import Sort
from bot.query.tags import category_names
from bot.store.keys import end_key, first_key

COLUMNS = "arxiv_id, title, abstract, authors, categories, announced_on"
PAGE = 10

FIELD_END, ROW_END, ANSWER_END = "\x1f", "\x1e", "\x1d"  # psql's; no paper says any of them

SETTINGS = (
    "-c fsync=off -c jit=off -c shared_buffers=2GB -c maintenance_work_mem=1GB -c listen_addresses="
)


class Took(NamedTuple):
    """Milliseconds of computing, and by the wall."""

    computing: float
    wall: float

    @classmethod
    def since(cls, begun: float, computed: float, now_computed: float) -> "Took":
        return cls((now_computed - computed) * 1000, (time.perf_counter() - begun) * 1000)

    @classmethod
    def median(cls, took: "Sequence[Took]") -> "Took":
        return cls(
            statistics.median(each.computing for each in took),
            statistics.median(each.wall for each in took),
        )


class Peer(ABC):
    """An engine that can be asked some of the queries."""

    name: str
    sort: Sort
    only_rare = False
    differs = ""
    """In what it may find other papers than ours; empty where they are not compared."""

    def median_of(self, repeats: int, query: Query) -> tuple[Took, list[str]] | None:
        """Return the median times, and the papers; None when it cannot be asked."""
        took: list[Took] = []
        found: list[str] | None = None
        for _ in range(repeats):
            begun, computed = time.perf_counter(), self.computing_s()
            found = self.ask(query)
            if found is None:
                return None
            took.append(Took.since(begun, computed, self.computing_s()))
        return Took.median(took), found or []

    def computing_s(self) -> float:
        """Return how long it has computed until now."""
        return time.process_time()

    @abstractmethod
    def ask(self, query: Query) -> list[str] | None:
        """Fetch ten rows; returns their identifiers, None when it has no such question."""

    def close(self) -> None:  # noqa: B027  # most hold nothing
        """Give back what it holds."""


class Bm25(Peer):
    """The same index and expression, ranked by FTS5's own bm25 over all matches."""

    name = "full bm25"
    sort = Sort.RELEVANCE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, query: Query) -> list[str] | None:
        expression = compile_query(query).select(lambda place: True).expression()
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM paper WHERE key IN (SELECT rowid FROM paper_text "
            "WHERE paper_text MATCH ? ORDER BY rank LIMIT ?)",
            (expression, PAGE),
        ).fetchall()
        return [row[0] for row in rows]


class LikeScan(Peer):
    """What needs no index: a scan over the texts, newest first."""

    name = "LIKE scan"
    sort = Sort.NEWEST
    only_rare = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, query: Query) -> list[str] | None:
        if not isinstance(query.root, Text):
            return None
        pattern = f"%{query.root.text}%"
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM paper WHERE title LIKE ?1 OR abstract LIKE ?1 "
            "ORDER BY key DESC LIMIT ?2",
            (pattern, PAGE),
        ).fetchall()
        return [row[0] for row in rows]


# tantivy


def tantivy_peers(folder: Path, connection: sqlite3.Connection) -> list[Peer]:
    """Index the same papers with tantivy; none where it is not installed."""
    index = tantivy_index(folder, connection)
    return [Tantivy(index, sort) for sort in Sort] if index is not None else []


def tantivy_index(folder: Path, connection: sqlite3.Connection) -> "TantivyIndex | None":
    try:
        tantivy = importlib.import_module("tantivy")
    except ImportError:
        print("tantivy is not installed: it takes no part; python -m pip install tantivy brings it")
        return None
    begun = time.perf_counter()
    index = TantivyIndex(tantivy, folder / "tantivy", connection)
    size = sum(file.stat().st_size for file in (folder / "tantivy").iterdir()) / 1e6
    took = time.perf_counter() - begun
    print(f"{tantivy.__version__}: indexed in {took:.0f} s, {size:,.0f} MB without the texts")
    return index


class Tantivy(Peer):
    """Newest first by a fast field, or BM25; without a total, for which it reads every match.

    Free words are asked of one field that holds title, abstract and authors: half the work of
    asking three. BM25 does not weigh the title more then, as FTS5's does not in `Bm25`.
    """

    name = "tantivy"
    differs = "the English stemmer"

    def __init__(self, index: "TantivyIndex", sort: Sort) -> None:
        self.sort = sort
        self._index = index

    def ask(self, query: Query) -> list[str] | None:
        asked = self._index.translate(query.root)
        return None if asked is None else self._index.rows(asked, self.sort)


class TantivyIndex:
    """Papers in tantivy, their keys as a fast field: they are in the order of announcement."""

    def __init__(self, tantivy: Any, folder: Path, connection: sqlite3.Connection) -> None:
        self._tantivy = tantivy
        self._connection = connection
        self._schema = self._make_schema()
        # Case, accents and English endings do not matter, as in the bot's own index.
        filters = (
            tantivy.Filter.lowercase(),
            tantivy.Filter.ascii_fold(),
            tantivy.Filter.stemmer("english"),
        )
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        for each in filters:
            builder = builder.filter(each)
        self._english = builder.build()
        folder.mkdir()
        self._index = tantivy.Index(self._schema, path=str(folder))
        self._index.register_tokenizer("english", self._english)
        self._load()
        self._searcher = self._index.searcher()

    def _make_schema(self) -> Any:
        builder = self._tantivy.SchemaBuilder()
        builder.add_unsigned_field("key", indexed=True, fast=True)
        builder.add_text_field("said", tokenizer_name="english")
        builder.add_text_field("title", tokenizer_name="english")
        builder.add_text_field("category", tokenizer_name="raw", index_option="basic")
        return builder.build()

    def _load(self) -> None:
        writer = self._index.writer(heap_size=512_000_000)
        for row in self._connection.execute(f"SELECT key, {COLUMNS} FROM paper"):
            writer.add_document(self._document(*row[:1], *row[2:6]))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def _document(self, key: int, title: str, abstract: str, authors: str, codes: str) -> Any:
        document = self._tantivy.Document()
        document.add_unsigned("key", key)
        document.add_text("title", title)
        for said in (title, abstract, *authors.split("\n")):  # no phrase spans two of them
            document.add_text("said", said)
        for name in {name for code in codes.split() for name in category_names(code)}:
            document.add_text("category", name)
        return document

    def rows(self, asked: Any, sort: Sort) -> list[str]:
        """Fetch the rows of the ten newest or best, in that order."""
        by = "key" if sort is Sort.NEWEST else None
        hits = self._searcher.search(asked, PAGE, count=False, order_by_field=by).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        rows = self._fetch(keys)
        return [rows[key][1] for key in keys]

    def _fetch(self, keys: list[int]) -> dict[int, tuple[Any, ...]]:
        marks = ", ".join("?" * len(keys))
        sql = f"SELECT key, {COLUMNS} FROM paper WHERE key IN ({marks})"
        return {row[0]: row for row in self._connection.execute(sql, keys)}

    def best(self, text: str, *, is_any: bool) -> list[int]:
        """Return the ten best by BM25 for all or any of some words, a word of the title twice."""
        occur = self._tantivy.Occur
        words = self._english.analyze(text)
        return self._keys_of(
            self._boolean(
                (occur.Should if is_any else occur.Must, self._weighted(word)) for word in words
            )
        )

    def _weighted(self, word: str) -> Any:
        """Ask for a word in the texts, and count it again in the title."""
        query, occur = self._tantivy.Query, self._tantivy.Occur
        title = query.term_query(self._schema, "title", word)
        said = query.term_query(self._schema, "said", word)
        return self._boolean([(occur.Must, said), (occur.Should, query.boost_query(title, 2.0))])

    def _keys_of(self, asked: Any) -> list[int]:
        hits = self._searcher.search(asked, PAGE, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in hits])
        self._fetch(keys)
        return list(keys)

    def translate(self, node: Node) -> Any | None:
        """Write a query for tantivy; None where it has no equal of a part."""
        match node:
            case And(parts):
                return self._all_of([self._clause(part) for part in parts])
            case Or(parts):
                asked = [self.translate(part) for part in parts]
                should = self._tantivy.Occur.Should
                return None if None in asked else self._boolean((should, each) for each in asked)
            case Not():
                return self._all_of([self._clause(node)])
            case Text(is_prefix=False, field=None | TextField.TITLE):
                return self._text(node)
            case Category(code=code):
                return self._tantivy.Query.term_query(self._schema, "category", code)
            case Since(day=day):
                return self._keys(first_key(day), None)
            case Until(day=day):
                return self._keys(None, end_key(day) - 1)
            case _:
                return None

    def _clause(self, part: Node) -> tuple[Any, Any | None]:
        occur = self._tantivy.Occur
        if isinstance(part, Not):
            return occur.MustNot, self.translate(part.part)
        return occur.Must, self.translate(part)

    def _all_of(self, clauses: list[tuple[Any, Any | None]]) -> Any | None:
        if any(asked is None for _, asked in clauses):
            return None
        must = self._tantivy.Occur.Must
        if all(occur is not must for occur, _ in clauses):
            clauses = [(must, self._tantivy.Query.all_query()), *clauses]
        return self._boolean(clauses)

    def _boolean(self, clauses: "list[tuple[Any, Any]] | Iterator[tuple[Any, Any]]") -> Any:
        return self._tantivy.Query.boolean_query(list(clauses))

    def _text(self, leaf: Text) -> Any:
        field = "title" if leaf.field else "said"
        words = self._english.analyze(leaf.text)
        if len(words) == 1:
            return self._tantivy.Query.term_query(self._schema, field, words[0])
        return self._tantivy.Query.phrase_query(self._schema, field, words)

    def _keys(self, first: int | None, last: int | None) -> Any:
        unsigned = self._tantivy.FieldType.Unsigned
        return self._tantivy.Query.range_query(self._schema, "key", unsigned, first, last)


# PostgreSQL


def postgres_peers(folder: Path, archive: Path) -> list[Peer]:
    """Start PostgreSQL over the same papers; none where it is not installed."""
    binaries = _postgres_binaries()
    if binaries is None:
        print("PostgreSQL is not on this machine: it takes no part")
        return []
    begun = time.perf_counter()
    server = PostgresServer(folder, binaries)
    server.load(archive)
    took = time.perf_counter() - begun
    print(f"PostgreSQL {server.version}: loaded and indexed in {took:.0f} s, {server.size}")
    return [
        Postgres("PostgreSQL", Sort.NEWEST, server, "key DESC"),
        Postgres("PostgreSQL ts_rank", Sort.RELEVANCE, server, "ts_rank(said, asked) DESC"),
    ]


class Postgres(Peer):
    """Stored weighted tsvector and a GIN index; with the total up to 1,000, as ours has it."""

    differs = "the English stemmer, stop words and words with hyphens"

    def __init__(self, name: str, sort: Sort, server: "PostgresServer", order: str) -> None:
        self.name = name
        self.sort = sort
        self._server = server
        self._order = order

    def ask(self, query: Query) -> list[str] | None:
        parts = query.root.parts if isinstance(query.root, And) else (query.root,)
        words = [part for part in parts if isinstance(part, Text) and not part.field]
        if len(words) < len(parts) or any(word.is_prefix for word in words):
            return None
        asked = " && ".join(f"phraseto_tsquery('english', $${word.text}$$)" for word in words)
        found = f"FROM paper, (SELECT {asked} AS asked) AS q WHERE said @@ asked"
        *rows, _ = self._server.send(
            f"SELECT {COLUMNS} {found} ORDER BY {self._order} LIMIT {PAGE};\n\\echo {ROW_END}\n"
            f"SELECT count(*) FROM (SELECT 1 {found} LIMIT 1001) AS counted;"
        )
        return [row.split(FIELD_END, 1)[0] for row in rows]

    def computing_s(self) -> float:
        """The server's process computes, not ours."""
        return self._server.computing_s()

    def close(self) -> None:
        self._server.stop()


class PostgresServer:
    """A server from this machine's binaries, in a folder of its own, behind a socket there."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._data = folder / "postgres"
        self._socket = folder
        self._binaries = binaries
        self._psql: subprocess.Popen[str] | None = None
        self._pid: int | None = None
        self._start()

    @property
    def version(self) -> str:
        return self.send("SHOW server_version;")[0]

    def computing_s(self) -> float:
        """Return how long the process that answers has computed."""
        if self._pid is None:
            self._pid = int(self.send("SELECT pg_backend_pid();")[0])
        spent = Path(f"/proc/{self._pid}/schedstat").read_text(encoding="ascii").split()[0]
        return int(spent) / 1e9

    @property
    def size(self) -> str:
        (size,) = self.send("SELECT pg_total_relation_size('paper') / 1000000;")
        return f"{int(size):,} MB"

    def send(self, sql: str) -> list[str]:
        """Run statements and return the rows of all of them."""
        assert self._psql is not None
        assert self._psql.stdin is not None
        assert self._psql.stdout is not None
        self._psql.stdin.write(f"{sql}\n\\echo {ANSWER_END}\n")
        self._psql.stdin.flush()
        answer = ""
        while not answer.endswith(f"{ANSWER_END}\n"):
            line = self._psql.stdout.readline()
            if not line:
                raise RuntimeError("psql ended")
            answer += line
        rows = answer.removesuffix(f"{ANSWER_END}\n").split(ROW_END)
        return [row.strip("\n") for row in rows if row.strip()]

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
            [*self._client(), "-q", "-A", "-t", "-F", FIELD_END, "-R", ROW_END],
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
