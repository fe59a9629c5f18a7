"""The receipt that ends a digest: where each announced paper is, and how the list was checked.

It is an embed that has nothing but a footer, and below it a button that opens what is left out. A
message that is full of embeds says it in its content.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from bot.digest.models import Cadence, Digest, ListingCheck, Tally
from bot.text import markdown
from bot.text.words import count_of, day_of_week_and_month, joined
from bot.ui.embeds import MAX_EMBEDS
from bot.ui.styles.body import Body, embeds_of, rows_of
from bot.ui.tally import SEPARATOR, say_elsewhere, say_left, say_offered
from bot.ui.views import DayPage, Elsewhere, LeftOut, Offered

ROOM: Final = 300
"""Characters that a digest's messages leave for it."""
ROW, BUTTON, SECONDARY = 1, 2, 2
"""Discord's types of components, and a button's style."""
MAX_BUTTONS: Final = 5
"""In a row."""


def add_receipt(body: Body, digest: Digest) -> Body:
    """End a message with the receipt of its digest."""
    said = markdown.plain(SEPARATOR.join(_lines(digest)), ROOM)
    embeds = embeds_of(body)
    if len(embeds) < MAX_EMBEDS:
        body = {**body, "embeds": [*embeds, {"footer": {"text": said}}]}
    else:
        body = {**body, "content": f"{body.get('content') or ''}\n-# {said}"}
    buttons = list(_buttons(digest))
    if not buttons:
        return body
    rows = [
        {"type": ROW, "components": buttons[start : start + MAX_BUTTONS]}
        for start in range(0, len(buttons), MAX_BUTTONS)
    ]
    return {**body, "components": [*rows_of(body), *rows]}


def is_receipt(embed: Mapping[str, Any]) -> bool:
    """Return whether an embed is the receipt and no paper."""
    return bool(embed.get("footer")) and not embed.get("description") and not embed.get("url")


def receipt_of(body: Body) -> Body:
    """Return what the receipt adds to a message; nothing where it has none."""
    return {
        "embeds": [embed for embed in embeds_of(body) if is_receipt(embed)],
        "components": [row for row in rows_of(body) if _is_ours(row)],
    }


def put_receipt(body: Body, receipt: Body) -> Body:
    """Add a receipt that was taken from another message; without one the body stays as it is."""
    added = {key: [*_listed(body, key), *_listed(receipt, key)] for key in receipt}
    return {**body, **{key: values for key, values in added.items() if values}}


def _listed(body: Body, key: str) -> Sequence[object]:
    return cast(Sequence[object], body.get(key) or ())


def _is_ours(row: Mapping[str, Any]) -> bool:
    ids = [str(item.get("custom_id") or "") for item in row.get("components") or ()]
    return any(each.startswith((LeftOut.PREFIX, Offered.PREFIX, Elsewhere.PREFIX)) for each in ids)


def _buttons(digest: Digest) -> Iterator[dict[str, object]]:
    """Make the buttons that open what is not in the channel."""
    channel_id, day, cadence = digest.channel_id, digest.announced_on, digest.cadence
    if cadence is Cadence.WEEK:
        for on, papers in digest.offered_by_day:
            state = Offered(channel_id=channel_id, day=on, page=0, cadence=cadence)
            yield _button(f"{day_of_week_and_month(on)}: {papers:,} more", state)
    elif digest.tally.offered:
        state = Offered(channel_id=channel_id, day=day, page=0)
        yield _button(f"+{digest.tally.offered:,} more", state)
    if digest.tally.left:
        said = f"See {count_of(digest.tally.left, 'paper')} in other channels"
        yield _button(said, Elsewhere(channel_id=channel_id, day=day, page=0))
    if digest.tally.left_out and not digest.is_direct:
        said = f"See {count_of(digest.tally.left_out, 'paper')} not matched"
        yield _button(said, LeftOut(channel_id=channel_id, day=day, page=0, cadence=cadence))


def _button(label: str, state: DayPage) -> dict[str, object]:
    return {"type": BUTTON, "style": SECONDARY, "label": label, "custom_id": state.custom_id}


def _lines(digest: Digest) -> Iterator[str]:
    yield from _where(digest.tally, is_supplement=digest.is_supplement)
    yield from _checked(digest.checks)


def _where(tally: Tally, *, is_supplement: bool) -> Iterator[str]:
    """Account for every announced paper: these numbers add up."""
    yield f"{tally.announced:,} announced"
    yield f"{tally.chosen:,} posted {'now' if is_supplement else 'here'}"
    if tally.before:
        yield f"{tally.before:,} posted before"
    if tally.elsewhere:
        yield say_elsewhere(tally.elsewhere)
    if tally.left:
        yield say_left(tally.left)
    if tally.offered:
        yield say_offered(tally.offered)
    if tally.left_out:
        yield f"{tally.left_out:,} not matched"


def _checked(checks: Sequence[ListingCheck]) -> Iterator[str]:
    """Say what arXiv's own page counts, where it was asked."""
    asked = [each for each in checks if each.on_page is not None]
    if asked and all(each.agrees for each in asked):
        names = f" of {joined([each.category for each in asked])}" if asked != [*checks] else ""
        yield f"as many as on arXiv's page{names}"
        return
    for each in asked:
        if not each.agrees:
            yield f"{each.category}: {each.on_page:,} on arXiv's page, {each.papers:,} in its feed"
