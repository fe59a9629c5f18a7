"""One reader from the first digest to the last trace of them, as in the demo."""

import json
from datetime import timedelta

from bibtexparser.entrypoint import parse_string

from tests.builders import make_id
from tests.cogs.replies import is_private, labels, shown
from tests.conftest import World

PAPER = make_id(8)
TITLE = "Diffusion networks, part 8"


async def test_a_reader_saves_likes_follows_exports_catches_up_and_is_forgotten(
    world: World,
) -> None:
    await world.set_up(style="list")
    await world.announce()
    await world.admin.slash(world.channel, "digest send")
    reader, (digest,) = world.member, world.channel.history()

    abstract = await reader.select(digest, [f"{PAPER}v1"])
    assert is_private(abstract)
    assert abstract.response is not None
    saved = await reader.click(abstract.response, label="Save")
    assert f"Saved: {TITLE}" in shown(saved).replace("*", "")
    assert "You like it" in shown(await reader.click(abstract.response, label="Like"))
    await reader.slash(world.channel, "follow add", author="Ada Example")
    assert "Ada Example" in shown(await reader.slash(world.channel, "follow list"))

    exported = await reader.slash(world.channel, "library export", format="bibtex")
    assert exported.response is not None
    (file,) = exported.response.attachments
    (entry,) = parse_string((await file.read()).decode()).entries
    assert entry["eprint"] == PAPER
    assert entry["archivePrefix"] == "arXiv"

    caught_up = await reader.slash(world.channel, "paper catchup")
    assert "25 papers" in shown(caught_up).replace("*", "")
    first = shown(caught_up).replace("*", "").split("1. ")[1].splitlines()
    assert TITLE in first[0]
    assert "1 like" in first[1]
    world.clock.advance(timedelta(minutes=1))
    await reader.slash(world.channel, "paper catchup")
    assert "Nothing was posted" in shown(await reader.slash(world.channel, "paper catchup"))

    asked = await reader.slash(world.channel, "me forget")
    assert asked.response is not None
    (button,) = labels(asked)
    await reader.click(asked.response, label=button)
    told = await reader.slash(world.channel, "me data")
    assert told.response is not None
    (data,) = told.response.attachments
    kept = json.loads(await data.read())
    assert {name for name, value in kept.items() if value} == {"user"}
    assert await world.store.opinions.weigh(world.guild.id) == {}
