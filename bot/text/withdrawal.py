"""Whether a paper was withdrawn. Pure.

ArXiv has no field for it: a withdrawal is a version whose comment, or abstract, says so, mostly as
"This paper has been withdrawn by the authors due to ...". The phrases are a small grammar: who or
what (the work, its authors, nothing) does or undergoes what (withdrawn, retracted, removed), and
what may follow. Other things are withdrawn too: an earlier version, a claim, a talk.
"""

import re

_THIS = r"(?:this|the|our|my) (?:present |current |whole |entire |arxiv )?"
_WORK = (
    r"(?:paper|article|submission|manuscript|preprint|e-?print|work|draft|note|thesis|version"
    r"|report|document)"
)
_AUTHORS = r"(?:(?:the |all )?(?:first |corresponding )?(?:co-?)?(?:authors?|submitters?)|we|i)"
_WHO = rf"(?:(?:the )?{_AUTHORS}|(?:the )?arxiv(?: admin\w*)?)"
_GONE = r"(?:withdrawn|retracted)"
_HOW = r"(?:now |since |hereby |therefore |thus |also |(?!former|previous|original|initial)\w+ly )?"
_UNDERGOES = (
    rf"(?:(?:has|have) {_HOW}been |(?:is|was) {_HOW}(?:being |to be )?|(?:had|has|is) to be "
    rf"|(?:will|must|should|shall) be |be ){_HOW}"
)
_DECIDES = (
    r"(?:(?:have|has|had) )?(?:(?:decided|chosen|agreed|wish|want|would like|like) to )?"
    r"(?:are |is |am )?(?:withdraw(?:n|s|ing)?|withdrew|retract(?:ed|s|ing)?)"
)

_TOLD = (
    r"(?=\W*\Z|\s*[.,;:!()\[\]–—-]|\s(?:by|due|because|since|as|for|pending|until|while|owing"
    r"|(?:up)?on (?:the )?(?:\w+ )?(?:request|authors?)"
    r"|at the (?:\w+ )?(?:request|authors?)|in favou?r|in order|to be|to fix|with apologies"
    r"|after (?:an?|finding|discovering)|from (?:the )?arxiv|and (?:replaced|superseded|will))\b)"
)
"""What can follow: the end, a reason, who did it; not 'from a journal', not what it describes."""
_NOT_UNDONE = r"(?!.{0,90}\b(?:by mistake|in error|restored|reinstated|available again)\b)"

_BY_ARXIV = r"(?:from (?:the )?arxiv )?by (?:the )?(?:arxiv\b|authors?\b|submitter\b)"
_SOME_WORDS = r"(?:[^.;]|\.(?=\S)){1,120}"
_SENTENCE = r"(?:\A|[.;:!] )[\s*\[(]*(?:arxiv admin \w+: |sorry, |unfortunately,? )?"
_PAGES = (
    r"\b(?:pages?|pp?|figures?|figs?|tables?|references)\)?\.?(?:[,;] | [-–—]+ | [\[(]|(?<=\.) )"
)
_THEN = rf"(?:(?:\A|[.;:!] )(?:due to|because of|owing to) {_SOME_WORDS},? |, so |\bthat )"
_AND = rf"(?:\A|[.;:!] )(?:this|our) {_WORK} {_SOME_WORDS} and (?:it )?"

_ALONE = rf"(?:{_WORK} )?{_HOW}{_GONE}\b(?: {_WORK}\W*\Z|{_TOLD})"
_PASSIVE = rf"(?:it |(?:{_THIS})?{_WORK} )?{_UNDERGOES}{_GONE}\b{_TOLD}"
_ACTIVE = rf"{_WHO} {_DECIDES} (?:{_THIS}|my |our ){_WORK}\b"
_REMOVED = rf"(?:(?:{_THIS})?{_WORK} {_UNDERGOES})?removed {_BY_ARXIV}"
_NAMED = r"(?:this is a )?withdrawal(?: (?:requested|due|by|because)\b|\W*\Z|:)"

_COMMENT = re.compile(
    rf"{_NOT_UNDONE}(?:(?:{_SENTENCE}|{_PAGES})(?:{_ALONE}|{_PASSIVE}|{_ACTIVE})"
    rf"|{_SENTENCE}(?:{_REMOVED}|{_NAMED})"
    rf"|{_THEN}(?:{_THIS}{_WORK} {_UNDERGOES}{_GONE}\b{_TOLD}|{_ACTIVE})"
    rf"|{_AND}{_UNDERGOES}{_GONE}\b{_TOLD})",
    re.IGNORECASE,
)
# An abstract tells a story in which something may be withdrawn: it must begin with it, or end with
# a sentence that names this very paper and why.
_ABSTRACT = re.compile(
    rf"\A[\s*\[(]*(?:(?:{_WORK} )?{_GONE}(?:\W*\Z| (?:by|due|because)\b)"
    rf"|(?:this|the) (?:arxiv )?{_WORK} {_UNDERGOES}(?:{_GONE}\b{_TOLD}|removed {_BY_ARXIV})"
    rf"|{_WHO} {_DECIDES} this {_WORK}\b)",
    re.IGNORECASE,
)
_LAST_WORDS = re.compile(
    rf"[.!] this {_WORK} (?:has been|is|was) {_HOW}{_GONE} (?:by|due|because)\b[^.]{{0,300}}\.?"
    r"\s*\Z",
    re.IGNORECASE,
)


_HINTS = ("ithdr", "etract", "emoved", "WITHDR", "RETRACT", "REMOVED")


def is_withdrawn(*, comment: str | None, abstract: str) -> bool:
    """Return whether the authors, or arXiv, say that the paper was withdrawn."""
    return _is_told(comment or "", _COMMENT) or _is_told(abstract, _ABSTRACT, _LAST_WORDS)


def _is_told(text: str, *phrases: re.Pattern[str]) -> bool:
    # Nearly no text holds such a word, and to look for one is a hundred times faster.
    return any(hint in text for hint in _HINTS) and any(each.search(text) for each in phrases)
