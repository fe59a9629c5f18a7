"""What a plain word stands for beside itself."""

from collections.abc import Iterator

import pytest

from bot.query.ast import Rule, Text, leaves
from bot.query.parser import parse_query
from bot.query.widen import UNKNOWN, Lexicon, widen, words_to_look_up
from bot.store.search.vocabulary import is_noted

WRITTEN = (
    "train training trained pretraining pretrained pre gpt4 gpt 4 3d fine tuning finetuning tune "
    "kmeans means cifar10 cifar over all overall turbo gpt4turbo "
    "yolo v8 yolov8 8 flan t5 flant5 v5 gpt3 3 5 minibus minibuses mini buses"
)
WORDS = frozenset(WRITTEN.split(" "))
LEXICON = Lexicon(
    holds=WORDS.__contains__,
    cuts={
        "pretraining": [3],
        "finetuning": [4],
        "overall": [4],
        "pretrained": [3],
        "flant": [4],
        "minibus": [4],
    },
)


def forms(query: str, lexicon: Lexicon = LEXICON) -> list[set[tuple[str, str]]]:
    return [
        {(form.words, form.rule.value) for form in leaf.forms}
        for leaf in leaves(widen(parse_query(query).root, lexicon))
        if isinstance(leaf, Text)
    ]


def added(query: str) -> list[set[str]]:
    return [{words for words, _ in each} for each in forms(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("train", [{"training", "trained"}]),
        ("TRAINED", [{"training", "train"}]),
        ('"train"', [set()]),
        ("=train", [set()]),
        ("train*", [set()]),
        ("title:train", [{"training", "trained"}]),
        ("pretraining", [{"pretrained", "pre training", "pre trained"}]),
        ("pre-training", [{"pre train", "pre trained", "pretraining", "pretrained"}]),
        (
            "pre training",
            [{"pretraining", "pretrained"}, {"train", "trained", "pretraining", "pretrained"}],
        ),
        ("pre OR training", [set(), {"train", "trained"}]),
        ("pre title:training", [set(), {"train", "trained"}]),
        ("pre -training", [set(), {"train", "trained"}]),
        ('pre "training"', [set(), set()]),
        ("GPT4", [{"gpt 4"}]),
        ("GPT-4", [{"gpt4"}]),
        ("GPT 4", [{"gpt4"}, {"gpt4"}]),
        ("GPT.4", [set()]),
        ("GPT-4-turbo", [{"gpt4turbo", "gpt4 turbo"}]),
        ("gpt 4 turbo", [{"gpt4", "gpt4turbo"}, {"gpt4", "gpt4turbo"}, {"gpt4turbo"}]),
        ("fine-tuning-pre", [{"finetuning pre"}]),
        ("gpt-4 turbo", [{"gpt4", "gpt4turbo"}, {"gpt4turbo"}]),
        ("gpt4turbo", [{"gpt4 turbo", "gpt 4 turbo"}]),
        ("fine tuning pre", [{"finetuning"}, {"tune", "finetuning"}, set()]),
        ("over gpt 4 turbo", [set(), {"gpt4", "gpt4turbo"}, {"gpt4", "gpt4turbo"}, {"gpt4turbo"}]),
        ("cifar 10", [{"cifar10"}, {"cifar10"}]),
        ("k-means", [{"kmeans"}]),
        ("over all", [set(), set()]),
        ("overall", [set()]),
        ("YOLOv8", [{"yolo v8"}]),
        ("YOLO-v8", [{"yolov8"}]),
        ("yolo v8", [{"yolov8"}, {"yolov8"}]),
        ("yolo v 8", [{"yolov8"}, {"yolov8", "v8"}, {"yolov8", "v8"}]),
        ("GPT3.5", [{"gpt 3 5"}]),
        ("GPT-3.5", [{"gpt3 5"}]),
        ("gpt 3.5", [{"gpt3 5"}, {"gpt3 5"}]),
        ("gpt 3.7", [set(), set()]),
        ("GPT.3.5", [set()]),
        ("gpt4-3d", [{"gpt 4 3d"}]),
        ("3.D", [set()]),
        ("FlanT5", [{"flan t5"}]),
        ("flan t5", [{"flant5"}, {"flant5"}]),
        ("yolo t5", [set(), set()]),
        ("for v8", [set(), set()]),
        ("author:train*", [set()]),
        ("mini-bus", [{"minibus", "minibuses", "mini buses"}]),
        ("mini bus", [{"minibus", "minibuses"}, {"buses", "minibus", "minibuses"}]),
        ("zebra", [set()]),
    ],
)  # fmt: skip
def test_a_word_stands_for(query: str, expected: list[set[str]]) -> None:
    assert added(query) == expected


def test_each_form_names_its_rule() -> None:
    assert forms("pretraining") == [
        {
            ("pretrained", Rule.INFLECTION),
            ("pre training", Rule.APART),
            ("pre trained", Rule.APART),
        }
    ]
    assert ("pretraining", Rule.TOGETHER) in forms("pre-training")[0]


def test_without_an_archive_the_rules_alone_count() -> None:
    assert ("trains", "inflection") in forms("train", UNKNOWN)[0]
    assert ("gpt 4", "written apart") in forms("gpt4", UNKNOWN)[0]
    apart = {form for form, rule in forms("imagenet1k", UNKNOWN)[0] if rule == "written apart"}
    assert apart == {"imagenet 1k", "imagenet1 k", "imagenet 1 k"}
    long = [form for form, rule in forms("a1b2c3d4e5", UNKNOWN)[0] if rule == "written apart"]
    assert long == ["a 1 b 2 c 3 d 4 e 5"]


def test_each_joint_of_a_longer_compound_needs_a_witness() -> None:
    lexicon = Lexicon(lambda word: True, {"geohydrology": [3], "hydrology": [5], "nethydros": [3]})
    assert lexicon.are_one(("geo", "hydro", "logy"))
    assert lexicon.are_one(("geo", "hydrology"))
    assert not lexicon.are_one(("net", "hydro", "s"))
    assert not lexicon.are_one(("geo", "hydro"))
    assert lexicon.are_one(("res", "hydro", "logy", "2")) is False
    assert lexicon.are_one(("geo", "hydro", "logy", "2"))


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("yolo", "v8", True),
        ("yolo", "v8n", True),
        ("metric3d", "v2", True),
        ("ip", "v6", True),
        ("x", "v2", False),
        ("for", "v2", False),
        ("yolo", "vit", False),
        ("yolo", "x8", False),
        ("flan", "t5", True),
        ("flan", "tx5", False),
        ("3d", "gs", True),
        ("2n", "d", False),
        ("the", "t5", False),
        ("pix2pix", "nets", True),
        ("pix2pix", "net8", True),
        ("pix2pix", "nets8", False),
        ("pix.2pix", "net8", False),
    ],
)
def test_letters_beside_letters_and_digits_need_a_witness_or_a_version(
    first: str, second: str, *, is_one: bool
) -> None:
    cuts = {"flant": [4], "dgs": [1], "nd": [1], "thet": [3], "pixnet": [3]}
    assert Lexicon(lambda word: True, cuts).joins(first, second) is is_one


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("yolov8", {"yolo v8", "yolov 8", "yolo v 8"}),
        ("xv8", {"xv 8"}),
        ("toyv8", {"toyv 8", "toy v8", "toy v 8"}),
        ("3dgs", {"3d gs", "3 dgs", "3 d gs"}),
        ("2nd", {"2 nd", "2 n d"}),
        ("4x4", {"4x 4", "4 x4", "4 x 4"}),
        ("a1b2c3", {"a 1 b 2 c 3"}),
        (
            "ab1cd2",
            {
                "ab 1cd2", "ab1 cd2", "ab1cd 2", "ab 1 cd2", "ab 1cd 2", "ab1 cd 2", "ab 1 cd 2",
            },
        ),
        ("levnetv8", {"levnetv 8", "levnet v8", "levnet v 8", "lev net v8", "lev net v 8"}),
        (
            "dignetv8",
            {
                "dignetv 8", "dignet v8", "dignet v 8", "dig netv8", "dig netv 8", "dig net v8",
                "dig net v 8",
            },
        ),
        ("theta", set()),
        ("imagenet", {"image net"}),
        ("wxyz", {"w xyz", "w x yz", "w x y z"}),
        ("wxyz8", {"wxyz 8", "w xyz8", "w xyz 8", "w x yz8", "w x yz 8"}),
        ("wxyzu", {"w xyzu", "w x yzu", "w x y zu"}),
    ],
)  # fmt: skip
def test_a_word_is_cut_at_digits_versions_and_hyphens(word: str, ways: set[str]) -> None:
    cuts = {"dgs": [1], "nd": [1], "imagenet": [5], "wxyz": [1], "xyz": [1], "yz": [1]}
    cuts |= {"levnet": [3], "dignetv": [3], "theta": [3]}
    cuts |= {"wxyzu": [1], "xyzu": [1], "yzu": [1], "zu": [1]}
    found = [" ".join(each) for each in Lexicon(lambda word: True, cuts).ways_apart(word)]
    assert found[0] == word
    assert {*found[1:]} == ways


def test_what_only_stands_together_is_no_compound_of_four() -> None:
    assert "stateoftheart" not in words_to_look_up(parse_query("state-of-the-art").root)
    assert "imagenet1k" in words_to_look_up(parse_query("image-net-1-k").root)


@pytest.mark.parametrize("text", ["10^6", "1e-5", "2024-25", "1.5-2.5", "3.5", "量子", "量子计"])
def test_what_is_no_compound_is_not_written_together(text: str) -> None:
    assert not [form for form, rule in forms(text, UNKNOWN)[0] if rule == "written together"]
    assert not any(" " in words for words, _ in forms("pretraining", UNKNOWN)[0])


@pytest.mark.parametrize(
    "query",
    [
        "pre training",
        "pre-training GPT4 -k-means",
        "a (b OR c d)",
        "GPT-4-turbo",
        "",
        "YOLOv8",
        "yolo v8",
        "resnet50 v3d2",
    ],
)
def test_all_that_a_lexicon_is_asked_about_is_looked_up_before(query: str) -> None:
    asked = set(filter(is_noted, asked_of(query)))
    assert asked <= words_to_look_up(parse_query(query).root)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("GPT 4", {"gpt", "4", "gpt4"}),
        ("GPT4", {"gpt4", "gpt", "4"}),
        ("k-means", {"k", "means", "kmeans"}),
        ('naïve "quoted"', {"naive"}),
    ],
)
def test_the_words_themselves_are_looked_up_too(query: str, wanted: set[str]) -> None:
    """A number has no other form, but some paper must write it."""
    found = words_to_look_up(parse_query(query).root)
    assert wanted <= found
    assert "quoted" not in found


def asked_of(query: str) -> Iterator[str]:
    asked: list[str] = []

    def holds(word: str) -> bool:
        asked.append(word)
        return True

    widen(parse_query(query).root, Lexicon(holds=holds))
    return iter(asked)
