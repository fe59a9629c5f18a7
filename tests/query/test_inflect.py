"""Forms of one word, and never of another."""

import gzip
import json
import re
from collections import Counter
from itertools import combinations

import pytest

from bot.query.inflect import inflections, lemma_of
from tests.shared import shared

FAMILIES = """
    train trains trained training
    model models modeled modelled modeling modelling
    experience experiences experienced experiencing
    study studies studied studying
    use uses used using
    code codes coded coding
    hop hops hopped hopping
    hope hopes hoped hoping
    plan plans planned planning
    plane planes
    refer refers referred referring
    equip equips equipped equipping
    process processes processed processing
    focus focuses focused focusing focussed
    bias biases biased biasing
    agree agrees agreed agreeing
    feed feeds fed feeding
    need needs needed needing
    speed speeds speeding
    tie ties tied tying
    die dies died dying
    play plays played playing
    category categories
    movie movies
    matrix matrices
    vertex vertices vertexes
    index indices indexes indexing
    hypothesis hypotheses
    spectrum spectra
    phenomenon phenomena
    nucleus nuclei
    virus viruses
    gas gases
    lens lenses
    class classes classed
    gpu gpus
    llm llms
    gan gans
    epoch epochs
    match matches matching matched
    metric metrics
    topic topics
    unit units
    unite united uniting
    write writes wrote written writing
    build builds built building buildings
    learn learns learned learnt learning
    find finds found finding findings
    leaf leaves
    half halves
    person people
    child children
    embed embeds embedded embedding embeddings
    label labels labeled labelled labeling
    optimize optimizes optimized optimizing
    sample samples sampled sampling
    organ organs
    evening evenings
    string strings
    analyse analyses analysed analysing
    quiz quizzes quizzed quizzing
    testbed testbeds
    oled oleds
    quadruped quadrupeds
    rubric rubrics
    subtopic subtopics
    plateau plateaus plateaued
    relu relus
    debias debiased debiasing
    refocus refocused refocusing
    sync syncs synced syncing
    queue queues queuing queueing
    unembed unembedding unembeddings
    cache caches cached caching
    hero heroes
    see sees saw seen seeing
"""


@pytest.mark.parametrize("family", FAMILIES.strip().splitlines(), ids=lambda line: line.split()[0])
def test_every_form_finds_every_other(family: str) -> None:
    forms = family.split()
    ambiguous = {"analyses", "found", "leaves", "saw", "united"}
    for one, other in combinations(forms, 2):
        assert one in inflections(other)
        if other not in {"unite"} and one not in ambiguous:
            assert other in inflections(one)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("new", "news"), ("generative", "general"), ("generative", "generation"),
        ("experience", "experiment"), ("universe", "university"), ("universe", "universal"),
        ("relativity", "relative"), ("organ", "organization"), ("train", "trainer"),
        ("unit", "united"), ("even", "evening"), ("see", "seed"), ("the", "thing"), ("he", "hes"),
        ("http", "https"), ("len", "lens"), ("plan", "planed"), ("hop", "hoped"),
        ("code", "codded"), ("cod", "coding"), ("secret", "secreted"), ("past", "pasted"),
        ("gp", "gps"), ("physic", "physics"), ("dynamic", "dynamics"), ("cal", "called"),
        ("cas", "cases"), ("thu", "thus"), ("bank", "banker"), ("as", "ass"), ("new", "newer"),
        ("community", "commune"), ("string", "sting"), ("during", "dure"), ("ole", "oled"),
        ("hot", "hotbed"), ("mope", "moped"), ("harm", "harmonics"),
    ],
)  # fmt: skip
def test_another_word_is_no_form(word: str, other: str) -> None:
    assert other not in inflections(word)
    assert word not in inflections(other)


FORMS = """
    playing play plays playings played
    showing show shown shows showings showed
    boxing box boxes boxings boxed
    freeing free frees freeings freed
    toeing toe toes toeings toed
    dyeing dye dyes dyeings dyed
    skiing ski skis skiings skied
    adding add adds addings added
    missing miss misses missings missed
    calling call calls callings called
    stuffed stuff stuffs stuffing stuffings
    buzzing buzz buzzes buzzings buzzed
    planned plan plans planning plannings
    hoping hope hopes hopings hoped
    moving move moves movings moved
    sampling sample samples samplings sampled
    axis axes
    epoch epochs epoches epoching epochings epoched
    hero heros heroes heroing heroings heroed
"""


@pytest.mark.parametrize("forms", FORMS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_a_word_has_these_forms_and_no_others(forms: str) -> None:
    """What ``-ed`` and ``-ing`` hid is given back as people write it."""
    assert set(inflections(forms.split()[0])) == set(forms.split())


@pytest.mark.parametrize("word", ["gpt4", "co2", "c++", "量", "λ", "ai", "the", "größe", ""])
def test_what_is_no_english_word_stands_for_itself(word: str) -> None:
    assert inflections(word) == (word,)


def test_a_word_comes_first_and_no_form_twice() -> None:
    for word in ("training", "studies", "bases", "focussed"):
        forms = inflections(word)
        assert forms[0] == word
        assert len(set(forms)) == len(forms)


def test_the_shortest_form_stands_in_a_dictionary() -> None:
    assert [lemma_of(word) for word in ("training", "studies", "images")] == [
        "train",
        "study",
        "image",
    ]


def test_forms_are_alike_in_real_papers() -> None:
    """Whatever the rules join begins alike, but for the irregular forms: nothing strays."""
    counts: Counter[str] = Counter()
    with gzip.open(shared("corpus/papers.jsonl.gz"), "rt", encoding="utf-8") as lines:
        for _ in range(8000):
            text = json.loads(next(lines))["abstract"].lower()
            counts.update(set(re.findall("[a-z]+", text)))
    known = {word for word, papers in counts.items() if papers >= 3}
    strange = {
        (word, form)
        for word in known
        for form in inflections(word)
        if form in known and not form.startswith(word[: max(2, min(len(word), len(form)) - 3)])
    }
    assert len(strange) < len(known) / 100, sorted(strange)[:40]
