"""What a training gathers of Rasa's warnings, and leaves as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from relevo.brain.remarks import Remarks


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave other tests the configuration that they had."""
    before = structlog.get_config() if structlog.is_configured() else None
    yield
    structlog.reset_defaults()
    if before:
        structlog.configure(**before)


def test_logs_are_afterwards_what_they_were_before() -> None:
    """A process that trains goes on logging as it was told to."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    before = structlog.get_config()
    with Remarks().gathered():
        assert structlog.get_config() != before
    assert structlog.get_config() == before


def test_who_configured_nothing_has_nothing_configured_afterwards() -> None:
    """It is still for others to do."""
    structlog.reset_defaults()
    with Remarks().gathered():
        assert structlog.is_configured()
    assert not structlog.is_configured()
