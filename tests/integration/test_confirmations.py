"""Written confirmations: what was done, in the contact's language, once for each effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from relevo.contracts.business import Person
from relevo.contracts.mail import Posting
from relevo.domain.effects import EffectResult, EffectState
from relevo.flow.confirm import Confirmer, confirm
from relevo.testing.ledger import Ledger
from tests.integration.mail_server import mail_server
from tests.integration.posting import ADDRESS, Office, open_office

pytestmark = pytest.mark.anyio

LUCIA = Person(
    ref="C001",
    given_names="Lucía Fernanda",
    surnames="Robles Arce",
    email="Lucia.Robles@Example.com",
    language="es",
    loyalty_number="AU48207315",
    points=23890,
)
CREDITED = EffectResult(
    key="credit_points:0751000000011", state=EffectState.DONE, result={"points": 5640, "balance": 23890}
)
REFUNDED = EffectResult(
    key="refund:AO-50060:PAY-8960",
    state=EffectState.DONE,
    result={"amount": 1499, "unit": "EUR", "means": "Visa 5525"},
)
CANCELLED = EffectResult(
    key="cancel_subscription:SUB-301",
    state=EffectState.DONE,
    result={"plan": "Wi-Fi Unlimited", "ends_on": "2026-07-05"},
)
OTHER = EffectResult(key="move_seat:12A", state=EffectState.DONE)


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """Give an office of this test alone."""
    async with open_office(database) as opened:
        yield opened


@pytest.mark.parametrize(
    ("effect", "language", "subject", "words"),
    [
        (CREDITED, "es", "5.640 puntos abonados", ["Hola, Lucía Fernanda:", "5.640 puntos", "23.890", "0751000000011"]),
        (CREDITED, "en", "5,640 points credited", ["Hello Lucía Fernanda,", "5,640 points", "23,890"]),
        (REFUNDED, "es", "Devolución de 14,99 €", ["14,99 € a: Visa 5525.", "AO-50060:PAY-8960"]),
        (REFUNDED, "en", "Refund of €14.99", ["€14.99 to: Visa 5525."]),
        (CANCELLED, "es", "Wi-Fi Unlimited: suscripción cancelada", ["hasta el 5 de julio de 2026", "SUB-301"]),
        (CANCELLED, "en", "Wi-Fi Unlimited cancelled", ["until 5 July 2026", "will not be charged again"]),
        (OTHER, "es", "Confirmación: 12A", ["Hemos hecho lo que nos pediste."]),
        (OTHER, "fr", "Confirmation: 12A", ["What you asked us for has been done."]),
    ],
)
async def test_what_was_done_is_confirmed_in_writing_in_the_contact_s_language(
    office: Office, effect: EffectResult, language: str, subject: str, words: list[str]
) -> None:
    """With numbers and money as that language writes them, once however often it is asked for."""
    chat = await office.chat()
    person = replace(LUCIA, language=language)
    for expected in (Posting.POSTED, Posting.POSTED_BEFORE):
        assert await confirm(office.mailer, about=chat.id, person=person, effect=effect) is expected
    async with mail_server() as server:
        office.sends_to(server)
        await office.deliver()
    (sent,) = server.mails
    assert (sent["To"], sent["Subject"]) == ("lucia.robles@example.com", subject)
    for each in words:
        assert each in server.texts[0]
    assert server.texts[0].endswith("\nAurora\n")


async def test_an_effect_that_tells_too_little_is_confirmed_by_its_reference(office: Office) -> None:
    """A refund without its means of payment is still confirmed, and nothing is made up."""
    chat = await office.chat()
    effect = EffectResult(key=REFUNDED.key, state=EffectState.DONE, result={"amount": 1499, "currency": "EUR"})
    assert await confirm(office.mailer, about=chat.id, person=LUCIA, effect=effect) is Posting.POSTED
    (entry,) = await office.timeline("lucia.robles@example.com")
    assert entry.content.subject == "Confirmación: AO-50060:PAY-8960"


@pytest.mark.parametrize("state", [state for state in EffectState if state is not EffectState.DONE])
async def test_what_was_not_done_is_not_confirmed(office: Office, state: EffectState) -> None:
    """Whoever calls it so has made a mistake."""
    chat = await office.chat()
    with pytest.raises(ValueError, match="only what was done"):
        await confirm(office.mailer, about=chat.id, person=LUCIA, effect=EffectResult(key="refund:1", state=state))


async def test_whatever_was_done_is_confirmed_once_also_after_a_crash(database: str) -> None:
    """The watcher finds what the database holds, and two watchers write one mail."""
    async with open_office(database) as office:
        chat = await office.chat()
        await office.opened.database.run(
            "INSERT INTO effects (key, kind, business_ref, arguments, state, result, conversation_id, ended_at)"
            " VALUES ('refund:AO-1:PAY-1', 'refund', 'C001', '{}', 'done', '{\"amount\": 1499, \"unit\": \"EUR\","
            ' "means": "Visa 5525"}\', %s, now())',
            (chat.id,),
        )
        ledger = Ledger({"C001": {"name": "Lucía", "email": ADDRESS}})
        watchers = [Confirmer(mailer=office.mailer, business=ledger) for _ in range(2)]
        assert sum(await asyncio.gather(*(watcher.step() for watcher in watchers))) == 1
        (mail,) = await office.timeline()
        assert mail.content.subject == "Refund of €14.99"


async def test_what_cannot_be_written_to_is_given_up_once(database: str) -> None:
    """A person without a usable address is not tried again and again."""
    async with open_office(database) as office:
        chat = await office.chat()
        await office.opened.database.run(
            "INSERT INTO effects (key, kind, business_ref, arguments, state, conversation_id, ended_at)"
            " VALUES ('refund:AO-1', 'refund', 'C001', '{}', 'done', %s, now())",
            (chat.id,),
        )
        confirmer = Confirmer(mailer=office.mailer, business=Ledger({"C001": {"email": "nowhere"}}))
        assert await confirmer.step() == 1
        assert await confirmer.step() == 0
        assert await office.mailer.mails.unconfirmed() == []


async def test_who_the_business_has_forgotten_keeps_nobody_else_from_their_mail(database: str) -> None:
    """There is nobody to write to any more: it is given up, and the next one is written."""
    async with open_office(database) as office:
        chat = await office.chat()
        for number, ref in enumerate(("C000", "C001")):
            await office.opened.database.run(
                "INSERT INTO effects (key, kind, business_ref, arguments, state, conversation_id, ended_at)"
                " VALUES (%s, 'refund', %s, '{}', 'done', %s, now() + make_interval(secs => %s))",
                (f"refund:AO-{number}", ref, chat.id, number),
            )
        confirmer = Confirmer(mailer=office.mailer, business=Ledger({"C001": {"name": "Lucía", "email": ADDRESS}}))
        assert await confirmer.step() == 2
        assert len(await office.timeline()) == 1
        assert await office.mailer.mails.unconfirmed() == []


@pytest.mark.parametrize("has_conversation", [True, False])
async def test_a_missed_promise_is_owned_up_to_by_mail_once(database: str, has_conversation: bool) -> None:
    """Also to somebody who never wrote here: the case is older than the bot."""
    async with open_office(database) as office:
        chat, run = await office.chat(), office.opened.database.run
        await run(
            "INSERT INTO cases (id, type, trigger, business_ref, promised_at, promise_missed_at)"
            " VALUES ('CASE-7002', 'lost_baggage', 'user_request', 'C001', now() - interval '2 hours', now())"
        )
        if has_conversation:
            await run("INSERT INTO case_conversations (case_id, conversation_id) VALUES ('CASE-7002', %s)", (chat.id,))
        confirmer = Confirmer(mailer=office.mailer, business=Ledger({"C001": {"email": ADDRESS}}))
        assert await confirmer.step() == 1
        assert await confirmer.step() == 0
        (mail,) = await office.timeline()
        assert mail.content.subject == "Your case CASE-7002"
        assert "we don't yet" in (mail.content.text or "")
