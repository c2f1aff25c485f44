"""An agent whose account names queues sees what is in them, what is theirs, and nothing else, wherever they look."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from relevo.contracts.accounts import AgentPowers, Duty
from relevo.contracts.brain import Question
from relevo.contracts.runtime import current
from relevo.domain.cases import Trigger, level_of
from relevo.domain.conversations import Conversation
from relevo.domain.effects import Decision
from relevo.domain.handoff import HandoffRequest
from relevo.domain.queues import Queue, Queues
from relevo.domain.roles import ADMIN, LEADERS
from relevo.domain.service import Service
from relevo.domain.sight import ALL, Sight
from relevo.domain.worklist import VIEWS
from relevo.web.desk_api import API
from relevo.web.settings import WebSettings
from tests.databases import Databases
from tests.files import photo
from tests.integration.desks import DeskOf, at, desk_of
from tests.integration.doors import Doors, bot_of, open_doors

pytestmark = pytest.mark.anyio
QUEUES = Queues(named=(Queue(name="claims", case_types=("damage",)), Queue(name="money", case_types=("refund",))))
RULES = Queues(
    named=(
        Queue(name="spanish", languages=("es",)),
        Queue(name="claims", case_types=("damage",)),
        Queue(name="claims-es", case_types=("damage", "refund"), languages=("es",)),
    ),
    sensitive_priorities=frozenset({"urgent"}),
)
SERVICE = Service(queues=QUEUES, undo_seconds=0)
OFTEN = WebSettings(
    desk_reads_per_second=1e3,
    desk_reads_burst=9_999,
    desk_writes_per_second=1e3,
    desk_writes_burst=9_999,
    heartbeat_seconds=0.2,
)
_SAID = {"text": "Hello.", "client_id": "c1"}
_SPLIT = {"merge_id": 1, "reason": "because"}
BODIES: dict[str, dict[str, Any]] = {
    "retry_delivery": {"position": 1, "retries": 0},
    "reply": _SAID,
    "note": _SAID,
    "undo_reply": {"client_id": "c1"},
    "send_held": {"position": 1},
    "drop_held": {"position": 1},
    "keep_draft": {"kind": "reply", "text": "Hello."},
    "looking": {"is_typing": False},
    "transfer": {"agent_id": 1, "note": "yours"},
    "hand_back": {"outcome": "resolved"},
    "close": {"outcome": "resolved"},
    "verify": {"business_ref": "C001"},
    "unverify": {"reason": "because"},
    "promise": {"promised_at": "2100-01-01T00:00:00Z"},
    "close_case": {"outcome": "resolved"},
    "add_voucher": {"amount": 1, "reason": "because", "client_id": "c1"},
    "change_tags": {"add": ["mine"]},
    "snooze": {"until": None},
    "follow": {"follow": True},
    "assign": {"agent_id": 1},
    "prioritise": {"level": "high"},
    "look": {"position": 1},
    "run": {"macro_id": 1, "client_id": "c1"},
    "merge_contacts": {"other": str(uuid4()), "evidence": "code", "reason": "because"},
    "split_contacts": _SPLIT,
    "merge_cases": {"other": "CASE-1", "reason": "because"},
    "split_cases": _SPLIT,
    "teachings_propose": {"position": 1, "intent": "greet"},
    "translate_text": {"text": "Hello."},
    "translate_messages": {"positions": [1]},
}
_TYPES = {"damage": "damage", "refund": "refund", "other": "other"}


async def _script(question: Question) -> str:
    """Open a case of the type that is named; ask for a person where one is wanted, prepare what is to be paid."""
    turn = current()
    assert turn is not None
    sort = _TYPES.get(question.text.split()[0])
    done = []
    if "pay" in question.text:
        done = [await turn.perform("refund", "AO-50099:PAY-1", {"order": "AO-50099"}, amount=900, unit="EUR")]
    if sort and question.text != sort:
        case = await turn.open_case(sort, Trigger.USER_REQUEST, goal=question.text, effects=done)
        if "person" in question.text:
            await turn.hand_off(HandoffRequest(case_id=case, case_type=sort, trigger=Trigger.USER_REQUEST))
    return f"You said {question.text}"


@dataclass(kw_only=True)
class Hall:
    """Two queues, somebody for one of them, and somebody who sees both."""

    doors: Doors
    clara: DeskOf
    noelia: DeskOf

    async def case_of(self, who: str) -> str:
        """Give the newest case of a contact."""
        conversation = await self.doors.conversation("rest", who)
        about = await self.doors.opened.store.desk.cases_of(conversation.id)
        return max(case.id for case in about)


@pytest.fixture(scope="module")
async def hall(databases: Databases, postgres: str) -> AsyncIterator[Hall]:
    """Doors with two queues; Clara has the claims."""
    name = databases.take()
    async with AsyncExitStack() as stack:
        dsn = make_conninfo(postgres, dbname=name)
        doors = await stack.enter_async_context(open_doors(dsn, _script, settings=OFTEN, has_bot=False))
        doors.app.ctx.services = replace(doors.app.ctx.services, service=SERVICE)
        await stack.enter_async_context(bot_of(doors))
        claims = AgentPowers(duty=Duty(queues=("claims",)))
        clara = await stack.enter_async_context(desk_of(doors, "Clara Doe", powers=claims))
        noelia = await stack.enter_async_context(desk_of(doors, "Noelia Prat", "supervisor"))
        await doors.opened.store.accounts.seen(noelia.agent.id)
        yield Hall(doors=doors, clara=clara, noelia=noelia)
    databases.give_back(name)


async def hidden(hall: Hall, who: str = "boris") -> tuple[Conversation, dict[str, str]]:
    """Have somebody be in a queue that is not Clara's, with all that a case can have, and give how it is named."""
    doors = hall.doors
    file = {"name": "photo.jpg", "mime": "", "data_base64": base64.b64encode(photo()).decode()}
    doors.policies.decision = Decision.NEEDS_APPROVAL
    said = f"refund xylophone-{who}, pay AO-50099, a person please"
    await doors.texts(who, said, metadata={"attachments": [file]})
    conversation, case = await doors.conversation("rest", who), await hall.case_of(who)
    contact = conversation.identity.contact_id
    named = "UPDATE contacts SET display_name = %s, business_ref = 'C099' WHERE id = %s"
    await doors.opened.database.run(named, (f"Boris {who.title()}ov", contact))
    await hall.noelia.does(f"/cases/{case}/tags", add=[f"tag-of-{who}"])
    entries = await doors.timeline("rest", who)
    (sent,) = [file.id for entry in entries for file in entry.content.attachments]
    names = {
        "conversation_id": str(conversation.id),
        "contact_id": str(contact),
        "case_id": case,
        "attachment_id": str(sent),
        "words": f"xylophone-{who}",
        "display": f"{who.title()}ov",
    }
    return conversation, names


def _filled(path: str, names: dict[str, str], left: str = "{", right: str = "}") -> str:
    for name, value in names.items():
        path = path.replace(f"{left}{name}{right}", value)
    return path


def _asked(names: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Give what each operation without a variable is asked, so that what is hidden would be in its answer."""
    searches = [
        {"q": names["words"][:12]},
        {"q": names["display"][:5]},
        {"q": names["case_id"].lower()},
        {"q": "AO-50099"},
    ]
    views = [{"show": show} for show in VIEWS] + [{"tag": f"tag-of-{names['words'].rpartition('-')[2]}"}]
    return {"search": searches, "cases": views, "matching": views, "list": views, "desk": [{}]}


async def _about(hall: Hall, desk: DeskOf, names: dict[str, str]) -> dict[str, Any]:
    """Read everything that is about one conversation, case, contact or file, and give status and code of each."""
    told: dict[str, Any] = {}
    for operation in API.operations:
        path = _filled(operation.path, names)
        if not operation.changes and path != operation.path:
            answer = await desk.http.get(f"/desk/api{path}")
            told[operation.name] = answer.status_code, answer.json().get("code")
    for page in _pages(hall):
        path = _filled(page.replace("<position>", "1"), names, "<", ">")
        if path != page:
            told[page] = (await desk.http.get(path)).status_code
    return told


async def _all_else(hall: Hall, desk: DeskOf, names: dict[str, str], *, counts: bool) -> str:
    """Read everything else at the desk, with reports or without, as one text."""
    asked, texts = _asked(names), []
    read = [o for o in API.operations if not (o.changes or o.is_public or "{" in o.path or o.name == "changes")]
    doors = [(o.name, f"/desk/api{o.path}") for o in read if counts or "report" not in o.name]
    doors += [(page.rpartition("/")[2], page) for page in _pages(hall) if "<" not in page]
    for name, path in doors:
        texts += [(await desk.http.get(path, params=query)).text for query in asked.get(name, [{}])]
    return "\n".join(texts)


def _pages(hall: Hall) -> list[str]:
    routes = hall.doors.app.router.routes_all.values()
    found = {re.sub(r"<(\w+):\w+>", r"<\1>", f"/{route.path}") for route in routes if "GET" in route.methods}
    return sorted(path for path in found if path.startswith("/desk") and not path.startswith("/desk/api"))


async def test_whoever_has_one_queue_finds_nothing_of_another_anywhere(hall: Hall) -> None:
    """Each way of reading is walked, by the API and as a page; what is hidden is refused like what there is not."""
    _, names = await hidden(hall)
    nothing = {name: str(uuid4()) for name in ("conversation_id", "contact_id", "attachment_id")}
    told = await _about(hall, hall.clara, names)
    assert told == await _about(hall, hall.clara, {**nothing, "case_id": "CASE-NONE"})
    assert {each[0] if isinstance(each, tuple) else each for each in told.values()} == {404}
    text = await _all_else(hall, hall.clara, names, counts=True)
    marks = [names[name] for name in ("conversation_id", "contact_id", "case_id", "attachment_id", "display")]
    assert [mark for mark in marks if mark in text] == []
    assert set((await hall.clara.get("/counts"))["views"].values()) == {0}
    whole = await _all_else(hall, hall.noelia, names, counts=False)
    assert [mark for mark in (*marks[:3], marks[4]) if mark not in whole] == [], "the walk comes by what could tell"


async def test_nothing_is_done_to_what_one_does_not_see(hall: Hall) -> None:
    """Every change is refused like one of what there is not: by address, by number in a list, by an effect's key."""
    conversation, names = await hidden(hall, "cyril")
    clara = hall.clara
    for operation in API.operations:
        path = _filled(operation.path, names)
        if not operation.changes or path == operation.path or operation.roles == {ADMIN}:
            continue
        body = {"version": conversation.control_version, **BODIES.get(operation.name, {})}
        answer = await clara.post(path, **body)
        role = operation.roles <= LEADERS
        assert answer.status_code == (403 if role else 404), (operation.name, answer.text)
    (line,) = (await clara.does("/cases/bulk", cases=[names["case_id"]], add_tags=["mine"]))["cases"]
    assert line["problem"]["code"] == "not_found"
    (effect,) = (await hall.noelia.get(f"/cases/{names['case_id']}"))["effects"]
    for verb, more in (("approve", {}), ("decline", {"reason": "no"}), ("change", {"amount": 1})):
        shown = {"key": effect["key"], "hash": effect["hash"]}
        assert await clara.is_refused(f"/effects/{verb}", **shown, **more) == (404, "not_found")


async def sees(desk: DeskOf, *paths: str) -> list[int]:
    """Give the status of each of these."""
    return [(await desk.http.get(f"/desk/api{path}")).status_code for path in paths]


async def test_what_is_or_was_ones_own_is_seen_and_what_one_needs_beside_it(hall: Hall) -> None:
    """By queue, by having or having had it, by being spoken to in a note, and all open cases of whom one serves."""
    doors, clara, noelia = hall.doors, hall.clara, hall.noelia
    await doors.texts("ana", "damage to my bag, a person please")
    ana, bag = await doors.conversation("rest", "ana"), await hall.case_of("ana")
    assert await sees(clara, at(ana), f"/cases/{bag}", f"/contacts/{ana.identity.contact_id}") == [200, 200, 200]
    await doors.texts("ana", "cancel")
    await noelia.takes("ana")
    await noelia.does(f"{at(ana)}/put-back", version=(await doors.conversation("rest", "ana")).control_version)
    await doors.opened.database.run(
        "INSERT INTO cases (id, type, trigger, contact_id, conversation_id) VALUES ('CASE-9', 'refund', 'approval',"
        " %(contact)s, %(conversation)s)",
        {"contact": ana.identity.contact_id, "conversation": ana.id},
    )
    assert await sees(clara, "/cases/CASE-9") == [404]
    taken = await clara.takes("ana")
    assert await sees(clara, "/cases/CASE-9") == [200]
    assert "CASE-9" in await clara.page(f"/desk/conversations/{ana.id}")
    await clara.does(f"{at(ana)}/hand-back", version=taken.control_version, outcome="resolved")
    assert await sees(clara, "/cases/CASE-9", at(ana)) == [404, 200]

    dora, names = await hidden(hall, "dora")
    case = names["case_id"]
    await noelia.does(f"/cases/{case}/assign", agent_id=clara.agent.id)
    assert await sees(clara, f"/cases/{case}", at(dora)) == [200, 200]
    await noelia.does(f"/cases/{case}/assign", agent_id=noelia.agent.id)
    assert await sees(clara, f"/cases/{case}", at(dora)) == [200, 200], "it was hers"

    emil, names = await hidden(hall, "emil")
    await noelia.takes("emil")
    await noelia.does(f"{at(emil)}/notes", text="@Clara have you seen this bag?", client_id="n1")
    assert await sees(clara, at(emil), f"/cases/{names['case_id']}") == [200, 404]
    assert "have you seen this bag" in await clara.page("/desk/mentions")


async def test_what_nobody_has_routed_is_where_it_would_go(hall: Hall) -> None:
    """By its type now; a conversation about nothing goes to the default queue; the business may open everything."""
    doors, clara = hall.doors, hall.clara
    for who, said in (("gus", "damage small"), ("flo", "other thing"), ("hal", "hello")):
        await doors.texts(who, said)
    spoken = [at(await doors.conversation("rest", who)) for who in ("gus", "flo", "hal")]
    assert await sees(clara, *spoken) == [200, 404, 404]
    services = doors.app.ctx.services
    doors.app.ctx.services = replace(services, service=replace(SERVICE, agents_see=ALL))
    assert await sees(clara, *spoken) == [200, 200, 200]
    doors.app.ctx.services = services


async def test_the_queue_of_what_nobody_has_routed_is_the_one_that_routing_would_choose(hall: Hall) -> None:
    """For every type, trigger, priority and language, whatever else asks for the same."""
    store, run, spoken = hall.doors.opened.store, hall.doors.opened.database.run, {}
    for language in ("es", "en", None):
        await hall.doors.texts(f"kai-{language}", "hello")
        spoken[language] = (await hall.doors.conversation("rest", f"kai-{language}")).id
        await run("UPDATE conversations SET language = %s WHERE id = %s", (language, spoken[language]))
    kinds = itertools.product(("damage", "refund", "else"), ("safety", "approval"), (0, 30, 60), spoken)
    chosen: dict[str, set[str]] = {queue.name: set() for queue in RULES.all}
    for number, (sort, trigger, score, language) in enumerate(kinds):
        case = f"KIND-{number}", sort, trigger, score, spoken[language]
        await run("INSERT INTO cases (id, type, trigger, priority, conversation_id) VALUES (%s, %s, %s, %s, %s)", case)
        queue = RULES.choose(case_type=sort, language=language, trigger=trigger, priority=level_of(score))
        chosen[queue.name].add(case[0])
    every = set().union(*chosen.values())
    for name, theirs in chosen.items():
        assert await store.sights.cases(Sight(agent_id=99, queues=(name,), rules=RULES), every) == theirs, name
        assert theirs, name


async def test_pages_hear_of_what_their_reader_sees_alone(hall: Hall) -> None:
    """What changes elsewhere is no news to them, and keeps nobody from being here."""
    doors, (away, _) = hall.doors, await hidden(hall, "ivan")
    await doors.texts("jana", "damage to my bag, a person please")
    jana, heard = await doors.conversation("rest", "jana"), ""
    async with hall.clara.http.stream("GET", "/desk/api/changes") as stream:
        lines = stream.aiter_lines()
        await anext(lines)
        await doors.texts("ivan", "hello?")
        await doors.texts("jana", "hello?")
        async for line in lines:
            heard += line
            if str(jana.id) in heard:
                break
    assert str(away.id) not in heard
