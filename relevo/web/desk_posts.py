"""Public posts through the desk's API: the list by urgency, what is done about one, and incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace
from sanic.request import Request

from relevo.contracts.posts import Wanted, WatchedPost
from relevo.domain.post_urgency import PostState
from relevo.domain.roles import LEADERS
from relevo.errors import NotFound, Unreadable
from relevo.flow.posts import PostWork
from relevo.flow.sight import Eyes
from relevo.web.desk_doors import Call
from relevo.web.desk_posts_wire import (
    AnswerPost,
    ApproveIncident,
    IncidentLine,
    IncidentList,
    Nothing,
    PostLine,
    PostList,
    SettlePost,
    Shown,
    incident_line,
    post_line,
)
from relevo.web.openapi import Operation, Query, changing, reading
from relevo.web.services import WebServices

PAGE = 50
SHOWN: Mapping[str, Sequence[PostState]] = {
    "waiting": (PostState.WAITING,),
    "answered": (PostState.ANSWERED,),
    "done": (PostState.HANDLED, PostState.DISMISSED),
    "quiet": (PostState.QUIET,),
    "all": (),
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which posts somebody wants to see."""

    show: str
    wanted: Wanted


def post_work(services: WebServices) -> PostWork:
    """Give the verbs about posts."""
    return PostWork(
        store=services.store,
        live=services.live,
        service=services.service,
        rules=services.posts,
        account_id=services.x.account_id if services.x is not None else None,
    )


def asked_for(request: Request) -> Asked:
    """Read which posts are wanted; raises Unreadable."""
    show = request.args.get("show") or ("all" if request.args.get("incident") else "waiting")
    if show not in SHOWN:
        raise Unreadable(f"“show” must be one of {', '.join(SHOWN)}.", code="bad_filter")
    incident = request.args.get("incident")
    wanted = Wanted(
        states=SHOWN[show],
        incident_id=number_of(incident) if incident else None,
        before=_cursor(request.args.get("before") or ""),
        limit=PAGE + 1,
    )
    return Asked(show=show, wanted=wanted)


async def shown_posts(eyes: Eyes, wanted: Wanted) -> tuple[list[Shown], str | None]:
    """Give the posts that somebody sees, and where the next page begins.

    What everybody reads is nobody's secret; what is known of its author is seen like that contact, and a post in a case
    like the case.
    """
    found = list(await eyes.store.posts.listed(wanted))
    page, more = found[: wanted.limit - 1], len(found) >= wanted.limit
    seen = await eyes.among_cases(post.case_id for post in page)
    lines = [await _shown(eyes, post) for post in page if post.case_id is None or post.case_id in seen]
    return lines, f"{page[-1].priority.score}.{page[-1].id}" if more and page else None


async def demand_post(eyes: Eyes, number: int) -> WatchedPost:
    """Give a post that somebody sees; raises NotFound."""
    post = await eyes.store.posts.get(number)
    if post.case_id is not None and post.case_id not in await eyes.among_cases([post.case_id]):
        raise NotFound("There is no such post.")
    return post


def number_of(given: str) -> int:
    """Read the number of a post or an incident; raises NotFound."""
    if not (given.isascii() and given.isdigit()) or len(given) > 18:
        raise NotFound("There is no such post or incident.")
    return int(given)


async def _shown(eyes: Eyes, post: WatchedPost) -> Shown:
    candidates = () if post.business_ref else tuple(await eyes.store.posts.candidates(post.id))
    if eyes.sight is not None:
        people = {post.contact_id, *(each.contact_id for each in candidates)}
        seen = await eyes.store.sights.contacts(eyes.sight, people)
        candidates = tuple(each for each in candidates if each.contact_id in seen)
        if post.contact_id not in seen:
            post = replace(post, contact_name=None, business_ref=None)
    return Shown(post=post, candidates=candidates)


async def _posts(call: Call) -> PostList:
    found, following = await shown_posts(call.eyes, asked_for(call.request).wanted)
    return PostList(posts=[post_line(each) for each in found], next=following)


async def answer_post(call: Call, body: AnswerPost, post_id: str) -> PostLine:
    """Answer in public."""
    post = await demand_post(call.eyes, number_of(post_id))
    await post_work(call.services).answer(post.id, call.agent, body.text)
    return await _again(call, post.id)


async def invite_author(call: Call, _body: Nothing, post_id: str) -> PostLine:
    """Invite to a direct message."""
    post = await demand_post(call.eyes, number_of(post_id))
    await post_work(call.services).invite(post.id, call.agent)
    return await _again(call, post.id)


async def open_post_case(call: Call, _body: Nothing, post_id: str) -> PostLine:
    """Open or join a case."""
    post = await demand_post(call.eyes, number_of(post_id))
    await post_work(call.services).open_case(post.id, call.agent)
    return await _again(call, post.id)


async def settle_post(call: Call, body: SettlePost, post_id: str) -> PostLine:
    """Say what was made of it."""
    post = await demand_post(call.eyes, number_of(post_id))
    await post_work(call.services).settle(post.id, call.agent, body.state)
    return await _again(call, post.id)


async def _incidents(call: Call) -> IncidentList:
    found = await call.services.store.posts.incidents.open()
    return IncidentList(incidents=[incident_line(each) for each in found])


async def approve_incident(call: Call, body: ApproveIncident, incident_id: str) -> IncidentLine:
    """Approve the words for all."""
    number = number_of(incident_id)
    await post_work(call.services).approve(number, call.agent, body.texts)
    return incident_line(await call.services.store.posts.incidents.get(number))


async def end_incident(call: Call, _body: Nothing, incident_id: str) -> IncidentLine:
    """End it."""
    number = number_of(incident_id)
    await post_work(call.services).end(number, call.agent)
    return incident_line(await call.services.store.posts.incidents.get(number))


async def _again(call: Call, number: int) -> PostLine:
    return post_line(await _shown(call.eyes, await call.services.store.posts.get(number)))


def _cursor(given: str) -> tuple[int, int] | None:
    score, _, number = given.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (score, number)):
        return None
    return min(int(score), 1_000), int(number)


_SHOW = Query(name="show", about="Which of them.", schema={"enum": list(SHOWN), "default": "waiting"})
_BEFORE = Query(name="before", about="“next” of the page before.", schema={"type": "string"})
_OF = Query(name="incident", about="Those of one incident.", schema={"type": "integer"})
_ONE, _INCIDENT = "/posts/{post_id}", "/incidents/{incident_id}"


def _does(path: str, about: str, handler: object, body: object, answer: object, **rest: object) -> Operation:
    return changing(path, handler.__name__, about, handler, body, answer, **rest)  # type: ignore[attr-defined,arg-type]


OPERATIONS = (
    reading("/posts", "posts", "What was posted in public.", _posts, PostList, query=(_SHOW, _BEFORE, _OF)),
    _does(f"{_ONE}/answer", "Answer a post in public.", answer_post, AnswerPost, PostLine),
    _does(f"{_ONE}/invite", "Invite its author to a direct message.", invite_author, Nothing, PostLine),
    _does(f"{_ONE}/case", "Open or join a case for a post.", open_post_case, Nothing, PostLine),
    _does(f"{_ONE}/state", "Say what was made of a post.", settle_post, SettlePost, PostLine),
    reading("/incidents", "incidents", "Many posts about the same thing.", _incidents, IncidentList),
    _does(
        f"{_INCIDENT}/approve",
        "Approve the words for all of them.",
        approve_incident,
        ApproveIncident,
        IncidentLine,
        who=LEADERS,
    ),
    _does(f"{_INCIDENT}/end", "End it.", end_incident, Nothing, IncidentLine),
)
