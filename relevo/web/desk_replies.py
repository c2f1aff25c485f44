"""The pages of ready words and mentions, and what the composer adds to every page of the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relevo.contracts.accounts import AgentAccount
from relevo.contracts.composer import CannedReply, Macro, Mention
from relevo.domain.routing import LEADING_ROLES
from relevo.flow.ready_words import may_keep
from relevo.web.desk_html import desk_page
from relevo.web.languages import WORDS, Words
from relevo.web.markup import moment, text
from relevo.web.sign_in import Session


def replies_page(language: str, session: Session, replies: Sequence[CannedReply], macros: Sequence[Macro]) -> str:
    """Give the page on which ready words are kept."""
    words, agent = WORDS[language], session.agent
    kept = "".join(_reply_item(words, reply, agent) for reply in replies) or _empty(words, "composer.no_replies")
    steps = "".join(_macro_item(words, macro, agent) for macro in macros) or _empty(words, "composer.no_macros")
    body = f"""<main class="work ready">
<p class="crumb"><a href="/desk">← {text(words["desk.overview"])}</a></p>
<section class="pane" id="replies" data-live aria-labelledby="replies-title">
<h1 id="replies-title">{text(words["composer.ready_title"])}</h1>
<p class="quiet">{text(words["composer.ready_lead"])}</p>
<details id="new-reply"><summary>{text(words["composer.new_reply"])}</summary>
{_reply_form(words, agent, None, language)}</details>
<ul class="ready-list">{kept}</ul></section>
<section class="pane" id="macros" data-live aria-labelledby="macros-title">
<h2 id="macros-title">{text(words["composer.macros_title"])}</h2>
<p class="quiet">{text(words["composer.macros_lead"])}</p>
<details id="new-macro"><summary>{text(words["composer.new_macro"])}</summary>
{_macro_form(words, agent, None)}</details>
<ul class="ready-list">{steps}</ul></section>
</main>"""
    return desk_page(language, words["composer.ready_title"], session, body)


def mentions_page(language: str, session: Session, mentions: Sequence[Mention]) -> str:
    """Give the notes that speak to an agent."""
    words = WORDS[language]
    items = "".join(_mention(words, each) for each in mentions) or _empty(words, "composer.no_mentions")
    unread = [each.id for each in mentions if each.read_at is None]
    read = ""
    if unread:
        read = f"""<form id="read-mentions" data-api="/desk/api/mentions/read">
<input type="hidden" name="up_to" value="{max(unread)}" data-type="number">
<button class="plain">{text(words["composer.read_all"])}</button></form>"""
    body = f"""<main class="work ready" data-all>
<p class="crumb"><a href="/desk">← {text(words["desk.overview"])}</a></p>
<section class="pane" id="mentions" data-live aria-labelledby="mentions-title">
<div class="row"><h1 id="mentions-title">{text(words["composer.mentions_title"])}</h1>{read}</div>
<ul class="ready-list">{items}</ul></section>
</main>"""
    return desk_page(language, words["composer.mentions_title"], session, body)


def _reply_item(words: Words, reply: CannedReply, agent: AgentAccount) -> str:
    whose = words["composer.own" if reply.agent_id is not None else "composer.shared"]
    change = ""
    if may_keep(agent, reply.agent_id):
        change = f"""<details id="reply-{reply.id}"><summary>{text(words["composer.change"])}</summary>
{_reply_form(words, agent, reply, reply.language)}{_remove(words, "/desk/api/canned/remove", reply.id)}</details>"""
    return f"""<li><p><code>/{text(reply.code)}</code> <b>{text(reply.title)}</b>
<span class="badge">{text(reply.language)}</span> <span class="quiet">{text(whose)}</span></p>
<p class="said" dir="auto" lang="{text(reply.language)}">{text(reply.text)}</p>{change}</li>"""


def _reply_form(words: Words, agent: AgentAccount, reply: CannedReply | None, language: str) -> str:
    door, mark = ("change", f"-{reply.id}") if reply else ("", "")
    number = f'<input type="hidden" name="id" value="{reply.id}" data-type="number">' if reply else ""
    languages = "".join(
        f'<option value="{code}"{" selected" if code == language else ""}>{text(WORDS[code]["language"])}</option>'
        for code in WORDS
    )
    return f"""<form id="canned{mark}" data-api="/desk/api/canned{f"/{door}" if door else ""}">{number}
<div class="pairs"><label>{text(words["composer.code"])}
<input id="code{mark}" name="code" required maxlength="41" autocomplete="off"
 value="{text(reply.code if reply else "")}"></label>
<label>{text(words["composer.title"])}
<input id="title{mark}" name="title" required maxlength="100" dir="auto" value="{text(reply.title if reply else "")}">
</label>
<label>{text(words["composer.language"])}<select id="language{mark}" name="language">{languages}</select></label>
{_whose(words, agent, mark, is_shared=reply is not None and reply.agent_id is None)}</div>
<label>{text(words["composer.text"])}
<textarea id="text{mark}" name="text" rows="3" required maxlength="4000" dir="auto">{text(reply.text if reply else "")}
</textarea></label>
<p class="quiet">{text(words["composer.variables"])}</p>
<button>{text(words["composer.save"])}</button></form>"""


def _macro_item(words: Words, macro: Macro, agent: AgentAccount) -> str:
    whose = words["composer.own" if macro.agent_id is not None else "composer.shared"]
    steps = "".join(f"<li><code>{text(_step_line(step))}</code></li>" for step in macro.steps)
    change = ""
    if may_keep(agent, macro.agent_id):
        change = f"""<details id="macro-{macro.id}"><summary>{text(words["composer.change"])}</summary>
{_macro_form(words, agent, macro)}{_remove(words, "/desk/api/macros/remove", macro.id)}</details>"""
    return f"""<li><p><b>{text(macro.name)}</b> <span class="quiet">{text(whose)}</span></p>
<ol class="steps">{steps}</ol>{change}</li>"""


def _macro_form(words: Words, agent: AgentAccount, macro: Macro | None) -> str:
    mark = f"-{macro.id}" if macro else ""
    number = f'<input type="hidden" name="id" value="{macro.id}" data-type="number">' if macro else ""
    whose = "" if macro else _whose(words, agent, f"-macro{mark}", is_shared=False)
    lines = "\n".join(map(_step_line, macro.steps)) if macro else ""
    return f"""<form id="steps{mark}" data-api="/desk/api/macros{"/change" if macro else ""}">{number}
<div class="pairs"><label>{text(words["composer.name"])}
<input id="name{mark}" name="name" required maxlength="100" dir="auto" value="{text(macro.name if macro else "")}">
</label>
{whose}</div>
<label>{text(words["composer.steps"])}
<textarea id="lines{mark}" name="steps" rows="5" required data-type="steps" spellcheck="false">{text(lines)}</textarea>
</label>
<p class="quiet">{text(words["composer.steps_hint"])}</p>
<button>{text(words["composer.save"])}</button></form>"""


def _step_line(step: Mapping[str, Any]) -> str:
    """Write a step as its form takes it: what is done, and with what."""
    rest = {name: value for name, value in step.items() if name != "do"}
    if step["do"] == "prepare":
        rest["amount"] = f"{rest['amount'] / 100:.2f}"
    if rest.get("code"):
        return f"{step['do']} /{rest['code']}"
    return " ".join([str(step["do"]), *(str(value).replace("\n", " ") for value in rest.values() if value)])


def _whose(words: Words, agent: AgentAccount, mark: str, *, is_shared: bool) -> str:
    if agent.role not in LEADING_ROLES:
        return ""
    choices = "".join(
        f'<option value="{value}"{" selected" if is_shared == (value == "true") else ""}>{text(words[label])}</option>'
        for value, label in (("false", "composer.own"), ("true", "composer.shared"))
    )
    return f"""<label>{text(words["composer.for"])}
<select id="whose{mark}" name="is_shared" data-type="boolean">{choices}</select></label>"""


def _remove(words: Words, address: str, number: int) -> str:
    return f"""<form data-api="{address}"><input type="hidden" name="id" value="{number}" data-type="number">
<button class="plain danger">{text(words["composer.remove"])}</button></form>"""


def _mention(words: Words, mention: Mention) -> str:
    name = text(mention.contact_name or words["desk.unknown_contact"])
    new = f'<span class="badge level-1">{text(words["composer.new"])}</span> ' if mention.read_at is None else ""
    return f"""<li><p>{new}<b>{text(mention.by_name)}</b> · {moment(mention.created_at)} ·
<a href="/desk/conversations/{mention.conversation_id}#at-{mention.position}">{name}</a></p>
<p class="said" dir="auto">{text(mention.text)}</p></li>"""


def _empty(words: Words, key: str) -> str:
    return f'<li class="empty">{text(words[key])}</li>'
