"""References as people type them, and ordinary words that are none."""

from __future__ import annotations

import pytest

from relevo.nlu.patterns import NAMELESS, find, finders_of

REFERENCES = frozenset({
    "loyalty_number", "ticket", "booking_code", "order", "subscription", "case", "baggage_report", "flight",
    "partner_flight", "impossible_date",
})  # fmt: skip

ORDINARY = """
oil and olio | lo hizo solo | ole | hola | sol y luna | 10 l de agua | una mochila de 20l | 100% seguro
el 1o de la fila | el 2o pedido | I paid 1O euros | in 2O26 | covid-19 | el A1 o el B2 | windows 11 pro
iphone 15 pro | ps5 y ps4 | call me at 5 pm | the 3pm flight | the 2nd one | 4x4 todoterreno | mp3 o mp4
el gate A12 | puerta B 42 | asiento 12C | terminal 4S | fila 23, asiento A | a 10 y b 20 | son 2 o 3 horas
y a 2 o 3 euros | los 3 de mi familia | de 8 a 12 | EU261 | the EU 261 regulation | reglamento CE 261/2004
UE 2024 | the year 2026 | EN 2024 VOLE CON VOSOTROS | desde 2019 | cuesta 7455 euros | 7.455,00 €
1,234.50 euros | £1234 | USD 1500 | EUR 200 | la norma 3.2.1 | versión 2.0.1 | 10.30 h | a las 17:30 | 17h30
30 de abril | 29 de febrero | December 31 | 12/10/2025 | 24h | wifi 5g | talla 42 | h2o | c3po | busco a alguien
August 2026 | Booking.com | una reserva por 150 euros | my booking for two | reserva del 3er día
order of 12 items | pedido de 3 cosas | case closed in 2025 | en caso de 2000 euros | card 4417 7731 2260 0982
call 112 | sub 20 de fútbol | au revoir | ao vivo | tel. 91 123 45 67 | calle Mayor 12, 28013 Madrid
SW1A 1AA London
"""
IMPOSSIBLE = """
el 31 de febrero | 30 February | April 31st | 31/02/2026 | 29/02/2026 | 2026-02-30 | 3 de octubre de 9999
October 5, 9999 | 03/10/9999 | 31 de junio de 2026
"""


def _listed(written: str) -> list[str]:
    return [each.strip() for line in written.strip().splitlines() for each in line.split(" | ")]


def references(text: str) -> list[tuple[str, str]]:
    """Give the references in a text."""
    return [(span.entity, span.value) for span in find(text, finders_of({"iberia": "IB"})) if span.entity in REFERENCES]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AO-5OO52", ("order", "AO-50052")),
        ("ao5oo52", ("order", "AO-50052")),
        ("A0-50052", ("order", "AO-50052")),
        ("ao 50 052", ("order", "AO-50052")),
        ("AO.50.052", ("order", "AO-50052")),
        ("ao - 50052", ("order", "AO-50052")),
        ("pedido 5OO52", ("order", "AO-50052")),
        ("AU 4820 7315", ("loyalty_number", "AU48207315")),
        ("au.4820.7315", ("loyalty_number", "AU48207315")),
        ("AU4820 7315", ("loyalty_number", "AU48207315")),
        ("AU 48 20 73 15", ("loyalty_number", "AU48207315")),
        ("AU482O7315", ("loyalty_number", "AU48207315")),
        ("AU4820731S", None),
        ("socio 4820 7315", ("loyalty_number", "AU48207315")),
        ("rbl7q2", ("booking_code", "RBL7Q2")),
        ("rbl 7q2", ("booking_code", "RBL7Q2")),
        ("RBL-7Q2", ("booking_code", "RBL7Q2")),
        ("R.B.L.7.Q.2", ("booking_code", "RBL7Q2")),
        ("r b l 7 q 2", ("booking_code", "RBL7Q2")),
        ("mi reserva es rbl 7q2, gracias", ("booking_code", "RBL7Q2")),
        ("0WH3P8", ("booking_code", "OWH3P8")),
        ("D0K4L7", ("booking_code", "DOK4L7")),
        ("booking AMF2D5", ("booking_code", "AMF2D5")),
        ("booking AMF6Yl", ("booking_code", "AMF6Y1")),
        ("locator k7tq4m", ("booking_code", "K7TQ4M")),
        ("0751 0000 000 11", ("ticket", "0751000000011")),
        ("075.1000.0000.11", ("ticket", "0751000000011")),
        ("O75100000OO11", ("ticket", "0751000000011")),
        ("AU O702", ("flight", "AU0702")),
        ("au.0702", ("flight", "AU0702")),
        ("sub 3O1", ("subscription", "SUB-301")),
        ("Sub.301", ("subscription", "SUB-301")),
        ("caso 7oo1", ("case", "CASE-7001")),
        ("CASE - 7001", ("case", "CASE-7001")),
        ("IB3456", ("partner_flight", "IB3456")),
        ("BA 247", ("partner_flight", "BA247")),
        ("el vuelo ib-3456", ("partner_flight", "IB3456")),
        ("el vuelo ib 3456", ("partner_flight", "IB3456")),
    ],
)
def test_a_reference_is_read_as_it_was_meant(text: str, found: tuple[str, str] | None) -> None:
    """With spaces, dots and small letters, and with O and 0, l and 1 taken for each other."""
    assert references(text) == ([found] if found else [])


@pytest.mark.parametrize("text", _listed(ORDINARY))
def test_ordinary_words_are_no_references(text: str) -> None:
    """Nobody is told that an order is not found who never named one."""
    assert references(text) == []


@pytest.mark.parametrize("text", _listed(IMPOSSIBLE))
def test_a_day_that_no_calendar_has_is_told_as_it_was_written(text: str) -> None:
    """And never taken for another day."""
    ((entity, value),) = references(text)
    assert entity == "impossible_date"
    assert value in text
    assert not [span for span in find(text, NAMELESS) if span.entity == "period"]
