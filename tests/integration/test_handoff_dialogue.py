"""Handed to a person and back, said as customers say it: real Rasa, real database, an agent at the desk."""

from __future__ import annotations

import msgspec
import pytest

from relevo.contracts.clock import system_clock
from relevo.domain.conversations import Control
from relevo.domain.handoff import Handback
from relevo.flow.handoff import QueueWatch
from relevo.flow.record import handback_record
from tests.integration.relaying import ASKED, agent_online, conversation_of, episodes_of, hands_back, takes
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


async def test_with_somebody_online_control_passes_and_the_customer_hears_their_place(floor: Floor) -> None:
    """The case, the record and the words are there together; the bot is silent from then on."""
    await agent_online(floor)
    lucia = floor.customer()
    told = await lucia.says(ASKED)
    assert "tu turno es el 1" in told
    (case,) = await floor.cases()
    assert case.id in told
    assert (await conversation_of(floor, lucia)).control is Control.QUEUED
    (episode,) = await episodes_of(floor, lucia)
    assert (episode.state, episode.trigger, episode.case_id) == ("queued", "user_request", case.id)
    assert await lucia.says("hola? me faltan puntos") == "", "the bot says nothing while a person is waited for"


async def test_with_nobody_online_hours_are_told_and_the_bot_goes_on(floor: Floor) -> None:
    """The case waits, the record is kept, and the customer is not left alone."""
    lucia = floor.customer()
    told = await lucia.says(ASKED)
    assert "no hay nadie conectado" in told
    assert "de lunes a viernes de 8:00 a 22:00" in told
    (episode,) = await episodes_of(floor, lucia)
    assert episode.state == "requested"
    assert "Total: 11.280 puntos" in await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")


async def test_hours_are_told_in_the_language_of_the_very_message(floor: Floor) -> None:
    """Also in the first one, and after a change of language."""
    customer = floor.customer()
    assert "our team is here Monday to Friday from 8:00 to 22:00" in await customer.says("let me talk to a human")
    assert "nuestro equipo atiende de lunes a viernes" in await customer.says("quiero hablar con una persona")


async def test_cancel_takes_the_conversation_back_while_nobody_has_come(floor: Floor) -> None:
    """One word is enough, and the bot serves again; the case stays."""
    await agent_online(floor)
    lucia = floor.customer()
    await lucia.says(ASKED)
    assert "sigo yo" in await lucia.says("Cancelar")
    assert (await conversation_of(floor, lucia)).control is Control.BOT
    assert [case.status for case in await floor.cases()] == ["open"]
    assert "dos datos" in await lucia.says("me faltan los puntos de un vuelo")


async def test_when_nobody_comes_in_time_the_customer_is_told_and_the_bot_goes_on(floor: Floor) -> None:
    """Expiry is said first and never leaves a conversation without anybody."""
    await agent_online(floor)
    lucia = floor.customer()
    await lucia.says(ASKED)
    await floor.run("UPDATE handoffs SET expires_at = now() - interval '1 second'")
    watch = QueueWatch(handoffs=floor.opened.store.handoffs, live=floor.opened.live)
    assert await watch.step() == 1
    assert await watch.step() == 0
    assert "todavía no ha podido venir nadie" in await lucia.hears()
    (episode,) = await episodes_of(floor, lucia)
    assert episode.state == "expired"
    assert "dos datos" in await lucia.says("me faltan los puntos de un vuelo")


async def test_who_is_put_back_waits_as_long_as_the_business_says(floor: Floor) -> None:
    """As long again as the record gave them at first, not as long as somebody once wrote into the program."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says(ASKED)
    taken = await takes(floor, agent, lucia)
    await floor.run(
        "UPDATE handoffs SET record = jsonb_set(record, '{expires_at}',"
        " to_jsonb((record ->> 'created_at')::timestamptz + interval '60 seconds'))"
    )
    await floor.opened.store.handoffs.put_back(taken.id, taken.control_version, agent.id)
    rows = await floor.opened.database.rows("SELECT extract(epoch FROM expires_at - now())::integer FROM handoffs")
    assert 50 <= rows[0][0] <= 60


@pytest.mark.parametrize("trap", ["/restart", "/ask_person", "/greet", "hola", "/handed_back", "sí"])
async def test_nothing_wakes_the_bot_while_a_person_has_control(floor: Floor, trap: str) -> None:
    """Commands, buttons and words alike are kept for the agent, and the session's end changes nothing."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await takes(floor, agent, lucia)
    assert await lucia.says(trap) == ""
    assert await lucia.says("/deny") == ""
    assert await floor.points("C001") == 18_250


async def test_typing_the_servers_own_word_hands_nothing_back(floor: Floor) -> None:
    """Only a person at the desk hands back; a customer who writes the intent's name is not understood."""
    lucia = floor.customer()
    told = await lucia.says("/handed_back")
    assert "ha dejado resuelto" not in told
    assert "sigue con tu caso" not in told


async def test_the_bot_opens_with_what_was_decided_and_still_knows_everything(floor: Floor) -> None:
    """After the person, nothing is asked again, and what they learned is in the bot's slots."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de mis vuelos a Dubái. soy AU48207315")
    await lucia.says(ASKED)
    await takes(floor, agent, lucia)
    assert await lucia.says("¿hay alguien?") == ""
    decided = Handback(
        outcome="promised", agent="Sara Molina", told="he encontrado tu reserva.", slots={"booking_code": ["RBL7Q2"]}
    )
    await hands_back(floor, agent, lucia, decided)
    assert await lucia.hears() == "Sara Molina lo ha visto: he encontrado tu reserva.\n¿Puedo ayudarte con algo más?"
    assert "Total: 11.280 puntos" in await lucia.says("me faltan los puntos de mis vuelos a Dubái")


async def test_a_second_handoff_in_the_same_conversation_is_an_episode_of_its_own(floor: Floor) -> None:
    """Both are kept; each has its record, and the second is as good as the first."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    for number in (1, 2):
        assert "tu turno es el 1" in await lucia.says(ASKED)
        await takes(floor, agent, lucia)
        await hands_back(floor, agent, lucia, Handback(outcome="resolved", agent="Sara"))
        assert "Sara ha dejado resuelto tu caso" in await lucia.hears()
        assert len(await episodes_of(floor, lucia)) == number
    second, first = await episodes_of(floor, lucia)
    assert (first.episode, second.episode) == (1, 2)
    assert (first.state, second.state) == ("ended", "ended")
    assert (first.record["episode_no"], second.record["episode_no"]) == (1, 2)
    assert second.record["history"]["earlier_handoffs"] == 1


async def test_control_taken_in_the_middle_of_a_turn_keeps_the_bots_words_as_a_draft(floor: Floor) -> None:
    """A person who takes over while the bot is answering sees what it wanted to say; the customer does not."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("hola")
    await lucia.writes("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    (claim,) = await floor.opened.store.inbox.claim(10)
    await takes(floor, agent, lucia)
    await floor.converse(claim)
    assert await lucia.hears() == ""
    conversation = await conversation_of(floor, lucia)
    entries = await floor.opened.store.conversations.entries(conversation.id, 0)
    (draft,) = [entry for entry in entries if entry.kind == "draft"]
    assert "11.280" in (draft.content.text or "")


async def test_a_yes_after_a_person_confirms_nothing_that_was_shown_before(floor: Floor) -> None:
    """The bot asks whether there is anything else: yes to that is not yes to an offer of before the person came."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await takes(floor, agent, lucia)
    await hands_back(floor, agent, lucia, Handback(outcome="promised", agent="Sara"))
    await lucia.hears()
    told = await lucia.says("sí")
    assert await floor.points("C001") == 18_250, told
    assert "Total: 11.280 puntos" in told, "it is shown again, and then a yes is one"
    await lucia.says("sí")
    assert await floor.points("C001") == 29_530


async def test_a_yes_to_an_offer_that_was_never_sent_confirms_nothing(floor: Floor) -> None:
    """What the bot wanted to say while a person took over was a draft: nobody can have agreed to it."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.writes("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    (claim,) = await floor.opened.store.inbox.claim(10)
    await takes(floor, agent, lucia)
    await floor.converse(claim)
    await hands_back(floor, agent, lucia, Handback(outcome="promised", agent="Sara"))
    assert "Total" not in await lucia.hears()
    await lucia.says("sí")
    assert await floor.points("C001") == 18_250


async def test_a_yes_that_comes_after_a_person_closed_confirms_nothing(floor: Floor) -> None:
    """It answers them, not the bot, which shows its offer again."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    conversation = await takes(floor, agent, lucia)
    await floor.opened.store.handoffs.close(
        conversation.id,
        conversation.control_version,
        agent.id,
        handback_record(Handback(outcome="resolved"), handoff_id=None, ended_at=system_clock()),
    )
    assert "Total: 11.280 puntos" in await lucia.says("sí")
    assert await floor.points("C001") == 18_250
    await lucia.says("sí")
    assert await floor.points("C001") == 29_530


async def test_a_button_of_before_the_person_is_pressed_late(floor: Floor) -> None:
    """With the person it is kept for them; afterwards it confirms nothing by itself."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    payloads = [button.payload for content in lucia.heard for button in content.buttons]
    assert payloads, "the offer has buttons"
    await takes(floor, agent, lucia)
    for payload in [*payloads, *payloads]:
        assert await lucia.says(payload) == ""
    await hands_back(floor, agent, lucia, Handback(outcome="resolved", agent="Sara"))
    await lucia.hears()
    await lucia.says(payloads[0])
    assert await floor.points("C001") == 18_250


async def test_a_restart_that_was_a_button_restarts_nothing_during_a_handoff(floor: Floor) -> None:
    """In Rasa it would end the pause and forget everything; here it is kept for the person."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await floor.run("UPDATE conversations SET issued_payloads = '{/restart}'")
    await takes(floor, agent, lucia)
    assert await lucia.says("/restart") == ""
    await hands_back(floor, agent, lucia, Handback(outcome="promised", agent="Sara"))
    assert "sigue con tu caso" in await lucia.hears()
    assert "Total: 11.280 puntos" in await lucia.says("me faltan puntos")


async def test_a_handoff_that_lasts_for_weeks_is_forgotten_by_nobody(floor: Floor) -> None:
    """No session ends meanwhile: what the contact said before the person came is still known."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    await takes(floor, agent, lucia)
    await let_weeks_pass(floor, lucia)
    assert await lucia.says("¿hay alguien?") == ""
    await hands_back(floor, agent, lucia, Handback(outcome="promised", agent="Sara"))
    assert "sigue con tu caso" in await lucia.hears()
    assert "Total: 11.280 puntos" in await lucia.says("me faltan puntos")


async def test_a_message_that_arrives_again_is_kept_once_and_not_answered_after_the_person(floor: Floor) -> None:
    """A platform that repeats itself during and after a handoff adds nothing."""
    agent = await agent_online(floor)
    lucia = floor.customer()
    await lucia.says(ASKED)
    await takes(floor, agent, lucia)
    await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315")
    before = (await conversation_of(floor, lucia)).last_position
    lucia.said -= 1
    assert await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315") == ""
    assert (await conversation_of(floor, lucia)).last_position == before
    await hands_back(floor, agent, lucia, Handback(outcome="resolved", agent="Sara"))
    await lucia.hears()
    lucia.said -= 1
    assert await lucia.says("me faltan los puntos de la reserva RBL7Q2, soy AU48207315") == ""


async def let_weeks_pass(floor: Floor, customer: Customer) -> None:
    """Have everything that the bot remembers be weeks old."""
    conversation = await conversation_of(floor, customer)
    for number, turn in enumerate(await floor.opened.store.inbox.tracker_events(conversation.id), 1):
        events = [event | {"timestamp": event["timestamp"] - 30 * 86_400} for event in msgspec.json.decode(turn)]
        await floor.run(
            "UPDATE tracker_events SET events = %s WHERE version = %s", (msgspec.json.encode(events), number)
        )
    floor.restart()
