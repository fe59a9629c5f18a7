"""A second style, to show that the bot asks the style and never looks into a message itself.

Its messages hold two papers each, by identifier, and no embed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from bot.digest.messages import MessageDraft, ShownMessage
from bot.digest.models import Digest, Subscription
from bot.models import ArxivId
from bot.ui import styles

MARK = "plain text of"
PER_MESSAGE = 2


@dataclass(frozen=True, slots=True)
class Plain:
    code: str = "plain"
    words: str = "plain: identifiers only"
    is_ranked: bool = False

    def describe(self, subscription: Subscription) -> str:
        return self.words

    def measure(self, digest: Digest) -> int:
        return -(-len(digest.entries) // PER_MESSAGE)

    def render(self, digest: Digest, *, first_part: int = 1) -> tuple[MessageDraft, ...]:
        papers = [(entry.paper.arxiv_id, entry.paper.version) for entry in digest.entries]
        groups = [papers[at : at + PER_MESSAGE] for at in range(0, len(papers), PER_MESSAGE)]
        return tuple(
            self._draft(f"{MARK} {digest.announced_on}, part {part}", group)
            for part, group in enumerate(groups, start=first_part)
        )

    def _draft(self, line: str, papers: Sequence[tuple[ArxivId, int]]) -> MessageDraft:
        shown = [f"{arxiv_id} {version}" for arxiv_id, version in papers]
        body = {"content": "\n".join([line, *shown])}
        return MessageDraft(style=self.code, body=body, papers=tuple(papers))

    def split(
        self, body: Mapping[str, object], papers: Sequence[tuple[ArxivId, int]]
    ) -> tuple[MessageDraft, ...]:
        shown = self.read(body)
        assert shown is not None
        if len(shown.papers) < 2:
            return ()
        return tuple(
            self._draft(f"{shown.line}, piece {number}", [paper])
            for number, paper in enumerate(shown.papers, start=1)
        )

    def amend(
        self, body: Mapping[str, object], notes: Mapping[ArxivId, Sequence[str]]
    ) -> Mapping[str, object]:
        return body

    def read(self, body: Mapping[str, object]) -> ShownMessage | None:
        line, *rest = str(body.get("content") or "").split("\n")
        if not line.startswith(MARK):
            return None
        papers = [each.split() for each in rest]
        return ShownMessage(
            line=line, papers=tuple((ArxivId(id_), int(version)) for id_, version in papers)
        )


PLAIN = Plain()


@contextmanager
def plain_style() -> Iterator[Plain]:
    """Let the bot know the style in the block."""
    known = cast(dict[str, styles.Style], styles.STYLES)
    known[PLAIN.code] = PLAIN
    try:
        yield PLAIN
    finally:
        del known[PLAIN.code]
