"""Digests that strain a style, and what Discord would refuse of its messages."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from bot.digest.messages import MessageDraft
from bot.digest.models import Digest, DigestEntry
from bot.models import AnnounceType, LinkKind, Paper
from bot.text import markdown
from bot.ui.styles.receipt import is_receipt
from tests.builders import make_digest, make_entry, make_link, make_paper
from tests.fakes.spec import MESSAGES, body_errors

LONG = "We study a hard problem, propose a method and show on 5 benchmarks that it works. " * 20


def typical_paper(number: int) -> Paper:
    return make_paper(
        number,
        title=f"Learning to Do Thing Number {number} Without Any Supervision in the Wild",
        abstract=LONG[:1212],
        authors=[f"Author Number{index}" for index in range(6)],
        categories=["cs.CV", "cs.LG"],
        links=[make_link(f"https://github.com/example/project-{number}")],
    )


def embeds_of(draft: MessageDraft) -> list[dict[str, Any]]:
    """Return the embeds that show papers: all but the receipt."""
    embeds = draft.body["embeds"]
    assert isinstance(embeds, list)
    return [embed for embed in embeds if not is_receipt(embed)]


def receipt_of(draft: MessageDraft) -> str:
    """Return what the receipt of a message says; nothing where it has none."""
    embeds = draft.body["embeds"]
    assert isinstance(embeds, list)
    said = [str(embed["footer"]["text"]) for embed in embeds if is_receipt(embed)]
    lines = str(draft.body["content"]).split("\n")
    return (said or [line for line in lines[1:] if line.startswith("-# ")] or [""])[0]


def content_of(draft: MessageDraft) -> str:
    content = draft.body["content"]
    assert isinstance(content, str)
    return content


def texts_of(embed: Mapping[str, Any]) -> list[str]:
    """Return the texts of an embed that count towards the 6000 of its message."""
    fields = embed.get("fields", [])
    texts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
    texts += [field[key] for field in fields for key in ("name", "value")]
    return [text for text in texts if text]


def body_problems(body: Mapping[str, Any]) -> list[str]:
    """Return what Discord would refuse, whichever of the two units it counts texts in."""
    problems = list(body_errors("post", MESSAGES, body))
    total = sum(markdown.width(text) for embed in body["embeds"] for text in texts_of(embed))
    if total > 6000:
        problems.append(f"{total} UTF-16 units in the embeds")
    for embed in body["embeds"]:
        if any(not text.strip() for text in texts_of(embed)):
            problems.append("blank text")
        if markdown.width(embed.get("title", "")) > 256:
            problems.append("title too long in UTF-16 units")
        if markdown.width(embed.get("description", "")) > 4096:
            problems.append("description too long in UTF-16 units")
    if len(body["embeds"]) > 10 or not body["content"].strip():
        problems.append("too many embeds, or no content")
    problems += menu_problems(options_of(body))
    json.dumps(body)
    return problems


def menu_problems(options: Sequence[Mapping[str, str]]) -> list[str]:
    problems = [
        f"option too long or blank: {option}"
        for option in options
        if not all(text.strip() and markdown.width(text) <= 100 for text in option.values())
    ]
    if len({option["value"] for option in options}) != len(options):
        problems.append("two options share a value")
    return problems


def options_of(body: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        option
        for row in body.get("components", [])
        for menu in row["components"]
        for option in menu.get("options", [])
    ]


def papers_of(drafts: Sequence[MessageDraft]) -> list[tuple[str, int]]:
    return [paper for draft in drafts for paper in draft.papers]


HOSTILE = {
    "huge title": make_paper(title="A title " * 4000),
    "huge title of one word": make_paper(title="x" * 30_000),
    "title of specials": make_paper(title="*_`|~[]()<>#@:" * 100),
    "title of emoji": make_paper(title="🚀" * 5000, abstract="🚀" * 5000),
    "empty title": make_paper(title="", source_title=""),
    "blank title": make_paper(title="\u200b\u202e \u2066", abstract="\u200b"),
    "1,351 authors": make_paper(authors=[f"A. Very-Long Name{number}" for number in range(1351)]),
    "author of 10,000 characters": make_paper(authors=["x" * 10_000, "y" * 10_000]),
    "no authors, categories or abstract": make_paper(abstract="", authors=[], categories=[]),
    "TeX": make_paper(abstract=r"$\frac{a}{b}$ \href{x}{y} \begin{equation}" * 100),
    "right to left": make_paper(title="\u202eمرحبا بالعالم" * 60, abstract="\u202eשלום" * 900),
    "mentions": make_paper(title="@everyone <@&1> <t:0:R>", abstract="@here <#1> </a:1>" * 300),
    "zalgo": make_paper(title="Z" + "\u0335\u0321" * 3000, abstract="a\u0300" * 9000),
    "500 repositories": make_paper(
        links=[make_link(f"https://github.com/example/project-{number}") for number in range(500)]
    ),
    "address of 5,000 characters": make_paper(
        links=[make_link("https://example.org/" + "x" * 5000), make_link("https://example.org/a")]
    ),
    "300 categories": make_paper(categories=["hep-th"] * 300),
}


texts = st.text(max_size=300) | st.text(alphabet="ab *_[](){}<>@#`|~:\\-+$%&\n🚀é", max_size=2000)
links = st.lists(
    st.builds(
        make_link,
        st.integers(0, 99).map(lambda number: f"https://github.com/example/project-{number}"),
        st.sampled_from([LinkKind.CODE, LinkKind.PROJECT, LinkKind.DATA, LinkKind.MODEL]),
    ),
    max_size=4,
)


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    count = draw(st.integers(1, 25))
    entries: list[DigestEntry] = []
    for number in range(count):
        paper = make_paper(
            number,
            version=draw(st.integers(1, 3)),
            title=draw(texts),
            abstract=draw(texts) * draw(st.integers(1, 5)),
            authors=draw(st.lists(texts, max_size=3)),
            links=draw(links),
        )
        announce_type = draw(st.sampled_from(list(AnnounceType)))
        entries.append(make_entry(paper, announce_type=announce_type, topics=draw(st.lists(texts))))
    return make_digest(*entries, is_supplement=draw(st.booleans()))
