"""What a misspelt word was meant to be: words that the papers use, one or two slips away.

Of several, the likeliest: the smaller the slip, the more papers use it, and the greater the part of
them that say it together with the other words of the query. How many do would count a common word
twice: *complex* stands beside everything, *compiler* beside *optimization*.
"""

import math
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.query.compile import quoted
from bot.query.tags import MARK, NO_PAPER
from bot.store.search.words import count_roughly
from bot.store.sqlite.executor import Reading

RARE = 20  # papers that use a word: it may be a slip; archives hold these too
LEAST_CORRECTED = 4  # letters; in shorter words everything is like everything
MOST_CORRECTED = 40  # letters; longer runs are not words, and have thousands of neighbours each
LEAST_PAPERS = 3  # that use a word in a counted archive: else it may be a slip itself
USUAL = 50  # times as many papers as the doubtful word, for a suggestion
MOST_SLIPS = 2
MOST_LOOKED_THROUGH = 4000  # words that begin like the misspelt word
MOST_COMPARED = 8
MOST_SUGGESTED = 3
COMPANY_COUNTED = 400

NEAR_KEYS = {
    one: set(others)
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for one, others in zip(row, (row[max(0, at - 1) : at + 2] for at in range(10)), strict=False)
}
LETTER_COST = 1.0  # one too many, one too few, two swapped
WRONG_LETTER_COST = 2.2  # less usual, unless the keys are neighbours
SECOND_SLIP = 3.0
WORTH_OF_A_SLIP = 2.0
WORTH_IN_COMPANY = 0.7  # of being usual, where other words tell more


def may_be_slip(papers: int, archive: int) -> bool:
    """Whether a word of so many papers is rare, and another can be so much more usual."""
    return papers <= RARE and papers * USUAL < archive


def suggest(
    reading: Reading,
    word: str,
    papers: int,
    company: Sequence[str] = (),
    most: int = MOST_SUGGESTED,
) -> list[str]:
    """List what ``word``, which ``papers`` papers use, may be meant to be; the likeliest first.

    ``company`` are FTS5 expressions of the other words that are asked for.
    """
    if not LEAST_CORRECTED <= len(word) <= MOST_CORRECTED or not word.isalpha():
        return []
    slips = dict(_slips(word))
    known = _used(reading, slips, papers)
    if not known and not papers:
        slips = dict(_two_slips(reading, word))
        known = _used(reading, slips, papers)
    guesses = [Guess(each, known[each], WORTH_OF_A_SLIP * slips[each]) for each in known]
    guesses.sort(key=lambda guess: guess.slip - math.log(1 + guess.papers))
    del guesses[MOST_COMPARED:]
    if company and len(guesses) > 1:
        counted = partial(_together, reading, company)
        guesses = likeliest(guesses, counted, most)
    return [guess.word for guess in guesses[:most]]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a word may be meant to be, how many papers use it, and what the slip costs."""

    word: str
    papers: int
    slip: float

    def worth(self, together: float) -> float:
        """Return how likely it is, where so many papers say it together with the other words."""
        usual = WORTH_IN_COMPANY * math.log(1 + self.papers)
        return usual + math.log((together + 0.5) / (self.papers + 4)) - self.slip

    def together(self, worth: float) -> float:
        """Return from how many papers on it is worth that much."""
        usual = WORTH_IN_COMPANY * math.log(1 + self.papers)
        return math.exp(worth - usual + self.slip) * (self.papers + 4) - 0.5


def likeliest(guesses: Sequence[Guess], count: Callable[[str, int], int], most: int) -> list[Guess]:
    """List the likeliest ``most`` of some guesses, and perhaps others behind them.

    ``count`` says in how many papers a word stands with the others, up to a number. For a rare word
    that takes up to 20 ms at three million papers. So what cannot be among the first is left out,
    and the others are counted until none before or behind can be likelier.
    """
    ordered = sorted(guesses, key=lambda guess: -guess.worth(COMPANY_COUNTED))
    at_best = [guess.worth(COMPANY_COUNTED) for guess in ordered]
    likely: dict[Guess, float] = {}
    for guess, promised, next_best in zip(ordered, at_best, [*at_best[1:], -math.inf], strict=True):
        first = sorted(likely.values(), reverse=True)[:most]
        if len(first) == most and promised <= first[-1]:
            break
        enough = math.ceil(guess.together(max([next_best, *first])))
        likely[guess] = guess.worth(count(guess.word, min(COMPANY_COUNTED, max(1, enough))))
    return sorted(likely, key=lambda guess: -likely[guess])


def _used(reading: Reading, slips: dict[str, float], papers: int) -> dict[str, int]:
    counts = count_roughly(reading, {part for each in slips for part in each.split(" ")})
    least = min(LEAST_PAPERS, max(counts.values(), default=0))
    known = {each: min(counts[part] for part in each.split(" ")) for each in slips}
    return {
        each: count
        for each, count in known.items()
        if count >= max(1, least) and count > papers * USUAL
    }


def _together(reading: Reading, company: Sequence[str], word: str, enough: int) -> int:
    """Count the papers that say a word with others, up to ``enough``.

    Where the word is two, the others are sought only where both are, as in `rarest_first`.
    """
    said = " AND ".join(quoted(part) for part in word.split(" "))
    match = f"(({said}) NOT {quoted(NO_PAPER)}) AND ({' OR '.join(company)})"
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? LIMIT ?"
    return len(reading.integers(sql, (match, enough)))


def _slips(word: str) -> Iterator[tuple[str, float]]:
    """Make every word of which ``word`` may be a slip; if twice, the second time it costs less.

    One letter missing, added, changed or swapped with its neighbour, or a blank forgotten.
    """
    for at, letter in enumerate(word):
        for other in string.ascii_lowercase:
            near = other in NEAR_KEYS.get(letter, ())
            cost = LETTER_COST if near else WRONG_LETTER_COST
            yield word[:at] + other + word[at + 1 :], cost + (at == 0)
    for at in range(3, len(word) - 2):
        yield f"{word[:at]} {word[at:]}", WRONG_LETTER_COST
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        for letter in string.ascii_lowercase:
            yield head + letter + tail, LETTER_COST + (at == 0)
        if tail:
            yield head + tail[1:], LETTER_COST + (at == 0)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:], LETTER_COST


def _two_slips(reading: Reading, word: str) -> Iterator[tuple[str, float]]:
    rows = reading.rows(
        "SELECT word FROM word WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ? "
        "ORDER BY papers DESC LIMIT ?",
        (word[:2], word[:2] + MARK, len(word) - 2, len(word) + 2, MOST_LOOKED_THROUGH),
    )
    for (found,) in rows:
        if _may_be(MOST_SLIPS, word, found) and _distance(word, found) <= MOST_SLIPS:
            yield found, SECOND_SLIP


def _may_be(slips: int, word: str, found: str) -> bool:
    """Whether the letters of two words, in any order, differ by no more than some slips.

    Nearly all words do, and to tell so takes a twentieth of the time of measuring how.
    """
    others = found
    missing = 0
    for letter in word:
        if letter in others:
            others = others.replace(letter, "", 1)
        else:
            missing += 1
    return max(missing, len(others)) <= slips


def _distance(one: str, other: str) -> int:
    """Count the letters to change, add, drop or swap with the next (F. Damerau, 1964)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, start=1):
        older, before, row = before, row, [number]
        for at, against in enumerate(other, start=1):
            cost = min(before[at - 1] + (letter != against), before[at] + 1, row[at - 1] + 1)
            if at > 1 and number > 1 and letter == other[at - 2] and against == one[number - 2]:
                cost = min(cost, older[at - 2] + 1)
            row.append(cost)
    return row[-1]
