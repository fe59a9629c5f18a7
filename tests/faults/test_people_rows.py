"""Row 45: whatever papers are called and people type, all are answered and nobody is pinged.

The shipped program, with slash commands and buttons over the wire; the stand-in takes a first
answer for three seconds only, as Discord does.
"""

import asyncio
import gzip
import json
import random
import re
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot.text import markdown
from tests.fakes.arxiv import Record
from tests.fakes.interactions import Reply
from tests.fakes.process import BotProcess
from tests.fakes.world import Json, User
from tests.faults.scenario import CATEGORY, Scenario, last_announcement_day, scenario
from tests.query.hostile import HOSTILE
from tests.shared import shared
from tests.waiting import HUNG_S

pytestmark = pytest.mark.slow

MOST_TYPED = 300
"""Discord's limit for these options, in UTF-16 units."""

EVIL = (
    *("@everyone", "@here a study", "<@1>", "<@!1>", "<@&1>", "<#1>", "</paper search:1>"),
    *("<t:0:R>", "<:a:1>", "<a:b:1>", "<id:browse>", ":smile:", "https://discord.gg/abc"),
    *("[click](http://evil.example)", "](http://evil.example)", "[a]: http://evil.example"),
    *("x](http://evil.example) [y", "<http://evil.example>", "\\[a\\](http://evil.example)"),
    *("**bold", "__under", "~~gone", "||spoiler", "`code", "```block", "# Heading", "> quote"),
    *("- list", "1. list", "-# small", "*", "_", "\\", "\\\\", "\\@everyone", "`@everyone`"),
    *("@\u200beveryone", "\u202eenoyreve@", "\u2066@everyone\u2069", "\uff20everyone"),
    *("a" + "\u0301" * 300, "\u3164", "\u2800", "\u200b", "\u00ad", "\ufeff", "\u2028@here"),
    *("$\\beta$-decay", "\\frac{1}{2}", "$" * 51, "{" * 300, "\\href{http://evil.example}{x}"),
    *("\\url{http://evil.example}", "\\textbf{@everyone}", "$@everyone$", "{@}everyone"),
    *(
        "量子计算的综述",
        "العربية",
        "👩\u200d👩\u200d👧" * 100,
        "a" * 5000,
        "word " * 800,
        "W" * 300,
    ),
    *("javascript:alert(1)", "<script>alert(1)</script>", "&lt;@1&gt;", "&amp;lt;@everyone&gt;"),
    *("'; DROP TABLE paper; --", "%s %d {0}", "{title}", "CDATA ]]>", "../../etc/passwd"),
)

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

CODE = re.compile(r"(?<!\\)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
PING = re.compile(r"(?<!\\)(?:\\\\)*(?:@everyone|@here|<@[!&]?\d+>)", re.IGNORECASE)
EVIL_LINK = re.compile(r"(?<!\\)(?:\\\\)*\]\(<?[a-z]+:/*evil\.example", re.IGNORECASE)


# -- papers and texts ----------------------------------------------------------------------------


def evil_records() -> Iterator[Record]:
    """Papers whose every field is hostile, as far as XML can carry it."""
    texts = [NOT_XML.sub("", text) for text in (*EVIL, *HOSTILE)]
    for number, text in enumerate(filter(str.strip, texts), start=1):
        yield Record(
            f"2408.{number:05d}",
            title=text[:6000],
            abstract=f"{text[:3000]} We study it. {text[:3000]}",
            authors=[text[:200].replace(",", " "), "Ada Example"],
            comment=text[:500],
        )


def real_papers(number: int) -> list[Json]:
    """Papers of the reference corpus: half are those with the strangest titles."""
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        papers: list[Json] = [json.loads(line) for line in lines]
    papers.sort(key=lambda paper: -len(re.findall(r"[^\w ,:-]", paper["title"])))
    half = number // 2
    return papers[:half] + random.Random(45).sample(papers[half:], half)


def real_records(number: int) -> Iterator[Record]:
    for place, paper in enumerate(real_papers(number), start=5001):
        yield Record(
            f"2408.{place:05d}",
            title=paper["title"],
            abstract=paper["abstract"],
            authors=paper["authors"] or ["Ada Example"],
        )


RECORDS: dict[str, Callable[[], Iterator[Record]]] = {
    "made up": evil_records,
    "real": lambda: real_records(400),
}


def typed(records: Sequence[Record]) -> list[str]:
    """What people may type, if they type it into Discord: hostile texts and whole titles."""
    texts = (*HOSTILE, *EVIL, *(record.title for record in records))
    return [text for text in dict.fromkeys(texts) if 0 < markdown.width(text) <= MOST_TYPED]


@asynccontextmanager
async def announced(folder: Path, records: Sequence[Record]) -> AsyncIterator[Scenario]:
    async with scenario(folder, channels=1) as day:
        day.records = list(records)
        day.arxiv.publish(CATEGORY, last_announcement_day(datetime.now(UTC)), day.records)
        yield day


def count_seconds_of(bot: BotProcess, day: Scenario) -> None:
    """Refuse an answer after three seconds of the bot's work; a busy machine does not count."""
    day.discord.interactions.deadline_s = 3.0
    day.discord.interactions.clock = bot.cpu_s


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Scenario]:
    """A day of twelve harmless papers."""
    async with scenario(tmp_path, channels=1, papers=12) as day:
        yield day


# -- what people see -----------------------------------------------------------------------------


def bodies(day: Scenario) -> Iterator[Json]:
    """Everything that the bot gave to be shown: messages, answers, edits."""
    for call in day.discord.calls:
        if call.method in ("POST", "PATCH") and isinstance(call.body, dict):
            yield call.body.get("data") or call.body


def shown(body: Json) -> Iterator[str]:
    """The texts of a message in which Discord reads Markdown and mentions."""
    yield body.get("content") or ""
    for embed in body.get("embeds") or ():
        yield embed.get("title") or ""
        yield embed.get("description") or ""
        for field in embed.get("fields") or ():
            yield from (field["name"], field["value"])


def check_harmless(day: Scenario) -> None:
    """Nobody is pinged, by what Discord allows and by what is written; no link is made up."""
    messages = [body for body in bodies(day) if body.get("content") or body.get("embeds")]
    assert messages
    for body in messages:
        assert body["allowed_mentions"] == {"parse": []}
        for text in shown(body):
            read = CODE.sub("", text)
            assert not PING.search(read), text
            assert not EVIL_LINK.search(read), text
    assert day.discord.refusals == []


def check_quiet(log: str) -> None:
    """No exception, no apology with a number, no trouble at all."""
    assert "Traceback" not in log
    assert "command failed" not in log
    ours = [line for line in log.splitlines() if " bot." in line]
    assert [line for line in ours if " WARNING " in line or " ERROR " in line] == []


async def search(day: Scenario, query: str, user: User | None = None) -> Reply:
    channel, person = day.channels[0], user or day.discord.add_user()
    return await day.discord.slash(day.guild, channel, person, "paper search", query=query)


@pytest.mark.parametrize("kind", RECORDS)
async def test_row_45_titles_ping_nobody_and_all_are_posted(kind: str, tmp_path: Path) -> None:
    async with announced(tmp_path, list(RECORDS[kind]())) as day:
        await day.run_to_the_end()
        findings = day.check()
        assert findings.problems == []
        assert findings.sent == len(day.records)
        check_harmless(day)
        check_quiet(day.log)


COMMANDS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("paper search", {}, "query"),
    ("paper search", {"query": "paper"}, "author"),
    ("paper show", {}, "paper"),
    ("paper similar", {}, "paper"),
    ("digest why", {}, "paper"),
    ("topic add", {"name": "evil"}, "query"),
    ("topic add", {"query": "paper"}, "name"),
    ("topic remove", {}, "name"),
    ("digest setup", {"categories": CATEGORY, "time": "09:00"}, "zone"),
    ("digest setup", {}, "categories"),
)
"""Commands, their other options, and the one into which all is typed."""


@pytest.mark.cpu_limit(600)
@pytest.mark.parametrize("group", ["paper", "digest", "topic"])
async def test_row_45_whatever_is_typed_is_answered(group: str, tmp_path: Path) -> None:
    """Ten people at once, offers while they type and the answer; never an apology."""
    async with announced(tmp_path, list(evil_records())) as day, day.running() as bot:
        await day.discord.wait_connected()
        assert await day.finished(bot)
        count_seconds_of(bot, day)
        for command, others, option in COMMANDS:
            if command.startswith(group):
                await type_all(day, command, others, option)
        assert await bot.stop() == 0
    check_harmless(day)
    check_quiet(day.log)


async def type_all(day: Scenario, command: str, others: dict[str, str], option: str) -> None:
    """Type each text into an option."""
    channel = day.channels[0]
    offers = option in offering(day, command)
    most = 100 if option in ("author", "name", "zone") else MOST_TYPED

    async def type_as(person: User, texts: Sequence[str]) -> None:
        for text in texts:
            options = {**others, option: text}
            if offers:
                await day.discord.complete(day.guild, channel, person, command, **options)
            reply = await day.discord.slash(day.guild, channel, person, command, **options)
            assert reply.text, (command, text)

    people = [day.discord.add_user(f"person-{n}", is_admin=True) for n in range(10)]
    texts = [text for text in typed(day.records) if len(text) <= most]
    await asyncio.gather(*map(type_as, people, (texts[n :: len(people)] for n in range(10))))


def offering(day: Scenario, command: str) -> set[str]:
    """The options of a command for which the bot offers values."""
    name, sub = command.split()
    (group,) = [each for each in day.discord.commands if each["name"] == name]
    (leaf,) = [each for each in group["options"] if each["name"] == sub]
    return {each["name"] for each in leaf.get("options", ()) if each.get("autocomplete")}


@pytest.mark.parametrize("kind", RECORDS)
async def test_row_45_a_hundred_searches_at_once(kind: str, tmp_path: Path) -> None:
    """Of a hundred people: each is acknowledged within three seconds, each gets an answer."""
    async with announced(tmp_path, list(RECORDS[kind]())) as day, day.running() as bot:
        await day.discord.wait_connected()
        assert await day.finished(bot)
        queries = random.Random(45).sample(typed(day.records), 100)
        people = [day.discord.add_user(f"person-{number}") for number in range(100)]
        count_seconds_of(bot, day)
        replies = await asyncio.gather(*map(partial(search, day), queries, people))
        assert all(reply.text for reply in replies)
        assert len(day.discord.interactions.acknowledged_after_s) == 100
        assert await bot.stop() == 0
    check_harmless(day)
    check_quiet(day.log)


# -- too late, and too old -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["command", "offer", "button"])
async def test_row_45_what_is_older_than_three_seconds_is_given_up(
    kind: str, day: Scenario
) -> None:
    """The process stood still meanwhile: Discord says 10062, the log one line, and it goes on."""
    channel, person = day.channels[0], day.discord.add_user()
    async with day.running() as bot:
        await day.discord.wait_connected()
        assert await day.finished(bot)
        page = await search(day, "paper", person)
        day.discord.interactions.timeout_s = day.discord.interactions.deadline_s = 1
        bot.send_signal(signal.SIGSTOP)
        acting: Coroutine[object, object, object]
        match kind:
            case "command":
                acting = search(day, "paper", person)
            case "offer":
                acting = day.discord.complete(
                    day.guild, channel, person, "paper search", query="pap"
                )
            case _:
                acting = day.discord.click(day.guild, channel, person, page, "search:")
        late = asyncio.create_task(acting)
        with pytest.raises(TimeoutError):
            await late
        bot.send_signal(signal.SIGCONT)
        await bot.says("interaction answered too late")
        day.discord.interactions.timeout_s, day.discord.interactions.deadline_s = HUNG_S, None
        assert (await search(day, "paper", person)).embeds
        assert await bot.stop() == 0
    lines = [line for line in day.log.splitlines() if " WARNING bot." in line]
    assert len(lines) == 1, day.log
    assert "interaction answered too late" in lines[0]
    assert "Traceback" not in day.log
    assert " ERROR " not in day.log


async def test_row_45_a_button_pressed_after_a_restart_works(day: Scenario) -> None:
    channel, person = day.channels[0], day.discord.add_user()
    second = day.discord.add_channel(day.guild, "second")
    admin = day.discord.add_user("admin", is_admin=True)
    async with day.running() as bot:
        assert await day.finished(bot)
        await day.discord.slash(day.guild, second, admin, "digest setup", categories=CATEGORY)
        page = await search(day, "paper", person)
        nothing = await search(day, "paper nowhere", person)
        paper = await day.discord.slash(
            day.guild, channel, person, "paper show", paper=day.records[0].arxiv_id
        )
        preview = await day.discord.slash(day.guild, second, admin, "digest preview")
        asked = await day.discord.slash(day.guild, second, admin, "digest remove")
        assert await bot.stop() == 0

    async def click(user: User, reply: Reply, id_: str) -> Reply:
        return await day.discord.click(day.guild, channel, user, reply, id_)

    async with day.running() as bot:
        await day.discord.wait_connected()
        (onward,) = [each for each in page.buttons if each.get("label", "").startswith("Next")]
        turned = await click(person, page, onward["custom_id"])
        assert "**6.**" in turned.text
        assert (await click(person, nothing, "offer:")).embeds
        assert (await click(person, paper, "similar:")).is_private
        message = await click(admin, preview, "preview:")
        assert message.text
        removed = await click(admin, asked, asked.buttons[0]["custom_id"])
        assert "Removed the digest" in removed.content
        assert await bot.stop() == 0
    check_quiet(day.log)


async def test_row_45_a_button_of_another_version_says_so(day: Scenario) -> None:
    channel, person = day.channels[0], day.discord.add_user()
    async with day.running() as bot:
        assert await day.finished(bot)
        page = await search(day, "paper", person)
        for custom_id in ("search:0:1:newest:start", "vote", "preview:1:x", "\ud800"):
            page.message["components"][0]["components"][0]["custom_id"] = custom_id
            reply = await day.discord.click(day.guild, channel, person, page, custom_id)
            assert (
                reply.content
                == "This button belongs to another version of me; use the command again."
            )
            assert reply.is_private
        assert await bot.stop() == 0
    check_quiet(day.log)
