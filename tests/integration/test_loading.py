"""A model is loaded without its YAML, and without what trained it, to the same effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relevo.brain import lean

lean.install()

from rasa.core.processor import MessageProcessor
from rasa.graph_components.providers.domain_provider import DomainProvider

from relevo.brain.loading import load

pytestmark = [pytest.mark.rasa, pytest.mark.filterwarnings("ignore::UserWarning")]


def test_the_domain_is_the_one_that_rasa_reads(spike_model: Path) -> None:
    """The same slots, actions and replies, whichever of the model's two copies is read."""
    metadata, runner = load(spike_model)
    ours, theirs = (_domain(each) for each in (runner, MessageProcessor._load_model(spike_model)[2]))
    assert metadata.train_schema.nodes == {}
    assert ours.fingerprint() == theirs.fingerprint()
    assert ours.input_states == theirs.input_states
    assert [slot.persistence_info() for slot in ours.slots] == [slot.persistence_info() for slot in theirs.slots]


def _domain(runner: Any) -> Any:
    return next(
        node._component for node in runner._nodes.values() if isinstance(node._component, DomainProvider)
    )._domain
