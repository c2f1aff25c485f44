"""The desk's API for what a model writes: summaries, translations, drafts; always marked, never sent by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from relevo.contracts.assistant import Feature
from relevo.contracts.translations import Translated
from relevo.errors import Conflict
from relevo.flow.asking import Suggestion
from relevo.flow.assist import Assisting
from relevo.flow.record import newest_record
from relevo.flow.summary import summary_of
from relevo.flow.texts import FALLBACK_LANGUAGE, languages
from relevo.flow.translate import MAX_TRANSLATED_CHARACTERS, MOST_TRANSLATED
from relevo.web.desk_doors import Call
from relevo.web.desk_offer import reading_language
from relevo.web.desk_wire import Problem
from relevo.web.openapi import Operation, Query, changing

Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")]
"""A language's code, such as ``es``."""
Place = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class AssistantState(msgspec.Struct, kw_only=True):
    """Which model the business names, and what it is asked for; nothing where it names none."""

    model: str | None = None
    features: Sequence[str] = ()


class TemplateSummary(msgspec.Struct, kw_only=True):
    """The newest handoff's facts in a few sentences, by template; empty where there was none."""

    text: str
    language: str
    method: str = "template"


class AskModel(msgspec.Struct, kw_only=True):
    """Asks for a text in a language: the caller's own for a summary, the contact's for a draft."""

    language: Language | None = None


class TranslateText(AskModel, kw_only=True):
    """Asks for the caller's own words in the contact's language, or in another."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_TRANSLATED_CHARACTERS)]


class TranslateMessages(AskModel, kw_only=True):
    """Asks for messages in the caller's language, by their positions, within 200 entries after the first of them."""

    positions: Annotated[list[Place], msgspec.Meta(max_length=MOST_TRANSLATED)]


class ModelText(msgspec.Struct, kw_only=True):
    """What a model wrote; it was not sent to anybody."""

    text: str
    language: str
    model: str
    method: str = "model"
    left_out: Sequence[str] = ()
    """Names, references and addresses that the text had and its translation lacks."""
    unfounded: Sequence[str] = ()
    """Numbers, addresses and links that the model found nowhere in the conversation."""


class MessageTranslation(msgspec.Struct, kw_only=True):
    """A message in another language."""

    position: int
    text: str
    model: str
    left_out: Sequence[str] = ()


class MessageTranslations(msgspec.Struct, kw_only=True):
    """Translations of the messages that needed one; a problem says why some are missing."""

    language: str
    translations: Sequence[MessageTranslation]
    problem: Problem | None = None


async def _state(call: Call) -> AssistantState:
    assisting = call.services.assisting
    if assisting is None:
        return AssistantState()
    assistant = assisting.asking.assistant
    return AssistantState(
        model=assistant.model, features=[each.value for each in Feature if each in assistant.features]
    )


async def _template(call: Call, conversation_id: UUID) -> TemplateSummary:
    desk = call.services.store.desk
    await desk.conversation(conversation_id)
    record = newest_record(await desk.episodes(conversation_id))
    wanted = (call.request.args.get("language", ""), _own(call), FALLBACK_LANGUAGE)
    language = next(each for each in wanted if each in languages())
    return TemplateSummary(text=summary_of(record, language) if record else "", language=language)


async def _summarise(call: Call, body: AskModel, conversation_id: UUID) -> ModelText:
    assisting = _assisting(call)
    return _text(await assisting.summarise(conversation_id, call.agent, body.language or _own(call)))


async def _suggest(call: Call, body: AskModel, conversation_id: UUID) -> ModelText:
    return _text(await _assisting(call).draft(conversation_id, call.agent, body.language))


async def _translate_text(call: Call, body: TranslateText, conversation_id: UUID) -> ModelText:
    translating = _assisting(call).translating
    return _text(await translating.own_words(conversation_id, call.agent, body.text, body.language))


async def _translations(call: Call, conversation_id: UUID) -> MessageTranslations:
    store, asked = call.services.store, call.request.args.get("language", "")
    await store.conversations.get(conversation_id)
    language = asked if asked.isascii() and asked.isalpha() and len(asked) <= 3 else _own(call)
    kept = await store.composer.translations.of(conversation_id, language, None)
    return MessageTranslations(language=language, translations=_given(kept))


async def _translate_messages(call: Call, body: TranslateMessages, conversation_id: UUID) -> MessageTranslations:
    translating = _assisting(call).translating
    made = await translating.messages(conversation_id, call.agent, body.positions, body.language or _own(call))
    if made.by_position:
        call.services.live.changed(conversation_id)
    return MessageTranslations(
        language=made.language,
        translations=_given(made.by_position),
        problem=Problem(code=made.problem.reason, message=str(made.problem)) if made.problem else None,
    )


def _given(translations: Mapping[int, Translated]) -> list[MessageTranslation]:
    return [
        MessageTranslation(position=position, text=one.text, model=one.model, left_out=one.left_out)
        for position, one in sorted(translations.items())
    ]


def _assisting(call: Call) -> Assisting:
    if call.services.assisting is None:
        raise Conflict("The business names no model in relevo.yml, so nothing is sent to one.", code="no_assistant")
    call.limits.assistant.demand(str(call.agent.id), "The model is asked faster than anybody reads; wait a moment.")
    return call.services.assisting


def _own(call: Call) -> str:
    return reading_language(call.agent, call.services.settings.default_language)


def _text(made: Suggestion) -> ModelText:
    return msgspec.convert(made, ModelText, from_attributes=True)


_ONE = "/conversations/{conversation_id}"
_LANGUAGE = Query(name="language", about="Code of the language to write in.", schema={"type": "string"})

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="GET",
        path="/assistant",
        name="assistant",
        about="Which model may be asked, and for what.",
        handler=_state,
        answer=AssistantState,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/summary",
        name="summary",
        about="What a conversation has come to, by template.",
        handler=_template,
        answer=TemplateSummary,
        query=(_LANGUAGE,),
    ),
    changing(f"{_ONE}/summary", "summarise", "Have a model sum it up.", _summarise, AskModel, ModelText),
    changing(
        f"{_ONE}/suggested-reply",
        "suggest_reply",
        "Have a model draft an answer; nothing is sent.",
        _suggest,
        AskModel,
        ModelText,
    ),
    changing(
        f"{_ONE}/translated-text",
        "translate_text",
        "Have a model translate one's own words; nothing is sent.",
        _translate_text,
        TranslateText,
        ModelText,
    ),
    Operation(
        method="GET",
        path=f"{_ONE}/translations",
        name="translations",
        about="Translations of messages that a model made before, in the caller's language.",
        handler=_translations,
        answer=MessageTranslations,
        query=(_LANGUAGE,),
    ),
    changing(
        f"{_ONE}/translations",
        "translate_messages",
        "Have a model translate messages.",
        _translate_messages,
        TranslateMessages,
        MessageTranslations,
    ),
)
