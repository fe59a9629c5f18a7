"""Undo HTML in text from sources that are HTML: the listing page and files made from it.

Feeds and the query API carry no HTML; text from there must not pass through here, or an
``&lt;`` that an author typed would be lost.
"""

import html
import re

from bot.text.scripts import script

# Only these are tags; ``<mask>`` and ``<think>`` are what an author wrote.
_NAMES = (
    "a|abbr|b|bdi|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|ins|kbd|"
    "li|ol|p|pre|q|s|samp|small|span|strike|strong|sub|sup|table|tbody|td|th|tr|tt|u|ul|wbr"
)
_TAG = re.compile(
    rf"<(?P<end>/?)(?P<name>{_NAMES})(?P<attributes>\s[^<>]*)?/?>|<!--[^<>]*-->", re.I
)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]{0,2100})"|'([^']{0,2100})'|([^\s"'>]+))""", re.I)
# Only with its semicolon: ``?a=1&copy=2`` and ``AT&T`` hold no entity.
_ENTITY = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")
_LINE_STARTS = frozenset({"br", "hr"})
_LINE_ENDS = frozenset({"p", "div", "li", "tr", "dd", "dt", "blockquote"})


_TYPED = frozenset(
    ("b", "i", "em", "strong", "u", "sub", "sup", "p", "div", "span", "center", "font", "small",
     "big", "li", "ol", "ul", "h1", "h2", "h3", "h4", "br")
)  # fmt: skip
"""Tags that authors type to set a text, and that name nothing in a paper as ``<s>`` does."""


def undo_typed_html(text: str) -> str:
    """Undo the HTML that an author typed into a text of TeX: entities, and tags in pairs."""
    if "&" in text:
        text = _decode(text)
    if "</" not in text and "<br" not in text:
        return text
    ends = {tag["name"].lower() for tag in _TAG.finditer(text) if tag["end"]}
    starts = {tag["name"].lower() for tag in _TAG.finditer(text) if tag["name"] and not tag["end"]}
    paired = _TYPED & (starts & ends | {"br"})
    return _undo_tags(text, paired) if paired & (starts | ends) else text


def undo_html(text: str) -> str:
    """Return the plain text of an HTML fragment.

    An anchor whose visible text only stands for the address (``this https URL``, the address
    itself) becomes the address; one that says more keeps its text, with the address in brackets
    behind it. ``<br>`` becomes a line break. Text that is no HTML comes back as it was.
    """
    return _undo_tags(text) if "<" in text else _decode(text)


def _undo_tags(text: str, names: frozenset[str] | None = None) -> str:
    writer = _Writer()
    at = 0
    for tag in _TAG.finditer(text):
        if not _is_tag(tag) or (names is not None and (tag["name"] or "").lower() not in names):
            continue
        writer.add(_decode(text[at : tag.start()]))
        at = tag.end()
        if tag["name"]:
            writer.add_tag(tag["name"].lower(), tag["attributes"] or "", is_end=bool(tag["end"]))
    writer.add(_decode(text[at:]))
    return writer.finish()


def _is_tag(tag: re.Match[str]) -> bool:
    """Distinguish ``<a href="x">`` from the words ``<a long story>``."""
    attributes = (tag["attributes"] or "").strip(" /\n\t")
    return not attributes or "=" in attributes


class _Writer:
    """Plain text so far, and the one anchor or script that is open."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.opened: tuple[str, str, int] | None = None  # tag, address, place in out

    def add(self, text: str) -> None:
        if text:
            self.out.append(text)

    def add_tag(self, name: str, attributes: str, *, is_end: bool) -> None:
        if name in ("a", "sub", "sup"):
            self._close()
            if not is_end:
                self.opened = (name, _address(attributes), len(self.out))
        elif name in _LINE_STARTS or (is_end and name in _LINE_ENDS):
            self.add("\n")

    def finish(self) -> str:
        self._close()
        return "".join(self.out)

    def _close(self) -> None:
        if self.opened is None:
            return
        name, address, place = self.opened
        content = "".join(self.out[place:])
        if name == "a":
            self.out[place:] = [_anchor(address, content)]
        else:
            self.out[place:] = [script(content, raised=name == "sup")]
        self.opened = None


def _decode(text: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


def _address(attributes: str) -> str:
    found = _HREF.search(attributes)
    return _decode(next(filter(None, found.groups()), "")) if found else ""


def _anchor(address: str, shown: str) -> str:
    """Return what a reader needs of an anchor."""
    if not re.match(r"https?://", address, re.I):  # a place on arXiv's own pages
        return shown
    label = " ".join(shown.split())
    if not label or re.fullmatch(r"this (?:(?:https?|ftp) )?URL", label, re.I):
        return address
    bare_label, bare_address = _bare(label), _bare(address)
    if bare_label == bare_address or _is_cut_address(bare_label, bare_address):
        return address
    if bare_address.endswith(bare_label.removeprefix("arxiv:")):  # an identifier or a DOI
        return shown
    return f"{shown} ({address})"


def _is_cut_address(label: str, address: str) -> bool:
    start = label.removesuffix("...").removesuffix("…")
    return "." in start and "/" in address and address.startswith(start)


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", address.lower()).rstrip("/")
