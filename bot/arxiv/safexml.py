"""XML from outside, parsed without its dangers: entities, external references, DTDs, excess.

Truncated XML is not well-formed, so whatever comes out of here arrived whole. The limits keep
the memory of a parse to a few times the size of its bytes, and let other threads run between
pieces; a real feed is four elements deep and has 24,000.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bot.errors import ListingFormatError

T = TypeVar("T")

SHOWN_CHARS = 80
PIECE_BYTES = 1 << 18
LONGEST_TOKEN_BYTES = 1 << 20
"""A tag or comment longer than this is nobody's feed; expat takes it in one go."""
MOST_DEPTH = 100
MOST_ELEMENTS = 500_000

Fields = dict[str, str]
"""An element's children: name -> text (or attribute), one a line where the name is repeated."""


@dataclass(slots=True)
class Records:
    """A document that is a head and many alike records: the children of both, as texts.

    Names are as expat writes them: ``uri}name``, without a namespace just ``name``.
    """

    root: str = ""
    has_container: bool = False
    head: Fields = field(default_factory=dict)
    records: list[Fields] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the records are: their container below the root (None: the root), their name.

    ``attributes`` names, per child, the attribute that counts instead of its text.
    """

    container: str | None
    record: str
    attributes: dict[str, str] = field(default_factory=dict)


def parse_xml(content: bytes, expected: str) -> Element:
    """Return the root element; ``expected`` says in the error what it should have been.

    Raises `ListingFormatError` for anything that is not well-formed, complete XML without a DTD.
    """

    def parse() -> Element:
        parser = DefusedXMLParser(target=_Tree(), forbid_dtd=True)
        _feed(parser, content)
        root: Element = parser.close()
        return root

    return _guarded(parse, content, expected)


def read_records(content: bytes, layouts: dict[str, Layout], expected: str) -> Records:
    """Read a document of records without building a tree: half the time of `parse_xml`.

    ``layouts`` maps the name of the root to the layout. A root of another name gives its name
    only. Raises as `parse_xml` does.
    """

    def read() -> Records:
        reader = _Reader(layouts)
        parser = DefusedXMLParser(target=reader, forbid_dtd=True)
        # Straight from expat: the parser's own handlers cost as much as the parsing.
        parser.parser.ordered_attributes = False
        parser.parser.StartElementHandler = reader.started
        parser.parser.EndElementHandler = reader.ended
        parser.parser.CharacterDataHandler = reader.texts.append
        _feed(parser, content)
        parser.close()
        return reader.found

    return _guarded(read, content, expected)


def text_of(element: Element | None) -> str | None:
    """Return the text directly inside an element, or None where there is none."""
    return element.text if element is not None else None


def _feed(parser: DefusedXMLParser, content: bytes) -> None:
    for start in range(0, len(content), PIECE_BYTES):
        parser.feed(content[start : start + PIECE_BYTES])
        if start - parser.parser.CurrentByteIndex > LONGEST_TOKEN_BYTES:
            raise _Excess("a tag or comment without end")


class _Excess(Exception):
    """What there is too much of."""


def _refuse_depth(depth: int) -> None:
    if depth > MOST_DEPTH:
        raise _Excess(f"more than {MOST_DEPTH} elements within each other")


class _Tree(TreeBuilder):
    """Builds the tree, up to the depth allowed."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        _refuse_depth(self._depth)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


class _Reader:
    """Collects the texts of two levels only: the head's children and the records' children.

    Its handlers run for every tag of a feed; they are as short as they can be.
    """

    __slots__ = ("_depth", "_fields", "_layout", "_layouts", "_level", "found", "texts")

    def __init__(self, layouts: dict[str, Layout]) -> None:
        self.found = Records()
        self.texts: list[str] = []
        self._layouts = layouts
        self._layout = Layout(container=None, record="")
        self._depth = 0
        self._level = -1  # the depth of the children that are being read
        self._fields = self.found.head

    def started(self, name: str, attributes: dict[str, str]) -> None:
        self._depth = depth = self._depth + 1
        if depth == self._level:
            self.texts.clear()
            if name == self._layout.record and self._fields is self.found.head:
                self._open_record()
            elif name in self._layout.attributes:
                self.texts.append(attributes.get(self._layout.attributes[name], ""))
        elif depth == 1:
            self._open_root(name)
        elif depth == 2 and name == self._layout.container:
            self._open_container()
        else:
            _refuse_depth(depth)

    def ended(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == self._level:
            fields, text = self._fields, "".join(self.texts)
            fields[name] = f"{fields[name]}\n{text}" if name in fields else text
        elif depth == self._level - 1:
            self._close_record()

    def close(self) -> None:
        """Needed of a parser's target."""

    def _open_root(self, name: str) -> None:
        self.found.root = name
        if name in self._layouts:
            self._layout = self._layouts[name]
            if self._layout.container is None:
                self._open_container()

    def _open_container(self) -> None:
        self.found.has_container = True
        self._fields = self.found.head
        self._level = self._depth + 1

    def _open_record(self) -> None:
        self._fields = {}
        self.found.records.append(self._fields)
        self._level += 1

    def _close_record(self) -> None:
        """Go back from a record to the head, or from the head out of the container."""
        is_record = self._fields is not self.found.head
        self._fields = self.found.head
        self._level = self._level - 1 if is_record else -1


def _guarded(parse: Callable[[], T], content: bytes, expected: str) -> T:
    if not content.strip():
        raise ListingFormatError(f"The answer is empty; expected {expected}.")
    if content.count(b"<") > 2 * MOST_ELEMENTS:
        raise ListingFormatError(
            f"The answer has more than {MOST_ELEMENTS:,} elements; expected {expected}."
        )
    try:
        return parse()
    except DefusedXmlException as error:
        raise ListingFormatError(
            f"The answer has a document type ({_beginning(content)}); expected {expected}."
        ) from error
    except _Excess as error:
        raise ListingFormatError(f"The answer has {error}; expected {expected}.") from error
    # Unknown and multi-byte encodings come as LookupError and ValueError.
    except (ParseError, ValueError, LookupError) as error:
        raise ListingFormatError(
            f"The answer is not complete XML ({error}; it begins {_beginning(content)}); "
            f"expected {expected}."
        ) from error


def _beginning(content: bytes) -> str:
    start = content[: SHOWN_CHARS * 4].decode("utf-8", "replace").strip()
    return repr(" ".join(start.split())[:SHOWN_CHARS])
