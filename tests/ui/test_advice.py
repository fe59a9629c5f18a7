"""A search that found nothing says what is to blame and what to try."""

from bot.query.fields import Misnamed
from bot.query.parser import parse_query
from bot.query.results import Advice, Blame, DoubtfulName, DoubtfulWord, SearchPage
from bot.ui.advice import make_suggestions, render_nothing, say_advice

NOTHING = SearchPage(matches=(), total=0, total_is_exact=True, next=None)


def said(advice: Advice, query: str = "x") -> str:
    return render_nothing(NOTHING, parse_query(query), advice).description or ""


def doubt(word: str, *suggestions: str, papers: int = 0) -> DoubtfulWord:
    return DoubtfulWord(word=word, papers=papers, suggestions=suggestions)


def test_without_advice_there_are_hints() -> None:
    assert said(Advice()).startswith("No paper matches.\nAll words must occur")
    assert "nerf OR splatting" in said(Advice())


def test_a_word_that_no_paper_uses_is_named_with_what_looks_like_it() -> None:
    advice = Advice(doubtful=(doubt("transfomer", "transformer", "transformed"),))
    assert said(advice).split("\n") == [
        "No paper matches.",
        "No paper uses the word `transfomer`; did you mean `transformer` or `transformed`?",
    ]
    assert "No paper uses the word `qqq`." in said(Advice(doubtful=(doubt("qqq"),)))


def test_a_word_that_few_papers_use_is_told_from_one_that_none_uses() -> None:
    advice = Advice(doubtful=(doubt("modle", "model", papers=1), doubt("teh", "the", papers=3)))
    assert "Only 1 paper uses the word `modle`; did you mean `model`?" in said(advice)
    assert "Only 3 papers use the word `teh`" in said(advice)


def test_a_field_by_a_wrong_name_is_told_with_the_right_one() -> None:
    advice = Advice(misnamed=(Misnamed(typed="autor:he", meant=parse_query("author:he").root),))
    assert said(advice).split("\n") == [
        "No paper matches.",
        "There is no field `autor:`; did you mean `author:he`?",
    ]


def test_the_corrected_query_is_offered() -> None:
    corrected = parse_query("transformer -video")
    advice = Advice(
        doubtful=(doubt("transfomer", "transformer"),),
        corrected=corrected,
        blame=(Blame(part="transfomer", papers=7),),
    )
    assert said(advice).endswith("Try `transformer -video`.")
    (offer,) = make_suggestions(parse_query("transfomer -video"), advice)
    assert (offer.label, offer.query) == ("Search transformer -video", corrected.text)


def test_without_a_field_by_a_wrong_name_the_rest_is_searched() -> None:
    """And without the rest the field as it is meant."""
    advice = Advice(
        misnamed=(Misnamed(typed="titel:nerf*", meant=parse_query("title:nerf*").root),),
        blame=(Blame(part="title:nerf*", papers=20), Blame(part="video", papers=11)),
    )
    offered = make_suggestions(parse_query("titel:nerf* video"), advice)
    assert {each.label: each.query for each in offered} == {
        "Without title:nerf*": "video",
        "Without video": "title:nerf*",
    }


def test_the_parts_to_blame_can_be_left_out() -> None:
    query = parse_query("nerf (video OR action) category:cs.LG")
    advice = Advice(
        blame=(Blame(part="category:cs.LG", papers=100), Blame(part="video OR action", papers=1))
    )
    assert "Without `category:cs.LG` it finds 100 papers or more." in said(advice)
    assert "Without `video OR action` it finds 1 paper." in said(advice)
    offers = make_suggestions(query, advice)
    assert [offer.label for offer in offers] == [
        "Without category:cs.LG",
        "Without video OR action",
    ]
    assert [offer.query for offer in offers] == ["nerf (video OR action)", "nerf category:cs.LG"]
    for offer in offers:
        assert str(parse_query(offer.query)) == offer.query


def test_what_each_part_finds_is_told() -> None:
    """Of two parts that says what is found without the other; of more it does not."""
    blame = (Blame(part="protein", papers=100),)
    two = said(Advice(counts=(("diffusion", 812), ("protein", 1000)), blame=blame))
    assert "Papers that match: `diffusion` 812, `protein` 1,000+, both 0." in two
    assert "Without" not in two
    three = said(Advice(counts=(("a", 1), ("b OR c", 2), ("-d", 0)), blame=blame))
    assert "Papers that match: `a` 1, `b OR c` 2, `-d` 0, all 0." in three
    assert "Without `protein` it finds 100 papers or more." in three


def test_labels_fit_a_button() -> None:
    part = " ".join(["word"] * 60)
    (offer,) = make_suggestions(parse_query("x y"), Advice(blame=(Blame(part=part, papers=1),)))
    assert len(offer.label) <= 80


def test_what_leaves_nothing_to_search_for_is_not_offered() -> None:
    query = parse_query("x x")
    assert make_suggestions(query, Advice(blame=(Blame(part="x", papers=1),))) == []


def test_advice_can_be_shown_without_discord() -> None:
    advice = Advice(doubtful=(doubt("a*b", "ab"),))
    assert say_advice(advice, repr) == ["No paper uses the word 'a*b'; did you mean 'ab'?"]


def test_what_a_person_typed_cannot_leave_its_quotes() -> None:
    advice = Advice(blame=(Blame(part="x` @everyone", papers=1),))
    assert "Without `x' @everyone` it finds" in said(advice)


def test_a_name_that_nobody_has_is_named_with_the_nearest() -> None:
    names = (
        DoubtfulName(name="Kaiming Hee", nearest=("Kaiming He", "Kaiming Hu")),
        DoubtfulName(name="Xyzzy", nearest=()),
    )
    told = said(Advice(names=names))
    assert "No author goes by `Kaiming Hee`; did you mean `Kaiming He` or `Kaiming Hu`?" in told
    assert "No author goes by `Xyzzy`." in told
