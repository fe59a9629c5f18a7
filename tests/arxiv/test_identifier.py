import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.arxiv.identifier import abs_url, arxiv_links, parse_identifier, pdf_url, sort_key
from bot.errors import InputError
from bot.models import ArxivId, LinkKind, Provenance

BARE = [
    ("2401.01234", "2401.01234", None),
    ("2401.01234v2", "2401.01234", 2),
    ("0704.0001", "0704.0001", None),
    ("1412.9999v13", "1412.9999", 13),
    ("1501.00010", "1501.00010", None),
    ("hep-th/9901001", "hep-th/9901001", None),
    ("HEP-TH/9901001V3", "hep-th/9901001", 3),
    ("math.GT/0309136", "math/0309136", None),
    ("math/0309136v1", "math/0309136", 1),
    ("cond-mat/0703001", "cond-mat/0703001", None),
]

WRAPPED = [
    "arXiv:{}",
    "ARXIV: {}",
    "oai:arXiv.org:{}",
    "https://arxiv.org/abs/{}",
    "http://www.arxiv.org/abs/{}",
    "export.arxiv.org/abs/{}",
    "https://xx.arxiv.org/abs/{}",
    "https://arxiv.org/pdf/{}",
    "https://arxiv.org/pdf/{}.pdf",
    "https://arxiv.org/html/{}",
    "https://arxiv.org/format/{}",
    "https://arxiv.org/src/{}",
    "https://arxiv.org/e-print/{}",
    "https://arxiv.org/ps/{}",
    "https://arxiv.org/abs/{}?context=cs",
    "https://arxiv.org/abs/{}#S1",
    "https://arxiv.org/abs/{}/",
    "10.48550/arXiv.{}",
    "doi:10.48550/arXiv.{}",
    "https://doi.org/10.48550/arXiv.{}",
    "https://www.alphaxiv.org/abs/{}",
    "https://ar5iv.org/abs/{}",
    "https://ar5iv.labs.arxiv.org/html/{}",
    "https://huggingface.co/papers/{}",
    "https://hf.co/papers/{}",
    "https://scirate.com/arxiv/{}",
    "https://api.semanticscholar.org/arXiv:{}",
    "https://www.semanticscholar.org/arxiv/{}",
    "https://www.emergentmind.com/papers/{}",
    "https://papers.cool/arxiv/{}",
    "arXiv preprint arXiv:{}",
    "arXiv preprint arXiv:{} (2024)",
    "arXiv preprint arXiv:{}, 2024.",
    "arXiv e-prints, p. arXiv:{}",
    "<https://arxiv.org/abs/{}>",
    "(arXiv:{}).",
    "  {} \n",
    "arXiv:{} [cs.CV] 3 Jan 2024",
]


@pytest.mark.parametrize("form", ["{}", *WRAPPED])
def test_every_form_names_the_same_paper(form: str) -> None:
    read = {text: parse_identifier(form.format(text)) for text, _, _ in BARE}
    assert read == {text: (arxiv_id, version) for text, arxiv_id, version in BARE}


def test_percent_encoded_slash_of_an_old_identifier() -> None:
    assert parse_identifier("https://arxiv.org/abs/hep-th%2F9901001")[0] == "hep-th/9901001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "paper",
        "2401.1234",  # five digits since 2015
        "1301.12345",  # four before
        "2401.012345",
        "2413.01234",  # no such month
        "0703.0001",  # the scheme began in April 2007
        "hep-th/0704001",  # and the old one ended
        "foo/9901001",
        "hep-th/990100",
        "2401.01234v0",
        "2401.01234x",
        "2401.01234v2 and more",
        "https://example.com/abs/2401.01234",
        "https://arxiv.org/list/cs.CV/new",
        "arxiv.org.example.com/abs/2401.01234",
        "٢٤٠١.٠١٢٣٤",
    ],
)
def test_anything_else_is_one_sentence_that_shows_a_right_form(text: str) -> None:
    with pytest.raises(InputError, match=r"2401\.01234v2"):
        parse_identifier(text)


@given(st.text(max_size=600))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(InputError):
        arxiv_id, _ = parse_identifier(text)
        assert parse_identifier(arxiv_id)[0] == arxiv_id


def test_links_lead_to_arxiv_and_say_so() -> None:
    links = arxiv_links(ArxivId("hep-th/9901001"))
    assert [(link.kind, link.url) for link in links] == [
        (LinkKind.ABS, "https://arxiv.org/abs/hep-th/9901001"),
        (LinkKind.PDF, "https://arxiv.org/pdf/hep-th/9901001"),
    ]
    assert {link.provenance for link in links} == {Provenance.ARXIV}


def test_links_can_name_a_version() -> None:
    arxiv_id = ArxivId("2401.01234")
    assert abs_url(arxiv_id, 2).endswith("/abs/2401.01234v2")
    assert pdf_url(arxiv_id, 2).endswith("/pdf/2401.01234v2")


def test_sort_key_is_the_order_of_assignment_over_both_schemes() -> None:
    in_order = ["hep-th/9108001", "math/9912999", "math/0001001", "hep-th/0703200", "0704.0001"]
    in_order += ["1412.9999", "1501.00001", "1501.10000", "2401.00002"]
    assert sorted(in_order, key=lambda text: sort_key(ArxivId(text))) == in_order
