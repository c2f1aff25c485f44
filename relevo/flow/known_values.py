"""What ready words may name: the contact, the case with its facts, and the agent who writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.store import Store
from relevo.domain.cases import Case
from relevo.domain.handoff import Episode
from relevo.flow.summary import INNER_SLOTS


async def known_values(store: Store, conversation_id: UUID, agent: AgentAccount) -> dict[str, str]:
    """Give everything that may stand in place of a variable, by the variable's name; raises NotFound."""
    line = await store.desk.conversation(conversation_id)
    cases = await store.desk.cases_of(conversation_id)
    values = {"agent.name": agent.name, "agent.first_name": _first(agent.name)}
    if line.contact_name:
        values |= {"contact.name": line.contact_name, "contact.first_name": _first(line.contact_name)}
    if cases:
        episodes = await store.desk.episodes(conversation_id)
        values |= {f"case.{name}": value for name, value in _of_case(cases[0], episodes)}
    return values


def _of_case(case: Case, episodes: Sequence[Episode]) -> Iterator[tuple[str, str]]:
    """Give a case's facts; what the handoff's record says of them comes last, and so counts."""
    yield from _plain({"id": case.id, "reference": case.reference, "goal": case.goal})
    detail = case.detail
    yield from _plain({name: value for name, value in detail.items() if name not in INNER_SLOTS})
    yield from _plain(detail.get("known") or {})
    record = next((each.record for each in episodes if each.case_id == case.id), {})
    slots = [slot for slot in record.get("slots", ()) if slot.get("name") not in INNER_SLOTS]
    yield from _plain({str(slot.get("name")): slot.get("value") for slot in slots})


def _plain(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in facts.items():
        if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
            yield name, ", ".join(map(str, value))
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)


def _first(name: str) -> str:
    return name.partition(" ")[0]
