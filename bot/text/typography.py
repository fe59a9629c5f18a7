"""Set what TeX spells with ASCII: dashes, quotation marks, ties. Addresses stay as they are."""

import re

_ADDRESS = (
    r"(?:(?:https?|ftp)://|(?<![\w.@/-])(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,15}/)[^\s<>\"{}]*"
)
_MARKS = re.compile(
    rf"(?P<address>{_ADDRESS})"
    r"|(?<![\w`])`(?P<single>[^`'\s](?:[^`'\n]|'(?=[a-z])){0,80})'(?!['\w])"
    r"|(?P<apostrophe>(?<=\w)`(?=s\b))"
    r"|(?<![\w\"'`“])\"(?=[\w\\$(])(?P<mixed>[^\"'`“”\n]{1,120})''(?![\w'])"
    r"|``|''|(?<=[^\s(\[])\"(?!\w)|(?<!-)-{2,3}(?!-)|~"
)
_OPENING = ("`", "''", "--", "~")
"""Without any of these nothing changes: a straight quote closes only what they opened."""
_ABOUT = re.compile(r"~ ?[.$]?\d")
_PROGRAM = re.compile(
    r"\b(?:flags?|options?|arguments?|parameters?|switch(?:es)?|commands?|tool|CLI|pass|run)\b|[`=]"
)
_OPTION = re.compile(r"--[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?=[\s=,.;:)\]}'\"`]|$)")


def set_typography(text: str) -> str:
    if not any(mark in text for mark in _OPENING):
        return text
    return _MARKS.sub(_Typesetter(), text)


class _Typesetter:
    """Replaces one mark after the other; remembers how many quotations are open."""

    def __init__(self) -> None:
        self.open_quotes = 0

    def __call__(self, found: re.Match[str]) -> str:
        mark = found[0]
        if found["address"]:
            return mark
        if found["single"]:
            return f"‘{found['single']}’"
        if found["apostrophe"]:
            return "’"
        if found["mixed"]:
            return f"“{found['mixed']}”"
        if mark == "~":
            return _tie(found)
        if mark.startswith("-"):
            return _dash(found)
        return self._quote(found)

    def _quote(self, found: re.Match[str]) -> str:
        mark = found[0]
        if mark == "``" or (mark == "''" and _opens(found)):
            self.open_quotes += 1
            return "“"
        if self.open_quotes:
            self.open_quotes -= 1
            return "”"
        return mark


def _before(found: re.Match[str]) -> str:
    return found.string[max(found.start() - 1, 0) : found.start()]


def _opens(found: re.Match[str]) -> bool:
    after = found.string[found.end() : found.end() + 1]
    return _before(found) in ("", " ", "\n", "(", "[") and after.isalnum()


def _tie(found: re.Match[str]) -> str:
    """Make TeX's unbreakable blank a blank, unless it means about (``~5%``, ``z~2``) or to."""
    before, after = _before(found), found.string[found.end() : found.end() + 1]
    if before == after == " ":  # TeX ties what touches it
        return "~"
    is_sign = _ABOUT.match(found.string, found.start()) is not None
    if is_sign and (before in ("", " ", "\n", "(", "[", "=") or before.isdigit()):
        return "~"
    return (
        "~"
        if after.isdigit()
        and _LONE_LETTER.match(found.string, max(found.start() - 1, 0), found.start())
        else " "
    )


_LONE_LETTER = re.compile(r"(?<!\w)[A-Za-z]\Z")


def _dash(found: re.Match[str]) -> str:
    before = _before(found)
    after = found.string[found.end() : found.end() + 1]
    if before in ("<", "!") or after == ">":  # an arrow or a comment of some program
        return found[0]
    if found[0] == "---":
        return "—"
    return found[0] if _is_option(found, before) else "–"


def _is_option(found: re.Match[str], before: str) -> bool:
    """Distinguish a program's ``--option`` from a remark --set off like this."""
    if before not in ("", " ", "\n", "(", "[", "'", '"', "`", "“", "‘"):
        return False
    option = _OPTION.match(found.string, found.start())
    if option is None:
        return False
    around = found.string[max(found.start() - 60, 0) : option.end() + 40]
    return "-" in option[0][2:] or _PROGRAM.search(around) is not None
