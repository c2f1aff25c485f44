"""Agents at their desks: signed in over real HTTP, with the page's own token on everything that they change."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from relevo.contracts.accounts import NO_POWERS, AgentAccount, AgentPowers
from relevo.contracts.brain import Question
from relevo.contracts.runtime import current
from relevo.domain.cases import Trigger
from relevo.domain.conversations import Conversation
from relevo.domain.handoff import HandoffRequest
from relevo.domain.messages import Entry
from relevo.web.passwords import hash_password
from tests.integration.doors import Doors

PASSWORD = "let me in please"
SARA = AgentPowers(limits={"money": 20_000, "points": 10_000})
NOELIA = AgentPowers(limits={"money": 1_000_000, "points": 100_000})
ORDER = {"order": "AO-50017", "amount": 9_000, "means": "card"}


@dataclass(kw_only=True)
class DeskOf:
    """One agent's browser, without the pages."""

    doors: Doors
    agent: AgentAccount
    http: httpx.AsyncClient
    token: str

    @property
    def own(self) -> dict[str, str]:
        """What a page of theirs sends with a change."""
        return {"X-Form-Token": self.token}

    async def get(self, path: str) -> Any:
        """Read something that is there."""
        answer = await self.http.get(f"/desk/api{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Change something, or try to."""
        return await self.http.post(f"/desk/api{path}", json=body, headers=self.own)

    async def does(self, path: str, **body: Any) -> Any:
        """Change something that may be changed."""
        answer = await self.post(path, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def is_refused(self, path: str, **body: Any) -> tuple[int, str]:
        """Try to change something and give status and code of the refusal, which must be a sentence."""
        return refused(await self.post(path, **body))

    async def takes(self, address: str) -> Conversation:
        """Take over whoever writes from an address."""
        conversation = await self.doors.conversation("rest", address)
        await self.does(f"{at(conversation)}/take-over", version=conversation.control_version)
        return await self.doors.conversation("rest", address)

    async def says(self, conversation: Conversation, text: str, client_id: str | None = None) -> int:
        """Write to the contact and give the position."""
        answer = await self.does(f"{at(conversation)}/replies", text=text, client_id=client_id or uuid4().hex)
        return int(answer["position"])

    async def page(self, path: str, language: str = "en") -> str:
        """Read one of the desk's pages."""
        answer = await self.http.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, answer.text
        return answer.text


@dataclass(kw_only=True)
class Request:
    """What the scripted bot does when a contact writes."""

    amount: int = 9_000
    unit: str = "EUR"
    arguments: dict[str, Any] = field(default_factory=lambda: dict(ORDER))

    async def __call__(self, question: Question) -> str:
        """Prepare an effect for “refund”, ask for a person for “person”, else repeat."""
        turn = current()
        assert turn is not None
        text = question.text
        if text.startswith("refund"):
            done = await turn.perform("refund", "AO-50017:PAY-1", self.arguments, amount=self.amount, unit=self.unit)
            await turn.open_case("refund", Trigger.APPROVAL, reference="AO-50017", goal=text, effects=[done])
        elif "person" in text:
            case = await turn.open_case("refund", Trigger.USER_REQUEST, goal=text, detail={"known": {"order": text}})
            trigger, missing = Trigger.USER_REQUEST, ("flight",)
            await turn.hand_off(
                HandoffRequest(case_id=case, case_type="refund", trigger=trigger, goal=text, missing=missing)
            )
        return f"You said {text}"


@asynccontextmanager
async def desk_of(
    doors: Doors, name: str = "Kim Doe", role: str = "agent", powers: AgentPowers = NO_POWERS
) -> AsyncIterator[DeskOf]:
    """Give an agent an account and sign them in."""
    email = f"{name.split(maxsplit=1)[0].lower()}@aurora.example"
    agent = await doors.opened.store.accounts.add_agent(email, name, role, hash_password(PASSWORD), powers)
    async with httpx.AsyncClient(base_url=doors.url, timeout=20) as http:
        token = re.findall(r'name="form_token" value="(\w+)"', (await http.get("/desk/login")).text)[0]
        await http.post("/desk/login", data={"email": email, "password": PASSWORD, "form_token": token})
        me = (await http.get("/desk/api/me")).json()
        yield DeskOf(doors=doors, agent=agent, http=http, token=me["form_token"])


async def prepared(doors: Doors, desk: DeskOf, address: str = "amina") -> dict[str, Any]:
    """Have somebody ask for a refund, and give what an agent sees of it."""
    await doors.texts(address, "refund my order")
    (case,) = [case for case in (await desk.get("/cases?show=open"))["cases"] if case["waits_for_approval"]]
    (effect,) = (await desk.get(f"/cases/{case['id']}"))["effects"]
    return dict(effect)


def shown(effect: dict[str, Any]) -> dict[str, Any]:
    """Give what a decision names of an effect."""
    return {"key": effect["key"], "hash": effect["hash"]}


def at(conversation: Conversation) -> str:
    """Give where a conversation is in the API."""
    return f"/conversations/{conversation.id}"


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Give status and code of a refusal, and demand that it is a sentence."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    assert error["message"][-1] in ".!", error
    assert "Traceback" not in answer.text
    return answer.status_code, error["code"]


def spoken(entries: list[Entry]) -> list[str]:
    """Give a timeline as ``kind author: text`` lines, without what changed who answers."""
    return [f"{e.kind} {e.author.value}: {e.content.text}" for e in entries if e.kind in ("message", "note", "draft")]
