"""Whether a paper was withdrawn. Pure.

ArXiv has no field for it: a withdrawal is a version whose comment, or abstract, says so in a
clause of its own, mostly "This paper has been withdrawn by the authors due to ...".

    text -> clauses -> the words of each -> a rule that its words begin with -> what follows

A rule is a line of ``_RULES``: slots that take words of a kind, from left to right, without a
step back. What follows the rule must be an end or a reason; who withdrew a paper from a
conference says nothing of the paper here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# --- rules ---------------------------------------------------------------------------------------


class _Reach(IntEnum):
    """Where a rule holds: an abstract tells stories, so it needs fuller sentences."""

    COMMENT = 0
    FIRST = 1  # the first sentence of an abstract
    LATER = 2  # any other sentence of an abstract


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    slots: str
    """Kinds of words in capitals, and words. ``?`` takes one or none, ``*`` any number, ``+`` one
    or more; ``END`` is the end of the clause."""
    reach: _Reach
    """The furthest place at which the rule holds; it holds at those before, too."""
    is_subject_told: bool = True
    """Whether the words name the paper."""


_KINDS = {
    "THIS": "this present",
    "THE": "the this our my present above",
    "SORT": "arxiv short current latest present research technical joint entire "
    "whole final last new working theoretical",
    "WORK": "paper article submission manuscript preprint pre-print eprint e-print work draft note "
    "thesis version report letter study entry document "
    "survey review",
    "PAPER": "paper article manuscript preprint",
    "IS": "has have had been is was being be will to must should are "
    "now temporarily permanently currently therefore hereby thus hence since officially formally "
    "voluntarily unfortunately also already recently fully completely just",
    "FIRST": "first corresponding second sole submitting original all of both",
    "WHO": "author authors we i submitter submitters arxiv admin admins administrators",
    "WISH": "has have had am are is been decided agreed regret "
    "asked intend plan forced chosen choose chose to would like wish wishes "
    "want wants must need needs therefore hereby now thus hence request requested requests "
    "temporarily permanently voluntarily will be formally",
    "GONE": "withdrawn retracted",
    "REMOVED": "removed deleted",
    "WITHDRAW": "withdraw withdraws withdrew withdrawn withdrawing retract retracts retracted "
    "retracting withdrawal of retraction",
    "WITHDRAWING": "withdrawing retracting",
}
_WORDS = {kind: _set(words) for kind, words in _KINDS.items()}

_RULES = (
    # This paper has now been withdrawn | The article is withdrawn | Paper withdrawn
    _Rule(slots="THIS SORT* WORK+ of? THE? WORK* ID* IS+ GONE", reach=_Reach.LATER),
    _Rule(slots="THE SORT* WORK+ of? THE? WORK* IS+ GONE", reach=_Reach.FIRST),
    _Rule(slots="SORT* WORK IS* GONE", reach=_Reach.FIRST),
    _Rule(slots="THE? SORT* WORK+ IS* GONE", reach=_Reach.COMMENT),
    # This version has been removed by arXiv administrators
    _Rule(slots="THIS SORT* WORK+ of? THE? WORK* ID* IS+ REMOVED", reach=_Reach.LATER),
    _Rule(slots="THE? SORT* WORK+ IS* REMOVED", reach=_Reach.COMMENT),
    # The author has withdrawn this paper | We withdraw it
    _Rule(slots="THE? FIRST* THE? WHO+ WISH* WITHDRAW+ THIS SORT* WORK+", reach=_Reach.LATER),
    _Rule(slots="THE? FIRST* THE? WHO+ WISH* WITHDRAW+ THE SORT* WORK+", reach=_Reach.FIRST),
    _Rule(slots="THE? FIRST* THE? WHO+ WISH* WITHDRAW+ it", reach=_Reach.COMMENT),
    # Withdrawn | has been withdrawn by the author | Removed by arXiv administrators
    _Rule(slots="GONE", reach=_Reach.FIRST, is_subject_told=False),
    _Rule(slots="it? IS+ GONE", reach=_Reach.FIRST, is_subject_told=False),
    _Rule(slots="this IS+ GONE", reach=_Reach.COMMENT),
    _Rule(slots="IS* REMOVED", reach=_Reach.FIRST, is_subject_told=False),
    # Withdrawn paper | Withdrawing this paper due to | Please withdraw | Withdrawal notice
    _Rule(slots="GONE PAPER END", reach=_Reach.FIRST),
    _Rule(slots="WITHDRAWING THE SORT* WORK", reach=_Reach.FIRST),
    _Rule(slots="WITHDRAWING THE? WORK?", reach=_Reach.COMMENT),
    _Rule(slots="please WITHDRAW THE WORK+", reach=_Reach.COMMENT),
    _Rule(slots="this? is? a? withdrawal", reach=_Reach.COMMENT, is_subject_told=False),
    _Rule(slots="withdrawal requested", reach=_Reach.COMMENT),
    _Rule(slots="withdrawal notice END", reach=_Reach.COMMENT),
    _Rule(slots="notice of withdrawal END", reach=_Reach.COMMENT),
)

_ID = re.compile(r"(?:arxiv:)?(?:\d{4}\.\d{4,5}|[a-z-]+/\d{7})(?:v\d+)?")


def _is_of(kind: str, word: str) -> bool:
    if kind == "ID":
        return bool(_ID.fullmatch(word)) or word == "arxiv"
    return word in _WORDS[kind] if kind in _WORDS else word == kind


def _end(rule: _Rule, words: Sequence[str]) -> int | None:
    """Return how many words the rule takes, or None when they do not begin with it."""
    at = 0
    for slot in rule.slots.split():
        if slot == "END":
            return at if at == len(words) else None
        kind = slot.rstrip("?*+")
        begin, most = at, len(words) if slot.endswith(("*", "+")) else at + 1
        while at < min(most, len(words)) and _is_of(kind, words[at]):
            at += 1
        if at == begin and not slot.endswith(("?", "*")):
            return None
    return at


# --- what follows --------------------------------------------------------------------------------

_REASONS = _set("due because since as owing after following pending until while so for but")
_FOLLOWS = _REASONS | _set(
    "by on at per upon permanently temporarily voluntarily from with now until"
)
_SECOND = {
    "and": _set("replaced superseded will has is not"),
    "in": _set("favor favour light order view its"),
    "to": _set(
        "be correct fix make avoid allow revise address add improve respect comply prevent rework "
        "incorporate resolve include repair clarify"
    ),
}
_HERE = _set("arxiv archive view access publication circulation here server arxiv.org site")
_OTHERS = _set(
    "journal publisher editor editors editorial conference chair chairs pc organizer organizers "
    "organiser organisers workshop venue elsevier springer ieee acm proceedings"
)
_UNDONE = _set("reinstated restored reposted unwithdrawn un-withdrawn")
_REMOVERS = _set(
    "arxiv admin admins administrator administrators administration author authors moderators "
    "moderator moderation submitter"
)
_CAUSE = 8  # words within which the one who withdrew is named


def _is_here(rest: Sequence[str]) -> bool:
    """Return whether the words after a rule leave the paper withdrawn, and here."""
    if not rest:
        return True
    if rest[0] not in _FOLLOWS and not (rest[1:2] and rest[1] in _SECOND.get(rest[0], ())):
        return False
    if rest[:2] == ["by", "mistake"]:
        return False
    near = _until_reason(rest)
    if "from" in near:
        place = near[near.index("from") + 1 :][:4]
        return not _HERE.isdisjoint(place)
    if rest[0] == "at":
        return "request" in rest[:5]
    return _OTHERS.isdisjoint(near) and _UNDONE.isdisjoint(rest)


def _until_reason(rest: Sequence[str]) -> list[str]:
    reason = next((at for at, word in enumerate(rest) if word in _REASONS), len(rest))
    return list(rest[:reason])


def _is_removed_by(rest: Sequence[str]) -> bool:
    """Return whether arXiv or the authors removed it: figures and typos are removed, too."""
    return rest[:1] in (["by"], ["at"], ["from"]) and not _REMOVERS.isdisjoint(rest[:_CAUSE])


def _is_by_someone(rest: Sequence[str]) -> bool:
    return rest[:1] != ["by"] or not _REMOVERS.isdisjoint(rest[:_CAUSE])


# --- clauses -------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_SENTENCE_END = re.compile(r"[.;:!](?:\s+|$)|\n|\s[-\u2013\u2014]+\s|--+|\u2014|\*+")
_COMMA = re.compile(r",(?:\s+|$)")
_WORD = re.compile(r"[a-z0-9?\"\u201c]+(?:[-'\u2019./:][a-z0-9]+)*")
_LEAD = _set(
    "note notice sorry unfortunately update comment admin please that arxiv regrettably important "
    "warning attention comments status and but so however nb edit erratum"
)
_LENGTH = _set("page pages pp figure figures fig figs table tables")
_WHY = _set("due because owing since as after following at")
_SUBJECT = _set("this the our")
_REGRETS = _set("request requests regret regrets")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ELSEWHERE = _set(
    "submitted accepted replaces replacing supersedes superseding extends extending previous "
    "earlier presented published companion which that under appeared overlap"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clause:
    words: list[str]
    needs_subject: bool
    """Whether the paper must be named: the sentence speaks of another one, or of a venue."""
    is_start: bool = False
    """Whether nothing stands before the clause."""


def _words(text: str) -> list[str]:
    return _WORD.findall(_one_or_more(text).lower())


_OR_MORE = re.compile(r"[(\[]s[)\]]|/s\b", re.IGNORECASE)


def _one_or_more(text: str) -> str:
    """Read what forms say of one or more as of one: 'paper(s)', 'author/s'."""
    return _OR_MORE.sub("", text)


def _comment_clauses(comment: str) -> Iterator[_Clause]:
    text = _one_or_more(comment)
    outside = _BRACKETED.sub(" ", text)
    yield from _clauses_of(outside, is_about_other=False)
    is_about_other = _is_about_other(_words(outside))
    for bracketed in _BRACKETED.finditer(text):
        yield from _clauses_of(bracketed[1], is_about_other=is_about_other)


def _clauses_of(text: str, *, is_about_other: bool) -> Iterator[_Clause]:
    for sentence in _SENTENCE_END.split(text):
        words = _words(sentence)
        main = _main(words)
        yield _Clause(words=main, needs_subject=is_about_other, is_start=main == words)
        if joined := _joined(words):
            yield _Clause(words=joined, needs_subject=is_about_other)
        needs_subject = is_about_other
        for part in _COMMA.split(sentence):
            words = _words(part)
            yield _Clause(words=_main(words), needs_subject=needs_subject)
            needs_subject = needs_subject or _is_about_other(words)


def _is_about_other(words: list[str]) -> bool:
    """Return whether the words speak of another paper, or of a venue as in 'ICLR 2024'."""
    return not _ELSEWHERE.isdisjoint(words) or any(_YEAR.fullmatch(word) for word in words)


def _joined(words: list[str]) -> list[str]:
    """Return what 'This paper has an error and' leads to, if it goes on with the paper."""
    if not (words[:1] and words[0] in _SUBJECT and not _WORDS["WORK"].isdisjoint(words[1:3])):
        return []
    at = len(words) - words[::-1].index("and") if "and" in words else len(words)
    return words[at:] if words[at : at + 1] and words[at] in {"it", "has", "is", "was"} else []


def _main(words: list[str]) -> list[str]:
    """Drop what leads to the clause: a length, 'Note that', 'Due to an error in Lemma 2'."""
    at = 0
    while at < len(words) and (lead := _lead(words, at)):
        at += lead
    if not _REGRETS.isdisjoint(words[at : at + 4]) and "that" in words[at : at + 6]:
        return words[words.index("that", at) + 1 :]
    if at < len(words) and words[at] in _WHY:
        at = next((each for each in range(at, len(words)) if _is_subject(words, each)), at)
    return words[at:]


def _lead(words: list[str], at: int) -> int:
    """Return how many words at this place only lead to the clause.

    Some leads can be the paper itself, or who withdrew it: 'note withdrawn', 'arXiv has withdrawn'.
    """
    following = words[at + 1] if at + 1 < len(words) else ""
    if words[at].isdigit() and following in _LENGTH:
        return 2
    is_subject = any(following in _WORDS[kind] for kind in ("GONE", "IS", "WITHDRAW"))
    return int(words[at] in _LEAD and not is_subject)


def _is_subject(words: list[str], at: int) -> bool:
    rest = words[at : at + 12]
    return any(_end(rule, rest) for rule in _RULES if rule.reach and rule.is_subject_told)


# --- the answer ----------------------------------------------------------------------------------


def _tells(clause: _Clause, place: _Reach) -> bool:
    if any(word.endswith("?") for word in clause.words[-1:]):
        return False
    return any(_holds(rule, clause, place) for rule in _RULES if rule.reach >= place)


def _holds(rule: _Rule, clause: _Clause, place: _Reach) -> bool:
    end = _end(rule, clause.words)
    if end is None or (clause.needs_subject and not rule.is_subject_told):
        return False
    rest = clause.words[end:]
    if "REMOVED" in rule.slots and not _is_removed_by(rest):
        return False
    is_said_of_it = clause.is_start and "IS+" not in rule.slots
    if not rule.is_subject_told and not is_said_of_it and not _is_by_someone(rest):
        return False
    if place is _Reach.COMMENT or rule.is_subject_told:
        return _is_here(rest)
    return _is_here(rest) and rest[:1] in ([], ["by"], ["due"], ["because"])


_HINT = re.compile("withdr|retract|removed|deleted", re.IGNORECASE)  # nearly no paper has one


def is_withdrawn(*, comment: str | None, abstract: str) -> bool:
    """Return whether the authors, or arXiv, say that the paper was withdrawn."""
    if not _HINT.search(comment or "") and not _HINT.search(abstract):
        return False
    if any(_tells(clause, _Reach.COMMENT) for clause in _comment_clauses(comment or "")):
        return True
    for number, sentence in enumerate(_abstract_sentences(abstract)):
        words = _main(_words(sentence))
        # "Withdrawn due to side effects, drugs ..." is told of something else.
        needs_subject = "," in sentence and _AUTHORS.isdisjoint(
            _words(sentence.partition(",")[0])[-1:]
        )
        clause = _Clause(words=words, needs_subject=needs_subject)
        if _tells(clause, _Reach.LATER if number else _Reach.FIRST):
            return True
    return False


def _abstract_sentences(abstract: str) -> list[str]:
    bare = abstract.strip().strip("*[]()")
    return [each for each in _ABSTRACT_END.split(bare) if each.strip()]


_AUTHORS = frozenset({"author", "authors"})
_ABSTRACT_END = re.compile(r"[.!](?:\s+|$)|[\])]\s+(?=[A-Z])")
