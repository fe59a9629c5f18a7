"""Find web addresses in readable text, and mend how they were typed; never guess.

Authors cut addresses by blanks, glue the next sentence to them and leave Markdown in them. What
can only be the rest of an address is joined to it; where that is uncertain there is no address.
What an address leads to is not asked here (see `links`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

_LONGEST_ADDRESS = 2048  # Discord's limit for the addresses of embeds and buttons


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A web address in the one form that we compare and show."""

    scheme: str
    host: str
    path: tuple[str, ...]
    tail: str
    """Query and fragment as given, with their signs."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{'/'.join((self.host, *self.path))}{self.tail}"

    def at(self, *path: str) -> "Address":
        """Return the address of ``path`` on the same host, over https."""
        return replace(self, scheme="https", path=path, tail="")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
    """An address and where it stands in its text; None for one that is not safe or not whole."""

    address: Address | None
    start: int
    end: int


# --- finding ---------------------------------------------------------------------------------

_BEFORE_SLASH = (":", "/", " ", "com", "org", ".io", ".co", ".net", "science", "COM")
_LONGEST_START = 80  # characters of an address that can stand before its hint
_HOSTS = (
    r"(?:www\.)?(?:(?:gist\.)?github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com"
    r"|gitcode\.com|dagshub\.com|sourceforge\.net|huggingface\.co|hf\.co|zenodo\.org|figshare\.com"
    r"|kaggle\.com|osf\.io|anonymous\.4open\.science|sites\.google\.com"
    r"|raw\.githubusercontent\.com)/"
)
_REST = r"[^\s<>\"{}|\\^`]{0,2200}"  # what is longer is not shown
_START = r"(?:(?<![\w./@-])|(?<=\s//)|(?<=https:/)|(?<=http:/))"  # also after a broken scheme
_ADDRESS = re.compile(
    rf"https?://{_REST}|git@git(?:hub|lab)\.com:{_REST}"
    rf"|{_START}(?:(?:www\.(?=[a-z0-9])|{_HOSTS}){_REST}"
    rf"|[a-z0-9-]{{1,63}}\.git(?:hub|lab)\.io(?:/{_REST}|(?![\w-]|\.\w)))",
    re.I,
)


def find_addresses(text: str) -> tuple[str, list[FoundAddress]]:
    """Return the text with its cut addresses mended, and the addresses that stand in it."""
    hint = _first_hint(text)
    if hint is None:  # as in most texts
        return text, []
    start = max(hint - _LONGEST_START, 0)
    rest = text[start:]
    if any(sign in rest for sign in _SIGNS_OF_A_CUT) and _CUT.search(rest):
        text = text[:start] + _mend_cuts(rest)
    return text, list(_find(text, start))


def _find(text: str, at: int) -> Iterator[FoundAddress]:
    while found := _ADDRESS.search(text, at):
        written = _without_what_is_glued(found[0], text[found.end() : found.end() + 30])
        at = found.start() + max(len(written), 1)
        address = None if _is_cut(written, text[at : at + 60]) else parse_address(written)
        yield FoundAddress(address=address, start=found.start(), end=at)


def _first_hint(text: str) -> int | None:
    """Return where the first sign of an address is, or None; most texts have none.

    Fixed strings are found ten times faster than a pattern; history has millions of texts.
    """
    slash, www, pages = text.find("/"), text.find("www."), text.find(".git")
    while slash >= 0 and not text.endswith(_BEFORE_SLASH, 0, slash):
        slash = text.find("/", slash + 1)
    return min((place for place in (slash, www, pages) if place >= 0), default=None)


def read_address(text: str) -> Address | None:
    """Return the address that a text on its own is, or None if it is not one, or not a safe one."""
    found = _ADDRESS.fullmatch(text.strip())
    return parse_address(found[0]) if found else None


# --- what is typed wrong -----------------------------------------------------------------------

_FORGE = r"(?:github|gitlab|bitbucket|codeberg|gitee|gitcode|huggingface)"
_FORGES = rf"{_FORGE}\.(?:com|org|co)"
_ENDS = r"(?:com|org|io|net|edu|co|dev|ai|science|github\.io|gitlab\.io)"
_CUT = re.compile(
    rf"https?(?: :|: /|:/ /|:// )|(?:{_FORGE}|//[\w-]{{1,63}})(?: \.|\. )"
    rf"|\.{_ENDS}(?:/[\w.-]{{0,100}}){{0,2}}(?: /|/ |[-_] )\w",
    re.I,
)
"""A sign that a blank may stand inside an address; most addresses need not be looked at."""

_SIGNS_OF_A_CUT = ("/ ", " /", "- ", "_ ", "ttp :", "ttps :", " .", ". com", ". org", ". io",
                   ". net", ". co/", ". git")  # fmt: skip

_AT_THE_END = r"(?=[.,;)\]]+(?:\s|$)|\s*$|\s+[.)])"  # of its sentence, or of a bracket
_NOT_HERE = (
    r"(?!(?:here|online|soon|publicly|now|later|shortly|too|also|freely|respectively|upon)\b)"
)
_NOT_BOTH = r"(?!(?:and|or|code|data|his|her|train|test|model)s?/)"
_JOINS = tuple(
    (re.compile(pattern, re.I), replacement)
    for pattern, replacement in (
        # https:// github.com/a/b: after a scheme a host must follow
        (r"\b(https?) ?: ?/ ?/ ?(?=[\w-]+(?: ?\. ?|\.)[a-z])", r"\1://"),
        # https://github. com/a/b, github .com/a/b
        (rf"(?<![\w.-])((?:https?://)?(?:www\.)?{_FORGE}) ?\. ?({_ENDS}) ?(?=/)", r"\1.\2"),
        # https://name. github.io/: one word is no host
        (rf"(https?://[\w-]+)(?: \.|\. )(?={_ENDS}(?:/|[.,)]|\s|$))", r"\1."),
        # https://github.com/ a/b, https://github.com /a/b: the front page is never meant
        (rf"({_FORGES}) ?/ ?{_NOT_BOTH}(?=[\w-]+/ ?\w)", r"\1/"),
        # https://github.com/a /b
        (rf"({_FORGES}/[\w-]+) /(?=\w)", r"\1/"),
        # https://github.com/a/ b., and https://github.com/a/b- c.
        (rf"({_FORGES}/[\w-]+/) {_NOT_HERE}(?=[\w.-]*[\w-]{_AT_THE_END})", r"\1"),
        (rf"({_FORGES}/[\w-]+/[\w.-]*[-_]) {_NOT_HERE}(?=[\w.-]*[\w-]{_AT_THE_END})", r"\1"),
    )
)


def _mend_cuts(text: str) -> str:
    """Put back what can only be the rest of an address that a blank cuts."""
    for pattern, replacement in _JOINS:
        text = pattern.sub(replacement, text)
    return text


_NEXT_WORD = re.compile(r" (\S+)(?=(\s|$))")
_OWNER = re.compile(rf"(?:https?://)?(?:www\.)?{_FORGES}/[^/]+/", re.I)
_GOES_ON = re.compile(
    r"(?:for|and|or|in|with|to|under|as|once|which|when|where|that|upon|after|by|on|at|via|from|if"
    r"|while|including|contain\w*|provid\w*|will|is|are|has|have|here|online|soon|now|codes?)[.,;]?"
    r"|https?:.*|[^\w\s].*|[A-Z][a-z]*:?",
)
"""A word that goes on with the sentence, a new sentence, another address: no rest of this one."""


def _is_cut(written: str, after: str) -> bool:
    """Return whether a blank seems to cut the address, with a rest that is not certain."""
    following = _NEXT_WORD.match(after) if written[-1:] in ("/", "-", "_") else None
    if following is None or _GOES_ON.fullmatch(following[1]):
        return False
    if written[-1] != "/":
        return True
    if re.match(rf"(?:https?://)?(?:www\.)?{_FORGES}/", written, re.I):
        return _OWNER.fullmatch(written) is not None
    is_last = not following[2] or following[1][-1] in ".,;)"
    return is_last or not following[1].isalpha()


_STARTERS = (
    r"(?:The|We|Our|This|These|Those|It|In|To|Here|There|Code|Codes|Project|For|With|All|As|By|An?"
    r"|Also|Additionally|Moreover|Furthermore|Finally|However|Extensive|Experiments?|Results|More"
    r"|Please|Data|Videos?|Supplementary|Keywords|Note|See)"
)
_MARKUP = re.compile(r"\]\(|\)\(|[,;.)\]](?=https?://)|[,;)]+(?=\(?www\.)")
_GLUED = re.compile(
    rf"(?<=[\w)\]/-])\.{_STARTERS}$|(?<=[a-z0-9]){_STARTERS}$|(?<=[A-Z])(?:The|We|Our|This)$"
)
_GLUED_WORD = re.compile(r"(?<=\w)\.[A-Z][a-z]+$")
_SENTENCE_GOES_ON = re.compile(
    r" (?!and |or |under |for |with |in |via |is |are |to |at |on )[a-z]"
)


def _without_what_is_glued(written: str, after: str) -> str:
    """Cut off a second address, the rest of a Markdown link, the next sentence's first word."""
    if markup := _MARKUP.search(written, 8):
        return written[: markup.start()]
    if not after.startswith(" ") or not after[1:2].isalnum():
        return written
    glued = _GLUED.search(written) or (
        _SENTENCE_GOES_ON.match(after) and _GLUED_WORD.search(written)
    )
    if glued and glued.start() > len("https://a.b/"):
        return written[: glued.start()]
    following = _NEXT_WORD.match(after)
    parts_sentences = following and _GOES_ON.fullmatch(following[1])
    return written.rstrip("-") if parts_sentences else written


# --- parts -------------------------------------------------------------------------------------


def parse_address(text: str) -> Address | None:
    """Return an address that is safe to show, or None."""
    if len(text) > _LONGEST_ADDRESS + 100 or not text.isprintable():
        return None
    text = _without_closing(text)
    if "://" not in text:
        text = f"https://{text.removeprefix('git@').replace(':', '/', text.startswith('git@'))}"
    elif text.count("://") > 1:
        text = re.sub(r"^(?:https?://)+(?=https?://)", "", text, flags=re.I)
    if len(text) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(text)
        host = _host(parts)
    except ValueError:  # an unclosed IPv6 bracket, a port that is no number
        return None
    if host is None:
        return None
    tail = (f"?{parts.query}" if parts.query else "") + (
        f"#{parts.fragment}" if parts.fragment else ""
    )
    path = tuple(part for part in parts.path.split("/") if part)
    return Address(scheme=parts.scheme.lower(), host=host, path=path, tail=tail)


def _without_closing(text: str) -> str:
    """Drop the punctuation of the sentence, and brackets that were opened outside."""
    while text:
        last = text[-1]
        if last in ".,:;!?'\"*/~’”»…" or (last in ")]" and _is_unbalanced(text)):
            text = text[:-1]
        else:
            break
    return text


def _is_unbalanced(text: str) -> bool:
    opening, closing = ("(", ")") if text[-1] == ")" else ("[", "]")
    return text.count(closing) > text.count(opening)


_SAME_HOST = {"hf.co": "huggingface.co"}


def _host(parts: SplitResult) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    if "@" in parts.netloc:  # a user name in an address serves to deceive
        return None
    # A bare number is nobody's name; names with letters outside ASCII serve to deceive, too.
    if not re.fullmatch(r"(?:[a-z0-9_][a-z0-9_-]{0,62}\.)+[a-z][a-z0-9-]{1,62}", host, re.ASCII):
        return None
    host = _SAME_HOST.get(host, host)
    return f"{host}:{parts.port}" if parts.port else host
