"""What an admin reads about a digest: the state, the reason and the command that helps."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import discord
import pytest

from bot.digest.arrival import Arrival, PastDigest, Queue
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.digest.models import Reason, ReasonCode, Subscription, SubscriptionState
from bot.digest.outlook import Outlook
from bot.ui.digest_status import ChannelStatus, Wait, render_statuses
from tests.builders import DAY, NOW, make_reason, make_record, make_subscription
from tests.fakes.spec import MESSAGES, body_errors

SOON = NOW + timedelta(minutes=3)
R = "<t:1709629380:R>"  # SOON
WAITING = Outlook(day=DAY, waits_for=("cs.CV",))
SHUT = "the bot may not post there"
BY_ADMIN = make_subscription(
    state=SubscriptionState.PAUSED, paused_because=Reason(code=ReasonCode.PAUSED_BY_ADMIN)
)


def troubled(
    part: int = 1, *, is_unknown: bool = False, reason: str = SHUT, day: date = DAY
) -> DeliveryRecord:
    state = DeliveryState.UNKNOWN if is_unknown else DeliveryState.FAILED
    return make_record(part, state=state, reason=make_reason(reason), announced_on=day)


def status(subscription: Subscription | None = None, **fields: Any) -> ChannelStatus:
    values: dict[str, Any] = {"channel": "#papers", "outlook": WAITING} | fields
    return ChannelStatus(subscription=subscription or make_subscription(), **values)


def paused(because: str) -> Subscription:
    return make_subscription(state=SubscriptionState.PAUSED, paused_because=make_reason(because))


def past(day: date = DAY, *, planned: int = 12, sent: int = 3, messages: int = 3) -> PastDigest:
    return PastDigest(
        announced_on=day,
        announced=47,
        planned=planned,
        messages=messages,
        sent=sent,
        first_message_id=5 if sent else None,
    )


def queue(*, is_on_hold: bool = False, reason: str | None = None) -> Queue:
    return Queue(
        channel_id=2001,
        messages=4,
        days=(DAY,),
        not_before=SOON if reason else NOW,
        reason=make_reason(reason) if reason else None,
        is_on_hold=is_on_hold,
    )


def said(*statuses: ChannelStatus) -> str:
    embeds = render_statuses(statuses, now=NOW)
    return "\n".join(embed.description or "" for embed in embeds).replace("*", "")


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (status(), "#papers · cs.CV\nActive, posted as soon as announced"),
        (status(BY_ADMIN), "Paused: an admin paused it\n`/digest resume` resumes"),
        (
            status(paused(SHUT), resumes_by_itself=True),
            f"Paused: {SHUT}\nIt resumes by itself once I am allowed to post there; `/digest",
        ),
        (
            status(lacks=["Embed Links", "Send Messages"]),
            "I am missing Embed Links and Send Messages there: grant it in the channel's settings",
        ),
        (
            status(queue=queue(), arrival=Arrival(at=SOON, ahead=1200)),
            "On its way: 4 messages of Tue, 5 Mar 2024, after 1,200 for other channels; "
            f"should all be there {R}",
        ),
        (
            status(queue=queue(reason="429, rate limited"), arrival=Arrival(at=SOON, ahead=0)),
            f"- tried before (429, rate limited); next try {R}",
        ),
        (
            status(paused(SHUT), queue=queue(is_on_hold=True)),
            "Waiting: 4 messages of Tue, 5 Mar 2024, until the digest resumes",
        ),
        (status(), "Next digest: as soon as arXiv's listing of Tue, 5 Mar 2024 is out"),
        (
            status(waits=[Wait(category="cs.CV", why="the feed is empty", asked_at=SOON)]),
            f"- cs.CV: the feed is empty; arXiv is asked {R}",
        ),
        (
            status(waits=[Wait(category=c, why="not asked", asked_at=NOW) for c in ("a", "b")]),
            "- a, b: not asked; arXiv is asked now",
        ),
        (status(), "Last digests: none yet; `/digest send` posts the newest listing now"),
        (
            status(digests=[past()]),
            "- Tue, 5 Mar 2024: 47 announced · 12 posted, 3 of 3 messages delivered, "
            "[see it](https://discord.com/channels/1001/2001/5)",
        ),
        (
            status(digests=[past(planned=0, sent=0, messages=0)]),
            "- Tue, 5 Mar 2024: 47 announced · 0 posted",
        ),
        (
            status(digests=[past()], without={DAY: [Wait(category="cs.LG", why="no answer")]}),
            ". Without cs.LG: no answer",
        ),
        (
            status(skipped={DAY: [Wait(category="cs.CV", why="taken for a holiday")]}),
            "- Tue, 5 Mar 2024: no digest. cs.CV: taken for a holiday",
        ),
        (
            status(troubles=[troubled(2, is_unknown=True, reason="history unreadable")]),
            "1 message in trouble: `/digest resolve` settles it\n"
            "- Tue, 5 Mar 2024, part 2: may have arrived (history unreadable)",
        ),
        (
            status(troubles=[troubled(part) for part in (3, 1, 2)]),
            f"- Tue, 5 Mar 2024, parts 1, 2 and 3: not posted ({SHUT})",
        ),
    ],
)
def test_a_status_says(shown: ChannelStatus, line: str) -> None:
    assert line in said(shown)


def test_the_newest_days_come_first_with_or_without_digest() -> None:
    days = [DAY - timedelta(days=number) for number in range(3)]
    shown = status(
        digests=[past(days[0]), past(days[2])],
        skipped={days[1]: [Wait(category="cs.CV", why="a holiday")]},
    )
    lines = said(shown).partition("Last digests")[2].strip().split("\n")
    assert [line[2:17] for line in lines] == [
        "Tue, 5 Mar 2024",
        "Mon, 4 Mar 2024",
        "Sun, 3 Mar 2024",
    ]


def test_trouble_comes_first_then_what_is_paused() -> None:
    shown = said(
        status(channel="#fine"),
        status(paused(SHUT), channel="#paused"),
        status(channel="#troubled", troubles=[troubled()]),
    )
    assert shown.index("#troubled") < shown.index("#paused") < shown.index("#fine")


def hostile(channel_id: int) -> ChannelStatus:
    """Everything at its longest, and nothing of it plain."""
    subscription = make_subscription(
        channel_id=channel_id,
        categories=[f"astro-ph.{number}" for number in range(20)],
        state=SubscriptionState.PAUSED,
        paused_because=make_reason("*@everyone* `x`\n" * 50),
    )
    waits = [Wait(category=f"cs.{n}", why=f"{n} _is_ " * 90, asked_at=SOON) for n in range(20)]
    days = [DAY - timedelta(days=number) for number in range(30)]
    return status(
        subscription,
        channel=f"[#{'n' * 100}](https://discord.com/channels/{2**63}/{2**63})",
        lacks=["View Channel", "Send Messages", "Embed Links", "Read Message History"],
        waits=waits,
        digests=[past(day) for day in days],
        without=dict.fromkeys(days, waits),
        queue=queue(reason="429 " * 200),
        arrival=Arrival(at=SOON, ahead=10**6),
        troubles=[
            troubled(part, day=day, reason=f"{part} **bold** @here " * 30, is_unknown=part % 2 == 0)
            for day in days
            for part in range(1, 20)
        ],
    )


def errors_of(embeds: Sequence[discord.Embed]) -> list[str]:
    body = {"content": "x" * 300, "embeds": [embed.to_dict() for embed in embeds]}
    return body_errors("post", MESSAGES, body)


@pytest.mark.parametrize("count", [1, 2, 6, 9, 40])
def test_any_number_of_digests_fits_a_message(count: int) -> None:
    embeds = render_statuses([hostile(number) for number in range(1, count + 1)], now=NOW)
    assert errors_of(embeds) == []
    assert sum(len(embed) for embed in embeds) <= 5900
    assert "@everyone" not in str(embeds[0].description)
    footer = embeds[-1].footer.text or ""
    assert "/digest why" in footer
    assert ("more digest" in footer) is (count > 6)


def test_it_says_how_papers_are_shown() -> None:
    assert "posted as soon as announced: cards, one per paper" in said(status())
    assert ": a list, abstracts in a menu" in said(status(make_subscription(style="list")))


def test_settings_that_cannot_be_read_are_said_with_what_helps() -> None:
    subscription = make_subscription(style="`hologram`" * 20)
    text = said(status(subscription))
    assert "Needs attention: I don't know the style" in text
    assert "so the digest is posted as auto" in text
    assert "Please look" not in said(status())
