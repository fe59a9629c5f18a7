"""What `/digest resolve` says about messages that failed or may not have arrived. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import DeliveryRecord, DeliveryState
from bot.models import ArxivId
from bot.text import markdown
from bot.text.words import count_of, joined, long_date
from bot.ui.digest_status import MAX_REASON, TROUBLED, describe_parts
from bot.ui.reasons import say_reason
from bot.ui.replies import fitting_lines

MAX_NAME: Final = 22
MAX_TITLE: Final = 80
MAX_LIST: Final = 1800
"""For the papers of each kind of trouble; two of them fit an embed."""

AGAIN: Final = "again"
DONE: Final = "done"
WHAT: Final = {
    DONE: "leave it: it is there, or need not be",
    AGAIN: "post it again (asks first)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """A message that waits for an admin's word, with its papers: identifiers and titles."""

    message: DeliveryRecord
    papers: Sequence[tuple[ArxivId, str]]

    @property
    def may_be_there(self) -> bool:
        return self.message.state is DeliveryState.UNKNOWN


def name_message(
    message: DeliveryRecord, *, channel: str, categories: Sequence[str], of: int
) -> str:
    """Name a message where a person picks one of many."""
    parts = f"part {message.part} of {of}"
    return f"{_start(channel, categories, message.announced_on)} · {parts} · {_state(message)}"


def name_all(
    messages: Sequence[DeliveryRecord], *, channel: str, categories: Sequence[str], day: date
) -> str:
    """Name all messages of a date that are in trouble."""
    states = joined(sorted({_state(message) for message in messages}))
    return f"{_start(channel, categories, day)} · all {len(messages)} · {states}"


def _start(channel: str, categories: Sequence[str], day: date) -> str:
    name = channel if len(channel) <= MAX_NAME else f"{channel[: MAX_NAME - 1]}…"
    more = ", …" if len(categories) > 1 else ""
    return f"{name} · {categories[0]}{more} · {long_date(day)}"


def _state(message: DeliveryRecord) -> str:
    return "may have arrived" if message.state is DeliveryState.UNKNOWN else "not posted"


def say_sure_to_repost(channel_id: int, day: date, troubles: Sequence[OpenMessage]) -> str:
    parts = describe_parts([each.message.part for each in troubles])
    return f"Post {parts} of the digest of {long_date(day)} in <#{channel_id}> again?"


def render_repost(troubles: Sequence[OpenMessage]) -> discord.Embed:
    """Name what may appear twice, and what certainly will not."""
    unknown = [each for each in troubles if each.may_be_there]
    failed = [each for each in troubles if not each.may_be_there]
    sections = []
    if unknown:
        parts = describe_parts([each.message.part for each in unknown])
        arrived = "it has arrived" if len(unknown) == 1 else "they have arrived"
        papers = count_of(sum(len(each.papers) for each in unknown), "paper")
        sections.append(
            f"**May be there already: {parts}** ({_reasons(unknown)}). Please check first. If "
            f"{arrived}, {papers} will appear twice:\n{_list(unknown)}"
        )
    if failed:
        parts = describe_parts([each.message.part for each in failed])
        sections.append(
            f"**Not there: {parts}** ({_reasons(failed)}). None of it will appear twice:\n"
            f"{_list(failed)}"
        )
    return discord.Embed(description="\n\n".join(sections), colour=TROUBLED)


def _reasons(troubles: Sequence[OpenMessage]) -> str:
    reasons = dict.fromkeys(say_reason(each.message.reason) for each in troubles)
    return markdown.shorten("; ".join(reasons), MAX_REASON)


def _list(troubles: Sequence[OpenMessage]) -> str:
    lines = [
        f"- [{arxiv_id}]({abs_url(arxiv_id)}) {markdown.shorten(title, MAX_TITLE)}"
        for each in troubles
        for arxiv_id, title in each.papers
    ]
    return fitting_lines(lines, MAX_LIST)


def say_settled(channel_id: int, day: date, troubles: Sequence[OpenMessage]) -> str:
    """Confirm that messages stay as they are, and what that means."""
    return "\n".join(_settled(channel_id, day, troubles))


def _settled(channel_id: int, day: date, troubles: Sequence[OpenMessage]) -> Iterator[str]:
    parts = describe_parts([each.message.part for each in troubles])
    yield f"Noted: {parts} of {long_date(day)} in <#{channel_id}>, nothing more to do."
    papers = sum(len(each.papers) for each in troubles if not each.may_be_there)
    if papers:
        verb = "is" if papers == 1 else "are"
        yield f"{count_of(papers, 'paper')} {verb} left out there; `/paper search` finds them."
    if any(each.may_be_there for each in troubles):
        yield "What may have arrived counts as posted."


def say_left(channel_id: int) -> str:
    return (
        f"Nothing was posted in <#{channel_id}>. The messages stay as they are until you say that "
        "nothing more is to be done, or have them posted again."
    )


def say_reposted(channel_id: int, reposted: Sequence[DeliveryRecord]) -> str:
    """Say what became of messages that were posted again, as far as is known by now."""
    sent = [each for each in reposted if each.state is DeliveryState.SENT]
    troubles = [each for each in reposted if each.is_in_trouble]
    waiting = len(reposted) - len(sent) - len(troubles)
    lines = []
    if sent:
        url = next((each.posted.url for each in sent if each.posted), "")
        lines.append(f"Posted {count_of(len(sent), 'message')} in <#{channel_id}>. {url}".strip())
    if waiting:
        lines.append(
            f"{count_of(waiting, 'message')} for <#{channel_id}> on the way; `/digest status` says "
            "when to expect them."
        )
    if troubles:
        reason = markdown.shorten(say_reason(troubles[0].reason), MAX_REASON)
        lines.append(
            f"{count_of(len(troubles), 'message')} could not be posted in <#{channel_id}> again: "
            f"{reason}"
        )
    return "\n".join(lines)
