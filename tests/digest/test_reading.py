"""A person's data as JSON: every field, and numbers that no reader rounds."""

from bot.digest.absence import Answer
from bot.digest.reading import (
    FollowedPaper,
    FollowedQuery,
    Follows,
    LastLook,
    Opinion,
    PersonData,
    SavedPaper,
    SeenIn,
    SentPaper,
    SharedTag,
    person_to_json,
)
from tests.builders import DAY, NOW, make_id

BIG = 2**63 - 1
NUMBER = str(BIG)
MOMENT = "2024-03-05T09:00:00+00:00"
FOLLOWS = Follows(
    every="week",
    post_at="",
    zone="UTC",
    categories=("cs.CV", "cs.LG"),
    since="2024-03-01",
    queries=[FollowedQuery("nerf", "nerf OR splatting")],
    papers=[FollowedPaper(arxiv_id=make_id(2), followed_at=NOW)],
    reads=[BIG],
    sent=[SentPaper(make_id(3), 2, DAY)],
)
DATA = PersonData(
    user_id=BIG,
    saved=[
        SavedPaper(arxiv_id=make_id(), saved_at=NOW, guild_id=BIG, note="n", tags=("a", "b")),
        SavedPaper(arxiv_id=make_id(2), saved_at=NOW, is_read=True),
    ],
    opinions=[
        Opinion(guild_id=BIG, arxiv_id=make_id(), is_liked=False, given_at=NOW),
        Opinion(guild_id=BIG, arxiv_id=make_id(2), is_liked=True, given_at=NOW),
    ],
    shared=[SharedTag(guild_id=BIG, name="Reading", user_id=BIG, tag="a", shared_at=NOW)],
    looks=[LastLook(channel_id=BIG, looked_at=NOW)],
    searches=["nerf"],
    follows=FOLLOWS,
    seen=[
        SeenIn(guild_id=0, seen_on=DAY, is_own=True),
        SeenIn(
            guild_id=BIG,
            seen_on=DAY,
            is_own=False,
            asked_on=DAY,
            answer=Answer.GONE,
            gone_since=DAY,
        ),
    ],
)


def test_all_of_it_is_there_and_numbers_of_discord_are_texts() -> None:
    """Programs of others read these names: a new one is added, none changes."""
    first, second = make_id(), make_id(2)
    assert person_to_json(DATA) == {
        "user": NUMBER,
        "saved": [
            {
                "paper": first,
                "saved_at": MOMENT,
                "server": NUMBER,
                "note": "n",
                "tags": ["a", "b"],
                "is_read": False,
            },
            {
                "paper": second,
                "saved_at": MOMENT,
                "server": None,
                "note": "",
                "tags": [],
                "is_read": True,
            },
        ],
        "opinions": [
            {"paper": first, "server": NUMBER, "opinion": "not for us", "given_at": MOMENT},
            {"paper": second, "server": NUMBER, "opinion": "like", "given_at": MOMENT},
        ],
        "shared": [{"name": "Reading", "server": NUMBER, "tag": "a", "shared_at": MOMENT}],
        "caught_up": [{"channel": NUMBER, "looked_at": MOMENT}],
        "searches": ["nerf"],
        "follows": {
            "since": "2024-03-01",
            "every": "week",
            "time": None,
            "zone": "UTC",
            "categories": ["cs.CV", "cs.LG"],
            "queries": [{"name": "nerf", "query": "nerf OR splatting"}],
            "papers": [{"paper": second, "followed_at": MOMENT}],
            "channels_read": [NUMBER],
            "sent": [{"paper": make_id(3), "version": 2, "announced_on": "2024-03-05"}],
        },
        "last_used": [
            {
                "server": None,
                "on": "2024-03-05",
                "added_to_account": True,
                "asked_on": None,
                "discord_said": None,
                "gone_since": None,
            },
            {
                "server": NUMBER,
                "on": "2024-03-05",
                "added_to_account": False,
                "asked_on": "2024-03-05",
                "discord_said": "gone",
                "gone_since": "2024-03-05",
            },
        ],
    }


def test_of_a_person_who_follows_nothing_no_settings_are_made_up() -> None:
    assert person_to_json(PersonData(user_id=1))["follows"] is None
