"""Lays what administrators have said at the desk over relevo.yml, section by section: same rules, same sentences.

relevo.yml  desk: {hours, holidays, sla, queues, …} ─┐
the desk    hours ─ {hours, holidays}                ├─► read_service ─► Service
            queues ─ {queues}                        ┘
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml
from msgspec.structs import replace
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from relevo.configuration.bot import BotFile, read_service
from relevo.configuration.documents import Mistake, Mistakes, Spot
from relevo.domain.calendar import Shift, said_clock
from relevo.domain.service import Service

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "queues": ("queues",),
    "hours": ("hours", "holidays"),
    "sla": ("sla", "first_response_seconds"),
}
"""What may be said at the desk, and the keys of relevo.yml's ``desk`` in place of which it counts."""

Said = Mapping[str, Mapping[str, Any]]
"""By section, its keys with their values as YAML would have them."""


def service_with(bot: BotFile, said: Said) -> tuple[Service, list[Mistake]]:
    """Give the service with these sections in place of the file's, and every mistake in them."""
    mistakes = Mistakes()
    spot = Spot(_desk_of(bot, said), "desk", "desk", mistakes, ("desk",))
    service = read_service(spot, bot.languages, bot.timezone)
    return replace(service, privacy_answer_months=bot.service.privacy_answer_months), mistakes.found


def what_fits(bot: BotFile, said: Said) -> tuple[Service, Mapping[str, list[Mistake]]]:
    """Give the service with those sections that still fit the file, and by section what is wrong with the others.

    A file that was changed may have lost a language that a queue names; then the file counts until somebody sees to it.
    """
    broken = {section: found for section, value in said.items() if (found := service_with(bot, {section: value})[1])}
    service, _ = service_with(bot, {section: value for section, value in said.items() if section not in broken})
    return service, broken


def in_file(bot: BotFile, section: str) -> Mapping[str, Any]:
    """Give what relevo.yml says in a section, with what it leaves unsaid as it is without."""
    found = (
        {} if bot.desk is None else {key: value for key, value in plain(bot.desk).items() if key in SECTIONS[section]}
    )
    if section == "hours":
        return {"hours": _hours(bot.service.shifts), **found}
    return found if section == "queues" else {"sla": sla_of(bot.service)}


def sla_of(service: Service) -> dict[str, dict[str, Any]]:
    """Give all times by priority, as relevo.yml would say them."""
    return {
        level: {
            "first_response_seconds": policy.first_response_seconds,
            "next_response_seconds": policy.next_response_seconds,
            "resolution_seconds": policy.resolution_seconds,
            **({"clock": "wall"} if policy.is_wall else {}),
        }
        for level, policy in service.sla.items()
    }


def plain(node: Node) -> Any:
    """Give a value without where it stands: mappings, lists, whole numbers, and texts as they are written."""
    if isinstance(node, MappingNode):
        return {str(key.value): plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [plain(value) for value in node.value]
    assert isinstance(node, ScalarNode)
    is_text = node.tag.rpartition(":")[2] not in {"int", "null"}  # the language “no” is no “false”
    return node.value if is_text else yaml.safe_load(node.value)


def _desk_of(bot: BotFile, said: Said) -> MappingNode:
    replaced = {key for section in said for key in SECTIONS[section]}
    pairs = bot.desk.value if isinstance(bot.desk, MappingNode) else []
    kept = [pair for pair in pairs if pair[0].value not in replaced]
    value: dict[str, Any] = {}
    for section in said:
        value.update(said[section])
    node = yaml.compose(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), Loader=yaml.SafeLoader)
    assert isinstance(node, MappingNode)
    node.value = [*kept, *node.value]
    return node


def _hours(shifts: tuple[Shift, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for shift in shifts:
        days = shift.first if shift.first == shift.last else f"{shift.first}-{shift.last}"
        times = f"{said_clock(shift.opens)}-{said_clock(shift.closes)}"
        found[days] = f"{found[days]}, {times}" if days in found else times
    return found
