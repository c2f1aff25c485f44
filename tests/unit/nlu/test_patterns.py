"""References, places, periods and telling words in what people write."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo.nlu.patterns import _NUMERIC, NAMELESS, Text, find, finders_of

REFERENCES = frozenset({
    "loyalty_number", "ticket", "booking_code", "order", "subscription", "case", "baggage_report", "flight",
    "partner_flight", "impossible_date",
})  # fmt: skip
PLACES = {"dubai": "DXB", "madrid": "MAD", "londres": "LHR", "london": "LHR", "nueva york": "JFK"}
FINDERS = finders_of(PLACES)


def _found(text: str) -> list[tuple[str, str]]:
    shading = {"hedge", "agreement", "addition", "bare_amount"}
    return [(span.entity, span.value) for span in find(text, FINDERS) if span.entity not in shading]


def _references(text: str) -> list[tuple[str, str]]:
    return [found for found in _found(text) if found[0] in REFERENCES]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AU48207315", [("loyalty_number", "AU48207315")]),
        ("au 4820 7315", [("loyalty_number", "AU48207315")]),
        ("AU-48207315", [("loyalty_number", "AU48207315")]),
        ("mi número de socio es 48207315", [("loyalty_number", "AU48207315")]),
        ("48207315, RBL7Q2", [("loyalty_number", "AU48207315"), ("booking_code", "RBL7Q2")]),
        ("el vuelo AU0702", [("flight", "AU0702")]),
        ("au 702 y AU0703", [("flight", "AU0702"), ("flight", "AU0703")]),
        ("flight 3411", [("flight", "AU3411")]),
        ("0751000000011", [("ticket", "0751000000011")]),
        ("075 1000000011", [("ticket", "0751000000011")]),
        ("075-1000-0000-11", [("ticket", "0751000000011")]),
        ("rbl7q2", [("booking_code", "RBL7Q2")]),
        ("la reserva es QWERTY", [("booking_code", "QWERTY")]),
        ("booking reference: RBL 7Q2", [("booking_code", "RBL7Q2")]),
        ("pedido ao-50017", [("order", "AO-50017")]),
        ("AO50017", [("order", "AO-50017")]),
        ("mi pedido 50017", [("order", "AO-50017")]),
        ("order no. 50052 please", [("order", "AO-50052")]),
        ("pedido #50052", [("order", "AO-50052")]),
        ("un pedido de 10000 euros", [("amount", "1000000 EUR")]),
        ("order 10000.00", []),
        ("mi suscripción sub-301", [("subscription", "SUB-301")]),
        ("SUB301", [("subscription", "SUB-301")]),
        ("el código es 482 913", [("code", "482913")]),
        ("482913", [("code", "482913")]),
        ("4829135", []),
        ("482913.00", []),
        ("caso 7001", [("case", "CASE-7001")]),
        ("MADAU00417", [("baggage_report", "MADAU00417")]),
        ("madau 00417", [("baggage_report", "MADAU00417")]),
        ("parte MADAUO0417", [("baggage_report", "MADAU00417")]),
        ("la etiqueta es 0751 448210", [("baggage_tag", "0751448210")]),
        ("tag AU448210, flight AU1188", [("baggage_tag", "0751448210"), ("flight", "AU1188")]),
        ("my code is 482913", [("code", "482913")]),
        ("+34 600 000 001", [("phone", "+34600000001")]),
        ("0044 7700 900002", [("phone", "+447700900002")]),
        ("mi móvil: 600000001", [("phone", "600000001")]),
        ("Lucia.Robles@Example.com.", [("email", "lucia.robles@example.com")]),
        ("me llamo Ana María de la Fuente", [("name", "Ana María de la Fuente")]),
        ("I'm Oliver Whitfield, hi", [("name", "Oliver Whitfield")]),
        ("a DUBÁI y Nueva  York", [("place", "DXB"), ("place", "JFK")]),
        ("MAD-DXB", [("place", "MAD"), ("place", "DXB")]),
        ("el mes pasado", [("period", "last_month")]),
        ("in October", [("period", "on:10")]),
        ("el 5 de octubre de 2025", [("period", "on:2025-10-05")]),
        ("October 5th", [("period", "on:10-05")]),
        ("05/10/2025", [("period", "on:2025-10-05")]),
        ("10/25/2025", [("period", "on:2025-10-25")]),
        ("2025-10-05", [("period", "on:2025-10-05")]),
        ("solo el segundo", [("choice", "2")]),
        ("the last one", [("choice", "last")]),
    ],
)
def test_what_is_written_is_found_and_normalised(text: str, found: list[tuple[str, str]]) -> None:
    """However people write it."""
    assert _found(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "mi reserva porque no va",
        "MI RESERVA PORQUE NO VA",
        "200eur",
        "covid19 y 10sept",
        "me cobraron 7455 euros",
        "llamé a las 17h30m",
        "I may be wrong, march on",
        "soy cliente de Aurora",
        "soy Lucía",
        "1234567",
        "20251005",
        "in case 2025 is better",
        "mad about it",
        "el 45 de octubre",
        "3,5 o 3.5 horas",
        "12345678901234567890",
        "AU482073151",
        "07510000000112",
    ],
)
def test_what_only_looks_like_it_is_not_found(text: str) -> None:
    """Words, amounts, times and numbers of other lengths are no references."""
    no_references = ("amount", "code")
    assert not [found for found in _found(text) if found != ("period", "on:10") and found[0] not in no_references]


def test_a_loyalty_number_is_never_read_as_a_flight() -> None:
    """The longer number claims its characters."""
    assert _found("AU48207315 y AU4820") == [("loyalty_number", "AU48207315"), ("flight", "AU4820")]


def test_positions_point_into_the_text() -> None:
    """Spans are where they say, also behind accents and emoji."""
    text = "¡Ñandú 👍! vuelo AU0702, código RBL7Q2"
    assert [
        text[span.start : span.end] for span in find(text, NAMELESS) if span.entity in {"flight", "booking_code"}
    ] == [
        "AU0702",
        "RBL7Q2",
    ]


@given(st.text(max_size=300))
def test_spans_never_overlap(text: str) -> None:
    """Each character means one thing at most."""
    spans = find(text, FINDERS)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@given(st.text(alphabet=st.characters(exclude_categories=["Nd"]) | st.sampled_from("auoilsbk -#@.,€ $"), max_size=60))
def test_what_is_not_asked_about_a_text_without_a_digit_would_have_found_nothing(text: str) -> None:
    """Leaving such finders out changes nothing."""
    assert [span for finder in _NUMERIC for span in finder(Text.of(text))] == []


@pytest.mark.parametrize("piece", ["a", "1 ", "075", "A1", "a.a@", "me llamo Ab ", "+1 2 ", "5 de ", "X Y ", "au 1 "])
def test_no_text_takes_long(piece: str) -> None:
    """Repetition that would trap a careless pattern is read in the time of any other text."""
    began = time.perf_counter()
    find(piece * (64 * 1024 // len(piece)), FINDERS)
    assert time.perf_counter() - began < 1.0
