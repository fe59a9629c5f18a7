"""Words as they are written, in one normal form; FTS5 takes them as they are."""

import gzip
import json
import random
import sqlite3
from collections.abc import Iterable

import pytest

from bot.query.tags import MARK, author_tags, category_tag
from bot.query.tokens import (
    TOKENIZER,
    compounds,
    fold,
    indexed,
    spelled,
    tokens,
    units,
    words,
)
from tests.shared import shared


def fts5_terms(texts: Iterable[str]) -> list[list[str]]:
    """Return the terms that FTS5 makes of each text, in order."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(f"CREATE VIRTUAL TABLE f USING fts5 (x, tokenize = '{TOKENIZER}')")
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab (f, instance)")
        count = len([connection.execute("INSERT INTO f VALUES (?)", (text,)) for text in texts])
        found: list[dict[int, str]] = [{} for _ in range(count)]
        for term, row, _, offset in connection.execute("SELECT * FROM v"):
            found[row - 1][offset] = term
        return [[each[at] for at in sorted(each)] for each in found]
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Generalized networks, RELATIONAL!", "generalized networks relational"),
        ("multi-agent GPT-4.5 O(n) don't", "multi agent gpt 4 5 o n don t"),
        ("H₂O and CO₂", "h2o and co2"),
        ("H2O and CO2", "h2o and co2"),
        ("ℓ₁-norm, L_1, l1", "l1 norm l1 l1"),
        ("K_s Kₛ K_{s}", "ks ks ks"),
        ("R² R^2 Fe_3O_4 SiO_2 x_max", "r2 r2 fe3o4 sio2 xmax"),
        ("LiNbO_3 LiNbO₃", "linbo3 linbo3"),
        ("snake_case train_test_split", "snake case train test split"),
        ("10⁶ 10^6 10⁻³", "10 6 10 6 10 3"),
        ("β-VAE, ε-greedy, ΛCDM", "beta vae epsilon greedy lambda cdm"),
        ("ϵ ϕ 𝛽 µm Ω ς", "epsilon phi beta mu m omega sigma"),
        ("αβ ελληνικά λόγος", "alpha beta ελληνικα λογοσ"),
        ("C++, C# and F#; .NET, C⁺⁺", "c++ c# and f# .net c++"),
        ("C++17 ASP.NET x.net A+ #tag", "c++ 17 asp net x net a tag"),
        ("k-means p-value R", "k means p value r"),
        ("ﬁne oﬃce Æther œuvre", "fine office aether oeuvre"),
        ("Čech Łukasz Sørensen Erdős Straße", "cech lukasz sorensen erdos strasse"),
        ("e\u0301 n\u0303o", "e no"),
        ("Привет Ёж", "привет еж"),
        ("½ Ⅷ ① ™ ²", "1 2 viii 1 2"),
        ("量子计算GPT模型", "量 子 计 算 gpt 模 型"),
        ("テスト ガス 한국어", "テ ス ト ガ ス 한 국 어"),
        ("", ""),
    ],
)
def test_words_have_one_normal_form(text: str, expected: str) -> None:
    assert indexed(text) == expected
    assert fts5_terms([indexed(text)]) == [expected.split()]
    assert words(indexed(text)) == expected.split(), "a normal form stays as it is"


def test_tags_are_words_to_fts5() -> None:
    tags = f"{category_tag('cs.CV')} {author_tags(['Kaiming He', 'Ø. Łukasz'])}"
    assert fts5_terms([tags]) == [tags.split(" ")]
    assert all(tag.startswith(MARK) for tag in tags.split(" "))


def test_tokens_know_where_they_stand() -> None:
    text = "Deep (CO₂) e\u0301tudes of β-VAE: 量子"
    assert [(each.word, text[each.start : each.end]) for each in tokens(text)] == [
        ("deep", "Deep"),
        ("co2", "CO₂"),
        ("etudes", "e\u0301tudes"),
        ("of", "of"),
        ("beta", "β"),
        ("vae", "VAE"),
        ("量", "量"),
        ("子", "子"),
    ]
    assert [each.word for each in tokens("10⁶")] == ["10", "6"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pre-training and fine-tuning", ["pre training", "fine tuning"]),
        ("Navier–Stokes, zero‐shot", ["navier stokes", "zero shot"]),
        ("vision-language-action", ["vision language", "language action"]),
        ("Λ-CDM and ΛCDM", ["lambda cdm", "lambda cdm"]),
        ("in-context, state-of-the-art, for-all", []),
        ("GPT-4, 3-D, 2020-2021", []),
        ("5 μm", []),
        ("- a -- b", []),
        (f"{'x' * 20}-{'y' * 20}", []),
        ("naïve-Bayes", ["naive bayes"]),
        ("Flan-T5, YOLO-v8, 3D-GS, 2-D", ["flan t", "yolo v", "d gs"]),
        ("naïve Flan-T5, YOLO-v8, 3D-GS, 2-D", ["flan t", "yolo v", "d gs"]),
    ],
)
def test_what_is_joined_by_a_hyphen_is_noticed(text: str, expected: list[str]) -> None:
    assert [" ".join(pair) for pair in compounds(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-3.5-turbo", ["gpt", "3.5", "turbo"]),
        ("Qwen2.5VL", ["qwen2.5vl"]),
        ("v1.2.3", ["v1.2.3"]),
        ("Gemma-2-7B", ["gemma", "2.7b"]),
        ("Gemma2‑7B", ["gemma2.7b"]),
        ("2024-05-31", ["2024.05.31"]),
        ("1e-5, 10^-6", ["1e", "5", "10", "6"]),
        ("GPT.4 x.5 3.x .NET", ["gpt", "4", "x", "5", "3", "x", ".net"]),
        ("3. 5", ["3", "5"]),
        ("$PM_{2.5}$", ["pm2.5"]),
        ("K_2.5", ["k2.5"]),
        ("10^6.5", ["10", "6.5"]),
        ("naïve 2.5", ["naive", "2.5"]),
    ],
)
def test_numbers_in_a_row_are_one_part_of_a_query(text: str, expected: list[str]) -> None:
    assert [*units(text)] == expected
    assert spelled(expected) == " ".join(words(text))


def test_real_papers_are_cut_as_fts5_cuts_them() -> None:
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        texts = [json.loads(next(lines))["abstract"] for _ in range(1000)]
    found = fts5_terms(map(indexed, texts))
    assert found == [words(text) for text in texts]
    assert found == [[token.word for token in tokens(text)] for text in texts]


def test_folding_drops_case_accents_and_ligatures() -> None:
    assert [fold(word) for word in ("DEEP", "Bengió", "ﬁ", "Đ", "ß")] == [
        "deep",
        "bengio",
        "fi",
        "d",
        "ss",
    ]


def test_words_are_the_same_whatever_stands_beside_them() -> None:
    """Most of a text is cut by a short rule, and what has a special sign in it by the long one."""
    parts = (
        "C++", "c#", ".NET", "x_{ab}", "10^6", "K_s", "CO₂", "naïve", "β-VAE", "量子 计算", "plain",
        "a.net", "–", "pre‐training", "\n", "\t", "\u00a0", "ﬁne", "A⁺⁺", "İzmir", "word", "l1",
    )  # fmt: skip
    for number in range(1000):
        dice = random.Random(number)
        text = "".join(part + dice.choice(["", " ", " "]) for part in dice.choices(parts, k=9))
        assert words(text) == [token.word for token in tokens(text)], text


def test_letters_and_digits_alone_are_words_of_a_usual_text() -> None:
    usual = [chr(code) for code in range(128) if chr(code) not in "_^+#."]
    for sign in usual:
        expected = [f"x{sign.lower()}y"] if sign.isalnum() else ["x", "y"]
        assert words(f"X{sign}y") == expected, repr(sign)
