"""Which addresses somebody may be told at, as far as their form says."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_URL_CHARACTERS = 500


def url_problem(url: str, *, may_be_plain_here: bool) -> str | None:
    """Say what is wrong with an address, or None."""
    if len(url) > MAX_URL_CHARACTERS or not (url.isascii() and url.isprintable()) or " " in url:
        return f"The address must have at most {MAX_URL_CHARACTERS} ASCII characters and no spaces."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is no address."
    if not host or parts.fragment or parts.username is not None or parts.password is not None:
        return "The address needs a host, and neither a user nor a fragment."
    allowed = ("https", "http") if may_be_plain_here else ("https",)
    return None if parts.scheme in allowed else "The address must begin with https://."
