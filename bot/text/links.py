"""Find the addresses that authors name for a paper's code, data, models and project page.

    text -> addresses (`addresses`) -> what the host says, what the sentence says (`offers`) -> kind

The host says what an address leads to where it can: a repository host to code, an archive to
data. The sentence has the last word: a repository that it offers as data is data, a page that it
offers code at is code, a page of any host that it offers only data at is data, and what it names
as the work of others has no place among a paper's links. Any other address counts as a project page
if the words before it introduce it as the authors' own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.models import Link, LinkKind, Provenance
from bot.text.addresses import (
    Address,
    find_addresses,
    parse_address,
    read_address,
)
from bot.text.offers import AT_A_FORGE, AT_A_PAGE, AT_ANY_PAGE, Offer, read_clauses, read_offer

_INTRODUCTION = 120  # characters before an address that can introduce it


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLink:
    """A link as found in a text, and the name of the rule that made it what it is."""

    kind: LinkKind
    address: Address
    rule: str


def find_links(*, abstract: str, comment: str | None) -> tuple[Link, ...]:
    """Return the links that the abstract and then the comment name, each address once."""
    links: dict[str, Link] = {}
    for text, provenance in ((abstract, Provenance.ABSTRACT), (comment or "", Provenance.COMMENT)):
        for found in explain_links(text):
            link = Link(kind=found.kind, url=found.address.url, provenance=provenance)
            known = links.setdefault(_identity(found.address), link)
            if link.kind is LinkKind.CODE and known.kind is not LinkKind.CODE:
                links[_identity(found.address)] = replace(known, kind=LinkKind.CODE)
    return tuple(links.values())


def explain_links(text: str) -> Iterator[FoundLink]:
    """Yield every link of a text as often as it is named, with the rule that gave it its kind."""
    text, places = find_addresses(text)
    for place, clause in zip(places, read_clauses(text, places), strict=True):
        result = _by_host(_settled(place.address)) if place.address else None
        if result is None:
            continue
        kind, address, must_be_introduced = result
        is_introduced = not must_be_introduced or _is_introduced(text, place.start)
        is_any_page = must_be_introduced and is_introduced and kind is LinkKind.PROJECT
        cue = read_offer(clause, AT_A_FORGE if kind is LinkKind.CODE else AT_A_PAGE)
        if cue is None and is_any_page:
            cue = read_offer(clause, AT_ANY_PAGE)
        if cue is not None:
            offered = _KINDS.get(cue.offer)
            if offered is not None:
                yield FoundLink(kind=offered, address=address, rule=cue.name)
        elif is_introduced:
            yield FoundLink(kind=kind, address=address, rule="its host")


def read_link(text: str, provenance: Provenance) -> Link | None:
    """Return the link that an address given on its own is, or None if it is not one to show.

    Such an address is offered as the paper's own, so no words need introduce it.
    """
    address = read_address(text)
    result = _by_host(_settled(address)) if address else None
    return Link(kind=result[0], url=result[1].url, provenance=provenance) if result else None


def same_address(url: str) -> str:
    """Return what all spellings of an address share, to compare links by."""
    address = parse_address(url)
    return _identity(_settled(address)) if address else url


def _identity(address: Address) -> str:
    """Return what two spellings of one address share."""
    bare = address.url.split("://", 1)[1]  # the path's letter case matters, but not to forges
    return bare.lower() if address.host in _RULES or _is_own_forge(address.host) else bare


# --- what the sentence makes of it ---------------------------------------------------------

_KINDS = {
    Offer.CODE: LinkKind.CODE,
    Offer.DATA: LinkKind.DATA,
    Offer.MODEL: LinkKind.MODEL,
    Offer.LIST: LinkKind.PROJECT,
    Offer.VIEW: LinkKind.PROJECT,
}
"""What is missing here is no link of the paper."""


def _settled(address: Address) -> Address:
    """Drop the ``www.`` where a host is known without it."""
    bare = address.host.removeprefix("www.")
    return replace(address, host=bare) if bare != address.host and bare in _RULES else address


# --- what the host says --------------------------------------------------------------------

_Found = tuple[LinkKind, Address, bool] | None
"""Kind, address in its canonical form, and whether the words before must introduce it."""


def _by_host(address: Address) -> _Found:
    rule = _RULES.get(address.host)
    if rule is not None:
        return rule(address)
    host = address.host
    if host.endswith((".github.io", ".gitlab.io")) or host == "sites.google.com":
        return LinkKind.PROJECT, replace(address, scheme="https"), False
    if host in ("doi.org", "dx.doi.org"):
        return _doi(address)
    if _is_own_forge(host):
        return _forge(address)
    if _ends_with(host, _ARCHIVES):
        return LinkKind.DATA, address, True
    if _ends_with(host, _ELSEWHERE) or (host in _SHORTENERS and not address.path):
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

_SHORTENERS = frozenset({"bit.ly", "tinyurl.com", "goo.gl", "t.co", "aka.ms", "dub.sh", "rb.gy"})

_DATA_DOIS = ("10.5281", "10.6084", "10.7910", "10.17632", "10.5061", "10.21227", "10.57967")
"""DOI prefixes of Zenodo, Figshare, Dataverse, Mendeley, Dryad, DataPort and Hugging Face."""


def _doi(address: Address) -> _Found:
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


def _github(address: Address) -> _Found:
    """A repository is code; its owner's page a project page; one issue of it is neither."""
    path = address.path[1:] if address.path[:1] == ("orgs",) else address.path
    if not path or path[0].lower() in _GITHUB_PAGES or not re.fullmatch(r"[\w-]+", path[0]):
        return None
    if len(path) == 1:
        return LinkKind.PROJECT, address.at(path[0]), True
    owner, name, *rest = path
    if len(rest) > 1 and rest[0] in _ONE_OF_MANY:
        return None
    repository = _REPOSITORY.match(name)
    if repository is None:
        return None
    if repository.end() < len(name):  # text that was typed without a blank
        rest = []
    return LinkKind.CODE, _inside(address, owner, repository[1], rest), False


_REPOSITORY = re.compile(r"([\w.-]*?[\w-])(?:\.git)?(?=\.*(?:[^\w.-]|\.?https?:|$))")


def _inside(address: Address, owner: str, name: str, rest: list[str]) -> Address:
    """Keep the folder of a repository that holds many papers' code, drop the default branch."""
    if rest[:1] not in (["tree"], ["blob"]) or len(rest) < 2 or rest[1:] in (["main"], ["master"]):
        rest = []
    return address.at(owner, name, *rest)


def _gist(address: Address) -> _Found:
    return (LinkKind.CODE, address.at(*address.path), False) if address.path else None


def is_forge(host: str) -> bool:
    """Return whether a host is one of the known ones, on which a path names a repository."""
    return host in _RULES


def imitates_a_forge(host: str) -> bool:
    """Return whether a host looks like a known one without being it: github.com.x.org, githab.com.

    Names in other letters (``xn--``) count, too: Discord shows them as what they look like.
    """
    if is_forge(host) or _ends_with(host, _KNOWN_DOMAINS):
        return False
    words = re.split(r"[.:-]", host)
    return "xn--" in host or any(
        name in host or any(_is_nearly(word, name) for word in words) for name in _KNOWN_NAMES
    )


_KNOWN_DOMAINS = frozenset({
    "github.com", "github.io", "githubusercontent.com", "gitlab.com", "gitlab.io", "bitbucket.org",
    "huggingface.co", "sourceforge.net", "sourceforge.io", "codeberg.org", "kaggle.com",
    "zenodo.org", "figshare.com",
})  # fmt: skip
_KNOWN_NAMES = frozenset(domain.split(".")[0] for domain in _KNOWN_DOMAINS)


def _is_nearly(word: str, name: str) -> bool:
    """Return whether a word becomes the name by one letter more, less or other, or by a swap."""
    if abs(len(word) - len(name)) > 1:
        return False
    same = next(
        (at for at, pair in enumerate(zip(word, name, strict=False)) if len({*pair}) > 1),
        min(len(word), len(name)),
    )
    left, right = word[same:], name[same:]
    one_letter = left[1:] == right[1:] or left[1:] == right or left == right[1:]
    return one_letter or (left[:2] == right[1::-1] and left[2:] == right[2:])


def _is_own_forge(host: str) -> bool:
    """Recognise an institution's own GitLab or Gitea by its name: gitlab.inria.fr, git.rwth.de."""
    if _IMITATION.search(host):
        return False
    first = host.split(".", 1)[0]
    return "gitlab" in first or first in ("git", "gitea", "code") or first.endswith("-git")


_IMITATION = re.compile(r"(?:hub|lab)[.-](?:com|org|io)\b(?=.)")  # gitlab.com.example.org


def _forge(address: Address) -> _Found:
    """A path of a group and a repository is code; ``/-/`` begins GitLab's own pages."""
    path = address.path[: address.path.index("-")] if "-" in address.path else address.path
    if len(path) < 2:
        return (LinkKind.PROJECT, address.at(*path), True) if path else None
    return LinkKind.CODE, address.at(*path[:-1], path[-1].removesuffix(".git")), False


def _sourceforge(address: Address) -> _Found:
    if address.path[:1] not in (("projects",), ("p",)) or len(address.path) < 2:
        return None
    return LinkKind.CODE, address.at(*address.path), False


def _bitbucket(address: Address) -> _Found:
    if address.path[1:2] == ("workspace",):
        return LinkKind.PROJECT, address.at(*address.path), True
    return _forge(address)


def _anonymous(address: Address) -> _Found:
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


def _hugging_face(address: Address) -> _Found:
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


def _modelscope(address: Address) -> _Found:
    kinds = {"models": LinkKind.MODEL, "datasets": LinkKind.DATA, "studios": LinkKind.PROJECT}
    kind = kinds.get(address.path[0]) if len(address.path) > 1 else None
    return (kind, address.at(*address.path[:3]), False) if kind else None


def _kaggle(address: Address) -> _Found:
    """Notebooks are code, competitions project pages; ``/datasets`` may be left out."""
    if len(address.path) < 2:
        return None
    kinds = {"code": LinkKind.CODE, "models": LinkKind.MODEL, "competitions": LinkKind.PROJECT,
             "c": LinkKind.PROJECT}  # fmt: skip
    kind = kinds.get(address.path[0], LinkKind.DATA)
    return kind, replace(address, scheme="https"), kind is LinkKind.PROJECT


def _archive(address: Address) -> _Found:
    return (LinkKind.DATA, address.at(*address.path), False) if address.path else None


def _raw(address: Address) -> _Found:
    """A file of a repository leads to the repository."""
    if len(address.path) < 3:
        return None
    return LinkKind.CODE, replace(address, host="github.com").at(*address.path[:2]), False


def _package(address: Address) -> _Found:
    """A package's page, not the front page of those who keep them."""
    if address.path[:1] not in (("project",), ("p",)) or len(address.path) < 2:
        return None
    return LinkKind.CODE, address.at(*address.path[:2]), False


def _r_package(address: Address) -> _Found:
    is_package = address.path[:2] == ("web", "packages") or "package=" in address.url
    return (LinkKind.CODE, replace(address, scheme="https"), False) if is_package else None


def _file_exchange(address: Address) -> _Found:
    if address.path[:2] != ("matlabcentral", "fileexchange") or len(address.path) < 3:
        return None
    return LinkKind.CODE, address.at(*address.path), False


def _notebook(address: Address) -> _Found:
    return (LinkKind.CODE, replace(address, scheme="https"), False) if address.path else None


_RULES: Mapping[str, Callable[[Address], _Found]] = {
    "github.com": _github,
    "gist.github.com": _gist,
    "gitlab.com": _forge,
    "bitbucket.org": _bitbucket,
    "codeberg.org": _forge,
    "gitee.com": _forge,
    "gitcode.com": _forge,
    "dagshub.com": _forge,
    "raw.githubusercontent.com": _raw,
    "pypi.org": _package,
    "cran.r-project.org": _r_package,
    "mathworks.com": _file_exchange,
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
    """Return whether the same sentence, before the address, offers it as the authors' own."""
    before = text[max(at - _INTRODUCTION, 0) : at]
    sentence = re.split(r"(?<=[.!?])\s|\n", before.rstrip(" \n"))[-1]
    return _INTRODUCING.search(sentence) is not None
