"""What X's verdicts mean for a message that was certainly not sent: refused or sent later, and what people are told."""

from __future__ import annotations

from datetime import datetime, timedelta

from relevo.channels.x.answers import XAway, XError, XLimited, XNoCredits, XRefused, XSignedOut
from relevo.contracts.x import Limits, Wait
from relevo.errors import PlatformAway, SendDelayed, SendError, SendRefused

STOPPED = timedelta(minutes=10)
"""How long nobody asks after X wanted credits or tokens."""
_WHY = {
    "limit": "X takes no more messages from the account for now.",
    "no_credits": "The account's credits with X are used up; buy new ones in the developer portal.",
    "signed_out": "X does not accept the account's tokens any more; run: relevo x login.",
}


def delayed(wait: Wait) -> SendDelayed:
    """Say why something is not sent before a time."""
    return SendDelayed(_WHY[wait.why], until=wait.until)


async def why_stopped(limits: Limits, account_id: str) -> str | None:
    """Say why nothing is sent at all; None where something is."""
    wait = await limits.stopped(account_id)
    return str(delayed(wait)) if wait is not None else None


async def verdict(error: XError, limits: Limits, account_id: str, now: datetime) -> SendError:
    """Give what becomes of a message; for all hosts nothing is sent for a while where X wants credits or tokens."""
    if isinstance(error, XLimited):
        return SendDelayed(_WHY["limit"], until=error.until)
    if isinstance(error, XNoCredits | XSignedOut):
        wait = Wait(until=now + STOPPED, why="no_credits" if isinstance(error, XNoCredits) else "signed_out")
        await limits.stop(account_id, wait.why, wait.until)
        return delayed(wait)
    if isinstance(error, XRefused):
        return SendRefused(_refusal(error))
    return PlatformAway(str(error)) if isinstance(error, XAway) else SendError(str(error))


def _refusal(error: XRefused) -> str:
    """Say why X refuses a message, and what to do instead."""
    if error.status == 404:
        return "This account is not on X any more. Answer by another way that is on file."
    if error.status == 403 and "media" in error.sentence.lower():
        return f"X does not take this file: {error.sentence} Send it by another way that is on file."
    if error.status == 403:
        return (
            f"X does not let the account write to them: {error.sentence} They may have closed their messages or blocked"
            " the account. Ask them publicly to write to you, or answer by another way that is on file."
        )
    return f"X refuses the message: {error.sentence}"
