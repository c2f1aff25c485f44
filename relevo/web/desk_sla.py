"""How soon people answer, on the desk's pages: what is due next, all clocks of a case, what is told in person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relevo.domain.cases import Case
from relevo.domain.clocks import Clock, Clocks, Goal
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text

_MARKS = {"kept": "✓", "missed": "✕", "late": "!", "paused": "‖", "running": "◷", "dropped": "–"}


def due(words: Words, case: Case, now: datetime) -> str:
    """Give what is due next in a case and when; a script says it as the time that is left."""
    if not case.is_open:
        return ""
    if case.due_at is None:
        is_waiting = case.clocks is not None and case.clocks.paused_at is not None
        return f'<span class="due">{text(words["sla.waits_for_contact"])}</span>' if is_waiting else ""
    return _time_left(words, case.due_at, _goal_due(case), now)


def clocks_box(words: Words, case: Case, now: datetime) -> str:
    """Give all clocks of a case, each with a sign and a word for how it stands."""
    clocks = case.clocks
    if clocks is None:
        return ""
    lines = "".join(_line(words, goal, clock, now) for goal, clock in clocks.each())
    return f"""<details class="section" id="sla-box" open><summary>{text(words["sla.title"])}</summary>
<ul class="clocks">{lines}</ul>{_answers(words, clocks)}
<p class="quiet">{_policy(words, clocks)}</p></details>"""


def breach_line(words: Words, rest: dict[str, Any]) -> str:
    """Say on the timeline which time was missed."""
    goal, number = str(rest.pop("goal", "")), str(rest.pop("case", ""))
    due_at = datetime.fromisoformat(str(rest.pop("due_at")).replace("Z", "+00:00"))
    was_due = f"{text(words['sla.was_due'])} {moment(due_at)}"
    return f'<p><b>{known(words, "sla", goal)}</b> <span class="number">{text(number)}</span> · {was_due}</p>'


def notices_frame(words: Words) -> str:
    """Give the frame of what an agent is told in person; a script fills it, and shows it while there is anything."""
    return f"""<section id="notices" class="notices" aria-label="{text(words["sla.notices"])}" hidden>
<p role="status"></p>
<details id="notices-box"><summary>{text(words["sla.notices"])} <span class="count"></span></summary><ul></ul></details>
<button type="button" class="plain" id="notices-read">{text(words["sla.read"])}</button>
</section>"""


def _goal_due(case: Case) -> str:
    """Give for which goal a case is due; nothing where it is a promised time, or where there are no clocks."""
    found = case.clocks.due() if case.clocks else None
    return found[0].value if found and found[1] == case.due_at else ""


def _time_left(words: Words, due_at: datetime, goal: str, now: datetime) -> str:
    is_late = due_at < now
    plain = words["script.was_due" if is_late else "script.due"]
    said = f"{words[f'sla.{goal}']} · {words['sla.is_late']}" if goal and is_late else words.get(f"sla.{goal}", plain)
    opening = f'<time class="due{" is-late" if is_late else ""}" data-due="{goal}" '
    return moment(due_at).replace("<time ", opening, 1).replace(">", f">{text(said)} ", 1)


def _line(words: Words, goal: Goal, clock: Clock, now: datetime) -> str:
    state = "late" if clock.state == "running" and clock.due_at < now else clock.state
    when = ""
    if state in ("running", "late"):
        when = moment(clock.due_at).replace("<time ", '<time class="due" data-due="left" ', 1)
    elif clock.met_at is not None:
        when = moment(clock.met_at)
    mark = f'<span class="mark" aria-hidden="true">{_MARKS[state]}</span>'
    return f"""<li class="clock is-{state}">{mark} <b>{known(words, "sla", goal.value)}</b>
<span class="badge">{text(words[f"sla.state_{state}"])}</span> {when}</li>"""


def _answers(words: Words, clocks: Clocks) -> str:
    if not clocks.answers:
        return ""
    told = words["sla.answers"].format(answers=clocks.answers, late=clocks.late_answers)
    return f'<p class="quiet">{text(told)}</p>'


def _policy(words: Words, clocks: Clocks) -> str:
    is_wall = [clock.is_wall for _, clock in clocks.each() if clock.breached_at is None][-1:] == [True]
    hours = text(words["sla.all_hours" if is_wall else "sla.open_hours"])
    return f"{text(words['desk.priority'])}: {known(words, 'priority', clocks.level)} · {hours}"
