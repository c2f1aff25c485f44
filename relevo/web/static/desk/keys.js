// Everything by keyboard: single keys while nothing is being written, "g" and a letter to go somewhere.

import { openPalette } from "./completions.js";

const PLACES = { m: "/desk/mentions", r: "/desk/replies", d: "/desk" };
let goes = 0;

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isWriting = event.target.matches("input, textarea, select, [contenteditable]");
    if (isWriting) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = Date.now() - goes < 1500 && PLACES[event.key] ? () => location.assign(PLACES[event.key]) : KEYS[event.key];
    goes = event.key === "g" ? Date.now() : 0;
    if (act?.() !== false && act) event.preventDefault();
  });
}

const KEYS = {
  "?": () => open("keys"),
  r: () => focus("reply-text"),
  n: () => { const box = document.getElementById("note-box"); if (box) box.open = true; return focus("note-text"); },
  t: () => press("#take-over-button"),
  h: () => open("hand-back"),
  p: () => open("transfer"),
  u: () => press("#being-sent button"),
  a: () => press("#attach"),
  "/": () => { if (!document.getElementById("palette")) return search(); openPalette(); },
};

function search() {
  const field = document.querySelector(".search [name=q]");
  if (!field) return false;
  field.focus();
}

function open(id) {
  const dialog = document.getElementById(id);
  if (!dialog) return false;
  dialog.showModal();
}

function focus(id) {
  const field = document.getElementById(id);
  if (!field) return false;
  field.focus();
}

function press(selector) {
  const button = document.querySelector(selector);
  if (!button) return false;
  button.click();
}
