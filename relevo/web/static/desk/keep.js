// What somebody is in the middle of survives: words, choices, open boxes and the focus when a part of the page is
// replaced, and unsent words also when the page is loaded again or the session ends.

export function carry(shown, next, put) {
  const focused = shown.contains(document.activeElement) ? document.activeElement : null;
  const selection = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  for (const box of shown.querySelectorAll("details[id]")) {
    const twin = next.querySelector(`#${CSS.escape(box.id)}`);
    if (twin) twin.open = box.open;
  }
  for (const field of shown.querySelectorAll("textarea[id], select[id], input[id]")) keepField(field, next);
  put();
  restoreDrafts(next);
  if (focused) focusAgain(focused, selection, next);
}

function keepField(field, next) {
  const twin = next.querySelector(`#${CSS.escape(field.id)}`);
  if (!twin || field.type === "hidden") return;
  if (field.type === "radio" || field.type === "checkbox") twin.checked = field.checked;
  else if (field.tagName === "SELECT" || field.value !== field.defaultValue) twin.value = field.value;
}

function focusAgain(focused, selection, next) {
  const address = focused.getAttribute("href");
  const wanted = focused.id ? `#${CSS.escape(focused.id)}` : address ? `a[href="${CSS.escape(address)}"]` : null;
  const twin = focused.hasAttribute("data-live") ? next : wanted && next.querySelector(wanted);
  twin?.focus({ preventScroll: true });
  if (twin && selection && selection[0] !== null) twin.setSelectionRange(...selection);
}

export function keepDrafts() {
  document.addEventListener("input", ({ target }) => {
    if (!target.dataset?.draft) return;
    try {
      if (target.value) sessionStorage.setItem(target.dataset.draft, target.value);
      else sessionStorage.removeItem(target.dataset.draft);
    } catch { /* a browser that keeps nothing: the words live as long as the page */ }
  });
}

export function restoreDrafts(root) {
  for (const field of root.querySelectorAll("[data-draft]")) {
    const kept = read(field.dataset.draft);
    if (!kept || field.value) continue;
    field.value = kept;
    const box = field.closest("details");
    if (box) box.open = true;
  }
}

export function forgetDraft(field) {
  try { sessionStorage.removeItem(field.dataset.draft); } catch { /* there was none */ }
}

function read(name) {
  try { return sessionStorage.getItem(name); } catch { return null; }
}
