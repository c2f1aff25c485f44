// Asks the model for a summary, translations or words for the box, and marks whatever it wrote. What an agent has typed
// is never lost: an answer that comes too late, or not at all, changes nothing, and one that came can be taken back.

import { complain, post, sentence } from "./forms.js";

const TIMEOUT = 40000;
const MOST_MESSAGES = 40;
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const asked = new Set(); // what is being asked for at the moment
let summary = null;
let filled = remembered(); // what the model put into the box, and what stood there before

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-asks]");
  if (button) ask(button);
  if (target.closest("#undo-model")) takeBack();
});
document.addEventListener("input", ({ target }) => { if (target.id === "reply-text" && filled?.text !== target.value) forget(); });
document.addEventListener("toggle", ({ target }) => { if (target.matches?.(".translation")) rememberFolded(target); }, true);
for (const part of document.querySelectorAll(".translation")) if (isFolded(part)) part.open = false;
putBack();
new MutationObserver(putBack).observe(document.body, { childList: true, subtree: true }); // parts of the page come anew

async function ask(button) {
  const what = button.dataset.asks;
  const question = ASKED[what](button);
  if (!question || asked.has(what)) return;
  asked.add(what);
  button.setAttribute("aria-busy", "true");
  try {
    const [status, answer] = await post(button.dataset.address, { language: button.dataset.language, ...question }, TIMEOUT);
    if (status === 200) TAKEN[what](answer, question);
    else complain(button, sentence(answer.error));
  } catch {
    complain(button, words["problem.offline"]);
  } finally {
    asked.delete(what);
    document.getElementById(button.id)?.removeAttribute("aria-busy");
    button.removeAttribute("aria-busy");
  }
}

const ASKED = {
  summary: () => ({}),
  reply: () => ({ before: box()?.value }),
  own: (button) => {
    if (box()?.value.trim()) return { text: box().value, before: box().value };
    complain(button, words["script.nothing_written"]);
    return null;
  },
  messages: (button) => {
    const positions = places().slice(-MOST_MESSAGES);
    if (positions.length) return { positions };
    if (!document.querySelector(".translation")) complain(button, words["script.nothing_to_translate"]);
    return null; // else all of them are there already
  },
};

const TAKEN = {
  summary: (answer) => { summary = answer; putBack(); },
  reply: fill,
  own: fill,
  messages: ({ translations: found, problem }) => { // what was found is kept, and comes with the page's news
    const button = document.getElementById("ask-messages");
    if (problem) complain(button, sentence(problem));
    else if (!found.length) complain(button, words["script.nothing_to_translate"]);
  },
};

function fill(answer, { before, text: own }) {
  const field = box();
  if (!field) return;
  if (field.value !== before) { complain(field, words["script.words_changed"]); return; }
  filled = { text: answer.text, before, own, answer };
  remember();
  write(answer.text);
  putBack();
}

function takeBack() {
  const { before } = filled;
  filled = null;
  remember();
  write(before);
  putBack();
}

function forget() {
  filled = null;
  remember();
  putBack();
}

// The mark lasts as long as the words that it is about, also when the page is loaded again.
function remember() {
  try {
    if (filled) sessionStorage.setItem(place(), JSON.stringify(filled));
    else sessionStorage.removeItem(place());
  } catch { /* a browser that keeps nothing keeps no words either */ }
}

function remembered() {
  try { return JSON.parse(sessionStorage.getItem(place())); } catch { return null; }
}

function place() {
  return `by-model:${box()?.dataset.draft}`;
}

function write(text) {
  const field = box();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true })); // so that it is kept like what is typed
  field.focus();
}

function putBack() {
  if (filled && box() && box().value !== filled.text) filled = null; // sent, or changed elsewhere
  const own = filled?.own ? [line("label", "script.own_words", {}), said(filled.own)] : [];
  show("filled-by-model", filled && [line("label", "script.draft_by_model", { model: filled.answer.model }), ...own, ...checks(filled.answer)]);
  hide(document.getElementById("undo-model"), !filled);
  box()?.classList.toggle("from-model", Boolean(filled));
  if (filled) box()?.setAttribute("aria-describedby", "filled-by-model");
  else box()?.removeAttribute("aria-describedby");
  show("model-summary", summary && [line("label", "script.by_model", { model: summary.model }), said(summary.text), ...checks(summary)]);
}

function show(id, parts) {
  const place = document.getElementById(id);
  if (!place) return;
  const text = (parts || []).map((part) => part.textContent).join("");
  if (place.textContent !== text) place.replaceChildren(...(parts || []));
  hide(place, !parts);
}

function hide(element, isHidden) {
  if (element && element.hidden !== isHidden) element.hidden = isHidden;
}

// Who turned a translation back finds it so when the page is loaded again.
function rememberFolded(part) {
  try {
    if (part.open) sessionStorage.removeItem(part.id);
    else sessionStorage.setItem(part.id, "folded");
  } catch { /* then it is open again next time */ }
}

function isFolded(part) {
  try { return sessionStorage.getItem(part.id) === "folded"; } catch { return false; }
}

function checks({ left_out: leftOut = [], unfounded = [] }) {
  const found = [];
  if (leftOut.length) found.push(line("check", "script.left_out", { list: leftOut.join(", ") }));
  if (unfounded.length) found.push(line("check", "script.unfounded", { list: unfounded.join(", ") }));
  return found;
}

function line(kind, key, values) {
  const part = document.createElement("p");
  part.className = kind;
  part.textContent = Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), words[key]);
  return part;
}

function said(text) {
  const part = document.createElement("p");
  part.dir = "auto";
  part.textContent = text;
  return part;
}

function places() {
  const items = document.querySelectorAll("#timeline li.message[id^='at-'], #timeline li.draft[id^='at-']");
  return [...items].filter((item) => !item.querySelector(".translation")).map((item) => Number(item.id.slice(3)));
}

function box() {
  return document.getElementById("reply-text");
}
