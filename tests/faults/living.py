"""A posted digest of which more becomes known: what tests of edits begin with."""

from datetime import timedelta

from bot.digest.models import Place
from bot.models import Provenance
from bot.ui.styles import notes_in
from bot.ui.styles.cards import CARDS
from tests.builders import DAY, make_digest, make_id, make_link, make_listing, make_papers
from tests.fakes.world import Channel
from tests.faults.world import FAST, World

WINDOW = FAST.nonce_window + timedelta(seconds=1)
SUPPRESS_EMBEDS = 1 << 2
PAPERS = make_papers(9)


async def post(world: World, channel: Channel, place: Place = Place.CHANNEL) -> None:
    """Post cards of nine papers, which take two messages, and store the papers."""
    await world.store.papers.add_listing(make_listing(*PAPERS), now=world.clock.now())
    subscription = await world.subscribe(channel, place)
    drafts = CARDS.render(make_digest(*PAPERS))
    drafts += CARDS.render(make_digest(*make_papers(3, first=20)), first_part=2)
    await world.outbox.plan(
        subscription, DAY, drafts, now=world.clock.now(), thread_name="cs.CV" if place else ""
    )
    await world.delivery.run_once()


async def find_code(world: World, number: int = 1) -> None:
    link = make_link(f"https://github.com/x/{number}", provenance=Provenance.HUGGING_FACE)
    await world.store.papers.add_links(make_id(number), [link])


async def edit(world: World) -> None:
    """Plan and make the edits that are due."""
    await world.amendments.plan()
    await world.delivery.run_once()


def shown(world: World, channel: Channel) -> list[tuple[str, ...]]:
    """Return the lines that each message of a channel shows."""
    messages = [message for message in channel.messages if message["content"]]
    return [tuple(line for _, line in notes_in(message)) for message in messages]


CODE = "↳ 5 Mar 2024: [Code], says Hugging Face"


async def states(world: World) -> list[tuple[str, str | None]]:
    rows = await world.database.read(
        lambda connection: connection.execute(
            "SELECT state, reason FROM edit ORDER BY delivery_id"
        ).fetchall()
    )
    return list(rows)
