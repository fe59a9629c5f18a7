"""`/bot status` and `/bot help`: what the bot knows and what it can do. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import discord

from bot.arxiv.taxonomy import category_name
from bot.digest.models import Subscription
from bot.digest.outlook import Outlook
from bot.models import AnnounceType, DayRecord, IntakeStatus, ListingStatus
from bot.text import markdown
from bot.text.words import long_date
from bot.ui.intake import VERDICTS, say_difference, say_missed, say_state
from bot.ui.replies import COLOUR, describe_next, fitting_lines

SOURCES = {
    "rss": "daily feed (RSS)",
    "atom": "daily feed (Atom)",
    "list": "listing page",
    "catchup": "listing page of the day",
    "markdown": "imported digest",
}
NOUNS = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross-lists",
    AnnounceType.REPLACE: "replacements",
    AnnounceType.REPLACE_CROSS: "replaced cross-lists",
}


def render_status(
    *,
    categories: Sequence[str],
    listings: Mapping[str, ListingStatus],
    intake: Mapping[str, IntakeStatus],
    digests: Sequence[tuple[Subscription, Outlook]],
    channels: Mapping[int, str],
    papers: int,
    missed: Sequence[DayRecord] = (),
) -> discord.Embed:
    """Say what is followed, how fresh it is, what comes next and how much is stored.

    ``channels`` are links by channel; ``missed`` are dates whose listing could never be read.
    """
    embed = discord.Embed(title="Status", colour=COLOUR)
    embed.description = f"**{papers:,}** papers stored and searchable with `/paper search`."
    lines = [
        _category_line(category, listings.get(category), intake.get(category))
        for category in categories
    ]
    embed.add_field(
        name="Categories",
        value=fitting_lines(lines, 1024) or "None is followed yet; `/digest setup` starts one.",
        inline=False,
    )
    if missed:
        lines = [
            *say_missed(missed),
            "The person who runs the bot can fetch their papers with `backfill`.",
        ]
        embed.add_field(name="Missed", value=fitting_lines(lines, 1024), inline=False)
    if digests:
        lines = [
            f"{channels[subscription.channel_id]} ({', '.join(subscription.categories[:4])}): "
            + describe_next(subscription, outlook)
            for subscription, outlook in digests
        ]
        embed.add_field(name="Next digests here", value=fitting_lines(lines, 1024), inline=False)
    return embed.set_footer(text=ACKNOWLEDGEMENT)


def _category_line(category: str, status: ListingStatus | None, intake: IntakeStatus | None) -> str:
    name = f"**{category}** {markdown.escape(category_name(category))}"
    parts = ["no listing yet" if status is None else _listing(status)]
    if intake is not None:
        parts.append(_intake(intake))
    return f"{name}: {'; '.join(parts)}"


def _listing(status: ListingStatus) -> str:
    counts = [f"{count:,} {NOUNS[kind]}" for kind, count in status.counts.items() if count]
    source = SOURCES.get(status.source, status.source)
    return (
        f"{long_date(status.announced_on)}, {', '.join(counts) or 'empty'}; "
        f"from the {source}, {_stored_at(status.stored_at)}"
    )


def _intake(intake: IntakeStatus) -> str:
    """Report the verdict on the newest day, what went wrong, and when arXiv is asked next."""
    record = intake.record
    verdict = VERDICTS[record.verdict] if record.verdict else "not asked yet"
    why = say_state(record)
    said = f" ({markdown.shorten(why, 150)})" if why else ""
    asked = f"arXiv is asked <t:{int(intake.next_poll.timestamp())}:R>"
    difference = say_difference(record)
    counted = f"; {difference}" if difference else ""
    return f"{long_date(record.day)} {verdict}{said}{counted}, {asked}"


def _stored_at(at: datetime) -> str:
    return f"stored <t:{int(at.timestamp())}:f>"


INTRODUCTION = (
    "I post arXiv's daily announcement to the channels that want it, each paper once, and find any "
    "paper announced before. Search with `/paper search`; below a paper, buttons save it, like it "
    "and cite it."
)
QUERY_HELP = (
    'Words must all occur, in any form: `diffusion models`. Exact words `"in the wild"`, either '
    "`nerf OR splatting`, without `-survey`, beginnings `segment*`, groups `( )`.\n"
    "Fields: `title:` `abstract:` `author:` `category:cs.CV` or `category:cs.*` `comment:` "
    "`has:code` `since:2020-08-01` `until:2020-08-31`."
)


def say_help(commands: Sequence[tuple[str, str, int | None]]) -> str:
    """List what everyone can use: name, description and Discord's id of the group, if known.

    A message's content, because there Discord makes commands clickable everywhere.
    """
    parts = [INTRODUCTION]
    for group, title in GROUPS.items():
        if mine := _commands_of(group, commands):
            parts.append(f"**{title}**")
            if group in NAMES_ALONE:
                parts.append(_mention_all(mine))
                continue
            parts += [f"{mention(name, id_)} {description}" for name, description, id_ in mine]
    return fitting_lines(parts, MAX_HELP)


def render_admin_help(commands: Sequence[tuple[str, str, int | None]]) -> discord.Embed:
    """Name what those can use besides who manage the server."""
    parts = [
        f"**{title}**\n{_mention_all(mine)}"
        for group, title in ADMIN_GROUPS.items()
        if (mine := _commands_of(group, commands))
    ]
    return discord.Embed(title="With Manage Server", description="\n".join(parts), colour=COLOUR)


def _mention_all(commands: Sequence[tuple[str, str, int | None]]) -> str:
    return " · ".join(mention(name, id_) for name, _, id_ in commands)


def _commands_of(
    group: str, commands: Sequence[tuple[str, str, int | None]]
) -> list[tuple[str, str, int | None]]:
    return [each for each in commands if each[0].partition(" ")[0] == group]


def render_query_help() -> discord.Embed:
    """Explain how to write a query."""
    return discord.Embed(
        title="Queries and topics", description=QUERY_HELP, colour=COLOUR
    ).set_footer(text=ACKNOWLEDGEMENT)


MAX_HELP = 2000
ACKNOWLEDGEMENT = (
    "Thank you to arXiv for use of its open access interoperability. This service was not reviewed "
    "or approved by, nor does it necessarily express or reflect the policies or opinions of, arXiv."
)
"""In the words that arXiv wants (https://info.arxiv.org/help/api/tou.html)."""

GROUPS = {
    "paper": "Papers",
    "library": "Your library",
    "follow": "What you follow",
    "me": "What I keep about you",
    "bot": "About",
}
NAMES_ALONE = {"library", "follow"}
"""Those whose many commands say by their names what they do."""
ADMIN_GROUPS = {
    "digest": "Digests; begin with setup",
    "topic": "Topics: saved searches that narrow a digest",
}


def mention(name: str, command_id: int | None) -> str:
    """Write a command so that Discord makes it clickable, if its id is known."""
    return f"</{name}:{command_id}>" if command_id else f"`/{name}`"
