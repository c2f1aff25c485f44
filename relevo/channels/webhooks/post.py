"""Posts to addresses that somebody typed in: never into the network that this machine stands in.

The name is resolved once, every address that it has is judged, and the connection goes to one that was judged: a name
that answers differently the next time leads nowhere else. Redirects are not followed, certificates are checked against
the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpx

from relevo.contracts.webhooks import Told
from relevo.domain.hook_urls import url_problem

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LONGEST_ANSWER = 2_000
Address = IPv4Address | IPv6Address


@dataclass(frozen=True, kw_only=True)
class SafePoster:
    """Posts to public addresses; to others only where an operator says so."""

    may_be_private: bool = False
    """Whether addresses of a private network are reached."""
    may_be_plain_here: bool = False
    """Whether this machine itself is reached, also without https."""
    timeout_seconds: float = 10.0
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Send it and give what came of it."""
        try:
            return await asyncio.wait_for(self._post(url, headers, body), self.timeout_seconds)
        except (asyncio.TimeoutError, httpx.TimeoutException):
            return Told(problem=f"There was no answer within {self.timeout_seconds:g} seconds.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Told(problem=f"It could not be sent ({type(error).__name__}).")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        if problem := url_problem(url, may_be_plain_here=self.may_be_plain_here):
            return Told(problem=problem)
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._address(host, port)
        if address is None:
            return Told(problem="This name leads into a private network, where nothing is sent.")
        if parts.scheme == "http" and not address.is_loopback:
            return Told(problem="Without https it is sent to this machine alone.")
        return await self._send(url, host, address, headers, body)

    async def _send(self, url: str, host: str, address: Address, headers: Mapping[str, str], body: bytes) -> Told:
        named = httpx.URL(url)
        to = named.copy_with(host=str(address))
        request = httpx.Request(
            "POST",
            to,
            headers={**headers, "Host": named.netloc.decode()},
            content=body,
            extensions={"sni_hostname": host, "timeout": httpx.Timeout(self.timeout_seconds).as_dict()},
        )
        async with httpx.AsyncClient(transport=self.transport, trust_env=False, follow_redirects=False) as client:
            response = await client.send(request, stream=True)
            try:
                answer = await _beginning(response)
            finally:
                await response.aclose()
        return _judged(response.status_code, answer)

    async def _address(self, host: str, port: int) -> Address | None:
        """Give an address of a name, or None where one of those that it has must not be reached."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not addresses or not all(map(self._may_reach, addresses)):
            return None
        return addresses[0]

    def _may_reach(self, address: Address) -> bool:
        real = embedded(address)
        if real.is_loopback:
            return self.may_be_plain_here or self.may_be_private
        return is_public(real) or (self.may_be_private and real.is_private and not real.is_link_local)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the open Internet."""
    real = embedded(address)
    return real.is_global and not (real.is_multicast or real.is_reserved or real.is_unspecified)


def embedded(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _judged(status: int, answer: str) -> Told:
    if 200 <= status < 300:
        return Told(status=status, answer=answer)
    if 300 <= status < 400:
        return Told(status=status, answer=answer, problem="It answered with a redirect, which is not followed.")
    return Told(status=status, answer=answer, problem=f"It answered {status}.")


async def _beginning(response: httpx.Response) -> str:
    read = b""
    async for part in response.aiter_raw():
        read += part
        if len(read) >= _LONGEST_ANSWER:
            break
    return read[:_LONGEST_ANSWER].decode("utf-8", "replace")
