"""What an answer of X means: verdicts, by whichever of its two ways it says no (problem+json, or a list of errors).

X is asked by ``XApi`` alone, which raises these and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from relevo.errors import RelevoError

_LONGEST_SENTENCE = 300


class XError(RelevoError):
    """X did not do what it was asked."""

    code = "x"


class XRefused(XError):
    """X refuses it, and will again."""

    code = "x_refused"

    def __init__(
        self,
        status: int,
        title: str,
        sentence: str,
        *,
        legacy_code: int | None = None,
        errors: Sequence[Any] = (),
    ) -> None:
        super().__init__(f"X refuses it ({status}): {sentence}")
        self.status = status
        self.title = title
        self.sentence = sentence
        self.legacy_code = legacy_code
        """The number that older endpoints give, such as 349 for who takes no messages."""
        self.errors = errors
        """What it says of each thing that was asked for, as it came."""


class XLimited(XError):
    """X takes no more of this for now."""

    code = "x_limited"

    def __init__(self, until: datetime) -> None:
        super().__init__(f"X takes no more of this until {until:%H:%M} UTC.")
        self.until = until


class XAway(XError):
    """X could not be asked, or could not say what it was asked; nothing was changed."""

    code = "x_away"


class XUnanswered(XError):
    """Something went out to X and no answer came: whether it was done is not known."""

    code = "x_unanswered"


class XNoCredits(XError):
    """The account's credits with X are used up; buy new ones in the developer portal."""

    code = "x_no_credits"


class XSignedOut(XError):
    """X does not accept the account's tokens; run: relevo x login."""

    code = "x_signed_out"


def document_of(body: bytes) -> dict[str, Any] | None:
    """Read an answer's body; None where it is no JSON object, as a proxy's page of errors is none."""
    if not body.strip():
        return {}
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return document if isinstance(document, dict) else None


def refusal(status: int, document: Mapping[str, Any] | None) -> XRefused:
    """Give the refusal that a body tells of, in X's words; never anything that was sent."""
    told = document or {}
    errors = _list(told.get("errors"))
    first = next((each for each in errors if isinstance(each, dict)), {})
    title = told.get("title") or first.get("title") or _last(told.get("type") or first.get("type")) or "refused"
    sentence = told.get("detail") or first.get("detail") or first.get("message") or title
    code = first.get("code")
    legacy_code = code if isinstance(code, int) else None
    return XRefused(status, _brief(title), _brief(sentence), legacy_code=legacy_code, errors=errors)


def is_wholly_refused(document: Mapping[str, Any]) -> bool:
    """Tell whether an answer with a good status holds errors and nothing else."""
    return bool(_list(document.get("errors"))) and not document.get("data")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _last(kind: Any) -> str:
    return kind.rpartition("/")[2] if isinstance(kind, str) else ""


def _brief(text: Any) -> str:
    return " ".join(str(text).split())[:_LONGEST_SENTENCE]
