"""Knows the photos and films of direct messages on X, and where they are to be fetched."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from relevo.channels.x.envelopes import Node, mapping
from relevo.contracts.platform import RemoteFile

_MIMES = {"photo": "image/jpeg", "video": "video/mp4", "animated_gif": "video/mp4"}


def file_of(media: Node) -> RemoteFile | None:
    """Give a message's file; what it is said to be is looked at again when it is there."""
    kind = str(media.get("type") or "")
    address = media.get("media_url_https")
    if kind in ("video", "animated_gif"):
        address = _smallest(media) or address
    if not isinstance(address, str) or not address:
        return None
    ending = ".mp4" if kind in ("video", "animated_gif") else ".jpg"
    name = {"video": "video", "animated_gif": "gif"}.get(kind, "photo") + ending
    return RemoteFile(reference=address, name=name, claimed_mime=_MIMES.get(kind, "application/octet-stream"))


def lookups(reference: str) -> list[str]:
    """Give the places at which a file may be asked for, best first; XApi asks for nothing that is not X's.

    X has a place by three ids, which are the last parts of the file's own address; whether the last of them keeps its
    ending is said nowhere.
    """
    try:
        address = urlsplit(reference)
    except ValueError:
        return []
    own = [f"{address.scheme}://{address.netloc}{address.path}"]
    parts = [part for part in address.path.split("/") if part]
    if len(parts) < 4 or "dm" not in parts[-4]:
        return own
    first, second, last = parts[-3:]
    stem = last.rpartition(".")[0] or last
    return [*(f"/2/dm_conversations/media/{first}/{second}/{each}" for each in dict.fromkeys((last, stem))), *own]


def _smallest(media: Node) -> Any:
    variants = mapping(media.get("video_info")).get("variants") or media.get("variants")
    films = [mapping(each) for each in variants] if isinstance(variants, list) else []
    films = [film for film in films if film.get("content_type") == "video/mp4" and isinstance(film.get("url"), str)]
    return min(films, key=_rate)["url"] if films else None


def _rate(film: Node) -> float:
    rate = film.get("bitrate") or film.get("bit_rate") or 0
    return float(rate) if isinstance(rate, (int, float)) and abs(rate) < 1e12 else 0.0
