"""Custom ids are read as they were written, by the kind that wrote them and by no other."""

import importlib
import pkgutil
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.ui
from bot.digest.models import Cadence
from bot.models import ArxivId
from bot.ui.acts import Act, PaperAct
from bot.ui.browse import CatchUpPage
from bot.ui.discuss import DiscussPaper
from bot.ui.drafts import EditTopic, SaveTopic, SeeDifference, TopicFormId
from bot.ui.follow import SaveFollow, SendAgain
from bot.ui.ids import MAX_CUSTOM_ID, CustomId
from bot.ui.library import LibraryPage
from bot.ui.me import ForgetMe
from bot.ui.panel import (
    ChangePart,
    PanelAct,
    PanelStep,
    TopicAct,
    TopicCarry,
    TopicMenu,
    TopicRole,
    TopicStep,
)
from bot.ui.questions import Answer, Lot, Question, Repost
from bot.ui.setup_form import ChangeFormId, FormPart, SetupFormId
from bot.ui.taste import ForgetTerm, RememberTerms
from bot.ui.views import (
    Elsewhere,
    LeftOut,
    Offered,
    PreviewMenu,
    PreviewPage,
    ReadAbstract,
    SearchOffer,
    SearchTurn,
    SendDay,
    SimilarTo,
)
from tests.builders import DAY

KEY = "0123456789ab"
PAPER = ArxivId("2403.00001")
WEEK = Cadence.WEEK

WRITTEN: list[tuple[CustomId, str]] = [
    (PanelStep(act=PanelAct.PAUSE, channel_id=7), "digest:1:pause:7"),
    (ChangePart(part=FormPart.WHEN, channel_id=7), "change:1:when:7"),
    (TopicStep(act=TopicAct.MEND, channel_id=7, key=KEY), f"topic-step:1:mend:7:{KEY}"),
    (TopicCarry(channel_id=7, key=KEY), f"topic-carry:1:7:{KEY}"),
    (TopicRole(channel_id=7, key=KEY), f"topic-role:1:7:{KEY}"),
    (TopicMenu(channel_id=7, page=2), "topic-menu:1:7:2"),
    (PaperAct(act=Act.SAVE, arxiv_id=PAPER), "act:1:save:2403.00001"),
    (Answer(question=Question.REMOVE, channel_id=7, is_yes=True), "answer:1:remove:7:yes"),
    (
        Repost(lot=Lot(channel_id=7, day=DAY, part=2), mark="0123abcd", is_yes=False),
        "again:1:7:2024-03-05:2:0123abcd:no",
    ),
    (DiscussPaper(arxiv_id=PAPER), "discuss:1:2403.00001"),
    (LibraryPage(page=3), "library:1:3:"),
    (LibraryPage(page=3, name="a:b"), "library:1:3:a:b"),
    (
        CatchUpPage(channel_id=7, since=datetime(2024, 3, 5, tzinfo=UTC), page=0),
        "catchup:1:7:1709596800:0",
    ),
    (ForgetMe(user_id=7), "forget:1:7"),
    (ForgetTerm(channel_id=7), "taste:1:7"),
    (RememberTerms(channel_id=7), "taste-all:1:7"),
    (SaveTopic(channel_id=7, role_id=0, at=1), "topic:1:save:7:0:1"),
    (EditTopic(channel_id=7), "topic:1:edit:7:0"),
    (SeeDifference(channel_id=7, page=2, is_opening=True), "topic:1:see:7:2"),
    (SeeDifference(channel_id=7, page=2, is_opening=False), "topic:1:turn:7:2"),
    (TopicFormId(channel_id=7), "topic-form:1:7:"),
    (TopicFormId(channel_id=7, key=KEY), f"topic-form:1:7:{KEY}"),
    (SaveFollow(at=4), "follow:1:save:4"),
    (SendAgain(), "follow:1:again"),
    (SetupFormId(channel_id=0), "setup-form:1:0"),
    (ChangeFormId(part=FormPart.LOOK, channel_id=7), "change-form:1:look:7"),
    (PreviewPage(channel_id=7, day=DAY, page=-1), "preview:2:7:2024-03-05:-1:all"),
    (
        PreviewPage(channel_id=7, day=DAY, page=1, cadence=WEEK, is_rest=True),
        "preview:2:7:2024-03-05:1:week:rest",
    ),
    (PreviewMenu(channel_id=7, day=DAY, page=1), "preview-menu:1:7:2024-03-05:1:all"),
    (SendDay(channel_id=7, day=DAY), "send:1:7:2024-03-05:ask"),
    (SendDay(channel_id=7, day=DAY, is_sure=True, cadence=WEEK), "send:1:7:2024-03-05:sure:week"),
    (SendDay(channel_id=7, day=DAY, with_offered=True), "send:1:7:2024-03-05:ask:offered"),
    (SearchTurn(asker=7, sort="newest", cursor="start"), "search:1:7:newest:start"),
    (SearchOffer(asker=7, sort="relevance", query="a:b\nc"), "offer:1:7:relevance:a:b\nc"),
    (LeftOut(channel_id=7, day=DAY, page=1), "left:1:7:2024-03-05:1"),
    (Offered(channel_id=7, day=DAY, page=1, cadence=WEEK), "offered:1:7:2024-03-05:1:week"),
    (Elsewhere(channel_id=7, day=DAY, page=1), "elsewhere:1:7:2024-03-05:1"),
    (SimilarTo(arxiv_id=PAPER), "similar:1:2403.00001"),
    (ReadAbstract(), "abstract:1"),
]
"""Messages that were posted carry these: an id that is written otherwise is a new version's."""

NO_KINDS = {"DayPage"}


def find_kinds() -> list[type[CustomId]]:
    """Find every kind of id that the bot's screens define."""
    for module in pkgutil.walk_packages(bot.ui.__path__, "bot.ui."):
        importlib.import_module(module.name)
    found = {each for each in _below(CustomId) if each.__module__.startswith("bot.")}
    kept = {each.__qualname__: each for each in found if each.__name__ not in NO_KINDS}
    return [kept[name] for name in sorted(kept)]


def _below(kind: type[CustomId]) -> set[type[CustomId]]:
    return {kind}.union(*map(_below, kind.__subclasses__())) - {CustomId}


KINDS = find_kinds()


def name_of(value: object) -> str:
    return type(value).__name__ if isinstance(value, CustomId) else str(value)


def test_every_kind_is_written_here() -> None:
    assert {type(state).__name__ for state, _ in WRITTEN} == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize(("state", "custom_id"), WRITTEN, ids=name_of)
def test_an_id_stays_as_it_was_posted(state: CustomId, custom_id: str) -> None:
    assert state.custom_id == custom_id
    assert repr(type(state).read(custom_id)) == repr(state)


def takers(custom_id: str) -> set[str]:
    return {kind.__name__ for kind in KINDS if re.fullmatch(kind.template(), custom_id)}


@given(kind=st.sampled_from(KINDS), data=st.data())
def test_an_id_is_read_as_it_is_written_or_not_at_all(
    kind: type[CustomId], data: st.DataObject
) -> None:
    """By its kind alone. What fits a pattern and means nothing is a `ValueError`: it is expired."""
    custom_id = data.draw(st.from_regex(re.compile(kind.template(), re.ASCII), fullmatch=True))
    assert takers(custom_id) == {kind.__name__}
    assert len(custom_id) <= MAX_CUSTOM_ID or kind is SearchOffer  # knows whether it fits
    try:
        state = kind.read(custom_id)
    except ValueError:
        return
    assert state is not None
    assert kind.read(state.custom_id) == state


@pytest.mark.parametrize(
    "custom_id",
    ["preview:2:1:2024-03-05:0", "preview:1:x:2024-03-05:0", "search:1:1:newest:../..", "remove:1",
     "left:1", "left:10:7:2024-03-05:1", "left:1:7:2024-03-05:1:month", "abstract:1:", ""],
)  # fmt: skip
def test_other_ids_are_not_ours(custom_id: str) -> None:
    assert takers(custom_id) == set()


@pytest.mark.parametrize(
    "custom_id",
    ["left:1:7:2024-02-30:1", "similar:1:nothing", "similar:1:2403.00001v2", "act:1:like:2403.1",
     "again:1:7:2024-13-01:2:0123abcd:no"],
)  # fmt: skip
def test_what_means_nothing_is_an_error(custom_id: str) -> None:
    (name,) = takers(custom_id)
    with pytest.raises(ValueError, match=r"."):
        next(kind for kind in KINDS if kind.__name__ == name).read(custom_id)
