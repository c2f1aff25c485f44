"""A case reaches a person with everything, is decided, and comes back: real processes, both languages."""

from __future__ import annotations

import base64
import io
import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.acceptance.desk import DeskSession, signed_in
from tests.processes import Installation

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]

OLLIE = {
    "en": "Hi, my points for flight AU3411 are missing. I am AU73915024, booking OWH5T4",
    "es": "Hola, me faltan los puntos del vuelo AU3411. Soy AU73915024, reserva OWH5T4",
}
MARTA = {
    "es": ("me cobraron 7455 euros de envío en el pedido AO-50017, soy socia AU31572906", "sí"),
    "en": ("you charged me 7455 euros delivery for order AO-50017, my number is AU31572906", "yes"),
}
HARUKI = {
    "en": ("I was charged twice for order AO-50052, haruki.tanaka@example.com", "yes please"),
    "es": ("me han cobrado dos veces el pedido AO-50052, mi correo es haruki.tanaka@example.com", "sí"),
}
HONEST = {
    "es": (
        "el envío del pedido AO-50060 es un abuso, quiero que me lo devuelvan. Soy AU64728150",
        "me han cobrado dos veces el pedido AO-50063, soy AU85039217",
    ),
    "en": (
        "the delivery charge of order AO-50060 is absurd, I want it back. I am AU64728150",
        "I was charged twice for order AO-50063, I am AU85039217",
    ),
}
PERSON = {"es": "quiero hablar con una persona", "en": "let me talk to a human please"}
HUMAN_REFUND = {"es": "7.455,00", "en": "7,455.00"}
DEFLECTION = re.compile(
    r"(?i)(ask|contact|talk to|write to) the seller|(habla|contacta|escribe|pregunta)\w* (con|a)l? vendedor"
)


@pytest.fixture(scope="module")
def sara(aurora: Installation) -> Iterator[DeskSession]:
    """May approve 200.00 EUR and 10,000 points."""
    with signed_in(aurora, "sara@aurora.example") as session:
        yield session


@pytest.fixture(scope="module")
def george(aurora: Installation) -> Iterator[DeskSession]:
    """May approve nothing."""
    with signed_in(aurora, "george@aurora.example") as session:
        yield session


@pytest.fixture(scope="module")
def noelia(aurora: Installation) -> Iterator[DeskSession]:
    """The supervisor."""
    with signed_in(aurora, "noelia@aurora.example") as session:
        yield session


def passport() -> str:
    """Give a photo as REST callers send it."""
    picture = io.BytesIO()
    Image.new("RGB", (900, 600), (140, 20, 40)).save(picture, "JPEG")
    return base64.b64encode(picture.getvalue()).decode()


def send_photo(aurora: Installation, sender: str) -> list[str]:
    """Send a passport photo by REST and give what is answered."""
    files = [{"name": "passport.jpg", "mime": "image/jpeg", "data_base64": passport()}]
    body = {"sender": sender, "message": "", "message_id": uuid4().hex, "metadata": {"attachments": files}}
    answer = httpx.post(f"{aurora.url}/webhooks/rest/webhook", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return [part["text"] for part in answer.json()]


def case_in(words: list[str]) -> str:
    """Give the number of the case that was told."""
    found = re.search(r"CASE-\d+", " ".join(words))
    assert found is not None, words
    return found[0]


def heard_unasked(aurora: Installation, desk: DeskSession, sender: str, needle: str) -> float:
    """Wait until a customer's timeline holds what the system said, and give how long that took."""
    began = time.monotonic()
    while not any(needle in (entry["content"].get("text") or "") for entry in desk.timeline(sender)):
        assert time.monotonic() - began < 30, f"{sender} never heard {needle}"
        time.sleep(0.2)  # the desk's own rate limit
    return time.monotonic() - began


def test_with_nobody_online_hours_are_told_and_the_bot_goes_on(aurora: Installation, language: str) -> None:
    """Before anybody signs in: the case is kept, the hours are told, and the bot still answers."""
    told = " ".join(aurora.say("night-owl", PERSON[language]))
    assert "22:00" in told
    assert case_in([told])
    assert aurora.say("night-owl", OLLIE[language])[-1]


def test_c002s_nickname_takes_a_photo_and_one_click(
    aurora: Installation, sara: DeskSession, george: DeskSession, language: str
) -> None:
    """Two messages; the agent without a limit is refused, Sara's click credits, and the customer hears at once."""
    asked = " ".join(aurora.say("oliver", OLLIE[language]))
    assert "points.name_match" in asked
    told = send_photo(aurora, "oliver")
    case_id = case_in(told)
    case = sara.get(f"/cases/{case_id}")["case"]
    (names,) = case["detail"]["names"]
    assert (names["ticket_name"], names["passport_name"]) == ("WHITFIELD/OLLIE", "Oliver James Whitfield")
    photo = sara.http.get(f"/desk/attachments/{case['detail']['photos'][0]}")
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    effect = sara.effect_of(case_id)
    assert effect["amount"] == 1_245
    assert george.approves(effect).status_code == 403
    began = time.monotonic()
    assert sara.approves(effect).status_code == 200
    balance = "5.345" if language == "es" else "5,345"
    heard_unasked(aurora, sara, "oliver", balance)
    seconds = time.monotonic() - began
    print(f"\n{language}: heard {seconds:.2f} s after the click")
    assert seconds < 2
    assert sara.get(f"/cases/{case_id}")["case"]["status"] == "resolved"
    assert sara.http.get(f"/desk/attachments/{case['detail']['photos'][0]}").status_code == 403, "the case is over"
    assert george.approves(effect).status_code in (403, 409)


def test_c005s_delivery_charge_is_prepared_on_her_open_case_and_approved_by_the_supervisor(
    aurora: Installation, sara: DeskSession, george: DeskSession, noelia: DeskSession, language: str
) -> None:
    """The case is found, the charge recognised as absurd, nobody below the amount may, and nobody asks the seller."""
    request, yes = MARTA[language]
    shown = aurora.say("marta", request)
    assert "CASE-7001" in " ".join(shown)
    assert HUMAN_REFUND[language] in " ".join(shown)
    answered = aurora.say("marta", yes)
    assert "CASE-7001" in " ".join(answered)
    case = noelia.get("/cases/CASE-7001")["case"]
    assert case["contacted"] == 2
    assert "repeated_contact" in [reason["code"] for reason in case["priority"]["reasons"]]
    effect = noelia.effect_of("CASE-7001")
    assert (effect["amount"], effect["unit"], effect["key"]) == (745_500, "EUR", "refund:AO-50017:delivery")
    assert george.approves(effect).status_code == 403
    assert sara.approves(effect).status_code == 403
    assert noelia.approves(effect).status_code == 200
    heard_unasked(aurora, noelia, "marta", "RF-")
    said = " ".join(entry["content"].get("text") or "" for entry in noelia.timeline("marta"))
    assert HUMAN_REFUND[language] in said
    assert DEFLECTION.search(said) is None
    assert noelia.approves(effect).status_code == 409


def test_c008s_double_charge_is_refunded_at_once_after_an_explicit_yes(aurora: Installation, language: str) -> None:
    """The second payment goes back, and nobody has to approve 28.80."""
    request, yes = HARUKI[language]
    shown = " ".join(aurora.say("haruki", request))
    assert "0982" in shown
    assert "RF-" not in shown
    assert "RF-" in " ".join(aurora.say("haruki", yes))
    assert "RF-" not in " ".join(aurora.say("haruki", yes)), "another yes pays nothing"


def test_an_honest_courier_charge_and_a_split_payment_are_not_refunded(aurora: Installation, language: str) -> None:
    """AO-50060 and AO-50063: the rule is named, a person is offered, nothing is paid."""
    for sender, request in zip(("ana", "dominic"), HONEST[language], strict=True):
        told = " ".join(aurora.say(sender, request))
        assert "refund." in told, told
        assert "RF-" not in told


def test_a_takeover_while_the_bot_is_answering_leaves_one_of_them_talking(
    aurora: Installation, sara: DeskSession, language: str
) -> None:
    """Ten times: whatever comes first, no word of the bot follows the agent's coming."""
    for number in range(10):
        sender = f"busy-{number}"
        aurora.say(sender, "hola" if language == "es" else "hi")
        writing = threading.Thread(target=_post, args=(aurora, sender, OLLIE[language]))
        writing.start()
        sara.takes_over(sender)
        writing.join()
        timeline = sara.timeline(sender)
        taken = next(
            e["position"] for e in timeline if e["kind"] == "control" and e["content"]["custom"]["to"] == "agent"
        )
        late = [e for e in timeline if e["position"] > taken and (e["kind"], e["author"]) == ("message", "bot")]
        assert late == []


def test_a_person_takes_over_answers_and_hands_back_with_memory_twice(
    aurora: Installation, sara: DeskSession, george: DeskSession, language: str
) -> None:
    """Queue, takeover, the loser told by whom, the agent's words, the bot's opening; then a second episode."""
    sara.does("/presence")
    for episode in (1, 2):
        told = " ".join(aurora.say("relayed", PERSON[language]))
        assert ("turno es el 1" if language == "es" else "number 1 in the queue") in told
        before = sara.conversation("relayed")
        assert before["control"] == "queued"
        sara.takes_over("relayed")
        loser = george.post(f"/conversations/{before['id']}/take-over", version=before["control_version"])
        assert loser.status_code == 409
        assert "Sara Molina" in loser.json()["error"]["message"]
        sara.writes("relayed", f"Sara {episode}")
        *_, here, words = aurora.say("relayed", "gracias" if language == "es" else "thanks")
        assert here.startswith("Sara Molina")
        assert words == f"Sara {episode}"
        done = "todo listo" if language == "es" else "all done"
        sara.hands_back("relayed", "resolved", f"{done} {episode}.")
        heard_unasked(aurora, sara, "relayed", f"{done} {episode}")
        handoffs = sara.get(f"/conversations/{before['id']}")["handoffs"]
        assert [handoff["episode"] for handoff in handoffs] == list(range(episode, 0, -1))
        assert aurora.say("relayed", "hola" if language == "es" else "hi"), "the bot is back"


def test_a_promise_that_passes_writes_to_the_customer_first(
    aurora: Installation, sara: DeskSession, language: str
) -> None:
    """The customer hears it without asking, and the case is more urgent with its reason."""
    case_id = case_in(aurora.say("promised", PERSON[language]))
    soon = (datetime.now(timezone.utc) + timedelta(seconds=1)).isoformat()
    sara.does(f"/cases/{case_id}/promise", promised_at=soon)
    heard_unasked(aurora, sara, "promised", "Lo siento" if language == "es" else "I'm sorry")
    case = sara.get(f"/cases/{case_id}")["case"]
    assert "promise_missed" in [reason["code"] for reason in case["priority"]["reasons"]]


def _post(aurora: Installation, sender: str, message: str) -> Any:
    body = {"sender": sender, "message": message, "message_id": uuid4().hex}
    return httpx.post(f"{aurora.url}/webhooks/rest/webhook", json=body, timeout=60)
