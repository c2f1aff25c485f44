// The administrators' forms: a line is added or taken away without the page being loaded anew, and nobody leaves by
// mistake what they have not saved. Without this script the same buttons send the same form.

const edits = document.querySelector("form[data-edits]");
let isDirty = document.querySelector(".wrong, #what_changed") !== null;

edits?.addEventListener("input", () => { isDirty = true; });
edits?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (!/^(add|drop)-/.test(button?.value ?? "")) { isDirty = false; return; }
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
addEventListener("beforeunload", (event) => { if (isDirty) event.preventDefault(); });

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
