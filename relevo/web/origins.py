"""Where a request comes from: which machine, which page, and whether over https."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from sanic.request import Request

from relevo.errors import AccessDenied
from relevo.web.networks import is_within

_ORIGIN_HEADERS = ("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip")


def header(request: Request, name: str) -> str:
    """Give a header's first value, or the empty string."""
    value: str = request.headers.getone(name, "")
    return value


def is_loopback(address: str) -> bool:
    """Tell whether an address is this machine's own; what is no address is not."""
    try:
        parsed = ip_address(address.strip().strip("[]"))
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def is_from_this_machine(request: Request) -> bool:
    """Tell whether the caller runs on this machine: the peer does, and no proxy says that it asks for somebody else."""
    if not is_loopback(request.ip):
        return False
    return all(is_loopback(address) for address in _forwarded_for(request))


def _forwarded_for(request: Request) -> Iterable[str]:
    headers = request.headers
    for name in _ORIGIN_HEADERS:
        if name in headers:
            for value in headers.getall(name):
                yield from (_node(name, part) for part in value.split(","))


def _node(name: str, part: str) -> str:
    if name != "forwarded":
        return part
    pairs = (pair.partition("=") for pair in part.split(";"))
    return next((value.strip().strip('"') for key, _, value in pairs if key.strip().lower() == "for"), "unknown")


def client_address(request: Request, trusted_proxies: tuple[str, ...]) -> str:
    """Give the address to count against: the peer, or what trusted proxies say about who is behind them."""
    hops = [part.strip() for value in request.headers.getall("x-forwarded-for", []) for part in value.split(",")]
    address: str = request.ip
    while hops and is_within(address, trusted_proxies):
        address = hops.pop()
    return address[:64]


def is_https(request: Request) -> bool:
    """Tell whether the browser speaks https with us, or with the proxy in front of us.

    The proxy's word is taken from anybody: it only decides whether the caller's own cookie is marked secure.
    """
    return request.scheme == "https" or header(request, "x-forwarded-proto").split(",")[0].strip() == "https"


def is_from_browser_page(request: Request) -> bool:
    """Tell whether a web page made a browser send this."""
    return "origin" in request.headers or "sec-fetch-site" in request.headers


def is_same_origin(request: Request, origin: str) -> bool:
    """Tell whether an Origin header names the host that the request was sent to."""
    return bool(origin) and host_of(origin) == header(request, "host").lower()


def host_of(origin: str) -> str | None:
    """Give host and port of an origin, or None when it is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


def demand_own_page(request: Request) -> None:
    """Refuse what a page of another origin made a browser send; no page can forge the browser's own word on that."""
    site = header(request, "sec-fetch-site")
    origin = header(request, "origin")
    if site not in ("", "same-origin", "none") or (origin and not is_same_origin(request, origin)):
        raise AccessDenied(
            "This form was sent from another site. Open the desk itself and try again.", code="cross_site"
        )


def bearer(request: Request) -> str | None:
    """Give the bearer token that was sent, or None."""
    scheme, _, token = header(request, "authorization").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def is_same_secret(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about them."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def token_hash(token: str) -> bytes:
    """Give what is kept of a token."""
    return hashlib.sha256(_bytes(token)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # headers are not always UTF-8
