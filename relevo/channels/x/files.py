"""Knows the photos and films of direct messages on X, and where they are to be fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from relevo.channels.x.envelopes import Node, mapping
from relevo.contracts.platform import RemoteFile

_HOSTS = ("ton.twitter.com", "pbs.twimg.com", "video.twimg.com", "ton.x.com")
_MIMES = {"photo": "image/jpeg", "video": "video/mp4", "animated_gif": "video/mp4"}


def file_of(media: Node) -> RemoteFile | None:
    """Give a message's file; what it is said to be is looked at again when it is there."""
    kind = str(media.get("type") or "")
    address = media.get("media_url_https") or media.get("url" if "media_key" in media else "")
    if kind in ("video", "animated_gif"):
        address = _smallest(media) or address or media.get("preview_image_url")
    if not isinstance(address, str) or not address:
        return None
    ending = ".mp4" if kind in ("video", "animated_gif") else ".jpg"
    name = {"video": "video", "animated_gif": "gif"}.get(kind, "photo") + ending
    return RemoteFile(reference=address, name=name, claimed_mime=_MIMES.get(kind, "application/octet-stream"))


def lookups(reference: str, api_base: str) -> list[str]:
    """Give the addresses at which a file may be fetched, best first; none for an address that is not X's.

    X has an address by three ids, which are the last parts of the file's own; whether the last of them keeps its
    ending is said nowhere.
    """
    try:
        address = urlsplit(reference)
        base = urlsplit(api_base)
    except ValueError:
        return []
    if address.hostname not in (*_HOSTS, base.hostname):
        return []
    parts = [part for part in address.path.split("/") if part]
    own = f"{address.scheme}://{address.netloc}{address.path}" if address.scheme in ("https", base.scheme) else ""
    if len(parts) < 4 or "dm" not in parts[-4]:
        return [own] if own else []
    first, second, last = parts[-3:]
    stem = last.rpartition(".")[0]
    found = [f"/2/dm_conversations/media/{first}/{second}/{each}" for each in dict.fromkeys((last, stem or last))]
    return [*found, own] if own else found


def _smallest(media: Node) -> Any:
    variants = mapping(media.get("video_info")).get("variants") or media.get("variants")
    films = [mapping(each) for each in variants] if isinstance(variants, list) else []
    films = [film for film in films if film.get("content_type") == "video/mp4" and isinstance(film.get("url"), str)]
    return min(films, key=_rate)["url"] if films else None


def _rate(film: Node) -> float:
    rate = film.get("bitrate") or film.get("bit_rate") or 0
    return float(rate) if isinstance(rate, (int, float)) and abs(rate) < 1e12 else 0.0
