"""Teaching the bot: proposed by agents, looked through by a supervisor, exported, erased with the contact."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from relevo.contracts.personal import Subject
from relevo.flow.teaching import Intents
from relevo.store.personal import PostgresPersonalData
from tests.integration.desks import DeskOf, Request, at, desk_of
from tests.integration.doors import Doors, open_doors

pytestmark = pytest.mark.anyio
INTENTS = Intents(names=("ask_refund", "greet"), entities=("order",), titles={"en": {"ask_refund": "Money back"}})


@pytest.fixture
async def doors(database: str) -> AsyncIterator[Doors]:
    """Doors whose bot has two intents."""
    async with open_doors(database, Request()) as opened:
        opened.app.ctx.services = replace(opened.app.ctx.services, intents=INTENTS)
        yield opened


async def _proposed(doors: Doors, desk: DeskOf, words: str, who: str = "amina", **more: Any) -> dict[str, Any]:
    await doors.texts(who, words)
    conversation = await doors.conversation("rest", who)
    spoken = [e for e in await doors.timeline("rest", who) if e.content.text == words]
    return dict(
        await desk.does(f"{at(conversation)}/teachings", position=spoken[-1].position, intent="ask_refund", **more)
    )


async def test_a_message_is_proposed_masked_accepted_and_exported(doors: Doors) -> None:
    """Agents do not decide; what is still personal is refused; what is nobody's stays without its source."""
    async with desk_of(doors, "Sara Molina") as sara, desk_of(doors, "Noelia Prat", "supervisor") as noelia:
        first = await _proposed(doors, sara, "my money for AO-50017", marks=[{"value": "AO-50017", "entity": "order"}])
        assert [spot["kind"] for spot in first["personal"]] == ["reference"]
        here = f"/teachings/{first['id']}"
        lesson = {"text": first["text"], "intent": "ask_refund", "language": "en"}
        assert await sara.is_refused(f"{here}/accept", **lesson) == (403, "role")
        assert (await sara.http.get("/desk/api/teachings")).status_code == 403
        assert await noelia.is_refused(f"{here}/accept", **lesson) == (409, "still_personal")
        page = await noelia.page("/desk/teaching")
        assert 'data-mask="my money for AO-12345"' in page
        assert "Money back" in page
        marks = [{"value": "AO-12345", "entity": "order"}]
        kept = await noelia.does(f"{here}/accept", **{**lesson, "text": "my money for AO-12345", "marks": marks})
        assert (kept["state"], kept["conversation_id"], kept["decided_by"]) == ("accepted", None, "Noelia Prat")
        assert await noelia.is_refused(f"{here}/reject") == (409, "teaching_decided")
        exported = (await noelia.http.get("/desk/api/teachings.yml?language=en")).text
        assert "- intent: ask_refund\n  examples: |\n    - my money for [AO-12345](order)\n" in exported
        assert (await noelia.http.get("/desk/api/teachings.yml?language=es")).text.endswith("nlu: []\n")


async def test_handing_back_says_what_it_was_about(doors: Doors) -> None:
    """The handoff's own words are proposed; what somebody decided about is not proposed again."""
    async with desk_of(doors, "Sara Molina") as sara, desk_of(doors, "Noelia Prat", "supervisor") as noelia:
        await sara.does("/presence", is_away=False)
        await doors.texts("ben", "a person for my refund")
        conversation = await sara.takes("ben")
        assert 'name="intent"' in await sara.page(f"/desk/conversations/{conversation.id}")
        await sara.does(
            f"{at(conversation)}/hand-back", version=conversation.control_version, outcome="resolved", intent="greet"
        )
        (taught,) = (await noelia.get("/teachings"))["teachings"]
        assert (taught["text"], taught["intent"], taught["proposed_by"]) == (
            "a person for my refund", "greet", "Sara Molina"
        )  # fmt: skip
        await noelia.does(f"/teachings/{taught['id']}/reject")
        assert (await noelia.get("/teachings"))["teachings"] == []
        position = taught["position"]
        again = await sara.is_refused(f"{at(conversation)}/teachings", position=position, intent="greet")
        assert again == (409, "teaching_decided")
        page = await sara.page(f"/desk/conversations/{conversation.id}/teach/{position}")
        assert "a person for my refund" in page


async def test_wrong_intents_and_messages_of_others_teach_nothing(doors: Doors) -> None:
    """Sentences, never a trace: no such intent, no such entity, no message of a contact."""
    async with desk_of(doors) as kim:
        await doors.texts("cara", "hello")
        conversation = await doors.conversation("rest", "cara")
        path = f"{at(conversation)}/teachings"
        assert await kim.is_refused(path, position=1, intent="evil") == (400, "unknown_intent")
        marks = [{"value": "hello", "entity": "evil"}]
        assert await kim.is_refused(path, position=1, intent="greet", marks=marks) == (400, "unknown_entity")
        assert (await kim.is_refused(path, position=2, intent="greet"))[0] == 404
    async with desk_of(doors, "Noelia Prat", "supervisor") as boss:
        assert (await boss.is_refused("/teachings/x/reject"))[0] == 404


async def test_words_are_erased_with_the_contact_unless_they_are_nobodys(doors: Doors) -> None:
    """Proposed words go, and so do accepted ones that were kept with something personal; made-up ones stay."""
    async with desk_of(doors, "Noelia Prat", "supervisor") as noelia:
        masked = await _proposed(doors, noelia, "my money for AO-50017")
        knowingly = await _proposed(doors, noelia, "my money for AO-50018")
        await _proposed(doors, noelia, "my money for AO-50019")
        lesson = {"intent": "ask_refund", "language": "en"}
        await noelia.does(f"/teachings/{masked['id']}/accept", text="my money for AO-12345", **lesson)
        await noelia.does(
            f"/teachings/{knowingly['id']}/accept", text="my money for AO-50018", keeps_personal=True, **lesson
        )
        data = PostgresPersonalData(doors.opened.database)
        (who,) = await data.find("rest:amina", None)
        (conversation,) = (await data.export(who)).conversations
        assert {taught.text[-8:] for taught in conversation.teachings} == {"AO-50018", "AO-50019"}
        await data.erase(
            Subject(business_ref=None, contact_id=who.contact_id, known_as=who.known_as), closes_cases=True
        )
        left = await doors.opened.database.rows("SELECT text FROM teachings")
        assert left == [("my money for AO-12345",)]
