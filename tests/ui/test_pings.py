"""Which roles a digest pings: those that an admin chose, in its first message alone."""

import pytest

from bot.delivery.edge import message_body
from bot.digest.models import DigestEntry, Subscription, Topic
from bot.ui.pings import allowed_mentions, roles_to_ping, with_pings
from bot.ui.styles import STYLES
from tests.builders import make_digest, make_entry, make_papers, make_subscription
from tests.fakes import spec

DIGEST_ROLE, GRAPHS, MODELS = 11, 22, 33


def subscription(ping_role: int | None = DIGEST_ROLE) -> Subscription:
    topics = [
        Topic(name="graphs", query="graph", ping_role=GRAPHS),
        Topic(name="models", query="model", ping_role=MODELS),
        Topic(name="quiet", query="quiet"),
    ]
    return make_subscription(topics=topics, ping_role=ping_role)


def entries(*topics: str) -> list[DigestEntry]:
    papers = make_papers(len(topics))
    return [make_entry(paper, topics=[topic]) for paper, topic in zip(papers, topics, strict=True)]


def test_a_topic_pings_when_it_matches() -> None:
    assert roles_to_ping(subscription(), make_digest(*entries("graphs", "quiet", "graphs"))) == (
        DIGEST_ROLE,
        GRAPHS,
    )
    assert roles_to_ping(subscription(None), make_digest(*entries("models", "graphs"))) == (
        GRAPHS,
        MODELS,
    )
    assert roles_to_ping(subscription(None), make_digest(*entries("quiet"))) == ()


def test_a_role_is_pinged_once_a_message() -> None:
    digest = make_digest(*entries("graphs", "models"))
    assert roles_to_ping(subscription(GRAPHS), digest) == (GRAPHS, MODELS)


def test_a_supplement_pings_for_its_topics_only() -> None:
    digest = make_digest(*entries("graphs"), is_supplement=True)
    assert roles_to_ping(subscription(), digest) == (GRAPHS,)


@pytest.mark.parametrize("code", STYLES)
def test_only_the_first_message_pings_and_is_known_as_before(code: str) -> None:
    style, digest = STYLES[code], make_digest(*make_papers(60))
    plain = style.render(digest)
    pinging = with_pings(plain, [DIGEST_ROLE, GRAPHS])
    assert len(plain) > 1
    assert pinging[1:] == plain[1:]
    first = pinging[0].body
    assert str(first["content"]).endswith("\n<@&11> <@&22>")
    assert first["allowed_mentions"] == {"parse": [], "roles": ["11", "22"]}
    assert style.read(first) == style.read(plain[0].body)
    sent = message_body(first, "n")
    assert sent["allowed_mentions"] == {"parse": [], "roles": ["11", "22"]}
    assert spec.body_errors("POST", spec.MESSAGES, sent) == []
    assert message_body(pinging[1].body, "n")["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("code", STYLES)
def test_of_a_split_message_the_first_piece_pings(code: str) -> None:
    style, digest = STYLES[code], make_digest(*make_papers(6))
    (first, *_) = with_pings(style.render(digest), [DIGEST_ROLE])
    pieces = STYLES[first.style].split(first.body, first.papers)
    assert "<@&11>" in str(pieces[0].body["content"])
    assert allowed_mentions(pieces[0].body) == {"parse": [], "roles": ["11"]}
    for piece in pieces[1:]:
        assert "<@&" not in str(piece.body["content"])
        assert allowed_mentions(piece.body) == {"parse": []}


@pytest.mark.parametrize(
    "planned",
    [
        {"parse": ["everyone", "roles", "users"]},
        {"parse": ["everyone"], "users": ["1"], "replied_user": True},
        ["everyone"],
        "everyone",
        None,
    ],
)
def test_nobody_else_is_ever_pinged(planned: object) -> None:
    assert allowed_mentions({"allowed_mentions": planned}) == {"parse": []}


def test_nothing_changes_without_a_role() -> None:
    plain = STYLES["cards"].render(make_digest(*make_papers(3)))
    assert with_pings(plain, []) == plain
    assert with_pings((), [DIGEST_ROLE]) == ()
