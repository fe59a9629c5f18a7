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

from bot.query.ast import And, Form, Node, Not, Or, Rule, Text, TextField
from bot.query.inflect import inflections
from bot.query.tokens import apart, are_symbol_and_number, may_be_one, words

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


def widen(root: Node, lexicon: Lexicon) -> Node:
    """Add to each plain word the forms that stand for it."""
    return _widened(root, lexicon, (), ())


def words_to_look_up(root: Node) -> set[str]:
    """List the words that `widen` may ask a lexicon about, but for the parts of known compounds."""
    wanted: set[str] = set()
    for leaf, before, after in _plain(root, (), ()):
        said = words(leaf.text)
        joined = [*_joined(said), *([a + b] for a, b in _neighbours(said, before, after))]
        for parts in (said, *joined):
            wanted.update(parts, *map(inflections, parts))
        for word in said:
            wanted.update(apart(word))
    return wanted


def _widened(node: Node, lexicon: Lexicon, before: Sequence[str], after: Sequence[str]) -> Node:
    match node:
        case And(parts):
            around = _surroundings(parts)
            return And(
                tuple(
                    _widened(part, lexicon, *near) for part, near in zip(parts, around, strict=True)
                )
            )
        case Or(parts):
            return Or(tuple(_widened(part, lexicon, (), ()) for part in parts))
        case Not(part):
            return Not(_widened(part, lexicon, (), ()))
        case Text() if _is_plain(node):
            return replace(node, forms=tuple(_forms(node, lexicon, before, after)))
        case _:
            return node


def _plain(
    node: Node, before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[Text, Sequence[str], Sequence[str]]]:
    """Walk the plain words, each with the words directly around it."""
    match node:
        case And(parts):
            for part, near in zip(parts, _surroundings(parts), strict=True):
                yield from _plain(part, *near)
        case Or(parts):
            for part in parts:
                yield from _plain(part, (), ())
        case Not(part):
            yield from _plain(part, (), ())
        case Text() if _is_plain(node):
            yield node, before, after


def _is_plain(leaf: Text) -> bool:
    return not leaf.is_exact and not leaf.is_prefix and leaf.field is not TextField.AUTHORS


def _surroundings(parts: Sequence[Node]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return for each part the plain words typed directly before and behind it."""
    said = [_field_and_words(part) for part in parts]
    around = [(None, []), *said, (None, [])]
    return [
        (
            before if before_field == field else [],
            after if after_field == field else [],
        )
        for (before_field, before), (field, _), (after_field, after) in zip(
            around, said, around[2:], strict=False
        )
    ]


def _field_and_words(part: Node) -> tuple[TextField | None, list[str]]:
    if isinstance(part, Text) and _is_plain(part):
        return part.field, words(part.text)
    return None, []


# The forms of one word


def _forms(
    leaf: Text, lexicon: Lexicon, before: Sequence[str], after: Sequence[str]
) -> Iterator[Form]:
    said = words(leaf.text)
    found = {" ".join(said)}
    for parts, rule in _candidates(leaf, said, lexicon, before, after):
        form = " ".join(parts)
        if form not in found and all(map(lexicon.holds, parts)):
            found.add(form)
            yield Form(form, rule)


def _candidates(
    leaf: Text, said: list[str], lexicon: Lexicon, before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[list[str], Rule]]:
    for parts in _inflected(said):
        yield parts, Rule.INFLECTION
    for parts in _written_apart(said, lexicon):
        yield parts, Rule.APART
    joined = [] if _SEPARATING.search(leaf.text) else list(_joined(said))
    joined += [[a + b] for a, b in _neighbours(said, before, after) if lexicon.joins(a, b)]
    for written in joined:
        for parts in _inflected(written):
            yield parts, Rule.TOGETHER


def _inflected(said: list[str]) -> Iterator[list[str]]:
    """Put the last word into each of its forms."""
    for word in inflections(said[-1]) if said else ():
        yield [*said[:-1], word]


def _neighbours(
    said: Sequence[str], before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Pair a single word with the single words typed around it."""
    if len(said) == 1:
        if len(before) == 1:
            yield before[0], said[0]
        if len(after) == 1:
            yield said[0], after[0]


_SEPARATING = re.compile(r"[./,'’()&]")
"""Signs between words that do not make one of them, as a hyphen does."""


def _joined(said: Sequence[str]) -> Iterator[list[str]]:
    """Write neighbours of a compound together: all of them, or two of three."""
    if not 1 < len(said) <= MOST_PARTS:
        return
    yield ["".join(said)]
    if len(said) > 2:
        for at in range(len(said) - 1):
            yield [*said[:at], said[at] + said[at + 1], *said[at + 2 :]]


def _written_apart(said: list[str], lexicon: Lexicon) -> Iterator[list[str]]:
    """Cut a word where it goes over from letters to digits, or where papers put a hyphen."""
    for word in inflections(said[0]) if len(said) == 1 else ():
        parts = apart(word)
        if len(parts) > 1:
            yield parts
        for cut in sorted(lexicon.cuts.get(word, ())):
            if may_be_one(word[:cut], word[cut:]):
                yield [word[:cut], word[cut:]]
