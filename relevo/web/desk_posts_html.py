"""The page of public posts as HTML: incidents above, then posts by urgency, each with what may be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from relevo.contracts.posts import Incident, WatchedPost
from relevo.domain.cases import PriorityReason
from relevo.domain.post_text import LONGEST
from relevo.domain.post_urgency import PostState
from relevo.domain.roles import LEADERS, WORKERS
from relevo.errors import RequestError
from relevo.web.desk_post_words import public_reason, reach
from relevo.web.desk_posts import SHOWN, Asked
from relevo.web.desk_posts_wire import Shown
from relevo.web.languages import WORDS, Words
from relevo.web.markup import known, moment, text
from relevo.web.sign_in import Session

HERE = "/desk/posts"
_SCRIPT = '<script type="module" src="/static/desk/posts.js"></script>'


class PostPage(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the page."""

    asked: Asked
    posts: Sequence[Shown]
    following: str | None
    incidents: Sequence[Incident]
    refusal: RequestError | None = None


class PostRoom:
    """The page in one agent's words."""

    def __init__(self, words: Words, session: Session, page: PostPage) -> None:
        self._words, self._session, self._page = words, session, page
        self._works = session.agent.role in WORKERS

    def body(self) -> str:
        """Give what stands in the frame."""
        words, page = self._words, self._page
        posts = "".join(map(self._post, page.posts)) or f'<p class="empty">{text(words["posts.none"])}</p>'
        more = (
            f'<p class="more"><a href="{self._address(before=page.following)}">{text(words["desk.more_cases"])}</a></p>'
        )
        return f"""<main class="report posts" data-all>
<header><h1>{text(words["posts.title"])}</h1><p class="lead">{text(words["posts.lead"])}</p></header>
{self._alert()}<div id="incidents" data-live>{"".join(map(self._incident, page.incidents))}</div>
<ul class="ranges" id="posts-shown">{"".join(map(self._tab, SHOWN))}</ul>
<div id="posts" class="lessons" data-live>{posts}</div>{more if page.following else ""}{_SCRIPT}
</main>"""

    def _alert(self) -> str:
        refusal = self._page.refusal
        if refusal is None:
            return ""
        sentence = self._words.get(f"problem.{refusal.reason}", str(refusal))
        return f'<p class="alert" role="alert">{text(sentence)}</p>'

    def _tab(self, show: str) -> str:
        current = ' aria-current="true"' if show == self._page.asked.show else ""
        return f'<li><a href="{HERE}?show={show}"{current}>{text(self._words[f"posts.show_{show}"])}</a></li>'

    def _post(self, shown: Shown) -> str:
        words, it = self._words, shown.post
        post, here = it.post, f"post-{it.id}"
        name = f"@{post.author.username}" if post.author.username else post.author.id
        called = f" {text(post.author.name)}" if post.author.name else ""
        return f"""<section id="{here}" aria-labelledby="{here}-by">
<p class="badges" id="{here}-by"><b><bdi>{text(name)}</bdi></b>{called} {self._badges(it)}</p>
<blockquote lang="{text(it.judgement.language)}" dir="auto">{text(post.text)}</blockquote>
<p class="quiet">{moment(post.created_at)} · {self._reach(it)} ·
<a href="{text(post.url)}" rel="noreferrer noopener" target="_blank">{text(words["posts.look"])}</a></p>
{self._why(it)}{self._who(shown)}{self._answered(it)}{self._forms(it)}</section>"""

    def _badges(self, it: WatchedPost) -> str:
        words, level, judged = self._words, it.priority.level, it.judgement
        badges = [f'<span class="badge priority-{level}">{known(words, "priority", level)}</span>'] * (
            level != "normal"
        )
        badges.append(f'<span class="badge">{known(words, "post_sort", judged.sort)}</span>')
        if judged.topic:
            badges.append(f'<span class="badge">{known(words, "post_topic", judged.topic)}</span>')
        if judged.flight:
            badges.append(f'<span class="badge">{text(judged.flight)}</span>')
        badges.append(f'<span class="badge state-prepared">{known(words, "post_state", it.state.value)}</span>')
        if not it.post.is_summoning:
            badges.append(f'<span class="badge">{text(words["posts.not_named"])}</span>')
        return "".join(badges)

    def _reach(self, it: WatchedPost) -> str:
        told = {
            "impressions": it.post.impressions,
            "an_hour": it.an_hour,
            "followers": it.post.author.followers,
        }
        return text(reach(self._words, told))

    def _why(self, it: WatchedPost) -> str:
        reasons = " · ".join(text(self._reason(reason)) for reason in it.priority.reasons)
        return (
            f'<p><span class="quiet">{text(self._words["posts.why"])}:</span> <b>{reasons}</b></p>' if reasons else ""
        )

    def _reason(self, reason: PriorityReason) -> str:
        if (said := public_reason(self._words, reason)) is not None:
            return said
        shown = self._words.get(f"reason.{reason.code}", reason.code)
        return f"{shown} ({reason.detail})" if reason.detail else shown

    def _who(self, shown: Shown) -> str:
        words, it = self._words, shown.post
        parts = []
        if it.business_ref:
            name = text(it.contact_name or it.business_ref)
            parts.append(f'{text(words["desk.contact"])}: <a href="/desk/contacts/{it.contact_id}">{name}</a>')
        for each in shown.candidates:
            link = f'<a href="/desk/contacts/{each.contact_id}">{text(each.name)}</a>'
            parts.append(f"{text(words['posts.perhaps'])}: {link} ({text(words['posts.proves_nothing'])})")
        if it.case_id:
            parts.append(
                f'{text(words["posts.case"])}: <a href="/desk/cases/{text(it.case_id)}">{text(it.case_id)}</a>'
            )
        if it.conversation_id:
            link = f"/desk/conversations/{it.conversation_id}"
            parts.append(f'<a href="{link}">{text(words["posts.conversation"])}</a>')
        return f"<p>{' · '.join(parts)}</p>" if parts else ""

    def _answered(self, it: WatchedPost) -> str:
        if it.reply is None:
            return ""
        by = f" · {text(it.agent_name)}" if it.agent_name else ""
        state = known(self._words, "delivery", it.reply_state or "sent")
        return f"""<p class="quiet">{text(self._words["posts.our_answer"])}{by} · {state}</p>
<blockquote class="ours" dir="auto">{text(it.reply)}</blockquote>"""

    def _forms(self, it: WatchedPost) -> str:
        if not self._works:
            return ""
        words, may_answer = self._words, it.reply is None or it.reply_state == "refused"
        buttons = [("invite", "posts.invite")] * may_answer
        buttons += [("case", "posts.open_case")] * (it.case_id is None)
        if it.state in (PostState.HANDLED, PostState.DISMISSED):
            buttons.append(("waiting", "posts.again"))
        else:
            buttons += [("handled", "posts.handled"), ("dismissed", "posts.dismiss")]
        shown = "".join(
            f'<button class="plain" name="do" value="{do}">{text(words[key])}</button>' for do, key in buttons
        )
        return f"""{self._answer_form(it) if may_answer else ""}
<form class="lesson" method="post" action="{self._address()}">{self._hidden(it.id)}
<div class="badges">{shown}</div></form>"""

    def _answer_form(self, it: WatchedPost) -> str:
        words, field = self._words, f"answer-{it.id}"
        return f"""<details id="answer-box-{it.id}"><summary>{text(words["posts.answer"])}</summary>
<form class="lesson" method="post" action="{self._address()}">{self._hidden(it.id)}
<label for="{field}">{text(words["posts.answer_label"])}</label>
<textarea id="{field}" name="text" rows="3" required maxlength="2000" dir="auto" aria-describedby="{field}-hint"
 data-weighs="{LONGEST}"></textarea>
<p class="quiet" id="{field}-hint">{text(words["posts.answer_hint"])} <output for="{field}"></output></p>
<div class="row"><button name="do" value="answer">{text(words["posts.answer_now"])}</button></div></form></details>"""

    def _incident(self, incident: Incident) -> str:
        words, title = self._words, f"incident-{incident.id}-title"
        what = incident.flight or words.get(f"post_topic.{incident.topic}", incident.topic or "")
        told = words["posts.incident_counts"].format(
            posts=incident.posts, summoning=incident.summoning, answered=incident.answered
        )
        link = f"{HERE}?{urlencode({'incident': incident.id})}"
        return f"""<section class="incident" id="incident-{incident.id}" aria-labelledby="{title}">
<h2 id="{title}">{text(words["posts.incident"])}: {text(what)}</h2>
<p>{text(told)} · <a href="{link}">{text(words["posts.incident_posts"])}</a> · {moment(incident.began_at)}</p>
<p class="quiet">{text(words["posts.incident_lead"])}</p>
{self._texts(incident)}{self._end(incident)}</section>"""

    def _texts(self, incident: Incident) -> str:
        words = self._words
        if incident.approved_at is not None:
            said = "".join(
                f'<blockquote class="ours" dir="auto">{text(each)}</blockquote>' for each in incident.texts.values()
            )
            by = words["posts.approved_by"].format(name=incident.approved_by or "")
            return f'<p class="quiet">{text(by)} · {moment(incident.approved_at)}</p>{said}'
        if self._session.agent.role not in LEADERS:
            return f'<p class="quiet">{text(words["posts.waits_for_leader"])}</p>'
        fields = "".join(
            f"""<label for="texts-{incident.id}-{tag}">{text(WORDS[tag]["language"])}</label>
<textarea id="texts-{incident.id}-{tag}" name="texts.{tag}" rows="3" maxlength="2000" lang="{tag}" dir="auto"
 data-weighs="{LONGEST}" aria-describedby="texts-{incident.id}-{tag}-hint"></textarea>
<p class="quiet" id="texts-{incident.id}-{tag}-hint">{text(words["posts.answer_hint"])}
 <output for="texts-{incident.id}-{tag}"></output></p>"""
            for tag in WORDS
        )
        return f"""<form class="lesson" method="post" action="{self._address()}">{self._hidden(incident.id)}{fields}
<div class="row"><button name="do" value="approve">{text(words["posts.approve"])}</button></div></form>"""

    def _end(self, incident: Incident) -> str:
        if not self._works:
            return ""
        return f"""<form class="lesson" method="post" action="{self._address()}">{self._hidden(incident.id)}
<div class="row"><button class="plain" name="do" value="end">{text(self._words["posts.end"])}</button></div></form>"""

    def _hidden(self, about: int) -> str:
        token = self._session.form_token
        return f'<input type="hidden" name="form_token" value="{token}"><input type="hidden" name="id" value="{about}">'

    def _address(self, **other: str | None) -> str:
        asked = {"show": self._page.asked.show, "incident": self._page.asked.wanted.incident_id, **other}
        return text(f"{HERE}?{urlencode({name: value for name, value in asked.items() if value is not None})}")
