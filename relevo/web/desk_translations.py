"""Messages in the reader's language beside what was written: marked as a model's, and folded away by who wants that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from relevo.contracts.store import Store
from relevo.contracts.translations import Translated
from relevo.domain.messages import Entry
from relevo.flow.translate import worth_showing
from relevo.web.languages import Words
from relevo.web.markup import text


async def read_translations(
    store: Store, conversation_id: UUID, entries: Sequence[Entry], language: str
) -> Mapping[int, Translated]:
    """Give what was translated of these entries before, whoever asked for it."""
    said = {entry.position: entry.content.text for entry in entries if entry.content.text}
    return (
        worth_showing(await store.composer.translations.of(conversation_id, language, list(said)), said) if said else {}
    )


def beside(words: Words, said: str, entry_id: str, made: Translated | None, language: str) -> str:
    """Give a message's bubble; ``said`` is HTML, ``entry_id`` tells translations of a page apart."""
    if made is None:
        return f'<div class="bubble">{said}</div>'
    mark = text(words["translations.mark"].format(model=made.model))
    left_out = words["script.left_out"].format(list=", ".join(made.left_out))
    check = f'<p class="check">{text(left_out)}</p>' if made.left_out else ""
    return (
        f'<div class="bubble has-translation"><div class="original">{said}</div>'
        f'<details class="translation" id="translation-{entry_id}" open><summary>{mark}</summary>'
        f'<p lang="{text(language)}" dir="auto">{text(made.text)}</p>{check}</details></div>'
    )
