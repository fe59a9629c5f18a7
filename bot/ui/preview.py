"""`/digest preview`: first what would be posted and why the rest would not, then the messages."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import MessageDraft
from bot.digest.models import Cadence, Subscription
from bot.digest.select import Decision, Verdict
from bot.digest.tally import count_papers
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.defects import find_defects
from bot.ui.replies import COLOUR, describe_types, fitting_lines
from bot.ui.styles import describe_drafts
from bot.ui.tally import say_tally
from bot.ui.views import PreviewPage
from bot.ui.why import describe_decision

MAX_POSTED_CHARS = 2400
MAX_LEFT_OUT_CHARS = 700
MAX_DESCRIPTION = 4096
MAX_TITLE_CHARS = 80
MAX_PAGES = 25


def render_summary(
    subscription: Subscription,
    day: date,
    decisions: Sequence[Decision],
    drafts: Sequence[MessageDraft],
) -> discord.Embed:
    """Say how much of the day's announcement the channel would get, and why not the rest."""
    posted = [each for each in decisions if each.verdict is Verdict.POST]
    title = f"Preview: {', '.join(subscription.categories)} · {long_date(day)}"
    parts = [_headline(subscription, day, decisions, drafts)]
    if posted:
        lines = [_line(each) for each in posted]
        parts.append("**Would be posted**\n" + fitting_lines(lines, MAX_POSTED_CHARS))
    parts[1:1] = [f"**Needs attention**: {defect}" for defect in find_defects(subscription)]
    parts += _left_out(decisions, subscription)
    description = parts[0]
    for part in parts[1:]:
        if markdown.width(f"{description}\n\n{part}") <= MAX_DESCRIPTION:
            description = f"{description}\n\n{part}"
    return discord.Embed(title=title[:256], description=description, colour=COLOUR).set_footer(
        text="This is only a preview; nothing is posted."
        + (" The next pages show the exact messages." if drafts else "")
    )


def _headline(
    subscription: Subscription,
    day: date,
    decisions: Sequence[Decision],
    drafts: Sequence[MessageDraft],
) -> str:
    if not decisions:
        names = ", ".join(subscription.categories[:10]) or "no category"
        return (
            f"Nothing: no listing of {long_date(day)} is stored for {names}. The option date "
            "lists the days that have one; arXiv announces Monday to Friday."
        )
    said = f"**{say_tally(count_papers(subscription, decisions), 'would be posted')}**"
    messages = count_of(len(drafts), "message")
    return f"{said}, in {messages}, {describe_drafts(drafts)}" if drafts else said


def _left_out(decisions: Sequence[Decision], subscription: Subscription) -> list[str]:
    """Group the papers that would not be posted by the reason, the most frequent first."""
    by_reason: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.verdict is not Verdict.POST:
            reason = _describe_reason(decision, subscription)
            by_reason.setdefault(reason, []).append(decision)
    groups = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    return [
        f"**{len(group)} not posted.** {markdown.escape(reason)}\n"
        + fitting_lines([_line(each) for each in group], MAX_LEFT_OUT_CHARS)
        for reason, group in groups
    ]


def _describe_reason(decision: Decision, subscription: Subscription) -> str:
    """Say why papers are not posted, in the same words for all to which the same happened."""
    if decision.delivery is None and decision.verdict is Verdict.POSTED_BEFORE:
        return "Posted in this channel before."
    if decision.verdict is Verdict.TYPE_NOT_FOLLOWED:
        return f"Of another type: this channel follows {describe_types(subscription)} only."
    return describe_decision(decision, subscription)


def _line(decision: Decision) -> str:
    paper = decision.entry.paper
    title = markdown.shorten(paper.title, MAX_TITLE_CHARS)
    topics = ", ".join(decision.entry.topics)
    why = f" · *{markdown.shorten(topics, 60)}*" if topics else ""
    return f"[{paper.arxiv_id}]({abs_url(paper.arxiv_id)}) {title}{why}"


def describe_preview(page: PreviewPage, *, is_begun: bool, amiss: int) -> str:
    """Say what a preview shows: all of a day, or what the channel does not have of it.

    ``amiss`` papers are in messages that did not arrive, or not yet.
    """
    week = "the week to " if page.cadence is Cadence.WEEK else ""
    what = f"What <#{page.channel_id}> would get for {week}{long_date(page.day)}"
    if not is_begun:
        return f"{what}:"
    how = "only what is still to come" if page.is_rest else "as if nothing had been posted"
    said = f"{what}, {how}:"
    if amiss and not page.is_rest:
        papers = count_of(amiss, "paper")
        said += f"\n{papers} of it did not arrive (yet); *Only what is still to come* says why."
    return said


def list_pages(page: PreviewPage, last: int) -> list[discord.SelectOption]:
    """List the pages to go to, all if they are few: Discord allows 25 options."""
    step = -(-(last + 1) // MAX_PAGES)
    numbers = sorted({*range(0, last + 1, step), last})[:MAX_PAGES]
    return [
        discord.SelectOption(
            label=f"Message {number} of {last}" if number else "Summary",
            value=str(number),
            default=number == page.page,
        )
        for number in numbers
    ]


def render_message(draft: MessageDraft, number: int, of: int) -> tuple[str, list[discord.Embed]]:
    """Show one planned message as it would look: its content and embeds."""
    embeds = cast(Sequence[Mapping[str, object]], draft.body.get("embeds", ()))
    note = f"-# Preview: message {number} of {of}, as it would be posted"
    content = f"{draft.body.get('content', '')}\n{note}".strip()
    return content, [discord.Embed.from_dict(embed) for embed in embeds]
