"""Leaves out of what was read what an agent may not see, and refuses it like what there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from relevo.contracts.contacts import ContactView, Wanted
from relevo.contracts.search import Found
from relevo.contracts.store import Store
from relevo.domain.messages import clean_text
from relevo.domain.reports import EpisodeLine
from relevo.domain.sight import Sight
from relevo.errors import NotFound


class HasConversation(Protocol):
    """What has a conversation's number as its own, or none."""

    @property
    def id(self) -> UUID:
        """Give it."""
        ...


class HasCase(Protocol):
    """What has a case's number as its own."""

    @property
    def id(self) -> str:
        """Give it."""
        ...


Line = TypeVar("Line", bound=HasConversation)
CaseLine = TypeVar("CaseLine", bound=HasCase)


class Eyes(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's eyes on what the store has."""

    store: Store
    sight: Sight | None
    """None: they see everything."""

    async def demand(self, variables: Mapping[str, Any]) -> None:
        """Raise NotFound for a conversation, case or contact among an address's variables that is not seen."""
        if self.sight is None:
            return
        if "conversation_id" in variables:
            await self.demand_conversation(variables["conversation_id"])
        if "case_id" in variables:
            await self.demand_case(clean_text(str(variables["case_id"])))
        if "contact_id" in variables:
            await self.demand_contact(variables["contact_id"])

    async def demand_conversation(self, conversation_id: UUID | None) -> None:
        """Raise NotFound for a conversation that is not seen."""
        if conversation_id not in await self.among_conversations([conversation_id]):
            raise NotFound("There is no such conversation.")

    async def demand_case(self, case_id: str) -> None:
        """Raise NotFound for a case that is not seen."""
        if case_id not in await self.among_cases([case_id]):
            raise NotFound("There is no such case.")

    async def demand_contact(self, contact_id: UUID) -> None:
        """Raise NotFound for a contact of whom nothing is seen."""
        if self.sight is None:
            return
        kept = (await self.store.contacts.get(contact_id)).id
        if kept not in await self.store.sights.contacts(self.sight, [kept]):
            raise NotFound("There is no such contact.")

    async def demand_effect(self, key: str) -> None:
        """Raise NotFound for an effect of a case, or where it has none of a conversation, that is not seen."""
        if self.sight is None:
            return
        effect = await self.store.approvals.get(key)
        is_seen = (
            effect.case_id in await self.among_cases([effect.case_id])
            if effect.case_id
            else effect.conversation_id in await self.among_conversations([effect.conversation_id])
        )
        if not is_seen:
            raise NotFound("There is no such effect.")

    async def demand_attachment(self, attachment_id: UUID) -> None:
        """Raise NotFound for a file of a conversation that is not seen."""
        if self.sight is None:
            return
        conversation_id = await self.store.sights.conversation_of(attachment_id)
        if conversation_id not in await self.among_conversations([conversation_id]):
            raise NotFound("There is no such file.", code="unknown_attachment")

    async def among_conversations(self, ids: Iterable[UUID | None]) -> frozenset[UUID]:
        """Give those that are seen."""
        known = {each for each in ids if each is not None}
        return frozenset(known) if self.sight is None else await self.store.sights.conversations(self.sight, known)

    async def among_cases(self, ids: Iterable[str | None]) -> frozenset[str]:
        """Give those that are seen."""
        known = {each for each in ids if each is not None}
        return frozenset(known) if self.sight is None else await self.store.sights.cases(self.sight, known)

    async def conversations(self, lines: Sequence[Line]) -> list[Line]:
        """Give the conversations that are seen, in their order."""
        seen = await self.among_conversations(line.id for line in lines)
        return [line for line in lines if line.id in seen]

    async def cases(self, cases: Sequence[CaseLine]) -> list[CaseLine]:
        """Give the cases that are seen, in their order."""
        seen = await self.among_cases(case.id for case in cases)
        return [case for case in cases if case.id in seen]

    async def person(self, view: ContactView) -> ContactView:
        """Give of a person what is seen: where they write, their cases, who may be the same."""
        if self.sight is None:
            return view
        cases = tuple(await self.cases(view.cases))
        spoken = await self.among_conversations(on.conversation_id for on in view.seen_on)
        others = await self.store.sights.contacts(self.sight, {each.contact_id for each in view.suggestions})
        numbers = {case.id for case in cases}
        return replace(
            view,
            cases=cases,
            seen_on=tuple(on for on in view.seen_on if on.conversation_id is None or on.conversation_id in spoken),
            suggestions=tuple(each for each in view.suggestions if each.contact_id in others),
            case_merges=tuple(each for each in view.case_merges if each.kept in numbers),
        )

    async def narrowed(self, view: ContactView, wanted: Wanted) -> Wanted:
        """Ask of a person's timeline for what is seen."""
        if self.sight is None:
            return wanted
        seen = await self.person(view)
        spoken = tuple(on.conversation_id for on in seen.seen_on if on.conversation_id is not None)
        return replace(wanted, conversations=spoken, cases=tuple(case.id for case in seen.cases))

    async def findings(self, found: Sequence[Found]) -> list[Found]:
        """Give what was found and is seen; a contact without the conversation that is not."""
        if self.sight is None:
            return list(found)
        spoken = await self.among_conversations(each.conversation_id for each in found)
        cases = await self.among_cases(each.case_id for each in found if each.kind == "case")
        people = {each.contact_id for each in found if each.kind == "contact" and each.contact_id is not None}
        contacts = await self.store.sights.contacts(self.sight, people)
        shown = []
        for each in found:
            kept = {"case": each.case_id in cases, "contact": each.contact_id in contacts}
            if kept.get(each.kind, each.conversation_id in spoken):
                is_whole = each.conversation_id in spoken
                shown.append(each if is_whole else replace(each, conversation_id=None, channel=None, address=None))
        return shown

    async def episodes(self, lines: Sequence[EpisodeLine]) -> list[EpisodeLine]:
        """Give the episodes behind a number; of a case that is not seen, nothing."""
        spoken = await self.among_conversations(line.conversation_id for line in lines)
        cases = await self.among_cases(line.case_id for line in lines)
        return [
            line if line.case_id is None or line.case_id in cases
            else replace(line, case_id=None, case_type=None, goal=None)
            for line in lines
            if line.conversation_id in spoken
        ]  # fmt: skip
