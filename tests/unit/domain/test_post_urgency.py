"""How fast a post travels, how urgent that makes it, and how long a text is as X counts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from relevo.domain.post_text import weighted_length
from relevo.domain.post_urgency import Judgement, Travelled, speed, urgency

POSTED = datetime(2026, 11, 26, 8, tzinfo=timezone.utc)
LOST = Judgement(language="en", sort="complaint", topic="lost_baggage")


def at(**after: float) -> datetime:
    """Give a moment so long after the post."""
    return POSTED + timedelta(**after)


@pytest.mark.parametrize(
    ("readings", "an_hour"),
    [
        ((), None),
        (((at(minutes=1), 500),), None),  # too young to tell
        (((at(hours=5, minutes=2), 302_000),), 60_000),  # since it was posted
        (((at(), 0), (at(minutes=30), 30_000)), 60_000),
        (((at(), 0), (at(minutes=30), 30_000), (at(minutes=60), 30_000)), 0),  # now, not once
        (((at(), 0), (at(minutes=30), 30_000), (at(minutes=30, seconds=5), 30_100)), 60_000),  # too close together
        (((at(), 0), (at(hours=9), 90_000)), None),  # too long ago
        (((at(), 5_000), (at(minutes=30), 4_000)), 0),  # never negative
    ],
)
def test_two_readings_tell_how_fast_a_post_travels(
    readings: tuple[tuple[datetime, int], ...], an_hour: int | None
) -> None:
    """The last two that are neither too close together nor too far apart."""
    assert speed(POSTED, readings) == an_hour


def test_reach_speed_topic_and_unanswered_contacts_make_a_post_urgent() -> None:
    """Reach is impressions and their speed more than the author's followers."""
    travelled = Travelled(impressions=302_000, an_hour=60_000, followers=412)
    found = urgency(LOST, travelled, unanswered=2)
    assert {reason.code: reason.detail for reason in found.reasons} == {
        "impressions": "302000",
        "impressions_an_hour": "60000",
        "unanswered_contacts": "2",
        "public_topic": "lost_baggage",
    }
    assert (found.score, found.level) == (100, "urgent")
    famous = urgency(LOST, Travelled(impressions=3, an_hour=None, followers=302_000))
    assert famous.level == "high"
    assert urgency(LOST, Travelled(impressions=3, an_hour=None)).level == "normal"


def test_danger_is_urgent_whoever_reads_it_and_praise_never_is() -> None:
    """What asks for nothing is not urgent, however far it goes."""
    nobody, everybody = Travelled(impressions=0, an_hour=0), Travelled(impressions=9_000_000, an_hour=900_000)
    assert urgency(Judgement(language="en", sort="complaint", topic="safety"), nobody).is_grave
    assert urgency(Judgement(language="en", sort="praise"), everybody).reasons == ()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("año", 3),
        ("日本", 4),
        ("✈", 2),
        ("https://x.com/messages/compose?recipient_id=1111", 23),
        ("Sorry: https://x.com/a and HTTPS://x.com/b", 58),
        ("e\u0301", 1),
    ],
)
def test_texts_are_counted_as_x_does(text: str, length: int) -> None:
    """Latin letters one, all else two, a link 23."""
    assert weighted_length(text) == length
