"""One table for the engine: queries, the papers they find, and why.

Run through the store, `/paper search`, the command line and the daily matching, with equal
results (`tests/test_engine.py`).
"""

from dataclasses import replace
from datetime import timedelta

from bot.models import AnnounceType, Paper
from bot.store.store import Store
from tests.builders import (
    DAY,
    NOW,
    make_draft,
    make_link,
    make_listing,
    make_paper,
)

CC = "http://creativecommons.org/licenses/"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"
ARXIV_LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"

PAPERS = (
    make_paper(
        1,
        title="Deep Residual Learning for Image Recognition",
        abstract="Deeper neural networks are more difficult to train.",
        authors=("Kaiming He", "Xiangyu Zhang"),
        categories=("cs.CV", "cs.LG"),
        comment="Tech report",
    ),
    make_paper(
        2,
        title="Training C++ agents: a multi-agent study",
        abstract="Deep learning of policies; code at https://github.com/example/project.",
        authors=("Jean-Pierre Sérré", "K. Łukasik"),
        categories=("cs.MA",),
        links=(make_link(),),
    ),
    make_paper(
        3,
        title="Dark matter halos",
        abstract="We recognise images of halos without learning.",
        authors=("Kaiming Hu", "Xin He"),
        categories=("astro-ph.CO", "stat.ML"),
        doi="10.1103/PhysRevD.76.013009",
    ),
)


async def announce_spelled(store: Store) -> None:
    await store.papers.add_listing(make_listing(*SPELLED), now=NOW)


async def announce_chained(store: Store) -> None:
    await store.papers.add_listing(make_listing(*CHAINED), now=NOW)


async def announce_papers(store: Store) -> None:
    """Announce the first two papers on `DAY`; the third, and the first again, a day later."""
    await store.papers.add_listing(make_listing(*PAPERS[:2]), now=NOW)
    later = make_listing(
        PAPERS[2], (PAPERS[0], AnnounceType.CROSS), announced_on=DAY + timedelta(days=1)
    )
    await store.papers.add_listing(later, now=NOW)


TABLE: tuple[tuple[str, str, str], ...] = (
    ("learning", "321", "a word in any field"),
    ("LEARNED", "321", "in any form and case"),
    ("deep learning", "21", "words are ANDed"),
    ('"deep learning"', "2", "a phrase is words next to each other"),
    ("halos OR residual", "31", "OR"),
    ("learning -deep", "3", "minus"),
    ("learning NOT deep", "3", "NOT"),
    ("-deep", "3", "only exclusion"),
    ("(residual OR halos) images", "31", "parentheses"),
    ("recogn*", "31", "prefix"),
    ("title:learning", "1", "field"),
    ("abstract:(deep learning)", "2", "a field for a group"),
    ("comment:report", "1", "comment"),
    ("serre", "2", "accents do not matter"),
    ("author:he", "31", "surname"),
    ('author:"K. He"', "1", "initial and surname of one person"),
    ('author:"He, Kaiming"', "1", "order does not matter"),
    ('author:"J.-P. Serre"', "2", "initials of a double name"),
    ('author:"Jeanpierre Serre"', "2", "a double name without hyphen"),
    ('author:"Krzysztof Lukasik"', "2", "the paper has only the initial"),
    ('author:"Kaiming Zhang"', "", "never parts of two persons"),
    ("category:cs.LG", "1", "cross-listed category"),
    ("category:cs.*", "21", "archive"),
    ("category:astro-ph", "3", "archive without star"),
    ("type:cross", "1", "announce type in any listing"),
    ("type:new", "321", "announced as new"),
    ("has:code", "2", "code link"),
    ("-has:code", "31", "no code link"),
    ("since:2024-03-06", "3", "since"),
    ("until:2024-03-05", "21", "until"),
    ("halos OR until:2024-03-05", "321", "a date inside OR"),
    ("-since:2024-03-06", "21", "a date excluded"),
    ("2403.00002v3", "2", "identifier, any version"),
    ("https://arxiv.org/pdf/2403.00003.pdf", "3", "address"),
    ("id:2403.00001 OR id:2403.00003", "31", "identifiers in OR"),
    ("10.1103/physrevd.76.013009", "3", "DOI"),
    ("2403.99999", "", "unknown identifier"),
    ("-2403.00002", "31", "identifier excluded"),
    ("C++ multi-agent", "2", "punctuation inside words"),
    ("", "321", "nothing asked"),
    ("zzz", "", "nothing found"),
)
"""Query, last digits of the papers it finds newest first, why."""

SPELLED = (
    make_paper(
        1,
        title="Pretraining and finetuning of multimodal transformers",
        abstract="GPT4 in 3D: a multiagent world with news of experience, ImageNet1k, trained.",
    ),
    make_paper(
        2,
        title="Pre-training and fine-tuning of multi-modal agents",
        abstract="GPT-4 in 3-D, ImageNet-1k, multi-agent experiment, universities; universe.",
    ),
    make_paper(
        3,
        title="Pre training, GPT 4, 3 D",
        abstract="CO₂ and H₂O with the ℓ₁ norm, Kₛ, R² and 10⁶ of them; over all trainers.",
    ),
    make_paper(
        4,
        title="CO2 and H2O",
        abstract="The l1 norm, K_s and R2; overall, new generators.",
        authors=("R. C. Banks",),
    ),
    make_paper(5, title="β-VAE, ε-greedy, ΛCDM", abstract="λ is oﬃcial, as Erdős says."),
    make_paper(
        6, title="beta-VAE, epsilon-greedy, Lambda CDM", abstract="A lambda is official (Erdos)."
    ),
    make_paper(
        7,
        title="C++, C# and R in .NET",
        abstract="The p-value of k-means; a bank of studies.",
        authors=("G. Relativity",),
    ),
    make_paper(
        8,
        title="Generative nets",
        abstract="General relativity; an organ; kmeans studying 106 of them.",
    ),
    make_paper(9, title="关于量子计算综述", abstract="机器学习与量子计算模型 LambdaCDM"),
)

SPELLINGS: tuple[tuple[str, str, str], ...] = (
    ("news", "1", "news is not new"),
    ("new", "4", "new is not news"),
    ("generative", "8", "no other word of the family"),
    ("general", "8", "nor the other way round"),
    ("generators", "4", "nor a noun of it"),
    ("experience", "1", "not experiment"),
    ("experiments", "2", "not experience"),
    ("universe", "2", "not university"),
    ("organs", "8", "not organization"),
    ("relativity", "87", "not relative; and a name as it is"),
    ("banks", "74", "the name itself, and the noun's singular"),
    ("bank", "7", "a surname is no plural"),
    ("train", "321", "train, trained, training"),
    ("trainer", "3", "a trainer does not train"),
    ("studies", "87", "studies, studying"),
    ('"studies"', "7", "quoted: exactly that"),
    ("=studies", "7", "as behind an equals sign"),
    ("=study", "", "which no paper says"),
    ("-=studies", "98654321", "excluded exactly"),
    ("title:=nets", "8", "exactly, in a field"),
    ("stud*", "87", "a beginning"),
    ("CO2", "43", "an index raised or lowered, or on the line"),
    ("CO₂", "43", "in both directions"),
    ("CO_2", "43", "and in TeX"),
    ("$CO_2$ H$_2$O", "43", "with its dollars"),
    ("h2o", "43", "in any case"),
    ("l1", "43", "a letter of mathematics is a letter"),
    ("ℓ₁", "43", "typed too"),
    ("$\\ell_1$", "43", "or in TeX"),
    ("K_s", "43", "an index"),
    ("Kₛ", "43", "an index lowered"),
    ("R2", "43", "a power"),
    ("R^2", "43", "a power in TeX"),
    ("106", "8", "but a power of ten is no number of its own"),
    ("10^6", "3", "nor is a number a power of ten"),
    ("10⁶", "3", "in either way of writing it"),
    ("pretraining", "321", "together finds hyphen and blank"),
    ("pre-training", "321", "hyphen finds together and blank"),
    ("pre training", "321", "blank finds together and hyphen"),
    ("pretrained", "321", "in any form"),
    ('"pretraining"', "1", "unless quoted"),
    ('"pre-training"', "32", "a hyphen is a blank in a phrase"),
    ("finetuning", "21", "together"),
    ("fine-tuning", "21", "with a hyphen"),
    ("fine tuning", "21", "with a blank"),
    ("multimodal", "21", "together"),
    ("multi-modal", "21", "with a hyphen"),
    ("multiagent", "21", "together"),
    ("multi-agent", "21", "with a hyphen"),
    ("multi agents", "21", "with a blank and a plural"),
    ("GPT4", "321", "a number needs no witness"),
    ("GPT-4", "321", "with a hyphen"),
    ("gpt 4", "321", "with a blank"),
    ("ImageNet1k", "21", "at one of several places"),
    ("ImageNet-1k", "21", "with a hyphen there"),
    ("imagenet 1k", "21", "with a blank"),
    ("3D", "321", "a number in front"),
    ("3-D", "321", "with a hyphen"),
    ("3 D", "321", "with a blank"),
    ("overall", "4", "two words that only stand together are not one"),
    ("over all", "3", "nor the other way round"),
    ("beta-VAE", "65", "a Greek letter's name"),
    ("β-VAE", "65", "the letter itself"),
    ("$\\beta$-VAE", "65", "the letter in TeX"),
    ("epsilon-greedy", "65", "another"),
    ("ϵ-greedy", "65", "whatever its shape"),
    ("lambda", "65", "a letter alone"),
    ("λ", "65", "finds itself"),
    ("Lambda CDM", "965", "a letter joined to a word"),
    ("ΛCDM", "965", "in both directions"),
    ("LambdaCDM", "965", "written together"),
    ("official", "65", "ligatures"),
    ("oﬃcial", "65", "typed too"),
    ("erdos", "65", "accents"),
    ("Erdős", "65", "typed too"),
    ("C++", "7", "signs that make a word"),
    ("c#", "7", "in any case"),
    (".NET", "7", "a dot in front"),
    ("R", "7", "a letter, not an initial"),
    ("C", "", "C is not C++, nor an initial"),
    ("author:R.", "4", "which is asked for as a name"),
    ('author:"R. Banks"', "4", "with the rest of it"),
    ("k-means", "87", "a letter and a word"),
    ("kmeans", "87", "written together"),
    ("p-value", "7", "another"),
    ("量子计算", "9", "a piece of a run without blanks"),
    ("学习", "9", "another"),
    ("算", "9", "a single character"),
    ("子量", "", "in its order"),
    ("量子计*", "9", "a beginning"),
)
"""The same for how words are written."""

CHAINED = (
    make_paper(
        1,
        title="Word2vec and seq2seq",
        abstract="GPT4o on ImageNet1k, ResNet50; CO2 in magnetohydrodynamics; GPT4Turbo. "
        "YOLOv8 or FlanT5; thermoelectroviscomechanics; SDv2, ResNetT5; "
        "Qwen2.5-VL, LLaVAv1.5; Gemma2-7B.",
    ),
    make_paper(
        2,
        title="Word-2-vec and seq-2-seq",
        abstract="GPT-4-o on Image-Net-1-k, Res-Net-50; CO-2, magneto-hydro-dynamics; GPT-4-Turbo. "
        "YOLO-v8 or Flan-T5; thermo-electro-visco-mechanics; SD-v2, ResNet-T5; "
        "Qwen-2.5-VL, LLaVA-v1.5; Gemma-2-7B.",
    ),
    make_paper(
        3,
        title="Word 2 vec and seq 2 seq",
        abstract="GPT 4 o on image net 1 k, res net 50; CO 2, magneto hydro dynamics; GPT 4 turbo. "
        "YOLO v8 or Flan T5; thermo electro visco mechanics; SD v2, res net T5; "
        "Qwen 2.5 VL, LLaVA v1.5; Gemma 2 7B.",
    ),
    make_paper(
        4,
        title="A word2 study",
        abstract="2vec, magneto-hydrodynamics and a vec; see Table S1 in C2, 2N D. "
        "Qwen2 for 5; Gemma 27B. "
        "Of thermo-electroviscomechanics.",
    ),
    make_paper(
        5,
        title="Words of 2 kinds",
        abstract="A seq, and hydro-dynamics of 50 nets: Tables1, inC2; 2nd n-d. "
        "Of electro-viscomechanics and visco-mechanics.",
    ),
)

CHAINS: tuple[tuple[str, str, str], ...] = (
    ("word2vec", "321", "together finds hyphens and blanks"),
    ("word-2-vec", "321", "hyphens find together and blanks"),
    ("word 2 vec", "4321", "blanks find together and hyphens; and two of three with the third"),
    ("word 2vec", "321", "some of it together"),
    ("word-2 vec", "4321", "some of it with a hyphen"),
    ('word "2" vec', "32", "a part in quotes is itself"),
    ("word title:2 vec", "32", "parts in other places are not one"),
    ("word (2 OR 3) vec", "32", "nor one of two"),
    ("-word2vec", "54", "excluded in every way"),
    ("seq2seq", "321", "another"),
    ("seq 2 seq", "5321", "with blanks; and the words anywhere"),
    ("title:(seq 2 seq)", "321", "in a field"),
    ("abstract:(seq 2 seq)", "", "not in another"),
    ("GPT4o", "321", "a letter behind the number"),
    ("GPT-4o", "321", "with a hyphen in front"),
    ("gpt 4 o", "321", "with blanks"),
    ("GPT-4 o", "321", "with either"),
    ("GPT-4 Turbo", "321", "or a word"),
    ("ImageNet1k", "321", "four parts"),
    ("image-net-1-k", "321", "with hyphens"),
    ("image net 1 k", "321", "with blanks"),
    ("resnet50", "321", "two words and a number"),
    ("res net 50", "321", "with blanks"),
    ("co 2", "321", "two parts as before"),
    ("magnetohydrodynamics", "4321", "three words, each joint of which has a witness"),
    ("magneto-hydro-dynamics", "4321", "with hyphens"),
    ("magneto hydro dynamics", "4321", "with blanks"),
    ("word kinds of 2", "5", "words that only stand together"),
    ("YOLOv8", "321", "a version, together"),
    ("YOLO-v8", "321", "with a hyphen"),
    ("yolo v8", "321", "with a blank"),
    ("yolo v 8", "321", "with two"),
    ("title:(yolo v8)", "", "in a field that does not say it"),
    ("SDv2", "321", "a short name's version"),
    ("sd v2", "321", "with a blank"),
    ("FlanT5", "321", "letters beside letters and digits, that some paper joins with a hyphen"),
    ("flan-t5", "321", "with a hyphen"),
    ("flan t5", "321", "with a blank"),
    ("flan t 5", "321", "with two"),
    ("res net50", "321", "two words, the second with its number"),
    ("image net1k", "321", "with more behind it"),
    ("ResNetT5", "321", "three parts, each joint of which has a witness"),
    ("res net t5", "321", "with blanks"),
    ("Qwen2.5", "321", "a number with a point"),
    ("Qwen-2.5", "321", "with a hyphen"),
    ("qwen 2.5", "321", "with a blank"),
    ("Qwen2.5VL", "321", "with more behind it"),
    ("Qwen2.5-VL", "321", "with a hyphen there"),
    ("qwen 2.5 vl", "321", "with blanks"),
    ('"Qwen2.5"', "1", "unless quoted"),
    ("LLaVAv1.5", "321", "a version with a point"),
    ("llava v1.5", "321", "with a blank"),
    ("Gemma2-7B", "321", "two numbers in a row stay two"),
    ("Gemma-2-7B", "321", "with hyphens"),
    ("gemma 2 7b", "321", "with blanks"),
    ("gemma2 7 b", "321", "with others"),
    ("Gemma27B", "4", "which is another number"),
    ("table s1", "4", "what no paper joins is not one"),
    ("tables1", "5", "nor the other way round"),
    ("in c2", "4", "nor what only stands beside others"),
    ("inc2", "5", "nor the other way round"),
    ("2n d", "4", "nor are single letters"),
    ("2nd", "5", "in neither direction"),
    ("thermoelectroviscomechanics", "4321", "four words, each joint of which has a witness"),
    ("thermo-electro-visco-mechanics", "4321", "with hyphens"),
    ("thermo electro visco mechanics", "4321", "with blanks"),
)
"""The same for compounds of three and four parts."""


PUBLISHED = (
    make_paper(1, comment="12 pages, 3 figures. Accepted at CVPR 2026", license=CC + "by/4.0/"),
    make_paper(2, comment="To appear in NeurIPS 2025", license=CC + "by-nc-sa/4.0/"),
    make_paper(3, comment="Submitted to CVPR 2026", license=ARXIV_LICENSE),
    make_paper(4, journal_ref="Phys. Rev. D 76, 013009 (2007)", license=CC0),
    make_paper(
        5, comment="Accepted in Physical Review D; see CVPR", license="https://example.com/"
    ),
    make_paper(6, comment="This paper has been withdrawn by the authors due to an error"),
    make_paper(7, journal_ref="NIPS 2017", abstract="Heat is withdrawn from CVPR by pumps."),
    make_paper(8, comment="ECCV'26, International Conference on Machine Learning 2025"),
)


async def announce_published(store: Store) -> None:
    await store.papers.add_listing(make_listing(*PUBLISHED), now=NOW)


FACTS: tuple[tuple[str, str, str], ...] = (
    ("venue:CVPR", "1", "accepted there; not submitted, not named"),
    ("venue:cvpr", "1", "in any case"),
    ('venue:"CVPR 2026"', "1", "with its year"),
    ('venue:"CVPR 2025"', "", "not another year"),
    ("venue:2026", "81", "the year alone"),
    ("venue:neurips", "72", "a venue's names are one"),
    ("venue:nips", "72", "in both directions"),
    ('venue:"nips 2017"', "7", "with its year, in a journal reference"),
    ('venue:"Phys. Rev. D"', "54", "a journal"),
    ("venue:PRD", "54", "by its short name"),
    ('venue:"Physical Review D"', "54", "by its long name"),
    ("journal:PRD", "54", "by another word for it"),
    ('venue:"D 76"', "4", "words in a row"),
    ('venue:"rev 013009"', "", "not apart"),
    ("venue:eccv26", "8", "a year without its century"),
    ("venue:ECCV-2026", "8", "a year with it"),
    ("-venue:cvpr", "8765432", "anywhere else"),
    ("venue:(cvpr OR prd)", "541", "one of two"),
    ("venue:cvpr is:withdrawn", "", "both"),
    ("is:withdrawn", "6", "withdrawn by its authors"),
    ("-is:withdrawn", "8754321", "not withdrawn"),
    ("license:cc-by", "1", "a license"),
    ("license:CC-BY-NC-SA", "2", "in any case"),
    ("licence:arxiv", "3", "arXiv's own, in British"),
    ("license:cc0", "4", "the public domain"),
    ("license:other", "5", "one that has no name here"),
    ("-license:arxiv", "8765421", "another license, or none told"),
)
"""The same for what authors and arXiv say beside the texts."""


ADA, BEN = 7001, 7002
HERE, ELSEWHERE = 1001, 1002
"""Servers."""

READ_PAPERS = (
    make_paper(1, title="Deep halos"),
    make_paper(2, title="Deep nets"),
    make_paper(3, title="Dark halos"),
    make_paper(4, title="Dark nets", doi="10.1000/four"),
    make_paper(5, title="Deep graphs"),
    make_paper(6, title="Dark graphs"),
)


async def announce_read(store: Store, reader: int = ADA, server: int = HERE) -> None:
    """Announce papers; a reader and others saved, liked and were posted some of them."""
    await store.papers.add_listing(make_listing(*READ_PAPERS[:3]), now=NOW)
    later = make_listing(*READ_PAPERS[3:], announced_on=DAY + timedelta(days=1))
    await store.papers.add_listing(later, now=NOW)
    ids = [paper.arxiv_id for paper in READ_PAPERS]
    for arxiv_id, tags in zip(ids, (["slam"], ["slam", "to-read"], []), strict=False):
        await store.library.save(reader, arxiv_id, guild_id=server, now=NOW)
        await store.library.set_tags(reader, arxiv_id, tags)
    await store.library.set_read(reader, ids[1], is_read=True)
    await store.library.save(BEN, ids[3], guild_id=server, now=NOW)
    await store.library.set_tags(BEN, ids[3], ["slam"])
    for arxiv_id, likes in zip(ids, (4, 3, 1), strict=False):
        for person in range(likes):
            await store.opinions.give(server, person + 1, arxiv_id, True, now=NOW)
    await store.opinions.give(server, 9, ids[4], False, now=NOW)
    await store.opinions.give(ELSEWHERE, 9, ids[5], True, now=NOW)
    await _post(store, server, 2001, READ_PAPERS[0], READ_PAPERS[4])
    await _post(store, ELSEWHERE, 2002, READ_PAPERS[5])


async def _post(store: Store, server: int, channel_id: int, *papers: Paper) -> None:
    """Post papers in a message each that offers another; leave one more that is not sent yet."""
    channel = await store.subscriptions.set_subscription(
        guild_id=server,
        channel_id=channel_id,
        categories=("cs.CV",),
        announce_types=(AnnounceType.NEW,),
        post_at=None,
        zone="UTC",
        style="auto",
        now=NOW,
    )
    offered = ((READ_PAPERS[1].arxiv_id, 1),)
    drafts = [replace(make_draft(papers[0]), offered=offered)]
    drafts += [make_draft(paper) for paper in (*papers[1:], READ_PAPERS[3])]
    await store.outbox.plan(channel, DAY, drafts, now=NOW)
    for number in range(len(papers)):
        record = await store.outbox.claim(channel_id, NOW)
        assert record is not None
        await store.outbox.mark_sent(record.id, 500 + number, NOW)


OF_READERS: tuple[tuple[str, str, str], ...] = (
    ("in:library", "321", "saved by the person who asks"),
    ("in:library halos", "31", "and words"),
    ("-in:library", "654", "not saved"),
    ("-in:library dark", "64", "not saved, and words"),
    ("dark OR in:library", "64321", "saved, or words"),
    ("tag:slam", "21", "with a tag; not another person's"),
    ("tag:SLAM -tag:to-read", "1", "without one"),
    ("tag:slam OR tag:to-read halos", "21", "a tag, or another and words"),
    ("tag:survey", "", "a tag of no paper"),
    ("is:unread", "31", "saved and not read"),
    ("is:read", "2", "saved and read"),
    ("in:library -is:read", "31", "saved, and not marked"),
    (
        "posted:here",
        "51",
        "posted in this server; not one that waits, nor one that is only offered",
    ),
    ("posted:here deep", "51", "and words"),
    ("posted:here in:library", "1", "both"),
    ("-posted:here -in:library", "64", "neither"),
    ("(posted:here OR tag:slam) -is:read", "51", "as grouped"),
    ("liked:>3", "1", "by more than three people of this server"),
    ("liked:3", "21", "by three or more"),
    ("liked:>=1", "321", "by anybody"),
    ("-liked:>0 deep", "5", "by nobody; to be no paper for this server is no like"),
    ("liked:>4", "", "by nobody so many"),
    ("liked:1 until:2024-03-05", "321", "with a date"),
    ("since:2024-03-06 OR tag:to-read", "6542", "a date or a tag"),
    ("10.1000/four OR in:library", "4321", "beside a paper that is named"),
)
"""The same for what readers did, asked by `ADA` in the server `HERE`."""
