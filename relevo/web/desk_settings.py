"""Queues, hours and times to answer by the API: what counts, and saying something else in place of relevo.yml."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from relevo.contracts.desk_settings import SettingVersion
from relevo.domain.roles import ADMINS
from relevo.errors import NotFound
from relevo.flow.desk_settings import CurrentService, Section, changed_by, renaming
from relevo.web import desk_settings_wire as wire
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation, changing, putting, reading
from relevo.web.services import WebServices

_SECTIONS: Mapping[str, Any] = {"queues": wire.QueuesSection, "hours": wire.HoursSection, "sla": wire.SlaSection}
_NO_NAMES: Mapping[str, str] = MappingProxyType({})


async def give_settings(call: Call) -> wire.SettingsView:
    """Give every section as it counts."""
    current = current_of(call.services)
    await current.look()
    return wire.SettingsView(**{name: _shown(current.section(name)) for name in _SECTIONS})


async def put_queues(call: Call, body: wire.PutQueues) -> wire.QueuesSection:
    """Say which queues there are."""
    return await _put(call, "queues", body, body.renamed)  # type: ignore[no-any-return]


async def put_hours(call: Call, body: wire.PutHours) -> wire.HoursSection:
    """Say when people are there."""
    return await _put(call, "hours", body)  # type: ignore[no-any-return]


async def put_sla(call: Call, body: wire.PutSla) -> wire.SlaSection:
    """Say how soon people answer."""
    return await _put(call, "sla", body)  # type: ignore[no-any-return]


async def reset_section(call: Call, body: wire.ResetSection) -> wire.SettingsView:
    """Go back to what relevo.yml says."""
    await say(call, body.section, body.version, None)
    return await give_settings(call)


async def say(
    call: Call, section: str, version: int, value: Mapping[str, Any] | None, renamed: Mapping[str, str] = _NO_NAMES
) -> SettingVersion:
    """Say something about a section, with before and after for the audit log; raises Misfit, Conflict."""
    current, trail = current_of(call.services), call.trail
    trail.target, trail.before = f"settings:{section}", dict(current.section(section).value)
    kept = await current.change(renaming(changed_by(call.agent, section, version, value), renamed))
    trail.after = {**current.section(section).value, **({"renamed": dict(renamed)} if renamed else {})}
    return kept


def current_of(services: WebServices) -> CurrentService:
    """Give what counts of relevo.yml and the desk; raises NotFound where there is no file to begin with."""
    if services.current is None:
        raise NotFound("There is no relevo.yml here whose place anything could take.")
    return services.current


async def _put(
    call: Call,
    section: str,
    body: wire.PutQueues | wire.PutHours | wire.PutSla,
    renamed: Mapping[str, str] = _NO_NAMES,
) -> Any:
    await say(call, section, body.version, wire.said_by(body), renamed)
    return _shown(current_of(call.services).section(section))


def _shown(section: Section) -> Any:
    newest = section.newest
    value = dict(section.value if section.is_from_desk else section.in_file)
    if section.name == "queues":
        value = {"queues": {name: said or {} for name, said in value.get("queues", {}).items()}}
    state = {
        "source": "desk" if section.is_from_desk else "file",
        "version": section.version,
        "changed_by": newest.agent_name if newest else None,
        "changed_at": newest.changed_at if newest else None,
        "misfits": [mistake.sentence for mistake in section.misfits],
    }
    return msgspec.convert({**value, **state}, _SECTIONS[section.name])


_AT = "/admin/settings"
OPERATIONS: tuple[Operation, ...] = (
    reading(
        _AT, "admin_settings", "What counts of relevo.yml and the desk.", give_settings, wire.SettingsView, who=ADMINS
    ),
    putting(
        f"{_AT}/queues",
        "admin_put_queues",
        "Say which queues there are.",
        put_queues,
        wire.PutQueues,
        wire.QueuesSection,
        who=ADMINS,
    ),
    putting(
        f"{_AT}/hours",
        "admin_put_hours",
        "Say when people are there.",
        put_hours,
        wire.PutHours,
        wire.HoursSection,
        who=ADMINS,
    ),
    putting(
        f"{_AT}/sla", "admin_put_sla", "Say how soon people answer.", put_sla, wire.PutSla, wire.SlaSection, who=ADMINS
    ),
    changing(
        f"{_AT}/reset",
        "admin_reset_section",
        "Go back to what relevo.yml says.",
        reset_section,
        wire.ResetSection,
        wire.SettingsView,
        who=ADMINS,
    ),
)
