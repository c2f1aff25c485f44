"""Customers are served on X as on any channel: real processes against a fake X, by direct message and encrypted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance.conftest import Make
from tests.acceptance.desk import DeskSession, signed_in
from tests.acceptance.on_x import Somebody, Square, aurora_on_x
from tests.files import photo

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]

LUCIA = ("Hola, me faltan los puntos de mis vuelos a Dubái del mes pasado", "AU48207315, reserva RBL7Q2", "sí")
OLIVER = "Hi, my points for flight AU3411 are missing. I am AU73915024, booking OWH5T4"
POST = "Don't fly @AuroraAir. They lost my father's suitcase and nobody answers."
MOST_MESSAGES = 4


@pytest.fixture(scope="module", params=["dm", "chat"])
def transport(request: pytest.FixtureRequest) -> str:
    """How the customers of a module write: so that X can read it, or so that it cannot."""
    return str(request.param)


@pytest.fixture(scope="module")
def square(made: Make, trained: Path, transport: str) -> Iterator[Square]:
    """Aurora on X, a fresh one for each transport: points move once."""
    with aurora_on_x(made(model=trained)) as opened:
        yield opened


@pytest.fixture
def sara(square: Square) -> Iterator[DeskSession]:
    """May approve 10,000 points."""
    with signed_in(square.aurora, "sara@aurora.example") as session:
        yield session


@pytest.fixture
def noelia(square: Square) -> Iterator[DeskSession]:
    """The supervisor, who is there for bags."""
    with signed_in(square.aurora, "noelia@aurora.example") as session:
        session.does("/presence")
        yield session


def test_two_trips_that_a_rule_explains_are_credited_in_spanish(square: Square, transport: str) -> None:
    """C001: identified by two facts, shown, confirmed, credited, each message answered by one."""
    lucia = square.meets("7001", "luciarobles", transport=transport)
    answers = [lucia.says(text) for text in LUCIA]
    assert "AU0702" in answers[-2], answers
    assert "AU0703" in answers[-2], "what will be credited is shown before it is"
    assert "29.530" in answers[-1], answers
    assert served(square, lucia) <= MOST_MESSAGES


def test_a_nickname_takes_a_passport_photo_in_the_same_chat_and_one_click(
    square: Square, sara: DeskSession, transport: str
) -> None:
    """C002: the rule is named, the photo lies beside both names, and the click is heard without asking."""
    oliver = square.meets("7002", "olliewhitfield", transport=transport)
    assert "points.name_match" in oliver.says(OLIVER)
    told = oliver.says("", photo=photo(900, 600))
    case_id = case_in(told)
    case = sara.get(f"/cases/{case_id}")["case"]
    (names,) = case["detail"]["names"]
    assert (names["ticket_name"], names["passport_name"]) == ("WHITFIELD/OLLIE", "Oliver James Whitfield")
    shown = sara.http.get(f"/desk/attachments/{case['detail']['photos'][0]}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    began = time.monotonic()
    assert sara.approves(sara.effect_of(case_id)).status_code == 200
    assert "5,345" in oliver.hears(3)[2]
    print(f"\n{transport}: heard {time.monotonic() - began:.2f} s after the click")
    assert served(square, oliver) <= MOST_MESSAGES


def test_a_lost_suitcase_goes_from_a_public_post_to_a_persons_answer_and_back(
    square: Square, noelia: DeskSession, transport: str
) -> None:
    """C004: twice unanswered, then a post that 302,000 see: one invitation, her case, a person, a paper, the bot."""
    tried_elsewhere(noelia, "call", "email")
    priya = square.meets("7004", "priyaanand", transport=transport, followers=412)
    began = time.monotonic()
    posted = priya.posts(POST, impressions=302_000)
    (invitation,) = square.publicly(1)
    print(f"\n{transport}: answered publicly {time.monotonic() - began:.2f} s after the post was written")
    assert invitation.replies_to is posted
    assert "send us a direct message" in invitation.text
    told = priya.says("I am AU96140378, booking PAN1X9. Where is my father's suitcase?")
    assert "CASE-7002" in told, "her open case is found"
    assert "passing you to a person now" in told
    assert_urgent(noelia)
    here = noelia.conversation("7004")
    noelia.takes_over("7004")
    noelia.writes("7004", "It is in Madrid; here is the paper.", files=[("report.jpg", "image/jpeg", photo(600, 800))])
    heard = priya.hears(3)
    assert heard[2:] == ["It is in Madrid; here is the paper."], heard
    assert priya.customer.received[-1].picture is not None
    noelia.hands_back("7004", "resolved", "It comes home tomorrow.")
    assert "It comes home tomorrow." in priya.hears(4)[3], "the bot opens with what was decided"
    assert everything_of(noelia, here["id"]) >= {"call", "email", "post", "public_reply", "message"}
    assert square.publicly(1) == [invitation]
    assert served(square, priya) <= MOST_MESSAGES


def tried_elsewhere(desk: DeskSession, *kinds: str) -> None:
    """Have the telephone's and the mail's systems tell of contacts of the last hours that nobody answered."""
    at = (datetime.now(timezone.utc) - timedelta(hours=5)).isoformat()
    for kind in kinds:
        desk.does(
            "/contacts/events",
            source=f"aurora-{kind}",
            external_id=uuid4().hex,
            kind=kind,
            at=at,
            direction="in",
            summary="Asked about suitcase MADAU00417",
            answered=False,
            contact={"business_ref": "C004"},
        )


def assert_urgent(desk: DeskSession) -> None:
    """See that the case says why it is urgent."""
    case = desk.get("/cases/CASE-7002")["case"]
    reasons = {reason["code"]: reason["detail"] for reason in case["priority"]["reasons"]}
    assert case["priority"]["level"] == "urgent"
    assert (reasons["impressions"], reasons["unanswered_contacts"]) == ("302000", "2")


def everything_of(desk: DeskSession, conversation_id: str) -> set[str]:
    """Give the kinds of all that one person's timeline holds: calls and mails came onto it when she was proven."""
    record = desk.get(f"/conversations/{conversation_id}")["handoffs"][0]["record"]
    here = f"/contacts/{record['contact']['contact_id']}"
    lines = desk.get(f"{here}/timeline")["lines"]
    return {(line["entry"] or line["encounter"])["kind"] for line in lines if not line["merge"]}


def served(square: Square, somebody: Somebody) -> int:
    """Give how many messages somebody wrote, after looking that they were answered by their own transport, once."""
    assert {message.transport for message in somebody.customer.received} == {somebody.customer.transport}
    assert square.x.brand.sent_twice == []
    assert square.x.chats.unreadable == []
    return somebody.written


def case_in(told: str) -> str:
    """Give the number of the case that was told."""
    found = re.search(r"CASE-\d+", told)
    assert found is not None, told
    return found[0]
