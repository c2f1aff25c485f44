"""What a form gathers from whatever is said: an amount, photos and bills, and what somebody does not have.

The draft is plain data in the slot ``draft``. Nothing in it is asked for twice, and all of it can be put right, also
once it was shown. Photos count whenever they were sent.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from actions.cases import same_case
from actions.conversation import TELLING, Talk
from actions.handoff import to_person
from relevo.domain.attachments import Attachment, AttachmentKind
from relevo.domain.cases import Trigger

EUR = "EUR"

Draft = dict[str, Any]


async def gathered(talk: Talk, *, is_spending: bool = False) -> Draft:
    """Give the draft with what this message tells or puts right, and remember it.

    Of what was spent every photo is a bill, and amounts add up.
    """
    draft: Draft = {
        "told_on": talk.turn.today.isoformat(),
        "amount": None,
        "currency": EUR,
        "photos": [],
        "bills": [],
        "lacks": [],
        **(talk.memory["draft"] or {}),
    }
    if amount := _amount(talk, is_spending=is_spending):
        draft["amount"], draft["currency"] = amount
    photos, bills = _sorted(talk, await _fresh(talk, draft), bills_only=is_spending)
    draft |= {"photos": draft["photos"] + photos, "bills": draft["bills"] + bills}
    draft["lacks"] = sorted({*draft["lacks"], *_lacks(talk)})
    talk.memory["draft"] = draft
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


def _amount(talk: Talk, *, is_spending: bool) -> tuple[int, str] | None:
    """Give the amount that is told; a number alone is one where an amount was asked for or shown."""
    entities, stage = talk.heard.entities, talk.memory["stage"]
    parts = (one.partition(" ") for one in entities.get("amount", ()))
    given = [(int(amount), currency) for amount, _, currency in parts]
    if not given and (stage in TELLING or stage == "confirm"):
        given = [(int(amount), EUR) for amount in entities.get("bare_amount", ())]
    is_sum = is_spending and stage != "confirm" and len({currency for _, currency in given}) == 1
    if is_sum:
        return sum(amount for amount, _ in given), given[0][1]
    return given[-1] if given else None


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
        photos = photos[:1]
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
