"""Whatever is sent to the desk's API: no failure, and every answer is one that its own description tells of.

``make fuzz`` sends more (RELEVO_FUZZ_EXAMPLES), each time others; in the suite it is few, and always the same.
"""

from __future__ import annotations

import asyncio
import os

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from relevo.domain.effects import Decision
from relevo.web.settings import WebSettings
from tests.integration.desks import NOELIA, DeskOf, Request, desk_of, prepared
from tests.integration.doors import Doors, open_doors
from tests.integration.fuzzing import Fuzzer

pytestmark = pytest.mark.anyio

MORE = int(os.environ.get("RELEVO_FUZZ_EXAMPLES", "0"))
MANY = 10**9
UNLIMITED = WebSettings(desk_reads_burst=MANY, desk_writes_burst=MANY)
ENDLESS = frozenset({"changes"})


@pytest.mark.timeout(3_600 if MORE else 120)
async def test_nothing_that_is_sent_makes_the_desk_fail(database: str) -> None:
    """An administrator's session, with a case, an effect and a conversation to be met now and then."""
    async with open_doors(database, Request(), settings=UNLIMITED) as doors:
        doors.policies.decision = Decision.NEEDS_APPROVAL
        async with desk_of(doors, "Ada Doe", "admin", NOELIA) as ada:
            fuzzer = await fuzzer_of(doors, ada)
            await asyncio.to_thread(fuzz, doors.url, ada, fuzzer)


async def fuzzer_of(doors: Doors, ada: DeskOf) -> Fuzzer:
    """Give a fuzzer that knows what there is."""
    effect = await prepared(doors, ada)
    conversation = await doors.conversation("rest", "amina")
    await ada.does("/admin/webhooks", url="https://crm.example/hook", events=["case.opened"])
    numbers = tuple(map(str, range(2, 5)))
    return Fuzzer(
        document=(await doors.http.get("/desk/api/openapi.json")).json(),
        known={
            "conversation_id": (str(conversation.id),),
            "case_id": (effect["case_id"],),
            "key": (effect["key"],),
            "hash": (effect["hash"],),
            "agent_number": numbers,
            "token_number": numbers,
            "webhook_number": ("1", "2"),
            "delivery_number": ("1",),
            "since": ("2026-05-04",),
        },
        left_out=ENDLESS,
    )


def fuzz(url: str, ada: DeskOf, fuzzer: Fuzzer) -> None:
    """Send what is made up."""
    cookies = dict(ada.http.cookies)
    with httpx.Client(base_url=url, cookies=cookies, timeout=30, headers={"X-Form-Token": ada.token}) as http:

        @settings(
            max_examples=MORE or 80,
            deadline=None,
            database=None,
            derandomize=not MORE,
            suppress_health_check=list(HealthCheck),
        )
        @given(fuzzer.requests())
        def send(request: dict[str, object]) -> None:
            body = {} if request["body"] is None else {"json": request["body"]}
            answer = http.request(
                str(request["method"]),
                str(request["path"]),
                params=request["query"],  # type: ignore[arg-type]
                headers=request["headers"],  # type: ignore[arg-type]
                **body,  # type: ignore[arg-type]
            )
            fuzzer.demand(request, answer)

        send()
