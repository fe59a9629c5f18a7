"""Rows 31 and 52 to 56: blind kills and stops at random moments while the shipped program delivers.

    python -m tests.faults.kills --kills 300 --channels 350 --nonce-window 0 --seed 7
    python -m tests.faults.kills --kills 500 --channels 1000 --stops 0.5 --seed 7
    python -m tests.faults.kills --kills 300 --channels 120 --papers 40 --everywhere --seed 7
    python -m tests.faults.kills --kills 300 --channels 150 --papers 100 --everywhere --edits 500 \\
        --pace 40 --scale 0.3

prints kills, stops, deliveries, lost, duplicated, unknown. With ``--nonce-window 0`` Discord
recognises no nonce and the bot is made to believe that it was down for half an hour, so only the
channel's history can tell what arrived; with ``--no-history`` not even that, and what was in
flight at a kill must end as unknown, never lost or doubled. Elsewhere only "bare-message" is right
as the reason of one that is unknown: people took away all by which it was known.

``--stops 0.5`` mixes everything: half of the blows are a SIGSTOP for 30 to 300 seconds with a try
in the air, the others a kill, after half of which the bot is down for half an hour. Meanwhile
Discord takes messages and answers 502, 504 after 100 seconds or a rate limit of 75 seconds, and
people remove embeds, pin and crosspost. Time is told at ``--scale``: at 1/20 Discord is trusted to
know a nonce for 3 seconds, and does for 4; a stop takes 1.5 to 15 seconds.

``--edits 500`` lets links become known of posted papers, until so many edits were made. Channels
get their digests in turns, so that posts and edits are mixed, and edits are lost, answered too
late, or taken by Discord seconds after their sender was killed. It reports the edits that were
undone, and those that are missing in the end.

``--everywhere`` has digests in channels, threads and forums, in each style in turn, some with a
cap, some of a week or of both cadences, and those of people; faults strike the making of threads
and posts too, and meanwhile people archive them. ``--place dm`` has all in that place.
"""

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.digest.models import Cadence, Place
from bot.ui.styles import STYLES
from tests.fakes import faults, spec
from tests.fakes.discord import EDIT, SEND
from tests.fakes.faults import Fault
from tests.fakes.process import BotProcess
from tests.fakes.threads import OPEN_POST, OPEN_THREAD
from tests.fakes.world import FORUM, READ_MESSAGE_HISTORY
from tests.faults.edited import EditFindings, count_open, find_undone, link_of
from tests.faults.invariants import Findings
from tests.faults.scenario import CARDS_IN_CHANNEL, Kind, Scenario, scenario
from tests.waiting import until

DOWN_MINUTES = 30
WORK = (spec.MESSAGES, spec.MESSAGE, spec.FROM_MESSAGE, spec.POSTS)
IDLE_TICKS = 20
LINKS_OF_A_PAPER = 1
"""A full list would show the lines of more without their addresses, by which they are known."""

EVERYWHERE: tuple[Kind, ...] = (
    *(Kind(place, style) for style in STYLES for place in Place if place is not Place.DM),
    Kind(Place.DM, "list"),
    Kind(Place.DM, "list", (Cadence.WEEK,)),
    Kind(Place.CHANNEL, "list", cap=9),
    Kind(Place.CHANNEL, "cards", (Cadence.WEEK,)),
    Kind(Place.CHANNEL, "auto", (Cadence.DAY, Cadence.WEEK), 30),
    Kind(Place.THREAD, "brief", (Cadence.DAY, Cadence.WEEK)),
    Kind(Place.FORUM, "cards", (Cadence.DAY, Cadence.WEEK), 12),
    Kind(Place.FORUM, "list", (Cadence.WEEK,)),
)
"""Every style in every place, and of caps and cadences what goes together."""

TOLD_EACH: Final = 10
"""Kills between two lines that say how far a loop is."""

TRUSTED_S, KNOWN_S = 60.0, 80.0
"""How long the bot trusts Discord to know a nonce, and how long it does."""
STOPS_S = 30.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """How long and under which conditions to kill and to stop.

    ``stops`` is the share of stops among the blows; without any, ``nonce_window_s`` is real.
    """

    kills: int
    channels: int
    papers: int = 12
    nonce_window_s: float = 300.0
    has_history: bool = True
    seed: int = 1
    pace_per_s: float = 8.0
    longest_life_s: float = 1.5
    stops: float = 0.0
    scale: float = 1 / 20
    edits: int = 0
    kinds: Sequence[Kind] = field(default=(CARDS_IN_CHANNEL,), repr=False)

    @property
    def settings(self) -> dict[str, object]:
        """What the bot must believe: a post is looked for as long as a nonce is trusted."""
        has_posts = any(kind.place is Place.FORUM for kind in self.kinds)
        is_scaled = self.stops or self.edits or has_posts
        scaled = {"delivery__nonce_window_s": TRUSTED_S * self.scale} if is_scaled else {}
        return {"backup__every_h": 0, **scaled}  # none at each of hundreds of starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    kills: int
    stops: int
    messages: int
    findings: Findings
    edits: EditFindings


def _say_nothing(said: str) -> None:
    """Let a test run a loop that tells nobody how far it is."""


async def run_loop(loop: Loop, folder: Path, tell: Callable[[str], None] = _say_nothing) -> Result:
    """Kill and restart until all is delivered or the kills are used up, then deliver the rest.

    Calls ``tell`` now and then with how far it is.
    """
    dice = random.Random(loop.seed)
    async with scenario(
        folder,
        channels=loop.channels,
        papers=loop.papers,
        kinds=loop.kinds,
        delivery__pace_per_s=loop.pace_per_s,
        **loop.settings,
    ) as day:
        day.discord.threads.max_active = 2 * loop.channels
        if not loop.has_history:
            day.guild.permissions &= ~READ_MESSAGE_HISTORY
        waiting = list(day.channels) if loop.edits else []
        day.hold(waiting)
        kills = stops = 0
        while kills + stops < loop.kills and not _is_enough(day, loop):
            turn = -(-2 * len(day.channels) // loop.kills)  # all have begun half-way
            day.let_go(waiting[:turn])
            del waiting[:turn]
            stops += await _live_and_die(day, loop, dice)
            kills += 1
            if kills % TOLD_EACH == 0:
                states = Counter(day.states())
                tell(f"{kills} kills, {len(day.discord.edited)} edits, messages: {dict(states)}")
        day.let_go(waiting)
        day.discord.nonce_window_s = _known_s(loop)
        day.environ["PAPER_BOT_DELIVERY__PACE_PER_S"] = "45"
        await _deliver_the_rest(day)
        await day.run_to_the_end()
        if loop.edits:
            await _edit_the_rest(day)
        return Result(
            kills=kills,
            stops=stops,
            messages=len(day.states()),
            findings=day.check(),
            edits=find_undone(day.discord, day.path),
        )


def _is_enough(day: Scenario, loop: Loop) -> bool:
    return day.is_done() and len(day.discord.edited) >= loop.edits


def _known_s(loop: Loop) -> float:
    return KNOWN_S * loop.scale if loop.stops else loop.nonce_window_s


async def _live_and_die(day: Scenario, loop: Loop, dice: random.Random) -> int:
    """Start the bot, let it live for a random while once it posts, kill it; returns the stops."""
    day.discord.nonce_window_s = _known_s(loop)
    stops = 0
    await _learn(day, loop, dice)
    async with day.running() as bot:
        await _posting(day, bot)
        await _learn(day, loop, dice)
        while dice.random() < loop.stops and not day.is_done():
            await _stop_for_a_while(day, bot, loop, dice)
            stops += 1
        for route in (SEND, OPEN_THREAD, OPEN_POST):
            day.discord.inject(*_faults(loop, dice), route=route)
        if loop.edits:
            day.discord.inject(*_edit_faults(dice, loop), route=EDIT)
        await asyncio.sleep(dice.random() * loop.longest_life_s)
        await bot.kill()
    day.discord.clear_faults()
    if loop.nonce_window_s == 0 or (loop.stops and dice.random() < 0.5):
        day.age_claims(DOWN_MINUTES)
        day.discord.nonce_window_s = 0
    if loop.stops or len(loop.kinds) > 1:
        _meddle(day, dice, strips=not loop.edits or dice.random() < 0.1)
    return stops


async def _learn(day: Scenario, loop: Loop, dice: random.Random) -> None:
    """Let links of some papers become known, if they are stored and edits are wanted."""
    if not loop.edits or not day.states() or dice.random() < 0.5:
        return
    free = [
        each.arxiv_id for each in day.records if day.links.count(each.arxiv_id) < LINKS_OF_A_PAPER
    ]
    papers = dice.sample(free, k=min(1, len(free)))
    found = {arxiv_id: link_of(arxiv_id, len(day.links)) for arxiv_id in papers}
    day.links += found
    await day.find_links(found)


def _edit_faults(dice: random.Random, loop: Loop) -> Sequence[Fault]:
    """What strikes the next edits; one that is under way may arrive after its sender's death."""
    lasting = dice.random() * TRUSTED_S * loop.scale * 0.8
    return dice.choice(
        (
            (),
            (faults.hang(5, after=dice.random() < 0.7),) * 3,
            (faults.reset(after=dice.random() < 0.7),) * 2,
            (faults.answer(502, after=True),) * dice.randint(1, 4),
            (faults.delay(lasting),) * dice.randint(1, 8),
        )
    )


async def _edit_the_rest(day: Scenario) -> None:
    """Let the bot make all edits that are left; what waits for hours is let come at once."""
    for channel in day.guild.channels.values():
        channel.archived_at = None
    day.change("UPDATE edit SET not_before = changed_at WHERE state = 'planned'")
    async with day.running() as bot:
        await until(lambda: count_open(day.path) == 0 or bot.has_ended, lambda: bot.log)
        await bot.ticks()
        assert await bot.stop() == 0, bot.log


async def _deliver_the_rest(day: Scenario) -> None:
    """Let the bot live until all is settled; it may take long, but not stand still.

    A message that was often tried waits up to minutes for its next try.
    """
    async with day.running() as bot:
        while not day.is_done():
            await until(_moves(day, bot), lambda: f"{day.open_messages()}\n{bot.log}")
            assert not bot.has_ended, bot.log
            await asyncio.sleep(1)
        await bot.stop()


def _moves(day: Scenario, bot: BotProcess) -> Callable[[], bool]:
    before = day.states()
    return lambda: day.states() != before or bot.has_ended or _only_waits(day)


def _only_waits(day: Scenario) -> bool:
    """Whether the next try of every message that is not settled is still to come."""
    now = datetime.now(UTC)
    messages = day.open_messages()
    return all(
        state == "planned" and datetime.fromisoformat(at) > now for state, _, at, _ in messages
    )


async def _posting(day: Scenario, bot: BotProcess) -> None:
    """Wait until the bot posts or edits something, or has found nothing to do."""
    before = len(day.discord.calls)

    def does_something() -> bool:
        calls = day.discord.calls[before:]
        return any(call.method != "GET" and call.template in WORK for call in calls)

    with contextlib.suppress(AssertionError):  # on a busy machine it is struck at its start
        await until(lambda: does_something() or bot.ticked() >= IDLE_TICKS or bot.has_ended)


async def _stop_for_a_while(
    day: Scenario, bot: BotProcess, loop: Loop, dice: random.Random
) -> None:
    """Let a process stand still with a try in the air, and see it go on."""
    late = faults.slowly(faults.answer(502, after=True), 0.5)
    for route in (SEND, OPEN_THREAD, OPEN_POST):
        day.discord.inject(*_faults(loop, dice), late, route=route)
    await asyncio.sleep(dice.random() * loop.longest_life_s)
    bot.send_signal(signal.SIGSTOP)
    await asyncio.sleep(dice.uniform(*STOPS_S) * loop.scale)
    bot.send_signal(signal.SIGCONT)
    await asyncio.sleep(dice.random() * loop.longest_life_s)


def _faults(loop: Loop, dice: random.Random) -> Sequence[Fault]:
    """What strikes the next sends: half of the time an answer is on its way, the worst moment."""
    if not loop.stops:
        return (faults.hang(5, after=dice.random() < 0.7),) if dice.random() < 0.5 else ()
    slow = faults.slowly(faults.answer(504, after=True), 100 * loop.scale)
    return dice.choice(
        (
            (),
            (faults.hang(5, after=dice.random() < 0.7),),
            (faults.reset(after=True),),
            (faults.answer(502, after=True),) * dice.randint(1, 4),
            (slow, slow),
            (
                faults.answer(502, after=True),
                faults.rate_limited(75 * loop.scale, is_global=dice.random() < 0.5),
            ),
        )
    )


def _meddle(day: Scenario, dice: random.Random, *, strips: bool) -> None:
    """Let admins and others do to some of the newest messages what does not unmake them.

    Whether it ``strips`` some of their embeds: such a message is edited no more.
    """
    channels = [each for each in day.guild.channels.values() if each.kind != FORUM]
    for channel in dice.sample(channels, k=max(len(channels) // 10, min(1, len(channels)))):
        if channel.parent is not None and dice.random() < 0.5:
            channel.archived_at = day.discord.now()
        for message in channel.messages[-1:]:
            match dice.randrange(3):
                case 0 if strips:
                    message.update(embeds=[], flags=1 << 2)
                case 1:
                    message["pinned"] = True
                case _:
                    message["flags"] |= 1 << 0


def _why(findings: Findings) -> str:
    """Say why papers are unknown: a wrong reason is a fault, however few there are."""
    reasons = ", ".join(f"{reason} {count}" for reason, count in findings.why_unknown.items())
    return f"{findings.unknown} ({reasons})" if reasons else str(findings.unknown)


def _kinds(place: str | None, *, is_everywhere: bool) -> Sequence[Kind]:
    if is_everywhere or place is None:
        return EVERYWHERE if is_everywhere else (CARDS_IN_CHANNEL,)
    return [kind for kind in EVERYWHERE if kind.place == place]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=30, help="kills and stops together")
    parser.add_argument("--channels", type=int, default=60)
    parser.add_argument("--papers", type=int, default=12)
    parser.add_argument("--nonce-window", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--no-history", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=8.0, metavar="PER_S")
    parser.add_argument("--stops", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--scale", type=float, default=1 / 20)
    parser.add_argument("--edits", type=int, default=0, help="how many edits to see made")
    parser.add_argument("--place", choices=[place.value for place in Place])
    parser.add_argument("--everywhere", action="store_true", help="all places and styles")
    options = parser.parse_args()
    loop = Loop(
        kills=options.kills,
        channels=options.channels,
        papers=options.papers,
        nonce_window_s=options.nonce_window,
        has_history=not options.no_history,
        seed=options.seed,
        pace_per_s=options.pace,
        stops=options.stops,
        scale=options.scale,
        edits=options.edits,
        kinds=_kinds(options.place, is_everywhere=options.everywhere),
    )
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    started = time.monotonic()
    try:
        result = asyncio.run(run_loop(loop, folder, lambda said: print(said, flush=True)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    findings, edits = result.findings, result.edits
    print(
        f"kills {result.kills}  stops {result.stops}  messages {result.messages}  "
        f"papers sent {findings.sent}  lost {findings.lost}  duplicated {findings.duplicated}  "
        f"unknown {_why(findings)}  edits {edits.made}  undone {edits.undone}  "
        f"missing {edits.missing}  left {edits.left}  ({time.monotonic() - started:.0f} s, {loop})"
    )
    problems = [*findings.problems, *edits.problems]
    print("\n".join(problems))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
