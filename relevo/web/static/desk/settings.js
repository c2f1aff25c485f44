// The administrators' forms: a line is added or taken away without the page being loaded anew, nobody leaves by mistake
// what they have not saved, and what was sent after a session ended is there again once somebody has signed in.
// Without this script the same buttons send the same form.

const SENT = "relevo:sent:";
const edits = document.querySelector("form[data-edits]");
const isAnswer = document.querySelector(".wrong, #what_changed, .saved") !== null;
let isDirty = isAnswer && !document.querySelector(".saved");
if (edits) restore();

edits?.addEventListener("input", () => { isDirty = true; });
edits?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!/^(add|drop)-/.test(button?.value ?? "")) { isDirty = false; keep(); return; }
  event.preventDefault();
  isDirty = true;
  const open = new Set([...edits.querySelectorAll("details[open]")].map((box) => box.id));
  const before = new Set([...edits.querySelectorAll("[id]")].map((field) => field.id));
  const fresh = await ask(new URLSearchParams([...new FormData(edits), [button.name, button.value]]));
  if (!fresh) { isDirty = false; edits.requestSubmit(button); return; }
  edits.replaceChildren(...fresh.children);
  for (const box of edits.querySelectorAll("details[id]")) box.open ||= open.has(box.id);
  const added = [...edits.querySelectorAll("input:not([type=hidden]), select")].find((field) => !before.has(field.id));
  (added ?? edits.querySelector("button:not(.unseen)")).focus();
});
if (edits) addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });

function keep() {
  try { sessionStorage.setItem(SENT + location.pathname, new URLSearchParams(new FormData(edits))); } catch { /* nothing is kept */ }
}

async function restore() {
  const name = SENT + location.pathname;
  let sent = null;
  try { sent = sessionStorage.getItem(name); sessionStorage.removeItem(name); } catch { return; }
  if (!sent || isAnswer) return;
  const form = new URLSearchParams(sent);
  form.set("form_token", edits.elements.form_token.value);
  form.set("do", "show");
  const fresh = await ask(form);
  if (fresh) { edits.replaceChildren(...fresh.children); isDirty = true; }
}

// An XHR gives a parsed document without any HTML sink, so that Trusted Types can stay on.
function ask(form) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", edits.action);
    request.responseType = "document";
    request.timeout = 10000;
    request.onload = () => resolve(request.status === 200 ? request.response?.querySelector("form[data-edits]") : null);
    request.onerror = request.ontimeout = () => resolve(null);
    request.send(form);
  });
}
