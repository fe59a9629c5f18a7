"""`/digest preview`: first what would be posted and why the rest would not, then the messages."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast

import discord

from bot.arxiv.identifier import abs_url
from bot.digest.messages import MessageDraft
from bot.digest.models import Subscription
from bot.digest.select import Decision, Verdict
from bot.digest.tally import count_papers
from bot.text import markdown
from bot.text.words import count_of, long_date
from bot.ui.defects import find_defects
from bot.ui.replies import COLOUR, fitting_lines
from bot.ui.styles import describe_drafts
from bot.ui.tally import say_tally
from bot.ui.why import describe_decision

MAX_POSTED_CHARS = 2400
MAX_LEFT_OUT_CHARS = 700
MAX_DESCRIPTION = 4096
MAX_TITLE_CHARS = 80


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
            reason = describe_decision(decision, subscription)
            by_reason.setdefault(reason, []).append(decision)
    groups = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    return [
        f"**{len(group)} not posted.** {markdown.escape(reason)}\n"
        + fitting_lines([_line(each) for each in group], MAX_LEFT_OUT_CHARS)
        for reason, group in groups
    ]


def _line(decision: Decision) -> str:
    paper = decision.entry.paper
    title = markdown.shorten(paper.title, MAX_TITLE_CHARS)
    topics = ", ".join(decision.entry.topics)
    why = f" · *{markdown.shorten(topics, 60)}*" if topics else ""
    return f"[{paper.arxiv_id}]({abs_url(paper.arxiv_id)}) {title}{why}"


def render_message(draft: MessageDraft, number: int, of: int) -> tuple[str, list[discord.Embed]]:
    """Show one planned message as it would look: its content and embeds."""
    embeds = cast(Sequence[Mapping[str, object]], draft.body.get("embeds", ()))
    note = f"-# Preview: message {number} of {of}, as it would be posted"
    content = f"{draft.body.get('content', '')}\n{note}".strip()
    return content, [discord.Embed.from_dict(embed) for embed in embeds]
