"""Reads ``desk.assistant`` of relevo.yml: the endpoint of a model that helps the people at the desk."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from relevo.configuration.documents import Spot
from relevo.settings import Secret

FEATURES = ("summary", "translation", "draft")
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Ends of names that no public server has."""
_SWITCH = {"true": True, "false": False}
_LONGEST_MODEL = 200


class AssistantAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenAI-compatible endpoint, and what it is asked for."""

    url: str
    """What ``/chat/completions`` is put behind."""
    model: str
    features: frozenset[str] = frozenset(FEATURES)
    key: Secret | None = None
    key_env: str | None = None
    """The environment variable that holds the key, for sentences about it."""

    @property
    def host(self) -> str:
        """Who gets what is sent."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_plain(self) -> bool:
        """Whether anybody on the way can read it, so that it must stay in the house."""
        return self.url.startswith("http:")


def read_assistant(spot: Spot, environment: Mapping[str, str]) -> AssistantAccount | None:
    """Read the endpoint; what is wrong is noted."""
    parts = spot.fields(required=("url", "model", "features"), optional=("key_env", "allow_http"))
    may_be_plain = "allow_http" in parts and _SWITCH.get(parts["allow_http"].choice(_SWITCH) or "", False)
    url = _url(parts["url"], may_be_plain=may_be_plain) if "url" in parts else None
    model = _model(parts["model"]) if "model" in parts else None
    features = {item.choice(FEATURES) for item in parts["features"].items()} if "features" in parts else set()
    key_env = parts["key_env"].text() if "key_env" in parts else None
    key = _key(parts["key_env"], key_env, environment) if key_env else None
    named = frozenset(feature for feature in features if feature)
    if not (url and model and named) or ("key_env" in parts and key is None):
        return None
    return AssistantAccount(url=url, model=model, features=named, key=key, key_env=key_env)


def is_inside(host: str) -> bool:
    """Tell whether a host is this machine or of a private network, by its address or its kind of name."""
    try:
        return is_private(host)
    except ValueError:
        return host == "localhost" or "." not in host or host.endswith(_INSIDE)


def is_private(address: str) -> bool:
    """Tell whether an IP address is this machine's or a private network's; raises ValueError for what is none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    ip = mapped or ip
    return ip.is_loopback or (ip.is_private and not ip.is_link_local and not ip.is_unspecified)


def _url(spot: Spot, *, may_be_plain: bool) -> str | None:
    text = (spot.text() or "").strip().rstrip("/")
    if not text:
        return None
    try:
        parts = urlsplit(text)
        mistake = _mistake(parts, may_be_plain=may_be_plain)
    except ValueError:  # a port that is no number, a bracket too many, a name that is too long
        mistake = _NO_ADDRESS
    if mistake:
        spot.wrong(mistake)
        return None
    return text.removesuffix("/chat/completions")


_NO_ADDRESS = "url must be the address that an endpoint's documents give, such as https://models.example.com/v1."


def _mistake(parts: SplitResult, *, may_be_plain: bool) -> str:
    host, _port = parts.hostname, parts.port
    (host or "").encode("idna")  # raises ValueError for what no name server can be asked for
    if parts.scheme not in ("http", "https") or not host or not parts.geturl().isascii() or " " in parts.geturl():
        return _NO_ADDRESS
    if parts.username is not None or parts.query or parts.fragment:
        return (
            "url must be an address and nothing else; the key goes into the environment, and its name into 'key_env'."
        )
    if parts.scheme == "http" and not is_inside(host):
        return f"url is http, so anybody on the way could read what is sent to {host}; write https."
    if parts.scheme == "http" and not may_be_plain:
        return "url is http, which everybody in that network can read; write https, or add 'allow_http: true'."
    return ""


def _model(spot: Spot) -> str | None:
    name = (spot.text() or "").strip()
    if name and (len(name) > _LONGEST_MODEL or not name.isprintable()):
        spot.wrong(f"model must be a model's name of at most {_LONGEST_MODEL} characters.")
        return None
    return name or None


def _key(spot: Spot, name: str, environment: Mapping[str, str]) -> Secret | None:
    if not _is_variable(name):
        spot.wrong("key_env must be the name of an environment variable that holds the key, such as MODEL_KEY.")
        return None
    key = environment.get(name, "").strip()
    if not key:
        spot.wrong(f"key_env takes the key from {name}, and it is not set in the environment.")
        return None
    if not key.isascii() or not key.isprintable():
        spot.wrong(f"the key in {name} has characters that no key has; set it anew.")
        return None
    return Secret(key)


def _is_variable(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name.upper() == name


def features_of(names: Collection[str]) -> str:
    """Give features for a sentence, in their usual order."""
    return ", ".join(name for name in FEATURES if name in names)
