"""The business's files: read whole, and every mistake told at once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from relevo.configuration import read_configuration
from relevo.errors import ConfigurationError

BOT = Path(__file__).parents[3]
FILES = ("policies.yml", "relevo.yml", "credentials.yml")

POLICY = """\
credit_points:
  least_level: two_facts
  decision: auto
  facts: [flown_on, points]
  rules:
    points.claim_window:
      check: within_days
      fact: flown_on
      versions:
        - {valid_from: 2020-01-01, days: 180, source: terms}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the bot's own files, with a small policy."""
    for name in FILES:
        shutil.copy(BOT / name, tmp_path / name)
    (tmp_path / "policies.yml").write_text(POLICY, encoding="utf-8")
    return tmp_path


def _mistakes(project: Path, **environment: str) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        read_configuration(project, environment)
    lines = str(told.value).splitlines()
    assert all(re.fullmatch(r"[\w.]+:\d+: .*[.?]", line) for line in lines), lines
    return lines


def test_the_bots_own_files_are_right() -> None:
    """What is shipped can be read."""
    configuration = read_configuration(BOT, {})
    assert configuration.bot.languages == ("es", "en")
    assert set(configuration.channels) == {"rest", "widget"}
    assert configuration.policies.by_kind["credit_points"].rules


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("two_facts", "two_fact", "policies.yml:2: least_level is 'two_fact', and must be one of: claimed"),
        ("decision: auto", "decison: auto", "policies.yml:3: 'decison' means nothing here; did you mean 'decision'?"),
        ("decision: auto", "decision: refused", "policies.yml:3: decision is 'refused', and must be one of: auto"),
        ("points.claim_window", "window", "policies.yml:7: the rule 'window' must be named like points.claim_window"),
        ("within_days", "within_day", "policies.yml:7: check is 'within_day', and must be one of:"),
        ("fact: flown_on", "fact: flownon", "policies.yml:8: fact is 'flownon', and must be one of: flown_on, points."),
        ("days: 180", "days: many", "policies.yml:10: days must be a whole number, 1 or more."),
        ("days: 180", "days: -3", "policies.yml:10: days must be a whole number, 1 or more."),
        ("days: 180, ", "", "policies.yml:10: a version lacks 'days'; add it."),
        ("2020-01-01", "soon", "policies.yml:10: valid_from must be a date such as 2025-01-31."),
        ("2020-01-01", "2020-02-30", "policies.yml:10: valid_from must be a date such as 2025-01-31."),
        ("within_days", "explains_name", "policies.yml:7: the check explains_name also needs given_names, surnames"),
        ("[flown_on, points]", "none", "policies.yml:4: facts must be a list that holds something"),
        ("fact: flown_on", "fact: flown_on\n      where: {cabin: x}", "policies.yml:9: where names 'cabin', which"),
        ("fact: flown_on", "fact: flown_on\n      where: {points: }", "policies.yml:9: points must be a text."),
        (
            "within_days",
            "above_ratio_and_floor",
            "policies.yml:7: the check above_ratio_and_floor also needs amount, goods",
        ),
        ("within_days", "above_ratio_and_floor", "policies.yml:10: a version lacks 'times'; add it."),
    ],
)
def test_a_mistake_in_the_policies_is_told_with_its_line(project: Path, before: str, after: str, told: str) -> None:
    """One wrong word, one sentence that says what to do."""
    assert before in POLICY, "the test no longer changes anything"
    (project / "policies.yml").write_text(POLICY.replace(before, after, 1), encoding="utf-8")
    assert any(line.startswith(told) for line in _mistakes(project)), _mistakes(project)


def test_a_version_that_is_there_twice_is_a_mistake(project: Path) -> None:
    """Nobody could tell which of them counts."""
    doubled = POLICY + "        - {valid_from: 2020-01-01, days: 90, source: other}\n"
    (project / "policies.yml").write_text(doubled, encoding="utf-8")
    assert _mistakes(project) == ["policies.yml:11: two versions begin on 2020-01-01; keep one of them."]


def test_a_key_that_is_there_twice_is_a_mistake(project: Path) -> None:
    """YAML itself would silently take the last one."""
    (project / "policies.yml").write_text(POLICY + POLICY, encoding="utf-8")
    assert _mistakes(project) == ["policies.yml:11: 'credit_points' is there twice; remove one of them."]


def test_all_mistakes_of_all_files_are_told_at_once(project: Path) -> None:
    """One start, one list, in the order of files and lines."""
    (project / "policies.yml").write_text(POLICY.replace("auto", "ask").replace("180", "x"), encoding="utf-8")
    (project / "relevo.yml").write_text("languages: [es\ndefault_language: es\n", encoding="utf-8")
    (project / "credentials.yml").write_text("rest:\nwiget:\n", encoding="utf-8")
    assert [line.partition(": ")[0] for line in _mistakes(project)] == [
        "credentials.yml:2",
        "policies.yml:3",
        "policies.yml:10",
        "relevo.yml:2",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "languages: [es, en]\ndefault_language: fr\ntimezone: Europe/Madrid\nverification_seconds: 60\n",
            "relevo.yml:2:",
        ),
        ("languages: [es]\ndefault_language: es\ntimezone: Mars/Olympus\nverification_seconds: 60\n", "relevo.yml:3:"),
        ("languages: [es]\ndefault_language: es\ntimezone: Europe/Madrid\nverification_seconds: 5\n", "relevo.yml:4:"),
        ("languages: [es]\n", "relevo.yml:1: relevo.yml lacks 'default_language'"),
        ("- es\n", "relevo.yml:1: relevo.yml must be a list of 'key: value' lines"),
        ("", "relevo.yml:1: the file is empty"),
    ],
)
def test_a_mistake_in_relevo_yml_is_told(project: Path, text: str, told: str) -> None:
    """The same care for the other files."""
    (project / "relevo.yml").write_text(text, encoding="utf-8")
    assert _mistakes(project)[0].startswith(told)


SLA = """\
languages: [es]
default_language: es
timezone: Europe/Madrid
verification_seconds: 60
desk:
  sla:
    normal: {first_response_seconds: 7200, next_response_seconds: 3600, resolution_seconds: 72000}
    urgent: {first_response_seconds: 600, next_response_seconds: 600, resolution_seconds: 7200, clock: wall}
"""


def test_how_soon_people_answer_is_read_by_priority(project: Path) -> None:
    """What is not said stays as it is without; the short form says the first answer alone."""
    (project / "relevo.yml").write_text(SLA, encoding="utf-8")
    sla = read_configuration(project, {}).bot.service.sla
    assert (sla["normal"].first_response_seconds, sla["normal"].is_wall) == (7200, False)
    assert (sla["urgent"].resolution_seconds, sla["urgent"].is_wall) == (7200, True)
    assert sla["high"].first_response_seconds == 3600
    short = f"{SLA.partition('  sla:')[0]}  first_response_seconds: {{normal: 60, high: 70, urgent: 80}}\n"
    (project / "relevo.yml").write_text(f"{short}  agents_see: all\n", encoding="utf-8")
    service = read_configuration(project, {}).bot.service
    sla = service.sla
    assert service.agents_see == "all"
    assert (sla["urgent"].first_response_seconds, sla["urgent"].next_response_seconds) == (80, 900)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("normal:", "norml:", "relevo.yml:7: 'norml' means nothing here; did you mean 'normal'?"),
        (", resolution_seconds: 72000", "", "relevo.yml:7: normal lacks 'resolution_seconds'; add it."),
        ("72000", "7100", "relevo.yml:7: resolution_seconds is less than first_response_seconds; make it longer."),
        ("72000", "5", "relevo.yml:7: resolution_seconds must be a whole number, 60 or more."),
        ("72000", "a day", "relevo.yml:7: resolution_seconds must be a whole number, 60 or more."),
        ("clock: wall", "clock: all", "relevo.yml:8: clock is 'all', and must be one of: open, wall."),
        ("clock: wall", "clok: wall", "relevo.yml:8: 'clok' means nothing here; did you mean 'clock'?"),
        (
            "  sla:",
            "  agents_see: some\n  sla:",
            "relevo.yml:6: agents_see is 'some', and must be one of: all, own",
        ),
        ("  sla:", "  first_response_seconds: {normal: 60, high: 60, urgent: 60}\n  sla:", "relevo.yml:6: 'first_resp"),
    ],
)
def test_a_mistake_in_how_soon_people_answer_is_told_with_its_line(
    project: Path, before: str, after: str, told: str
) -> None:
    """Each with what to write instead."""
    assert before in SLA, "the test no longer changes anything"
    (project / "relevo.yml").write_text(SLA.replace(before, after, 1), encoding="utf-8")
    assert any(line.startswith(told) for line in _mistakes(project)), _mistakes(project)


def test_a_missing_file_is_a_sentence(project: Path) -> None:
    """No traceback for a file that is not there."""
    (project / "policies.yml").unlink()
    assert _mistakes(project) == ["policies.yml:1: the file is missing; take it from a fresh copy of the project."]


def test_a_file_that_is_no_text_is_a_sentence(project: Path) -> None:
    """Nor for one that is not UTF-8."""
    (project / "policies.yml").write_bytes(b"\xff\xfe\x00")
    assert _mistakes(project)[0].startswith("policies.yml:1: the file cannot be read")


def test_unknown_channels_and_keys_are_told(project: Path) -> None:
    """A channel that this version does not have is no silent nothing."""
    (project / "credentials.yml").write_text("rest:\n  color: red\ntelegram:\n  token: x\n", encoding="utf-8")
    assert _mistakes(project) == [
        "credentials.yml:2: 'color' means nothing here; remove it.",
        "credentials.yml:3: 'telegram' means nothing here; known are: email, rest, widget, x.",
    ]


QUEUES = """\
  queues:
    money: {case_types: [refund], languages: [es, fr], skils: [law]}
    Refunds: {case_types: [refund]}
    more: {case_types: [refund], hours: {mon: "9-5"}, timezone: Mars/Base}
    same: {case_types: [refund]}
    default: {case_types: [refund]}
    supervisors: {triggers: [safety, boredom], priorities: [urgent, low]}
"""


def test_every_mistake_about_queues_is_told_with_its_line(project: Path) -> None:
    """Unknown words, languages that the bot does not speak, hours that are none, a queue in which nothing arrives."""
    text = (project / "relevo.yml").read_text(encoding="utf-8")
    start = text.index("  queues:\n")
    end = text.index("  # How long a prepared")
    (project / "relevo.yml").write_text(text[:start] + QUEUES + text[end:], encoding="utf-8")
    line = text[:start].count("\n") + 1
    told = _mistakes(project)
    for number, fragment in (
        (1, "languages is 'fr'"),
        (1, "did you mean 'skills'?"),
        (2, "'Refunds' is no name of a queue"),
        (3, "'mon: 9-5' must be written like"),
        (3, "'Mars/Base' is no known time zone"),
        (4, "'same' takes the same as 'Refunds'"),
        (5, "'case_types' means nothing here"),
        (6, "triggers is 'boredom'"),
        (6, "priorities is 'low'"),
    ):
        assert any(one.startswith(f"relevo.yml:{line + number}: ") and fragment in one for one in told), (
            fragment,
            told,
        )


def test_queues_have_their_own_hours_and_the_rest_as_everybody(project: Path) -> None:
    """And without a word there are the default one and the supervisors'."""
    text = (project / "relevo.yml").read_text(encoding="utf-8")
    start, end = text.index("  queues:\n"), text.index("  # How long a prepared")
    (project / "relevo.yml").write_text(text[:start] + text[end:], encoding="utf-8")
    assert [queue.name for queue in read_configuration(project, {}).bot.service.queues.all] == [
        "default",
        "supervisors",
    ]
    own = '  queues: {claims: {case_types: [damage], hours: {mon-fri: "09:00-17:00"}, skills: [law]}}\n'
    (project / "relevo.yml").write_text(text[:start] + own + text[end:], encoding="utf-8")
    service = read_configuration(project, {}).bot.service
    claims = service.queues.get("claims")
    assert claims.skills == ("law",)
    hours = service.calendar_of(claims)
    assert (hours.timezone, hours.holidays) == ("Europe/Madrid", service.holidays)
    assert str(hours.shifts[0].opens) == "09:00:00"


def test_whether_contacts_are_asked_how_it_was_is_yes_or_no(project: Path) -> None:
    """Off where nobody says so; another word than true or false is told."""
    path = project / "relevo.yml"
    asking = path.read_text(encoding="utf-8")
    assert read_configuration(project, {}).bot.csat
    path.write_text(asking.replace("csat: true", ""), encoding="utf-8")
    assert not read_configuration(project, {}).bot.csat
    path.write_text(asking.replace("csat: true", "csat: sometimes"), encoding="utf-8")
    assert any("csat must be true or false" in mistake for mistake in _mistakes(project))
