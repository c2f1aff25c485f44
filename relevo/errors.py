"""The error tree: every way in which Relevo says no, with a stable code and a sentence.

RelevoError
├── ConfigurationError        refuses to start; never caught below the command line
├── RequestError              the caller's request cannot be served        (its own status)
│   ├── Unreadable            400   the request itself is malformed
│   ├── AccessDenied          401 / 403
│   ├── NotFound              404
│   ├── Conflict              409   makes no sense now
│   ├── Gone                  410   it was here, and was erased
│   ├── TooLarge              413
│   ├── Unsupported           415   a kind of file that is not taken
│   ├── Incomplete            422   something that must be told is missing
│   ├── TooMany               429
│   └── Damaged               500   what was stored cannot be opened any more
├── TurnPending               503   the answer is not there yet; ask again with the same id
├── LeaseLost                 somebody else works on the row now; drop what you did
├── StaleVerdict              what a policy counted on has changed; judge again
├── BrainError
│   ├── BrainUnavailable      no model, or it cannot be loaded
│   ├── NotKnown              the conversation is about what this model knows nothing of
│   └── TurnFailed            the brain raised while answering
├── BusinessUnavailable       the business's own system did not answer; try again later
└── SendError                 a delivery's verdict
    ├── SendDeferred          certainly not sent; again later
    │   ├── PlatformAway      nobody could be asked: says nothing about the message, and counts as no attempt
    │   └── SendDelayed       the platform takes no more for now: said beside the message, and counts as no attempt
    ├── SendRefused           certainly not sent, and never will be
    │   └── SendUnwanted      its contact asked for no such message
    └── SendUnconfirmed       left us, no answer: find out first

The docstring is the default message; the class is the verdict; ``code`` is stable and machine-readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar


class RelevoError(Exception):
    """Something went wrong in Relevo."""

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or (type(self).__doc__ or "").strip())


class ConfigurationError(RelevoError):
    """The configuration cannot be used."""

    code = "configuration"


class RequestError(RelevoError):
    """The request cannot be served."""

    code = "bad_request"
    status: ClassVar[int] = 400

    def __init__(
        self, sentence: str | None = None, *, code: str | None = None, details: Mapping[str, str | int] | None = None
    ) -> None:
        super().__init__(sentence)
        self.reason = code or self.code
        self.details: Mapping[str, str | int] = details or {}


class Unreadable(RequestError):
    """The request cannot be read."""

    code = "unreadable"


class AccessDenied(RequestError):
    """You are not allowed to do this."""

    code = "access_denied"
    status = 403


class NotAuthenticated(AccessDenied):
    """Sign in first."""

    code = "not_authenticated"
    status = 401


class NotFound(RequestError):
    """There is nothing here."""

    code = "not_found"
    status = 404


class Conflict(RequestError):
    """This makes no sense now: something changed in the meantime."""

    code = "conflict"
    status = 409


class Gone(RequestError):
    """This was erased."""

    code = "gone"
    status = 410


class TooLarge(RequestError):
    """The request is too large."""

    code = "too_large"
    status = 413


class Incomplete(RequestError):
    """Something that must be told is missing."""

    code = "incomplete"
    status = 422


class Unsupported(RequestError):
    """Files of this kind are not taken."""

    code = "unsupported_file"
    status = 415


class Damaged(RequestError):
    """What was stored is damaged and cannot be opened any more."""

    code = "damaged"
    status = 500


class TooMany(RequestError):
    """Too many requests; wait a moment."""

    code = "too_many_requests"
    status = 429

    def __init__(self, sentence: str | None = None, *, retry_after_seconds: int = 10) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(RequestError):
    """Something Relevo needs is not reachable right now; nothing was accepted, so send it again."""

    code = "unavailable"
    status = 503


class TurnPending(Unavailable):
    """The message is kept, its answer is not there yet; send the same message_id again to fetch it."""

    code = "turn_pending"


class LeaseLost(RelevoError):
    """Another worker holds this row now."""

    code = "lease_lost"


class StaleVerdict(RelevoError):
    """What was spent has changed since it was judged."""

    code = "stale_verdict"


class BrainError(RelevoError):
    """The bot could not answer."""

    code = "brain"


class BrainUnavailable(BrainError):
    """There is no model that the bot can load."""

    code = "brain_unavailable"


class NotKnown(BrainError):
    """The conversation is in the middle of something that this bot's model does not know."""

    code = "not_known"

    def __init__(self, names: frozenset[str], ending: tuple[bytes, ...]) -> None:
        super().__init__(f"Nothing is known here of {', '.join(sorted(names))}.")
        self.names = names
        self.ending = ending
        """Tracker events, JSON documents, that leave what the conversation is in the middle of."""


class TurnFailed(BrainError):
    """The bot raised an error while answering."""

    code = "turn_failed"


class BusinessUnavailable(RelevoError):
    """The business's system did not answer."""

    code = "business_unavailable"


class SendError(RelevoError):
    """A message was not delivered."""

    code = "send"


class SendDeferred(SendError):
    """Certainly not sent; it will be tried again."""

    code = "send_deferred"

    def __init__(self, sentence: str | None = None, *, until: datetime | None = None) -> None:
        super().__init__(sentence)
        self.until = until


class PlatformAway(SendDeferred):
    """The platform cannot be reached; that says nothing about the message."""

    code = "platform_away"


class SendDelayed(SendDeferred):
    """The platform takes no more messages for now."""

    code = "send_delayed"


class SendRefused(SendError):
    """Certainly not sent, and it never will be."""

    code = "send_refused"


class SendUnwanted(SendRefused):
    """Not sent, since its contact asked for no such message: nobody has to see to it."""

    code = "send_unwanted"


class SendUnconfirmed(SendError):
    """It left us and nobody answered."""

    code = "send_unconfirmed"
