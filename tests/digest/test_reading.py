"""A person's data as JSON: every field, and numbers that no reader rounds."""

import dataclasses
import json

from bot.digest.reading import LastLook, Opinion, PersonData, SavedPaper, SharedTag, person_to_json
from tests.builders import NOW, make_id

BIG = 2**63 - 1
DATA = PersonData(
    user_id=BIG,
    saved=[SavedPaper(arxiv_id=make_id(), saved_at=NOW, guild_id=BIG, note="n", tags=("a", "b"))],
    opinions=[Opinion(guild_id=BIG, arxiv_id=make_id(), is_liked=False, given_at=NOW)],
    shared=[SharedTag(guild_id=BIG, name="Reading", user_id=BIG, tag="a", shared_at=NOW)],
    looks=[LastLook(channel_id=BIG, looked_at=NOW)],
    searches=["nerf"],
)


def test_all_of_it_is_there_and_numbers_are_texts() -> None:
    written = json.dumps(person_to_json(DATA))
    assert len(json.loads(written)) == len(dataclasses.fields(PersonData))
    assert f"{BIG}," not in written
    assert written.count(f'"{BIG}"') == 5
    for text in ("2403.00001", "not for us", "Reading", "nerf", NOW.isoformat()):
        assert text in written
