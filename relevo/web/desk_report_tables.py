"""The sections of the page of reports: a chart, and beside it the same as a table whose numbers are links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from relevo.domain.reports import AgentLine, Asked, QueueLine, RateLine, RatingLine, Report
from relevo.web.desk_report_charts import Mark, bars, columns
from relevo.web.desk_report_wire import query_of
from relevo.web.desk_report_words import amount, decimal, duration, percent, queue_name, row_label, whole
from relevo.web.languages import Words
from relevo.web.markup import known, text


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is made of."""

    words: Words
    report: Report
    before: Report | None
    queues: Sequence[str] = ()
    """Names of all the queues that there are."""

    @property
    def asked(self) -> Asked:
        """Give what was asked for."""
        return self.report.asked

    def link(self, name: str, row: str, shown: str, asked: Asked | None = None) -> str:
        """Give a number that leads to what it counts, where ``asked`` is given within that."""
        query = query_of(asked or self.asked, row=row)
        label = f"{row_label(self.words, name, row)}: {shown}"
        return f'<a href="/desk/reports/{name}/cases?{text(query)}" aria-label="{text(label)}">{text(shown)}</a>'


def sections(shown: Shown) -> str:
    """Give every section."""
    makers: tuple[Callable[[Shown], str], ...] = (
        _days, _outcomes, _reasons, _times, _rates, _csat, _hours, _channels, _effects, _sla, _queues, _agents,
    )  # fmt: skip
    return f'<div class="panels">{"".join(make(shown) for make in makers)}</div>'


def _outcomes(shown: Shown) -> str:
    words, lines = shown.words, shown.report.outcomes
    before = {line.outcome: line.share for line in shown.before.outcomes} if shown.before else None
    labels = {line.outcome: words[f"reports.outcome.{line.outcome}"] for line in lines}
    earlier = {line.outcome: None if before is None else before.get(line.outcome, 0.0) for line in lines}
    marks = [
        Mark(
            label=labels[line.outcome],
            value=line.share,
            shown=percent(words, line.share),
            before=earlier[line.outcome],
        )
        for line in lines
    ]
    rows = [
        (labels[line.outcome], shown.link("outcomes", line.row, whole(words, line.episodes)),
         _with_before(words, percent(words, line.share), percent(words, earlier[line.outcome]) if before else None))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.outcomes"], words["reports.episodes"], words["reports.share"])
    return _section(
        shown, "outcomes", bars("outcomes", words["reports.outcomes"], marks, 1), _table(words, heads, rows)
    )


def _reasons(shown: Shown) -> str:
    words, lines = shown.words, shown.report.reasons
    marks = [
        Mark(label=_trigger(words, line.trigger), value=line.handoffs, shown=whole(words, line.handoffs))
        for line in lines
    ]
    rows = [
        (_trigger(words, line.trigger), shown.link("reasons", line.row, whole(words, line.handoffs)),
         percent(words, line.share))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.reasons"], words["reports.handoffs"], words["reports.share"])
    return _section(shown, "reasons", bars("reasons", words["reports.reasons"], marks), _table(words, heads, rows))


def _times(shown: Shown) -> str:
    words, lines = shown.words, shown.report.times
    before = {line.measure: line.median_seconds for line in shown.before.times} if shown.before else {}
    marks = [
        Mark(
            label=words[f"reports.measure.{line.measure}"],
            value=line.median_seconds,
            shown=duration(words, line.median_seconds),
            before=before.get(line.measure),
        )
        for line in lines
    ]
    rows = [
        (words[f"reports.measure.{line.measure}"], shown.link("times", line.row, whole(words, line.handoffs)),
         _with_before(words, duration(words, line.median_seconds),
                      duration(words, before[line.measure]) if line.measure in before else None),
         duration(words, line.p90_seconds))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.times"], words["reports.handoffs"], words["reports.median"], words["reports.p90"])
    return _section(shown, "times", bars("times", words["reports.times"], marks), _table(words, heads, rows))


def _rates(shown: Shown) -> str:
    words = shown.words
    before = {line.measure: line.share for line in shown.before.rates} if shown.before else {}
    lines = [line for line in shown.report.rates if line.of]
    marks = [
        Mark(
            label=words[f"reports.measure.{line.measure}"],
            value=line.share or 0,
            shown=percent(words, line.share),
            before=before.get(line.measure),
        )
        for line in lines
    ]
    rows = [
        (words[f"reports.measure.{line.measure}"], shown.link("rates", line.row, whole(words, line.count)),
         _missed(shown, line), percent(words, line.share))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.rates"], words["reports.did"], words["reports.did_not"], words["reports.share"])
    return _section(shown, "rates", bars("rates", words["reports.rates"], marks, 1), _table(words, heads, rows))


def _csat(shown: Shown) -> str:
    words, lines = shown.words, shown.report.csat
    marks = [
        Mark(
            label=words[f"reports.stretch.{line.stretch}"],
            value=line.average or 0,
            shown=f"{decimal(words, line.average)} / 5",
        )
        for line in lines
        if line.answered
    ]
    rows = [
        (words[f"reports.stretch.{line.stretch}"], shown.link("csat", line.row, whole(words, line.asked)),
         whole(words, line.answered), decimal(words, line.average), *_scores(shown, line))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.csat"], words["reports.asked"], words["reports.answered"], words["reports.average"],
             "1", "2", "3", "4", "5")  # fmt: skip
    return _section(shown, "csat", bars("csat", words["reports.csat"], marks, 5), _table(words, heads, rows))


def _scores(shown: Shown, line: RatingLine) -> list[str]:
    counts = enumerate(line.scores, 1)
    return [shown.link("csat", f"{line.row}/{score}", whole(shown.words, count)) for score, count in counts]


def _days(shown: Shown) -> str:
    words, totals = shown.words, Counter[str]()
    for line in shown.report.days:
        totals[line.day.isoformat()] += line.episodes
    marks = [
        Mark(label=f"{int(day[8:])}/{int(day[5:7])}", value=totals[day], shown=whole(words, totals[day]))
        for day in _all_days(shown.asked)
    ]
    rows = [(day, shown.link("days", day, whole(words, count))) for day, count in sorted(totals.items())]
    heads = (words["reports.day"], words["reports.episodes"])
    chart = columns("days", words["reports.days"], marks)
    return _section(shown, "days", chart, _folded(words, _table(words, heads, rows)), kind="is-wide")


def _hours(shown: Shown) -> str:
    words, totals = shown.words, Counter[int]()
    for line in shown.report.hours:
        totals[line.hour] += line.episodes
    marks = [Mark(label=str(hour), value=totals[hour], shown=whole(words, totals[hour])) for hour in range(24)]
    rows = [
        (f"{hour}:00", shown.link("hours", str(hour), whole(words, count))) for hour, count in sorted(totals.items())
    ]
    heads = (words["reports.hour"], words["reports.episodes"])
    chart = columns("hours", words["reports.hours"], marks)
    return _section(shown, "hours", chart, _folded(words, _table(words, heads, rows)))


def _channels(shown: Shown) -> str:
    words, episodes, messages = shown.words, Counter[str](), Counter[str]()
    for line in shown.report.days:
        episodes[line.channel] += line.episodes
        messages[line.channel] += line.messages
    marks = [
        Mark(label=words.get(f"channel.{name}", name), value=count, shown=whole(words, count))
        for name, count in episodes.most_common()
    ]
    rows = [
        (
            words.get(f"channel.{name}", name),
            shown.link("outcomes", "", whole(words, count), replace(shown.asked, channel=name)),
            whole(words, messages[name]),
        )
        for name, count in episodes.most_common()
    ]
    heads = (words["reports.channel"], words["reports.episodes"], words["reports.messages"])
    chart = bars("channels", words["reports.channels"], marks)
    return _section(shown, "channels", chart, _table(words, heads, rows), has_csv=False)


def _effects(shown: Shown) -> str:
    words = shown.words
    rows = [
        (words.get(f"effect.{line.kind}", line.kind), known(words, "state", line.state),
         shown.link("effects", line.row, whole(words, line.effects)), text(amount(words, line.amount, line.unit)))
        for line in shown.report.effects
    ]  # fmt: skip
    heads = (words["reports.effect"], words["reports.state"], words["reports.count"], words["reports.amount"])
    return _section(shown, "effects", "", _table(words, heads, rows))


def _agents(shown: Shown) -> str:
    words = shown.words
    rows = [_agent(shown, line) for line in shown.report.agents]
    heads = (
        words["reports.name"], words["reports.handoffs"], words["reports.resolved"], words["reports.refused"],
        words["reports.measure.first_response"], words["reports.measure.resolution"], words["reports.measure.sla"],
        words["reports.csat"],
    )  # fmt: skip
    return _section(shown, "agents", "", _table(words, heads, rows), kind="is-wide")


def _sla(shown: Shown) -> str:
    words, lines = shown.words, shown.report.sla
    marks = [Mark(label=row_label(words, "sla", line.row), value=line.share or 0, shown=percent(words, line.share))
             for line in lines if line.share is not None]  # fmt: skip
    rows = [
        (row_label(words, "sla", line.row), shown.link("sla", f"{line.row}/kept", whole(words, line.kept)),
         shown.link("sla", f"{line.row}/late", whole(words, line.late)),
         shown.link("sla", f"{line.row}/running", whole(words, line.running)), percent(words, line.share))
        for line in lines
    ]  # fmt: skip
    heads = (words["reports.sla"], words["reports.kept"], words["reports.late"], words["reports.running"],
             words["reports.share"])  # fmt: skip
    return _section(shown, "sla", bars("sla", words["reports.sla"], marks, 1), _table(words, heads, rows))


def _queues(shown: Shown) -> str:
    words = shown.words
    rows = [_queue(shown, line) for line in shown.report.queues]
    heads = (
        words["reports.queue"], words["reports.handoffs"], words["reports.outcome.nobody_came"],
        words["reports.resolved"], words["reports.refused"], words["reports.measure.first_response"],
        words["reports.measure.resolution"], words["reports.measure.sla"],
    )  # fmt: skip
    return _section(shown, "queues", "", _table(words, heads, rows), kind="is-wide")


def _queue(shown: Shown, line: QueueLine) -> tuple[str, ...]:
    words, row = shown.words, line.row
    return (
        queue_name(words, line.queue),
        shown.link("queues", row, whole(words, line.handoffs)),
        shown.link("queues", f"{row}/nobody_came", whole(words, line.nobody_came)),
        shown.link("queues", f"{row}/resolved", whole(words, line.resolved)),
        shown.link("queues", f"{row}/refused", whole(words, line.refused)),
        duration(words, line.first_response_seconds),
        duration(words, line.resolution_seconds),
        _kept(shown, "queues", line),
    )


def _kept(shown: Shown, name: str, line: AgentLine | QueueLine) -> str:
    """Give how many were kept, and of how many: the others are what was late."""
    words = shown.words
    late = shown.link(name, f"{line.row}/sla/no", whole(words, line.sla_of - line.sla_kept))
    kept = shown.link(name, f"{line.row}/sla", whole(words, line.sla_kept))
    return words["reports.kept_late"].format(kept=kept, late=late)


def _agent(shown: Shown, line: AgentLine) -> tuple[str, ...]:
    words, row = shown.words, line.row
    return (
        line.name,
        shown.link("agents", row, whole(words, line.handoffs)),
        shown.link("agents", f"{row}/resolved", whole(words, line.resolved)),
        shown.link("agents", f"{row}/refused", whole(words, line.refused)),
        duration(words, line.first_response_seconds),
        duration(words, line.resolution_seconds),
        _kept(shown, "agents", line),
        decimal(words, line.average),
    )


def _section(shown: Shown, name: str, chart: str, table: str, *, kind: str = "", has_csv: bool = True) -> str:
    words = shown.words
    title = words[f"reports.{name}"]
    said = words.get(f"reports.{name}_hint", "").format(zone=shown.asked.period.zone)
    label = words["reports.csv_of"].format(title=title)
    csv = (
        f'<a href="/desk/api/reports/{name}.csv?{text(query_of(shown.asked))}" download aria-label="{text(label)}">'
        f"{text(words['reports.csv'])}</a>"
    )
    body = f"{chart}{table}" if table else f'<p class="quiet">{text(words["reports.nothing"])}</p>'
    return f"""<section class="{kind}" aria-labelledby="{name}-title">
<div class="section-head"><h2 id="{name}-title">{text(title)}</h2>{csv if has_csv else ""}</div>
{f'<p class="quiet">{text(said)}</p>' if said else ""}{body}
</section>"""


def _table(words: Words, heads: Sequence[str], rows: Sequence[Iterable[str]]) -> str:
    """Give a table; its first cells are text, the others HTML."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{text(each)}</th>' for each in heads)
    body = "".join(_table_row(row) for row in rows)
    return f"""<div class="scrolls" tabindex="0" role="group" aria-label="{text(heads[0])}"><table class="numbers">
<caption>{text(heads[0])}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"""


def _table_row(row: Iterable[str]) -> str:
    name, *cells = row
    return f'<tr><th scope="row">{text(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _folded(words: Words, table: str) -> str:
    return f"<details><summary>{text(words['reports.table'])}</summary>{table}</details>" if table else ""


def _with_before(words: Words, shown: str, before: str | None) -> str:
    told = f' <span class="quiet">{text(words["reports.before"].format(value=before))}</span>' if before else ""
    return f"{text(shown)}{told}"


def _missed(shown: Shown, line: RateLine) -> str:
    others = whole(shown.words, line.of - line.count)
    return shown.link("rates", f"{line.row}/no", others) if line.measure in ("durable", "sla") else text(others)


def _trigger(words: Words, trigger: str) -> str:
    return words.get(f"trigger.{trigger}", trigger)


def _all_days(asked: Asked) -> list[str]:
    first = asked.period.first.toordinal()
    return [asked.period.first.fromordinal(first + day).isoformat() for day in range(asked.period.days)]
