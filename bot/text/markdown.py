r"""Text for Discord: harmless, readable, short enough.

Discord renders Markdown in contents, descriptions, fields and (without links) titles, and reads
mentions, timestamps, emoji and invitations anywhere in a message: ``escape`` is for those
places. It renders none in footers, author names and autocompletion: ``plain`` is for those.

A backslash shows in raw text and breaks an address, so only what would be read as a sign in the
place where it stands is escaped: ``3-D``, ``a + b``, ``(2020)`` and ``[1]`` stay as they are.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Protocol
from urllib.parse import quote, urlsplit

Spans = Sequence[tuple[int, int]]
"""Places ``text[start:end]`` of a text."""

_BLANK_LOOKING = "\u115f\u1160\u2800\u3164\uffa0"  # letters by category, blank to the eye
_MOST_MARKS = 4  # combining marks on one character; more is a tower that covers other lines
_LONGEST_WORD = 40  # a longer one has no blanks in its script (Chinese) and may be cut inside
_LONGEST_ADDRESS = 2048  # Discord's limit for the addresses of embeds

# An address as its author means it: brackets only in pairs, no quotation mark, no full stop behind.
_IN_ADDRESS = r"[^\s<>\"“”‘’«»`\\()\[\]{}…，。；、）】」]"
_ADDRESS = (
    rf"https?://(?:(?![,;]https?://){_IN_ADDRESS}"
    rf"|\({_IN_ADDRESS}{{0,300}}\)|\[{_IN_ADDRESS}{{0,300}}\]|\{{{_IN_ADDRESS}{{0,300}}\}})*"
    r"(?<![.,:;!?'*|~/])/?(?<!:/)"
)
# Discord's own rule: it runs to the next blank or "<", without closing punctuation.
_LEFT_OUT_BY_DISCORD = re.compile(r"[.,:;\"')\]]{0,40}(?=[\s<]|\Z)")
_SIGNS = re.compile(
    rf"""
    (?=[<hd@:\\*_`~|\[\]\-+>\#\d])  # one look at how each begins saves most tries of them all
    (?:
    (?P<link><https?://[^\s<>]+>)
    | (?P<address>{_ADDRESS})
    | (?P<crowd>@(?=everyone|here))
    | (?P<invite>discord(?:app)?\.(?=gg/|com/invite)|dsc\.(?=gg/))
    # a mention, a channel, a command, an emoji, a timestamp, a link with another scheme
    | <(?P<tag>@(?!everyone|here)|[\#/]|(?!https?://)[a-z]{{0,10}}:)
    | (?P<emoji>:)(?=[\w+-]{{1,64}}:)
    | (?P<sign>[\\*_`]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|)
    | (?P<bracket>[\[\]])
    | ^(?P<start>[-+>](?=[ ])|>(?=>>[ ])|-(?=\#[ ])|\#(?=\#{{0,2}}[ ]))
    | ^(?P<number>\d{{1,9}})\.(?=[ ])
    )
    """,
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_CROWD = re.compile(r"@(?=everyone|here)", re.I)
_INVITATION = re.compile(
    r"https?://(?:www\.)?(?:discord(?:app)?\.(?:gg|com/invite)|dsc\.gg)/", re.I
)


def width(text: str) -> int:
    """Return the length in UTF-16 units, the larger of the two units Discord may count in."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def plain(text: str, max_chars: int | None = None) -> str:
    """Return ``text`` without what deceives or breaks a line: controls, bidi, zero-width, towers.

    Runs of blanks become one blank; line breaks stay, at most two in a row. ``max_chars`` cuts
    as ``shorten`` does.
    """
    text = _sanitise(text)
    return text if max_chars is None else cut(text, max_chars)


def escape(text: str) -> str:
    """Return ``text`` so that Discord shows it as it is; addresses stay whole and clickable."""
    return _escape(text, before="")


def _escape(text: str, *, before: str) -> str:
    """Return ``text`` escaped for a place ``before`` some other text."""
    text = _sanitise(text)
    may_link = "](" in text or text.endswith("]")  # what follows may begin with "("

    def escaped(found: re.Match[str]) -> str:
        if found["address"]:
            behind = text[found.end() : found.end() + 42] + before
            return _address(found[0], behind=behind, may_link=may_link)
        return _escaped(found, may_link=may_link)

    return _SIGNS.sub(escaped, text)


def shorten(text: str, max_chars: int) -> str:
    """Return ``text`` escaped, cut behind a whole word with ``…`` if wider than ``max_chars``."""
    return cut(escape(text), max_chars)


def mark(text: str, spans: Spans) -> str:
    """Return ``text`` escaped, with its pieces ``text[start:end]`` in bold.

    ``spans`` are in order and do not overlap. Addresses stay whole: nothing in them is bold.
    """
    return _marked(text, spans, _escape)


def masked_link(label: str, url: str, spans: Spans = ()) -> str:
    """Return a link that shows ``label``; the label alone if ``url`` is no safe web address.

    Brackets, addresses and emoji in a label break the link
    (https://github.com/discord/discord-api-docs/issues/7721, /issues/6315), so they give way.
    ``spans`` of the label are in bold, as `mark` does.
    """
    target = _safe_address(url)
    if target is None:
        return escape(_bare(label))
    shown = _marked(label, spans, _escaped_label).strip()
    return f"[{shown}]({target})" if shown else target


def _bare(label: str) -> str:
    label = re.sub(r"https?://(?:www\.)?", "", plain(label).replace("\n", " "), flags=re.I)
    return label.translate(_LABEL).strip()


def _escaped_label(text: str, *, before: str) -> str:
    return _escape("".join(c for c in _bare(text) if not _is_emoji(c)), before=before)


def _marked(text: str, spans: Spans, escaped: "_Escape") -> str:
    shown: list[str] = []
    at = 0
    for piece, is_marked in _pieces(text, spans):
        at += len(piece)
        inner = escaped(piece, before=text[at : at + 1] and "*" + text[at : at + 1])
        if is_marked and inner:
            shown.append(f"**{inner}**")
        else:  # escaping takes the blanks that part a piece from its neighbours
            before = " " if piece[:1].isspace() else ""
            after = " " if inner and piece[-1:].isspace() else ""
            shown.append(f"{before}{inner}{after}")
    return "".join(shown)


class _Escape(Protocol):
    def __call__(self, text: str, /, *, before: str) -> str: ...


def _pieces(text: str, spans: Spans) -> Iterator[tuple[str, bool]]:
    """Cut ``text`` at the spans, each piece with whether it is one; those in addresses are none."""
    addresses = [found.span() for found in re.finditer(_ADDRESS, text)]
    at = 0
    for start, end in spans:
        if not any(first < end and start < last for first, last in addresses):
            yield text[at:start], False
            yield text[start:end], True
            at = end
    yield text[at:], False


_LABEL = str.maketrans("[]", "()")


def _is_emoji(character: str) -> bool:
    return "\U0001f000" <= character <= "\U0001faff" or "\u2600" <= character <= "\u27bf"


def _safe_address(url: str) -> str | None:
    """Return a web address that holds nothing which ends a masked link, or None."""
    if not url.isprintable() or len(url) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    return quote(url, safe="!#$%&'*+,-./:;=?@_~[]")


def _sanitise(text: str) -> str:
    text = text.encode("utf-8", "ignore").decode()
    if not text.isascii():
        text = _without_deceivers(text)
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", text)
    if "\n" not in text:
        return " ".join(text.split())
    lines = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def _without_deceivers(text: str) -> str:
    """Drop what is invisible or reverses the text; keep at most four marks on a character."""
    categories = {c: unicodedata.category(c) for c in set(text) if not c.isascii()}
    swaps: dict[int, str | None] = {ord(c): " " for c in _BLANK_LOOKING}
    for character, category in categories.items():
        if category in ("Cf", "Co", "Cn", "Cs"):
            swaps[ord(character)] = None
        elif category in ("Cc", "Zl", "Zp", "Zs"):
            swaps[ord(character)] = " "
    text = unicodedata.normalize("NFC", text.translate(swaps))
    if any(category in ("Mn", "Me") for category in categories.values()):
        text = _without_towers(text)
    return text


def _without_towers(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _escaped(found: re.Match[str], *, may_link: bool) -> str:
    kind, sign = found.lastgroup, found[0]
    if kind == "link":
        return f"<{_encoded(sign[1:-1])}>" if not _INVITATION.search(sign) else _unlinked(sign)
    if kind == "tag":
        return f"\\<{found['tag'][:-1]}\\{found['tag'][-1]}"
    if kind == "crowd":
        return "＠"  # Discord looks for "@everyone" in the raw text; a backslash does not hide it
    if kind == "bracket" and not may_link:
        return sign
    if kind == "invite" or kind == "number":
        return sign.replace(".", r"\.")
    return "\\" + sign


def _address(address: str, *, behind: str, may_link: bool) -> str:
    """Return an address that Discord links, and nothing ``behind`` it with it.

    In angle brackets an address ends where it should; bare it reads better in raw text. One
    that invites to a guild is no link.
    """
    if _INVITATION.search(address):
        return _unlinked(address)
    left_out = _LEFT_OUT_BY_DISCORD.match(behind)
    is_bare = left_out is not None and not ("]" in left_out[0] and may_link)
    encoded = _encoded(address)
    return encoded if is_bare and encoded[-1] not in ")]" else f"<{encoded}>"


def _encoded(address: str) -> str:
    address = re.sub(r"[\\*`|]", lambda sign: f"%{ord(sign[0]):02X}", address)
    return _CROWD.sub("%40", address)


def _unlinked(address: str) -> str:
    return _CROWD.sub("＠", re.sub(r"([\\<*_`~|.:\[\]])", r"\\\1", address))


_WORD = re.compile(r"\S+")


def cut(text: str, max_chars: int) -> str:
    """Return text that is escaped already, cut as ``shorten`` does."""
    whole = width(text)
    if whole <= max_chars:
        return text
    if max_chars < 1:
        return ""
    room = max_chars - 1  # for the ellipsis
    end = _last_word(text, room) if whole == len(text) else _last_word_by_width(text, room)
    word = _WORD.search(text, end)  # the first that does not fit
    if word is not None and (end == 0 or len(word[0]) > _LONGEST_WORD):
        end = _end_inside(text, end, word, room - width(text[:end]))
    kept = _without_loose_end(text[:end])
    if "://" in kept and _BARE_ADDRESS_AT_END.search(kept):  # an ellipsis would be part of the link
        return kept + " …" if width(kept) < max_chars - 1 else cut(kept, width(kept) - 1)
    return kept + "…"


def _last_word(text: str, room: int) -> int:
    """Return where the last word ends that fits; 0 for none. Every character takes one unit."""
    fitting = text[:room]
    if not text[room].isspace() and not fitting[-1:].isspace():  # inside a word
        fitting = "".join(fitting.rsplit(None, 1)[:-1])
    return len(fitting.rstrip())


def _last_word_by_width(text: str, room: int) -> int:
    # What fits in any case is not looked at word by word: no character is wider than two units.
    end = len(text[: max(text.rfind(" ", 0, room // 2), 0)].rstrip())
    room -= width(text[:end])
    for word in _WORD.finditer(text, end):
        room -= width(text[end : word.end()])
        if room < 0:
            break
        end = word.end()
    return end


_BARE_ADDRESS_AT_END = re.compile(r"https?://[^\s<>]*\Z")


_ATOM = re.compile(
    r"(?:\\?.)[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]*", re.DOTALL
)


def _end_inside(text: str, end: int, word: re.Match[str], room: int) -> int:
    """Return where a word that is too long may be cut: between characters, not in an address."""
    if "://" in word[0]:
        return end
    for atom in _ATOM.finditer(text, end, word.end()):
        room -= width(atom[0])
        if room < 0:
            break
        end = atom.end()
    return end


def _without_loose_end(text: str) -> str:
    """Drop blanks and opening or parting punctuation before an ellipsis."""
    loose = " \n,;:" if "://" in text.rpartition(" ")[2] else " \n,;:([–—-"
    end = len(text)
    while end and text[end - 1] in loose and text[end - 2 : end - 1] != "\\":
        end -= 1
    return text[:end]
