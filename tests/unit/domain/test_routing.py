"""Queues and offers, as pure choices: where something waits, and who is asked next."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from relevo.domain.queues import Queue, Queues
from relevo.domain.routing import Colleague, InLine, Rules, eligible, in_order, offers
from relevo.domain.waits import Told, is_news, places

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
MONEY = Queue(name="money", case_types=("refund",))
MONEY_IN_ENGLISH = Queue(name="money-en", case_types=("refund",), languages=("en",))
QUEUES = Queues(named=(MONEY, MONEY_IN_ENGLISH, Queue(name="english", languages=("en",))))
RULES = Rules(queues=QUEUES)
KIM, LEE, NOELIA = Colleague(id=1), Colleague(id=2), Colleague(id=3, role="supervisor")


def line(  # noqa: PLR0913 - what may differ between two who wait
    number: int = 1,
    queue: str = "default",
    *,
    score: int = 0,
    asked: tuple[int, ...] = (),
    rested: float = 0,
    language: str | None = "en",
    is_requested: bool = False,
) -> InLine:
    """Give somebody who waits, the higher the number the shorter."""
    return InLine(
        conversation_id=UUID(int=number),
        queue=queue,
        language=language,
        score=score,
        since=NOW + timedelta(seconds=number - 100),
        asked=asked,
        asked_at=NOW - timedelta(seconds=rested) if asked else None,
        is_requested=is_requested,
    )


def offered(waiting: list[InLine], *colleagues: Colleague) -> list[tuple[int, int]]:
    """Give what is offered to whom, by number."""
    return [(o.conversation_id.int, o.agent_id) for o in offers(waiting, colleagues, RULES, NOW)]


@pytest.mark.parametrize(
    ("case_type", "language", "trigger", "queue"),
    [
        ("refund", "es", "user_request", "money"),
        ("refund", "en", "user_request", "money-en"),
        ("other", "en", "user_request", "english"),
        ("other", "es", "user_request", "default"),
        ("refund", None, "user_request", "money"),
        ("refund", "en", "safety", "supervisors"),
        ("flight", "es", "denied_boarding", "supervisors"),
    ],
)
def test_the_narrowest_queue_is_chosen_and_what_is_sensitive_goes_to_supervisors(
    case_type: str, language: str | None, trigger: str, queue: str
) -> None:
    """By case type and language; by trigger before anything else."""
    chosen = QUEUES.choose(case_type=case_type, language=language, trigger=trigger, priority="normal")
    assert chosen.name == queue


def test_what_is_urgent_may_be_for_supervisors_and_a_forgotten_queue_is_the_default_one() -> None:
    """As the business says."""
    strict = Queues(sensitive_priorities=frozenset({"urgent"}), sensitive_triggers=frozenset())
    assert strict.choose(case_type="x", language="es", trigger="safety", priority="urgent").name == "supervisors"
    assert strict.choose(case_type="x", language="es", trigger="safety", priority="high").name == "default"
    assert strict.get("gone").name == "default"


def test_the_least_loaded_is_asked_first_and_then_who_is_idle_for_longest() -> None:
    """And whoever never had one is idle for longest."""
    busy = Colleague(id=1, load=2)
    idle = Colleague(id=2, load=1, idle_since=NOW - timedelta(hours=1))
    idler = Colleague(id=3, load=1, idle_since=NOW - timedelta(hours=2))
    assert offered([line()], busy, idle, idler) == [(1, 3)]
    assert offered([line()], busy, idle, Colleague(id=4, load=1)) == [(1, 4)]


def test_nobody_is_offered_more_than_they_can_see_to_at_once() -> None:
    """Two agents with room for three conversations get three of five, the longest waiting ones."""
    small, large = Colleague(id=1, capacity=1), Colleague(id=2, capacity=3, load=1)
    found = offered([line(number) for number in (1, 2, 3, 4, 5)], small, large)
    assert sorted(number for number, _ in found) == [1, 2, 3]
    assert sorted(agent for _, agent in found) == [1, 2, 2]
    assert offered([line()], Colleague(id=1, capacity=0)) == []


def test_urgent_before_early_and_who_waits_before_whom_the_bot_serves() -> None:
    """That is the order in which places are counted, too."""
    found = in_order([line(3), line(2, is_requested=True), line(9, score=60), line(1)])
    assert [one.conversation_id.int for one in found] == [9, 1, 3, 2]
    assert places(["a", "b", "a", "a", "b"]) == [1, 1, 2, 3, 2]


def test_queue_language_and_skills_say_who_may_take() -> None:
    """Who names no queue takes from all but the supervisors'; who names no language speaks any."""
    skilled = Queue(name="claims", skills=("claims", "law"))
    lawyer = Colleague(id=5, skills=("claims", "law", "more"), queues=("claims",))
    assert eligible(skilled, "en", [KIM, Colleague(id=6, skills=("law",)), lawyer]) == [lawyer]
    assert eligible(Queue(name="default"), "en", [KIM, lawyer]) == [KIM]
    spanish = Colleague(id=7, languages=("es",))
    assert eligible(MONEY, "en", [spanish]) == []
    assert eligible(MONEY, None, [spanish]) == [spanish]
    assert eligible(MONEY, "en", [Colleague(id=8, role="readonly")]) == []


def test_supervisors_have_what_is_sensitive_and_somebody_else_only_while_none_of_them_is_there() -> None:
    """Somebody in danger waits for no role; an agent may be given that queue, too."""
    sensitive, entitled = QUEUES.get("supervisors"), Colleague(id=4, queues=("supervisors",))
    assert eligible(sensitive, "en", [KIM, NOELIA, entitled]) == [NOELIA, entitled]
    assert eligible(sensitive, "en", [KIM, Colleague(id=9, queues=("money",))]) == [KIM]


def test_who_declined_is_not_asked_again_until_everybody_was_and_it_has_rested() -> None:
    """After that the round begins anew, and not with who was asked last."""
    assert offered([line(asked=(1,))], KIM, LEE) == [(1, 2)]
    assert offered([line(asked=(1, 2), rested=119)], KIM, LEE) == []
    assert offered([line(asked=(1, 2), rested=120)], KIM, LEE) == [(1, 1)]
    assert offered([line(asked=(2, 1), rested=120)], KIM, LEE) == [(1, 2)]


def test_who_is_alone_is_asked_again_after_the_rest() -> None:
    """There is nobody else."""
    assert offered([line(asked=(1,), rested=119)], KIM) == []
    assert offered([line(asked=(1,), rested=120)], KIM) == [(1, 1)]


def test_a_free_colleague_who_was_asked_does_not_take_the_turn_of_a_busy_one_who_was_not() -> None:
    """It waits for them; whoever wants it sooner may take it by hand."""
    assert offered([line(asked=(1,), rested=500)], KIM, Colleague(id=2, load=3)) == []


def test_a_contact_is_told_of_what_changed_and_at_most_once_a_minute() -> None:
    """At once where nobody can be asked; a little later where somebody is being asked just now."""
    first = Told()
    assert is_news(first, 1, None, since=NOW, is_offered=False, now=NOW)
    assert not is_news(first, 1, None, since=NOW, is_offered=True, now=NOW + timedelta(seconds=19))
    assert is_news(first, 1, None, since=NOW, is_offered=True, now=NOW + timedelta(seconds=20))
    told = Told(place=2, wait_seconds=300, at=NOW)

    def told_again(seconds: int, place: int, wait: int | None) -> bool:
        return is_news(told, place, wait, since=NOW, is_offered=False, now=NOW + timedelta(seconds=seconds))

    assert not told_again(59, 1, 300)
    assert told_again(60, 1, 300)
    assert not told_again(600, 2, 400)
    assert told_again(600, 2, 450)
    assert told_again(600, 2, None)
