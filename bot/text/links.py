"""Find the addresses that authors name for a paper's code, data, models and project page.

The host says what an address leads to where it can: a repository host to code, an archive to
data. Any other address counts as a project page if the words before it introduce it as the
authors' own; references to other work have no place among a paper's links. Nothing is guessed:
an address broken by a blank stays broken.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from bot.models import Link, LinkKind, Provenance
from bot.text.tex import to_unicode

_LONGEST_ADDRESS = 2048  # Discord's limit for the addresses of embeds and buttons
_INTRODUCTION = 120  # characters before an address that can introduce it

_HINTS = ("http", "www.")
_ENDING_HINT = re.compile(r"\.(?:co|org|io|net|science)")
_LONGEST_START = 80  # characters of an address that can stand before its hint
_HOSTS = (
    r"(?:www\.)?(?:(?:gist\.)?github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com"
    r"|sourceforge\.net|huggingface\.co|hf\.co|zenodo\.org|figshare\.com|kaggle\.com|osf\.io"
    r"|anonymous\.4open\.science|sites\.google\.com)/"
)
_REST = r"[^\s<>\"{}|\\^`]*"
_START = r"(?:(?<![\w./@-])|(?<=\s//)|(?<=https:/)|(?<=http:/))"  # also after a broken scheme
_ADDRESS = re.compile(
    rf"https?://{_REST}|git@git(?:hub|lab)\.com:{_REST}"
    rf"|{_START}(?:(?:www\.(?=[a-z0-9])|{_HOSTS}){_REST}"
    rf"|[a-z0-9-]{{1,63}}\.git(?:hub|lab)\.io(?:/{_REST}|(?![\w-]|\.\w)))",
    re.I,
)


def find_links(*, abstract: str, comment: str | None) -> tuple[Link, ...]:
    """Return the links that the abstract and then the comment name, each address once."""
    links: dict[str, Link] = {}
    for text, provenance in ((abstract, Provenance.ABSTRACT), (comment or "", Provenance.COMMENT)):
        for kind, address in _find(text):
            links.setdefault(
                _identity(address), Link(kind=kind, url=address.url, provenance=provenance)
            )
    return tuple(links.values())


def read_link(text: str, provenance: Provenance) -> Link | None:
    """Return the link that an address given on its own is, or None if it is not one to show.

    Authors who give it offer it as the paper's own, so no words need introduce it.
    """
    found = _ADDRESS.fullmatch(text.strip())
    address = _parse_address(found[0]) if found else None
    result = _classify(address) if address else None
    return Link(kind=result[0], url=result[1].url, provenance=provenance) if result else None


def same_address(url: str) -> str:
    """Return what all spellings of an address share, to compare links by."""
    address = _parse_address(url)
    return _identity(address) if address else url


def _find(text: str) -> Iterator[tuple[LinkKind, "_Address"]]:
    if _first_hint(text) is None:
        return
    text = to_unicode(text)
    start = max((_first_hint(text) or 0) - _LONGEST_START, 0)
    for found in _ADDRESS.finditer(text, start):
        address = _parse_address(found[0])
        result = _classify(address) if address else None
        if result is None:
            continue
        kind, canonical, must_be_introduced = result
        if not must_be_introduced or _is_introduced(text, found.start()):
            yield kind, canonical


def _first_hint(text: str) -> int | None:
    """Return where the first sign of an address is, or None; searching for those is cheap."""
    lowered = text.lower()
    places = [place for hint in _HINTS if (place := lowered.find(hint)) >= 0]
    if ending := _ENDING_HINT.search(lowered):
        places.append(ending.start())
    if len(lowered) != len(text):  # a letter that has two characters in lower case
        return 0 if places else None
    return min(places, default=None)


# --- addresses -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """A web address in the one form that we compare and show."""

    scheme: str
    host: str
    path: tuple[str, ...]
    tail: str
    """Query and fragment as given, with their signs."""

    @property
    def url(self) -> str:
        return f"{self.scheme}://{'/'.join((self.host, *self.path))}{self.tail}"

    def at(self, *path: str) -> "_Address":
        """Return the address of ``path`` on the same host, over https."""
        return replace(self, scheme="https", path=path, tail="")


def _parse_address(text: str) -> _Address | None:
    """Return an address that is safe to show, or None."""
    if len(text) > _LONGEST_ADDRESS + 100 or not text.isprintable():
        return None
    text = re.sub(r"^(?:https?://)+(?=https?://)", "", _without_closing(text), flags=re.I)
    if text.startswith("git@"):
        text = text.removeprefix("git@").replace(":", "/", 1)
    if not re.match(r"https?://", text, re.I):
        text = f"https://{text}"
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
    return _Address(scheme=parts.scheme.lower(), host=host, path=path, tail=tail)


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


def _host(parts: SplitResult) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    if "@" in parts.netloc:  # a user name in an address serves to deceive
        return None
    # A bare number is nobody's name; names with letters outside ASCII serve to deceive, too.
    if not re.fullmatch(r"(?:[a-z0-9_][a-z0-9_-]{0,62}\.)+[a-z][a-z0-9-]{1,62}", host, re.ASCII):
        return None
    host = {"hf.co": "huggingface.co"}.get(host, host)
    if host.removeprefix("www.") in _RULES:
        host = host.removeprefix("www.")
    return f"{host}:{parts.port}" if parts.port else host


def _identity(address: _Address) -> str:
    """Return what two spellings of one address share."""
    bare = address.url.split("://", 1)[1]  # the path's letter case matters, but not to forges
    return bare.lower() if address.host in _RULES or _is_forge(address.host) else bare


# --- kinds ---------------------------------------------------------------------------------

_Found = tuple[LinkKind, _Address, bool] | None
"""Kind, address in its canonical form, and whether the words before must introduce it."""


def _classify(address: _Address) -> _Found:
    rule = _RULES.get(address.host)
    if rule is not None:
        return rule(address)
    host = address.host
    if host.endswith((".github.io", ".gitlab.io")) or host == "sites.google.com":
        return LinkKind.PROJECT, replace(address, scheme="https"), False
    if host in ("doi.org", "dx.doi.org"):
        return _doi(address)
    if _is_forge(host):
        return _forge(address)
    if _ends_with(host, _ARCHIVES):
        return LinkKind.DATA, address, True
    if _ends_with(host, _ELSEWHERE):
        return None
    return LinkKind.PROJECT, address, True


def _ends_with(host: str, domains: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


_ARCHIVES = frozenset({
    "data.mendeley.com", "ieee-dataport.org", "physionet.org", "datadryad.org", "dataverse.org",
    "dataverse.harvard.edu", "openneuro.org", "opendatalab.com", "archive.ics.uci.edu",
    "drive.google.com", "osf.io", "figshare.com", "zenodo.org",
})  # fmt: skip
"""Places that keep files: data when the authors introduce them as theirs."""

_ELSEWHERE = frozenset({
    "arxiv.org", "alphaxiv.org", "wikipedia.org", "openreview.net", "aclanthology.org",
    "aclweb.org", "ieee.org", "acm.org", "springer.com", "sciencedirect.com", "nature.com",
    "neurips.cc", "nips.cc", "mlr.press", "thecvf.com", "semanticscholar.org", "crossref.org",
    "creativecommons.org", "orcid.org", "researchgate.net", "biorxiv.org", "medrxiv.org",
    "hal.science", "ssrn.com", "wiley.com", "mdpi.com", "easychair.org", "ceur-ws.org",
    "youtube.com", "youtu.be", "vimeo.com", "bilibili.com", "twitter.com", "x.com",
    "chat.openai.com", "chatgpt.com", "paperswithcode.com", "discord.gg", "discord.com",
})  # fmt: skip
"""Papers, publishers, videos, chats: never a page of the project."""

_DATA_DOIS = ("10.5281", "10.6084", "10.7910", "10.17632", "10.5061", "10.21227", "10.57967")
"""DOI prefixes of Zenodo, Figshare, Dataverse, Mendeley, Dryad, DataPort and Hugging Face."""


def _doi(address: _Address) -> _Found:
    if address.path[:1] and address.path[0] in _DATA_DOIS and len(address.path) > 1:
        return LinkKind.DATA, replace(address, scheme="https"), False
    return None


_GITHUB_PAGES = frozenset(
    {
        "about",
        "apps",
        "collections",
        "contact",
        "customer-stories",
        "enterprise",
        "events",
        "explore",
        "features",
        "issues",
        "join",
        "login",
        "marketplace",
        "new",
        "notifications",
        "pricing",
        "pulls",
        "readme",
        "search",
        "security",
        "settings",
        "site",
        "sponsors",
        "stars",
        "topics",
        "trending",
    }
)
_ONE_OF_MANY = frozenset({"issues", "pull", "pulls", "commit", "commits", "discussions"})


def _github(address: _Address) -> _Found:
    """A repository is code; its owner's page a project page; one issue of it is neither."""
    path = address.path[1:] if address.path[:1] == ("orgs",) else address.path
    if not path or path[0].lower() in _GITHUB_PAGES:
        return None
    if len(path) == 1:
        return LinkKind.PROJECT, address.at(path[0]), True
    owner, name, *rest = path
    if len(rest) > 1 and rest[0] in _ONE_OF_MANY:
        return None
    repository = _REPOSITORY.match(name)
    if repository is None or not re.fullmatch(r"[\w-]+", owner):
        return None
    if repository.end() < len(name):  # text that was typed without a blank
        rest = []
    return LinkKind.CODE, _inside(address, owner, repository[1], rest), False


_REPOSITORY = re.compile(r"([\w.-]*?[\w-])(?:\.git)?(?=\.*(?:[^\w.-]|\.?https?:|$))")


def _inside(address: _Address, owner: str, name: str, rest: list[str]) -> _Address:
    """Keep the folder of a repository that holds many papers' code, drop the default branch."""
    if rest[:1] not in (["tree"], ["blob"]) or len(rest) < 2 or rest[1:] in (["main"], ["master"]):
        rest = []
    return address.at(owner, name, *rest)


def _gist(address: _Address) -> _Found:
    return (LinkKind.CODE, address.at(*address.path), False) if address.path else None


def _is_forge(host: str) -> bool:
    """Recognise an institution's own GitLab or Gitea by its name: gitlab.inria.fr, git.rwth.de."""
    first = host.split(".", 1)[0]
    return "gitlab" in first or first in ("git", "gitea", "code") or first.endswith("-git")


def _forge(address: _Address) -> _Found:
    """A path of a group and a repository is code; ``/-/`` begins GitLab's own pages."""
    path = address.path[: address.path.index("-")] if "-" in address.path else address.path
    if len(path) < 2:
        return (LinkKind.PROJECT, address.at(*path), True) if path else None
    return LinkKind.CODE, address.at(*path[:-1], path[-1].removesuffix(".git")), False


def _sourceforge(address: _Address) -> _Found:
    if address.path[:1] not in (("projects",), ("p",)) or len(address.path) < 2:
        return None
    return LinkKind.CODE, address.at(*address.path), False


def _bitbucket(address: _Address) -> _Found:
    if address.path[1:2] == ("workspace",):
        return LinkKind.PROJECT, address.at(*address.path), True
    return _forge(address)


def _anonymous(address: _Address) -> _Found:
    """``/r/NAME`` is a repository under review, ``/w/NAME`` a page made from one."""
    if len(address.path) < 2:
        return None
    place, name, *rest = address.path
    if place == "w":
        return LinkKind.PROJECT, address.at("w", name, *rest), False
    if place in ("r", "repository", "anonymize", "status"):
        return LinkKind.CODE, address.at("r" if place == "status" else place, name, *rest), False
    return None


_HUGGING_FACE_PAGES = frozenset(
    {
        "api",
        "blog",
        "chat",
        "datasets",
        "docs",
        "inference-endpoints",
        "join",
        "learn",
        "login",
        "models",
        "organizations",
        "papers",
        "posts",
        "pricing",
        "settings",
        "spaces",
        "tasks",
    }
)


def _hugging_face(address: _Address) -> _Found:
    """Data sets and models by their path; a space is a running demo, so a project page."""
    path = address.path
    if path[:1] == ("datasets",) and len(path) > 1:
        return LinkKind.DATA, address.at(*path[:3]), False
    if path[:1] in (("spaces",), ("collections",)) and len(path) > 1:
        return LinkKind.PROJECT, address.at(*path[:3]), False
    if not path or path[0] in _HUGGING_FACE_PAGES:
        return None
    if len(path) == 1:
        return LinkKind.PROJECT, address.at(path[0]), True
    return LinkKind.MODEL, address.at(*path[:2]), False


def _modelscope(address: _Address) -> _Found:
    kinds = {"models": LinkKind.MODEL, "datasets": LinkKind.DATA, "studios": LinkKind.PROJECT}
    kind = kinds.get(address.path[0]) if len(address.path) > 1 else None
    return (kind, address.at(*address.path[:3]), False) if kind else None


def _kaggle(address: _Address) -> _Found:
    """Notebooks are code, competitions project pages; ``/datasets`` may be left out."""
    if len(address.path) < 2:
        return None
    kinds = {"code": LinkKind.CODE, "models": LinkKind.MODEL, "competitions": LinkKind.PROJECT,
             "c": LinkKind.PROJECT}  # fmt: skip
    kind = kinds.get(address.path[0], LinkKind.DATA)
    return kind, replace(address, scheme="https"), kind is LinkKind.PROJECT


def _archive(address: _Address) -> _Found:
    return (LinkKind.DATA, address.at(*address.path), False) if address.path else None


def _notebook(address: _Address) -> _Found:
    return (LinkKind.CODE, replace(address, scheme="https"), False) if address.path else None


_RULES: Mapping[str, Callable[[_Address], _Found]] = {
    "github.com": _github,
    "gist.github.com": _gist,
    "gitlab.com": _forge,
    "bitbucket.org": _bitbucket,
    "codeberg.org": _forge,
    "gitee.com": _forge,
    "sourceforge.net": _sourceforge,
    "anonymous.4open.science": _anonymous,
    "codeocean.com": _notebook,
    "colab.research.google.com": _notebook,
    "huggingface.co": _hugging_face,
    "modelscope.cn": _modelscope,
    "kaggle.com": _kaggle,
    "zenodo.org": _archive,
    "figshare.com": _archive,
}

_INTRODUCING = re.compile(
    r"""\b(?:
        (?:project|home|web|github|demo|companion)[ -]?(?:page|site|web ?page|website)s? | website
        | projects? | codes? | codebase | source | software | implementations? | toolbox | toolkit
        | library | package | scripts? | notebooks? | repository | repo | data | data ?sets?
        | corpus | benchmarks? | models? | weights | checkpoints | demos? | demonstrations?
        | videos? | samples | examples | materials? | supplement\w* | results | resources
        | artifacts? | platform | leaderboard | challenge | visuali[sz]ations? | animations?
        | available | accessible | accessed | released? | hosted | maintained | found | visit
        | provided | details | information | here | see | we[ ](?:present|introduce|develop(?:ed)?)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)


def _is_introduced(text: str, at: int) -> bool:
    """Tell whether the words of the same sentence, before the address, offer it as the authors'."""
    before = text[max(at - _INTRODUCTION, 0) : at]
    sentence = re.split(r"(?<=[.!?])\s|\n", before.rstrip(" \n"))[-1]
    return _INTRODUCING.search(sentence) is not None
