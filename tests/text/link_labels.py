"""The labelled links of `tests/data/links.jsonl`, and how well a finder of links does on them."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bot.models import Link, LinkKind

LABELS = Path(__file__).resolve().parent.parent / "data" / "links.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One address of a real abstract and what a person says it is (see tests/data/README.md)."""

    id: str
    address: str
    label: str
    why: str
    slice: str
    weight: float
    part: str
    text: str
    url: str | None = None

    @property
    def is_code(self) -> bool:
        return self.label == "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Counts of labelled links; a code link with a wrong address is both wrong and missed."""

    right: float = 0
    wrong: float = 0
    missed: float = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


def read_labels() -> list[Label]:
    lines = LABELS.read_text(encoding="utf-8").splitlines()
    return [Label(**json.loads(line)) for line in lines]


Finder = Callable[[str], Iterable[Link]]


def score(labels: Iterable[Label], find: Finder, *, is_weighted: bool = False) -> Score:
    right = wrong = missed = 0.0
    for label in labels:
        weight = label.weight if is_weighted else 1.0
        is_found, is_misread = _found_as_code(label, find(label.text))
        right += weight * (is_found and label.is_code)
        wrong += weight * (is_misread or (is_found and not label.is_code))
        missed += weight * (label.is_code and not is_found)
    return Score(right=right, wrong=wrong, missed=missed)


def mistakes(labels: Iterable[Label], find: Finder) -> list[Label]:
    return [
        label
        for label in labels
        if _found_as_code(label, find(label.text)) != (label.is_code, False)
    ]


def _found_as_code(label: Label, links: Iterable[Link]) -> tuple[bool, bool]:
    """Whether the address is there as code, and whether something near it is instead."""
    wanted = _bare(label.url or label.address)
    found = [_bare(link.url) for link in links if link.kind is LinkKind.CODE]
    if wanted in found:
        return True, False
    return False, any(_is_near(wanted, url) for url in found)


def _is_near(wanted: str, found: str) -> bool:
    place = "/".join(found.split("/")[:2])
    return wanted.startswith((found, place)) or found.startswith(wanted)


def _bare(address: str) -> str:
    """Reduce an address to what all its spellings share."""
    address = re.split(
        r"[{}|]", re.sub(r"^\W+|\\_", lambda x: "_" if x[0] == r"\_" else "", address)
    )[0]
    address = re.sub(r"^(?:https?://)?(?:www\.)?|\$", "", address.lower()).split("#")[0]
    address = re.sub(r"[\W_]+$", "", address) if not address.endswith("-") else address
    for ending in (r"/-/.*", r"/tree/(?:main|master)", r"/issues", r"\.git"):
        address = re.sub(rf"{ending}$", "", address)
    address = re.sub(r"^hf\.co/", "huggingface.co/", address)
    return address.replace("/status/", "/r/", 1) if "4open" in address else address
