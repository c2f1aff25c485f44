"""Says what happens to somebody who asks for a person: in which queue, whether anybody is there, how long it takes."""

from __future__ import annotations

from datetime import datetime

from relevo.contracts.desk import Handoffs
from relevo.contracts.runtime import Waiting
from relevo.domain.cases import Priority
from relevo.domain.handoff import HandoffRequest
from relevo.domain.queues import Queue
from relevo.domain.routing import eligible
from relevo.domain.service import Service
from relevo.flow.hours import said_hours
from relevo.flow.texts import say


def queue_of(request: HandoffRequest, priority: Priority, language: str | None, service: Service) -> Queue:
    """Give the queue that a handoff waits in."""
    return service.queues.choose(
        case_type=request.case_type, language=language, trigger=request.trigger.value, priority=priority.level
    )


async def received(
    handoffs: Handoffs | None,
    service: Service,
    request: HandoffRequest,
    priority: Priority,
    language: str | None,
    now: datetime,
) -> Waiting:
    """Give what a contact may be told who asks for a person."""
    queue = queue_of(request, priority, language, service)
    there = await handoffs.colleagues(service.presence_seconds) if handoffs is not None else []
    is_online = bool(eligible(queue, language, there))
    place = await handoffs.ahead(queue.name, priority.score) + 1 if handoffs is not None and is_online else 0
    return Waiting(
        case_id=request.case_id,
        is_anybody_online=is_online,
        position=place,
        hours=said_hours(service.calendar_of(queue), language, now),
    )


async def is_anybody_there(
    handoffs: Handoffs, service: Service, request: HandoffRequest, priority: Priority, language: str | None
) -> bool:
    """Tell whether somebody is online who may take it."""
    queue = queue_of(request, priority, language, service)
    return bool(eligible(queue, language, await handoffs.colleagues(service.presence_seconds)))


def said_wait(language: str | None, place: int, seconds: int | None) -> str:
    """Give place in the queue and usual wait as the contact reads them; honest where nothing is known."""
    if seconds is None:
        return say(language, "queue_wait_unknown", place=str(place))
    if seconds < 60:
        wait = say(language, "wait_under_a_minute")
    elif seconds <= 3_600:
        minutes = -(-seconds // 60)
        wait = say(language, "wait_minutes" if minutes > 1 else "wait_a_minute", minutes=str(minutes))
    else:
        wait = say(language, "wait_over_an_hour")
    return say(language, "queue_wait", place=str(place), wait=wait)
