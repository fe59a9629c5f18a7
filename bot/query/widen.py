"""What a plain word stands for beside itself: its inflections, and its spellings as a compound.

Only what the archive writes is added, so a `Lexicon` of its words and compounds is asked for; the
rules themselves need none. A word in quotes or behind ``=`` stands for itself, a beginning for all
that begins so.

- *Inflections* (see `inflect`): of the last word, where a word is typed with a hyphen.
- *Compounds*: ``pre-training`` is also *pretraining*; ``pretraining`` is also *pre-training* and
  *pre training*, if some paper writes it with a hyphen; and so are the two words ``pre training``,
  next to each other in a query. Words and numbers need no such witness: GPT4, GPT-4, 3D. Up to four
  parts are one word if each of the joints is such: ``word 2 vec``, ``res net 50``.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice, pairwise, product, starmap

from bot.query.ast import And, Form, Node, Not, Or, Rule, Text, TextField
from bot.query.inflect import inflections
from bot.query.tokens import (
    apart,
    are_name_and_version,
    are_numbers,
    are_symbol_and_number,
    groupings,
    is_separate,
    letters_at,
    may_be_one,
    said,
    spelled,
    units,
)

MOST_PARTS = 4
"""Words of a compound."""


Nearby = tuple[str, ...]
"""Words typed in a row."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of an archive's words.

    ``holds`` says whether any paper writes a word; ``cuts`` are, of a word written together, the
    places at which some paper puts a hyphen.
    """

    holds: Callable[[str], bool]
    cuts: Mapping[str, Collection[int]] = field(default_factory=dict)
    _ones: dict[Nearby, bool] = field(default_factory=dict, init=False, repr=False)

    def joins(self, first: str, second: str) -> bool:
        """Whether two words in a row may be one."""
        if _join_by_rule(first, second):
            return True
        if not may_be_one(first, second):
            return False
        one, other = letters_at(first, second)
        return any(
            len(one) in self.cuts.get(one + form, ())
            for form in (inflections(other) if other == second else (other,))
        )

    def are_one(self, parts: Nearby) -> bool:
        """Whether words in a row may be one, joined two by two: ``word 2vec``, ``2 vec``."""
        known = self._ones.get(parts)
        if known is None:
            known = self._ones[parts] = self._may_be_one(parts)
        return known

    def _may_be_one(self, parts: Nearby) -> bool:
        if len(parts) <= 2:
            return len(parts) == 1 or self.joins(*parts)
        if not any(self.are_one(parts[at : at + 2]) for at in range(len(parts) - 1)):
            return False
        return any(
            self.are_one(parts[:at])
            and self.are_one(parts[at:])
            and self.joins("".join(parts[:at]), "".join(parts[at:]))
            for at in range(1, len(parts))
        )

    def ways_apart(self, word: str) -> Iterator[Nearby]:
        """Cut a word where some paper puts a hyphen, and at digits, in every way; whole first.

        A long chain of letters and digits is only cut between these.
        """
        pieces = apart(word)
        if len(pieces) > MOST_PARTS:
            yield from ((word,), tuple(pieces))
            return
        behind = (*pieces[1:], "")
        ways = [[*self._ways_before(*each)] for each in zip(pieces, behind, strict=True)]
        for rows in product(*ways):
            for parts in groupings(rows):
                if len(parts) <= MOST_PARTS and all(starmap(_may_part, pairwise(parts))):
                    yield tuple(parts)

    def _ways_before(self, piece: str, digits: str, most: int = MOST_PARTS) -> Iterator[Nearby]:
        """Cut letters; with ``digits`` behind them they may be a name and a version."""
        yield (piece,)
        cuts = {*self.cuts.get(piece, ())}
        if digits and are_name_and_version(piece[:-1], piece[-1] + digits):
            cuts.add(len(piece) - 1)
        for cut in sorted(cuts) if most > 1 else ():
            for first in self._ways_before(piece[:cut], "", most - 1):
                for rest in self._ways_before(piece[cut:], digits, most - len(first)):
                    yield (*first, *rest)


UNKNOWN = Lexicon(holds=lambda word: True)
"""Of an archive that was not asked: every form may be there, no hyphen is known."""


class Widener:
    """Widens queries by one lexicon, and keeps what it works out: topics share their words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._known: dict[tuple[str, Nearby, Nearby], tuple[Form, ...]] = {}

    def widen(self, node: Node, before: Nearby = (), after: Nearby = ()) -> Node:
        """Add to each plain word the forms that stand for it.

        ``before`` and ``after`` are the plain words typed directly around it.
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

    def _forms(self, text: str, before: Nearby, after: Nearby) -> tuple[Form, ...]:
        key = (text, before, after)
        if key not in self._known:
            self._known[key] = tuple(_forms(text, self._lexicon, before, after))
        return self._known[key]


def widen(root: Node, lexicon: Lexicon) -> Node:
    """Add to each plain word the forms that stand for it."""
    return Widener(lexicon).widen(root)


def words_to_look_up(*roots: Node) -> set[str]:
    """List the words that `widen` may ask a lexicon about, but for `more_to_look_up`."""
    wanted: set[str] = set()
    rules = replace(UNKNOWN)  # with a memory of its own
    for text, before, after in {each for root in roots for each in _plain(root, (), ())}:
        typed = units(text)
        wanted.update(typed, *map(inflections, typed))
        for *first, whole in _joined(text):
            wanted.update(first, _together(whole, typed[-1]), *map(inflections, first))
        for run in _runs(text, before, after):
            if len(run) == 2 or (not "".join(run).isalpha() and rules.are_one(run)):
                wanted.update(_asked_of(run))
        pieces = apart(_whole(text))
        wanted.update(pieces, (piece.removesuffix("v") for piece in pieces))
    return wanted


def more_to_look_up(lexicon: Lexicon, *roots: Node) -> set[str]:
    """List what else to ask about hyphens, now that some of it is known.

    For most queries nothing: longer compounds are asked for only where parts of them are some.
    """
    more: set[str] = set()
    for text, before, after in {each for root in roots for each in _plain(root, (), ())}:
        for run in _runs(text, before, after):
            if len(run) > 2 and _may_be_one(run, lexicon):
                more.update(_asked_of(run))
    for word, cuts in lexicon.cuts.items():
        for at in cuts:
            more.update(part for part in (word[:at], word[at:]) if len(part) >= LEAST_OF_TWO)
    return more


def _asked_of(run: Nearby) -> Iterator[str]:
    """List where a hyphen tells that words in a row are one: in all of it, or in its letters."""
    whole = "".join(run)
    yield from _together(whole, run[-1])
    for at in range(1, len(run)) if not whole.isalpha() else ():
        one, other = letters_at("".join(run[:at]), "".join(run[at:]))
        if one and other:
            yield from (one + form for form in inflections(other))


LEAST_OF_TWO = 4
"""Letters of a part of a compound that may be one itself."""


def _may_be_one(run: Sequence[str], lexicon: Lexicon) -> bool:
    """Whether two neighbours of a run are one word, and one that the archive writes."""
    return any(
        lexicon.are_one(pair) and any(map(lexicon.holds, inflections("".join(pair))))
        for pair in pairwise(run)
    )


def _plain(node: Node, before: Nearby, after: Nearby) -> Iterator[tuple[str, Nearby, Nearby]]:
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
            yield node.text, before, after


def _is_plain(leaf: Text) -> bool:
    return not leaf.is_exact and not leaf.is_prefix and leaf.field is not TextField.AUTHORS


def _surroundings(parts: Sequence[Node]) -> Sequence[tuple[Nearby, Nearby]]:
    """Return for each part the plain words directly before and behind it that it may join."""
    return _nearby(tuple(map(_field_and_word, parts)))


@lru_cache(maxsize=1 << 10)
def _nearby(
    typed: tuple[tuple[TextField | None, str], ...],
) -> tuple[tuple[Nearby, Nearby], ...]:
    near: list[tuple[Nearby, Nearby]] = []
    for row in _rows(typed):
        for at in range(len(row)):
            before = row[max(0, at - MOST_PARTS + 1) : at]
            near.append((before, row[at + 1 : at + MOST_PARTS]))
    return tuple(near)


def _rows(typed: Sequence[tuple[TextField | None, str]]) -> Iterator[Nearby]:
    """Part words where two in a row cannot be one."""
    row: Nearby = ()
    last: TextField | None = None
    for place, word in typed:
        if row and (place is not last or not (row[-1] and word and _may_join(row[-1], word))):
            yield row
            row = ()
        row, last = (*row, word), place
    yield row


def _field_and_word(part: Node) -> tuple[TextField | None, str]:
    """Return where a plain word is asked for, and the word; none where it is no part of others."""
    if isinstance(part, Text) and _is_plain(part):
        return part.field, _unit(part.text)
    return None, ""


def _unit(text: str) -> str:
    """Return a word as it may be a part of others: GPT-4 in ``GPT-4 o``."""
    whole = _whole(text)
    return "" if whole.isalpha() and len(said(text)) > 1 else whole


def _whole(text: str) -> str:
    """Return a compound written together; nothing of what is none."""
    typed = units(text)
    return typed[0] if len(typed) == 1 else next(_joined(text), ("",))[0]


# The forms of one word


def _forms(text: str, lexicon: Lexicon, before: Nearby, after: Nearby) -> Iterator[Form]:
    found = {" ".join(said(text))}
    for parts, rule in _candidates(text, lexicon, before, after):
        form = spelled(parts)
        if form not in found and all(map(lexicon.holds, form.split(" "))):
            found.add(form)
            yield Form(form, rule)


def _candidates(
    text: str, lexicon: Lexicon, before: Nearby, after: Nearby
) -> Iterator[tuple[Sequence[str], Rule]]:
    typed = units(text)
    for parts in _inflected(typed):
        yield parts, Rule.INFLECTION
    for apart_parts in _written_apart(text, lexicon):
        yield apart_parts, Rule.APART
    runs = (run for run in _runs(text, before, after) if lexicon.are_one(run))
    for *first, whole in _joined(text):
        for word in _together(whole, typed[-1]):
            yield (*first, word), Rule.TOGETHER
    for run in runs:
        for word in _together("".join(run), run[-1]):
            yield (word,), Rule.TOGETHER


def _inflected(typed: Sequence[str]) -> Iterator[Sequence[str]]:
    """Put the last word into each of its forms."""
    for word in inflections(typed[-1]) if typed else ():
        yield (*typed[:-1], word)


def _together(whole: str, last: str) -> Iterator[str]:
    """Put parts that are one word into its forms, and their last part into each of its own.

    What no rule knows of ``testbed`` it may know of ``bed``.
    """
    yield from inflections(whole)
    stem = whole.removesuffix(last)
    yield from (stem + form for form in inflections(last))


def _runs(text: str, before: Nearby, after: Nearby) -> Iterator[Nearby]:
    """List a word with words typed around it, two to `MOST_PARTS` in a row."""
    row = (*before, _unit(text), *after) if before or after else ()
    at = len(before)
    for first in range(at + 1) if row else ():
        for end in range(max(at + 1, first + 2), min(len(row), first + MOST_PARTS) + 1):
            yield row[first:end]


def _may_join(first: str, second: str) -> bool:
    return may_be_one(first, second) or _join_by_rule(first, second)


def _may_part(first: str, second: str) -> bool:
    """Whether two parts of a word may be written with a blank between them: 4x4 and 4x 4."""
    return second[0].isdigit() or _may_join(first, second)


def _join_by_rule(first: str, second: str) -> bool:
    return are_symbol_and_number(first, second) or are_name_and_version(first, second)


_SEPARATING = re.compile(r"[/,'’()&]|(?<![0-9])\.|\.(?![0-9])")
"""Signs between words that do not make one of them, as a hyphen does."""


def _joined(text: str) -> Iterator[list[str]]:
    """Write neighbours of a compound together: all of them, then some."""
    typed = units(text)
    if not 1 < len(typed) <= MOST_PARTS or not all(map(str.isascii, typed)):
        return  # in scripts without blanks no word is made of others
    if _SEPARATING.search(text) or any(are_numbers(*pair) for pair in pairwise(typed)):
        return
    if len(typed) == MOST_PARTS and any(map(is_separate, typed)):
        return  # state-of-the-art
    yield from islice(groupings([[word] for word in typed]), (1 << len(typed) - 1) - 1)


def _written_apart(text: str, lexicon: Lexicon) -> Iterator[Sequence[str]]:
    """Cut a word where it goes over from letters to digits, and where papers put a hyphen."""
    for word in inflections(_whole(text)):
        if word in lexicon.cuts or not word.isalpha():
            yield from islice(lexicon.ways_apart(word), 1, None)
