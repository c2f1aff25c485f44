"""How much time is left, as agents read it in a real browser, and what they are told while they work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace
from playwright.async_api import expect

from relevo.contracts.clock import system_clock
from relevo.domain.clocks import Policy
from relevo.domain.service import SLA, Service
from relevo.flow.sla import SlaWatch
from tests.integration.accessibility import look
from tests.integration.test_desk_in_a_browser import CHROMIUM, Office, office

__all__ = ["office"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
QUICK = Policy(first_response_seconds=750, next_response_seconds=600, resolution_seconds=7200, is_wall=True)


async def test_an_agent_sees_how_much_time_is_left_and_hears_when_it_is_over(office: Office) -> None:
    """In both languages: minutes that are left, by how many it is late, whatever an agent's own clock says."""
    opened, ahead = office.doors.opened, [timedelta()]

    def now() -> datetime:
        return system_clock() + ahead[0]

    watch = SlaWatch(
        rounds=opened.store.rounds, live=opened.live, service=Service(sla={**SLA, "normal": QUICK}), clock=now
    )
    sara = await office.seat()
    await office.doors.until("SELECT seen_at IS NOT NULL FROM agents")
    await office.doors.texts("amina", "a person please")
    await watch.step()
    await sara.opens_the_case()
    due = sara.page.locator("#cases time.due")
    await expect(due).to_have_text("First answer in 12 min")
    await expect(sara.page.locator("#sla-box .clock").first).to_contain_text("Due in 12 min")
    await sara.page.get_by_role("button", name="Take over").click()
    await expect(sara.page.get_by_label("Reply to the customer")).to_be_visible()

    ahead[0] += timedelta(minutes=16)
    await watch.step()
    line = sara.page.locator("#notices [role=status]")
    await expect(line).to_have_text("CASE-7101: first answer is late.")
    await expect(sara.page.locator("#timeline .event-sla")).to_contain_text("was due")
    office.doors.app.ctx.services = replace(office.doors.app.ctx.services, clock=now)
    await sara.page.clock.set_fixed_time(now() + timedelta(hours=3))  # her machine's clock is wrong
    await sara.page.goto(f"{sara.page.url}?lang=es")
    await expect(due).to_have_text("Primera respuesta con 3 min de retraso")
    await expect(line).to_have_text("CASE-7101: primera respuesta fuera de plazo.")
    complaints: dict[str, list[str]] = {}
    await look(sara.page, "a case that is late", complaints)
    assert complaints == {}
    await sara.page.get_by_role("button", name="Marcar como leídos").click()
    await expect(sara.page.locator("#notices")).to_be_hidden()
    assert sara.complaints == []
