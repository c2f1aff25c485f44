"""The main job with real processes: customers write in Spanish and English, and it is solved or a person has it."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.processes import Installation
from tests.visitor_page import LAUNCHER, LOG, writes

pytestmark = [pytest.mark.processes, pytest.mark.timeout(480)]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

LUCIA = {
    "es": (
        "Hola, me faltan los puntos de mis vuelos a Dubái del mes pasado",
        "AU48207315, reserva RBL7Q2",
        "sí",
    ),
    "en": (
        "Hi, the points of my trips to Dubai last month are missing",
        "my number is AU48207315 and the booking RBL7Q2",
        "yes, please",
    ),
}
BALANCE = {"es": "29.530", "en": "29,530"}
OLIVER = {
    "es": (
        "Me faltan puntos del vuelo AU3411. Soy AU73915024, reserva OWH5T4",
        "Me faltan los puntos de la reserva OWH3P8",
    ),
    "en": (
        "My points for flight AU3411 are missing. I am AU73915024, booking OWH5T4",
        "And booking OWH3P8 has no points",
    ),
}
CREDITED = {
    "es": "Me faltan los puntos del vuelo AU1188. Soy AU48207315, reserva RBL9K1",
    "en": "I never got the points of flight AU1188. I am AU48207315, booking RBL9K1",
}
ANOTHERS = {
    "es": "Me faltan los puntos del billete {}. Mi número es AU73915024 y mi correo oliver.whitfield@example.com",
    "en": "The points of ticket {} are missing. My number is AU73915024, my e-mail oliver.whitfield@example.com",
}
PERSON = {"es": "una persona, por favor", "en": "a person, please"}


def test_two_trips_are_credited_in_at_most_four_messages(aurora: Installation, language: str) -> None:
    """C001's trips to Dubai: identified by two facts, shown, confirmed, credited; 18,250 become 29,530 points."""
    assert len(LUCIA[language]) <= 4
    answers = [" ".join(aurora.say("lucia", text)) for text in LUCIA[language]]
    assert "AU0702" in answers[-2], "what will be credited is shown before it is"
    assert "AU0703" in answers[-2], answers
    assert BALANCE[language] in answers[-1], answers


def test_a_nickname_on_the_ticket_asks_for_a_photo_by_rule(aurora: Installation, language: str) -> None:
    """No rule explains OLLIE: the rule is named, both names are shown, and the photo is asked for."""
    answer = " ".join(aurora.say("oliver", OLIVER[language][0]))
    assert "points.name_match" in answer
    assert "WHITFIELD/OLLIE" in answer


def test_a_flight_of_260_days_ago_is_refused_with_its_rule(aurora: Installation, language: str) -> None:
    """The window of 180 days is named, and a person is offered."""
    aurora.say("oliver-old", ANOTHERS[language].format("0751000000021"))
    answer = " ".join(aurora.say("oliver-old", OLIVER[language][1]))
    assert "points.claim_window" in answer, answer
    assert "180" in answer


def test_points_that_are_there_already_are_told_with_their_date(aurora: Installation, language: str) -> None:
    """A ticket that was credited is not credited again."""
    answer = " ".join(aurora.say("lucia-credited", CREDITED[language]))
    assert re.search(r"\b20\d\d\b", answer), answer
    assert BALANCE[language] not in answer


def test_another_persons_ticket_is_answered_like_one_that_does_not_exist(aurora: Installation, language: str) -> None:
    """Nothing tells that a ticket of somebody else exists."""
    anothers = aurora.say("oliver-theirs", ANOTHERS[language].format("0751000000011"))
    nobodys = aurora.say("oliver-none", ANOTHERS[language].format("0751999999999"))
    assert anothers == nobodys


def test_a_person_is_called_in_the_middle_of_everything(aurora: Installation, language: str) -> None:
    """One message is enough, and the case's number is told."""
    aurora.say("in-the-middle", LUCIA[language][0])
    answer = " ".join(aurora.say("in-the-middle", PERSON[language]))
    assert re.search(r"CASE-\d+", answer)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_other_side_sees_cases_and_conversations(aurora: Installation, language: str) -> None:
    """A visitor chats on Aurora's page, in a real browser; behind the first login a person reads it, with the case."""
    login = dict(line.split(": ") for line in (aurora.state / "first-login.txt").read_text().splitlines())
    with sync_playwright() as playwright:
        assert CHROMIUM is not None
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        visitor = browser.new_page(locale=language)
        visitor.goto(aurora.url)
        number = _case_number(visitor, PERSON[language])
        agent = browser.new_page(locale=language)
        agent.goto(f"{aurora.url}/desk")
        agent.fill("input[type=email]", login["email"])
        agent.fill("input[type=password]", login["password"])
        agent.keyboard.press("Enter")
        case = agent.locator("article, li, section", has_text=number).last
        expect(case).to_be_visible()
        case.get_by_role("link").last.click()
        expect(agent.get_by_text(PERSON[language]).first).to_be_visible()
        browser.close()


def _case_number(page: Page, text: str) -> str:
    page.locator(LAUNCHER).click()
    writes(page, text)
    answer = page.locator(f"{LOG} .bubble", has_text="CASE-")
    expect(answer).to_be_visible(timeout=15_000)
    found = re.search(r"CASE-\d+", answer.inner_text())
    assert found is not None
    return found[0]
