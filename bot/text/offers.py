"""What the words around an address offer there: code, data, a reading list, others' work.

    text, addresses -> the clause of each -> the first cue of a table that holds

A clause is the part of a sentence that leads to the address: not what led to an address before,
not the other half of a sentence with two. A cue compares its words; each cue has a name, so that
the kind of a link can be explained, and a new one is a line of the table.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.text.addresses import FoundAddress


class Offer(StrEnum):
    """What is to be had at an address, by what the sentence says."""

    CODE = "code"
    DATA = "data"
    MODEL = "model"
    LIST = "list"  # papers, or the repositories of others: a survey's companion
    VIEW = "view"  # videos, results, a leaderboard
    EVENT = "event"  # a challenge, a workshop
    FOREIGN = "foreign"  # the work of others


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """The words around one address."""

    text: str
    """What leads to the address."""
    after: str
    """What follows it in the sentence, up to the next address."""
    path: tuple[str, ...]
    words: tuple[str, ...]
    whole: str
    """The text that the address stands in."""
    is_bare: bool
    """Whether the address stands alone after a full stop, so that its clause is the one before."""

    @property
    def name(self) -> str:
        """The name of the repository and what follows; many are named for what they hold."""
        return "/".join(self.path[1:]).lower()

    @property
    def heads(self) -> frozenset[str]:
        """The words that do not describe others: of 'data for code search' only 'data'."""
        return frozenset(_heads(self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A sign in the words around an address, and what it says is there."""

    name: str
    offer: Offer
    holds: Callable[[Clause], object]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str, *, then: str = "") -> re.Pattern[str]:
    """Compile patterns, one a line, that begin with a word; ``then`` follows each of them."""
    lines = "|".join(line.strip() for line in text.splitlines() if line.strip())
    return re.compile(rf"\b(?:{lines}){then}", re.I)


# --- clauses -------------------------------------------------------------------------------------

_REACH = 240  # characters before an address that can lead to it, and half of it after
_SENTENCE_END = re.compile(
    r"[.!?](?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bvs\.)[\"'”)\]]*\s+"
    r"|\.(?<=[a-z)]\.)(?=[A-Z][a-z]* )|\n+"
)
_SURVEY = _phrases(
    r"""
    this (?:[\w-]+ ){0,2}(?:survey|review)\b
    (?:comprehensive|systematic|extensive|in-depth|literature) (?:[\w-]+ ){0,2}(?:survey|review)\b
    (?:survey|review) (?:paper|article)\b
    we (?:survey|review)\b
    """
)
_WORDLESS = re.compile(
    r"(?:[\W_]|\b(?:and|or|also|at|on|in|via|from|the|both|git ?hub|git ?lab|gitee|hugging ?face"
    r"|zenodo|mirror|url|link)\b)*",
    re.I,
)
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*|[,;:(/]")


def read_clauses(text: str, places: Sequence[FoundAddress]) -> Iterator[Clause]:
    """Yield the clause of each address of a text."""
    leading, is_bare, end_before = "", False, 0
    for number, place in enumerate(places):
        start, end = place.start, place.end
        floor = max(end_before, start - _REACH)
        sentences = _SENTENCE_END.split(text[floor:start])
        is_continued = len(sentences) == 1 and number > 0 and floor == end_before
        if not _WORDLESS.fullmatch(sentences[-1]):
            leading, is_bare = sentences[-1], False
        elif not is_continued:
            leading, is_bare = sentences[-2] if len(sentences) > 1 else "", True
        ceiling = places[number + 1].start if number + 1 < len(places) else len(text)
        after = _SENTENCE_END.split(text[end : min(ceiling, end + _REACH // 2)], maxsplit=1)[0]
        path = place.address.path if place.address else ()
        yield read_clause(leading, after=after, path=path, whole=text, is_bare=is_bare)
        end_before = end


def read_clause(
    leading: str,
    *,
    after: str = "",
    path: tuple[str, ...] = (),
    whole: str = "",
    is_bare: bool = False,
) -> Clause:
    """Return the clause of an address that ``leading`` leads to."""
    return Clause(
        text=leading,
        after=after,
        path=path,
        words=_last_part(tuple(_WORD.findall(leading.lower()))),
        whole=whole,
        is_bare=is_bare,
    )


_NOT_OFFERED = _words(
    """
    generation generator generators completion completions review reviews search llm llms large
    intelligence understanding summarization clone clones smell smells editing edits reasoning
    snippet snippets quality retrieval translation language languages execution dataset datasets
    data benchmark benchmarks corpus vulnerability vulnerabilities model representation
    representations division lengths rate word words distance book books analysis optimization
    change changes repair comment comments detection problem problems task tasks agent agents
    assistant assistants samples synthesis embeddings details pretrained pre-trained
    """
)
_NOT_CODE = _words(
    """
    qr bar correcting error-correcting correction stabilizer quantum surface polar ldpc linear
    hash binary neural no zip postal
    """
)


def _last_part(words: tuple[str, ...]) -> tuple[str, ...]:
    """Drop the first half of 'X is there, and Y is', and what only sounds like code."""
    joints = [at for at, word in enumerate(words) if at and word in _JOINING]
    for at in reversed(joints):
        says_both = _says_all(words[at:]) and not _VERBS.isdisjoint(words[:at])
        if says_both and words[at - 1] not in _THINGS:
            words = words[at:]
            break
    if _CODE_WORDS.isdisjoint(words):
        return words
    return tuple(
        word
        for at, word in enumerate(words)
        if word not in _CODE_WORDS or not _is_no_code(words, at)
    )


def _is_no_code(words: Sequence[str], at: int) -> bool:
    following = words[at + 1] if at + 1 < len(words) else ""
    return following in _NOT_OFFERED or (at > 0 and words[at - 1] in _NOT_CODE)


def _says_all(words: Sequence[str]) -> bool:
    """Return whether it names a thing and says it is given: 'the data is there', 'release data'."""
    verb = next((at for at, word in enumerate(words) if word in _BEING), len(words))
    is_given = verb < len(words) and not _THINGS.isdisjoint(words[:verb])
    return is_given or not (_GIVING.isdisjoint(words[1:3]) or _THINGS.isdisjoint(words))


def _heads(words: Sequence[str]) -> Iterator[str]:
    is_head = True
    for before, word in zip(["", *words], words, strict=False):
        if word in _DESCRIBING:
            is_head = before in _WHOLE
        elif word in _RESUMING:
            is_head = True
        if is_head:
            yield word


_AND = _words("and ,")
_JOINING = _words("and ; while whereas but")
_DESCRIBING = _words(
    """
    of for on from to by in that which who containing consisting comprising used using about
    against under as toward towards
    """
)
_WHOLE = frozenset(["", "all", "both", "most", "each"])  # 'all of our code', 'For code, see'
_RESUMING = _words(
    """
    , ; : ( and or is are was were will can may has have at with along plus including /
    """
)
_BEING = _words("is are was were be been will can")
_GIVING = _words(
    """
    release released releases provide provides publish share host maintain make made offer give
    """
)
_AT_HAND = _words("available accessible released open-source open-sourced")
_VERBS = _BEING | _GIVING | {"available", "accessible", "open-sourced", "published", "shared"}

# --- words ---------------------------------------------------------------------------------------

_CODE_WORDS = _words("code codes implementation implementations")
_SURE_CODE = _CODE_WORDS | _words(
    """
    codebase code-base codebases source-code sourcecode script scripts notebook notebooks
    """
)
_SOFTWARE = _SURE_CODE | _words(
    """
    software toolbox toolboxes toolkit toolkits tool-kit package packages library libraries
    plugin plug-in
    """
)
_SYSTEMS = _words(
    """
    framework frameworks tool tools method methods approach approaches algorithm algorithms
    model models system systems platform pipeline pipelines simulator simulators environment
    environments app api apis baseline baselines network networks architecture solver module
    modules adapters agent agents program programs recipe recipes experiment experiments
    evaluator evaluators devkit sdk classifier classifiers detector parser engine interface
    prototype application applications recorder viewer annotator loader dataloader generator
    compiler wrapper harness extension
    """
)
_DATA = _words(
    """
    data dataset datasets data-set data-sets database databases benchmark benchmarks corpus
    corpora annotations annotation lexicon lexicons treebank treebanks ontology ontologies
    testbed testset recordings transcripts images questions prompts queries labels samples maps
    lists splits split testbench
    """
)
_VIEWS = _words(
    """
    video videos visualization visualizations visualisation visualisations leaderboard
    leaderboards comparisons animations results
    """
)
_WEIGHTS = _words("weights checkpoint checkpoints")
_PAGES = _words(
    """
    website websites web-site site page pages webpage homepage project projects demo demos
    details information resources materials
    """
)
_THINGS = _SOFTWARE | _SYSTEMS | _DATA | _VIEWS | _WEIGHTS | {"website", "page", "webpage"}


def _has(clause: Clause, words: frozenset[str]) -> bool:
    return not words.isdisjoint(clause.heads)


# --- cues ----------------------------------------------------------------------------------------

_PAPERS = r"(?:papers?|studies|works?|references?|literature|publications?|articles?|surveys?)"
_SOME = r"(?:[\w-]+ )"
_OTHER = r"(?:(?!to|this|the|our)[\w-]+ )"
_PAPER_LIST = _phrases(
    rf"""
    (?:paper|reading|literature|reference|resource|research)[ -]?lists?
    lists? of {_SOME}{{0,4}}(?:{_PAPERS}|resources|guides|models reviewed)
    curated {_SOME}{{0,2}}(?:list|collection|repository)
    (?:collection|repository|summary|overview) of {_SOME}{{0,2}}(?:{_PAPERS}|resources)\b
    (?:related|relevant|latest|surveyed|reviewed|recent) {_OTHER}{{0,2}}{_PAPERS}\b
    (?:the|all|these|collect\w*|track\w*) {_SOME}?(?:papers|studies|works)\b
    papers and resources
    literature covered
    practical guides
    ke(?:ep|eps|pt|eping) (?:track|tracing|tracking)
    """
)
_KEPT_UP = _phrases(
    r"""
    (?:continu\w+|regularly|periodically|constantly|consistently|routinely)[ -](?:\w+ ){0,2}updat\w+
    (?:this|our|the) (?:survey|review)\b
    updated (?:on|at|in)\b
    """
)
_AWESOME = re.compile(r"(?:^|[/_-])awe?some(?:$|[/_-])")
_READING = re.compile(r"survey|paper-?s?[_-]?list|reading|literature|(?:^|[-_/])review|papers$")
_REPRODUCE = _phrases("reproduc(?:e|ed|es|ing|ible)\\b")
_DATA_NAME = re.compile(r"(?:dataset|corpus|benchmark|[-_]data)s?[-_]?$")
_DATA_WORD = re.compile(r".(?:dataset|corpus|bench|benchmark)$")

_NAME = (
    r"(?:(?!(?:our|we|is|are|was|will|can|it|available|released?|provided?|publish|share|make|this"
    r"|code)\b)[^\s(),;]+ )"
)
"""A word of the name of something else, not of what is said about our own."""
_DERIVED = _phrases(
    r"""
    (?:built|builds?|building) (?:up)?on(?: top of)?
    on top of
    based (?:up)?on
    adapt(?:ed|s|ing) from
    deriv\w+ from
    fork(?:s|ed)? (?:of|from)
    modif\w+ (?:from|version of)
    exten(?:ds|ding|sion of|sion to)
    borrow\w* from
    inspired by
    relies on
    powered by
    merged into
    taken from
    provided by
    (?:original|existing) (?:code|implementation|repository)(?: of| by| from)?
    """,
    then=rf" {_NAME}{{0,6}}[(\[]*(?:at |from |in )?$",
)
_NEXT_TO_OTHERS = _phrases(
    r"""
    compar\w+ (?:\w+ ){0,3}(?:with|to|against)
    unlike
    such as
    e\.g\.,?
    like
    outperform\w*
    than
    versus
    vs\.?
    against
    """,
    then=rf" {_NAME}{{1,6}}[(\[]+$",
)
_USED = _phrases(
    r"""
    using
    we (?:\w+ )?use
    use[sd]
    employ\w*
    adopt\w*
    evaluat\w+ (?:\w+ )?(?:on|with)
    test(?:ed|s)? on
    train\w* (?:\w+ )?on
    run\w* on
    appl(?:y|ied) (?:\w+ )?to
    popular
    widely[ -]used
    well-known
    """,
    then=rf" {_NAME}{{1,6}}[(\[]+$",
)
_CITED = re.compile(
    r"\b(?:implementation|code|codebase|repository|library|toolkit|software|model|results)s? "
    r"(?:of|by|from|in) (?:the )?(?:[\w-]+ ){0,3}(?:\[[\w, ]+\]|[\w-]+ et al\b|\\cite)[^;]{0,40}$",
    re.I,
)
_WELL_KNOWN = re.compile(
    r"[)\].,\s]*(?:which is|is)?\s*an? (?:very )?(?:popular|widely[ -]|well-known|existing"
    r"|established|third-party|commercial|state-of-the-art)",
    re.I,
)
_OWN = _phrases(
    r"""
    our\b
    we (?:present|introduce|propose|develop\w*|release|provide|publish)\b
    """
)
_EVENT = r"(?:challenge|competition|workshop|shared task)s?"
_AT_AN_EVENT = _phrases(
    rf"""
    {_EVENT}(?:'s)?(?: \d{{4}})?(?: \w*(?:site|page|server|link|platform|organi[sz]ers))?\W*$
    {_EVENT}(?:'s)?(?: \d{{4}})?(?: \w*(?:site|page|server|link|platform))? (?:is|are|can be)\b
    (?:of|about|on|to) (?:this|the|our) (?:[\w-]+ ){{0,3}}{_EVENT}\b
    """
)
_AFTER_IT = re.compile(
    r"[\s)\]}.,;:]*(?:\(|for\b|has\b|hosts\b|to (?:access|get|find|download|see)\b|where\b"
    r"|which\b|that\b|contain|includ|provid|with\b)[^.;]*?\b(?:codes?|codebase|implementation)\b",
    re.I,
)
_FOR_CODE = _phrases(
    r"""
    for (?:the |our |all )?(?:source )?codes?(?:[,:]| and | or | please |$)
    the sources? (?:is|are|will)\b
    """
)


def _is_software(clause: Clause) -> object:
    return _has(clause, _SOFTWARE) and (
        not _AT_HAND.isdisjoint(clause.words) or clause.text.endswith((": ", ":  "))
    )


def _is_plain(clause: Clause) -> bool:
    """Whether nothing else is there but data and weights: no page about a project."""
    return not _has(clause, _SOFTWARE | _SYSTEMS | _VIEWS | _PAGES)


def _is_derived(clause: Clause) -> object:
    return not clause.is_bare and (_DERIVED.search(clause.text) or _CITED.search(clause.text))


def _is_beside_others(clause: Clause) -> object:
    """Return whether the address stands in brackets after a name that is not ours."""
    return clause.text.endswith(("(", "[")) and (
        _NEXT_TO_OTHERS.search(clause.text)
        or (not _OWN.search(clause.text) and _USED.search(clause.text))
    )


def _is_well_known(clause: Clause) -> object:
    return _WELL_KNOWN.match(clause.after) and not _OWN.search(clause.text)


def _is_bare(clause: Clause) -> bool:
    return clause.is_bare and not (_READING.search(clause.name) or _is_in_survey(clause))


def _is_in_survey(clause: Clause) -> bool:
    if "urvey" not in clause.whole and "eview" not in clause.whole:
        return False
    return _SURVEY.search(clause.whole) is not None


def _is_named_for_data(clause: Clause) -> object:
    if _has(clause, _SYSTEMS):
        return False
    is_one = not _has(clause, _AND)  # of 'Foo and FooBench' Foo may be anything
    return _DATA_NAME.search(clause.name) or (is_one and any(map(_DATA_WORD.search, clause.heads)))


FOREIGN = (
    Cue(name="built on, a fork of", offer=Offer.FOREIGN, holds=_is_derived),
    Cue(name="compared with, used", offer=Offer.FOREIGN, holds=_is_beside_others),
    Cue(name="well known", offer=Offer.FOREIGN, holds=_is_well_known),
)

AT_A_FORGE: tuple[Cue, ...] = (
    Cue(name="awesome list", offer=Offer.LIST, holds=lambda c: _AWESOME.search(c.name)),
    Cue(name="list of papers", offer=Offer.LIST, holds=lambda c: _PAPER_LIST.search(c.text)),
    *FOREIGN,
    Cue(name="bare", offer=Offer.CODE, holds=_is_bare),
    Cue(name="code", offer=Offer.CODE, holds=lambda c: not _SOFTWARE.isdisjoint(c.words)),
    Cue(name="to reproduce", offer=Offer.CODE, holds=lambda c: _REPRODUCE.search(c.text)),
    Cue(name="kept up to date", offer=Offer.LIST, holds=lambda c: _KEPT_UP.search(c.text)),
    Cue(name="named for reading", offer=Offer.LIST, holds=lambda c: _READING.search(c.name)),
    Cue(name="named for data", offer=Offer.DATA, holds=_is_named_for_data),
    Cue(name="a system", offer=Offer.CODE, holds=lambda c: _has(c, _SYSTEMS)),
    Cue(name="beside a survey", offer=Offer.LIST, holds=_is_in_survey),
    Cue(name="only weights", offer=Offer.MODEL, holds=lambda c: _has(c, _WEIGHTS)),
    Cue(name="only data", offer=Offer.DATA, holds=lambda c: _has(c, _DATA)),
    Cue(name="only to look at", offer=Offer.VIEW, holds=lambda c: _has(c, _VIEWS)),
    Cue(name="a repository", offer=Offer.CODE, holds=lambda c: True),
)
"""A repository is code unless the sentence calls it something else."""

AT_A_PAGE: tuple[Cue, ...] = (
    *FOREIGN,
    Cue(name="code", offer=Offer.CODE, holds=lambda c: _has(c, _SURE_CODE)),
    Cue(name="software", offer=Offer.CODE, holds=_is_software),
    Cue(name="for code", offer=Offer.CODE, holds=lambda c: _FOR_CODE.search(c.text)),
    Cue(name="with code", offer=Offer.CODE, holds=lambda c: _AFTER_IT.match(c.after)),
    Cue(name="a challenge", offer=Offer.EVENT, holds=lambda c: _AT_AN_EVENT.search(c.text)),
)
"""Any other page is code only if the sentence offers code there."""

AT_ANY_PAGE: tuple[Cue, ...] = (
    Cue(name="weights", offer=Offer.MODEL, holds=lambda c: _has(c, _WEIGHTS) and _is_plain(c)),
    Cue(name="data", offer=Offer.DATA, holds=lambda c: _has(c, _DATA) and _is_plain(c)),
)
"""A page of a host that says nothing is what the authors offer there, if it is all they offer."""


def read_offer(clause: Clause, cues: Sequence[Cue]) -> Cue | None:
    """Return the first cue that holds, which says what is offered, or None."""
    return next((cue for cue in cues if cue.holds(clause)), None)
