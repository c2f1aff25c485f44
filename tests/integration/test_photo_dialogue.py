"""Points with a photo: no rule explains the name, a passport photo is sent, a person approves on one click."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from relevo.contracts.accounts import AgentPowers
from relevo.contracts.clock import system_clock
from relevo.domain.cases import Case, Trigger
from relevo.domain.effects import EffectState
from relevo.domain.messages import Arrival
from relevo.errors import AccessDenied
from relevo.flow.approvals import Decider
from relevo.flow.attach import SentFile, attach
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

OLIVER = "C002"
REQUESTS = {
    "en": "Hi, my points for flight AU3411 are missing. I am AU73915024, booking OWH5T4",
    "es": "Hola, me faltan los puntos del vuelo AU3411. Soy AU73915024, reserva OWH5T4",
}


def passport() -> bytes:
    """Give what could be a photo of a passport."""
    picture = io.BytesIO()
    Image.new("RGB", (640, 440), (120, 30, 40)).save(picture, "JPEG")
    return picture.getvalue()


async def sends_photo(floor: Floor, customer: Customer, text: str = "") -> str:
    """Have a customer send a photo, and give what the bot answers."""
    customer.said += 1
    kept = await attach(
        floor.opened.store.attachments,
        SentFile(
            channel="rest",
            address=customer.address,
            name="passport.jpg",
            claimed_mime="image/jpeg",
            data=passport(),
        ),
    )
    arrival = Arrival(
        channel="rest",
        address=customer.address,
        external_id=f"{customer.address}/{customer.said}",
        text=text,
        attachments=(kept,),
    )
    await floor.opened.store.inbox.receive([arrival])
    return await customer.hears()


def decider(floor: Floor) -> Decider:
    """Give what carries out decisions."""
    store, services = floor.opened.store, floor.converser.services
    return Decider(
        approvals=store.approvals,
        effects=store.effects,
        business=floor.business,
        policies=services.policies,
        conversations=store.conversations,
        live=floor.opened.live,
        clock=system_clock,
    )


async def only_case(floor: Floor) -> Case:
    """Give the only case."""
    (case,) = await floor.cases()
    return case


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_nickname_takes_a_photo_and_one_click(floor: Floor, language: str) -> None:
    """Two messages of the customer; nothing is credited before a person approves; then they hear it, once."""
    oliver = floor.customer()
    asked = await oliver.says(REQUESTS[language])
    assert "points.name_match" in asked
    assert "WHITFIELD/OLLIE" in asked
    assert "Oliver James Whitfield" in asked
    told = await sends_photo(floor, oliver)
    case = await only_case(floor)
    assert case.id in told
    assert await floor.points(OLIVER) == 4_100
    assert (case.trigger, case.reference, case.waits_for_approval) == (Trigger.APPROVAL, "0751000000022", True)
    (names,) = case.detail["names"]
    assert (names["ticket_name"], names["passport_name"]) == ("WHITFIELD/OLLIE", "Oliver James Whitfield")
    (effect,) = await floor.opened.store.desk.effects_of(case.id)
    accounts = floor.opened.store.accounts
    george = await accounts.add_agent("george@aurora.example", "George", "agent", "x")
    sara = await accounts.add_agent("sara@aurora.example", "Sara", "agent", "x", AgentPowers(limits={"points": 10_000}))
    with pytest.raises(AccessDenied, match="may not approve"):
        await decider(floor).approve(effect.order.key, effect.hash, george)
    result = await decider(floor).approve(effect.order.key, effect.hash, sara)
    assert result.state is EffectState.DONE
    heard = await oliver.hears()
    assert ("5,345" if language == "en" else "5.345") in heard
    assert await floor.points(OLIVER) == 5_345
    assert (await floor.opened.store.desk.case(case.id)).status == "resolved"


async def test_the_photo_belongs_to_its_case_alone(floor: Floor) -> None:
    """It is kept as an identity document of this case, so that nobody sees it after the case is closed."""
    oliver = floor.customer()
    await oliver.says(REQUESTS["en"])
    await sends_photo(floor, oliver, "here you are")
    case = await only_case(floor)
    rows = await floor.opened.database.rows("SELECT kind, case_id FROM attachments")
    assert rows == [("identity_document", case.id)]
    assert case.detail["photos"]


async def test_who_has_no_photo_gets_a_person(floor: Floor) -> None:
    """The case is opened without it, and nothing is prepared."""
    oliver = floor.customer()
    await oliver.says(REQUESTS["en"])
    told = await oliver.chooses("I don't have it")
    case = await only_case(floor)
    assert case.id in told
    assert case.trigger == Trigger.POLICY_RULE
    assert not case.waits_for_approval


async def test_other_words_repeat_the_question_and_an_unrelated_yes_prepares_nothing(floor: Floor) -> None:
    """Only the photo prepares; a yes without it does not."""
    oliver = floor.customer()
    await oliver.says(REQUESTS["en"])
    assert "all I need is a photo" in await oliver.says("yes")
    assert await floor.cases() == []
    assert await floor.opened.database.rows("SELECT key FROM effects") == []


async def test_a_second_contact_on_another_address_finds_the_open_case(floor: Floor) -> None:
    """The case is greeted with its state, becomes more urgent, and no second one is opened."""
    oliver, again = floor.customer(), floor.customer("oliver elsewhere")
    await oliver.says(REQUESTS["en"])
    await sends_photo(floor, oliver)
    case = await only_case(floor)
    told = await again.says(REQUESTS["en"])
    assert f"your case {case.id}" in told
    found = await only_case(floor)
    assert found.contacted == 2
    assert [reason.code for reason in found.priority.reasons] == ["repeated_contact"]
    assert found.priority.level == "high"


async def test_a_photo_that_nobody_asked_for_prepares_nothing(floor: Floor) -> None:
    """It is noted, and what it is for is asked."""
    oliver = floor.customer()
    told = await sends_photo(floor, oliver)
    assert told
    assert await floor.opened.database.rows("SELECT key FROM effects") == []


async def test_a_handoff_names_what_was_sent(floor: Floor) -> None:
    """The record points to the photo, so that whoever takes over finds it."""
    oliver = floor.customer()
    await oliver.says(REQUESTS["en"])
    await sends_photo(floor, oliver)
    await oliver.says("let me talk to a person")
    conversation = await floor.opened.store.conversations.find("rest", oliver.address)
    assert conversation is not None
    (episode,) = await floor.opened.store.desk.episodes(conversation.id)
    assert len(episode.record["attachments"]) == 1
    assert [waits["kind"] for waits in episode.record["pending_effects"]] == ["credit_points"]
    summaries = {summary["language"]: summary["text"] for summary in episode.record["summaries"]}
    assert "points credit 0751000000022: waits for approval (points.name_match)" in summaries["en"]
    assert "abono de puntos 0751000000022: pendiente de aprobar" in summaries["es"]
