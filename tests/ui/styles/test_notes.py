"""A message that says what became known since is still the message that was posted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.delivery.fingerprint import Likeness, compare
from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Digest, DigestEntry, Place, Subscription
from bot.digest.rank import rank
from bot.digest.updates import NotedUpdate, Update, UpdateKind
from bot.models import ArxivId
from bot.ui.layout import lay_out
from bot.ui.styles import STYLES, notes_in, read_any, style_of
from bot.ui.styles.body import Body
from bot.ui.updates import MARK, render_updates
from tests.builders import NOW, make_digest, make_id, make_paper, make_subscription
from tests.examples import examples
from tests.fakes.world import User, message_json
from tests.ui.styles.bodies import body_problems, digests, papers_of, typical_paper

SIGNS = "**b** [l](https://x.org) <@&2> @everyone\n# h ||s|| " * 5


def noted(number: int, kind: UpdateKind, text: str = "", source: str = "") -> NotedUpdate:
    update = Update(kind=kind, text=text, source=source)
    return NotedUpdate(
        number=number, arxiv_id=make_id(1), update=update, noted_on=date(2026, 11, 20 + number)
    )


MANY = [
    noted(1, UpdateKind.CODE, "https://github.com/example/project", "huggingface"),
    noted(2, UpdateKind.VENUE, SIGNS, "accepted"),
    noted(2, UpdateKind.JOURNAL, SIGNS),
    noted(3, UpdateKind.DOI, "10.1000/182"),
    noted(4, UpdateKind.VERSION, "2"),
    noted(5, UpdateKind.WITHDRAWN),
]


def as_posted(body: Body) -> Body:
    """Return a body as Discord gives it back."""
    author = User(id=1, name="bot", is_bot=True)
    flags = int(str(body.get("flags") or 0))
    return message_json(message_id=1, channel_id=1, author=author, body=body, at=NOW, flags=flags)


def amended(draft: MessageDraft, updates: Sequence[NotedUpdate] = MANY) -> Body:
    forms = render_updates(updates)
    notes: Mapping[ArxivId, Sequence[str]] = {arxiv_id: forms for arxiv_id, _ in draft.papers}
    return style_of(draft.style).amend(draft.body, notes)


def check(draft: MessageDraft, body: Body) -> None:
    style = style_of(draft.style)
    planned, shown, found = style.read(draft.body), style.read(as_posted(body)), read_any(body)
    assert planned is not None
    assert shown is not None
    assert shown == planned
    assert compare(planned, shown) is Likeness.SAME
    assert found == read_any(draft.body)  # which is how a restored backup knows it
    assert body_problems(body) == []
    assert body.get("components") == draft.body.get("components")


@pytest.mark.parametrize("code", STYLES)
@settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(digest=digests(), top=st.integers(0, 10))
def test_an_amended_message_is_recognised_as_the_posted_one(
    code: str, digest: Digest, top: int
) -> None:
    """The exactly-once promise rests on it: line and papers are read as before, in any style."""
    for draft in style_of(code).render(replace(rank(digest, top=top), cards_up_to=5)):
        check(draft, amended(draft))


PLACES = [
    make_subscription(),
    make_subscription(place=Place.FORUM),
    replace(make_subscription(place=Place.THREAD), cards_in_thread=True),
]


@pytest.mark.parametrize("code", STYLES)
@settings(max_examples=examples(6), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    digest=digests(),
    cap=st.integers(1, 25),
    cadence=st.sampled_from(Cadence),
    place=st.sampled_from(PLACES),
)
def test_weeks_and_capped_days_are_whole_and_within_the_limits_in_every_place(
    code: str, digest: Digest, cap: int, cadence: Cadence, place: Subscription
) -> None:
    """As they are posted, and once lines were added."""
    entries, others = digest.entries[:cap], digest.entries[cap:]
    shares = [len(others) // 7 + (day < len(others) % 7) for day in range(7)]
    capped = replace(
        digest,
        entries=entries,
        offered=others,
        cadence=cadence,
        offered_by_day=tuple((date(2024, 3, day), papers) for day, papers in enumerate(shares, 1)),
        tally=replace(digest.tally, offered=len(others)),
    )
    drafts = lay_out(replace(place, style=code), capped)
    assert sorted(papers_of(drafts)) == sorted(_papers(entries))
    assert list(drafts[-1].offered) == _papers(others)
    for draft in drafts:
        check(draft, draft.body)
        check(draft, amended(draft))


def _papers(entries: Iterable[DigestEntry]) -> list[tuple[ArxivId, int]]:
    return [(each.paper.arxiv_id, each.least_version) for each in entries]


@pytest.mark.parametrize("code", STYLES)
def test_a_full_message_keeps_its_papers_and_says_or_counts_each_line(code: str) -> None:
    digest = replace(rank(make_digest(*map(typical_paper, range(1, 101))), top=5), cards_up_to=5)
    for draft in style_of(code).render(digest):
        body = amended(draft)
        check(draft, body)
        lines = [line for _, line in notes_in(body)]
        told = [line for line in lines if "more paper" not in line]
        counted = [line for line in lines if "more paper" in line]
        missing = len(draft.papers) - len(told)
        assert len(counted) == bool(missing)
        assert not missing or f"{missing} more paper" in counted[0]


@pytest.mark.parametrize("code", STYLES)
def test_a_line_stands_under_its_paper(code: str) -> None:
    digest = make_digest(*(make_paper(each, abstract=f"Abstract {each}") for each in (1, 2, 3)))
    (draft,) = style_of(code).render(digest)
    body = style_of(draft.style).amend(draft.body, {make_id(2): render_updates(MANY[:1])})
    embeds = body["embeds"]
    assert isinstance(embeds, list)
    text = "\n".join(embed.get("description", "") for embed in embeds)
    line = text[text.index(MARK) :].split("\n")[0]
    assert line == ("↳ 21 Nov 2026: [Code](https://github.com/example/project), says Hugging Face")
    second, third = f"/{make_id(2)})", f"/{make_id(3)})"
    assert text.index(second) < text.index(MARK) < text.index(third)
    assert notes_in(draft.body) == ()
    ((place, said),) = notes_in(as_posted(body))
    assert place in ("2", make_id(2))
    assert said == "↳ 21 Nov 2026: [Code], says Hugging Face"


def test_an_excerpt_gives_way_to_a_line() -> None:
    drafts = style_of("cards").render(make_digest(*map(typical_paper, range(1, 7))))
    body = amended(drafts[0])
    assert len(notes_in(body)) == len(drafts[0].papers)
    assert len(str(body["embeds"])) > len(str(drafts[0].body["embeds"]))


def test_without_lines_nothing_changes() -> None:
    for draft in style_of("auto").render(make_digest(make_paper(1))):
        assert style_of(draft.style).amend(draft.body, {}) == draft.body
