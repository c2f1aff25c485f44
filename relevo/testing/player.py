"""Plays a dialogue step by step; see relevo.testing.dialogues for what the steps mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from relevo.contracts.accounts import AgentAccount, AgentPowers
from relevo.contracts.clock import system_clock
from relevo.domain.cases import Case
from relevo.domain.effects import POINTS, PreparedEffect
from relevo.domain.handoff import Handback
from relevo.domain.messages import Author, Content
from relevo.flow.approvals import Decider
from relevo.flow.attach import SentFile, attach
from relevo.flow.confirm import Confirmer
from relevo.flow.record import handback_record
from relevo.testing.dialogues import Dialogue, Transcript, fragments
from relevo.testing.stage import ContactOnStage, Stage

_LATER = (
    "UPDATE identities SET verified_until = verified_until - %(time)s::interval",
    "UPDATE codes SET expires_at = expires_at - %(time)s::interval",
)
_NO_LIMIT = AgentPowers(limits={"money": 10**9, POINTS: 10**9})


async def play(dialogue: Dialogue, stage: Stage, photo: bytes) -> None:
    """Play a dialogue; raises AssertionError with what was said when a step is not as written."""
    player = Player(stage=stage, photo=photo, known=frozenset(case.id for case in await stage.cases()))
    for verb, written in dialogue.steps:
        await getattr(player, f"_{verb}")(written)
    if dialogue.bar is not None:
        said = dialogue.messages
        player.transcript.demand(said <= dialogue.bar, f"{said} messages of the customer; the bar is {dialogue.bar}.")


@dataclass(kw_only=True)
class Player:
    """One dialogue that is being played."""

    stage: Stage
    photo: bytes
    known: frozenset[str]
    """Cases that were there before."""
    transcript: Transcript = field(default_factory=Transcript)
    answer: str = ""
    _read: int = 0

    @property
    def contact(self) -> ContactOnStage:
        """Who is the customer."""
        return self.stage.contact("customer")

    async def _customer(self, text: str) -> None:
        text = str(text).replace("{code}", self._code())
        self.transcript.note("customer", text)
        await self._spoken(text)

    async def _presses(self, title: str) -> None:
        self.transcript.note("presses", title)
        payloads = {button.title: button.payload for one in self._fresh for button in one.buttons}
        self.transcript.demand(title in payloads, f"There is no button '{title}', but {sorted(payloads)}.")
        await self._spoken(payloads[title])

    async def _sends(self, text: str | None) -> None:
        self.transcript.note("sends", f"a photo {text or ''}")
        channel, address = self.stage.channel.name, self.contact.address
        sent = SentFile(channel=channel, address=address, name="photo.jpg", claimed_mime="image/jpeg", data=self.photo)
        kept = await attach(self.stage.opened.store.attachments, sent)
        self._look()
        await self.contact.says(text or "", attachments=(kept,))
        self._hear()

    async def _spoken(self, text: str) -> None:
        self._look()
        await self.contact.says(text)
        self._hear()

    async def _bot(self, written: Any) -> None:
        for fragment in fragments(written):
            expected = fragment.replace("{case}", (await self._opened())[-1].id) if "{case}" in fragment else fragment
            self.transcript.demand(expected in self.answer, f"The answer lacks «{expected}».")

    async def _never(self, written: Any) -> None:
        for fragment in fragments(written):
            self.transcript.demand(fragment.lower() not in self.answer.lower(), f"The answer has «{fragment}» in it.")

    async def _mail(self, written: Any) -> None:
        if self.stage.services.codes is not None:
            await Confirmer(mailer=self.stage.services.codes.mailer, business=self.stage.services.business).step()
        await self.stage.play()
        shown = self.stage.mailbox.shown
        last = f"{shown[-1].content.subject}\n{shown[-1].content.text}" if shown else ""
        self.transcript.note("mail", last)
        for fragment in fragments(written):
            self.transcript.demand(fragment in last, f"The last mail lacks «{fragment}».")

    async def _effects(self, written: dict[str, str]) -> None:
        found = await self.stage.opened.database.rows("SELECT key, state FROM effects ORDER BY key")
        told = written or {}
        is_so = len(found) == len(told) and all(_is_told(key, state, told) for key, state in found)
        is_so = is_so and all(any(fnmatchcase(key, name) for key, _ in found) for name in told)
        self.transcript.demand(is_so, f"The effects are {dict(found)}, not {told}.")

    async def _cases(self, written: list[dict[str, str]]) -> None:
        names = ("type", "trigger", "status", "reference")
        opened = [{name: getattr(case, name) for name in names} for case in await self._opened()]
        is_so = len(opened) == len(written) and all(
            asked.items() <= case.items() for asked, case in zip(written, opened, strict=True)
        )
        self.transcript.demand(is_so, f"The cases are {opened}, not {written}.")

    async def _passes(self, time: str) -> None:
        self.transcript.note("passes", time)
        for statement in _LATER:
            await self.stage.opened.database.run(statement, {"time": time})

    async def _business(self, statement: str) -> None:
        self.transcript.note("business", statement)
        await self.stage.opened.database.run(statement)

    async def _agent(self, written: Any) -> None:
        self.transcript.note("agent", written)
        handoffs, agent = self.stage.opened.store.handoffs, await self._person("Sara Molina")
        self._look()
        if isinstance(written, dict) and "says" in written:
            conversation = await self.contact.conversation()
            text = Content(text=str(written["says"]))
            await self.stage.opened.store.conversations.say(conversation.id, Author.AGENT, text)
        elif isinstance(written, dict):
            conversation = await self.contact.conversation()
            handback = Handback(outcome=written["hands back"], agent=agent.name, told=written.get("told"))
            record = handback_record(handback, handoff_id=None, ended_at=system_clock())
            await handoffs.hand_back(conversation.id, conversation.control_version, agent.id, record)
        elif written == "takes over":
            conversation = await self.contact.conversation()
            await handoffs.take_over(conversation.id, conversation.control_version, agent.id, None)
        await self.stage.play()
        self._hear()

    async def _approved(self, key: str) -> None:
        effect = await self._prepared(key)
        self._look()
        await self._decider().approve(effect.order.key, effect.hash, await self._person("Noelia Prat"))
        await self.stage.play()
        self._hear()

    async def _declined(self, written: dict[str, str]) -> None:
        self._look()
        for key, reason in written.items():
            effect = await self._prepared(key)
            await self._decider().decline(effect.order.key, effect.hash, await self._person("Noelia Prat"), reason)
        await self.stage.play()
        self._hear()

    async def _prepared(self, name: str) -> PreparedEffect:
        keys = [row[0] for row in await self.stage.opened.database.rows("SELECT key FROM effects")]
        key = next((key for key in keys if fnmatchcase(key, name)), name)
        return await self.stage.opened.store.approvals.get(key)

    async def _person(self, name: str) -> AgentAccount:
        accounts, email = self.stage.opened.store.accounts, f"{name.split(maxsplit=1)[0].lower()}@stage.example"
        known = [agent for agent in await accounts.agents() if agent.email == email]
        agent = known[0] if known else await accounts.add_agent(email, name, "supervisor", "no hash", _NO_LIMIT)
        await accounts.seen(agent.id)
        return agent

    async def _opened(self) -> list[Case]:
        opened = [case for case in await self.stage.cases() if case.id not in self.known]
        return sorted(opened, key=lambda case: int(case.id.rpartition("-")[2]))

    def _decider(self) -> Decider:
        store, services = self.stage.opened.store, self.stage.services
        return Decider(
            approvals=store.approvals,
            effects=store.effects,
            business=services.business,
            policies=services.policies,
            conversations=store.conversations,
            live=self.stage.opened.live,
            clock=system_clock,
        )

    @property
    def _fresh(self) -> list[Content]:
        shown = [each.content for each in self.stage.channel.shown if each.address == self.contact.address]
        return shown[self._read :]

    def _look(self) -> None:
        self._read = sum(each.address == self.contact.address for each in self.stage.channel.shown)

    def _hear(self) -> None:
        self.answer = "\n\n".join(content.text or "" for content in self._fresh)
        self.transcript.note("bot", self.answer)
        self.transcript.demand("{" not in self.answer, "A value is missing in the answer.")

    def _code(self) -> str:
        mails = [delivery.content.text or "" for delivery in self.stage.mailbox.shown]
        codes = [found for text in mails for found in re.findall(r"\b\d{6}\b", text)]
        return codes[-1] if codes else "000000"


def _is_told(key: str, state: str, told: Mapping[str, str]) -> bool:
    return any(fnmatchcase(key, name) and state == as_told for name, as_told in told.items())
