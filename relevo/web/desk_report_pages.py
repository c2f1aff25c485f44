"""The page of reports, and the lists of what stands behind its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace
from sanic.request import Request
from sanic.response import HTTPResponse

from relevo.contracts.accounts import AgentAccount
from relevo.domain.reports import LINES, Asked, EpisodeLine, Report
from relevo.errors import NotFound
from relevo.flow.reports import sees_everybody
from relevo.web import desk_report_wire as wire
from relevo.web.desk_html import desk_page
from relevo.web.desk_readonly import for_reader
from relevo.web.desk_report_tables import Shown, sections
from relevo.web.desk_report_words import decimal, duration, percent, queue_name, row_label, whole
from relevo.web.desk_sight import eyes_of
from relevo.web.languages import WORDS, Words, language_of
from relevo.web.markup import known, moment, page_answer, text
from relevo.web.services import services_of
from relevo.web.sign_in import Session, demand_session

_RANGES = (7, 28, 92)


async def reports_page(request: Request) -> HTTPResponse:
    """Give the page of reports."""
    session = await demand_session(request)
    services = services_of(request)
    asked = wire.read_asked(request, session.agent)
    compares = request.args.get("compare") == "yes"
    report = await services.store.reports.read(asked, list(LINES))
    before = await _before(request, asked) if compares else None
    language = language_of(request)
    agents = await services.store.accounts.agents() if sees_everybody(session.agent) else []
    names = tuple(queue.name for queue in services.service.queues.all)
    shown = Shown(words=WORDS[language], report=report, before=before, queues=names)
    body = _body(WORDS[language], session, shown, agents)
    return page_answer(desk_page(language, WORDS[language]["reports.title"], session, body))


async def behind_page(request: Request, name: str) -> HTTPResponse:
    """Give the list behind a number."""
    session = await demand_session(request)
    if name not in LINES:
        raise NotFound("There is no such report.")
    asked = wire.read_asked(request, session.agent)
    row, after = wire.read_row(request)
    reports = services_of(request).store.reports
    found = await reports.behind(asked, name, row, limit=wire.PAGE + 1, after=after)
    language = language_of(request)
    seen = await eyes_of(services_of(request), session.agent).episodes(found[: wire.PAGE])
    page = wire.episode_rows(found, seen, after)
    body = _behind(WORDS[language], asked, name, row, for_reader(session, seen), page.next)
    return page_answer(desk_page(language, WORDS[language]["reports.behind"], session, body))


async def frame_page(request: Request) -> HTTPResponse:
    """Give the frame alone: what a page of numbers keeps fresh, while the numbers stay until they are asked for."""
    session = await demand_session(request)
    language = language_of(request)
    return page_answer(desk_page(language, WORDS[language]["reports.title"], session, "<main></main>"))


PAGES = (
    ("/desk/reports", reports_page, "desk_reports"),
    ("/desk/reports/frame", frame_page, "desk_report_frame"),
    ("/desk/reports/<name:str>/cases", behind_page, "desk_behind"),
)


async def _before(request: Request, asked: Asked) -> Report:
    earlier = replace(asked, period=asked.period.before)
    return await services_of(request).store.reports.read(earlier, ["outcomes", "times", "rates", "csat"])


def _body(words: Words, session: Session, shown: Shown, agents: Sequence[AgentAccount]) -> str:
    lead = words["reports.lead" if sees_everybody(session.agent) else "reports.lead_own"]
    told = f"{_tiles(shown)}{sections(shown)}" if shown.report.episodes else _empty(words)
    return f"""<main class="report" data-refresh="/desk/reports/frame">
<header><h1>{text(words["reports.title"])}</h1><p class="lead">{text(lead)}</p></header>
{_filters(words, shown, agents)}
{told}
</main>"""


def _filters(words: Words, shown: Shown, agents: Sequence[AgentAccount]) -> str:
    asked, today = shown.asked, shown.asked.period.last
    channels = [(name.removeprefix("channel."), told) for name, told in words.items() if name.startswith("channel.")]
    languages = [(tag, WORDS[tag]["language"]) for tag in WORDS]
    people = [(str(agent.id), agent.name) for agent in agents]
    chosen_agent = str(asked.agent_id) if asked.agent_id else None
    checked = " checked" if shown.before else ""
    label = text(words["reports.filters"])
    return f"""<form class="report-filters" method="get" action="/desk/reports" aria-label="{label}">
<label>{text(words["reports.from"])}<input type="date" name="from" value="{asked.period.first}" required></label>
<label>{text(words["reports.to"])}<input type="date" name="to" value="{today}" required></label>
{_choice(words, "channel", channels, asked.channel)}
{_choice(words, "language", languages, asked.language)}
{_choice(words, "queue", [(name, queue_name(words, name)) for name in shown.queues], asked.queue)}
{_choice(words, "agent", people, chosen_agent) if people else ""}
<label class="check"><input type="checkbox" name="compare" value="yes"{checked}>{text(words["reports.compare"])}</label>
<button>{text(words["reports.show"])}</button>
</form>
<ul class="ranges">{"".join(_range(words, asked, days) for days in _RANGES)}</ul>"""


def _choice(words: Words, name: str, choices: Sequence[tuple[str, str]], chosen: str | None) -> str:
    options = "".join(
        f'<option value="{text(value)}"{" selected" if value == chosen else ""}>{text(told)}</option>'
        for value, told in choices
    )
    return (
        f'<label>{text(words[f"reports.{name}"])}<select name="{name}"><option value="">{text(words["reports.all"])}'
        f"</option>{options}</select></label>"
    )


def _range(words: Words, asked: Asked, days: int) -> str:
    last: date = asked.period.last
    period = replace(asked.period, first=last - timedelta(days=days - 1))
    query = wire.query_of(replace(asked, period=period))
    current = ' aria-current="true"' if asked.period.days == days else ""
    return f'<li><a href="/desk/reports?{text(query)}"{current}>{text(words[f"reports.days_{days}"])}</a></li>'


def _tiles(shown: Shown) -> str:
    words, report, before = shown.words, shown.report, shown.before
    rates, old_rates = _by_measure(report.rates), _by_measure(before.rates if before else ())
    times, old_times = _by_measure(report.times), _by_measure(before.times if before else ())
    all_of_them = shown.link("outcomes", "", whole(words, report.episodes))
    tiles = [_tile(words, words["reports.episodes"], all_of_them, whole(words, before.episodes) if before else "")]
    for measure in ("contained", "durable", "sla", "repeat"):
        now, then = rates.get(measure), old_rates.get(measure)
        value = shown.link("rates", measure, percent(words, now.share)) if now and now.of else "–"
        old = percent(words, then.share) if then and then.of else ""
        tiles.append(_tile(words, words[f"reports.measure.{measure}"], value, old))
    for measure in ("to_person", "first_response"):
        now, then = times.get(measure), old_times.get(measure)
        value = shown.link("times", measure, duration(words, now.median_seconds)) if now else "–"
        old = duration(words, then.median_seconds) if then else ""
        tiles.append(_tile(words, words[f"reports.measure.{measure}"], value, old))
    tiles.append(_tile(words, words["reports.csat"], text(_average(words, report) or "–"), _average(words, before)))
    return f'<dl class="tiles">{"".join(tiles)}</dl>'


def _tile(words: Words, name: str, value: str, before: str) -> str:
    told = f"<dd>{text(words['reports.before'].format(value=before))}</dd>" if before else ""
    return f"<div><dt>{text(name)}</dt><dd>{value}</dd>{told}</div>"


def _by_measure(lines: Sequence[object]) -> dict[str, Any]:
    return {line.measure: line for line in lines}  # type: ignore[attr-defined]


def _average(words: Words, report: Report | None) -> str:
    if report is None:
        return ""
    answered = sum(line.answered for line in report.csat)
    total = sum(score * count for line in report.csat for score, count in enumerate(line.scores, 1))
    return f"{decimal(words, total / answered)} / 5" if answered else ""


def _empty(words: Words) -> str:
    return f'<div class="empty"><p>{text(words["reports.empty"])}</p><p>{text(words["reports.empty_hint"])}</p></div>'


def _behind(words: Words, asked: Asked, name: str, row: str, seen: Sequence[EpisodeLine], further: int | None) -> str:
    items = "".join(_item(words, line) for line in seen)
    empty = f'<p class="empty">{text(words["reports.behind_none"])}</p>'
    query = wire.query_of(asked, row=row, after=str(further))
    more = (
        f'<a class="more" href="/desk/reports/{name}/cases?{text(query)}">{text(words["reports.more"])}</a>'
        if further
        else ""
    )
    return f"""<main class="report" data-refresh="/desk/reports/frame">
<header><p class="crumb"><a href="/desk/reports?{text(wire.query_of(asked))}">← {text(words["reports.back"])}</a></p>
<h1>{text(row_label(words, name, row) or words["reports.title"])}</h1>
<p class="lead">{text(words[f"reports.{name}"])} · {asked.period.first} – {asked.period.last}</p></header>
<section aria-label="{text(words["reports.behind"])}">{f'<ul class="lines">{items}</ul>' if items else empty}</section>
{more}
</main>"""


def _item(words: Words, line: EpisodeLine) -> str:
    name = text(line.contact_name or words["desk.unknown_contact"])
    about = f" · {known(words, 'case_type', line.case_type)} {text(line.case_id)}" if line.case_type else ""
    goal = f'<span class="preview" dir="auto">{text(line.goal[:160])}</span>' if line.goal else ""
    rated = words["reports.rated"].format(score=line.score) if line.score else ""
    return f"""<li><a href="{text(wire.address_of(line))}">
<span class="name">{name}</span>{moment(line.began_at)}
<span class="from">{known(words, "channel", line.channel)}{about}</span>
{goal}<span class="badges"><span class="badge">{text(words[f"reports.outcome.{line.outcome}"])}</span>
{f'<span class="badge">{text(rated)}</span>' if rated else ""}</span>
</a></li>"""
