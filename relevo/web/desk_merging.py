"""Buttons and dialogs with which contacts and cases are merged and split, each with its reason."""

from __future__ import annotations

from relevo.contracts.contacts import ContactView, Merge, Suggestion
from relevo.domain.cases import Case
from relevo.domain.merging import EVIDENCE, SAME_REFERENCE
from relevo.flow.contacts import MAX_REASON_CHARACTERS
from relevo.web.languages import Words
from relevo.web.markup import known, moment, text


def merge_forms(words: Words, view: ContactView) -> str:
    """Give who may be the same person, who was merged into them, and the ways to change that."""
    here = f"/desk/api/contacts/{view.id}"
    hints = "".join(_suggestion(words, here, n, hint) for n, hint in enumerate(view.suggestions))
    title = f"<h3>{text(words['person.may_be_same'])}</h3>"
    merged = "".join(_merged(words, here, merge, is_last=n == 0) for n, merge in enumerate(view.merges))
    dialog = _dialog(
        words, "merge-other", words["person.merge_other"], f"{here}/merge", _other(words) + _proof(words, "")
    )
    return (
        (f'{title}<ul class="seen">{hints}</ul>' if hints else f'<p class="quiet">{text(words["person.no_hint"])}</p>')
        + (f'<h3>{text(words["person.was_merged"])}</h3><ul class="seen">{merged}</ul>' if merged else "")
        + _button(words["person.merge_other"], "merge-other")
        + dialog
    )


def case_merge_forms(words: Words, view: ContactView, case: Case) -> str:
    """Give the way to have another open case of the same person go on in this one, and to take one out again."""
    here = f"/desk/api/cases/{text(case.id)}"
    others = [each for each in view.cases if each.is_open and each.id != case.id]
    parts = []
    if case.is_open and others:
        choices = "".join(
            f'<option value="{text(each.id)}">{known(words, "case_type", each.type)} {text(each.id)}</option>'
            for each in others
        )
        which = (
            f'<label>{text(words["person.which_case"])}<select id="which-case" name="other">{choices}</select></label>'
        )
        hint = f'<p class="quiet">{text(words["person.merge_case_hint"])}</p>'
        title = words["person.merge_case"]
        parts += [_button(title, "merge-case"), _dialog(words, "merge-case", title, f"{here}/merge", which + hint)]
    merges = [merge for merge in view.case_merges if merge.kept == case.id]
    lines = "".join(_split(words, here, m, m.merged, is_last=n == 0, kind="case") for n, m in enumerate(merges))
    if lines:
        parts.insert(0, f'<h3>{text(words["person.cases_merged"])}</h3><ul class="seen">{lines}</ul>')
    return "".join(parts)


def _suggestion(words: Words, here: str, number: int, hint: Suggestion) -> str:
    name = hint.display_name or words["desk.unknown_contact"]
    channels = ", ".join(words.get(f"channel.{channel}", channel) for channel in hint.channels)
    opens = f"merge-{number}"
    fields = f'<input type="hidden" name="other" value="{hint.contact_id}">' + _proof(words, hint.why, number)
    title = words["person.merge_with"].format(name=name)
    return (
        f'<li><a href="/desk/contacts/{hint.contact_id}">{text(name)}</a> <span class="quiet">{text(channels)}</span>'
        f' <span class="badge">{known(words, "hint", hint.why)}</span>'
        f"{_button(words['person.merge'], opens, title)}{_dialog(words, opens, title, f'{here}/merge', fields)}</li>"
    )


def _merged(words: Words, here: str, merge: Merge, *, is_last: bool) -> str:
    name = merge.merged_name or words["desk.unknown_contact"]
    return _split(words, here, merge, name, is_last=is_last, kind="contact")


def _split(words: Words, here: str, merge: Merge, name: str, *, is_last: bool, kind: str) -> str:
    how = text(merge.merged_by) if merge.merged_by else known(words, "evidence", merge.evidence or "")
    by = f"{how} {moment(merge.merged_at)}"
    opens, title = f"split-{kind}-{merge.id}", words["person.split_from"].format(name=name)
    fields = f'<input type="hidden" name="merge_id" value="{merge.id}" data-type="number">'
    way = _button(words["person.split"], opens, title) + _dialog(words, opens, title, f"{here}/split", fields)
    later = f'<p class="quiet">{text(words["person.later_first"])}</p>'
    return (
        f'<li><b>{text(name)}</b> <span class="quiet">{by}</span><p class="quiet" dir="auto">{text(merge.reason)}</p>'
        f"{way if is_last else later}</li>"
    )


def _button(label: str, opens: str, title: str = "") -> str:
    named = f' aria-label="{text(title)}"' if title else ""
    return f'<button type="button" class="plain" data-opens="{opens}"{named}>{text(label)}…</button>'


def _dialog(words: Words, identifier: str, title: str, address: str, fields: str) -> str:
    return f"""<dialog id="{identifier}" aria-labelledby="{identifier}-title">
<form data-api="{address}"><h2 id="{identifier}-title">{text(title)}</h2>
{fields}
<label>{text(words["person.reason"])}<textarea id="{identifier}-reason" name="reason" rows="2" required dir="auto"
 maxlength="{MAX_REASON_CHARACTERS}"></textarea></label>
<p class="problem" role="alert" hidden></p>
<div class="row"><button type="button" class="plain" data-closes>{text(words["desk.cancel"])}</button>
<button>{text(title)}</button></div></form></dialog>"""


def _other(words: Words) -> str:
    return (
        f'<label>{text(words["person.other"])}<input id="merge-other-id" name="other" required maxlength="300"'
        f' data-type="contact" autocomplete="off"><span class="quiet">{text(words["person.other_hint"])}</span></label>'
    )


def _proof(words: Words, why: str, number: int | str = "other") -> str:
    offered = [name for name in EVIDENCE if name != SAME_REFERENCE or why == SAME_REFERENCE]
    choices = "".join(
        f'<label class="choice"><input type="radio" id="proof-{number}-{name}" name="evidence" value="{name}" required'
        f"{' checked' if name == SAME_REFERENCE else ''}>{known(words, 'evidence', name)}</label>"
        for name in offered
    )
    hint = f'<p class="quiet">{text(words["person.merge_hint"])}</p>'
    return f"<fieldset><legend>{text(words['person.evidence'])}</legend>{choices}</fieldset>{hint}"
