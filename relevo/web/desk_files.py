"""The photos and files of a message as an agent sees them: what may be opened, and what may not any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from relevo.domain.attachments import Attachment, AttachmentState
from relevo.domain.messages import Content, Entry
from relevo.web.languages import Words
from relevo.web.markup import text

_WIDTH, _HEIGHT = 240, 180
"""Room for a thumbnail, in CSS pixels."""


def file_list(words: Words, content: Content, states: Mapping[UUID, AttachmentState]) -> str:
    """Give the files of a message as HTML, or nothing where there are none."""
    if not content.attachments:
        return ""
    items = "".join(f"<li>{shown_file(words, file, states.get(file.id))}</li>" for file in content.attachments)
    return f'<ul class="files" aria-label="{text(words["desk.files"])}">{items}</ul>'


def file_links(words: Words, entries: Sequence[Entry]) -> str:
    """Give links to where files stand in a transcript: whoever opens them, opens them there."""
    links = "".join(
        f'<li><a href="#at-{entry.position}">{text(words["desk.photo"] if file.is_image else words["desk.files"])}:'
        f" <bdi>{text(file.name)}</bdi></a></li>"
        for entry in entries
        for file in entry.content.attachments
    )
    return f"<ul>{links}</ul>" if links else ""


def shown_file(words: Words, file: Attachment, state: AttachmentState | None, about: str = "") -> str:
    """Give one file as HTML; ``about`` stands beside it once it is opened."""
    if state is AttachmentState.SHOWN and file.is_image:
        return _thumbnail(words, file, about)
    if state is AttachmentState.SHOWN:
        return _link(words, file, _size(file), about)
    if state is AttachmentState.GUARDED:
        return _link(words, file, words["desk.identity_document"], about)
    why = words["desk.erased" if state is AttachmentState.ERASED else "desk.no_open_case"]
    return f'<span class="file gone">{_label(file, why)}</span>'


def _thumbnail(words: Words, file: Attachment, about: str) -> str:
    alternative = text(f"{words['desk.photo']}: {file.name}")
    page = f"/desk/attachments/{file.id}"
    picture = f'<img src="{page}?thumbnail=1" alt="{alternative}" loading="lazy"{_dimensions(file)}>'
    opens = f'data-view="picture"{_about(about)} href="{page}" target="_blank" rel="noopener"'
    return f'<a class="photo" {opens} title="{text(file.name)}">{picture}</a>'


def _about(about: str) -> str:
    return f' data-about="{text(about)}"' if about else ""


def _dimensions(file: Attachment) -> str:
    """Keep the room that the picture will take, so that nothing jumps when it comes."""
    if not file.width or not file.height:
        return ""
    scale = min(1.0, _WIDTH / file.width, _HEIGHT / file.height)
    return f' width="{max(1, round(file.width * scale))}" height="{max(1, round(file.height * scale))}"'


def _link(words: Words, file: Attachment, remark: str, about: str) -> str:
    page, title = f"/desk/attachments/{file.id}", text(words["desk.logged"])
    view = ' data-view="picture"' if file.is_image else ' data-view="document"' if file.is_pdf else ""
    opens = f'{view}{_about(about)} href="{page}" title="{title}" target="_blank" rel="noopener"'
    return f'<a class="file"{opens}>{_label(file, remark)}</a>'


def _label(file: Attachment, remark: str) -> str:
    kind = file.mime.rpartition("/")[2].upper()
    return f"<b>{text(kind)}</b><span><bdi>{text(file.name)}</bdi><small>{text(remark)}</small></span>"


def _size(file: Attachment) -> str:
    return f"{file.size_bytes / 1e6:.1f} MB" if file.size_bytes >= 1e6 else f"{max(1, file.size_bytes // 1000)} kB"
