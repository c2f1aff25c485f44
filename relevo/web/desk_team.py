"""Two pages of the desk: what waits in the queues, and for supervisors, who is there and what they see to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.routing import HeldConversation, Member
from relevo.domain.routing import TAKING_ROLES
from relevo.flow.offers import demand_leading
from relevo.web.desk_html import desk_page
from relevo.web.desk_queues import QueueLine, WaitingLine, queue_lines
from relevo.web.desk_readonly import for_reader
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import known, moment, page_answer, text
from relevo.web.services import services_of
from relevo.web.sign_in import Session, demand_session


async def queue_page(request: Request) -> HTTPResponse:
    """Show everything that waits and that the reader may take."""
    session, language = await demand_session(request), language_of(request)
    words, queues = WORDS[language], for_reader(session, await queue_lines(services_of(request), session.agent))
    body = f"""<main class="work queues-page">
<section class="pane" id="queues" data-live aria-labelledby="queues-title">
<h1 id="queues-title">{text(words["queues.title"])}</h1>
{"".join(_queue(words, queue) for queue in queues)}
</section></main>"""
    return page_answer(desk_page(language, words["queues.title"], session, body))


async def team_page(request: Request) -> HTTPResponse:
    """Show supervisors who is there, what they see to, and what waits."""
    session, language = await demand_session(request), language_of(request)
    demand_leading(session.agent)
    services, words = services_of(request), WORDS[language]
    members = await services.store.routing.team(services.service.presence_seconds)
    queues = await queue_lines(services_of(request), session.agent)
    now = services.clock()
    body = f"""<main class="work team-page">
<section class="pane" id="team" data-live aria-labelledby="team-title">
<h1 id="team-title">{text(words["team.title"])}</h1>
{_summary(words, members, queues, now)}
<ul class="members">{"".join(_member(words, member, members, session) for member in members)}</ul>
</section>
<section class="pane" id="queues" data-live aria-labelledby="queues-title">
<h2 id="queues-title">{text(words["queues.title"])}</h2>
{"".join(_queue(words, queue, members) for queue in queues)}
</section></main>"""
    return page_answer(desk_page(language, words["team.title"], session, body))


PAGES = (("/desk/queue", queue_page, "desk_queue"), ("/desk/team", team_page, "desk_team"))


def _summary(words: Words, members: Sequence[Member], queues: Sequence[QueueLine], now: datetime) -> str:
    there = [member for member in members if member.is_online and not member.is_away]
    room = sum(max(0, member.capacity - member.load) for member in there)
    waiting = [line for queue in queues for line in queue.waiting]
    longest = max(((now - line.since).total_seconds() for line in waiting), default=0)
    numbers = (
        ("team.online", str(len(there))),
        ("team.room", str(room)),
        ("queues.waiting", str(len(waiting))),
        ("queues.longest", _minutes(words, longest) if waiting else "–"),
    )
    cells = "".join(f"<div><dt>{text(words[name])}</dt><dd>{text(value)}</dd></div>" for name, value in numbers)
    return f'<dl class="numbers">{cells}</dl>'


def _member(words: Words, member: Member, members: Sequence[Member], session: Session) -> str:
    state = "offline" if not member.is_online else "away" if member.is_away else "online"
    said = [words.get(f"team.role_{member.role}", member.role)]
    said.append(", ".join(member.queues) or words["team.every_queue"])
    said += [", ".join(found) for found in (member.languages, member.skills) if found]
    held = "".join(_held(words, one, member, members, session) for one in member.held)
    return f"""<li class="member" id="member-{member.id}"><header>
<span class="badge presence-{state}">{text(words[f"team.is_{state}"])}</span>
<h2>{text(member.name)}</h2>
<meter min="0" max="{max(1, member.capacity)}" value="{member.load}" aria-label="{text(words["team.load"])}"></meter>
<span class="number">{member.load} / {member.capacity}</span></header>
<p class="quiet">{text(" · ".join(said))}</p>
{f'<ul class="lines-plain">{held}</ul>' if held else ""}</li>"""


def _held(words: Words, one: HeldConversation, member: Member, members: Sequence[Member], session: Session) -> str:
    here = f"/desk/api/conversations/{one.conversation_id}"
    name = f"held-{one.conversation_id}"
    others = [other for other in members if other.id != member.id]
    take = ""
    if member.id != session.agent.id:
        take = _button(f"{name}-take", f"{here}/assign", one.control_version, words["desk.take_over"], session.agent.id)
    back = _button(f"{name}-back", f"{here}/put-back", one.control_version, words["desk.put_back"])
    return f"""<li id="{name}"><a href="/desk/conversations/{one.conversation_id}">{_contact(words, one)}</a>
{moment(one.updated_at)}<div class="acts">{take}{back}
{_assign(words, name, here, one.control_version, others)}</div></li>"""


def _queue(words: Words, queue: QueueLine, members: Sequence[Member] = ()) -> str:
    waiting = "".join(_waiting(words, line, members) for line in queue.waiting)
    said = [words["queues.is_open"] if queue.is_open else words["queues.is_closed"]]
    usual = words["queues.usual_unknown"]
    if queue.usual_wait_seconds is not None:
        usual = words["queues.usual"].format(time=_minutes(words, queue.usual_wait_seconds))
    opens = f" · {text(words['queues.opens'])} {moment(queue.opens_at)}" if queue.opens_at else ""
    empty = f'<p class="quiet">{text(words["queues.empty"])}</p>'
    heading = "h3" if members else "h2"
    return f"""<section class="queue" aria-label="{text(_name(words, queue.name))}">
<{heading}>{text(_name(words, queue.name))} <span class="count">{len(queue.waiting)}</span></{heading}>
<p class="quiet">{text(" · ".join([*said, usual]))}{opens}</p>
{f'<ol class="lines-plain">{waiting}</ol>' if waiting else empty}</section>"""


def _waiting(words: Words, line: WaitingLine, members: Sequence[Member]) -> str:
    here, name = f"/desk/api/conversations/{line.conversation_id}", f"wait-{line.conversation_id}"
    offered = ""
    if line.offered_to_name:
        said = words["queues.offered_to"].format(name=line.offered_to_name)
        offered = f'<span class="badge control-offered">{text(said)}</span>'
    urgent = ""
    if line.priority != "normal":
        urgent = f'<span class="badge priority-{line.priority}">{known(words, "priority", line.priority)}</span>'
    goal = f'<p class="quiet goal" dir="auto">{text(line.goal[:160])}</p>' if line.goal else ""
    return f"""<li id="{name}"><span class="place">{line.place}</span>
<a href="/desk/conversations/{line.conversation_id}">{_contact(words, line)}</a> {moment(line.since)}
<span class="badges"><span class="badge">{known(words, "case_type", line.case_type)}</span>
<span class="badge">{known(words, "channel", line.channel)}</span>{urgent}{offered}</span>{goal}
<div class="acts">{_button(f"{name}-take", f"{here}/take-over", line.control_version, words["desk.take_over"])}
{_assign(words, name, here, line.control_version, members)}</div></li>"""


def _assign(words: Words, name: str, here: str, version: int, members: Sequence[Member]) -> str:
    """Give the choice of a colleague, where there are any to choose from."""
    able = sorted((m for m in members if m.role in TAKING_ROLES), key=_readiness)
    if not able:
        return ""
    options = "".join(
        f'<option value="{member.id}">{text(member.name)} ({member.load}/{member.capacity})</option>' for member in able
    )
    return f"""<form id="{name}-assign" class="assign" data-api="{here}/assign">
<input type="hidden" name="version" value="{version}" data-type="number">
<select id="{name}-to" name="agent_id" data-type="number" aria-label="{text(words["team.to"])}">{options}</select>
<button class="plain">{text(words["team.give"])}</button></form>"""


def _readiness(member: Member) -> tuple[bool, int, str]:
    """Put whoever is there and has least to do first."""
    return not member.is_online or member.is_away, member.load - member.capacity, member.name


def _button(name: str, address: str, version: int, label: str, agent_id: int | None = None) -> str:
    to = f'<input type="hidden" name="agent_id" value="{agent_id}" data-type="number">' if agent_id else ""
    return f"""<form id="{name}" data-api="{address}">
<input type="hidden" name="version" value="{version}" data-type="number">{to}
<button class="plain">{text(label)}</button></form>"""


def _contact(words: Words, one: HeldConversation | WaitingLine) -> str:
    if one.contact_name:
        return text(one.contact_name)
    return f'{text(words["desk.unknown_contact"])} <span class="number">{text(one.address[:12])}</span>'


def _name(words: Words, queue: str) -> str:
    return words.get(f"queue.{queue}", queue)


def _minutes(words: Words, seconds: float) -> str:
    if seconds < 60:
        return words["queues.under_a_minute"]
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
