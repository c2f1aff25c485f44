"""Somebody in danger: before everything else at the desk, with their own words, whatever they were talking about."""

from __future__ import annotations

import re

import pytest

from relevo.domain.cases import Trigger, first_priority
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

MISSING = "I never got the points of booking OWH3P8. My number is AU73915024."


@pytest.mark.parametrize(
    "said",
    ["I'm going to kill myself", "no respira, es mi hija", "they punched me at the gate", "me quiero morir"],
)
async def test_a_case_of_safety_comes_before_every_other(floor: Floor, said: str) -> None:
    """Its reason says so, and it carries the words that raised the alarm, not the request that was open."""
    contact = floor.customer()
    await contact.says(MISSING)
    before = {case.id for case in await floor.cases()}
    await contact.says(said)
    (case,) = [case for case in await floor.cases() if case.id not in before]
    assert (case.type, case.trigger, case.goal) == ("safety", "safety", said)
    assert (case.priority.score, case.priority.level) == (100, "urgent")
    assert [reason.code for reason in case.priority.reasons] == ["safety"]
    assert (await floor.cases())[0].id == case.id, "another case stands above it at the desk"


async def test_further_alarms_belong_to_the_case_of_the_first_for_an_hour(floor: Floor) -> None:
    """After that it may have been closed, and an alarm in a closed case would be seen by nobody."""
    contact = floor.customer()
    await contact.writes("quiero morirme")
    await floor.run("UPDATE inbox SET received_at = received_at - interval '61 minutes'")
    (first,) = _cases_in(await contact.hears())
    (later,) = _cases_in(await contact.says("de verdad, no quiero vivir"))
    (soon_after,) = _cases_in(await contact.says("me voy a matar"))
    assert first != later == soon_after


def _cases_in(text: str) -> set[str]:
    return set(re.findall(r"CASE-\d+", text))


async def test_after_an_alarm_the_request_is_gone_and_can_be_asked_for_again(floor: Floor) -> None:
    """A yes said afterwards does nothing: what it would be to is no longer offered."""
    contact = floor.customer()
    await contact.says("AU48207315, RBL7Q2, me faltan los puntos de Dubái")
    before = await floor.points("C001")
    await contact.says("me están siguiendo, tengo miedo")
    await contact.says("sí")
    assert await floor.points("C001") == before
    assert "¿" in await contact.says("me faltan los puntos de Dubái")


def test_nothing_outranks_safety() -> None:
    """Money, promises and repeated contacts together do not."""
    others = first_priority(Trigger.ACTION_ERROR, [10_000_000]).because("promise_missed")
    assert first_priority(Trigger.SAFETY).score >= others.score
