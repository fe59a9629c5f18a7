"""Why a paper matched: which parts of the query hold, in which fields, on which words.

Works on papers that a search found, with the words as the index holds them (`tokens`) and the
query as it was widened (`widen`), so what is marked is what FTS5 matched.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.models import Paper
from bot.query.ast import (
    And,
    Author,
    Category,
    Has,
    LeafNode,
    Node,
    Not,
    Or,
    Text,
    TextField,
    Venue,
    leaves,
)
from bot.query.compile import is_letter
from bot.query.names import is_same_person
from bot.query.printer import print_leaf, print_node
from bot.query.tags import category_names, venue_tags
from bot.query.tokens import Token, tokens, words
from bot.text.venue import list_venues

Spans = tuple[tuple[int, int], ...]
"""Places ``text[start:end]``, in order, none overlapping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPart:
    """A part of the query that holds for a paper, and the fields where it does.

    Fields are those of the query language: title, abstract, author, comment, category, has,
    venue.
    """

    part: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a paper matched; the spans are the matched words of its title, abstract and comment."""

    reasons: tuple[MatchedPart, ...] = ()
    title: Spans = ()
    abstract: Spans = ()
    comment: Spans = ()
    authors: tuple[str, ...] = ()
    """The authors that were asked for, by name or by a word that is in it."""


def explain(root: Node, paper: Paper) -> Explanation:
    """Say why ``paper`` matches; what it does not say, types and dates give no reason."""
    fields = {
        TextField.TITLE: list(tokens(paper.title)),
        TextField.ABSTRACT: list(tokens(paper.abstract)),
        TextField.AUTHORS: list(tokens("\n".join(paper.authors))),
        TextField.COMMENT: list(tokens(paper.comment or "")),
    }
    marks: dict[TextField, set[tuple[int, int]]] = {field: set() for field in fields}
    reasons: list[MatchedPart] = []
    authors: list[str] = []
    for leaf in dict.fromkeys(_wanted(root)):
        found: list[str] = []
        match leaf:
            case Text():
                for field, spans in _occurrences(leaf, fields):
                    marks[field].update(spans)
                    found.append("author" if field is TextField.AUTHORS else field.value)
            case Author(name=name):
                named = [each for each in paper.authors if is_same_person(name, each)]
                authors.extend(named)
                found = ["author"] if named else []
            case _:
                found = _filters(leaf, paper)
        if found:
            reasons.append(MatchedPart(part=print_leaf(leaf), fields=tuple(found)))
    return Explanation(
        reasons=tuple(reasons),
        title=_merged(marks[TextField.TITLE]),
        abstract=_merged(marks[TextField.ABSTRACT]),
        comment=_merged(marks[TextField.COMMENT]),
        authors=tuple(dict.fromkeys([*authors, *_touched(paper, marks[TextField.AUTHORS])])),
    )


def list_widened(root: Node) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """List the words that stand for others as well, with each rule and the forms it adds."""
    for leaf in dict.fromkeys(leaves(root)):
        if isinstance(leaf, Text):
            for rule in dict.fromkeys(form.rule for form in leaf.forms):
                forms = [form.words for form in leaf.forms if form.rule is rule]
                yield print_node(leaf), rule.value, tuple(forms)


def matched_words(root: Node, paper: Paper) -> tuple[str, ...]:
    """List what of ``paper`` matched, each once as it first writes it: words, names, filters."""
    why = explain(root, paper)
    texts = ((paper.title, why.title), (paper.abstract, why.abstract))
    said = [text[start:end] for text, spans in texts for start, end in spans]
    said += [(paper.comment or "")[start:end] for start, end in why.comment]
    filters = [each.part for each in why.reasons if set(each.fields) & {"category", "has"}]
    found: dict[str, str] = {}
    for each in (*said, *why.authors, *filters):
        found.setdefault(each.casefold(), each)
    return tuple(found.values())


def _touched(paper: Paper, spans: Collection[tuple[int, int]]) -> Iterator[str]:
    """Name the authors in whose names these places are, as counted over one name a line."""
    start = 0
    for name in paper.authors:
        end = start + len(name)
        if any(first < end and start < last for first, last in spans):
            yield name
        start = end + 1


def _wanted(node: Node) -> Iterator[LeafNode]:
    """Walk the leaves that a match may be due to, not those that are excluded."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _wanted(part)
        case Not():
            return
        case _:
            yield node


def _occurrences(
    leaf: Text, fields: dict[TextField, list[Token]]
) -> Iterator[tuple[TextField, list[tuple[int, int]]]]:
    typed = words(leaf.text)
    forms = [form.words.split(" ") for form in leaf.forms]
    for field in [leaf.field] if leaf.field else fields:
        is_name = field is TextField.AUTHORS
        if is_name and leaf.field is None and is_letter(typed) and not leaf.is_prefix:
            continue
        phrases = [typed] if is_name else [typed, *forms]
        spans = [
            span
            for phrase in phrases
            for span in _phrases(phrase, fields[field], is_prefix=leaf.is_prefix)
        ]
        if spans:
            yield field, spans


def _phrases(
    wanted: Sequence[str], text: Sequence[Token], *, is_prefix: bool
) -> Iterator[tuple[int, int]]:
    """Find ``wanted`` as neighbours in ``text``, the last one perhaps a beginning."""
    *whole, last = wanted
    for at in range(len(text) - len(whole)):
        end = text[at + len(whole)].word
        if not (end.startswith(last) if is_prefix else end == last):
            continue
        if all(text[at + number].word == word for number, word in enumerate(whole)):
            yield text[at].start, text[at + len(whole)].end


def _filters(leaf: LeafNode, paper: Paper) -> list[str]:
    match leaf:
        case Category(code=code):
            names = {name for each in paper.categories for name in category_names(each)}
            return ["category"] if code in names else []
        case Has(kind=kind):
            return ["has"] if paper.links_of(kind) else []
        case Venue(name=name):
            said = venue_tags(name)
            told = list_venues(paper.comment, paper.journal_ref)
            return ["venue"] if any(said in venue_tags(each) for each in told) else []
        case _:
            return []


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Join spans that overlap or touch."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A piece of a text with its matched words; ``is_beginning`` and ``is_end`` of the text."""

    text: str
    spans: Spans
    is_beginning: bool
    is_end: bool


def excerpt(text: str, spans: Spans, max_chars: int) -> Excerpt:
    """Cut the piece of ``text`` that holds most matches; without any, the start.

    It is cut on whole words, except where a match is in a very long one.
    """
    if len(text) <= max_chars:
        return Excerpt(text=text, spans=spans, is_beginning=True, is_end=True)
    start = _best_start(spans, max_chars)
    room = _room(max_chars)
    start = 0 if start < max_chars // 4 else _word_start(text, start, min(room, LONG_WORD))
    end = min(len(text), start + max_chars)
    if end < len(text):
        matched = max((b for _, b in spans if b <= end), default=0)
        end = max(text.rfind(" ", start, end), start + max_chars // 2, matched)
    inside = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
    return Excerpt(
        text=text[start:end], spans=inside, is_beginning=start == 0, is_end=end == len(text)
    )


def _best_start(spans: Spans, max_chars: int) -> int:
    """Return where the window with most matches begins, with a little room before the first."""
    room = _room(max_chars)
    ends = [end for _, end in spans]
    best, most = 0, 0
    for at, (start, _) in enumerate(spans):
        count = bisect_right(ends, start - room + max_chars) - at
        if count > most:
            best, most = max(0, start - room), count
    return best


def _room(max_chars: int) -> int:
    """Return how much of an excerpt is kept for what stands before its first match."""
    return max_chars // 5


LONG_WORD: Final = 40
"""Characters of a word that may be cut anywhere."""


def _word_start(text: str, at: int, within: int) -> int:
    blank = text.find(" ", at, at + within)
    return blank + 1 if blank >= 0 else at


def segments(text: str, spans: Spans) -> list[tuple[str, bool]]:
    """Cut ``text`` into pieces, each with whether it is a match; joined they are the text."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    pieces = [
        (text[start:end], number % 2 == 1) for number, (start, end) in enumerate(pairwise(edges))
    ]
    return [piece for piece in pieces if piece[0]]
