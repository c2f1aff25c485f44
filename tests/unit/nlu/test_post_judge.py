"""What public posts are taken for: measured with posts that nothing was learnt from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from relevo.domain.post_urgency import ASKS, SORTS
from relevo.nlu.post_judge import Judge, read_learnt
from relevo.nlu.post_words import digest, post_words

NOT_SEEN = yaml.safe_load((Path(__file__).parent / "posts_not_seen.yml").read_text("utf-8"))
JUDGE = Judge(("es", "en"), "es")


def unseen() -> list[tuple[str, str, str]]:
    """Give language, sort and text of each."""
    return [
        (language, sort, text)
        for language, sorts in NOT_SEEN.items()
        for sort, texts in sorts.items()
        for text in texts.splitlines()
    ]


def test_posts_that_nothing_was_learnt_from_are_sorted() -> None:
    """At least 8 of 10 by sort, and nearly 9 of 10 by whether they want an answer; the numbers are printed."""
    found = [(sort, JUDGE.judge(text, language).sort, text) for language, sort, text in unseen()]
    right = sum(sort == judged for sort, judged, _ in found) / len(found)
    wants = sum((sort in ASKS) == (judged in ASKS) for sort, judged, _ in found) / len(found)
    wrong = Counter((sort, judged) for sort, judged, _ in found if sort != judged)
    print(f"posts not seen: {len(found)}, sorted rightly {right:.1%}, wants an answer {wants:.1%}, wrong {dict(wrong)}")
    assert right >= 0.8, [each for each in found if each[0] != each[1]]
    assert wants >= 0.88, [each for each in found if (each[0] in ASKS) != (each[1] in ASKS)]


def test_each_language_has_sixty_posts_and_more_and_none_that_is_measured_with() -> None:
    """What was learnt is of the files as they are now."""
    assert read_learnt().sources == digest(), "Learn anew: python -m relevo.nlu.post_learning"
    measured = {text for _, _, text in unseen()}
    for words in post_words().values():
        learnt = [text for sort in SORTS for text in words.sorts[sort]]
        assert len(learnt) >= 60
        assert not measured & set(learnt)


def test_the_language_is_the_posts_own_and_one_that_the_bot_has() -> None:
    """Words tell before the platform does, which guesses; a third language is answered in the bot's first."""
    assert JUDGE.judge("Where is my suitcase, I want an answer", "es").language == "en"
    assert JUDGE.judge("@AuroraAir AU0412???", "en").language == "en"
    assert JUDGE.judge("Wo ist mein Koffer", "de").language == "es"


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("habéis perdido mi maleta y nadie responde", "lost_baggage"),
        ("where is my luggage, day five", "lost_baggage"),
        ("llevo esperando el reembolso desde marzo", "refund"),
        ("you charged me twice", "overcharge"),
        ("my guitar came out in pieces", "damage"),
        ("otra vez cancelado el vuelo", "cancellation"),
        ("two hours late again", "delay"),
        ("me faltan los puntos de Dubái", "points"),
        ("your agent shouted at my father", "behaviour"),
        ("there's a fire on board and nobody helps", "safety"),
        ("qué bonito día", None),
    ],
)
def test_a_post_has_a_topic(text: str, topic: str | None) -> None:
    """The gravest that it names."""
    assert JUDGE.judge(text).topic == topic


def test_danger_is_never_taken_for_praise_or_spam() -> None:
    """Whatever else the words sound like."""
    assert JUDGE.judge("thanks, great, wonderful crew, but my father isn't breathing").sort == "complaint"


def test_a_flight_is_found_however_it_is_written() -> None:
    """Ours in all forms, another carrier's in capitals; an account's name is none."""
    assert JUDGE.judge("stuck on flight AU 412").flight == "AU0412"
    assert JUDGE.judge("vuelo au0412 retrasado").flight == "AU0412"
    assert JUDGE.judge("IB3170 is late").flight == "IB3170"
    assert JUDGE.judge("@AU0412 hello").flight is None


@pytest.mark.parametrize("text", ["stop", "@AuroraAir STOP!", "Baja", "no me escribáis más", "please don't contact me"])
def test_whoever_wants_no_answers_is_heard(text: str) -> None:
    """In one word that is the whole post, or in a sentence that says so."""
    assert JUDGE.judge(text).is_opt_out


@pytest.mark.parametrize(
    "text", ["you never stop losing bags", "me di de baja y me seguís cobrando", "non-stop to Lima?"]
)
def test_a_word_among_others_is_no_wish_to_be_left_alone(text: str) -> None:
    """Complaints say “stop” and “baja”, too."""
    assert not JUDGE.judge(text).is_opt_out
