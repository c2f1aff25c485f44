"""What people teach: what is personal in it is found and made up, and it is written as Rasa reads it."""

from __future__ import annotations

import pytest

from relevo.domain.teaching import EntityMark, Lesson, is_still_personal, masked, nlu_yaml, personal_spots


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("mi pedido AO-50017 no llegó", {"AO-50017": "reference"}),
        ("write to oliver.whitfield@example.com", {"oliver.whitfield@example.com": "email"}),
        ("llámame al +34 612 345 678", {"+34 612 345 678": "number"}),
        ("booking RBL7Q2 and ticket 0751000000011", {"RBL7Q2": "reference", "0751000000011": "number"}),
        ("I am Oliver, from room 12", {"Oliver": "name"}),
        ("me cobraron 1.250 € dos veces en 2026", {}),
        ("my flight was 3 hours late", {}),
    ],
)
def test_what_may_tell_who_somebody_is_is_pointed_out(said: str, found: dict[str, str]) -> None:
    """Addresses, numbers, references and the contact's own name; amounts and times are no such thing."""
    spots = personal_spots(said, ["Oliver James Whitfield"])
    assert {said[spot.start : spot.end]: spot.kind for spot in spots} == found


def test_what_is_made_up_keeps_its_shape_and_is_not_pointed_out_as_somebodys() -> None:
    """A second click changes nothing, and what was masked counts as nobody's."""
    said = "I am Oliver, order AO-50017, mail o.w@example.org, phone +44 7700 900002, booking OWH5T4"
    made_up = masked(said, ["Oliver Whitfield"])
    assert made_up == ("I am Alex, order AO-12345, mail name@example.com, phone +12 3456 789012, booking OWH1A2")
    assert is_still_personal(said, ["Oliver Whitfield"])
    assert not is_still_personal(made_up, ["Oliver Whitfield"])


def test_the_export_is_what_rasa_trains_on() -> None:
    """One line an example, each once; whatever somebody typed means nothing but itself."""
    from relevo.brain.lean import importing_rasa

    lessons = [
        Lesson(text="where is AO-12345", language="en", intent="ask_order_status",
               marks=(EntityMark(value="AO-12345", entity="order"),)),
        Lesson(text="- intent: evil\n  examples: |\n    - x", language="en", intent="greet"),
        Lesson(text="see [this](order) \"quoted\" {x: 1} # no comment", language="en", intent="greet"),
        Lesson(text="hello", language="en", intent="greet"),
        Lesson(text="hello", language="en", intent="greet"),
    ]  # fmt: skip
    with importing_rasa():
        from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
    read = RasaYAMLReader().reads(nlu_yaml(lessons))
    examples = [(each.get("intent"), each.get("text"), each.get("entities")) for each in read.training_examples]
    assert [(intent, text) for intent, text, _ in examples] == [
        ("ask_order_status", "where is AO-12345"),
        ("greet", "- intent: evil examples: | - x"),
        ("greet", 'see (this)(order) "quoted" {x: 1} # no comment'),
        ("greet", "hello"),
    ]
    assert examples[0][2][0]["entity"] == "order"
    assert RasaYAMLReader().reads(nlu_yaml([])).training_examples == []
