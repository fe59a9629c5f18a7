"""The authors' own addresses are found, named for what they lead to, and nothing else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import LinkKind, Provenance
from bot.text.html import undo_html
from bot.text.links import find_links, read_link, same_address
from bot.text.tex import to_unicode
from tests.examples import examples
from tests.growth import LINEAR, growth, repeated
from tests.samples import SEED
from tests.text import corpus


def found(text: str) -> list[str]:
    return [
        f"{link.kind} {link.url}" for link in find_links(abstract=to_unicode(text), comment=None)
    ]


REPOSITORY = ["code https://github.com/a/b"]


def test_the_seed_names_six_papers_with_code_and_four_with_only_a_page() -> None:
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
        ["data http://vcc.szu.edu.cn/research/2020/IT"],
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
        ("As Foo did (github.com/a/b).", ["code https://github.com/a/b"]),
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
        ("As Foo did (bitbucket.org/g/workspace/projects/P).", []),
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
        # what keeps files of any kind says so itself; any other page is what is offered there
        ("Weights: https://drive.google.com/x", ["data https://drive.google.com/x"]),
        ("Weights: https://x.org/y", ["model https://x.org/y"]),
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


HOSTS = {
    # folders, branches and files of a repository; its pages for one of many
    "github.com/g/r/tree/dev": "code https://github.com/g/r/tree/dev",
    "github.com/g/r/blob/main/x.py": "code https://github.com/g/r/blob/main/x.py",
    "github.com/g/r/blob/master": "code https://github.com/g/r",
    "github.com/g/r/tree/master": "code https://github.com/g/r",
    "github.com/g/r/tree": "code https://github.com/g/r",
    "github.com/g/r/releases/tag/v1": "code https://github.com/g/r",
    "github.com/g/r/pull": "code https://github.com/g/r",
    "github.com/g/r/pull/7": None,
    "github.com/g/r/commit/1f": None,
    "github.com/g/r/discussions/1": None,
    # owners, by either address; pages of GitHub itself
    "github.com/g": "project https://github.com/g",
    "github.com/orgs/g": "project https://github.com/g",
    "github.com/orgs/g/r": "code https://github.com/g/r",
    "github.com/Topics/x": None,
    "github.com/orgs": None,
    "github.com/a.b/r": None,
    "github.com/g/r.git/tree/dev": "code https://github.com/g/r/tree/dev",
    "github.com/g/r,s/tree/dev": "code https://github.com/g/r",
    "gist.github.com": None,
    "gist.github.com/o/1f#file": "code https://gist.github.com/o/1f",
    # forges of institutions, by the first part of their name
    "gitlab.com": None,
    "gitlab.com/g": "project https://gitlab.com/g",
    "gitlab.com/g/-/members": "project https://gitlab.com/g",
    "gitea.x.org/g/r": "code https://gitea.x.org/g/r",
    "code.x.org/g/r": "code https://code.x.org/g/r",
    "lab-git.x.org/g/r": "code https://lab-git.x.org/g/r",
    "my.gitea.x.org/g/r": "project http://my.gitea.x.org/g/r",
    "gitlab.com.x.org/g/r": "project http://gitlab.com.x.org/g/r",
    "bitbucket.org/g/workspace/projects/P": "project https://bitbucket.org/g/workspace/projects/P",
    "sourceforge.net/p/x/code": "code https://sourceforge.net/p/x/code",
    "sourceforge.net/projects": None,
    "sourceforge.net/u/x": None,
    # repositories under review
    "anonymous.4open.science": None,
    "anonymous.4open.science/r": None,
    "anonymous.4open.science/repository/X/f": "code https://anonymous.4open.science/repository/X/f",
    "anonymous.4open.science/anonymize/X": "code https://anonymous.4open.science/anonymize/X",
    "anonymous.4open.science/status/X": "code https://anonymous.4open.science/r/X",
    "anonymous.4open.science/w/X/a": "project https://anonymous.4open.science/w/X/a",
    "anonymous.4open.science/api/X": None,
    # models, data and demonstrations
    "huggingface.co": None,
    "huggingface.co/o": "project https://huggingface.co/o",
    "huggingface.co/o/m/blob/main/x": "model https://huggingface.co/o/m",
    "huggingface.co/datasets": None,
    "huggingface.co/datasets/o/d/viewer": "data https://huggingface.co/datasets/o/d",
    "huggingface.co/datasets/d": "data https://huggingface.co/datasets/d",
    "huggingface.co/spaces": None,
    "huggingface.co/spaces/o/s/tree": "project https://huggingface.co/spaces/o/s",
    "huggingface.co/collections/o/c": "project https://huggingface.co/collections/o/c",
    "modelscope.cn": None,
    "modelscope.cn/models": None,
    "modelscope.cn/models/o/m/files": "model https://modelscope.cn/models/o/m",
    "modelscope.cn/datasets/o/d": "data https://modelscope.cn/datasets/o/d",
    "modelscope.cn/studios/o/s": "project https://modelscope.cn/studios/o/s",
    "modelscope.cn/docs/o/s": None,
    "kaggle.com/o": None,
    "kaggle.com/code/o/n": "code https://kaggle.com/code/o/n",
    "kaggle.com/models/o/m": "model https://kaggle.com/models/o/m",
    "kaggle.com/c/x": "project https://kaggle.com/c/x",
    "kaggle.com/competitions/x": "project https://kaggle.com/competitions/x",
    "kaggle.com/o/d": "data https://kaggle.com/o/d",
    # archives; identifiers of archives, and of nothing
    "zenodo.org": None,
    "figshare.com/s/1": "data https://figshare.com/s/1",
    "osf.io/1": "data http://osf.io/1",
    "data.dataverse.org/x": "data http://data.dataverse.org/x",
    "doi.org/10.5281/zenodo.1": "data https://doi.org/10.5281/zenodo.1",
    "dx.doi.org/10.6084/1": "data https://dx.doi.org/10.6084/1",
    "doi.org/10.5281": None,
    "doi.org/10.1109/1": None,
    "doi.org": None,
    # packages and notebooks, not the front pages of those who keep them
    "raw.githubusercontent.com/o/r": None,
    "raw.githubusercontent.com/o/r/x": "code https://github.com/o/r",
    "pypi.org/p/x/1.0": "code https://pypi.org/p/x",
    "pypi.org/project": None,
    "pypi.org/user/x": None,
    "cran.r-project.org/web/packages/x/i.html": (
        "code https://cran.r-project.org/web/packages/x/i.html"
    ),
    "cran.r-project.org/web/views": None,
    "mathworks.com/matlabcentral/fileexchange": None,
    "mathworks.com/matlabcentral/answers/1": None,
    "mathworks.com/matlabcentral/fileexchange/1-x?s=1": (
        "code https://mathworks.com/matlabcentral/fileexchange/1-x"
    ),
    "codeocean.com/capsule/1": "code https://codeocean.com/capsule/1",
    "codeocean.com": None,
    # pages of projects, of others, and short addresses of nothing
    "x.gitlab.io/y": "project https://x.gitlab.io/y",
    "x.org:8080/y?z=1#w": "project http://x.org:8080/y?z=1#w",
    "bit.ly/x": "project http://bit.ly/x",
    "bit.ly": None,
    "sub.neurips.cc/x": None,
    "notneurips.cc/x": "project http://notneurips.cc/x",
}
"""What an address on its own is, by its host and path."""


@pytest.mark.parametrize(("address", "link"), HOSTS.items(), ids=HOSTS.keys())
def test_an_address_on_its_own_is_what_its_host_says(address: str, link: str | None) -> None:
    """No words introduce it; the scheme is https where the host is known to have it."""
    read = read_link(f" http://{address} ", Provenance.HUGGING_FACE)
    assert (read and f"{read.kind} {read.url}") == link
    assert read is None or read.provenance is Provenance.HUGGING_FACE


@pytest.mark.parametrize("text", ["", "x.org", "see https://x.org/y", "ftp://x.org/y", "http://x"])
def test_what_is_no_address_on_its_own_is_no_link(text: str) -> None:
    assert read_link(text, Provenance.HUGGING_FACE) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://github.com/A/b", "http://www.github.com/a/B/", True),
        ("https://gitlab.x.org/A/b", "https://gitlab.x.org/a/B", True),
        ("https://x.org/A", "http://x.org/A/", True),
        ("https://x.org/A", "https://x.org/a", False),
        ("https://x.org/a?b", "https://x.org/a", False),
        ("https://hf.co/a/b", "https://huggingface.co/a/b", True),
        ("nothing that is one", "nothing that is one", True),
    ],
)
def test_spellings_of_one_address_are_the_same(one: str, other: str, is_same: bool) -> None:
    assert (same_address(one) == same_address(other)) is is_same


def test_what_is_no_address_is_compared_as_it_is() -> None:
    assert same_address("https://x") == "https://x"


def test_a_link_that_the_comment_calls_code_is_code_and_still_of_the_abstract() -> None:
    (link,) = find_links(abstract="Project page: https://x.org/y", comment="Code: https://x.org/y")
    assert (link.kind, link.provenance) == (LinkKind.CODE, Provenance.ABSTRACT)
    (link,) = find_links(abstract="Code: https://x.org/y", comment="Project page: https://x.org/y")
    assert (link.kind, link.provenance) == (LinkKind.CODE, Provenance.ABSTRACT)


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("Our website: " + "x" * 111 + "https://x.org/y", True),
        ("Our website: " + "x" * 112 + "https://x.org/y", False),
        ("See our website. Foo (https://x.org/y) is fast.", False),
        ("See our website\nFoo: https://x.org/y", False),
        ("See our website:\nhttps://x.org/y", True),
        ("It is e.g. our website https://x.org/y", True),
        ("Foo, https://x.org/y, is our website", False),
    ],
)
def test_a_page_is_introduced_by_the_words_before_it_in_its_sentence(
    text: str, is_shown: bool
) -> None:
    assert bool(find_links(abstract=text, comment=None)) is is_shown


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


@settings(max_examples=examples(600), deadline=None)
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
