"""A customer about whom everything is held that can be, and the whole database as text to look for them in."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from typing import Any

from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.clock import system_clock
from relevo.contracts.composer import Written
from relevo.contracts.translations import Translated
from relevo.contracts.visits import Visit
from relevo.domain.effects import EffectState
from relevo.domain.handoff import Handback
from relevo.flow.attach import SentFile, attach
from relevo.flow.codes import OneTimeCodes
from relevo.flow.confirm import Confirmer
from relevo.flow.mail import Mailer
from relevo.flow.personal import PersonalFiles
from relevo.store.codes import PostgresCodes
from relevo.store.mails import PostgresMails
from relevo.store.personal import PostgresPersonalData
from relevo.store.pool import Database
from tests.integration.relaying import conversation_of, hands_back, takes
from tests.integration.talking import Customer, Floor
from tests.integration.test_photo_dialogue import decider, passport, sends_photo

OLIVER, MAIL = "C002", "oliver.whitfield@example.com"
POINTS_KEY = "credit_points:0751000000022"
TOLD = ("my late aunt Philippa", "kettle", "He is known to be patient")
"""Words of his, and of an agent about him, that nobody else uses."""
NEEDLES = ("Oliver", "Whitfield", "OLLIE", MAIL, "447700900002", "AU73915024", "OWH5T4", OLIVER, *TOLD)
"""By what he could be found: his name, addresses, references, and words."""


def files(floor: Floor) -> PersonalFiles:
    """Give what is held about people."""
    opened = floor.opened
    held = PostgresPersonalData(opened.database)
    return PersonalFiles(held=held, business=floor.business, attachments=opened.store.attachments)


async def staff(floor: Floor) -> AgentAccount:
    """Give an agent who may approve much and whose desk is open."""
    accounts = floor.opened.store.accounts
    powers = AgentPowers(limits={"points": 100_000, "money": 1_000_000}, languages=("en",))
    agent = await accounts.add_agent("noelia@aurora.example", "Noelia Prat", "supervisor", "no hash", powers)
    await accounts.seen(agent.id)
    return agent


async def held_everywhere(floor: Floor, agent: AgentAccount, address: str = "chat-77") -> Customer:
    """Have Oliver credited with a photo, written to by mail, with a person and back: nothing of his is open after."""
    oliver = floor.customer(address)
    await oliver.says("Hi, I am Oliver James Whitfield, my points for flight AU3411 are missing")
    await oliver.says(f"AU73915024, booking OWH5T4, {MAIL}, phone +447700900002")
    await sends_photo(floor, oliver, "here is what my late aunt Philippa left me")
    await _approved(floor, agent)
    await oliver.says("a person please, it is about a kettle")
    await _answered(floor, agent, oliver)
    await _written_to(floor, oliver)
    store = floor.opened.store
    name = "my late aunt Philippa.jpg"  # never sent with a message
    unsent = SentFile(channel="rest", address=address, name=name, claimed_mime="image/jpeg", data=passport())
    await attach(store.attachments, unsent)
    visit = Visit(address=address, expires_at=system_clock() + timedelta(days=1))
    await store.visits.open(sha256(b"his browser").digest(), visit)
    return oliver


async def _approved(floor: Floor, agent: AgentAccount) -> None:
    store = floor.opened.store
    (photo,) = await floor.opened.database.rows("SELECT id FROM attachments WHERE kind = 'identity_document'")
    await store.attachments.view(photo[0], agent.id)
    effect = await store.approvals.get(POINTS_KEY)
    await decider(floor).approve(POINTS_KEY, effect.hash, agent)
    assert (await store.approvals.get(POINTS_KEY)).state is EffectState.DONE


async def _answered(floor: Floor, agent: AgentAccount, customer: Customer) -> None:
    conversation = await takes(floor, agent, customer)
    work, composer = floor.opened.store.composer.writing, floor.opened.store.composer
    await work.note(conversation.id, agent.id, "He is known to be patient.", "note-1", [agent.id])
    await composer.desktop.keep_draft(conversation.id, agent.id, "note", "Oliver rang about his kettle", None)
    in_spanish = {1: Translated(text="Hola, soy Oliver James Whitfield", model="tiny")}
    await floor.opened.store.composer.translations.keep(conversation.id, "es", in_spanish)
    await composer.desktop.look(conversation.id, agent.id, is_typing=True, within_seconds=15)
    await work.reply(conversation.id, agent.id, Written(text="Your kettle is on its way, Oliver.", client_id="reply-1"))
    await hands_back(floor, agent, customer, Handback(outcome="resolved", agent=agent.name, told="All is well."))
    await customer.hears()


async def _written_to(floor: Floor, customer: Customer) -> None:
    """Confirm by mail what was done, and send a code that he gives back wrong."""
    opened = floor.opened
    mailer = Mailer(mails=PostgresMails(opened.database), live=opened.live, company="Aurora")
    assert await Confirmer(mailer=mailer, business=floor.business).step() >= 1
    await customer.writes("and thank you")
    (claim,) = await opened.store.inbox.claim(1)
    codes = OneTimeCodes(codes=PostgresCodes(opened.database), mailer=mailer)
    await codes.send(claim, await floor.business.person(OLIVER))
    await codes.check(claim, OLIVER, "nothing")
    await floor.converse(claim)
    assert (await conversation_of(floor, customer)).identity.business_ref == OLIVER


async def dump(database: Database) -> dict[str, list[str]]:
    """Give every row of every table as text, bytes too, but the business's own tables."""
    tables = await database.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        r" AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'aurora\_%' ORDER BY 1"
    )
    return {table: sorted(map(_text, await database.rows(f'SELECT * FROM "{table}"'))) for (table,) in tables}


def found_in(dumped: dict[str, list[str]], needle: str) -> set[str]:
    """Tell in which tables a word stands, whatever its case."""
    pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(needle)}(?![0-9])", re.IGNORECASE)
    return {table for table, rows in dumped.items() if any(pattern.search(row) for row in rows)}


def _text(row: tuple[Any, ...]) -> str:
    return " | ".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)
