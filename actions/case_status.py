"""How a contact's cases stand: their own alone; a number that is somebody else's is answered like an unknown one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from actions.conversation import Talk
from actions.question import Question, named
from relevo.contracts.business import REFERENCE_FACTS
from relevo.domain.cases import Case
from relevo.domain.contacts import Level

CASE_TYPE = "case_status"
MOST_CASES = 3
RECENT = timedelta(days=60)
"""How long a closed case is told of without its number."""


async def go_on(talk: Talk) -> None:
    """Tell of cases; what was opened here for somebody whom nobody knew needs no further proof."""
    CASES.note(talk)
    if talk.turn.level < Level.TWO_FACTS and not talk.heard.entities.keys() & REFERENCE_FACTS and await _is_told(talk):
        talk.end()
    else:
        await CASES.go_on(talk)


async def _is_told(talk: Talk) -> bool:
    cases = _meant(talk, await talk.turn.own_cases())
    if cases:
        _tell(talk, cases)
    return bool(cases)


async def answer(talk: Talk) -> bool:
    """Tell of the named case, else of those that are open, else of the newest one that was closed of late."""
    is_found = await _is_told(talk)
    if not is_found:
        talk.say("utter_case_not_found")
    return is_found


def _meant(talk: Talk, cases: Sequence[Case]) -> list[Case]:
    numbers = named(talk, "case")
    if numbers:
        return [case for case in cases if case.id in numbers]
    opened = [case for case in cases if case.is_open]
    late = [case for case in cases if case.closed_at and case.closed_at >= talk.turn.now - RECENT]
    return opened[:MOST_CASES] or late[:1]


def _tell(talk: Talk, cases: Sequence[Case]) -> None:
    """Say how they stand; whoever asks about one that is open has come about it again, once a conversation."""
    talk.say("utter_case_status", cases="\n".join(_line(talk, case) for case in cases))
    if len(cases) == 1 and cases[0].is_open and talk.memory["case_id"] != cases[0].id:
        talk.turn.came_again(cases[0])
        talk.memory["case_id"], talk.memory["has_case"] = cases[0].id, True


def _line(talk: Talk, case: Case) -> str:
    write, at = talk.wording, case.opened_at if case.is_open else case.closed_at or case.opened_at
    line = write.line(
        _name(talk, case),
        case=case.id,
        about=write.line("about", reference=case.reference) if case.reference else "",
        date=talk.day(at),
        agent=case.agent_name or "",
    )
    if not case.is_open or case.promised_at is None:
        return line
    promise = "case_promised" if case.promised_at > talk.turn.now else "case_missed"
    return line + write.line(promise, date=write.moment(case.promised_at, talk.turn.zone))


def _name(talk: Talk, case: Case) -> str:
    """Give which line is written about a case."""
    if not case.is_open:
        told = f"case_{case.outcome}"
        return told if talk.wording.has_line(told) else "case_closed"
    if case.waits_for_approval:
        return "case_approval"
    return "case_taken" if case.agent_name else "case_waiting"


CASES = Question(
    case_type=CASE_TYPE,
    asking="utter_ask_identity_case",
    references=frozenset({"case"}),
    answer=answer,
)
