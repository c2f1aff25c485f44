"""Reads a signed identity: a JWT (HS256) in which a site's own server says who its visitor is, for an hour at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jwt
import msgspec

from relevo.domain.messages import clean_text
from relevo.errors import NotAuthenticated

MOST_SECONDS = 3_600
_LEEWAY_SECONDS = 60
"""By how much two clocks may differ."""
_MOST_CHARACTERS = 4_096
_MOST_REFERENCE, _MOST_NAME = 200, 200
_OURSELVES: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
"""Claims are looked at by our own clock, and each refusal names its claim."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a site says of its visitor."""

    sub: str
    """The business's own reference of the person."""
    name: str | None
    email: str | None


def read_identity(token: str, keys: Sequence[str], site: str, now: datetime) -> Claims:
    """Read a token that one of the keys has signed for this site; raises NotAuthenticated naming what is wrong."""
    said = _verified(token, keys)
    _demand_site(said, site)
    _demand_current(said, now.timestamp())
    sub = said.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub.strip()) <= _MOST_REFERENCE or not sub.isprintable():
        raise bad_identity("sub", f"“sub” must be the person's reference, a text of 1 to {_MOST_REFERENCE} characters.")
    return Claims(sub=sub.strip(), name=_text(said, "name"), email=_text(said, "email"))


def bad_identity(claim: str, sentence: str) -> NotAuthenticated:
    """Give the refusal that names what is wrong with a token, and nothing that stands in it."""
    return NotAuthenticated(sentence, code="bad_identity", details={"claim": claim})


def _verified(token: str, keys: Sequence[str]) -> Mapping[str, Any]:
    if len(token) > _MOST_CHARACTERS:
        raise bad_identity("format", f"The token has more than {_MOST_CHARACTERS} characters.")
    found: Mapping[str, Any] | None = None
    for key in keys:
        try:
            found = jwt.decode(token, key, algorithms=["HS256"], options=_OURSELVES)
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidAlgorithmError:
            raise bad_identity("alg", "Sign the token with HS256; nothing else is taken.") from None
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
            raise bad_identity(
                "format", "This is no JSON Web Token; send the three parts as they were signed."
            ) from None
    if found is None:
        raise bad_identity(
            "signature", "The signature does not fit the site's key; sign with the key that is set here."
        )
    return found


def _demand_site(said: Mapping[str, Any], site: str) -> None:
    audience = said.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if site not in named:
        raise bad_identity("aud", f"The token is not for this site; “aud” must be “{site}”.")


def _demand_current(said: Mapping[str, Any], now: float) -> None:
    until = _moment(said, "exp")
    if until is None:
        raise bad_identity("exp", "“exp” is missing or no number of seconds; a token is for an hour at most.")
    if until <= now - _LEEWAY_SECONDS:
        raise bad_identity("exp", "The token is over; sign a new one, and look at the clock of the server that signs.")
    if until > now + MOST_SECONDS + _LEEWAY_SECONDS:
        raise bad_identity("exp", "“exp” is more than an hour away; look at the clock of the server that signs.")
    for claim in ("iat", "nbf"):
        since = _moment(said, claim)
        if (claim in said and since is None) or (since is not None and since > now + _LEEWAY_SECONDS):
            raise bad_identity(claim, f"“{claim}” is still to come; look at the clock of the server that signs.")


def _moment(said: Mapping[str, Any], claim: str) -> float | None:
    value = said.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e12 < value < 1e12:
        return None
    return float(value)


def _text(said: Mapping[str, Any], claim: str) -> str | None:
    value = said.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > _MOST_NAME:
        raise bad_identity(claim, f"“{claim}” must be a text of at most {_MOST_NAME} characters.")
    return " ".join(clean_text(value).split()) or None
