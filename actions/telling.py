"""What a form gathers from whatever is said: an amount, photos and bills, and what somebody does not have.

The draft is plain data in the slot ``draft``. Nothing in it is asked for twice, and all of it can be put right, also
once it was shown. Photos count whenever they were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from actions.cases import same_case
from actions.conversation import TELLING, Talk
from actions.handoff import to_person
from relevo.domain.attachments import Attachment, AttachmentKind
from relevo.domain.cases import Trigger

EUR = "EUR"

Draft = dict[str, Any]


async def gathered(talk: Talk, before: Draft, *, is_spending: bool = False) -> Draft:
    """Give the draft with what this message tells or puts right, and remember it; ``is_new`` says whether it does.

    Of what was spent every photo is a bill, and amounts add up.
    """
    nothing: Draft = {"amount": None, "currency": EUR, "photos": [], "bills": [], "lacks": []}
    before = {**nothing, "told_on": talk.turn.today.isoformat(), **before}
    draft = dict(before)
    if amount := _amount(talk, draft["amount"], is_spending=is_spending):
        draft["amount"], draft["currency"] = amount
    photos, bills = _sorted(talk, await _fresh(talk, draft), bills_only=is_spending)
    draft |= {"photos": draft["photos"] + photos, "bills": draft["bills"] + bills}
    draft["lacks"] = sorted({*draft["lacks"], *_lacks(talk)})
    draft["is_new"] = any(draft[name] != before[name] for name in nothing)
    talk.memory["draft"] = draft
    return draft


def settled(talk: Talk, draft: Draft, kind: str, about: str) -> Draft:
    """Give the draft with the ticket or report that it is about; what was told about another one does not count."""
    if draft.get("about") not in (None, about):
        draft = {
            **draft,
            "told_on": talk.turn.today.isoformat(),
            "photos": [],
            "bills": [],
            "lacks": [],
            "asked": False,
        }
    talk.memory["draft"] = draft = {**draft, kind: about, "about": about}
    return draft


def keep(talk: Talk, draft: Draft, case_id: str | None) -> None:
    """Keep what was sent as evidence."""
    for attachment_id in (*draft["photos"], *draft["bills"]):
        talk.turn.keep_attachment(UUID(attachment_id), AttachmentKind.EVIDENCE, case_id)


async def is_foreign(talk: Talk, draft: Draft, case_type: str) -> bool:
    """Give an amount in another currency to a person, with everything that was told, and tell whether it was one."""
    if draft["currency"] == EUR:
        return False
    number = await same_case(talk, case_type, Trigger.POLICY_RULE, told=dict(draft))
    keep(talk, draft, number)
    await to_person(talk, number, case_type, Trigger.POLICY_RULE, "utter_foreign_amount")
    return True


def _amount(talk: Talk, known: int | None, *, is_spending: bool) -> tuple[int, str] | None:
    """Give the amount that is told; a number alone is one where an amount was asked for or shown."""
    entities, stage = talk.heard.entities, talk.memory["stage"]
    parts = (one.partition(" ") for one in entities.get("amount", ()))
    given = [(int(amount), currency) for amount, _, currency in parts]
    if not given and (stage in TELLING or stage == "confirm"):
        given = [(int(amount), EUR) for amount in entities.get("bare_amount", ())]
    amounts = [amount for amount, _ in given]
    if not given or len({currency for _, currency in given}) > 1 or not is_spending:
        return given[-1] if given else None
    return _total(amounts, known), given[0][1]


def _total(amounts: Sequence[int], known: int | None) -> int:
    """Give what was spent in all: the amount that the others add up to; beside the known one, the other one."""
    total, others = sum(amounts), [amount for amount in amounts if amount != known]
    if len(amounts) > 2 and total % 2 == 0 and total // 2 in amounts:
        return total // 2
    return others[-1] if known in amounts and others else total


async def _fresh(talk: Talk, draft: Draft) -> list[Attachment]:
    known = {*draft["photos"], *draft["bills"]}
    return [file for file in await talk.turn.files() if str(file.id) not in known]


def _sorted(talk: Talk, files: list[Attachment], *, bills_only: bool) -> tuple[list[str], list[str]]:
    """Tell photos of what happened from bills, by what was written with them."""
    write, text = talk.wording, talk.heard.text
    says_bill = write.one_of("bill_words", text) is not None and write.one_of("lacking", text) is None
    says_photo = write.one_of("photo_words", text) is not None
    photos = [file for file in files if file.is_image and not bills_only]
    if says_bill and says_photo:
        photos = photos[:-1]  # "a photo of the receipt" is one of it
    elif says_bill:
        photos = []
    return [str(file.id) for file in photos], [str(file.id) for file in files if file not in photos]


def _lacks(talk: Talk) -> set[str]:
    """Tell what somebody says that they do not have; "no" to a question for it is that too."""
    write, text = talk.wording, talk.heard.text
    if write.one_of("lacking", text) is None:
        return set()
    named = {what for what in ("photo", "bill") if write.one_of(f"{what}_words", text)}
    return named or ({"photo", "bill"} if talk.memory["stage"] in TELLING and talk.heard.intent == "deny" else set())
