"""What people type into options: text to values, one sentence when it makes no sense. Pure."""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final, TypedDict

from bot.arxiv.taxonomy import (
    canonical_category,
    category_name,
    find_archive,
    find_named,
    is_category,
)
from bot.digest.countries import suggest_countries, zones_of_country
from bot.digest.models import (
    PLAIN_DIGEST,
    Cadence,
    DigestOptions,
    Place,
    QuietDays,
    Subscription,
)
from bot.digest.zones import ZoneMeaning, read_meaning, suggest_meanings
from bot.errors import InputError
from bot.models import AnnounceType
from bot.query.ast import Query
from bot.query.parser import parse_query, refine
from bot.query.values import BadValue, parse_since, parse_until
from bot.text.words import WEEKDAYS, joined
from bot.ui.replies import QUIET_DAYS, UPDATES
from bot.ui.setup_form import CARDS_IN_THREAD, PLACE_WORDS, TYPE_WORDS
from bot.ui.styles import DEFAULT_STYLE, STYLES, style_of

NEW_DIGEST: Final = Subscription(
    id=0,
    guild_id=0,
    channel_id=0,
    categories=(),
    style=DEFAULT_STYLE.code,
    created_at=None,
)
"""What a digest is like that is set up without a word."""

MAX_CATEGORIES = 50
"""Per channel, enough for any archive. arXiv is asked for each, at least three seconds apart."""

WHEN_ANNOUNCED = "when announced"

_TIME = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})|\s*h)?\s*([ap])?\.?(?:m\.?)?", re.ASCII | re.IGNORECASE
)
_NAMED_TIMES: Final = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_AS_ANNOUNCED = {WHEN_ANNOUNCED, "as announced", "as soon as announced", "announced", "at once"}


def parse_categories(text: str) -> tuple[str, ...]:
    """Read categories separated by commas or blanks; each once, in the order given.

    One may be written by its English name, and an archive stands for all of its categories. Raises
    `InputError` (`UnknownCategory` names the nearest real ones).
    """
    parts = [part.strip() for part in re.split(r"[,;\n]+", text) if part.strip()]
    found = [category for part in parts for category in _read_part(part)]
    categories = tuple(dict.fromkeys(found))
    if not categories:
        raise InputError("Name at least one arXiv category, for example cs.CV or cs.CV, cs.LG.")
    if len(categories) > MAX_CATEGORIES:
        raise InputError(
            f"{len(categories)} categories are too many for one channel; "
            f"choose at most {MAX_CATEGORIES}."
        )
    return categories


def _read_part(text: str) -> Sequence[str]:
    """Read what stands between commas: a name, or codes and archives separated by blanks."""
    words = text.split()
    if not all(is_category(word) or find_archive(word) for word in words):
        named = find_named(text)
        if len(named) == 1:
            return named
        if len(named) > 1:
            meant = joined([f"{each} ({category_name(each)})" for each in named[:4]], "or")
            raise InputError(f"{_quoted(text)} may be {meant}; write the one you mean.")
    return [each for word in words for each in find_archive(word) or [canonical_category(word)]]


_AT = re.compile(
    r"(?:noon|midday|midnight|\d{1,2}(?:\s*[:.h]\s*\d{2}|\s*h)?(?:\s*[ap]\.?(?:m\.?)?)?)(?=[\s,]|$)",
    re.ASCII | re.IGNORECASE,
)


def split_time(text: str) -> tuple[str, str]:
    """Part a time of day from the place that follows it: ``9am India``; either may be blank."""
    wanted = " ".join(text.split())
    at = _AT.match(wanted)
    return (at[0], wanted[at.end() :].strip(" ,")) if at else (wanted, "")


def read_number(name: str, text: str, most: int) -> int:
    """Read a number of a form, from 0 on; raises `InputError` for any other."""
    wanted = text.strip()
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 9 and int(wanted) <= most):
        raise InputError(f"{name}: {_quoted(text)} is no number from 0 to {most}; write one.")
    return int(wanted)


def parse_time(text: str) -> time | None:
    """Read a time of day ('09:00', '9', '7:30 pm'); None stands for 'when announced'."""
    wanted = " ".join(text.lower().split())
    if wanted in _AS_ANNOUNCED:
        return None
    if wanted in _NAMED_TIMES:
        return _NAMED_TIMES[wanted]
    match = _TIME.fullmatch(wanted)
    hour = _hour(int(match[1]), match[3]) if match else None
    minute = int(match[2] or 0) if match else 0
    if hour is None or hour > 23 or minute > 59:
        raise InputError(
            f"{_quoted(text)} is not a time of day; write it like 09:00 or 17:30, "
            f"or {WHEN_ANNOUNCED!r}."
        )
    return time(hour, minute)


def _hour(hour: int, half: str | None) -> int | None:
    """Turn a 12-hour clock's hour into a 24-hour one; None when there is no such hour."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half.lower() == "p" else 0)


def read_zone(text: str, zones: Sequence[str]) -> ZoneMeaning:
    """Read an offset or an abbreviation as people mean it, else the name of a zone or city.

    Raises `InputError`, which names the zones where it may be several.
    """
    meaning = read_meaning(text)
    if meaning is None:
        return ZoneMeaning(text=text, zone=parse_zone(text, zones))
    if not meaning.zone:
        *most, last = [f"{each.zone} ({each.where})" for each in meaning.others]
        raise InputError(
            f"{_quoted(text)} is the time of several places: write {', '.join(most)} or {last}."
        )
    return meaning


def parse_zone(text: str, zones: Sequence[str]) -> str:
    """Find the IANA time zone of that name, or of that city when only one has it.

    ``zones`` are all there are. Raises `InputError` naming the nearest.
    """
    wanted = text.strip().replace(" ", "_").lower()
    by_name = {zone.lower(): zone for zone in zones}
    if wanted in by_name:
        return by_name[wanted]
    cities = [zone for zone in zones if zone.lower().rpartition("/")[2] == wanted]
    if len(cities) == 1:
        return cities[0]
    of_country = zones_of_country(text)
    if len(of_country) == 1:
        return of_country[0]
    if of_country:
        raise InputError(
            f"{_quoted(text)} has several times: name a city, or write "
            f"{joined(of_country[:5], 'or')}."
        )
    nearest = cities or _nearest_zones(wanted, by_name)
    hint = f"Did you mean {', '.join(nearest[:3])}?" if nearest else "Try Europe/Berlin or UTC."
    raise InputError(f"{_quoted(text)} is not a time zone. {hint}")


def _nearest_zones(wanted: str, by_name: dict[str, str]) -> list[str]:
    cities = {name.rpartition("/")[2]: zone for name, zone in by_name.items()}
    return [
        zone
        for known in (cities, by_name)
        for name in difflib.get_close_matches(wanted, known, n=3, cutoff=0.7)
        for zone in [known[name]]
    ]


def suggest_zones(text: str, zones: Sequence[str], limit: int = 25) -> list[str]:
    """Zones for autocomplete: those whose city starts with the text, then any that hold it."""
    wanted = text.strip().replace(" ", "_").lower()

    def rank(zone: str) -> tuple[bool, bool, str]:
        name = zone.lower()
        return (not name.rpartition("/")[2].startswith(wanted), not name.startswith(wanted), name)

    return sorted((zone for zone in zones if wanted in zone.lower()), key=rank)[:limit]


def offer_zones(text: str, zones: Sequence[str]) -> list[tuple[str, str]]:
    """List zones for autocomplete, as they are shown and as they are meant."""
    meant = [
        (f"{each.zone} ({each.where})" if each.where else each.zone, each.zone)
        for each in suggest_meanings(text)
    ]
    countries = [(f"{zone} ({country})", zone) for zone, country in suggest_countries(text)]
    return [*meant, *countries, *((zone, zone) for zone in suggest_zones(text, zones))]


def suggest_times(text: str) -> list[str]:
    """Times for autocomplete: 'when announced' and the full hours, as far as they fit."""
    times = [WHEN_ANNOUNCED, *(f"{hour:02}:00" for hour in (*range(5, 24), *range(5)))]
    wanted = text.strip().lower()
    return [each for each in times if wanted in each]


def parse_day(text: str) -> date:
    """Read a date such as 2020-08-21; an impossible one says what is right."""
    match = re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text.strip(), re.ASCII)
    if match is None:
        raise InputError(f"{_quoted(text)} is not a date; write year-month-day, like 2020-08-21.")
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InputError(
            f"There is no {_quoted(text)} in the calendar ({error}); "
            "write year-month-day, like 2020-08-21."
        ) from error


def read_search(
    query: str,
    category: str | None,
    author: str | None,
    since: str | None,
    until: str | None,
    code: bool | None,
    *,
    of_readers: bool = False,
) -> Query:
    """Read the options of ``/paper search``; dates may be months (2020-08) or years.

    ``of_readers``: see `parse_query`.
    """
    first = _bound("since", since, parse_since)
    last = _bound("until", until, parse_until)
    if first and last and first > last:
        raise InputError(f"since ({first}) is after until ({last}); swap them.")
    wanted = parse_query(query, of_readers=of_readers)
    try:
        return refine(
            wanted, category=category, author=author, since=first, until=last, has_code=code
        )
    except BadValue as error:
        raise InputError(
            f"author: {_quoted(author or '')} is not a name; write {error}."
        ) from error


def _bound(name: str, text: str | None, parse: Callable[[str], date]) -> date | None:
    try:
        return parse(text) if text else None
    except BadValue as error:
        raise InputError(f"{name}: {_quoted(text or '')} is not a date; write {error}.") from error


TYPE_CHOICES: Final = {words: types for types, words in TYPE_WORDS.items()}
"""What a channel may follow, by the words that an admin picks."""


def parse_types(text: str) -> tuple[AnnounceType, ...]:
    """Read one of the values of `TYPE_CHOICES`, or announce types typed by hand."""
    wanted = TYPE_CHOICES.get(text.strip().lower(), text)
    try:
        types = {AnnounceType(name) for name in re.split(r"[\s,]+", wanted.strip().lower())}
    except ValueError as error:
        allowed = ", ".join(kind.value for kind in AnnounceType)
        raise InputError(f"{_quoted(text)} is not an announce type; use {allowed}.") from error
    return tuple(kind for kind in AnnounceType if kind in types)


PLACE_CHOICES: Final = {words: place for place, words in PLACE_WORDS.items()}
"""Where messages may go, by the words that an admin picks."""


def parse_place(text: str) -> tuple[Place, bool]:
    """Read one of the words of `PLACE_CHOICES`, or a place typed by hand.

    Returns the place, and whether what goes into its threads is cards.
    """
    wanted = " ".join(text.lower().split())
    for words, name in PLACE_CHOICES.items():
        if wanted in (words, name):
            is_cards = name == CARDS_IN_THREAD
            return (Place.THREAD if is_cards else Place(name)), is_cards
    names = ", ".join(PLACE_CHOICES.values())
    raise InputError(f"where: {_quoted(text)} is no place for a digest; use {names}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOptions:
    """The options of ``/digest setup`` as they were typed; None is one that was left out."""

    categories: str | None = None
    time: str | None = None
    zone: str | None = None
    types: str | None = None
    style: str | None = None
    where: str | None = None
    top: int | None = None
    cards_up_to: int | None = None
    cap: int | None = None
    ping: str | None = None
    every: str | None = None
    weekday: str | None = None
    quiet_days: str | None = None
    updates: str | None = None
    query: str | None = None

    @property
    def says_nothing(self) -> bool:
        return self == SetupOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a channel's digest should be like."""

    categories: tuple[str, ...]
    announce_types: tuple[AnnounceType, ...]
    post_at: time | None
    zone: str
    style: str
    options: DigestOptions
    """Without the role, and with the place only if one was said."""
    place: Place | None
    """Where in the channel, if that was said."""
    meant: ZoneMeaning | None = None
    """How the zone was read, where one was named."""
    lacks_zone: bool = False
    """Whether the time is in UTC only because no zone was named."""


def read_quiet_days(before: Subscription | None, text: str | None) -> QuietDays:
    """Read what a channel is told of days without digest; a new digest tells of surprises."""
    if text is None:
        return before.quiet_days if before else QuietDays.UNEXPECTED
    wanted = text.strip().lower()
    for code, words in QUIET_DAYS.items():
        if wanted in (code, words):
            return code
    choices = ", ".join(QUIET_DAYS.values())
    raise InputError(f"quiet_days: {_quoted(text)} is none of its choices; use {choices}.")


EVERY_CHOICES: Final[Mapping[str, tuple[Cadence, ...]]] = {
    "day": (Cadence.DAY,),
    "week": (Cadence.WEEK,),
    "day and week": (Cadence.DAY, Cadence.WEEK),
}
"""How often a digest may come, by the words that an admin picks."""


def read_cadences(before: Subscription | None, text: str | None) -> tuple[Cadence, ...]:
    """Read how often a digest comes; a new one comes every day."""
    if text is None:
        return before.cadences if before else PLAIN_DIGEST.cadences
    wanted = " ".join(text.lower().split())
    if wanted not in EVERY_CHOICES:
        names = ", ".join(EVERY_CHOICES)
        raise InputError(f"every: {_quoted(text)} is none of its choices; use {names}.")
    return EVERY_CHOICES[wanted]


def read_weekday(
    before: Subscription | None, text: str | None, cadences: Collection[Cadence]
) -> int:
    """Read the day on which weeks end, 0 for Monday; Friday if nothing else is said."""
    if text is None:
        return before.weekday if before else PLAIN_DIGEST.weekday
    if Cadence.WEEK not in cadences:
        raise InputError("The weekday belongs to a weekly digest: add every:week, or leave it out.")
    wanted = text.strip().lower()
    found = [number for number, name in enumerate(WEEKDAYS) if name.lower() == wanted]
    if not found:
        raise InputError(f"{_quoted(text)} is no weekday; use {', '.join(WEEKDAYS)}.")
    return found[0]


def read_cadence(subscription: Subscription, text: str | None) -> Cadence:
    """Read which of a channel's digests is meant; without a word, the daily one if there is one.

    Raises `InputError` if the channel has none of that cadence.
    """
    if text is None:
        return subscription.cadences[0] if subscription.cadences else Cadence.DAY
    wanted = text.strip().lower()
    for cadence in subscription.cadences:
        if wanted == cadence:
            return cadence
    has = " and ".join(f"every {each}" for each in subscription.cadences)
    raise InputError(f"This channel has no digest every {_quoted(text)}; it has one {has}.")


def read_updates(before: Subscription | None, text: str | None) -> bool:
    """Read whether posted messages are edited when more becomes known; by default they are."""
    if text is None:
        return before.updates if before else PLAIN_DIGEST.updates
    wanted = text.strip().lower()
    for code, words in UPDATES.items():
        if wanted in (code, words):
            return code != "leave"
    choices = ", ".join(UPDATES)
    raise InputError(f"updates: {_quoted(text)} is none of its choices; use {choices}.")


def read_wishes(
    before: Subscription | None, options: SetupOptions, *, zones: Sequence[str]
) -> Wishes:
    """Read the options of ``/digest setup``; what is left out stays as it was ``before``."""
    old = before or NEW_DIGEST
    place, is_cards = parse_place(options.where) if options.where else (None, old.cards_in_thread)
    cadences = read_cadences(before, options.every)
    return Wishes(
        categories=_read_categories(before, options.categories),
        announce_types=parse_types(options.types) if options.types else old.announce_types,
        style=_read_style(old, options.style),
        **read_time(before, options, zones),
        place=place,
        options=DigestOptions(
            place=place or old.place,
            cards_in_thread=is_cards,
            top=old.top if options.top is None else options.top,
            cards_up_to=old.cards_up_to if options.cards_up_to is None else options.cards_up_to,
            ping_role=old.ping_role,
            quiet_days=read_quiet_days(before, options.quiet_days),
            updates=read_updates(before, options.updates),
            cap=old.cap if options.cap is None else options.cap,
            cadences=cadences,
            weekday=read_weekday(before, options.weekday, cadences),
        ),
    )


def _read_categories(before: Subscription | None, text: str | None) -> tuple[str, ...]:
    if text is not None:
        return parse_categories(text)
    if before is None or not before.categories:
        raise InputError("Name at least one arXiv category, for example cs.CV or cs.CV, cs.LG.")
    return before.categories


def _read_style(old: Subscription, style: str | None) -> str:
    if style is not None and style not in STYLES:
        raise InputError(f"{_quoted(style)} is not a style; use {', '.join(STYLES)}.")
    return style or style_of(old.style).code  # one that is not known any more is left behind


class TimeWish(TypedDict):
    post_at: time | None
    zone: str
    meant: ZoneMeaning | None
    lacks_zone: bool


def read_time(before: Subscription | None, options: SetupOptions, zones: Sequence[str]) -> TimeWish:
    """Read when in the day a digest comes; what is left out stays as it was ``before``."""
    old = before or NEW_DIGEST
    meant = read_zone(options.zone, zones) if options.zone else None
    post_at = parse_time(options.time) if options.time else old.post_at
    if meant and post_at is None:
        raise InputError(
            "The zone belongs to a time of day: give one with the option time, for example "
            "09:00, or leave the zone out."
        )
    had_none = old.post_at is None or old.zone == "UTC"
    return TimeWish(
        post_at=post_at,
        zone=meant.zone if meant else old.zone,
        meant=meant,
        lacks_zone=bool(options.time and post_at is not None and meant is None and had_none),
    )


def parse_name(text: str, max_chars: int = 50) -> str:
    """Read a topic's name: one line, not too long."""
    name = " ".join(text.split())
    if not name:
        raise InputError("A topic needs a name, for example 'diffusion'.")
    if len(name) > max_chars:
        raise InputError(f"A topic's name may have {max_chars} characters; this has {len(name)}.")
    return name


def _quoted(text: str) -> str:
    short = " ".join(text.split())
    return repr(short if len(short) <= 60 else f"{short[:59]}…")
