"""Addresses and networks as operators write them: which proxies are believed."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether an address is one of these, or in one of these networks (10.0.0.0/8); what is no address is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks_of(networks))


@lru_cache(maxsize=16)
def networks_of(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read addresses and networks; raises ValueError, with what is wrong, for what is neither."""
    return tuple(ip_network(each) for each in networks)
