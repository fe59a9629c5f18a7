"""Builders of domain values for tests: say only what the test is about, the rest is plausible."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from bot.digest.messages import DeliveryRecord, DeliveryState, MessageDraft
from bot.digest.models import (
    Cadence,
    Digest,
    DigestEntry,
    ListedIn,
    Place,
    Reason,
    ReasonCode,
    Subscription,
    SubscriptionState,
    Tally,
    Topic,
)
from bot.models import (
    Announcement,
    AnnounceType,
    ArxivId,
    Link,
    LinkKind,
    Listing,
    Paper,
    Provenance,
    SkippedRecord,
    StoredPaper,
)

DAY = date(2024, 3, 5)
"""A Tuesday on which arXiv announced papers; the default date of everything here."""

NOW = datetime(2024, 3, 5, 9, 0, tzinfo=UTC)
"""A moment on `DAY`, after the announcement."""


def make_id(number: int = 1) -> ArxivId:
    """Return the identifier of the ``number``-th paper of March 2024."""
    return ArxivId(f"2403.{number:05d}")


def make_link(
    url: str = "https://github.com/example/project",
    kind: LinkKind = LinkKind.CODE,
    provenance: Provenance = Provenance.ABSTRACT,
) -> Link:
    return Link(kind=kind, url=url, provenance=provenance)


def make_paper(
    number: int = 1,
    *,
    arxiv_id: str | None = None,
    version: int = 1,
    title: str | None = None,
    abstract: str | None = None,
    source_title: str | None = None,
    source_abstract: str | None = None,
    authors: Sequence[str] = ("Ada Example", "Ben Sample"),
    categories: Sequence[str] = ("cs.CV",),
    comment: str | None = None,
    doi: str | None = None,
    journal_ref: str | None = None,
    license: str | None = None,  # the model's own word
    submitted_at: datetime | None = None,
    links: Sequence[Link] = (),
) -> Paper:
    """Build a paper; ``number`` names it (identifier, title, abstract) where nothing else does.

    ``links`` are those beyond the abstract page and the PDF, which are always there. The source
    texts are the readable ones unless given.
    """
    identifier = make_id(number) if arxiv_id is None else ArxivId(arxiv_id)
    shown_title = f"Paper number {number}" if title is None else title
    shown_abstract = f"We study problem {number} and solve it." if abstract is None else abstract
    return Paper(
        arxiv_id=identifier,
        version=version,
        title=shown_title,
        abstract=shown_abstract,
        source_title=shown_title if source_title is None else source_title,
        source_abstract=shown_abstract if source_abstract is None else source_abstract,
        authors=tuple(authors),
        categories=tuple(categories),
        comment=comment,
        doi=doi,
        journal_ref=journal_ref,
        license=license,
        submitted_at=submitted_at,
        links=(*arxiv_links(identifier), *links),
    )


def arxiv_links(arxiv_id: ArxivId) -> tuple[Link, Link]:
    """Return the links every paper has: its abstract page and its PDF."""
    return (
        make_link(f"https://arxiv.org/abs/{arxiv_id}", LinkKind.ABS, Provenance.ARXIV),
        make_link(f"https://arxiv.org/pdf/{arxiv_id}", LinkKind.PDF, Provenance.ARXIV),
    )


def make_papers(
    count: int, *, first: int = 1, categories: Sequence[str] = ("cs.CV",)
) -> list[Paper]:
    """Build ``count`` papers, numbered from ``first``."""
    return [make_paper(number, categories=categories) for number in range(first, first + count)]


def make_listing(
    *announced: Paper | tuple[Paper, AnnounceType],
    category: str = "cs.CV",
    announced_on: date = DAY,
    source: str = "rss",
    skipped: Sequence[SkippedRecord] = (),
    is_complete: bool = True,
) -> Listing:
    """Build a listing of papers in the given order; a bare paper is a new submission."""
    pairs = [item if isinstance(item, tuple) else (item, AnnounceType.NEW) for item in announced]
    return Listing(
        category=category,
        announced_on=announced_on,
        announcements=tuple(
            Announcement(paper=paper, announce_type=announce_type, position=position)
            for position, (paper, announce_type) in enumerate(pairs, start=1)
        ),
        source=source,
        skipped=tuple(skipped),
        is_complete=is_complete,
    )


def make_stored(
    paper: Paper | None = None,
    *,
    announced_on: date = DAY,
    is_date_estimated: bool = False,
    key: int = 1,
) -> StoredPaper:
    return StoredPaper(
        paper=make_paper() if paper is None else paper,
        announced_on=announced_on,
        is_date_estimated=is_date_estimated,
        key=key,
    )


def make_topic(name: str = "diffusion", query: str = "diffusion") -> Topic:
    return Topic(name=name, query=query)


def make_subscription(
    *,
    id: int = 1,  # the model's own word
    guild_id: int = 1001,
    channel_id: int = 2001,
    categories: Sequence[str] = ("cs.CV",),
    announce_types: Sequence[AnnounceType] = (AnnounceType.NEW, AnnounceType.CROSS),
    topics: Sequence[Topic] = (),
    post_at: time | None = None,
    zone: str = "UTC",
    style: str = "cards",
    place: Place = Place.CHANNEL,
    ping_role: int | None = None,
    state: SubscriptionState = SubscriptionState.ACTIVE,
    paused_because: Reason | None = None,
    created_at: datetime = NOW,
    starts_after: int = 0,
    begins: Sequence[tuple[str, date]] = (),
    cadences: Sequence[Cadence] = (Cadence.DAY,),
    weekday: int = 4,
    week_began_at: datetime | None = None,
    top: int = 5,
) -> Subscription:
    return Subscription(
        id=id,
        guild_id=guild_id,
        channel_id=channel_id,
        categories=tuple(categories),
        announce_types=tuple(announce_types),
        topics=tuple(topics),
        post_at=post_at,
        zone=zone,
        style=style,
        place=place,
        ping_role=ping_role,
        state=state,
        paused_because=paused_because,
        created_at=created_at,
        starts_after=starts_after,
        begins=tuple(begins),
        cadences=tuple(cadences),
        weekday=weekday,
        week_began_at=week_began_at,
        top=top,
    )


def make_entry(
    paper: Paper | None = None,
    *,
    announce_type: AnnounceType = AnnounceType.NEW,
    category: str = "cs.CV",
    position: int = 1,
    topics: Sequence[str] = (),
) -> DigestEntry:
    """Build a digest's entry for a paper that one listing announced."""
    return DigestEntry(
        paper=make_paper() if paper is None else paper,
        announce_type=announce_type,
        listed_in=(ListedIn(category=category, announce_type=announce_type, position=position),),
        topics=tuple(topics),
    )


def make_digest(
    *papers: Paper | DigestEntry,
    categories: Sequence[str] = ("cs.CV",),
    announced_on: date = DAY,
    announced: int | None = None,
    is_supplement: bool = False,
) -> Digest:
    """Build a digest; bare papers are new submissions in the order given."""
    entries = tuple(
        item
        if isinstance(item, DigestEntry)
        else make_entry(item, category=categories[0], position=position)
        for position, item in enumerate(papers, start=1)
    )
    return Digest(
        categories=tuple(categories),
        announced_on=announced_on,
        entries=entries,
        tally=Tally(
            types={AnnounceType.NEW: len(entries) if announced is None else announced},
            matching=len(entries),
            before=0,
            no_topics=announced is None,
        ),
        is_supplement=is_supplement,
    )


def make_draft(*papers: Paper, content: str = "A digest") -> MessageDraft:
    """Build a message that carries ``papers``."""
    return MessageDraft(
        style="cards",
        body={"content": content},
        papers=tuple((paper.arxiv_id, paper.version) for paper in papers),
    )


def make_reason(text: str) -> Reason:
    """Build a reason that reads as ``text``."""
    return Reason(code=ReasonCode.OTHER, text=text)


def make_record(
    part: int = 1,
    *,
    state: DeliveryState = DeliveryState.FAILED,
    reason: Reason | None = None,
    announced_on: date = DAY,
    guild_id: int = 1,
    channel_id: int = 2,
    message_id: int | None = None,
) -> DeliveryRecord:
    """Build a message of the outbox as the store gives it."""
    return DeliveryRecord(
        id=part,
        subscription_id=1,
        guild_id=guild_id,
        channel_id=channel_id,
        announced_on=announced_on,
        part=part,
        key=f"key {part}",
        nonce=f"nonce {part}",
        style="cards",
        payload="{}",
        is_intact=True,
        state=state,
        attempts=1,
        not_before=NOW,
        planned_at=NOW,
        claimed_at=NOW,
        first_try=None,
        message_id=message_id,
        reason=reason,
    )
