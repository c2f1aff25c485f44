"""Teaching the bot through the desk's API: proposals, decisions, and the export as Rasa NLU data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from sanic.response import HTTPResponse

from relevo.contracts.handoff import Moment
from relevo.domain.roles import LEADERS
from relevo.domain.teaching import MAX_MARKS, MAX_WORDS_CHARACTERS, EntityMark, Lesson, State, Teaching, personal_spots
from relevo.errors import NotFound, Unreadable
from relevo.flow.teaching import Teacher
from relevo.web.desk_doors import Call
from relevo.web.languages import WORDS
from relevo.web.openapi import Operation, Query
from relevo.web.services import WebServices

PAGE = 50
_LARGEST = 2**63 - 1
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Mark(msgspec.Struct, kw_only=True):
    """A part of the words that names something."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORDS_CHARACTERS)]
    entity: Name


Marks = Annotated[list[Mark], msgspec.Meta(max_length=MAX_MARKS)]


class Propose(msgspec.Struct, kw_only=True):
    """Says what a contact's message means."""

    position: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
    intent: Name
    marks: Marks = []


class Accept(msgspec.Struct, kw_only=True):
    """Has the bot learn words as they were edited."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4 * MAX_WORDS_CHARACTERS)]
    intent: Name
    language: Annotated[str, msgspec.Meta(min_length=2, max_length=10)]
    marks: Marks = []
    keeps_personal: bool = False
    """Whether what looks personal is nobody's; such words are erased with the contact all the same."""


class Reject(msgspec.Struct, kw_only=True):
    """Has the bot not learn it."""


class PersonalSpot(msgspec.Struct, kw_only=True):
    """A part of the words that may tell who somebody is."""

    start: int
    end: int
    kind: str


class TeachingLine(msgspec.Struct, kw_only=True):
    """One proposal."""

    id: int
    state: str
    text: str
    language: str
    intent: str
    guessed: str | None
    marks: Sequence[Mark]
    personal: Sequence[PersonalSpot]
    conversation_id: UUID | None
    position: int | None
    proposed_by: str
    proposed_at: Moment
    decided_by: str | None
    decided_at: Moment | None


class TeachingList(msgspec.Struct, kw_only=True):
    """Proposals, oldest first."""

    teachings: Sequence[TeachingLine]
    next: int | None


def teacher_of(services: WebServices) -> Teacher:
    """Give the verbs of teaching."""
    return Teacher(teachings=services.store.teachings, intents=services.intents, live=services.live)


def names_of(teaching: Teaching) -> list[str]:
    """Give whom the words may name."""
    return [teaching.contact_name] if teaching.contact_name else []


async def _propose(call: Call, body: Propose, conversation_id: UUID) -> TeachingLine:
    teacher, marks = teacher_of(call.services), _marks(body.marks)
    return _line(await teacher.propose(conversation_id, body.position, call.agent, body.intent, marks))


async def _teachings(call: Call) -> TeachingList:
    state = call.request.args.get("state") or State.PROPOSED.value
    if state not in {each.value for each in State}:
        raise Unreadable("“state” must be proposed, accepted or rejected.", code="bad_filter")
    after = call.request.args.get("after") or "0"
    if not (after.isascii() and after.isdigit()) or int(after[:19]) > _LARGEST or len(after) > 19:
        raise Unreadable("“after” must be the number of a proposal.", code="bad_cursor")
    found = await teacher_of(call.services).listed(call.agent, State(state), int(after), PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return TeachingList(teachings=[_line(teaching) for teaching in found[:PAGE]], next=more)


async def _accept(call: Call, body: Accept, teaching_id: str) -> TeachingLine:
    number = _number(teaching_id)
    if body.language not in WORDS:
        raise Unreadable(f"“language” must be one of {', '.join(WORDS)}.", code="bad_language")
    lesson = Lesson(text=body.text, language=body.language, intent=body.intent, marks=tuple(_marks(body.marks)))
    await teacher_of(call.services).accept(number, call.agent, lesson, keeps_personal=body.keeps_personal)
    return _line(await call.services.store.teachings.get(number))


async def _reject(call: Call, _body: Reject, teaching_id: str) -> TeachingLine:
    number = _number(teaching_id)
    await teacher_of(call.services).reject(number, call.agent)
    return _line(await call.services.store.teachings.get(number))


async def _export(call: Call) -> HTTPResponse:
    language = call.request.args.get("language") or None
    if language is not None and language not in WORDS:
        raise Unreadable(f"“language” must be one of {', '.join(WORDS)}.", code="bad_language")
    text = await teacher_of(call.services).export(call.agent, language)
    headers = {
        "Content-Disposition": f'attachment; filename="taught{"-" + language if language else ""}.yml"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HTTPResponse(text, 200, headers, "application/yaml; charset=utf-8")


def _number(teaching_id: str) -> int:
    if not (teaching_id.isascii() and teaching_id.isdigit()) or len(teaching_id) > 18:
        raise NotFound("There is no such proposal.")
    return int(teaching_id)


def _marks(given: Sequence[Mark]) -> list[EntityMark]:
    return [EntityMark(value=mark.value, entity=mark.entity) for mark in given]


def _line(teaching: Teaching) -> TeachingLine:
    lesson = teaching.lesson
    spots = personal_spots(lesson.text, names_of(teaching))
    return TeachingLine(
        id=teaching.id,
        state=teaching.state.value,
        text=lesson.text,
        language=lesson.language,
        intent=lesson.intent,
        guessed=teaching.guessed,
        marks=[Mark(value=mark.value, entity=mark.entity) for mark in lesson.marks],
        personal=[PersonalSpot(start=spot.start, end=spot.end, kind=spot.kind) for spot in spots],
        conversation_id=teaching.conversation_id,
        position=teaching.position,
        proposed_by=teaching.proposed_by,
        proposed_at=teaching.proposed_at,
        decided_by=teaching.decided_by,
        decided_at=teaching.decided_at,
    )


_STATE = Query(
    name="state", about="In which state.", schema={"enum": [each.value for each in State], "default": "proposed"}
)
_AFTER = Query(name="after", about="“next” of the page before.", schema={"type": "integer", "minimum": 0, "default": 0})
_LANGUAGE = Query(name="language", about="One language alone.", schema={"enum": list(WORDS)})
_ONE = "/teachings/{teaching_id}"
OPERATIONS = (
    Operation(
        method="POST", path="/conversations/{conversation_id}/teachings", name="teachings_propose",
        about="Say what a message means.", handler=_propose, body=Propose, answer=TeachingLine,
    ),
    Operation(
        method="GET", path="/teachings", name="teachings", who=LEADERS,
        about="What is to be learned, for whoever decides it.",
        handler=_teachings, answer=TeachingList, query=(_STATE, _AFTER), refuses=(403,),
    ),
    Operation(
        method="POST", path=f"{_ONE}/accept", name="teachings_accept", who=LEADERS, about="Have the bot learn it.",
        handler=_accept, body=Accept, answer=TeachingLine,
    ),
    Operation(
        method="POST", path=f"{_ONE}/reject", name="teachings_reject", who=LEADERS, about="Have the bot not learn it.",
        handler=_reject, body=Reject, answer=TeachingLine,
    ),
    Operation(
        method="GET", path="/teachings.yml", name="teachings_export", who=LEADERS,
        about="What was accepted, as Rasa NLU data.",
        handler=_export, answer_type="application/yaml", query=(_LANGUAGE,), refuses=(403,),
    ),
)  # fmt: skip
