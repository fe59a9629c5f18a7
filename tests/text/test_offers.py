"""What a sentence offers at an address: each line is one sentence, ``*`` stands for the address."""

import pytest

from bot.text.links import explain_links
from bot.text.offers import AT_A_FORGE, AT_A_PAGE, AT_ANY_PAGE

REPOSITORY = "https://github.com/a/b"
PAGE = "https://x.github.io/y"


def kinds(sentence: str, address: str) -> list[str]:
    return [str(found.kind) for found in explain_links(sentence.replace("*", address))]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


OURS = lines("""
    *
    Code: *
    Code available at *.
    Our code is available at *.
    Codes and data are in *.
    We release the dataset, code and checkpoints at *.
    The dataset of English novels and the code are available at *.
    All of our code can be found at *.
    Code/data: *
    The codes/dataset/demo will be released at *.
    We release our code, prompts, and an open-source benchmark at *.
    Our code and data are available at *.
    We made the prepared datasets, the source code for evaluation, and the results available at *.
    An open source implementation of our method is available at *.
    Our implementation, based on PyTorch, is available at *.
    A PyTorch version is available at *.
    An implementation of FooNet is available at *.
    Our results are reproducible at *.
    This benchmark can be reproduced using the material from *.
    Github: *
    Project page: *
    It holds on all data. Project: *
    It sets a new benchmark on the OASIS dataset. *
    Foo outperforms all baselines. *
    Foo outperforms all baselines. GitHub: *
    Foo is available at *.
    We release Foo at *.
    Our resources are available at *.
    Our models are available at *.
    The dataset and the pre-trained models are available at *.
    Data and evaluator are released under *.
    The evaluation pipeline and dataset are available at *.
    We release a unified benchmark framework (available at *) for it.
    Our dataset and devkit will be made available at *.
    We present Foo (*), a library for graphs.
    We introduce Foo (*), which is faster than vLLM.
    In this paper we propose FooNet (*) and compare it with vLLM.
    We release our code, built on top of vLLM, at *.
    We extend FooLib and release our code at *.
    We implement this as an extension to PyTorch and open-source it at *.
    Our code is available in the TorchCFM package at *.
    Our code is available as part of the LightZero benchmark at *.
    Our evaluation code has been integrated into VLMEvalKit: *.
    Our fork of vLLM is available at *.
    Our THOR implementation fork is publicly available: *
    Code to reproduce the comparison with vLLM is at *.
    The results can be reproduced using the code at *.
    All experiments can be run using our framework, available at *.
    The code used for our experiments can be found at *.
    The code related to this paper is available at *.
    The service for Foo is publicly available for use and further development in *.
    An open-source implementation that outperforms all others is at *.
    The code is open source and the model is available at *.
    The source code will be continuously updated at *.
    EasyFoo is publicly released and actively maintained at *.
    Our extension of the framework is at *.
""")


@pytest.mark.parametrize("sentence", OURS)
def test_a_repository_of_the_authors_is_code(sentence: str) -> None:
    assert kinds(sentence, REPOSITORY) == ["code"]


OF_OTHERS = lines("""
    We compare with vLLM (*) on three models.
    We compare our method with vLLM (*).
    Compared to GPT-NeoX (*), we save memory.
    It outperforms vLLM (*) by 20 %.
    Our approach is faster than vLLM (*).
    The baseline is evaluated against Foo (*).
    Unlike Foo (*), it needs no labels.
    Large libraries such as PyTorch (*) help.
    Tools like Foo (*) are slow.
    Existing serving systems, e.g., vLLM (*), are slow.
    It is built on LLaVA (*).
    Our system is built upon the open-source library FooLib (*).
    The code is built on top of *.
    This is a fork of *.
    Forked from *.
    Our code is based on *.
    Our code is based on the repository *.
    The implementation is adapted from *.
    Code adapted from FooNet (*).
    The environment extends MiniGrid (*).
    Our tool is an extension of Foo (*).
    Inspired by Foo (*), we do this.
    A modified version of nanoGPT (*) is trained.
    We study a compiler derived from *.
    Data was taken from *.
    The method was merged into the PEFT package (*).
    We use the implementation of [12] at *.
    We use the implementation of Kipf et al. at *.
    We used the implementation of Smith et al. (2020), available at *.
    Experiments were run on the original implementation (*).
    The original code of Foo (*) has a bug.
    We use the Foo library (*) for sampling.
    It was implemented using PyTorch (*).
    We evaluate on HumanEval (*) and others.
    We tested on the FooBench suite (*).
    We found that a model trained on The Stack (*) memorises.
    The popular Foo library (*) has bugs.
    Foo (*), a popular library for graphs, is slow.
    Foo (*) is a widely used tool.
    We compare with Foo [*] on three models.
""")


@pytest.mark.parametrize("sentence", OF_OTHERS)
@pytest.mark.parametrize("address", [REPOSITORY, PAGE])
def test_the_work_of_others_is_no_link_of_the_paper(sentence: str, address: str) -> None:
    assert kinds(sentence, address) == []


ONLY_DATA = lines("""
    The dataset is available at *.
    Our data is available at *.
    Data: *
    We release our benchmark at *.
    The benchmark will be open-sourced to support future research at *.
    The dataset and its annotations are available at *.
    The training data of the model is available at *.
    The dataset for training language models is available at *.
    The dataset of source code vulnerabilities is available at *.
    Our code review dataset is available at *.
    Our benchmark for code generation is available at *.
    Code is open source, and the dataset can be downloaded from *.
    The RichFoo data set will be released in our GitHub repository: *.
    We make the corpus public (*).
    FooBench will be available at *.
    The LLM-SI-Corpus is available at *.
    All collected data and produced maps are open access at *.
    We hope the new dataset, available at *, helps.
""")


@pytest.mark.parametrize("sentence", ONLY_DATA)
def test_a_repository_of_data_is_data(sentence: str) -> None:
    assert kinds(sentence, REPOSITORY) == ["data"]


def test_a_repository_named_for_data_is_data_where_the_sentence_names_nothing() -> None:
    assert kinds("We present OLIVE (*).", "https://github.com/a/olive-dataset") == ["data"]
    assert kinds("The code is at *.", "https://github.com/a/olive-dataset") == ["code"]
    assert kinds("We release Foo and Foo-Bench at *.", REPOSITORY) == ["code"]
    assert kinds("Weights are at *.", REPOSITORY) == ["model"]


LISTS = lines("""
    A curated list of papers is available at *.
    A continuously updated paper list is at *.
    We maintain a reading list at *.
    The related papers are collected at *.
    A comprehensive list of studies in this survey is available at *.
    We maintain a repository of relevant references at *.
    A public repository is maintained to keep track of the field at *.
    More related works will be continuously updated on GitHub: *.
    We keep this survey updated on GitHub at *.
    This survey reviews agents. Github: *
    This systematic review is on agents. Github: *
    We present a comprehensive survey of agents. The resources are available at *.
    Videos can be found at *.
    Additional results are available at *.
    The leaderboard is accessible at *.
""")


@pytest.mark.parametrize("sentence", LISTS)
def test_what_is_to_be_read_or_looked_at_is_a_page(sentence: str) -> None:
    assert kinds(sentence, REPOSITORY) == ["project"]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://github.com/a/Awesome-Foo", "project"),
        ("https://github.com/a/b/tree/main/Awesome-Foo", "project"),
        ("https://github.com/AwesomeLemon/foo", "code"),
        ("https://github.com/a/awesomeness", "code"),
    ],
)
def test_an_awesome_list_is_a_list_whatever_is_said(address: str, kind: str) -> None:
    assert kinds("Datasets and codes are summarized at *.", address) == [kind]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("A project on this is at *.", "project"),
        ("We release the codebase of this paper at *", "code"),
    ],
)
def test_a_repository_named_for_a_survey_is_a_list_unless_code_is_offered(
    sentence: str, kind: str
) -> None:
    assert kinds(sentence, "https://github.com/a/LLM-Survey") == [kind]


CODE_AT_A_PAGE = lines("""
    Our code is available at *.
    Code: *
    Videos and code are available on the project website: *
    The code and data will be made available on the homepage * once published.
    Project page with code: *
    The project page and code can be found *.
    For code, please see our project page *.
    See the project page for code, data: *
    Our code is publicly available and can be found through our project page: *
    See * for videos and code.
    * has models, data and code.
    We release our code and the data at *.
    The source will be made available at *.
    The links to all the resources (source code, models) can be found on the website: *.
    Python package: *
    Our software is available at *.
    The data and code of this paper help others. (*)
    The code is at https://github.com/a/c and *.
""")


@pytest.mark.parametrize("sentence", CODE_AT_A_PAGE)
def test_a_page_that_the_sentence_offers_code_at_is_code(sentence: str) -> None:
    assert kinds(sentence, PAGE)[-1:] == ["code"]


NO_CODE_AT_A_PAGE = lines("""
    *
    Project page: *
    Videos are available at *.
    See our website * for more.
    Our benchmark for code generation is available at *.
    A model for code is available at *.
    Our code review dataset is at *.
    The LDPC code simulator is described at *.
    More implementation details are at *.
    Code will be released. Project page: *
    We make all code public and host a demo model at *.
    Code is open source, and the dataset can be downloaded from *.
    Our demo website is * and the code is open-sourced at https://github.com/a/c
    This dataset is open source and found at *.
""")


@pytest.mark.parametrize("sentence", NO_CODE_AT_A_PAGE)
def test_any_other_page_is_a_page(sentence: str) -> None:
    assert kinds(sentence, PAGE)[:1] == ["project"]


ANY_PAGE = "https://x.org/y"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Data: *", "data"),
        ("The dataset is available at *.", "data"),
        ("Code is open source, and the corpus can be downloaded from *.", "data"),
        ("Checkpoints: *", "model"),
        ("We release the weights and the data at *.", "model"),
        ("Data and videos: *", "project"),
        ("Project page and dataset: *", "project"),
        ("The benchmark for our method has a website: *", "project"),
        ("Data and code: *", "code"),
        ("Our dataset extends FooNet (*).", None),
        ("We trained on images of ships, mostly from *", None),
        ("Images were drawn from *", None),
    ],
)
def test_a_page_of_any_host_is_what_the_authors_offer_there(
    sentence: str, kind: str | None
) -> None:
    assert kinds(sentence, ANY_PAGE) == ([] if kind is None else [kind])


def test_an_archive_holds_data_whatever_is_offered_there() -> None:
    assert kinds("Weights: *", "https://osf.io/abcde") == ["data"]


def test_a_rule_that_was_the_sentence_is_not_said_to_be_the_host() -> None:
    rules = {
        sentence: found.rule
        for sentence in (f"Data: {ANY_PAGE}", f"Project page: {ANY_PAGE}", f"Data: {REPOSITORY}")
        for found in explain_links(sentence)
    }
    assert [*rules.values()] == ["data", "its host", "only data"]


@pytest.mark.parametrize(
    "sentence",
    [
        "Challenge website: *",
        "Workshop page: *",
        "More details of this challenge can be found at *.",
        "The SMP Challenge website (*) tells more.",
        "The challenge is available at *",
    ],
)
def test_the_page_of_an_event_is_no_page_of_the_project(sentence: str) -> None:
    assert kinds(sentence, PAGE) == []


def test_each_address_has_what_leads_to_it() -> None:
    sentence = (
        "The dataset is at https://github.com/a/data, the code at https://github.com/a/code and "
        "https://github.com/a/more. Videos: https://github.com/a/videos"
    )
    assert [str(found.kind) for found in explain_links(sentence)] == [
        "data", "code", "code", "project",
    ]  # fmt: skip


def test_every_cue_has_a_name_of_its_own() -> None:
    for cues in (AT_A_FORGE, (*AT_A_PAGE, *AT_ANY_PAGE)):
        names = [cue.name for cue in cues]
        assert len(set(names)) == len(names)
