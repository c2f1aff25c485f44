"""What an action may learn of the contact who writes, and what it may not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import cast
from uuid import UUID

import pytest

from relevo.contracts.records import Trip
from relevo.contracts.runtime import Identification
from relevo.contracts.store import Claim, Effects
from relevo.domain.contacts import MAX_FAILED_TRIES, Identity, Level
from relevo.domain.conversations import Control, Conversation
from relevo.domain.messages import Arrival
from relevo.errors import AccessDenied
from relevo.flow.turn import ConversationTurn, TurnServices
from relevo.testing.ledger import Ledger, Permissive

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
AMINA = {"name": "Amina", "loyalty_number": "L1", "email": "amina@example.com", "phone": "1", "booking_code": "B1"}
BILAL = {"name": "Bilal", "loyalty_number": "L2", "email": "bilal@example.com"}
UNTOUCHED = cast(Effects, None)
"""Identifying never touches the record of effects."""


def turn(
    *, level: Level = Level.CLAIMED, ref: str | None = None, until: datetime | None = None, failed_tries: int = 0
) -> ConversationTurn:
    """Give a turn of somebody at an address."""
    identity = Identity(
        id=UUID(int=1),
        contact_id=UUID(int=2),
        channel="push",
        address="amina",
        business_ref=ref,
        level=level,
        verified_until=until,
        failed_tries=failed_tries,
    )
    conversation = Conversation(
        id=UUID(int=3),
        channel="push",
        identity=identity,
        control=Control.BOT,
        control_version=0,
        tracker_version=0,
        language=None,
        last_position=1,
    )
    claim = Claim(
        inbox_id=1,
        token=UUID(int=4),
        attempts=1,
        arrival=Arrival(channel="push", address="amina", external_id="1", text="hello"),
        received_at=NOW,
        conversation=conversation,
    )
    services = TurnServices(
        business=Ledger({"C001": AMINA, "C002": BILAL}),
        effects=UNTOUCHED,
        policies=Permissive(level=Level.TWO_FACTS),
        verification_seconds=3600,
    )
    return ConversationTurn(claim=claim, services=services)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Amina", "loyalty_number": "L1"},
        {"email": "amina@example.com", "booking_code": "B1"},
        {"loyalty_number": "L1", "booking_code": "B1"},
        AMINA,
    ],
)
async def test_two_facts_of_which_one_is_a_reference_verify(facts: dict[str, str]) -> None:
    """For an hour from the message, as that person, with no failed tries left."""
    found = turn(failed_tries=3)
    assert await found.identify(facts) is Identification.VERIFIED
    assert found.level is Level.TWO_FACTS
    assert (await found.person()).ref == "C001"
    assert found.who.verification is not None
    assert found.who.verification.verified_until == NOW + timedelta(hours=1)
    assert (found.who.verification.failed_tries, found.who.verification.business_ref) == (0, "C001")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"loyalty_number": "L1"},
        {"name": "Amina", "email": "amina@example.com", "phone": "1"},
        {"name": "Amina", "loyalty_number": ""},
        {"loyalty_number": "L1", "shoe_size": "38"},
    ],
)
async def test_too_few_facts_verify_nobody_and_cost_nothing(facts: dict[str, str]) -> None:
    """They may be right: the contact is asked for another one, and no try is counted."""
    found = turn()
    assert await found.identify(facts) is Identification.TOO_FEW
    assert (found.level, found.who.verification) == (Level.CLAIMED, None)


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Amina", "loyalty_number": "L9"},
        {"name": "Nobody", "loyalty_number": "L1"},
        {"name": "Amina", "loyalty_number": "L2"},
    ],
)
async def test_facts_that_do_not_meet_in_one_person_never_tell_which_was_wrong(facts: dict[str, str]) -> None:
    """One answer for all of them, and one try gone."""
    found = turn()
    assert await found.identify(facts) is Identification.NOT_MATCHED
    assert found.who.verification is not None
    assert (found.who.verification.failed_tries, found.who.verification.business_ref) == (1, None)
    with pytest.raises(AccessDenied):
        await found.person()


async def test_the_last_try_locks_and_then_even_right_facts_do_not_help() -> None:
    """Only a person may verify then; nothing tells that the facts were right."""
    found = turn(failed_tries=MAX_FAILED_TRIES - 1)
    assert await found.identify({"name": "Amina", "loyalty_number": "L9"}) is Identification.LOCKED
    assert await found.identify(AMINA) is Identification.LOCKED
    assert found.level is Level.CLAIMED
    assert await turn(failed_tries=MAX_FAILED_TRIES).identify(AMINA) is Identification.LOCKED


async def test_who_is_verified_does_not_become_another_person() -> None:
    """Another's facts are wrong facts here; what was verified stays."""
    until = NOW + timedelta(minutes=10)
    found = turn(level=Level.TWO_FACTS, ref="C001", until=until)
    assert await found.identify(BILAL) is Identification.NOT_MATCHED
    assert (await found.person()).ref == "C001"
    assert found.who.verification is not None
    assert (found.who.verification.verified_until, found.who.verification.level) == (until, Level.TWO_FACTS)


async def test_a_wrong_fact_after_right_ones_leaves_the_verification_of_this_turn() -> None:
    """It holds as long as was said when it was given."""
    found = turn()
    await found.identify(AMINA)
    assert await found.identify({"name": "Amina", "loyalty_number": "L9"}) is Identification.NOT_MATCHED
    assert found.who.verification is not None
    assert found.who.verification.level is Level.TWO_FACTS
    assert found.who.verification.verified_until == NOW + timedelta(hours=1)
    assert found.who.verification.failed_tries == 1


async def test_a_verification_that_has_ended_gives_nothing() -> None:
    """Neither the person nor an effect; whoever writes then may be somebody else."""
    found = turn(level=Level.SIGNED, ref="C001", until=NOW)
    assert found.level is Level.CLAIMED
    with pytest.raises(AccessDenied):
        await found.person()
    with pytest.raises(AccessDenied):
        await found.own(Trip)
    with pytest.raises(AccessDenied):
        await found.perform("credit", "T1", {})
    assert await found.identify(BILAL) is Identification.VERIFIED
    assert (await found.person()).ref == "C002"


async def test_a_better_verification_is_neither_lowered_nor_prolonged_by_two_facts() -> None:
    """Signed stays signed, and ends when the signature ends."""
    until = NOW + timedelta(minutes=5)
    found = turn(level=Level.SIGNED, ref="C001", until=until)
    assert await found.identify(AMINA) is Identification.VERIFIED
    assert found.level is Level.SIGNED
    assert found.who.verification is not None
    assert found.who.verification.verified_until == until


def test_a_retried_turn_sees_the_same_moment() -> None:
    """Now is when the message came, not when it is answered."""
    assert turn().now == NOW
