"""What the bot does with a photo: it goes on with the request, or asks what it is about; words count more."""

from __future__ import annotations

from uuid import uuid4

import pytest

from relevo.contracts.attachments import Upload
from relevo.domain.attachments import Attachment
from relevo.domain.messages import Arrival
from tests.integration.talking import Customer, Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]


async def sends(customer: Customer, text: str = "") -> str:
    """Send a photo, with words or without, and give what the bot answers."""
    store = customer.floor.opened.store
    photo = Attachment(id=uuid4(), name="photo.jpg", mime="image/jpeg", size_bytes=5, sha256="00")
    upload = Upload(
        attachment=photo,
        channel="rest",
        address=customer.address,
        source_sha256=b"00",
        body=b"photo",
        thumbnail=None,
    )
    await store.attachments.keep(upload)
    customer.said += 1
    external_id = f"{customer.address}/{customer.said}"
    arrival = Arrival(
        channel="rest", address=customer.address, external_id=external_id, text=text, attachments=(photo,)
    )
    await store.inbox.receive([arrival])
    return await customer.hears()


async def test_a_photo_without_words_is_asked_about(floor: Floor) -> None:
    """Thanks, a question and buttons, in the language of the conversation."""
    amina, bea = floor.customer(), floor.customer("bea")
    assert "¿De qué se trata?" in await sends(amina)
    assert [button.title for button in amina.heard[0].buttons] == [
        "Me faltan puntos",
        "Me cobraron de más",
        "Hablar con una persona",
    ]
    await bea.says("Hello, good morning!")
    assert "What is it about?" in await sends(bea)


async def test_a_photo_in_a_request_takes_it_further(floor: Floor) -> None:
    """The bot asks for what is still missing; the photo is not lost and nothing begins anew."""
    amina = floor.customer()
    await amina.says("My points from Dubai are missing")
    assert "two" in await sends(amina)
    assert "5,640" in await amina.says("AU48207315, booking RBL7Q2")


async def test_a_photo_after_a_case_was_opened_is_for_whoever_has_the_case(floor: Floor) -> None:
    """Nobody is asked what it is about when that is known."""
    amina = floor.customer()
    await amina.says("A person, please")
    (case,) = await floor.cases()
    assert f"the person with your case {case.id} will see it" in await sends(amina)


async def test_words_with_a_photo_are_understood_as_words(floor: Floor) -> None:
    """The request in the text begins, whatever is attached."""
    amina = floor.customer()
    assert "5,640" in await sends(amina, "My points from Dubai are missing. I'm AU48207315, booking RBL7Q2")


@pytest.mark.parametrize("typed", ["/send_attachment", " / send_attachment", "//send_attachment"])
async def test_nobody_can_type_that_they_sent_a_photo(floor: Floor, typed: str) -> None:
    """Only Relevo says so, and only of a message that carries one."""
    answer = await floor.customer().says(typed)
    assert "recibido" not in answer
    assert "received" not in answer
