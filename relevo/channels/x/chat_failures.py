"""What X means when it does not take an encrypted message, and what the desk is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from relevo.channels.x.answers import XRefused
from relevo.errors import SendDeferred, SendDelayed, SendError, SendRefused


class NotOnChat(SendRefused):
    """They have no keys for X's encrypted chat, so that nothing can be sent to them by it."""


STALE_KEYS = frozenset({"NonLatestKeyVersion", "RecipientKeyChanged"})
"""Mended by a newer key of the conversation."""
_DELAYED = frozenset({"TooManyMessages", "RateLimitUpsell"})
_ERRORS = frozenset({"InternalError", "GenericError"})
_WORDS: Mapping[str, str] = {
    "ContentsTooLarge": "It is too long for X's encrypted chat; send it in parts.",
    "RecipientNotTrusted": "X does not trust the keys of this person, so nothing can be sent to them encrypted.",
    "OnlyEncryptedMessagesAllowed": "This person takes encrypted messages only, and it was not.",
    "FlaggedAsSpam": "X took it for spam.",
    "RequesterNotAdmin": "X lets only those who manage the group write there.",
    "SenderNotGroupMember": "The account is no member of this group on X any more.",
    "TooManyMessages": "X takes no more encrypted messages for now.",
    "RateLimitUpsell": "X takes no more encrypted messages of this account for now.",
    "InternalError": "X had an error of its own.",
    "GenericError": "X did not take it, and gave no reason.",
    "NonLatestKeyVersion": "The conversation's key was changed again and again while it was sent.",
    "RecipientKeyChanged": "This person's keys were changed again and again while it was sent.",
}
_OWN_KEYS = (
    "X does not accept the account's signature, as if its keys were replaced elsewhere; look with: relevo x keys."
)
_SIGNATURE = frozenset({"InvalidSenderSignature", "SignatureFailedToVerifyAgainstPublicKey", "InvalidSignatureVersion"})
NAMES = frozenset({*_WORDS, *_SIGNATURE, "EmptyDetail", "InvalidPinRequest", "TooManyPins"})


def verdict(failure: str, now: datetime) -> SendError:
    """Give the ending of a message that X did not take for this reason."""
    words = _OWN_KEYS if failure in _SIGNATURE else _WORDS.get(failure, f"X did not take it ({failure}).")
    if failure in _DELAYED:
        return SendDelayed(words, until=now + timedelta(minutes=15))
    if failure in _ERRORS:
        return SendDeferred(words, until=now + timedelta(seconds=30))
    return SendRefused(words)


def named_in(refused: XRefused) -> str | None:
    """Give the failure that a refusal names; None where it names none."""
    said = f"{refused.title} {refused.sentence}".casefold().replace("_", "").replace(" ", "")
    return next((name for name in sorted(NAMES) if name.casefold() in said), None)
