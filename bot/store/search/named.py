"""The paper that a person names: by identifier, address, DOI, or the beginning of its title."""

from bot.models import StoredPaper
from bot.query.compile import quoted
from bot.query.parser import clean
from bot.query.tokens import words
from bot.query.values import find_identifier
from bot.store.search.find import load
from bot.store.search.plan import EVERYWHERE, HEAD, Ask, Stretch
from bot.store.search.walk import keys_in, known_keys
from bot.store.sqlite.executor import Reading


def find_named(reading: Reading, text: str, limit: int) -> tuple[StoredPaper, ...]:
    """Find the papers that ``text`` may name, newest first; titles that are ``text`` come alone."""
    place = find_identifier(text)
    if place is not None:
        return _load(reading, known_keys(reading, place)[place])
    said = words(clean(text))
    if not said:
        return ()
    title = quoted(" ".join(said))
    whole = _load(reading, _titled(reading, f"^ {title}", limit))
    exact = tuple(stored for stored in whole if words(stored.paper.title) == said)
    return exact or _load(reading, _titled(reading, f"^ {title} *", limit))


def _titled(reading: Reading, phrase: str, limit: int) -> list[int]:
    titled = Stretch(EVERYWHERE, (Ask(f"title : {phrase}"),), HEAD)
    return keys_in(reading, titled, EVERYWHERE, limit)


def _load(reading: Reading, keys: list[int]) -> tuple[StoredPaper, ...]:
    return tuple(load(reading, [(0, key) for key in keys]))
