"""When two names are one person's."""

import pytest

from bot.query.names import MAX_PARTS, fold, is_same_person, name_parts, name_words


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("he", "Kaiming He"),
        ("HE", "Kaiming He"),
        ("kaiming", "Kaiming He"),
        ("K. He", "Kaiming He"),
        ("He, K.", "Kaiming He"),
        ("He Kaiming", "Kaiming He"),
        ("Kaiming He", "K. He"),
        ("Kaiming He", "He, Kaiming"),
        ("G. E. Hinton", "Geoffrey E. Hinton"),
        ("Geoffrey Everest Hinton", "G. E. Hinton"),
        ("G. Hinton", "Geoffrey E. Hinton"),
        ("E. Hinton", "Geoffrey E. Hinton"),
        ("L. Van Gool", "Luc Van Gool"),
        ("Van Gool", "Luc Van Gool"),
        ("Jean-Pierre Serre", "J.-P. Serre"),
        ("J.-P. Serre", "Jean-Pierre Serre"),
        ("Jeanpierre Serre", "Jean-Pierre Serre"),
        ("Xiao-Ming Li", "Xiaoming Li"),
        ("Erdos", "Paul Erdős"),
        ("Łukasz", "Lukasz Kaiser"),
        ("Soren", "Søren Kierkegaard"),
        ("O'Brien", "Conan O'Brien"),
        ("Wei Wei", "Wei Wei"),
        ("k", "K. He"),
        ("王伟", "王伟"),
        ("The a b c d e f g h Collaboration", "The a b c d e f g h Collaboration"),
    ],
)
def test_these_are_the_same(asked: str, name: str) -> None:
    assert is_same_person(asked, name)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("he", "Kaiming Hew"),
        ("he", "Hebert Smith"),
        ("K. He", "Jian He"),
        ("Kaiming He", "Karl He"),
        ("Kaiming He", "Kaiming Hu"),
        ("K. He", "H. Kang"),
        ("Kaiming He", "K. H. Lee"),
        ("G. E. Hinton", "Geoffrey Hinton"),
        ("Wei Wei", "Wei Li"),
        ("Roberts", "Robert Li"),
    ],
)
def test_these_are_not(asked: str, name: str) -> None:
    assert not is_same_person(asked, name)


def test_folding_takes_accents_and_case() -> None:
    assert fold("ÉCOLE Ørsted Straße Đặng") == "ecole orsted strasse dang"


def test_parts_of_a_double_name_include_the_whole() -> None:
    assert name_parts("Jean-Pierre Serre") == ("jean", "pierre", "jeanpierre", "serre")


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("Jean-Pierre Serre", ["jean pierre serre", "jeanpierre serre"]),
        ("J.-P. Serre", ["j p serre", "jp serre"]),
        ("O'Brien, Conan", ["o brien conan"]),
        ("G.E. Hinton", ["g e hinton"]),
        ("- Serre -", ["serre"]),
        ("Kaiming He", ["kaiming he"]),
        ("", [""]),
    ],
)
def test_only_a_hyphen_gives_a_typed_name_a_second_reading(typed: str, readings: list[str]) -> None:
    assert [" ".join(words) for words in name_words(typed)] == readings


def test_no_reading_of_a_name_has_more_words_than_the_index_pairs() -> None:
    long = " ".join(f"part-{number}" for number in range(20))
    assert [len(words) for words in name_words(long)] == [MAX_PARTS, MAX_PARTS]
