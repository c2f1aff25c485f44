"""The conversations that both benches play, in Spanish and English, each with a customer of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody in the demo company's files, with one flown ticket whose points are missing."""

    number: int

    @property
    def ref(self) -> str:
        """The business's own id."""
        return f"B{self.number:06}"

    @property
    def loyalty_number(self) -> str:
        """What identifies, with the e-mail address."""
        return f"AU9{self.number:07}"

    @property
    def email(self) -> str:
        """Unique to the customer."""
        return f"customer{self.number}@example.com"

    @property
    def ticket(self) -> str:
        """The flown ticket."""
        return f"0759{self.number:09}"

    @property
    def booking_code(self) -> str:
        """A letter, digits, a letter: never read as a word or a number."""
        return f"Q{self.number:04}X"

    def fill(self, text: str) -> str:
        """Put the customer's data into a line of a script."""
        return text.format(
            loyalty=self.loyalty_number, email=self.email, ticket=self.ticket, booking_code=self.booking_code
        )


CORRECTIONS = (
    (
        "Hola",
        "me faltan los puntos de un viaje",
        "mi número es {loyalty} y mi correo {email}",
        "sí",
        "gracias",
        "adiós",
    ),
    (
        "Hi there",
        "my points are missing",
        "my number is {loyalty}, e-mail {email}",
        "yes please",
        "thanks a lot",
        "bye",
    ),
)
"""A points correction from greeting to goodbye: the main job."""
CONFIRMING_STEP = 3
"""The message of a correction upon which points are credited."""

SCRIPTS = (
    *CORRECTIONS,
    (
        "buenos días",
        "no me han sumado los puntos del vuelo",
        "¿por qué necesitas mis datos?",
        "mi número de socio es {loyalty} y mi correo es {email}",
        "sí, por favor",
        "muchas gracias",
        "adiós",
    ),
    (
        "hello",
        "I flew with you and the points did not show up",
        "what is a booking code?",
        "my booking code is {booking_code} and my e-mail is {email}",
        "yes",
        "thank you",
        "bye",
    ),
    ("hola", "¿eres un robot?", "me faltan puntos", "prefiero hablar con una persona, por favor", "gracias"),
    ("good morning", "are you a bot?", "my points are missing", "I want to talk to a person", "thanks"),
    ("hola", "¿qué tiempo hará mañana?", "¿cuántos puntos tengo?", "{loyalty}", "{email}", "gracias", "hasta luego"),
    (
        "hello",
        "points are missing on my account",
        "it is ticket {ticket}",
        "and my e-mail is {email}",
        "no",
        "never mind",
        "what is my balance?",
        "thanks, bye",
    ),
)
"""What a day brings: corrections, questions in between, changes of mind, and "a person, please"."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One customer's messages, in order."""

    sender: str
    texts: tuple[str, ...]
    customer: Customer


def conversations(
    scripts: tuple[tuple[str, ...], ...], customers: Iterator[Customer], how_many: int, prefix: str
) -> list[Conversation]:
    """Give so many conversations, one script after another, each with a sender and a customer of its own."""
    made = []
    for number in range(how_many):
        customer = next(customers)
        texts = tuple(customer.fill(text) for text in scripts[number % len(scripts)])
        made.append(Conversation(f"{prefix}-{customer.number}", texts, customer))
    return made
