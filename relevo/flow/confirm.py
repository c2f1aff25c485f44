"""Confirms in writing what was done: one mail for each effect, in the contact's language."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from relevo.contracts.business import Business, Person
from relevo.contracts.live import Live
from relevo.contracts.mail import DoneEffect, Mail, MissedPromise, Posting
from relevo.domain.effects import POINTS, EffectResult, EffectState
from relevo.domain.messages import Content
from relevo.errors import BusinessUnavailable, NotFound
from relevo.flow.amounts import day, money, number
from relevo.flow.mail import Mailer
from relevo.flow.texts import say
from relevo.flow.waiting import keep_watch

LOOK_SECONDS = 2.0
_log = structlog.get_logger()

TEXTS: Mapping[str, frozenset[str]] = {
    "credit_points": frozenset({"points", "balance"}),
    "refund": frozenset({"money", "means"}),
    "cancel_subscription": frozenset({"plan", "ends_on"}),
    "compensate_flight": frozenset({"money", "flight"}),
    "issue_voucher": frozenset({"money", "code", "valid_until"}),
    "change_email": frozenset({"email", "before"}),
    "change_name": frozenset({"full_name"}),
    "change_language": frozenset(),
    "report_baggage": frozenset({"report", "flight"}),
    "change_delivery_address": frozenset({"report", "address"}),
    "pay_essentials": frozenset({"money", "means", "report", "number"}),
    "pay_damage": frozenset({"money", "means", "flight", "number"}),
}
"""The kinds that have words of their own, and the facts that those need; any other is confirmed by its reference."""


async def confirm(
    mailer: Mailer, *, about: UUID, person: Person, effect: EffectResult, language: str | None = None
) -> Posting:
    """Write to a verified person that an effect was done; for each effect once, however often this is called.

    It is written in the language of the conversation in which it was done, else in the one on file.

    Of the effect's result are told, where they are there: ``points`` and ``balance``; ``amount`` (in minor units) with
    ``unit``, its currency, and ``means``, the means of payment as the contact knows it; ``plan`` and ``ends_on``;
    ``flight``; a voucher's ``code`` and ``valid_until``; ``email`` and the one ``before``; ``given_names`` and
    ``surnames``; of a bag its ``report`` and ``address``; and the business's own ``reference``, as ``number``.
    """
    if effect.state is not EffectState.DONE:
        raise ValueError(f"{effect.key} is {effect.state.value}; only what was done is confirmed.")
    done = DoneEffect(effect=effect, business_ref=person.ref, conversation_id=about, language=language)
    return await _write(mailer, _of_effect(done), person)


async def _write(mailer: Mailer, owed: Owed, person: Person) -> Posting:
    """Write to the address on file, and before that to the one that it has replaced: whose it was must hear of it."""
    mail = Mail(
        about=owed.about,
        business_ref=person.ref,
        address=person.email,
        content=owed.words(person, owed.language or person.language, mailer.company or ""),
        language=owed.language or person.language,
        once=owed.key,
    )
    if owed.also_to is not None:
        await mailer.send(replace(mail, address=owed.also_to, once=f"{owed.key}:before"))
    return await mailer.send(mail)


def confirmation(person: Person, effect: EffectResult, language: str, company: str) -> Content:
    """Give the words of a confirmation."""
    kind, _, reference = effect.key.partition(":")
    facts = _facts(language, effect.result)
    words = f"mail_{kind}" if kind in TEXTS and TEXTS[kind] <= facts.keys() else "mail_done"
    values = {**facts, "name": person.given_names, "reference": reference, "company": company}
    return Content(subject=say(language, f"{words}_subject", **values), text=say(language, words, **values))


def _facts(language: str, result: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        name: number(language, int(result[name])) for name in ("points", "balance") if result.get(name) is not None
    }
    unit = result.get("unit")
    if result.get("amount") is not None and unit and unit != POINTS:
        facts["money"] = money(language, int(result["amount"]), str(unit))
    if result.get("means"):
        facts["means"] = str(result["means"])
    facts |= {name: str(result[name]) for name in ("report", "flight", "address") if result.get(name)}
    if result.get("reference"):
        facts["number"] = str(result["reference"])
    if result.get("code") and result.get("valid_until"):
        until = day(language, date.fromisoformat(result["valid_until"]))
        facts |= {"code": str(result["code"]), "valid_until": until}
    if result.get("email") and result.get("before"):
        facts |= {"email": str(result["email"]), "before": str(result["before"])}
    if result.get("given_names") and result.get("surnames"):
        facts["full_name"] = f"{result['given_names']} {result['surnames']}"
    if result.get("plan") and result.get("ends_on"):
        facts |= {"plan": str(result["plan"]), "ends_on": day(language, date.fromisoformat(result["ends_on"]))}
    return facts


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that somebody should have by now."""

    key: str
    """Under which it is written once."""
    business_ref: str
    about: UUID | None
    language: str | None
    """What is spoken there; None: as the business has it on file."""
    words: Callable[[Person, str, str], Content]
    """Gives what is written to a person, in a language, in the name of a company."""
    also_to: str | None = None
    """An address that was on file before."""


class Confirmer(msgspec.Struct, frozen=True, kw_only=True):
    """Writes by mail what was done, by the bot or after an approval, and which promises were missed.

    It reads what is owed from the database, so that a crash between the deed and its mail costs a few seconds.
    """

    mailer: Mailer
    business: Business

    async def run(self, stop: asyncio.Event, live: Live) -> None:
        """Look now and then, while anything happens, until told to stop."""
        await keep_watch(stop, self._tried, live=live, what="confirm", pause_seconds=LOOK_SECONDS)

    async def _tried(self) -> int:
        try:
            return await self.step()
        except BusinessUnavailable as error:
            _log.warning("confirm.unreachable", code=error.code)
            return 1  # which is still to be written

    async def step(self) -> int:
        """Write what is owed by now, and give how many mails were seen to: posted, or given up for good."""
        mails, seen_to = self.mailer.mails, 0
        for owed in map(_of_effect, await mails.unconfirmed()):
            seen_to += await self._is_seen_to(owed)
        for owed in map(_of_promise, await mails.missed_promises()):
            seen_to += await self._is_seen_to(owed)
        return seen_to

    async def _is_seen_to(self, owed: Owed) -> bool:
        try:
            posting = await _write(self.mailer, owed, await self.business.person(owed.business_ref))
        except NotFound:  # the business or we have forgotten them: there is nobody to write to
            return await self._give_up(owed, "unknown_person")
        if posting in (Posting.BAD_ADDRESS, Posting.ANOTHER_CONTACT):
            return await self._give_up(owed, posting.value)
        return posting is Posting.POSTED

    async def _give_up(self, owed: Owed, reason: str) -> bool:
        await self.mailer.mails.give_up(owed.key)
        _log.warning("confirm.not_posted", reason=reason)
        return True


def _of_effect(done: DoneEffect) -> Owed:
    return Owed(
        key=confirmation_key(done.effect),
        business_ref=done.business_ref,
        about=done.conversation_id,
        language=done.language,
        words=lambda person, language, company: confirmation(person, done.effect, language, company),
        also_to=_replaced_address(done.effect),
    )


def _replaced_address(effect: EffectResult) -> str | None:
    is_about_mail = effect.key.startswith("change_email:") and effect.result.get("before")
    return str(effect.result["before"]) if is_about_mail else None


def _of_promise(promise: MissedPromise) -> Owed:
    def words(person: Person, language: str, company: str) -> Content:
        values = {"name": person.given_names, "case": promise.case_id, "company": company}
        subject = say(language, "mail_promise_missed_subject", **values)
        return Content(subject=subject, text=say(language, "mail_promise_missed", **values))

    return Owed(
        key=f"promise:{promise.case_id}:{int(promise.promised_at.timestamp())}",
        business_ref=promise.business_ref,
        about=promise.conversation_id,
        language=promise.language,
        words=words,
    )


def confirmation_key(effect: EffectResult) -> str:
    """Give the key under which an effect is confirmed once."""
    return f"confirmation:{effect.key}"
