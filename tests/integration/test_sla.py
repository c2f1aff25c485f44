"""How soon people answer, at a real desk: clocks from the handoff on, what is late, and who hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from relevo.contracts.brain import Question
from relevo.contracts.clock import system_clock
from relevo.contracts.runtime import current
from relevo.domain.cases import Trigger
from relevo.domain.clocks import Policy
from relevo.domain.conversations import Conversation
from relevo.domain.handoff import HandoffRequest
from relevo.domain.service import Service
from relevo.flow.promises import PromiseWatch
from relevo.flow.sla import LATELY_SECONDS, SlaWatch
from tests.integration.desks import DeskOf, Request, at, desk_of
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

MINUTE = 60


def _policy(first: int, following: int) -> Policy:
    return Policy(
        first_response_seconds=first * MINUTE,
        next_response_seconds=following * MINUTE,
        resolution_seconds=600 * MINUTE,
        is_wall=True,
    )


SERVICE = Service(
    sla={
        "normal": _policy(20, 10),
        "high": _policy(15, 5),
        "urgent": _policy(5, 5),
    }
)


@dataclass(kw_only=True)
class Shift:
    """Kim, an agent, and Noelia, who leads; how late it is is said by the test."""

    doors: Doors
    kim: DeskOf
    noelia: DeskOf
    ahead: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Give how late it is."""
        return system_clock() + self.ahead

    def watch(self) -> SlaWatch:
        """Give a watch, as each web process has one."""
        opened = self.doors.opened
        return SlaWatch(rounds=opened.store.rounds, live=opened.live, service=SERVICE, clock=self.now)

    async def look(self, minutes: float = 0) -> None:
        """Let minutes pass, and have somebody look."""
        self.ahead += timedelta(minutes=minutes)
        await self.watch().step(LATELY_SECONDS)

    async def happens(self) -> None:
        """Have what was written by now be written when it is, for who says how late it is, and have somebody look."""
        await self.doors.opened.database.run(
            "UPDATE entries SET created_at = created_at + %s WHERE created_at <= now()", (self.ahead,)
        )
        await self.look()

    async def case(self, desk: DeskOf | None = None) -> dict[str, Any]:
        """Give the one case as the API shows it."""
        (case,) = (await (desk or self.kim).get("/cases"))["cases"]
        return dict(case)

    async def told(self, desk: DeskOf) -> list[tuple[str, str]]:
        """Give what somebody is told in person and has not read."""
        found = (await desk.get("/notices"))["notices"]
        return [(notice["kind"], notice["detail"]["goal"]) for notice in found if notice["read_at"] is None]

    async def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Give columns of all clocks, oldest handoff first."""
        return await self.doors.opened.database.rows(f"SELECT {columns} FROM case_sla ORDER BY started_at")


async def _script(question: Question) -> str:
    """Ask for a person in a case that there is, where a message names it."""
    turn, (word, _, number) = current(), question.text.partition(" ")
    if turn is None or word != "again":
        return await Request()(question)
    await turn.hand_off(HandoffRequest(case_id=number, case_type="refund", trigger=Trigger.USER_REQUEST))
    return "A person will come."


@asynccontextmanager
async def shift_of(database: str) -> AsyncIterator[Shift]:
    """Open the doors with both of them at their desks, and have Amina ask for a person."""
    async with AsyncExitStack() as stack:
        doors = await stack.enter_async_context(open_doors(database, _script))
        kim = await stack.enter_async_context(desk_of(doors))
        noelia = await stack.enter_async_context(desk_of(doors, "Noelia Prat", "supervisor"))
        await kim.does("/presence")
        await doors.texts("amina", "a person please")
        shift = Shift(doors=doors, kim=kim, noelia=noelia)
        await shift.look()
        yield shift


@pytest.fixture
async def shift(database: str) -> AsyncIterator[Shift]:
    """Both at their desks; Amina waits."""
    async with shift_of(database) as opened:
        yield opened


def minutes(case: dict[str, Any], goal: str) -> float:
    """Give how long a clock is in all, pauses too."""
    clock = case["clocks"][goal]
    started_at, due_at = (msgspec.convert(clock[name], datetime) for name in ("started_at", "due_at"))
    span = due_at - started_at
    return round(span.total_seconds() / 60, 1)


def states(case: dict[str, Any]) -> tuple[str | None, ...]:
    """Give how the three clocks stand."""
    clocks = case["clocks"]
    return tuple(clocks[goal] and clocks[goal]["state"] for goal in ("first_response", "next_response", "resolution"))


async def test_the_clocks_of_a_conversation_from_the_handoff_to_the_end(shift: Shift) -> None:
    """The first answer, the customer's turn, the next answer, back to the bot, and the case's closing."""
    case = await shift.case()
    assert (states(case), minutes(case, "first_response")) == (("running", None, "running"), 20)
    assert case["due_at"] == case["clocks"]["first_response"]["due_at"]
    assert (await shift.kim.page(f"/desk/cases/{case['id']}")).count('data-due="first_response"') == 2

    amina = await shift.kim.takes("amina")
    await shift.kim.says(amina, "Hello Amina, which flight?")
    await shift.happens()
    case = await shift.case()
    assert (states(case), case["due_at"]) == (("kept", None, "paused"), None)
    for language, words in (("en", "Waiting for the customer"), ("es", "A la espera del cliente")):
        assert words in await shift.kim.page("/desk", language)

    shift.ahead += timedelta(minutes=90)
    await shift.doors.post("amina", "AU3411")
    await shift.happens()
    case = await shift.case()
    assert states(case) == ("kept", "running", "running")
    assert (minutes(case, "next_response"), minutes(case, "resolution")) == (10, 690)
    await shift.look(11)
    case = await shift.case()
    assert states(case) == ("kept", "late", "running")
    assert "late" in await shift.kim.page("/desk")
    await shift.kim.says(amina, "Found it.")
    await shift.happens()
    assert states(await shift.case()) == ("kept", "missed", "paused")
    await back(shift, amina, "promised")
    assert states(await shift.case()) == ("kept", "missed", "running")
    await shift.kim.does(f"/cases/{case['id']}/close", outcome="resolved")
    await shift.look()
    assert states(await shift.case()) == ("kept", "missed", "kept")
    assert await shift.rows(
        "first_response_kept_at IS NOT NULL, next_responses, next_responses_late, resolution_kept_at"
        " IS NOT NULL, ended_at IS NOT NULL"
    ) == [(True, 1, 1, True, True)]


async def test_what_is_late_is_raised_noted_and_told_once_however_many_watch(shift: Shift) -> None:
    """A warning before, to supervisors while nobody has it; then the breach; and nobody hears anything twice."""
    shift.ahead += timedelta(minutes=17)
    await asyncio.gather(*(shift.watch().step() for _ in range(4)))
    assert (await shift.told(shift.noelia), await shift.told(shift.kim)) == ([("sla_warning", "first_response")], [])
    amina = await shift.kim.takes("amina")
    shift.ahead += timedelta(minutes=4)
    await asyncio.gather(*(shift.watch().step() for _ in range(4)))
    await shift.look(1)
    breach = ("sla_breach", "first_response")
    assert (await shift.told(shift.noelia), await shift.told(shift.kim)) == ([breach], [breach])
    case = await shift.case()
    assert [reason["code"] for reason in case["priority"]["reasons"]] == ["user_request", "sla_missed"]
    assert (case["priority"]["level"], case["clocks"]["level"], states(case)[0]) == ("high", "high", "late")
    noted = [entry for entry in await shift.doors.timeline("rest", "amina") if entry.kind == "sla"]
    assert [(entry.content.custom or {})["goal"] for entry in noted] == ["first_response"]
    page = await shift.kim.page(f"/desk/cases/{case['id']}")
    assert "An answer was late (First answer) +20" in page
    assert "was due" in page
    assert await shift.rows("first_response_breached_at = first_response_due_at, wakes_at > first_response_due_at") == [
        (True, True)
    ]

    await shift.kim.says(amina, "I am here.")
    (newest, *_) = (await shift.noelia.get("/notices"))["notices"]
    assert await shift.noelia.is_refused("/notices/read", up_to=0) == (400, "wrong_type")
    await shift.noelia.does("/notices/read", up_to=newest["id"])
    await shift.happens()
    assert (await shift.told(shift.noelia), await shift.told(shift.kim)) == ([], [breach])
    assert states(await shift.case()) == ("missed", None, "paused")


async def test_whoever_asks_again_about_a_closed_case_has_new_clocks(shift: Shift) -> None:
    """And while it is open its resolution is counted once, from the first handoff on."""
    amina = await shift.kim.takes("amina")
    await back(shift, amina, "promised")
    case = await shift.case()
    assert states(case) == ("kept", None, "running"), "the bot says what was decided"
    amina = await shift.kim.takes("amina")  # unasked
    await shift.happens()
    assert await shift.rows("has_resolution, ended_at IS NULL") == [(True, True), (False, True)]
    assert (states(await shift.case()), minutes(await shift.case(), "resolution")) == (
        ("running", None, "running"),
        600,
    )
    await back(shift, amina, "resolved")
    assert await shift.rows("resolution_kept_at IS NOT NULL, ended_at IS NULL") == [(True, False), (False, False)]
    assert (states(await shift.case())[2], (await shift.case())["status"]) == ("kept", "resolved")

    await shift.doors.texts("amina", f"again {case['id']}")
    await shift.look()
    again = await shift.case()
    assert (again["status"], states(again)) == ("open", ("running", None, "running"))
    assert again["clocks"]["resolution"]["started_at"] > case["clocks"]["resolution"]["started_at"]
    assert await shift.rows("has_resolution") == [(True,), (False,), (True,)]


async def test_asking_for_a_person_again_gives_nobody_more_time(shift: Shift) -> None:
    """While nobody has come, the first answer is due as it was when the customer first asked."""
    amina = await shift.doors.conversation("rest", "amina")
    await shift.doors.opened.database.run("UPDATE handoffs SET expires_at = now() - interval '1 minute'")
    await shift.doors.opened.store.handoffs.give_up_waiting(amina.id, "Nobody has come.", "expired")
    before = await shift.case()
    await shift.doors.texts("amina", f"again {before['id']}")
    await shift.look()
    assert await shift.rows("first_response_due_at = due_at") == [(True,)]
    assert (await shift.case())["clocks"]["first_response"] == before["clocks"]["first_response"]
    assert await shift.doors.opened.database.rows("SELECT count(*) FROM handoffs WHERE has_clocks") == [(2,)]


async def test_a_watch_that_dies_half_way_changes_nothing(shift: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one finds everything as it was, and tells it once."""
    shift.ahead += timedelta(minutes=21)
    before = await shift.case()
    with monkeypatch.context() as broken:
        broken.setattr("relevo.store.sla._KEEP", "SELECT 1 / 0")
        with pytest.raises(Exception, match="zero"):
            await shift.watch().step()
    assert (await shift.case(), await shift.told(shift.noelia)) == (before, [])
    await shift.look()
    assert await shift.told(shift.noelia) == [("sla_breach", "first_response")]


async def test_whoever_watches_promises_and_clocks_at_once_waits_for_nobody(shift: Shift) -> None:
    """Both raise the same cases and write in the same conversations, each once."""
    for number in range(8):
        await shift.doors.texts(f"guest-{number}", "a person please")
    await shift.look()
    opened = shift.doors.opened
    for case in (await shift.kim.get("/cases"))["cases"]:
        await opened.store.case_work.promise(case["id"], system_clock() - timedelta(minutes=1))
    promises = PromiseWatch(case_work=opened.store.case_work, live=opened.live, default_language="en")
    shift.ahead += timedelta(minutes=21)
    await asyncio.gather(*(watch.step() for watch in (promises, shift.watch(), promises, shift.watch())))
    raised = [
        {reason["code"] for reason in case["priority"]["reasons"]} for case in (await shift.kim.get("/cases"))["cases"]
    ]
    assert raised == [{"user_request", "promise_missed", "sla_missed"}] * 9
    assert await opened.database.rows("SELECT count(*) FROM entries WHERE kind = 'sla'") == [(9,)]
    assert len(await shift.told(shift.noelia)) == 9


async def back(shift: Shift, conversation: Conversation, outcome: str) -> None:
    """Have Kim hand a conversation back, and the bot say so."""
    version = (await shift.doors.conversation("rest", "amina")).control_version
    await shift.kim.does(f"{at(conversation)}/hand-back", version=version, outcome=outcome)
    await shift.happens()
