"""Somebody else's reference is answered in every request exactly as one that nobody has."""

from __future__ import annotations

import re

import pytest

from actions.requests import OPENED_BY
from tests.integration.talking import Floor

pytestmark = [pytest.mark.anyio, pytest.mark.rasa]

LUCIA = "¿cuál es mi saldo de puntos? soy AU48207315, reserva RBL7Q2"
OLIVER = "what is my points balance? I'm AU73915024, booking OWH5T4"
TOMAS_TICKET, MARTA_ORDER, OLIVER_TICKET = "0751000000031", "AO-50017", "0751000000022"

ASKED = {
    "action_points": [
        (LUCIA, "me faltan los puntos del billete {}", OLIVER_TICKET, "0751999999999"),
        (OLIVER, "points missing for booking {}", "RBL7Q2", "ZZZ9Z9"),
        (OLIVER, "can I have my wife's points, ticket {}?", TOMAS_TICKET, "0751999999999"),
    ],
    "action_refund": [
        (LUCIA, "me cobraron de más en el pedido {}", MARTA_ORDER, "AO-59999"),
        (OLIVER, "I was charged twice for order {}", MARTA_ORDER, "AO-59999"),
    ],
    "action_cancel_subscription": [
        (LUCIA, "quiero cancelar la suscripción {}", "SUB-302", "SUB-999"),
        (OLIVER, "cancel subscription {}", "SUB-302", "SUB-999"),
    ],
    "action_order_status": [
        (LUCIA, "¿dónde está mi pedido {}?", MARTA_ORDER, "AO-59999"),
        (OLIVER, "where is my order {}?", MARTA_ORDER, "AO-59999"),
    ],
    "action_refund_status": [
        (LUCIA, "¿cómo va el reembolso del pedido {}?", MARTA_ORDER, "AO-59999"),
        (OLIVER, "when do I get the refund for booking {}?", "AMF6Y1", "ZZZ9Z9"),
    ],
    "action_case_status": [
        (LUCIA, "¿cómo va mi caso {}?", "CASE-7001", "CASE-4711"),
        (OLIVER, "how is my case {} going?", "CASE-7002", "CASE-4711"),
    ],
    "action_flight_status": [(OLIVER, "is the flight of booking {} on time?", "TIV5C6", "ZZZ9Z9")],
    "action_flight": [
        (LUCIA, "mi vuelo llegó cuatro horas tarde, reserva {}", "AMF2D5", "ZZZ9Z9"),
        (OLIVER, "my flight was cancelled, ticket {}", "0751000000072", "0751999999999"),
    ],
    "action_undelivered": [
        (LUCIA, "no me ha llegado el pedido {}", MARTA_ORDER, "AO-59999"),
        (OLIVER, "my order {} never arrived", MARTA_ORDER, "AO-59999"),
    ],
    "action_return_goods": [(OLIVER, "I want to send back order {}", MARTA_ORDER, "AO-59999")],
    "action_fare": [(OLIVER, "give me the fare of ticket {} back, I won't fly", "0751000000032", "0751999999999")],
    "action_money_back": [(OLIVER, "I want my money back for order {}", MARTA_ORDER, "AO-59999")],
    "action_report_baggage": [
        (LUCIA, "perdieron mi maleta, parte {}", "MADAU00417", "MADAU00999"),
        (OLIVER, "my suitcase never arrived, ticket {}", TOMAS_TICKET, "0751999999999"),
    ],
    "action_baggage_status": [
        (LUCIA, "¿cómo va mi parte de equipaje {}?", "MADAU00417", "MADAU00999"),
        (OLIVER, "status of baggage report {}", "MADAU00398", "MADAU00999"),
    ],
    "action_delivery_address": [
        (OLIVER, "change the delivery address for my bag, report {}", "MADAU00417", "MADAU00999")
    ],
    "action_essentials": [(OLIVER, "I want to claim the essentials I bought, report {}", "MADAU00417", "MADAU00999")],
    "action_damage": [(LUCIA, "mi maleta llegó rota, billete {}", TOMAS_TICKET, "0751999999999")],
    "action_voucher": [(LUCIA, "quiero un vale por el caso {}", "CASE-7002", "CASE-4711")],
}
"""By the action that opens the request: who asks, with which words, and two references that are not theirs."""
NAME_NOTHING = {"action_balance", "action_expiry", "action_change_email", "action_change_name", "action_privacy"}
"""Requests in which nothing is named."""


def test_no_request_is_left_out() -> None:
    """Whoever adds one says here what is asked in it, or that nothing is named."""
    assert OPENED_BY.keys() == ASKED.keys() | NAME_NOTHING


@pytest.mark.parametrize(
    ("who", "words", "somebodys", "nobodys"),
    [pytest.param(*case, id=f"{action}: {case[1]}") for action, cases in ASKED.items() for case in cases],
)
async def test_nothing_tells_whether_it_exists(
    floor: Floor, who: str, words: str, somebodys: str, nobodys: str
) -> None:
    """The same words, the same buttons, and neither an effect nor a case of its own."""
    answers = []
    for reference in (somebodys, nobodys):
        customer = floor.customer(reference)
        await customer.says(who)
        told = await customer.says(words.format(reference))
        buttons = [button.title for content in customer.heard for button in content.buttons]
        answers.append((re.sub(re.escape(reference), "…", told), buttons))
    assert answers[0] == answers[1]
    assert await floor.opened.database.rows("SELECT key FROM effects") == []
    assert await floor.cases() == []
