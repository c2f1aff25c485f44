"""Buttons that ask the model, beside what they are about; nothing of them where the business names no model."""

from __future__ import annotations

from uuid import UUID

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.assistant import Feature
from relevo.domain.conversations import Control
from relevo.web.desk_offer import Offer
from relevo.web.desk_reading import Reading
from relevo.web.languages import Words
from relevo.web.markup import text


def summary_tool(words: Words, offer: Offer | None, conversation_id: UUID | None) -> str:
    """Give the button for a summary and the place that it comes to, beside the one by template."""
    if offer is None or conversation_id is None or Feature.SUMMARY not in offer.features:
        return ""
    button = _button(words, "summary", f"{_at(conversation_id)}/summary", offer.language, words["assistant.summarise"])
    return f"""<div class="assist">{button}
<div class="by-model" id="model-summary" role="status" hidden></div></div>"""


def translation_tool(words: Words, offer: Offer | None, conversation_id: UUID) -> str:
    """Give the button that translates the messages that are shown."""
    if offer is None or Feature.TRANSLATION not in offer.features:
        return ""
    shown = words["assistant.translate"].format(language=_named(words, offer.language))
    button = _button(words, "messages", f"{_at(conversation_id)}/translations", offer.language, shown)
    return f'<div class="assist" id="assist-messages">{button}</div>'


def composer_tools(words: Words, reading: Reading, agent: AgentAccount) -> str:
    """Give what fills the box to answer with, and the line that says so until its words are changed.

    The part is there for everybody, so that it fills by itself once the conversation is the agent's.
    """
    line, offer, language = reading.line, reading.offer, reading.conversation.language
    is_mine = line.control is Control.AGENT and line.agent_id == agent.id
    tools = _tools(words, offer, _at(line.id), language) if offer and is_mine else ""
    return f'<div class="assist assist-reply" id="assist-reply" data-live>{tools}</div>' if offer else ""


def _tools(words: Words, offer: Offer, here: str, language: str | None) -> str:
    buttons = []
    if Feature.DRAFT in offer.features:
        buttons.append(_button(words, "reply", f"{here}/suggested-reply", language, words["assistant.suggest"]))
    if Feature.TRANSLATION in offer.features and language is not None and language not in offer.spoken:
        shown = words["assistant.translate_mine"].format(language=_named(words, language))
        buttons.append(_button(words, "own", f"{here}/translated-text", language, shown))
    if not buttons:
        return ""
    return f"""{"".join(buttons)}
<div class="by-model" id="filled-by-model" role="status" hidden></div>
<button type="button" class="plain" id="undo-model" hidden>{text(words["assistant.undo"])}</button>"""


def _button(words: Words, asks: str, address: str, language: str | None, label: str) -> str:
    tongue = f' data-language="{text(language)}"' if language else ""
    return (
        f'<button type="button" class="plain" id="ask-{asks}" data-asks="{asks}" data-address="{address}"{tongue}'
        f' title="{text(words["assistant.hint"])}">{text(label)}</button>'
    )


def _at(conversation_id: UUID) -> str:
    return f"/desk/api/conversations/{conversation_id}"


def _named(words: Words, language: str) -> str:
    return words.get(f"assistant.language_{language}", language)
