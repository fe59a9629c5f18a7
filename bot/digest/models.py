"""The nouns of subscriptions and their digests, frozen values as those of `bot.models`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from bot.models import AnnounceType, Likeness, Paper, least_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A saved search of one subscription: a name and a query."""

    name: str
    query: str
    ping_role: int | None = None
    """The role to ping when it matches something."""
    is_paused: bool = False
    """Whether it matches nothing for a while; others of the channel go on."""


class Place(StrEnum):
    """Where messages go: into a channel, into the thread of a message, or as a forum's post.

    Those of one person go to that person directly: no value of a row, but the guild `NO_GUILD`.
    """

    CHANNEL = "channel"
    THREAD = "thread"
    FORUM = "forum"
    DM = "dm"


NO_GUILD: Final = 0
"""Stands for the guild of direct messages, which are in none."""


class Cadence(StrEnum):
    """How often a digest comes; a channel may have one of each. A paper comes once in each."""

    DAY = "day"
    WEEK = "week"


class QuietDays(StrEnum):
    """What a channel is told of a day without a digest.

    ``all`` includes holidays and days of which nothing matched; ``unexpected`` are days of which a
    list should be there.
    """

    ALL = "all"
    UNEXPECTED = "unexpected"
    NONE = "none"


class ReasonCode(StrEnum):
    """Why a message is in its state, or a digest is paused; ``bot/ui/reasons.py`` says it.

    The values are stored, so they stay as they are.
    """

    # Discord refuses the channel.
    CHANNEL_GONE = "channel-gone"
    GUILD_GONE = "guild-gone"
    CHANNEL_HIDDEN = "channel-hidden"
    MAY_NOT_POST = "may-not-post"
    NO_PRIVATE_MESSAGES = "no-private-messages"
    NO_TEXT_CHANNEL = "no-text-channel"
    THREAD_ARCHIVED = "thread-archived"
    THREAD_LOCKED = "thread-locked"
    CHANNEL_REFUSED = "channel-refused"
    NO_THREADS_THERE = "no-threads-there"
    TAG_WANTED = "tag-wanted"
    MAY_NOT_CREATE_POSTS = "may-not-create-posts"
    MAY_NOT_START_THREADS = "may-not-start-threads"
    MAY_NOT_POST_IN_THREADS = "may-not-post-in-threads"

    # Discord refuses the thread of one digest.
    STARTER_GONE = "starter-gone"
    STARTER_UNKNOWN = "starter-unknown"
    THREAD_GONE = "thread-gone"
    THREAD_REFUSED = "thread-refused"

    # Discord refuses the message, or it is not as it was planned.
    MESSAGE_REFUSED = "message-refused"
    DAMAGED = "damaged"
    OTHER_CHANNEL = "other-channel"

    # Certainly not posted, and tried again later.
    RATE_LIMITED = "rate-limited"
    ADDRESS_BANNED = "address-banned"
    ANSWERED_BY_OTHERS = "answered-by-others"
    TEMPORARILY_OFF = "temporarily-off"
    TOKEN_REFUSED = "token-refused"  # noqa: S105
    UNREACHABLE = "unreachable"
    NO_THREAD_YET = "no-thread-yet"

    # It may have arrived.
    NO_ANSWER = "no-answer"
    SERVER_ERROR = "server-error"
    WINDOW_OVER = "window-over"
    AFTER_UNSURE_TRY = "after-unsure-try"

    # What the channel's history says, or why it says nothing.
    DELETED = "deleted"
    FOUND = "found"
    NOT_IN_HISTORY = "not-in-history"
    BARE_MESSAGE = "bare-message"
    CHANNEL_UNREADABLE = "channel-unreadable"
    CLOCK_WRONG = "clock-wrong"
    HISTORY_HIDDEN = "history-hidden"
    HISTORY_TOO_LONG = "history-too-long"
    NO_MESSAGES_THERE = "no-messages-there"
    NOT_IN_GUILD = "not-in-guild"
    NOT_READ_YET = "not-read-yet"

    # A posted message is not edited.
    NOT_AS_POSTED = "not-as-posted"
    MAY_NOT_EDIT = "may-not-edit"

    # A backup was restored.
    COPIED = "copied"
    PUT_BACK = "put-back"
    SHOWN_IN_PIECES = "shown-in-pieces"

    # Decided by people or by time.
    GIVEN_UP = "given-up"
    PAUSED_BY_ADMIN = "paused-by-admin"
    POSTED_AGAIN = "posted-again"
    SUBSCRIPTION_DELETED = "subscription-deleted"

    # Written by another version: ``text`` is its sentence or code.
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason with what belongs to it; each code uses the fields that its sentence names.

    ``status`` is an HTTP status, ``discord_code`` one of Discord's error codes (0: none). ``text``
    is what Discord, Python or an earlier version said, ``number`` a count or an identifier, and
    ``because`` the reason behind this one.
    """

    code: ReasonCode
    status: int | None = None
    discord_code: int = 0
    text: str = ""
    number: int | None = None
    because: "Reason | None" = None


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"


class Setting(StrEnum):
    """A setting of a digest that may be stored in a way that this version cannot read."""

    CATEGORIES = "categories"
    TYPES = "types"
    TIME = "time"
    BEGIN = "begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part of a setting as it is stored; the digest does without."""

    setting: Setting
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestOptions:
    """What a digest can be told beside what it holds and when it comes."""

    place: Place = Place.CHANNEL
    cards_in_thread: bool = False
    top: int = 5
    cards_up_to: int = 25
    ping_role: int | None = None
    quiet_days: QuietDays = QuietDays.NONE
    updates: bool = True
    cap: int = 0
    cadences: tuple[Cadence, ...] = (Cadence.DAY,)
    weekday: int = 4


PLAIN_DIGEST: Final = DigestOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one Discord channel gets: the categories it follows, filtered by its topics.

    ``post_at`` is a local time in ``zone`` (a code of `bot.digest.zones`); None means as soon as
    announced. ``created_at`` is when it began, None where that cannot be read; ``starts_after`` is
    the number of the newest listing that was stored before. ``begins`` gives of categories the
    newest date whose list was out when they were chosen: by itself comes what is announced later
    (`bot.digest.due.following`). ``place`` says where its messages go;
    with `Place.THREAD` the first of a date goes into the channel, the others into its thread, as
    cards if ``cards_in_thread``.
    Without topics the channel gets every paper of ``announce_types``. Where a style shows some
    papers at greater length, those are the ``top`` ones, all of them up to ``cards_up_to`` papers.
    ``ping_role`` is pinged by the first message of each date; ``quiet_days`` says what is told of
    a date without one. With ``updates`` its messages are edited when more becomes known of a paper.
    At most ``cap`` papers of a date are posted, the others are behind a button; 0: all are posted.
    ``cadences`` says whether it gets a digest of each day, of each week, or both; its weeks end on
    ``weekday`` (0: Monday), and the first of them no earlier than ``week_began_at``.
    What of its settings is ``unreadable`` is not in the others.

    One of a person (``user_id``) is sent as direct messages. Its topics are what the person
    follows, and without any it gets nothing; without categories it looks through all lists that are
    read. What the channels of ``reads`` get is left out.
    """

    id: int
    guild_id: int
    channel_id: int
    categories: tuple[str, ...]
    announce_types: tuple[AnnounceType, ...] = (AnnounceType.NEW, AnnounceType.CROSS)
    topics: tuple[Topic, ...] = ()
    post_at: time | None = None
    zone: str = "UTC"
    style: str = "cards"
    place: Place = Place.CHANNEL
    cards_in_thread: bool = False
    top: int = 5
    cards_up_to: int = 25
    ping_role: int | None = None
    quiet_days: QuietDays = QuietDays.NONE
    updates: bool = True
    cap: int = 0
    cadences: tuple[Cadence, ...] = (Cadence.DAY,)
    weekday: int = 4
    week_began_at: datetime | None = None
    state: SubscriptionState = SubscriptionState.ACTIVE
    paused_because: Reason | None = None
    created_at: datetime | None
    starts_after: int = 0
    begins: tuple[tuple[str, date], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    user_id: int | None = None
    reads: tuple[int, ...] = ()

    @property
    def takes_all(self) -> bool:
        """Whether it gets every paper, as it has no topics to choose by."""
        return not self.topics and self.user_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIn:
    """One listing that announced a paper: category, type and place in it."""

    category: str
    announce_type: AnnounceType
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """One paper of a digest, with every reason why it is there.

    ``announce_type`` is the weightiest of the listings' (new before cross before replacements).
    ``likeness`` tells of one that stands out because it is like papers that people there liked.
    """

    paper: Paper
    announce_type: AnnounceType
    listed_in: tuple[ListedIn, ...]
    topics: tuple[str, ...] = ()
    likeness: Likeness | None = None

    @property
    def least_version(self) -> int:
        """The version, or the least it can be where it is unknown."""
        return least_version(self.paper.version, self.announce_type)


class Order(StrEnum):
    """By what the papers of a digest are ordered; the rest of them as arXiv listed them."""

    LISTING = "listing"
    TOPICS = "topics"
    LIKES = "likes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many papers a date announced for a channel, and what becomes of them.

    ``types`` counts the distinct papers that the followed categories announced with the followed
    types, by their weightiest type; ``announced`` is their sum, and the one number that all others
    are part of. ``matching`` of them match a topic, all where there are ``no_topics``. Of the
    matching ``before`` were sent to the channel already, ``elsewhere`` are in channels that the
    person reads, ``left`` are left to other channels of the server, ``offered`` are or will be
    behind a button of the digest, and ``chosen`` are still to be posted.
    """

    types: Mapping[AnnounceType, int]
    matching: int
    before: int
    no_topics: bool
    offered: int = 0
    elsewhere: int = 0
    left: int = 0

    @property
    def announced(self) -> int:
        return sum(self.types.values())

    @property
    def chosen(self) -> int:
        return self.matching - self.before - self.elsewhere - self.left - self.offered

    @property
    def left_out(self) -> int:
        return self.announced - self.matching


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCheck:
    """A category's listing of a date: its ``papers``, and how many arXiv's own page counts.

    ``on_page`` is None while the page was not asked.
    """

    category: str
    papers: int
    on_page: int | None

    @property
    def agrees(self) -> bool:
        return self.on_page == self.papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is posted to one channel for one announcement date.

    ``checks`` say of each category how its listing was checked.
    ``tally`` counts what the date announced for the channel, ``entries`` are what is chosen of it,
    and ``offered`` what a button of its last message opens.
    Of a week, ``announced_on`` is its last date, and ``offered_by_day`` counts what is offered.
    ``is_supplement`` marks papers that reached the listing after a first digest was posted, and
    ``is_direct`` a digest of what one person follows.
    ``entries`` are in the given ``order``; the first ``top`` of them stand out, and where there are
    no more than ``cards_up_to``, all do.
    """

    categories: tuple[str, ...]
    announced_on: date
    entries: tuple[DigestEntry, ...]
    tally: Tally
    offered: tuple[DigestEntry, ...] = ()
    channel_id: int = 0
    checks: tuple[ListingCheck, ...] = ()
    is_supplement: bool = False
    is_direct: bool = False
    cadence: Cadence = Cadence.DAY
    offered_by_day: tuple[tuple[date, int], ...] = ()
    order: Order = Order.LISTING
    top: int = 0
    cards_up_to: int = 25
