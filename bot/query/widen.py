"""What a plain word stands for beside itself: its inflections, and its spellings as a compound.

Only what the archive writes is added, so a `Lexicon` of its words and compounds is asked for; the
rules themselves need none. A word in quotes or behind ``=`` stands for itself, a beginning for all
that begins so.

- *Inflections* (see `inflect`): of the last word, where a word is typed with a hyphen.
- *Compounds*: ``pre-training`` is also *pretraining*; ``pretraining`` is also *pre-training* and
  *pre training*, if some paper writes it with a hyphen; and so are the two words ``pre training``,
  next to each other in a query. Words and numbers need no such witness: GPT4, GPT-4, 3D.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bot.query.ast import And, Form, Node, Not, Or, Rule, Text, TextField
from bot.query.inflect import inflections
from bot.query.tokens import are_numbers, are_symbol_and_number, may_be_one, said, ways_apart

MOST_PARTS = 3
"""Words of a compound whose neighbours may be written together."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of an archive's words.

    ``holds`` says whether any paper writes a word; ``cuts`` are, of a word written together, the
    places at which some paper puts a hyphen.
    """

    holds: Callable[[str], bool]
    cuts: Mapping[str, Collection[int]] = field(default_factory=dict)

    def joins(self, first: str, second: str) -> bool:
        """Whether two words in a row may be one."""
        if are_symbol_and_number(first, second):
            return True
        return may_be_one(first, second) and any(
            len(first) in self.cuts.get(first + form, ()) for form in inflections(second)
        )


UNKNOWN = Lexicon(holds=lambda word: True)
"""Of an archive that was not asked: every form may be there, no hyphen is known."""


class Widener:
    """Widens queries by one lexicon, and keeps what it works out: topics share their words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: dict[tuple[str, str, str], tuple[Form, ...]] = {}

    def widen(self, node: Node, before: str = "", after: str = "") -> Node:
        """Add to each plain word the forms that stand for it.

        ``before`` and ``after`` are the plain words typed directly around it, if single ones.
        """
        match node:
            case And(parts):
                around = zip(parts, _surroundings(parts), strict=True)
                return And(tuple(self.widen(part, *near) for part, near in around))
            case Or(parts):
                return Or(tuple(map(self.widen, parts)))
            case Not(part):
                return Not(self.widen(part))
            case Text() if _is_plain(node):
                forms = self._forms(node.text, before, after)
                return replace(node, forms=forms) if forms else node
            case _:
                return node

    def _forms(self, text: str, before: str, after: str) -> tuple[Form, ...]:
        key = (text, before, after)
        if key not in self._known:
            self._known[key] = tuple(_forms(text, self._lexicon, before, after))
        return self._known[key]


def widen(root: Node, lexicon: Lexicon) -> Node:
    """Add to each plain word the forms that stand for it."""
    return Widener(lexicon).widen(root)


def words_to_look_up(*roots: Node) -> set[str]:
    """List the words that `widen` may ask a lexicon about, but for the parts of known compounds."""
    plain = {each for root in roots for each in _plain(root, "", "")}
    wanted: set[str] = set()
    for text, before, after in plain:
        typed = said(text)
        joined = [*_joined(typed), *((a + b,) for a, b in _neighbours(typed, before, after))]
        for parts in (typed, *joined):
            wanted.update(parts, *map(inflections, parts))
        for word in typed:
            wanted.update(part for parts in ways_apart(word) for part in parts)
    return wanted


def _plain(node: Node, before: str, after: str) -> Iterator[tuple[str, str, str]]:
    """Walk the plain words, each with the words directly around it."""
    match node:
        case And(parts):
            for part, near in zip(parts, _surroundings(parts), strict=True):
                yield from _plain(part, *near)
        case Or(parts):
            for part in parts:
                yield from _plain(part, "", "")
        case Not(part):
            yield from _plain(part, "", "")
        case Text() if _is_plain(node):
            yield node.text, before, after


def _is_plain(leaf: Text) -> bool:
    return not leaf.is_exact and not leaf.is_prefix and leaf.field is not TextField.AUTHORS


def _surroundings(parts: Sequence[Node]) -> list[tuple[str, str]]:
    """Return for each part the single plain words typed directly before and behind it."""
    typed = [_field_and_word(part) for part in parts]
    around = [_NOTHING, *typed, _NOTHING]
    return [
        (
            before if before_field == field else "",
            after if after_field == field else "",
        )
        for (before_field, before), (field, _), (after_field, after) in zip(
            around, typed, around[2:], strict=False
        )
    ]


_NOTHING: tuple[TextField | None, str] = (None, "")


def _field_and_word(part: Node) -> tuple[TextField | None, str]:
    if isinstance(part, Text) and _is_plain(part):
        typed = said(part.text)
        return part.field, typed[0] if len(typed) == 1 else ""
    return _NOTHING


# The forms of one word


def _forms(text: str, lexicon: Lexicon, before: str, after: str) -> Iterator[Form]:
    typed = said(text)
    found = {" ".join(typed)}
    for parts, rule in _candidates(text, lexicon, before, after):
        form = " ".join(parts)
        if form not in found and all(map(lexicon.holds, parts)):
            found.add(form)
            yield Form(form, rule)


def _candidates(
    text: str, lexicon: Lexicon, before: str, after: str
) -> Iterator[tuple[Sequence[str], Rule]]:
    typed = said(text)
    for parts in _inflected(typed):
        yield parts, Rule.INFLECTION
    for apart_parts in _written_apart(typed, lexicon):
        yield apart_parts, Rule.APART
    joined = [] if _SEPARATING.search(text) else list(_joined(typed))
    joined += [(a + b,) for a, b in _neighbours(typed, before, after) if lexicon.joins(a, b)]
    for written in joined:
        for parts in _inflected(written):
            yield parts, Rule.TOGETHER


def _inflected(typed: Sequence[str]) -> Iterator[Sequence[str]]:
    """Put the last word into each of its forms."""
    for word in inflections(typed[-1]) if typed else ():
        yield (*typed[:-1], word)


def _neighbours(typed: Sequence[str], before: str, after: str) -> Iterator[tuple[str, str]]:
    """Pair a single word with the single words typed around it."""
    if len(typed) == 1:
        if before:
            yield before, typed[0]
        if after:
            yield typed[0], after


_SEPARATING = re.compile(r"[./,'’()&]")
"""Signs between words that do not make one of them, as a hyphen does."""


def _joined(typed: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Write neighbours of a compound together: all of them, or two of three."""
    if not 1 < len(typed) <= MOST_PARTS or not all(map(str.isascii, typed)):
        return  # in scripts without blanks no word is made of others
    if any(are_numbers(*pair) for pair in pairwise(typed)):
        return
    yield ("".join(typed),)
    if len(typed) > 2:
        for at in range(len(typed) - 1):
            yield (*typed[:at], typed[at] + typed[at + 1], *typed[at + 2 :])


def _written_apart(typed: Sequence[str], lexicon: Lexicon) -> Iterator[Sequence[str]]:
    """Cut a word where it goes over from letters to digits, or where papers put a hyphen."""
    for word in inflections(typed[0]) if len(typed) == 1 else ():
        yield from ways_apart(word)
        for cut in sorted(lexicon.cuts.get(word, ())):
            if may_be_one(word[:cut], word[cut:]):
                yield word[:cut], word[cut:]
