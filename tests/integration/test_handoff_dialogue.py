"""Handed to a person and back, said as customers say it: real Rasa, real database, an agent at the desk."""

from __future__ import annotations

import msgspec
import pytest

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.clock import system_clock
from relevo.contracts.handoff import HandoffRecord
from relevo.domain.conversations import Control, Conversation
from relevo.domain.handoff import Episode, Handback
from relevo.flow.handoff import QueueWatch
from relevo.flow.record import handback_record
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

ASKED = "quiero hablar con una persona"


async def agent_online(floor: Floor, name: str = "Sara Molina") -> AgentAccount:
    """Give an agent whose desk is open."""
    accounts = floor.opened.store.accounts
    agent = await accounts.add_agent(f"{name.split(maxsplit=1)[0].lower()}@aurora.example", name, "agent", "no hash")
    await accounts.seen(agent.id)
    return agent


async def conversation_of(floor: Floor, customer: Customer) -> Conversation:
    """Give a customer's conversation as it is now."""
    found = await floor.opened.store.conversations.find("rest", customer.address)
    assert found is not None
    return found


async def episodes_of(floor: Floor, customer: Customer) -> list[Episode]:
    """Give a customer's handoffs, newest first."""
    return await floor.opened.store.desk.episodes((await conversation_of(floor, customer)).id)


async def takes(floor: Floor, agent: AgentAccount, customer: Customer) -> Conversation:
    """Have an agent take over."""
    conversation = await conversation_of(floor, customer)
    await floor.opened.store.handoffs.take_over(conversation.id, conversation.control_version, agent.id, None)
    return await conversation_of(floor, customer)


async def hands_back(floor: Floor, agent: AgentAccount, customer: Customer, handback: Handback) -> None:
    """Have an agent give the conversation back."""
    conversation = await conversation_of(floor, customer)
    record = handback_record(handback, handoff_id=None, ended_at=system_clock())
    await floor.opened.store.handoffs.hand_back(conversation.id, conversation.control_version, agent.id, record)


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
    floor.converser.brain.forget(conversation)
