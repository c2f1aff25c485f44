"""The record of a handoff, made of what customers really said: who said what, what is proven, tried and missing."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from relevo.contracts.clock import system_clock
from relevo.contracts.handoff import HandoffRecord
from tests.integration.relaying import ASKED, agent_online, episodes_of
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


async def test_the_record_says_who_said_what_and_what_is_proven(floor: Floor) -> None:
    """Every value has its source, what identified is verified, what was tried and why it is urgent is there."""
    await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mis vuelos a Dubái")
    await lucia.says("AU48207315, reserva RBL7Q2")
    await lucia.says("sí")
    await lucia.says("quiero una persona")
    (episode,) = await episodes_of(floor, lucia)
    record = msgspec.convert(episode.record, HandoffRecord)
    slots = {slot.name: slot for slot in record.slots}
    assert (slots["loyalty_number"].set_by, slots["loyalty_number"].is_verified) == ("contact", True)
    assert slots["loyalty_number"].said == "AU48207315, reserva RBL7Q2"
    assert slots["is_identified"].set_by.startswith("action:")
    assert {attempt.key for attempt in record.attempts} == {
        "credit_points:0751000000011",
        "credit_points:0751000000012",
    }
    assert {attempt.state for attempt in record.attempts} == {"done"}
    assert [(amount.amount, amount.unit) for amount in record.amounts] == [(5_640, "points")] * 2
    assert record.created_at - timedelta(minutes=1) < record.attempts[0].at <= system_clock()
    assert record.episode_no == 1
    assert slots["loyalty_number"].is_personal
    assert slots["loyalty_number"].event_id != record.trigger_event_id
    assert record.contact.verified == "two_facts"
    assert record.contact.display_name == "Lucía Fernanda Robles Arce"
    assert [reason.code for reason in record.priority.reasons] == ["user_request"]
    assert {summary.language for summary in record.summaries} == {"en", "es"}
    assert any("AU48207315 (verificado)" in summary.text for summary in record.summaries)
    assert [topic.intent for topic in record.topics] == ["correct_points", "ask_person"]


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        (("me faltan los puntos de mis vuelos a Dubái",), ["loyalty_number", "booking_code"]),
        (("me faltan los puntos", "AU48207315"), ["booking_code"]),
        (("me faltan los puntos del AU3411, soy AU73915024, reserva OWH5T4",), ["passport_photo"]),
        (("hola",), []),
    ],
)
async def test_the_record_names_what_was_asked_for_and_not_given(
    floor: Floor, said: tuple[str, ...], missing: list[str]
) -> None:
    """Whoever takes over need not find out what the bot still wanted."""
    await agent_online(floor)
    lucia = floor.customer()
    for text in said:
        await lucia.says(text)
    await lucia.says(ASKED)
    (episode,) = await episodes_of(floor, lucia)
    assert episode.record["missing_slots"] == missing
