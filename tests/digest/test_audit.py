"""Every announced paper is counted once, where it is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.audit import DayAudit, Whereabouts, count_whereabouts
from bot.digest.models import ListingCheck
from bot.digest.select import Decision, DeliveryStatus, Verdict
from bot.digest.tally import count_papers
from bot.models import DayRecord, Inquiry, IntakeSource
from tests.builders import DAY, NOW, make_entry, make_id, make_paper, make_subscription, make_topic


def decision(
    number: int, verdict: Verdict, delivery: DeliveryStatus | None = None, topic: str = ""
) -> Decision:
    entry = make_entry(make_paper(number), topics=[topic] if topic else [])
    return Decision(entry=entry, verdict=verdict, delivery=delivery)


def test_each_place_where_a_paper_can_be_has_its_count() -> None:
    before = Verdict.POSTED_BEFORE
    decisions = [
        decision(1, before),
        decision(2, before),
        decision(3, before, DeliveryStatus.ON_ITS_WAY),
        decision(4, before, DeliveryStatus.FAILED),
        decision(5, before, DeliveryStatus.UNKNOWN),
        decision(6, before, DeliveryStatus.LEFT),
        decision(7, Verdict.NO_TOPIC_MATCHED),
        decision(8, Verdict.POST),
        decision(9, Verdict.TYPE_NOT_FOLLOWED),
        decision(10, Verdict.OFFERED_BEFORE),
        decision(11, Verdict.ELSEWHERE),
    ]
    posted_on = {make_id(1): {DAY, DAY + timedelta(days=3)}, make_id(2): {DAY - timedelta(days=1)}}
    counted = count_whereabouts(DAY, decisions, posted_on)
    assert dict(counted) == dict.fromkeys(Whereabouts, 1)
    assert DayAudit(day=DAY, papers=counted).announced == 10


@pytest.mark.parametrize(
    ("feed", "page", "papers", "on_page"),
    [(20, 25, 20, 25), (0, 25, 0, 25), (None, 25, 30, 25), (20, None, 20, None), (20, 0, 20, None)],
)
def test_a_listing_is_compared_with_what_its_page_counted(
    feed: int | None, page: int | None, papers: int, on_page: int | None
) -> None:
    """The feed's own number counts where it was read; a page without papers was not up yet."""
    counts = {IntakeSource.FEED: feed, IntakeSource.CATCHUP: page}
    record = DayRecord(
        category="cs.CV",
        day=DAY,
        papers=30,
        inquiries={source: Inquiry(asked_at=NOW, papers=count) for source, count in counts.items()},
    )
    audit = DayAudit(day=DAY, papers={}, records=(record, record))
    assert audit.checks == (ListingCheck(category="cs.CV", papers=papers, on_page=on_page),) * 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Verdict), st.sampled_from([None, *DeliveryStatus]), st.booleans()
        ),
        max_size=30,
    )
)
def test_the_announced_are_those_of_every_other_count(
    drawn: list[tuple[Verdict, DeliveryStatus | None, bool]],
) -> None:
    decisions = [decision(n, verdict, status) for n, (verdict, status, _) in enumerate(drawn)]
    posted_on = {make_id(n): {DAY} for n, (_, _, is_here) in enumerate(drawn) if is_here}
    audit = DayAudit(day=DAY, papers=count_whereabouts(DAY, decisions, posted_on))
    subscription = make_subscription(topics=[make_topic("nerf")])
    assert audit.announced == count_papers(subscription, decisions).announced
