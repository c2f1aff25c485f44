"""The clocks of a handoff: what starts, stops and moves them, whatever happens in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from relevo.domain.calendar import Calendar, Shift
from relevo.domain.clocks import Clock, Clocks, Event, Goal, Happened, Policy, Remark
from relevo.domain.sla import Sla, happened

MADRID = ZoneInfo("Europe/Madrid")
CALENDAR = Calendar(
    shifts=(
        Shift(first="mon", last="fri", opens=time(9), closes=time(18)),
        Shift(first="sat", last="sun", opens=time(0), closes=time(4)),  # the night in which the clock is changed, too
    ),
    holidays=frozenset([date(2026, 10, 12), date(2026, 12, 25)]),
    timezone="Europe/Madrid",
)
HOUR = 3600
NORMAL = Policy(first_response_seconds=4 * HOUR, next_response_seconds=2 * HOUR, resolution_seconds=20 * HOUR)
URGENT = Policy(first_response_seconds=900, next_response_seconds=900, resolution_seconds=4 * HOUR, is_wall=True)
SLA = Sla({"normal": NORMAL, "urgent": URGENT}, CALENDAR)

TAKEN, REPLIED, WROTE = Happened.TAKEN, Happened.REPLIED, Happened.WROTE
PUT_BACK, BACK, CLOSED, LOOKED = Happened.PUT_BACK, Happened.HANDED_BACK, Happened.CLOSED, Happened.LOOKED
BEGINNING = datetime(2026, 10, 20, tzinfo=timezone.utc)
MOVES = [move for move in Happened if move is not Happened.RAISED]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=MADRID)


def _told(start: str, *told: tuple[Happened, str], level: str = "normal") -> Clocks:
    events = [Event(what=what, at=_at(at)) for what, at in told]
    return SLA.follow(SLA.start(level, _at(start)), events)[0]


def _clock(clocks: Clocks, goal: str) -> Clock:
    clock = clocks.of(Goal(goal))
    assert clock is not None
    return clock


def test_clocks_run_over_open_hours_from_the_handoff_on() -> None:
    """A Thursday at 17:00 with four hours to go is due on Friday at noon; what is urgent does not wait."""
    clocks = _told("26T17:00")
    assert _clock(clocks, "first_response").due_at == _at("27T12:00")
    assert _clock(_told("26T17:50", level="urgent"), "first_response").due_at == _at("26T18:05")
    assert clocks.due() == (Goal.FIRST_RESPONSE, _at("27T12:00"))


def test_an_answer_in_time_is_kept_and_one_too_late_is_not() -> None:
    """To the second, and dated when it was due, not when somebody looked."""
    kept = _clock(_told("26T10:00", (TAKEN, "26T10:05"), (REPLIED, "26T14:00")), "first_response")
    assert (kept.state, kept.kept_at, kept.breached_at) == ("kept", _at("26T14:00"), None)
    late = _clock(_told("26T10:00", (TAKEN, "26T10:05"), (REPLIED, "26T14:01")), "first_response")
    assert (late.state, late.kept_at, late.breached_at) == ("missed", None, _at("26T14:00"))
    assert _clock(_told("26T10:00", (LOOKED, "26T17:00")), "first_response").state == "late"


def test_a_warning_comes_before_a_breach_and_each_of_them_once() -> None:
    """At four fifths of the time; and who looks late hears of the breach alone."""
    clocks, told = SLA.follow(SLA.start("normal", _at("26T10:00")), [Event(what=LOOKED, at=_at("26T13:13"))])
    assert [(remark.is_breach, remark.at) for remark in told] == [(False, _at("26T13:12"))]
    clocks, told = SLA.follow(clocks, [Event(what=LOOKED, at=_at(at)) for at in ("26T13:30", "26T14:01", "26T15:00")])
    assert [(remark.is_breach, remark.at) for remark in told] == [(True, _at("26T14:00"))]
    _, told = SLA.follow(SLA.start("normal", _at("26T10:00")), [Event(what=LOOKED, at=_at("26T17:00"))])
    assert [remark.is_breach for remark in told] == [True]


def test_while_the_contact_is_waited_for_nothing_runs() -> None:
    """From the answer to the contact's next message; then an answer is due, from the first message that has none."""
    answered = ((TAKEN, "26T10:10"), (REPLIED, "26T11:00"))
    waiting = _told("26T10:00", *answered, (LOOKED, "30T09:00"))
    assert (waiting.due(), waiting.paused_at, waiting.wakes_at()) == (None, _at("26T11:00"), None)
    asked = _told("26T10:00", *answered, (WROTE, "27T12:00"), (WROTE, "27T12:30"))
    assert asked.due() == (Goal.NEXT_RESPONSE, _at("27T14:00"))
    assert asked.paused_at is None
    resolution = _clock(asked, "resolution")
    before = _clock(_told("26T10:00"), "resolution")
    pause = CALENDAR.open_seconds(_at("26T11:00"), _at("27T12:00"))
    assert CALENDAR.open_seconds(before.due_at, resolution.due_at) == pause == 10 * HOUR


def test_handing_back_answers_and_the_resolution_goes_on() -> None:
    """The bot says what was decided; ending it without a word keeps nothing."""
    back = _told("26T10:00", (TAKEN, "26T10:10"), (BACK, "26T10:20"))
    assert (_clock(back, "first_response").state, back.due()) == ("kept", (Goal.RESOLUTION, _at("28T03:00")))
    ended = _told("26T10:00", (TAKEN, "26T10:10"), (Happened.ENDED, "26T10:20"))
    assert _clock(ended, "first_response").state == "dropped"
    left = _told("26T10:00", (Happened.LEFT, "26T10:20"), (WROTE, "26T10:30"), (LOOKED, "26T18:00"))
    assert (_clock(left, "first_response").state, left.next_response) == ("dropped", None)


def test_what_is_put_back_waits_for_somebody_else() -> None:
    """The first answer goes on being due; after it, the next one is, though the contact wrote nothing since."""
    first = _told("26T10:00", (TAKEN, "26T10:10"), (PUT_BACK, "26T10:20"))
    assert first.due() == (Goal.FIRST_RESPONSE, _at("26T14:00"))
    then = _told("26T10:00", (TAKEN, "26T10:10"), (REPLIED, "26T10:20"), (PUT_BACK, "26T12:00"))
    assert then.due() == (Goal.NEXT_RESPONSE, _at("26T14:00"))


def test_closing_the_case_ends_everything() -> None:
    """Also while the contact is waited for; what happens later moves nothing."""
    answered = ((TAKEN, "26T10:10"), (REPLIED, "26T10:20"))
    closed = _told("26T10:00", *answered, (CLOSED, "30T10:00"), (WROTE, "30T11:00"))
    assert (closed.ended_at, closed.due()) == (_at("30T10:00"), None)
    assert _clock(closed, "resolution").kept_at == _at("30T10:00")


def test_another_priority_moves_what_is_not_over_and_keeps_what_was_counted() -> None:
    """Three hours are over: by the urgent quarter of an hour it is late at once; of the resolution one is left."""
    raised = [Event(what=Happened.RAISED, at=_at("26T13:00"), level="urgent"), Event(what=LOOKED, at=_at("26T13:01"))]
    clocks, told = SLA.follow(SLA.start("normal", _at("26T10:00")), raised)
    assert [(remark.goal.value, remark.at) for remark in told if remark.is_breach] == [
        ("first_response", _at("26T13:00"))
    ]
    assert _clock(clocks, "resolution").due_at == _at("26T14:00")


def test_what_stands_on_the_timeline_says_what_happened() -> None:
    """Who has control is an entry of its own; words of the bot and of the system move nothing."""
    assert [happened("message", author, None, None) for author in ("agent", "contact", "bot", "system")] == [
        *(REPLIED, WROTE),
        *(None, None),
    ]
    passed = [("bot", "agent"), ("agent", "queued"), ("agent", "bot"), ("agent", "wrap_up"), ("queued", "bot")]
    assert [happened("control", "system", *pair) for pair in passed] == [
        *(TAKEN, PUT_BACK, BACK),
        *(Happened.ENDED, Happened.LEFT),
    ]
    assert [happened("control", "system", *pair) for pair in (("queued", "expired"), ("expired", "bot"))] == [None] * 2


STARTS = st.integers(0, 70 * 24 * HOUR).map(lambda seconds: BEGINNING + timedelta(seconds=seconds))
GAPS = st.one_of(st.integers(0, 2 * HOUR), st.integers(0, 60 * HOUR)).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def _courses(draw: st.DrawFn, moves: Sequence[Happened] = tuple(MOVES)) -> tuple[Clocks, list[Event]]:
    """Draw a handoff and what happens after it, closing it at most once and last."""
    at = draw(STARTS)
    start = SLA.start("normal", at)
    events = []
    for what, gap in draw(st.lists(st.tuples(st.sampled_from(moves), GAPS), max_size=14)):
        at += gap
        events.append(Event(what=what, at=at, level="urgent" if what is Happened.RAISED else None))
    return start, events


def _steps(start: Clocks, events: Sequence[Event]) -> list[Clocks]:
    found = [start]
    for event in events:
        found.append(SLA.follow(found[-1], [event])[0])
    return found


@settings(max_examples=150, deadline=None)
@given(_courses())
def test_no_due_time_ever_moves_earlier_without_another_priority(course: tuple[Clocks, list[Event]]) -> None:
    """Pauses and put-backs only ever give more time."""
    steps = _steps(*course)
    for before, after in pairwise(steps):
        for goal, clock in before.each():
            later = after.of(goal)
            assert later is not None
            assert later.started_at > clock.started_at or later.due_at >= clock.due_at


@settings(max_examples=150, deadline=None)
@given(_courses())
def test_a_breach_comes_when_the_open_seconds_that_ran_are_the_target(course: tuple[Clocks, list[Event]]) -> None:
    """Counted from outside: between two events a clock ran, or it did not; what did not run never counts."""
    start, events = course
    steps = _steps(
        start, [*events, Event(what=LOOKED, at=(events[-1].at if events else start.at) + timedelta(days=40))]
    )
    for goal, final in _each(steps):
        ran = sum(
            CALENDAR.open_seconds(before.at, min(after.at, final.breached_at or after.at))
            for before, after in pairwise(steps)
            if _runs(before.of(goal), final)
        )
        assert ran <= final.target_seconds + 0.001
        assert final.breached_at is None or ran >= final.target_seconds - 0.001


@settings(max_examples=150, deadline=None)
@given(_courses(tuple(Happened)), st.lists(st.integers(0, 200 * HOUR), max_size=6))
def test_it_does_not_matter_when_and_how_often_somebody_looks(
    course: tuple[Clocks, list[Event]], looks: list[int]
) -> None:
    """The same clocks and the same remarks, whether they are read off at once or every now and then.

    Only a warning may be missing that nobody was there to hear before the breach.
    """
    start, events = course
    end = Event(what=LOOKED, at=start.at + timedelta(days=90))
    seen = [Event(what=LOOKED, at=start.at + timedelta(seconds=seconds)) for seconds in looks]
    once, told = SLA.follow(start, [*events, end])
    often, heard = SLA.follow(start, sorted([*events, *seen, end], key=lambda event: event.at))
    assert replace(often, at=end.at) == replace(once, at=end.at)
    assert _breaches(heard) == _breaches(told)
    keys = [(remark.goal, remark.number, remark.is_breach) for remark in heard]
    assert len(keys) == len(set(keys))
    assert {remark.number for remark in heard if remark.is_breach and remark.goal is not Goal.NEXT_RESPONSE} <= {1}


def _each(steps: Sequence[Clocks]) -> list[tuple[Goal, Clock]]:
    """Give every clock as it was last."""
    found = {(goal, clock.started_at): clock for step in steps for goal, clock in step.each()}
    return [(goal, clock) for (goal, _), clock in found.items()]


def _runs(clock: Clock | None, as_last: Clock) -> bool:
    return clock is not None and clock.started_at == as_last.started_at and clock.running_since is not None


def _breaches(remarks: Sequence[Remark]) -> list[Remark]:
    return [remark for remark in remarks if remark.is_breach]
