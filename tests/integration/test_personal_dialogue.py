"""A contact's own data in the chat, as far as a dialogue cannot show it: no mail, crashes, what is promised."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest
from msgspec.structs import replace

from relevo.domain.cases import PRIVACY, TO_ERASE
from relevo.domain.service import Service
from relevo.flow.codes import OneTimeCodes
from relevo.flow.confirm import Confirmer
from relevo.flow.mail import Mailer
from relevo.store.codes import PostgresCodes
from relevo.store.mails import PostgresMails
from tests.integration.holding import files
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

WANTED = {
    "en": "change my email to oliver.w@example.org, I am AU73915024, booking OWH5T4",
    "es": "cambia mi correo a oliver.w@example.org, soy AU73915024, reserva OWH5T4",
}


@pytest.mark.parametrize(
    ("language", "words"), [("en", "I can't send you one just now"), ("es", "ahora mismo no puedo enviártelo")]
)
async def test_without_mail_a_person_checks_it(floor: Floor, language: str, words: str) -> None:
    """The case has the new address, nothing is changed, and nothing tells why there is no code."""
    answer = await floor.customer().says(WANTED[language])
    (case,) = await floor.cases()
    assert words in answer
    assert case.id in answer
    assert (case.type, case.trigger, case.detail["wanted"]["email"]) == (
        "change_email",
        "identification_failed",
        "oliver.w@example.org",
    )


async def test_a_yes_that_is_answered_twice_changes_once_and_writes_to_both_addresses_once(floor: Floor) -> None:
    """The turn of the yes dies before its words are kept; run again, it says the same and does nothing more."""
    mailer = _mail_is_on(floor)
    oliver = floor.customer()
    await oliver.says(WANTED["en"])
    await oliver.says(await _code(floor))
    await oliver.writes("yes")
    (claim,) = await floor.opened.store.inbox.claim(1)
    await floor.answer_without_keeping(claim)
    await floor.run("UPDATE inbox SET lease_until = now() - interval '1 second' WHERE state = 'held'")
    assert "oliver.w@example.org now" in await oliver.hears()
    assert (await floor.business.person("C002")).email == "oliver.w@example.org"
    assert await floor.opened.database.rows("SELECT count(*) FROM aurora_changes") == [(1,)]
    confirmer = Confirmer(mailer=mailer, business=floor.business)
    await asyncio.gather(confirmer.step(), confirmer.step())
    posted = await floor.opened.database.rows(
        "SELECT i.address FROM entries e JOIN conversations c ON c.id = e.conversation_id"
        " JOIN identities i ON i.id = c.identity_id WHERE e.content ->> 'subject' = 'Your contact e-mail has changed'"
        " ORDER BY 1"
    )
    assert posted == [("oliver.w@example.org",), ("oliver.whitfield@example.com",)]


async def test_an_address_may_be_changed_back(floor: Floor) -> None:
    """Each yes is an effect of its own: the second is not taken for the first."""
    _mail_is_on(floor)
    oliver = floor.customer()
    await oliver.says(WANTED["en"])
    await oliver.says(await _code(floor))
    await oliver.says("yes")
    assert "Shall I change it?" in await oliver.says("change my email to oliver.whitfield@example.com")
    assert "oliver.whitfield@example.com now" in await oliver.says("yes")
    assert (await floor.business.person("C002")).email == "oliver.whitfield@example.com"


async def test_what_is_asked_for_is_promised_and_what_is_erased_settles_its_case(floor: Floor) -> None:
    """The case names the command, is due within a month, and is closed by the command itself."""
    lucia = floor.customer()
    await lucia.says("borra mis datos, soy AU48207315, reserva RBL7Q2")
    await lucia.says("sí")
    (case,) = await floor.cases()
    assert (case.type, case.reference, case.detail["command"]) == (PRIVACY, TO_ERASE, "relevo contact erase C001")
    assert case.promised_at is not None
    assert 27 < (case.promised_at - case.opened_at).days <= 31
    erasure = await files(floor).erase(await files(floor).find("C001"))
    assert erasure.closed_cases == (case.id,)


async def test_the_language_that_was_asked_for_outlives_a_restart(floor: Floor) -> None:
    """It is in the conversation's memory, and every later word of the system is in it, too."""
    lucia = floor.customer()
    await lucia.says("hola, buenos días")
    assert "English" in await lucia.says("speak English please")
    floor.restart()
    assert "You're welcome" in await lucia.says("muchas gracias por la ayuda")
    assert "language" not in await lucia.says("dejadlo, por favor, no quiero nada más")
    found = await floor.opened.store.conversations.find("rest", lucia.address)
    assert found is not None
    assert found.language == "en"


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2027-01-31", "2027-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2027-12-15", "2028-01-15"),
        ("2027-03-31", "2027-04-30"),
    ],
)
def test_one_month_is_the_same_day_of_the_next_one(asked: str, due: str) -> None:
    """Or its last day, where it has no such day."""
    moment = datetime.fromisoformat(asked).replace(hour=23, tzinfo=timezone.utc)
    assert Service().privacy_due_at(moment).isoformat() == f"{due}T23:00:00+00:00"


def _mail_is_on(floor: Floor) -> Mailer:
    """Let codes be sent in this floor."""
    opened = floor.opened
    mailer = Mailer(mails=PostgresMails(opened.database), live=opened.live, company="Aurora")
    codes = OneTimeCodes(codes=PostgresCodes(opened.database), mailer=mailer)
    floor.converser.services = replace(floor.converser.services, codes=codes)
    return mailer


async def _code(floor: Floor) -> str:
    """Read the newest code out of the mail that waits."""
    rows = await floor.opened.database.rows(
        r"SELECT substring(sent_instead ->> 'text' FROM '\d{6}') FROM deliveries"
        " WHERE sent_instead IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    return str(rows[0][0])
