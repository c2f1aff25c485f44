"""Bags in conversation, as far as dialogues do not show it: priorities, who may approve, what is kept of photos."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from relevo.contracts.accounts import AgentPowers
from relevo.contracts.records import BagPayment
from relevo.domain.cases import Case
from relevo.domain.effects import EffectState
from relevo.errors import AccessDenied
from relevo.flow.approvals import may_approve
from relevo.store.aurora.desk import AuroraDesk
from tests.integration.talking import Floor
from tests.integration.test_photo_dialogue import decider, sends_photo

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

PRIYA, TOMAS = "C004", "C003"
GUITAR = "me rompieron la guitarra en el vuelo AU0455, soy AU20658841, reserva TIV8M3"
SUITCASE = "my suitcase arrived broken on AU3411, I'm AU73915024, oliver.whitfield@example.com"
LOST = "any news about my lost bag? I'm AU96140378, priya.anand@example.com"
MONEY = {"money": 1_000_000}


async def case_of(floor: Floor, number: str) -> Case:
    """Give a case."""
    return await floor.opened.store.desk.case(number)


async def test_each_contact_about_a_missing_bag_makes_its_case_more_urgent(floor: Floor) -> None:
    """From whatever address they write; the reason says so."""
    await AuroraDesk(floor.opened.database).load(datetime.now(timezone.utc))
    for name in ("priya on the web", "priya by mail"):
        assert "CASE-7002" in await floor.customer(name).says(LOST)
    case = await case_of(floor, "CASE-7002")
    assert case.contacted == 3
    assert {reason.code for reason in case.priority.reasons} == {"repeated_contact"}
    assert case.priority.level == "high"


async def test_a_mobility_aid_is_urgent_at_once(floor: Floor) -> None:
    """Before anything else was asked, and with what it is about."""
    await floor.customer().says("my wheelchair arrived broken, AU20658841, tomas.iriarte@example.com")
    (case,) = await floor.cases()
    assert (case.type, case.priority.level, case.reference) == ("damage", "urgent", "0751000000031")


async def test_only_people_in_charge_approve_an_instrument(floor: Floor) -> None:
    """Whatever the limits of others; on one click it is paid, and the customer hears it."""
    tomas, accounts = floor.customer(), floor.opened.store.accounts
    await tomas.says(GUITAR)
    await sends_photo(floor, tomas, "el mástil está partido, 150 euros")
    await tomas.chooses("Sí")
    (case,) = await floor.cases()
    (effect,) = await floor.opened.store.desk.effects_of(case.id)
    sara = await accounts.add_agent("sara@aurora.example", "Sara", "agent", "x", AgentPowers(limits=MONEY))
    noelia = await accounts.add_agent("noelia@aurora.example", "Noelia", "supervisor", "x", AgentPowers(limits=MONEY))
    now = datetime.now(timezone.utc)
    assert (may_approve(effect, sara, now), may_approve(effect, noelia, now)) == ("role", None)
    with pytest.raises(AccessDenied, match="A supervisor decides"):
        await decider(floor).approve(effect.order.key, effect.hash, sara)
    with pytest.raises(AccessDenied, match="A supervisor decides"):
        await decider(floor).change_amount(effect.order.key, effect.hash, sara, 100)
    assert (await decider(floor).approve(effect.order.key, effect.hash, noelia)).state is EffectState.DONE
    assert "150,00 €" in await tomas.hears()
    (paid,) = await floor.business.records(BagPayment, TOMAS)
    assert (paid.kind, paid.amount) == ("damage", 15_000)


async def test_photos_are_kept_as_evidence_of_their_case(floor: Floor) -> None:
    """Also the one that came before the request, with a greeting."""
    tomas = floor.customer()
    await sends_photo(floor, tomas, "hola")
    await tomas.says(GUITAR)
    await sends_photo(floor, tomas, "el mástil está partido, 150 euros")
    await tomas.chooses("Sí")
    (case,) = await floor.cases()
    rows = await floor.opened.database.rows("SELECT kind, case_id FROM attachments")
    assert rows == [("evidence", case.id)] * 2
    assert len(case.detail["photos"]) == 2


async def test_a_photo_is_used_for_one_request_and_forgotten_after_a_day(floor: Floor) -> None:
    """What paid for one thing does not pay for the next, and an old picture is no evidence of today's."""
    oliver = floor.customer()
    await sends_photo(floor, oliver, SUITCASE)
    assert "€80.00" in await oliver.says("80 euros")
    await oliver.chooses("Yes")
    assert "a photo" in await oliver.says("you also broke my laptop on that flight, 90 euros")
    await oliver.says("never mind")
    await sends_photo(floor, oliver, "hello")
    await floor.run("UPDATE attachments SET created_at = created_at - interval '25 hours'")
    assert "a photo" in await oliver.says("my laptop arrived broken on AU3411, 90 euros")


async def test_a_yes_answered_twice_by_a_crash_pays_once(floor: Floor) -> None:
    """The turn is run again from where it stood, and says that it is done."""
    oliver = floor.customer()
    await sends_photo(floor, oliver, SUITCASE)
    await oliver.says("80 euros")
    await oliver.writes("yes")
    (claim,) = await floor.opened.store.inbox.claim(10)
    await floor.answer_without_keeping(claim)
    await floor.converse(claim)
    told = await oliver.hears()
    assert "Done: €80.00" in told
    assert len(await floor.business.records(BagPayment, "C002")) == 1


async def test_two_conversations_at_once_are_paid_once(floor: Floor) -> None:
    """Whoever says yes second is shown what is true by then."""
    one, two = floor.customer("one"), floor.customer("two")
    for customer in (one, two):
        await sends_photo(floor, customer, SUITCASE)
    await one.says("80 euros")
    await two.says("90 euros")
    assert "Done: €80.00" in await one.says("yes")
    told = await two.says("yes")
    assert "damage.paid_before" in told
    assert [payment.amount for payment in await floor.business.records(BagPayment, "C002")] == [8_000]
