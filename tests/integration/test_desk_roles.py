"""Who may do what at the desk: every operation, by every role, by nobody, and by tokens of both scopes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from relevo.contracts.api_access import NewToken
from relevo.contracts.clock import system_clock
from relevo.domain.roles import ADMIN, AGENT, READONLY, ROLES, SUPERVISOR
from relevo.web.callers import new_token
from relevo.web.desk_api import API
from relevo.web.openapi import Operation
from relevo.web.origins import token_hash
from relevo.web.settings import WebSettings
from tests.integration.desks import DeskOf, desk_of
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio

WORKS = {AGENT, SUPERVISOR, ADMIN}
LOOKS = {*WORKS, READONLY}
LEADS = {SUPERVISOR, ADMIN}

MAY = {
    "me": LOOKS,
    "cases": LOOKS,
    "case": LOOKS,
    "conversations": LOOKS,
    "conversation": LOOKS,
    "entries": LOOKS,
    "changes": LOOKS,
    "take_over": WORKS,
    "reply": WORKS,
    "note": WORKS,
    "hand_back": WORKS,
    "close": WORKS,
    "put_back": WORKS,
    "verify": WORKS,
    "unverify": WORKS,
    "promise": WORKS,
    "close_case": WORKS,
    "add_voucher": WORKS,
    "effect_approve": WORKS,
    "effect_decline": WORKS,
    "effect_change_amount": WORKS,
    "presence": WORKS,
    "search": LOOKS,
    "counts": LOOKS,
    "tags": LOOKS,
    "views": LOOKS,
    "notices": LOOKS,
    "read_notices": WORKS,
    "assistant": LOOKS,
    "summary": LOOKS,
    "summarise": WORKS,
    "suggest_reply": WORKS,
    "translate_text": WORKS,
    "translate_messages": WORKS,
    "translations": LOOKS,
    "offers": LOOKS,
    "queues": LOOKS,
    "team": LEADS,
    "accept": WORKS,
    "decline": WORKS,
    "composer": LOOKS,
    "ways": LOOKS,
    "deliveries": LOOKS,
    "retry_delivery": WORKS,
    "colleagues": LOOKS,
    "mentions": LOOKS,
    "canned": LOOKS,
    "canned_here": LOOKS,
    "macros": LOOKS,
    "contact": LOOKS,
    "contact_timeline": LOOKS,
    "contact_business": LOOKS,
    "undo_reply": WORKS,
    "send_held": WORKS,
    "drop_held": WORKS,
    "keep_draft": WORKS,
    "transfer": WORKS,
    "upload": WORKS,
    "read_mentions": WORKS,
    "add_canned": WORKS,
    "change_canned": WORKS,
    "remove_canned": WORKS,
    "add_macro": WORKS,
    "change_macro": WORKS,
    "remove_macro": WORKS,
    "run": WORKS,
    "merge_contacts": WORKS,
    "split_contacts": WORKS,
    "record_encounter": WORKS,
    "merge_cases": WORKS,
    "split_cases": WORKS,
    "report_outcomes": LOOKS,
    "report_outcomes_csv": LOOKS,
    "report_outcomes_cases": LOOKS,
    "report_hours": LOOKS,
    "report_hours_csv": LOOKS,
    "report_hours_cases": LOOKS,
    "report_days": LOOKS,
    "report_days_csv": LOOKS,
    "report_days_cases": LOOKS,
    "report_reasons": LOOKS,
    "report_reasons_csv": LOOKS,
    "report_reasons_cases": LOOKS,
    "report_times": LOOKS,
    "report_times_csv": LOOKS,
    "report_times_cases": LOOKS,
    "report_rates": LOOKS,
    "report_rates_csv": LOOKS,
    "report_rates_cases": LOOKS,
    "report_csat": LOOKS,
    "report_csat_csv": LOOKS,
    "report_csat_cases": LOOKS,
    "report_effects": LOOKS,
    "report_effects_csv": LOOKS,
    "report_effects_cases": LOOKS,
    "report_agents": LOOKS,
    "report_agents_csv": LOOKS,
    "report_agents_cases": LOOKS,
    "report_queues": LOOKS,
    "report_queues_csv": LOOKS,
    "report_queues_cases": LOOKS,
    "report_sla": LOOKS,
    "report_sla_csv": LOOKS,
    "report_sla_cases": LOOKS,
    "teachings_propose": WORKS,
    "teachings": LEADS,
    "teachings_accept": LEADS,
    "teachings_reject": LEADS,
    "teachings_export": LEADS,
    "matching": LOOKS,
    "case_changes": LOOKS,
    "bulk": WORKS,
    "bulk_matching": WORKS,
    "prioritise": WORKS,
    "change_tags": WORKS,
    "snooze": WORKS,
    "follow": WORKS,
    "assign": WORKS,
    "assign_conversation": LEADS,
    "looking": WORKS,
    "look": WORKS,
    "set_tag": WORKS,
    "drop_tag": WORKS,
    "keep_view": WORKS,
    "drop_view": WORKS,
    "admin_agents": {ADMIN},
    "admin_add_agent": {ADMIN},
    "admin_change_agent": {ADMIN},
    "admin_send_link": {ADMIN},
    "admin_remove_agent": {ADMIN},
    "admin_tokens": {ADMIN},
    "admin_make_token": {ADMIN},
    "admin_revoke_token": {ADMIN},
    "admin_webhooks": {ADMIN},
    "admin_add_webhook": {ADMIN},
    "admin_change_webhook": {ADMIN},
    "admin_rotate_webhook": {ADMIN},
    "admin_remove_webhook": {ADMIN},
    "admin_try_webhook": {ADMIN},
    "admin_deliveries": {ADMIN},
    "admin_redeliver": {ADMIN},
    "admin_channels": {ADMIN},
    "admin_settings": {ADMIN},
    "admin_put_queues": {ADMIN},
    "admin_put_hours": {ADMIN},
    "admin_put_sla": {ADMIN},
    "admin_reset_section": {ADMIN},
    "admin_tags": {ADMIN},
    "admin_put_tag": {ADMIN},
    "admin_merge_tags": {ADMIN},
    "admin_channel_log": {ADMIN},
    "posts": LOOKS,
    "answer_post": WORKS,
    "invite_author": WORKS,
    "open_post_case": WORKS,
    "settle_post": WORKS,
    "incidents": LOOKS,
    "approve_incident": LEADS,
    "end_incident": WORKS,
    "audit": {ADMIN},
    "audit_table": {ADMIN},
}
"""What each role may; an operation that is missing here fails the test: say in the same change who may."""
PUBLIC = {"openapi", "schema"}
PEOPLE_ONLY = {"presence", "admin_add_agent", "admin_change_agent", "admin_send_link", "admin_remove_agent"} | {
    "admin_make_token",
    "admin_add_webhook",
    "admin_rotate_webhook",
}


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors that count nobody's calls."""
    settings = WebSettings(
        desk_reads_burst=10_000,
        desk_writes_burst=10_000,
        token_reads_burst=10_000,
        token_writes_burst=10_000,
        bad_tokens_burst=10_000,
        heartbeat_seconds=0.2,
    )
    async with open_doors(database, settings=settings, has_bot=False) as opened:
        yield opened


async def ask(http: httpx.AsyncClient, operation: Operation, headers: dict[str, str]) -> tuple[int, str]:
    """Call an operation about nothing that there is, and give status and code of the answer."""
    path = operation.path
    while "{" in path:
        name = path[path.index("{") + 1 : path.index("}")]
        value = (
            "7"
            if name.endswith("_number")
            else str(uuid4())
            if name.endswith(("conversation_id", "contact_id"))
            else "9999"
        )
        path = path.replace(f"{{{name}}}", value)
    request: dict[str, Any] = {"json": []} if operation.changes else {}
    async with http.stream(operation.method, f"/desk/api{path}", headers=headers, **request) as answer:
        if answer.status_code < 400:
            return answer.status_code, ""
        await answer.aread()
        return answer.status_code, answer.json()["code"]


async def test_every_role_may_what_the_table_says_and_nobody_may_anything(doors: Doors) -> None:
    """Each operation is called by each role, and without a session: a refusal comes before anything is read."""
    assert set(MAY) | PUBLIC == {operation.name for operation in API.operations}
    async with AsyncExitStack() as stack:
        desks: dict[str, DeskOf] = {
            role: await stack.enter_async_context(desk_of(doors, f"{role} Doe", role)) for role in ROLES
        }
        closed = [operation for operation in API.operations if operation.name not in PUBLIC]
        assert {(await ask(doors.http, operation, {}))[0] for operation in closed} == {401}
        assert {operation.name: await whoever_may(operation, desks) for operation in closed} == MAY


async def whoever_may(operation: Operation, desks: dict[str, DeskOf]) -> set[str]:
    """Give the roles that are not refused."""
    found = set()
    for role, desk in desks.items():
        status, code = await ask(desk.http, operation, {"X-Form-Token": desk.token})
        assert (status == 403) == (code == "role"), (operation.name, role, status, code)
        found |= set() if status == 403 else {role}
    return found


async def test_tokens_may_what_their_role_and_their_scopes_say(doors: Doors) -> None:
    """Read alone changes nothing, write alone reads nothing, and neither does what only people may."""
    for role, scope in ((READONLY, "write"), (AGENT, "read"), (ADMIN, "read"), (ADMIN, "write")):
        headers = {"Authorization": f"Bearer {await issued(doors, role, scope)}"}
        for operation in API.operations:
            if operation.name not in PUBLIC:
                status, code = await ask(doors.http, operation, headers)
                refusal = code if status == 403 else ""
                assert refusal == expected(operation, role, scope), (operation.name, role, scope, status, code)


def expected(operation: Operation, role: str, scope: str) -> str:
    """Give the code of the refusal that a token must get, or nothing."""
    if role not in MAY[operation.name]:
        return "role"
    if operation.name in PEOPLE_ONLY:
        return "people_only"
    return "scope" if (scope == "write") != operation.changes else ""


async def issued(doors: Doors, role: str, *scopes: str) -> str:
    """Give a token of a service account of this role."""
    token = new_token()
    await doors.opened.store.tokens.issue(
        NewToken(
            name=f"{role} program",
            role=role,
            scopes=scopes,
            expires_at=system_clock() + timedelta(days=1),
            token_hash=token_hash(token),
            hint=token[-4:],
        ),
        by_agent=1,
    )
    return token
