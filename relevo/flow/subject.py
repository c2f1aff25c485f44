"""A conversation that a model is asked about: what is known of it, and the mask that hides whom it is about."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import msgspec

from relevo.contracts.handoff import HandoffRecord
from relevo.contracts.store import Store
from relevo.domain.conversations import Conversation
from relevo.domain.masking import Mask
from relevo.flow.asking import Asking
from relevo.flow.record import newest_record


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation, and what must not leave of it."""

    conversation: Conversation
    record: HandoffRecord | None
    """Of its newest handoff, where there was one."""
    mask: Mask


async def subject_of(asking: Asking, store: Store, conversation_id: UUID) -> Subject:
    """Read a conversation; raises NotFound."""
    line = await store.desk.conversation(conversation_id)
    conversation = await store.conversations.get(conversation_id)
    record = newest_record(await store.desk.episodes(conversation_id))
    mask = asking.mask(
        [line.address, conversation.identity.business_ref, *_references(record)],
        names=[line.contact_name, line.agent_name, *_names(record)],
    )
    return Subject(conversation=conversation, record=record, mask=mask)


def _references(record: HandoffRecord | None) -> Iterator[str]:
    """Give what a record knows somebody by, names apart."""
    for slot in record.slots if record else ():
        if slot.is_personal and slot.name != "name":
            yield from _texts(slot.value)
    for reference in record.business_refs if record else ():
        yield reference.id


def _names(record: HandoffRecord | None) -> Iterator[str]:
    for slot in record.slots if record else ():
        if slot.name == "name":
            yield from _texts(slot.value)
    if record and record.contact.display_name:
        yield record.contact.display_name


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
