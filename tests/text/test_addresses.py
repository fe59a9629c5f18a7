"""Addresses are found whole: cut ones are mended where that is certain, glued ones parted."""

import pytest

from bot.text.addresses import find_addresses, parse_address
from bot.text.links import imitates_a_forge


def addresses(text: str) -> list[str]:
    return [place.address.url for place in find_addresses(text)[1] if place.address]


@pytest.mark.parametrize(
    "text",
    [
        "Code is at https://github.com/ user/repo.",
        "Code is at https://github.com/ user/ repo.",
        "Code is at https://github.com /user/repo.",
        "Code is at https://github.com/user /repo.",
        "Code is at https://github.com/user/ repo.",
        "Code is at https://github.com/user/ repo, the data elsewhere.",
        "Code (see https://github.com/user/ repo) is free.",
        "Code is at https://github. com/user/repo.",
        "Code is at https://github .com/user/repo.",
        "Code is at github. com/user/repo",
        "Code is at github.com/ user/repo and elsewhere.",
        "Code: https:// github.com/user/repo .",
        "Code: https: //github.com/user/repo",
        "Code: https : // github.com/user/repo",
        "Code: http ://github.com/user/repo",
    ],
)
def test_what_can_only_be_the_rest_of_an_address_is_put_back(text: str) -> None:
    assert [url.replace("http:", "https:") for url in addresses(text)] == [
        "https://github.com/user/repo"
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "At https://github.com/user/ LLM-Attribution. The video",
            "github.com/user/LLM-Attribution",
        ),
        ("At https://github.com/user/my- repo.", "github.com/user/my-repo"),
        ("At https://github.com/user/my_ repo", "github.com/user/my_repo"),
        ("At https://gitlab.com/ group/sub/repo.", "gitlab.com/group/sub/repo"),
        ("At https://huggingface.co/ org/model.", "huggingface.co/org/model"),
        ("At https://name. github.io/.", "name.github.io"),
        ("At https://name. github.io/page and", "name.github.io/page"),
        ("At https:// www.x.org/page", "www.x.org/page"),
    ],
)
def test_other_cuts_are_mended_too(text: str, address: str) -> None:
    assert addresses(text) == [f"https://{address}"]


@pytest.mark.parametrize(
    "text",
    [
        "Code at https://github.com/user/ repo and more.",
        "Code at https://github.com/user/ some of it",
        "Code at https://github.com/user/my- repo is good",
        "Code at https://imagine.example.fr/ name/page.",  # a lost tilde
        "Code at https://x.org/code/ main.",
        "Code at https://bit.ly/ abc",
        "Code at https://www. x.org/y",
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    assert addresses(text) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("at https://github.com/user/ for more.", "github.com/user"),
        ("at https://github.com/user/ here.", "github.com/user"),
        ("at https://github.com/user/ Code is", "github.com/user"),
        ("at https://github.com/user/repo/ tree/main.", "github.com/user/repo"),
        ("at https://github.com/user/repo- The code", "github.com/user/repo"),
        ("at https://github.com/user/repo- https://x.org", "github.com/user/repo"),
        ("at https://github.com/user/Name-LUD-. Keywords", "github.com/user/Name-LUD-"),
        ("at https://github.com/user/Name-", "github.com/user/Name-"),
        ("at https://x.github.io/y/ once published.", "x.github.io/y"),
        ("at https://x.github.io/y/ .", "x.github.io/y"),
        ("at https://x.github.io/y/ Code: z", "x.github.io/y"),
        ("at https://x.github.io/y/ (soon).", "x.github.io/y"),
        ("at https://github.com/ and/or data", "github.com"),
    ],
)
def test_a_whole_address_takes_nothing_from_the_sentence(text: str, address: str) -> None:
    assert addresses(text)[0] == f"https://{address}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at https://github.com/a/LMCDThe method", ["github.com/a/LMCD"]),
        ("at https://github.com/a/AIOS.Server mode", ["github.com/a/AIOS"]),
        ("at https://github.com/a/tool.We show", ["github.com/a/tool"]),
        ("at https://x.github.io/tool.Our method", ["x.github.io/tool"]),
        ("at https://github.com/a/App.Core and more", ["github.com/a/App.Core"]),
        ("at https://github.com/a/App.Core.", ["github.com/a/App.Core"]),
        ("at https://github.com/a/VSCode.", ["github.com/a/VSCode"]),
        ("at https://github.com/a/Foo.jl is", ["github.com/a/Foo.jl"]),
        ("at https://x.github.io/](https:/x.github.io/)", ["x.github.io", "x.github.io"]),
        ("[a](https://github.com/a/b)", ["github.com/a/b"]),
        ("[github.com/a/b](https://github.com/a/b)", ["github.com/a/b", "github.com/a/b"]),
        ("at https://github.com/a/b,https://github.com/a/c.", ["github.com/a/b", "github.com/a/c"]),
        ("at https://github.com/a/b;https://x.org/c", ["github.com/a/b", "x.org/c"]),
        ("at https://github.com/a/b.https://x.org", ["github.com/a/b", "x.org"]),
        ("at https://github.com/a/b),(www.x.org/c)", ["github.com/a/b", "www.x.org/c"]),
    ],
)
def test_what_is_glued_to_an_address_is_parted_from_it(text: str, expected: list[str]) -> None:
    assert addresses(text) == [f"https://{address}" for address in expected]


LONG = "a-" + "b" * 59 + "-c"


@pytest.mark.parametrize("before", ["", "at ", "x" * 300 + " "])
@pytest.mark.parametrize("address", [f"{LONG}.github.io", f"{LONG}.gitlab.io/", "www.x.org"])
def test_a_page_without_a_scheme_is_found_whole(before: str, address: str) -> None:
    """However long its name, of at most 63 letters, and however much stands before it."""
    assert addresses(f"{before}{address} is") == [f"https://{address.rstrip('/')}"]
    assert addresses(f"{before}a{LONG}.github.io is") == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://x.org/Foo_(bar)", "https://x.org/Foo_(bar)"),
        ("https://x.org/Foo_(bar))", "https://x.org/Foo_(bar)"),
        ("https://x.org/foo)", "https://x.org/foo"),
        ("https://x.org/foo[1]", "https://x.org/foo[1]"),
        ("https://x.org/foo[1]]", "https://x.org/foo[1]"),
        ("https://x.org/(foo]", "https://x.org/(foo"),
        ("https://x.org/[foo)", "https://x.org/[foo"),
        ("https://x.org/foo).,;:!?'\"*/~’”»…", "https://x.org/foo"),
        ("https://x.org./foo", "https://x.org/foo"),
        ("https://X.ORG/Foo", "https://x.org/Foo"),
        ("HTTP://x.org", "http://x.org"),
        ("http://http://x.org/foo", "http://x.org/foo"),
        ("https://x.org/a//b/", "https://x.org/a/b"),
        ("https://x.org/a?b=c#d", "https://x.org/a?b=c#d"),
        ("https://x.org/?b", "https://x.org?b"),
        ("https://x.org/a#d", "https://x.org/a#d"),
        ("https://x.org:443/a", "https://x.org:443/a"),
        ("git@gitlab.com:a/b", "https://gitlab.com/a/b"),
        ("x.org/a:b", "https://x.org/a:b"),
        ("https://hf.co/a", "https://huggingface.co/a"),
        ("https://" + "a" * 63 + ".org", "https://" + "a" * 63 + ".org"),
    ],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    parsed = parse_address(text)
    assert parsed is not None
    assert parsed.url == address


@pytest.mark.parametrize(
    "text",
    [
        "https://" + "a" * 64 + ".org",
        "https://a.b",
        "https://a.1org",
        "https://a_b",
        "https://.org",
        "https://me@x.org",
        "https://x.org:port",
        "https://x.org/\u200b",
        "",
        "...",
    ],
)
def test_what_is_no_safe_address_is_none(text: str) -> None:
    assert parse_address(text) is None


def test_the_longest_address_that_discord_takes_is_one() -> None:
    longest = "https://x.org/" + "a" * (2048 - len("https://x.org/"))
    for punctuation in ("", "." * 100):
        parsed = parse_address(longest + punctuation)
        assert parsed is not None
        assert parsed.url == longest
    assert parse_address(f"{longest}a") is None
    assert parse_address(longest + "." * 101) is None


def test_the_places_lie_in_the_mended_text() -> None:
    text, places = find_addresses("Code: https:// github.com/a/b. Data: x.github.io/c, and")
    assert [text[place.start : place.end] for place in places] == [
        "https://github.com/a/b.",
        "x.github.io/c,",
    ]


@pytest.mark.parametrize("text", ["", "no address", "and/or", "a/b: c/d", "x. com", "legit", "www"])
def test_most_texts_hold_none(text: str) -> None:
    assert find_addresses(text) == (text, [])


@pytest.mark.parametrize(
    "text", ["git@github.com:a/b.git", "https://https://github.com/a/b.git", "github.com/a/b.git/"]
)
def test_an_address_is_read_however_it_is_written(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert address.url == "https://github.com/a/b.git"


@pytest.mark.parametrize(
    "host",
    [
        "github.com.example.org", "github.community", "xn--gthub-n4a.com", "githab.com",
        "githubb.com", "gthub.com", "gihtub.com", "g1thub.com:8080", "my-github.org",
        "github-com.example.org", "evilgithub.com", "huggingface.com", "zenodo.com",
        "gitlab.com.example.org", "x.xn--80ak6aa92e.com", "gitlab.example.org", "githu.com",
        "ithub.com", "huggingfac.co",
    ],
)  # fmt: skip
def test_a_host_that_looks_like_a_known_one_is_noticed(host: str) -> None:
    assert imitates_a_forge(host)


@pytest.mark.parametrize(
    "host",
    [
        "github.com", "gist.github.com", "x.github.io", "raw.githubusercontent.com", "gitlab.com",
        "huggingface.co", "sandbox.zenodo.org", "x.org", "git.example.org", "digit.com", "lab.org",
        "gethab.com", "gith.x.bub", "xgihtub.com", "hubio.org", "thub.com", "gitthubb.com",
        "bucket.org", "xn.org", "codeocean.com",
    ],
)  # fmt: skip
def test_other_hosts_are_what_they_say(host: str) -> None:
    assert not imitates_a_forge(host)
