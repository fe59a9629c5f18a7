"""The authors' own addresses are found, named for what they lead to, and nothing else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import LinkKind, Provenance
from bot.text.html import undo_html
from bot.text.links import find_links
from bot.text.tex import to_unicode
from tests.growth import LINEAR, growth, repeated
from tests.samples import SEED
from tests.text import corpus


def found(text: str) -> list[str]:
    return [
        f"{link.kind} {link.url}" for link in find_links(abstract=to_unicode(text), comment=None)
    ]


REPOSITORY = ["code https://github.com/a/b"]


def test_the_seed_names_six_papers_with_code_and_four_with_only_a_project_page() -> None:
    seed = SEED.read_text(encoding="utf-8")
    papers = [part.split("\n>", 1)[1] for part in re.split(r"^### ", seed, flags=re.M)[1:]]
    links = [found(undo_html(paper)) for paper in papers]
    code = [[link for link in each if link.startswith("code ")] for each in links]
    assert len(papers) == 47
    assert [each for each in code if each] == [
        ["code https://github.com/SunDoge/L-GCN"],
        ["code https://expose.is.tue.mpg.de"],
        ["code https://github.com/hongsukchoi/Pose2Mesh_RELEASE"],
        ["code https://github.com/qizhangli/ila-plus-plus"],
        [
            "code https://github.com/shijieS/OmniMOTDataset",
            "code https://github.com/shijieS/OMOTDRecorder",
            "code https://github.com/shijieS/DMMN",
        ],
        ["code https://vcl3d.github.io/DronePose"],
    ]
    others = [each for each, repositories in zip(links, code, strict=True) if not repositories]
    assert [each for each in others if each] == [
        ["project https://gvsnet.github.io"],
        ["project https://nv-tlabs.github.io/meta-sim-structure"],
        ["project http://vcc.szu.edu.cn/research/2020/IT"],
        ["project http://gvv.mpi-inf.mpg.de/projects/PhysCap"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/a/b",
        "http://www.github.com/a/b/",
        "HTTPS://GitHub.com/a/b.git",
        "Code: github.com/a/b.",
        "(https://github.com/a/b).",
        "<https://github.com/a/b>, or",
        "[code](https://github.com/a/b)",
        "'https://github.com/a/b'",
        "https://github.com/a/b/tree/main",
        "https://github.com/a/b/issues",
        "https://github.com/a/b?tab=readme#usage",
        "https://https://github.com/a/b",
        "https: //github.com/a/b",
        "https:github.com/a/b",
        "git@github.com:a/b.git",
        "https://github.com/a/b)(https://github.com/a/b",
        "https://github.com/a/b$",
        "https://github.com/a/b and https://github.com/A/B/",
        r"\url{https://github.com/a/b}",
        r"\href{https://github.com/a/b}{here}",
        r"\href{https://github.com/a/b}{https://github.com/a/b}",
        r"\footnote{\url{github.com/a/b}}",
        "https://github.com/a/b}{https://github.com/a/b",
    ],
)
def test_a_repository_is_found_however_it_is_written(text: str) -> None:
    assert found(text) == REPOSITORY


@pytest.mark.parametrize(
    ("text", "links"),
    [
        # repositories elsewhere, and folders of big ones
        ("https://gitlab.com/g/s/r.git", ["code https://gitlab.com/g/s/r"]),
        ("https://gitlab.com/g/r/-/tree/main/x", ["code https://gitlab.com/g/r"]),
        ("https://gitlab.inria.fr/g/r", ["code https://gitlab.inria.fr/g/r"]),
        ("https://git.tu-berlin.de/g/r", ["code https://git.tu-berlin.de/g/r"]),
        ("https://bitbucket.org/o/r", ["code https://bitbucket.org/o/r"]),
        ("https://codeberg.org/o/r", ["code https://codeberg.org/o/r"]),
        ("https://gitee.com/o/r", ["code https://gitee.com/o/r"]),
        ("https://sourceforge.net/projects/x/", ["code https://sourceforge.net/projects/x"]),
        (
            "https://anonymous.4open.science/r/X-1A/",
            ["code https://anonymous.4open.science/r/X-1A"],
        ),
        ("https://anonymous.4open.science/w/X", ["project https://anonymous.4open.science/w/X"]),
        ("https://gist.github.com/o/1f", ["code https://gist.github.com/o/1f"]),
        ("https://colab.research.google.com/x/1", ["code https://colab.research.google.com/x/1"]),
        (r"https://github.com/a\_b/c\_d", ["code https://github.com/a_b/c_d"]),
        ("github.com/g/r/tree/main/sub", ["code https://github.com/g/r/tree/main/sub"]),
        ("https://github.com/a/b.js.", ["code https://github.com/a/b.js"]),
        ("https://github.com/a/b.https://x.org", ["code https://github.com/a/b"]),
        ("https://gitcode.com/o/r", ["code https://gitcode.com/o/r"]),
        ("https://dagshub.com/o/r", ["code https://dagshub.com/o/r"]),
        ("https://raw.githubusercontent.com/o/r/main/x.py", ["code https://github.com/o/r"]),
        (
            "https://www.mathworks.com/matlabcentral/fileexchange/12-x",
            ["code https://mathworks.com/matlabcentral/fileexchange/12-x"],
        ),
        ("https://pypi.org/project/x/", ["code https://pypi.org/project/x"]),
        (
            "https://CRAN.R-project.org/package=x",
            ["code https://cran.r-project.org/package=x"],
        ),
        ("https://pypi.org and https://www.mathworks.com/products", []),
        # owners are pages, and only when they are offered as the authors'
        ("See github.com/a.", ["project https://github.com/a"]),
        ("Code is available at github.com/a.", ["code https://github.com/a"]),
        ("Code is available at github.com/[your-repo].", []),
        ("As Foo did (github.com/a).", []),
        # one issue of somebody's repository, GitHub's own pages
        ("https://github.com/a/b/issues/12", []),
        ("https://github.com/features/actions", []),
        ("https://github.com/ and https://github.com", []),
        # project pages
        ("x.github.io", ["project https://x.github.io"]),
        ("See x.github.io.", ["project https://x.github.io"]),
        ("http://x.github.io/y/", ["project https://x.github.io/y"]),
        ("https://sites.google.com/view/x", ["project https://sites.google.com/view/x"]),
        ("https://huggingface.co/spaces/a/b", ["project https://huggingface.co/spaces/a/b"]),
        ("Project page: https://x.org/y/", ["project https://x.org/y"]),
        ("Our project website is http://x.org/", ["project http://x.org"]),
        ("Homepage at www.x.org/y", ["project https://www.x.org/y"]),
        ("The code will be at https://x.org/~y/z", ["code https://x.org/~y/z"]),
        ("Project page: https://bit.ly and https://tinyurl.com/", []),
        # data and models
        ("https://huggingface.co/datasets/a/b", ["data https://huggingface.co/datasets/a/b"]),
        ("https://hf.co/a/b/tree/main", ["model https://huggingface.co/a/b"]),
        ("https://zenodo.org/records/1#.Yx", ["data https://zenodo.org/records/1"]),
        ("https://doi.org/10.5281/zenodo.1", ["data https://doi.org/10.5281/zenodo.1"]),
        ("https://figshare.com/s/1", ["data https://figshare.com/s/1"]),
        ("https://www.kaggle.com/datasets/a/b", ["data https://kaggle.com/datasets/a/b"]),
        ("https://www.modelscope.cn/models/a/b", ["model https://www.modelscope.cn/models/a/b"]),
        # no links of the paper
        ("https://doi.org/10.1109/x", []),
        ("Published at https://arxiv.org/abs/2401.01234", []),
        ("see https://en.wikipedia.org/wiki/X", []),
        ("Video: https://youtu.be/x", []),
        ("such as ChatGPT (https://chat.openai.com/)", []),
        ("compared with Foo (https://foo.com).", []),
        ("https://huggingface.co/papers/2401.01234", []),
        ("code at github", []),
        ("", []),
    ],
)
def test_an_address_is_named_for_what_it_leads_to(text: str, links: list[str]) -> None:
    assert found(text) == [link.replace("www.modelscope", "modelscope") for link in links]


@pytest.mark.parametrize(
    "address",
    [
        "https://user:secret@x.org/",
        "https://github.com@evil.org/a/b",
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "https://[x",
        "https://x.org:99999/",
        "https://localhost/x",
        "https://аррle.com/",  # Cyrillic
        "javascript:alert(1)",
        "ftp://x.org/a",
        "https://x.org/" + "a" * 2100,
        "https://x\u202e.org/",
    ],
)
def test_an_address_that_may_deceive_is_no_link(address: str) -> None:
    assert found(f"The code is available at {address}") == []


def test_the_comment_comes_after_the_abstract_and_repeats_nothing() -> None:
    links = find_links(
        abstract="Code: https://github.com/a/b",
        comment="Code: https://github.com/A/b.git, project page: https://x.org",
    )
    assert [(link.kind, link.url, link.provenance) for link in links] == [
        (LinkKind.CODE, "https://github.com/a/b", Provenance.ABSTRACT),
        (LinkKind.PROJECT, "https://x.org", Provenance.COMMENT),
    ]


PARTS = [
    "https://",
    "http://",
    "github.com/",
    "a/b",
    "x.org",
    ".",
    "/",
    "(",
    ")",
    "]",
    ":",
    "@",
    " ",
]
PARTS += [
    "\\url{",
    "}",
    "\\_",
    "~",
    "#",
    "?",
    "www.",
    ".git",
    "Code: ",
    "\n",
    "\u200b",
    "é",
    "%",
    "[",
]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=20).map("".join) | st.text(max_size=40))
def test_every_link_is_a_safe_web_address(text: str) -> None:
    for link in find_links(abstract=text, comment=text):
        assert re.fullmatch(r"https?://[a-z0-9._:-]+(?:[/?#][^\s<>\"]*)?", link.url)
        assert link.url.isprintable()
        assert len(link.url) <= 2048


def test_no_address_of_a_repository_in_real_papers_is_missed() -> None:
    texts = [text for text in corpus.texts() if re.search(r"github\.com/[\w-]+/[\w.-]+", text)]
    assert len(texts) > 300
    assert [text for text in texts if not found(text)] == []


@pytest.mark.parametrize("fragment", ["https://x)", "github.com/a/b", "a.", "git@github.com:", "."])
def test_no_text_takes_long(fragment: str) -> None:
    def find(length: int) -> None:
        hostile = "code at https://github.com/a/" + repeated(fragment, length)
        find_links(abstract=hostile, comment=hostile)

    assert growth(find) < LINEAR
