"""What an effect was prepared for, beside the decision about it: photos and bills as pictures that open in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from relevo.domain.attachments import Attachment, AttachmentState
from relevo.domain.cases import Case
from relevo.domain.effects import EffectState, PreparedEffect
from relevo.web.desk_files import shown_file
from relevo.web.languages import Words
from relevo.web.markup import text

_NAMED_BY = ("photos", "bills")
"""What names attachments, in an effect's arguments and in the detail of its case."""


def shown_for(case: Case, effects: Iterable[PreparedEffect]) -> list[UUID]:
    """Give which attachments the effects of a case that wait for a decision were prepared for."""
    waiting = [effect for effect in effects if effect.state is EffectState.PREPARED]
    return list(dict.fromkeys(each for effect in waiting for each in _named(case, effect)))


def proof(
    words: Words,
    case: Case,
    effect: PreparedEffect,
    files: Mapping[UUID, tuple[Attachment, AttachmentState]],
    *,
    compared: Sequence[str],
    decides: bool,
) -> str:
    """Give an effect's files as HTML, or nothing where it has none.

    An identity document is shown to whoever decides: comparing it is what they were asked to do, and each view is
    written down. ``compared`` stands beside a picture that was opened.
    """
    about = " · ".join(compared)
    items = "".join(
        f"<li>{shown_file(words, file, _as_seen(state, decides=decides), about)}</li>"
        for file, state in (files[each] for each in _named(case, effect) if each in files)
    )
    return f'<ul class="files proof" aria-label="{text(words["desk.proof"])}">{items}</ul>' if items else ""


def _as_seen(state: AttachmentState, *, decides: bool) -> AttachmentState:
    return AttachmentState.SHOWN if decides and state is AttachmentState.GUARDED else state


def _named(case: Case, effect: PreparedEffect) -> list[UUID]:
    given = [
        each
        for values in (effect.order.arguments, case.detail)
        for name in _NAMED_BY
        if isinstance(values.get(name), list)
        for each in values[name]
    ]
    return [UUID(each) for each in dict.fromkeys(map(str, given)) if _is_id(each)]


def _is_id(given: str) -> bool:
    try:
        UUID(given)
    except ValueError:
        return False
    return True
