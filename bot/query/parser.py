"""Read a query as a person types it; the whole language is in docs/query-language.md.

A recursive descent over the text itself, because where a character stands decides what it means:
``-`` and ``(`` are operators at the start of a term and plain characters inside a word
(``multi-agent``, ``O(n)``). Plain text that was pasted just searches: what is not complete syntax
is text. An error is raised only for what cannot have been meant otherwise: an operator without
its term, a value that its field does not know, and more than the engine takes.

    query  = anyOf
    anyOf  = allOf { "OR" allOf }
    allOf  = term { [ "AND" ] term }
    term   = { "NOT" | "-" } ( group | field | exact | phrase | word )
    group  = "(" anyOf ")"
    field  = name ":" ( group | exact | phrase | word )
    exact  = "=" ( phrase | word )
    phrase = '"' text '"' [ "*" ]
    word   = characters without blanks [ "*" ]
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from bot.errors import InputError, QueryOutOfPlace, QuerySyntaxError, UnknownCategory
from bot.models import LinkKind
from bot.query.ast import (
    EVERYTHING,
    Author,
    Has,
    LeafNode,
    Node,
    Not,
    OfReaders,
    Query,
    Since,
    Text,
    TextField,
    Until,
    all_of,
    any_of,
    negation_of,
)
from bot.query.names import name_parts
from bot.query.printer import LITERAL_WORDS, MAX_DEPTH, is_plain_word, print_node
from bot.query.values import READERS, SIGNS, BadValue, find_identifier, parse_category
from bot.text import tex

MAX_CHARS = 2000  # a pasted abstract fits
MAX_PASTED = 20_000  # more is not even looked at
MAX_TERMS = 300
MIN_PREFIX = 3  # letters before a '*'; shorter prefixes took seconds on 30,000 papers

# fmt: off
FIELDS: Mapping[str, str] = MappingProxyType({
    "title": "title", "ti": "title", "abstract": "abstract", "abs": "abstract",
    "venue": "venue", "journal": "venue", "license": "license", "licence": "license",
    "author": "author", "authors": "author", "au": "author",
    "comment": "comment", "comments": "comment", "co": "comment",
    "category": "category", "categories": "category", "cat": "category",
    "type": "type", "has": "has", "is": "is", "id": "id", "since": "since", "until": "until",
    "in": "in", "tag": "tag", "posted": "posted", "liked": "liked", "all": "all",
})
# fmt: on
"""Field names, and their short forms in arXiv's own API."""

_COLUMNS = {
    "title": TextField.TITLE,
    "abstract": TextField.ABSTRACT,
    "comment": TextField.COMMENT,
    "author": TextField.AUTHORS,
}
_OPENING = ('"', "(")
_FIELD = re.compile(r"([A-Za-z]{2,10}):")
NOTHING = "no letter or digit"
WANTED = "a word, a phrase or a field"
_SIMPLE = re.compile(r"[ -#%-\[\]-~]*")  # printable ASCII without $ and \
_AROUND = re.compile(r"^(?!\.net(?![^\W_]))\W+|[^\w+#]+$", re.IGNORECASE)
_RUN = re.compile(r"[^ ()]*")
_MINUS = re.compile(r"-(?=[^\W_]|[\"(=]|\.net(?![^\W_]))", re.IGNORECASE)
_OPERATOR = re.compile(r"(OR|AND|NOT)(?=[\s(]|$)")
_PREFIX = re.compile(r"([^*]*\w)\*[^\w*]*")  # a single star behind the last letter
_TYPED = str.maketrans("“”„‟«»＂（）：", '"""""""():')  # what phones and CJK keyboards type


def parse_query(text: str, *, of_readers: bool = False) -> Query:
    """Read ``text``; blank text is the query that every paper meets.

    Only where it is known who asks, and in which server, may it ask ``of_readers``: for saved,
    posted or liked papers. Raises `QuerySyntaxError`, whose query is the text as `clean` leaves it.
    """
    cleaned = clean(text)
    if not cleaned and text.strip():
        shown = " ".join(text[:MAX_CHARS].split()) or "?"
        raise QuerySyntaxError(shown, 0, NOTHING, WANTED)
    return Query(text=cleaned, root=_Parser(cleaned, of_readers=of_readers).parse())


def refine(
    query: Query,
    *,
    category: str | None = None,
    author: str | None = None,
    since: date | None = None,
    until: date | None = None,
    has_code: bool | None = None,
) -> Query:
    """Narrow ``query`` by options given apart from it; its text then says them too.

    Raises `UnknownCategory`, or `InputError` for an author without letters.
    """
    added: list[Node] = []
    if category:
        added.append(parse_category(category))
    if author:
        added.append(_author(clean(author)))
    if since:
        added.append(Since(day=since))
    if until:
        added.append(Until(day=until))
    if has_code is not None:
        code = Has(kind=LinkKind.CODE)
        added.append(code if has_code else Not(code))
    if not added:
        return query
    root = all_of(query.root, *added)
    return Query(text=print_node(root), root=root)


def clean(text: str) -> str:
    """Make ``text`` one line of visible characters, composed (NFC), with plain quotes.

    TeX becomes what is stored of it, so a title can be pasted as its authors typed it. Private-use
    characters go too: they mark the index's own tags (see `tags`).
    """
    text = text[:MAX_PASTED]
    if _SIMPLE.fullmatch(text):  # nearly every query, at a tenth of the time
        return " ".join(text.split())
    text = _shown(text)  # first: what is invisible would keep TeX apart until the next reading
    if any(sign in text for sign in "\\$"):
        text = _shown(tex.one_line(text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def _shown(text: str) -> str:
    return "".join(map(_visible, text.translate(_TYPED)))


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cf", "Co", "Cs"):  # zero-width, private, half of a pair
        return ""
    return " " if category[0] in "CZ" else char


class _Parser:
    """One pass over one text; ``at`` is the index of the next character."""

    def __init__(self, text: str, *, of_readers: bool) -> None:
        self.text = text
        self.of_readers = of_readers
        self.at = 0
        self.terms = 0
        self.has_syntax = False  # phrase, field or prefix: then the text is no pasted title
        self.has_operator = False

    def parse(self) -> Node:
        if not self.text:
            return EVERYTHING
        if len(self.text) > MAX_CHARS:
            found = f"more than {MAX_CHARS} characters"
            raise self._error(MAX_CHARS, found, f"at most {MAX_CHARS}")
        root = self._any_of(None, 0)
        if root is None:
            raise self._error(0, NOTHING, WANTED)
        if self._may_be_title():
            title = _plain(self.text, is_prefix=False)
            return any_of(root, Text(text=title, field=TextField.TITLE, is_exact=True))
        return root

    def _may_be_title(self) -> bool:
        """Whether NOT, OR or a dash may be part of a title; its paper is found all the same."""
        is_long = self.has_operator and LITERAL_WORDS <= self.terms < MAX_TERMS
        return is_long and not self.has_syntax and not self.text[0].islower()

    # Operators and groups

    def _any_of(self, field: str | None, depth: int) -> Node | None:
        parts: list[Node] = []
        while True:
            part = self._all_of(field, depth)
            if part is not None:
                parts.append(part)
            follows_or = self._sees("OR")
            if part is None and (follows_or or parts):
                raise self._missing("OR", depth)
            if not follows_or:
                return any_of(*parts) if parts else None
            self._take("OR")

    def _all_of(self, field: str | None, depth: int) -> Node | None:
        parts: list[Node] = []
        while not self._at_end(depth) and not self._sees("OR"):
            is_joined = self._sees("AND")
            if is_joined and not parts:
                raise self._missing("AND", depth)
            if is_joined:
                self._take("AND")
            part = self._term(field, depth, "AND" if is_joined else "")
            if part is not None:
                parts.append(part)
        return all_of(*parts) if parts else None

    def _term(self, field: str | None, depth: int, operator: str) -> Node | None:
        """Read one term; None when it holds nothing that could be searched (``--``, ``()``).

        ``operator`` is the one in front, which must not be left without a term.
        """
        is_negated = False
        while negation := self._negation():
            self._take(negation)
            operator = negation
            is_negated = not is_negated
        if operator and (self._at_end(depth) or self._sees("OR") or self._sees("AND")):
            raise self._missing(operator, depth)
        start = self.at
        node = self._operand(field, depth)
        if node is None and operator in ("AND", "NOT"):
            raise self._error(start, NOTHING, _wanted(operator))
        return negation_of(node) if is_negated and node is not None else node

    def _negation(self) -> str:
        """Return the negation that stands here: ``NOT``, ``-`` in front of a term, or nothing."""
        if self._sees("NOT"):
            return "NOT"
        self._skip_blank()
        return "-" if _MINUS.match(self.text, self.at) else ""

    def _operand(self, field: str | None, depth: int) -> Node | None:
        if self._peek() == "(":
            return self._group(field, depth)
        is_exact = self._takes_exact()
        phrase = self._phrase()
        if phrase:
            return self._leaf(field, *phrase)
        if is_exact:
            return self._leaf(field, *self._word(depth), is_exact=True)
        name = self._field_name()
        return self._field(name, depth) if name else self._leaf(field, *self._word(depth))

    def _group(self, field: str | None, depth: int) -> Node | None:
        if depth >= MAX_DEPTH:
            raise self._error(
                self.at, "one more parenthesis", f"at most {MAX_DEPTH} inside each other"
            )
        self.at += 1
        node = self._any_of(field, depth + 1)
        self._skip_blank()
        if self._peek() == ")":  # a missing one is as good as one at the end
            self.at += 1
        return node

    # Fields

    def _field_name(self) -> str | None:
        """Recognise ``name:`` and step behind it; any other word with a colon is text.

        Titles hold such words before a blank ('UAV Type: An Exploration'); there it is a field
        only in small letters and with a value that the field knows.
        """
        found = _FIELD.match(self.text, self.at)
        name = FIELDS.get(found[1].lower()) if found else None
        if found is None or name is None:
            return None
        if self.text[found.end() : found.end() + 1] == " ":
            value = self.text[found.end() + 1 :].split(" ", 1)[0]
            if not found[1].islower() or not _knows(name, value):
                return None
        self.at = found.end()
        return name

    def _field(self, name: str, depth: int) -> Node:
        self.has_syntax = True
        wanted = f"a value after {name}:"
        self._skip_blank()
        if self._at_end(depth):
            raise self._error(self.at, self._found(), wanted)
        start = self.at
        if self._peek() == "(":
            node = self._group(name, depth)
        else:
            is_exact = self._takes_exact()
            node = self._leaf(name, *(self._phrase() or self._word(depth)), is_exact=is_exact)
        if node is None:
            raise self._error(start, NOTHING, wanted)
        return node

    # Words and phrases

    def _takes_exact(self) -> bool:
        """Step over the ``=`` before a word that is to be found as it is."""
        following = self.text[self.at + 1 : self.at + 2]
        is_there = self._peek() == "=" and (following.isalnum() or following == '"')
        self.at += is_there
        self.has_syntax |= is_there
        return is_there

    def _phrase(self) -> tuple[int, str, bool] | None:
        """Read a quoted text; a quote that is never closed is punctuation."""
        start = self.at
        close = self.text.find('"', start + 1) if self._peek() == '"' else -1
        if close < 0:
            return None
        self.has_syntax = True
        is_prefix = self.text[close + 1 : close + 2] == "*"
        self.at = close + 1 + is_prefix
        return start, self.text[start + 1 : close], is_prefix

    def _word(self, depth: int) -> tuple[int, str, bool]:
        """Read up to the next blank, or to the parenthesis that closes the group around it."""
        start = self.at
        opened = 0
        while True:
            self.at = _RUN.match(self.text, self.at).end()  # type: ignore[union-attr]  # fits always
            char = self._peek()
            if char in ("", " ") or (char == ")" and depth and not opened):
                return start, self.text[start : self.at], False
            opened += 1 if char == "(" else -min(opened, 1)
            self.at += 1

    def _leaf(
        self, name: str | None, start: int, text: str, is_prefix: bool, *, is_exact: bool = False
    ) -> Node | None:
        """Make a leaf of ``text`` for the field ``name``; None when nothing in it is searchable."""
        if not any(map(str.isalnum, text)):
            return None
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise self._error(start, f"more than {MAX_TERMS} words", f"at most {MAX_TERMS}")
        try:
            leaf = self._read(name or "all", start, text, is_prefix, is_exact)
        except (BadValue, UnknownCategory) as error:
            raise self._error(start, repr(text[:60]), _expected(error)) from error
        if isinstance(leaf, OfReaders) and not self.of_readers:
            raise QueryOutOfPlace(self.text, start, print_node(leaf))
        return leaf if leaf.end else replace(leaf, start=start, end=self.at)

    def _read(self, name: str, start: int, text: str, is_prefix: bool, is_exact: bool) -> LeafNode:
        if name in READERS:
            return READERS[name](text)
        is_word = self.text[start] != '"'
        place = find_identifier(text) if is_word and name == "all" and not is_exact else None
        if place:
            return place
        starred = _PREFIX.fullmatch(text) if is_word and "*" in text else None
        said = starred[1] if starred else text
        is_prefix = (is_prefix or starred is not None) and _last_length(said) >= MIN_PREFIX
        self.has_syntax |= is_prefix
        if name == "author" and not is_prefix:
            return _author(said)
        plain = _plain(said, is_prefix=is_prefix)
        return Text(
            text=plain,
            field=_COLUMNS.get(name),
            is_prefix=is_prefix,
            # What is no word in every place is searched for, and written again, as a phrase.
            is_exact=not is_prefix and (is_exact or not is_word or not _may_be_bare(plain)),
            start=start,
            end=self.at,
        )

    # Characters

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_blank(self) -> None:
        if self.text.startswith(" ", self.at):
            self.at += 1

    def _at_end(self, depth: int) -> bool:
        self._skip_blank()
        return self.at >= len(self.text) or (depth > 0 and self.text[self.at] == ")")

    def _sees(self, operator: str) -> bool:
        self._skip_blank()
        is_there = self.text.startswith(operator, self.at)
        return is_there and _OPERATOR.match(self.text, self.at) is not None

    def _take(self, operator: str) -> None:
        self.at += len(operator)
        self.has_operator = True

    # Mistakes

    def _missing(self, operator: str, depth: int) -> QuerySyntaxError:
        """Say that ``operator`` has no term where we are, at the end of its side or before it."""
        self._at_end(depth)
        return self._error(self.at, self._found(), _wanted(operator))

    def _found(self) -> str:
        if not self._peek():
            return "the end"
        operator = _OPERATOR.match(self.text, self.at)
        return operator[1] if operator else repr(self._peek())

    def _error(self, position: int, found: str, expected: str) -> QuerySyntaxError:
        return QuerySyntaxError(self.text, position, found, expected)


def _wanted(operator: str) -> str:
    if operator == "-":
        return "a word or phrase after the -"
    side = "after" if operator == "NOT" else "on both sides of"
    return f"a word or phrase {side} {operator} (in small letters it is a word like any other)"


def _expected(error: InputError) -> str:
    if isinstance(error, UnknownCategory):
        return f"a category such as {' or '.join(error.nearest) or 'cs.CV, cs.* or hep-th'}"
    return str(error)


def _knows(name: str, value: str) -> bool:
    """Whether ``value``, a blank behind ``name:``, can only have been meant for that field."""
    reader = READERS.get(name)
    if reader is None or value[:1] in _OPENING:
        return bool(value)
    try:
        reader(value)
    except InputError:
        return False
    return True


def _may_be_bare(text: str) -> bool:
    """Whether ``text`` without quotes is read as the same word again."""
    return is_plain_word(text) and find_identifier(text) is None


def _author(text: str) -> Author:
    name = _one_line(text)
    if not name_parts(name):
        raise BadValue("an author's name such as K. He or He")
    return Author(name=name)


def _plain(text: str, *, is_prefix: bool) -> str:
    """Drop quotes and TeX signs, and the punctuation around what is searched."""
    plain = _AROUND.sub("", _one_line(text))
    missing = plain.count("(") - plain.count(")")
    return plain if is_prefix else plain + ")" * missing  # O(n) keeps its own


def _one_line(text: str) -> str:
    return " ".join(text.translate(SIGNS).split())


def _last_length(text: str) -> int:
    """Count the letters and digits at the end of ``text``, which a star makes a beginning."""
    found = re.search(r"[^\W_]*$", _AROUND.sub("", _one_line(text)))
    return len(found[0]) if found else 0
