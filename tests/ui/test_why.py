"""What is said of one paper fits a message and holds no surprise."""

from datetime import timedelta

from bot.digest.select import Decision, Verdict
from bot.models import PostedMessage
from bot.ui.why import Told, say_unknown, say_why
from tests.builders import DAY, make_entry, make_id, make_paper, make_stored, make_subscription
from tests.fakes.spec import MESSAGES, body_errors

PAPER = make_paper(1, title="*_~@everyone " * 40)
POSTED = PostedMessage(guild_id=2**63, channel_id=2**63, message_id=2**63)


def told(days_ago: int, verdict: Verdict, reason: str = "It *is* @here. " * 60) -> Told:
    decision = Decision(entry=make_entry(PAPER), verdict=verdict, reason=reason)
    return Told(day=DAY - timedelta(days=days_ago), decision=decision, is_next=False)


def test_the_longest_answer_fits() -> None:
    subscription = make_subscription(
        channel_id=2**63, categories=[f"astro-ph.{number}" for number in range(20)]
    )
    days = [told(number, Verdict.POST) for number in range(3)]
    for said in (
        say_why(subscription, PAPER, days, posted=POSTED),
        say_unknown(subscription, PAPER.arxiv_id, make_stored(PAPER)),
    ):
        assert body_errors("post", MESSAGES, {"content": said}) == []
        assert len(said) <= 2000
        assert "@everyone" not in said


def test_only_what_would_be_posted_says_how_to_post_it() -> None:
    subscription = make_subscription()
    reason = "It matches no topic."
    said = say_why(subscription, PAPER, [told(0, Verdict.NO_TOPIC_MATCHED, reason)], posted=None)
    assert reason in said
    assert "/digest send" not in said


def test_a_paper_without_title_is_named_by_its_identifier() -> None:
    said = say_unknown(make_subscription(), make_id(7), None)
    assert said.startswith("[2403.00007](<https://arxiv.org/abs/2403.00007>) was not posted")
