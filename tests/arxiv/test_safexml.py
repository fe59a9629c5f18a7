import tracemalloc
from collections.abc import Callable

import pytest

from bot.arxiv.safexml import Layout, Records, parse_xml, read_records
from bot.errors import ListingFormatError

LAYOUTS = {
    "boxed": Layout(container="box", record="item", attributes={"kind": "is"}),
    "flat": Layout(container=None, record="item"),
}


def read(content: bytes) -> Records:
    return read_records(content, LAYOUTS, "a test")


def tree(content: bytes) -> object:
    return parse_xml(content, "a test")


def test_head_and_records_are_told_apart() -> None:
    found = read(
        b"<boxed><no>1</no><box><title>T</title><item><a>1</a><a>2</a><kind is='new'/></item>"
        b"<end>E</end><item/></box><no>2</no></boxed>"
    )
    assert found.head == {"title": "T", "end": "E"}
    assert found.records == [{"a": "1\n2", "kind": "new"}, {}]


def test_records_may_stand_below_the_root() -> None:
    found = read(b"<flat><title>T</title><item><a>1</a></item></flat>")
    assert (found.head, found.records) == ({"title": "T"}, [{"a": "1"}])


def test_text_of_inner_elements_and_entities_is_kept_whole() -> None:
    found = read(b"<flat><item><a>5 &lt; <i>6</i> &amp; <![CDATA[<7>]]>\xc3\xa9</a></item></flat>")
    assert found.records == [{"a": "5 < 6 & <7>é"}]


def test_names_carry_their_namespace() -> None:
    found = read(b"<flat xmlns:x='u'><item><x:a>1</x:a></item></flat>")
    assert found.records == [{"u}a": "1"}]


def test_another_root_gives_its_name_only() -> None:
    found = read(b"<other><item><a>1</a></item></other>")
    assert (found.root, found.has_container, found.records) == ("other", False, [])


def test_pieces_are_joined_wherever_the_bytes_are_parted() -> None:
    """Texts of many sizes cross every border between the pieces in which bytes are parsed."""
    texts = ["é" * (length * 997) for length in range(1, 60)]
    content = "<flat>" + "".join(f"<item><a>{text}</a></item>" for text in texts) + "</flat>"
    assert [record["a"] for record in read(content.encode()).records] == texts


@pytest.mark.parametrize("parse", [read, tree])
@pytest.mark.parametrize(
    ("begin", "part", "times", "end", "said"),
    [
        (b"", b"<flat>", 900_000, b"", "within each other"),
        (b"<flat>", b"<a/>", 4_000_000, b"</flat>", "500,000 elements"),
        (b'<flat a="', b"x", 19_000_000, b'"/>', "without end"),
        (b"<flat><!--", b"x", 19_000_000, b"--></flat>", "without end"),
        (b"", b"<!DOCTYPE flat><flat/>", 1, b"", "document type"),
        (b'<!DOCTYPE x [<!ENTITY a "ha">]>', b"<flat>&a;</flat>", 1, b"", "document type"),
        (b"", b"<flat/>", 2, b"", "not complete XML"),
    ],
)
def test_excess_and_danger_are_refused_cheaply(
    parse: Callable[[bytes], object], begin: bytes, part: bytes, times: int, end: bytes, said: str
) -> None:
    content = begin + part * times + end
    tracemalloc.start()
    try:
        with pytest.raises(ListingFormatError, match=said):
            parse(content)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
