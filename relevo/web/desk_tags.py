"""Tags by the API, for administrators: counted, renamed, recoloured, merged, given no longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from relevo.contracts.handoff import Moment
from relevo.domain.roles import ADMINS
from relevo.errors import Unreadable
from relevo.flow.worklist import tag_name
from relevo.web.desk_doors import Call
from relevo.web.openapi import Operation, changing, putting, reading

Colour = Literal["grey", "blue", "green", "amber", "red", "violet"]
TagName = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class CountedTagLine(msgspec.Struct, kw_only=True):
    """A tag, with how many cases have it."""

    name: str
    colour: str
    retired_at: Moment | None
    """Since when it is put on no further case; those that have it keep it."""
    cases: int
    open_cases: int


class CountedTags(msgspec.Struct, kw_only=True):
    """Every tag by name."""

    tags: Sequence[CountedTagLine]


class PutTag(msgspec.Struct, kw_only=True):
    """Says how a tag is from now on, on every case that has it."""

    name: TagName
    colour: Colour
    new_name: TagName | None = None
    is_retired: bool = False
    """Whether it is put on no further case."""


class MergeTags(msgspec.Struct, kw_only=True):
    """Has every case with a tag have another one in its place, for good."""

    name: TagName
    into: TagName


async def give_tags(call: Call) -> CountedTags:
    """Give every tag with its cases."""
    found = await call.services.store.tags.counted()
    return CountedTags(tags=[msgspec.convert(tag, CountedTagLine, from_attributes=True) for tag in found])


async def put_tag(call: Call, body: PutTag) -> CountedTagLine:
    """Give a tag another name and colour."""
    name, new_name = tag_name(body.name), tag_name(body.new_name or body.name)
    call.trail.target = f"tag:{name}"
    before, after = await call.services.store.tags.change(name, new_name, body.colour, is_retired=body.is_retired)
    lines = [msgspec.convert(tag, CountedTagLine, from_attributes=True) for tag in (before, after)]
    call.trail.before, call.trail.after = (msgspec.to_builtins(line) for line in lines)
    call.services.live.changed(None)
    return lines[1]


async def merge_tags(call: Call, body: MergeTags) -> CountedTagLine:
    """Merge a tag into another one."""
    name, into = tag_name(body.name), tag_name(body.into)
    if name == into:
        raise Unreadable("Choose another tag to merge it into.", code="same_tag")
    call.trail.target, call.trail.before = f"tag:{name}", {"tag": name}
    kept = await call.services.store.tags.merge(name, into)
    call.trail.after = {"tag": into, "cases": kept.cases}
    call.services.live.changed(None)
    return msgspec.convert(kept, CountedTagLine, from_attributes=True)


_AT = "/admin/tags"
OPERATIONS: tuple[Operation, ...] = (
    reading(_AT, "admin_tags", "Every tag with its cases.", give_tags, CountedTags, who=ADMINS),
    putting(_AT, "admin_put_tag", "Say how a tag is.", put_tag, PutTag, CountedTagLine, who=ADMINS),
    changing(f"{_AT}/merge", "admin_merge_tags", "Merge two tags.", merge_tags, MergeTags, CountedTagLine, who=ADMINS),
)
