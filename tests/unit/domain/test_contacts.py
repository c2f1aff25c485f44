"""How sure we are who writes, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest

from relevo.domain.contacts import MAX_FAILED_TRIES, Identity, Level

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
MOMENT = timedelta(microseconds=1)


def identity(*, level: Level = Level.TWO_FACTS, until: datetime | None = NOW, failed_tries: int = 0) -> Identity:
    """Give Amina's address."""
    return Identity(
        id=UUID(int=1),
        contact_id=UUID(int=2),
        channel="push",
        address="amina",
        level=level,
        verified_until=until,
        failed_tries=failed_tries,
    )


@pytest.mark.parametrize("level", Level)
def test_a_verification_holds_until_its_last_moment(level: Level) -> None:
    """From then on the identity is only claimed, whatever it was."""
    assert identity(level=level).level_at(NOW - MOMENT) is level
    assert identity(level=level).level_at(NOW) is Level.CLAIMED
    assert identity(level=level).level_at(NOW + MOMENT) is Level.CLAIMED


@pytest.mark.parametrize("level", Level)
def test_a_verification_without_an_end_was_never_given(level: Level) -> None:
    """A level alone proves nothing."""
    assert identity(level=level, until=None).level_at(NOW) is Level.CLAIMED


def test_a_higher_level_includes_the_lower_ones() -> None:
    """So one comparison suffices."""
    assert Level.CLAIMED < Level.TWO_FACTS < Level.CODE < Level.SIGNED


def test_the_fifth_wrong_fact_locks_an_identity() -> None:
    """Four may be mistakes."""
    locked = [tries for tries in range(8) if identity(failed_tries=tries).is_locked]
    assert locked == [5, 6, 7]
    assert MAX_FAILED_TRIES == 5
