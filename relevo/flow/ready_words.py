"""Who may keep ready words: everybody their own, supervisors those of all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import CannedReply, CannedText, Macro, ReadyWords
from relevo.domain.routing import LEADING_ROLES
from relevo.errors import AccessDenied, NotFound, Unreadable
from relevo.flow.desk import words
from relevo.flow.macros import checked_steps

_CODE = re.compile(r"[\w-]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
Kept = TypeVar("Kept", CannedReply, Macro)


class ReadyWork(msgspec.Struct, frozen=True, kw_only=True):
    """The verbs of whoever keeps ready words."""

    ready: ReadyWords

    async def add_reply(self, agent: AgentAccount, text: CannedText) -> CannedReply:
        """Keep a new reply."""
        _demand_own(agent, text.agent_id)
        return await self.ready.add_reply(agent.id, _checked(text))

    async def change_reply(self, agent: AgentAccount, reply_id: int, text: CannedText) -> CannedReply:
        """Put other words in a reply's place."""
        kept = _find(await self.ready.replies(agent.id), reply_id)
        for owner in (kept.agent_id, text.agent_id):
            _demand_own(agent, owner)
        return await self.ready.change_reply(agent.id, reply_id, _checked(text))

    async def remove_reply(self, agent: AgentAccount, reply_id: int) -> None:
        """Forget a reply."""
        _demand_own(agent, _find(await self.ready.replies(agent.id), reply_id).agent_id)
        await self.ready.remove_reply(reply_id)

    async def add_macro(
        self, agent: AgentAccount, name: str, steps: Sequence[Mapping[str, Any]], owner: int | None
    ) -> Macro:
        """Keep a new macro."""
        _demand_own(agent, owner)
        return await self.ready.add_macro(agent.id, _named(name), checked_steps(steps), owner)

    async def change_macro(
        self, agent: AgentAccount, macro_id: int, name: str, steps: Sequence[Mapping[str, Any]]
    ) -> Macro:
        """Put other steps in a macro's place."""
        _demand_own(agent, (await self.macro(agent, macro_id)).agent_id)
        return await self.ready.change_macro(agent.id, macro_id, _named(name), checked_steps(steps))

    async def remove_macro(self, agent: AgentAccount, macro_id: int) -> None:
        """Forget a macro."""
        _demand_own(agent, (await self.macro(agent, macro_id)).agent_id)
        await self.ready.remove_macro(macro_id)

    async def macro(self, agent: AgentAccount, macro_id: int) -> Macro:
        """Give a macro that an agent may run; raises NotFound."""
        return _find(await self.ready.macros(agent.id), macro_id)


def may_keep(agent: AgentAccount, owner: int | None) -> bool:
    """Tell whether an agent may change what is an owner's, or everybody's."""
    return agent.role in LEADING_ROLES if owner is None else owner == agent.id


def _demand_own(agent: AgentAccount, owner: int | None) -> None:
    if owner is not None and owner != agent.id:
        raise AccessDenied("Keep it as your own or for everybody, not for a colleague.", code="others_words")
    if not may_keep(agent, owner):
        raise AccessDenied("Only supervisors change what everybody uses. Keep it as your own.", code="shared_words")


def _find(kept: Iterable[Kept], number: int) -> Kept:
    for each in kept:
        if each.id == number:
            return each
    raise NotFound("It was removed already, or never was.")


def _checked(text: CannedText) -> CannedText:
    code = text.code.strip().removeprefix("/").casefold()
    if not _CODE.fullmatch(code):
        raise Unreadable("A code is one short word such as gracias: letters, digits, - and _.", code="bad_code")
    if not _LANGUAGE.fullmatch(text.language):
        raise Unreadable("“language” must be a language's code, such as es.", code="bad_language")
    return replace(text, code=code, title=_named(text.title), text=words(text.text))


def _named(name: str) -> str:
    name = " ".join(words(name).split())
    if not name.isprintable():
        raise Unreadable("A name has letters that can be read, and nothing else.", code="bad_name")
    return name
