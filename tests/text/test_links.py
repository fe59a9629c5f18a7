"""The authors' own addresses are found, named for what they lead to, and nothing else."""

import re

from bot.models import LinkKind
from bot.text.html import undo_html
from bot.text.links import find_links
from tests.shared import shared


def test_the_seed_names_four_papers_with_repositories_and_six_with_only_a_project_page() -> None:
    seed = shared("seed/cs.CV-2020-08-21.md").read_text(encoding="utf-8")
    papers = [part.split("\n>", 1)[1] for part in re.split(r"^### ", seed, flags=re.M)[1:]]
    found = [find_links(abstract=undo_html(paper), comment=None) for paper in papers]
    repositories = [[link for link in links if link.kind is LinkKind.CODE] for links in found]
    assert len(papers) == 47
    assert [len(links) for links in repositories if links] == [1, 1, 1, 3]
    assert sum(1 for links in found if [link.kind for link in links] == [LinkKind.PROJECT]) == 6
