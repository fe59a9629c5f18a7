"""What is printed: results, remarks, failures as one sentence, and the exit codes."""

import codecs
import contextlib
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bot.delivery.edge import message_body
from bot.digest.audit import DayAudit, Whereabouts
from bot.digest.export import stored_to_json, to_bibtex, to_json, to_markdown
from bot.digest.messages import MessageDraft
from bot.digest.models import Digest
from bot.errors import (
    AlreadyRunning,
    ArxivError,
    BotError,
    ConfigError,
    InputError,
    OutputError,
    QuerySyntaxError,
    StoreError,
    TakenOver,
    TokenRefused,
)
from bot.models import IntakeStatus, StoredPaper
from bot.query.ast import Node, Query
from bot.query.explain import explain, list_widened
from bot.query.printer import print_node
from bot.query.results import Closest, Match, SearchPage, Sort
from bot.run.standing import Standing, find_standstills
from bot.store.backup.proof import Proof
from bot.store.figures import Figures
from bot.text.words import count_of
from bot.ui.audit import say_day, say_listed
from bot.ui.intake import say_state

EXIT_OK = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_UNDATED = 65
EXIT_ARXIV = 69
EXIT_DATABASE = 74
EXIT_RUNNING = 75
EXIT_CONFIG = 78
EXIT_STOPPED = 130
EXIT_FOR_GOOD = frozenset({EXIT_RUNNING, EXIT_CONFIG})
"""A restart does not help until someone has fixed the cause."""

EXIT_CODES = """\
exit codes:
  0   done; records that import or backfill skipped are named and counted, and change nothing
  1   a bug: please report the traceback
  2   what you gave cannot be used (unknown category, impossible date, missing or wrong file)
  65  import stored everything, and nothing confirms the date of some of it, which is named
  69  arXiv did not answer, or not with a listing
  74  the database cannot be used, or the output cannot be written
  75  another instance uses the database, or another host has posted with this token
  78  a setting is wrong, or Discord refuses the token
  130 import or backfill was stopped by Ctrl-C
"""


def prepare_streams() -> None:
    """See that every result can be printed, and that no file takes a standard stream's number.

    Whatever is written there without asking, a library's complaint say, would land in a file that
    took the number of a closed stdin, stdout or stderr. What the terminal's encoding lacks, a
    title's Greek in a pipe of Windows say, is printed as a question mark.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
    if sys.stderr is None:  # Python's answer to a closed one
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def show(text: str) -> None:
    """Print a result, whole with its line ends.

    Raises `OutputError` when it cannot be written, BrokenPipeError when its reader has gone.
    """
    if sys.stdout is None:
        raise OutputError("The output cannot be written: stdout is closed.")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()  # here it is still known that a reader (head, less) has gone
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"The output cannot be written: {error.strerror}.") from error


def drop_output() -> None:
    """Forget what could not be printed; else Python complains of it at the end."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(line: str) -> None:
    """Print progress, a remark or a failure: anything but a result."""
    with contextlib.suppress(OSError):  # whatever happens to stderr, the work goes on
        print(line, file=sys.stderr, flush=True)


def sentence_of(error: BotError) -> str:
    """Say what went wrong; for a query with a mark under the place."""
    if isinstance(error, QuerySyntaxError):
        return f"{error}\n{error.with_caret()}"
    return str(error)


def exit_code(error: BotError) -> int:
    codes: tuple[tuple[type[BotError], int], ...] = (
        (ConfigError, EXIT_CONFIG),
        (TokenRefused, EXIT_CONFIG),
        (InputError, EXIT_USAGE),
        (ArxivError, EXIT_ARXIV),
        (AlreadyRunning, EXIT_RUNNING),
        (TakenOver, EXIT_RUNNING),
        (StoreError, EXIT_DATABASE),
        (OutputError, EXIT_DATABASE),
    )
    return next((code for kind, code in codes if isinstance(error, kind)), EXIT_BUG)


# --- a digest ---


def _json(value: object) -> str:
    """Print JSON that is whole in any encoding: where letters would be lost, they are escaped."""
    encoding = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name
    return json.dumps(value, ensure_ascii=encoding != "utf-8", indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Digest], str]] = {
    "markdown": to_markdown,
    "json": lambda digest: _json(to_json(digest)),
    "bibtex": to_bibtex,
}
"""How a digest is printed, whole with its last line end, by the name of the form."""


MESSAGES: Final = "discord"
"""The form that needs a style, too."""


def messages_as_json(drafts: Iterable[MessageDraft]) -> str:
    """Print the bodies as they are sent, but for the nonce, which each channel has its own of."""
    bodies = (message_body(draft.body, nonce="") for draft in drafts)
    return _json({"messages": [_without_nonce(body) for body in bodies]})


def _without_nonce(body: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if key not in ("nonce", "enforce_nonce")}


# --- a search ---


def papers_as_lines(matches: Iterable[Match]) -> str:
    return _text(_line(match.stored) for match in matches)


def search_as_json(query: Query, sort: Sort, page: SearchPage, closest: Closest | None) -> str:
    """Print what was found, how the query was understood, and the closest papers if asked for."""
    return _json(search_to_json(query, sort, page, closest))


def search_to_json(
    query: Query, sort: Sort, page: SearchPage, closest: Closest | None
) -> dict[str, object]:
    return {
        "query": query.text,
        **_understood(page.asked),
        "sort": sort.value,
        "total": page.total,
        "total_is_exact": page.total_is_exact,
        "papers": papers_to_json(page.matches),
        "closest": None if closest is None else _closest_to_json(closest),
    }


def papers_to_json(matches: Iterable[Match]) -> list[dict[str, Any]]:
    return [stored_to_json(match.stored) for match in matches]


def _understood(asked: Node) -> dict[str, object]:
    """Say how a query was read, and what each of its words stands for beside itself."""
    widened = [
        {"word": word, "rule": rule, "forms": list(forms)}
        for word, rule, forms in list_widened(asked)
    ]
    return {"understood": print_node(asked), "widened": widened}


def _closest_to_json(closest: Closest) -> dict[str, object]:
    return {
        **_understood(closest.asked),
        "filters": [print_node(leaf) for leaf in closest.filters],
        "unmet": [print_node(leaf) for leaf in closest.unmet],
        "left_out": list(closest.left_out),
        "mended": [{"typed": each.typed, "meant": each.meant} for each in closest.mended],
        "doubtful": [{"typed": each.typed, "meant": each.meant} for each in closest.doubtful],
        "counts": [{"word": word, "papers": papers} for word, papers in closest.counts],
        "papers": papers_to_json(closest.matches),
    }


def papers_explained(query: Query, page: SearchPage, how: Iterable[str]) -> str:
    """Say ``how`` the search was done, and of each paper which parts of the query it matches."""
    return _text([*how, *_explained(query, page)])


def _explained(query: Query, page: SearchPage) -> Iterator[str]:
    for stored in _papers(page):
        yield _line(stored)
        why = explain(page.asked, stored.paper)
        for reason in why.reasons:
            yield f"{'':<12}{reason.part} in {', '.join(reason.fields)}"
        if why.authors:
            yield f"{'':<12}by {', '.join(why.authors)}"


def summary_of(page: SearchPage) -> str:
    found = count_of(page.total, "paper") if page.total_is_exact else f"{page.total:,}+ papers"
    shown = f"{found} found, {len(page.matches)} shown"
    return f"{shown}; cut short, there may be more" if page.overran else shown


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _papers(page: SearchPage) -> Sequence[StoredPaper]:
    return [match.stored for match in page.matches]


def _line(stored: StoredPaper) -> str:
    return f"{stored.announced_on}  {stored.paper.arxiv_id:<16} {stored.paper.title}"


def say_proof(proof: Proof) -> str:
    """Say what a good backup holds."""
    return ", ".join(
        count_of(count, noun)
        for count, noun in (
            (proof.papers, "paper"),
            (proof.subscriptions, "digest"),
            (proof.messages, "message"),
        )
    )


def audit_as_text(days: Sequence[DayAudit], channels: Mapping[int, Sequence[DayAudit]]) -> str:
    """Print what is stored of each date, then where the papers are in each channel."""
    lines = [say_listed(each) for each in days]
    for channel_id, audits in channels.items():
        lines += [f"channel {channel_id}", *(f"  {say_day(each)}" for each in audits)]
    return "".join(f"{line}\n" for line in lines)


def audit_as_json(
    category: str, days: Sequence[DayAudit], channels: Mapping[int, Sequence[DayAudit]]
) -> str:
    """Print the same as JSON; what a channel lacks of the announced is of types it does not get."""
    found = {
        "category": category,
        "days": [_day_to_json(each) for each in days],
        "channels": [
            {
                "channel_id": str(channel_id),
                "days": [
                    {
                        "date": each.day.isoformat(),
                        "announced": each.announced,
                        **{where.value: each.papers.get(where, 0) for where in Whereabouts},
                    }
                    for each in audits
                ],
            }
            for channel_id, audits in channels.items()
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _day_to_json(audit: DayAudit) -> dict[str, object]:
    record = next(iter(audit.records), None)
    check = next(iter(audit.checks), None)
    return {
        "date": audit.day.isoformat(),
        "announced": audit.announced,
        "verdict": record.verdict.value if record and record.verdict else None,
        "reason": say_state(record) if record else "",
        "on_page": check.on_page if check else None,
    }


# --- how things stand ---


def status_as_text(standing: Standing, now: datetime) -> str:
    """Print how things stand, and last what stands still."""
    figures, sent_at = standing.figures, standing.progress.sent_at
    waiting = ", ".join(f"{count:,} {state}" for state, count in sorted(_by_state(figures).items()))
    lines = [
        f"{count_of(figures.papers, 'paper')}, {count_of(figures.digests, 'digest')}, "
        f"{count_of(sum(figures.followers.values()), 'follower')}, "
        f"{figures.size_bytes / 1e6:,.0f} MB",
        f"messages not posted: {waiting or 'none'}; last one posted: {_moment(sent_at)}",
        f"last backup: {_moment(standing.backup_made_at)}; last found good: "
        f"{_moment(standing.backup_proven_at)}",
        *(_say_listing(status) for status in standing.intake),
        *(f"STANDS STILL: {sentence}" for sentence in find_standstills(standing, now)),
    ]
    return _text(lines)


def _by_state(figures: Figures) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (state, _), count in figures.unsettled.items():
        counts[state] += count
    return dict(counts)


def _say_listing(status: IntakeStatus) -> str:
    record = status.record
    return (
        f"{record.category}: {record.day} {record.verdict or 'not asked yet'}, "
        f"{count_of(record.papers, 'paper')}, next poll {_moment(status.next_poll)}"
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "never"


def status_as_json(standing: Standing, now: datetime) -> str:
    figures = standing.figures
    return _json(
        {
            "at": _iso(now),
            "papers": figures.papers,
            "digests": figures.digests,
            "followers": dict(figures.followers),
            "follows": dict(figures.follows),
            "messages": _by_state(figures),
            "due_since": _iso(standing.progress.due_since),
            "last_sent_at": _iso(standing.progress.sent_at),
            "database_bytes": figures.size_bytes,
            "database_free_bytes": figures.free_bytes,
            "backup_made_at": _iso(standing.backup_made_at),
            "backup_proven_at": _iso(standing.backup_proven_at),
            "categories": [_listing_as_json(status) for status in standing.intake],
            "standstills": find_standstills(standing, now),
        }
    )


def _listing_as_json(status: IntakeStatus) -> dict[str, object]:
    record = status.record
    return {
        "category": record.category,
        "date": record.day.isoformat(),
        "verdict": record.verdict.value if record.verdict else None,
        "papers": record.papers,
        "source": record.source,
        "next_poll": _iso(status.next_poll),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None
