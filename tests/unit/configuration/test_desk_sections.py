"""What is said at the desk over relevo.yml: the same rules, and what the file says in the rest."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from relevo.configuration import BotFile, Mistakes, read_bot
from relevo.configuration.desk import SECTIONS, in_file, service_with, what_fits
from relevo.web.desk_settings_drafts import draft_of
from relevo.web.desk_settings_fields import said
from relevo.web.languages import WORDS

FILE = """\
languages: [es, en]
default_language: es
timezone: Europe/Madrid
verification_seconds: 60
desk:
  hours: {mon-fri: "09:00-14:00, 16:00-19:00"}
  holidays: ["2026-12-25"]
  undo_seconds: 9
  first_response_seconds: {normal: 7200, high: 3600, urgent: 900}
  queues:
    claims: {case_types: [damage], hours: {mon-sun: "00:00-24:00"}}
    any_language:
"""


@pytest.fixture
def bot(tmp_path: Path) -> BotFile:
    """What the file says."""
    (tmp_path / "relevo.yml").write_text(FILE, encoding="utf-8")
    mistakes = Mistakes()
    found = read_bot(tmp_path / "relevo.yml", {}, mistakes)
    assert mistakes.lines == []
    return found


def test_days_off_that_are_said_at_the_desk_hold_for_queues_with_hours_in_the_file(bot: BotFile) -> None:
    """What a queue does not say is as everybody has it, wherever that is said; nothing else of the file is lost."""
    service, mistakes = service_with(bot, {"hours": {"hours": {"mon": "10:00-11:00"}, "holidays": ["2026-11-30"]}})
    assert mistakes == []
    claims = service.calendar_of(service.queues.get("claims"))
    assert (claims.holidays, service.holidays) == (frozenset({date(2026, 11, 30)}),) * 2
    assert claims.is_open_at(datetime(2026, 11, 29, 3, tzinfo=timezone.utc))
    assert (service.undo_seconds, service.sla["normal"].first_response_seconds) == (9, 7200)


def test_a_case_is_due_in_the_hours_of_whoever_would_see_to_it(bot: BotFile) -> None:
    """Damage is looked at by night, too; what else comes waits for the morning."""
    night = datetime(2026, 11, 26, 22, tzinfo=timezone.utc)
    seconds = [bot.service.answer_seconds(kind, "approval", "normal", "en", night) for kind in ("damage", "refund")]
    assert seconds == [7_200, 12 * 3_600]


def test_a_lunch_break_is_two_stretches_of_one_day(bot: BotFile) -> None:
    """Commas stand between them."""
    open_at = [bot.service.is_open_at(datetime(2026, 11, 26, hour, tzinfo=timezone.utc)) for hour in (9, 14, 16, 18)]
    assert open_at == [True, False, True, False]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_form_says_what_the_file_says(bot: BotFile, section: str) -> None:
    """Saving without a change changes nothing."""
    written = in_file(bot, section)
    repeated = draft_of(section, written).said()
    assert service_with(bot, {section: repeated}) == (bot.service, [])


def test_what_fits_no_more_is_left_out_alone(bot: BotFile) -> None:
    """The sections that fit count."""
    queues = {"queues": {"queues": {"english": {"languages": ["fr"]}}}}
    service, broken = what_fits(bot, {**queues, "hours": {"hours": {"sat": "10:00-12:00"}}})
    assert [queue.name for queue in service.queues.named] == ["claims", "any_language"]
    assert [shift.first for shift in service.shifts] == ["sat"]
    assert {name: [each.path for each in found] for name, found in broken.items()} == {
        "queues": [("desk", "queues", "english", "languages", "0")]
    }


def test_every_sentence_is_said_in_every_language(bot: BotFile) -> None:
    """The English ones are those of `relevo check`."""
    wrong: dict[str, dict[str, Any]] = {
        "queues": {
            "queues": {"Bad": {"languages": ["fr"], "color": "red"}, "a": {"skills": ["A"]}, "b": {"hours": {}}}
        },
        "hours": {"hours": {"mon-xx": "9"}, "holidays": ["soon"]},
        "sla": {"sla": {"normal": {"first_response_seconds": 1}, "high": {"resolution_seconds": 10**12}, "odd": 3}},
    }
    found = [mistake for section, value in wrong.items() for mistake in service_with(bot, {section: value})[1]]
    assert len(found) >= 12
    for mistake in found:
        assert said(WORDS["en"], mistake) == mistake.sentence
        assert f"mistake.{mistake.pattern}" in WORDS["es"], mistake.pattern
