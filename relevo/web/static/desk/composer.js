// The box that agents write in: where they began, what is kept of it, who else is here, and what goes with it.

import { completions } from "./completions.js";
import { listenToKeys } from "./keys.js";
import { tray } from "./tray.js";
import { post, words } from "./talk.js";

const LOOK_SECONDS = 5;
const KEEP_MILLISECONDS = 1000;
const begun = new Map(); // by draft: the newest entry that there was when its first letter was typed
let typedAt = 0;
let wasTyping = false;
let looking = true;
let keeping = null; // the timer of a draft that is to be kept
let isKept = Promise.resolve();
let isSure = false;
let typesToo = ""; // the colleague because of whom sending was not sure
let countedAt = 0;

const box = () => document.getElementById("composer");
const reply = () => document.getElementById("reply-text");
const newest = () => Number(document.getElementById("timeline")?.dataset.last ?? 0);

seedDrafts();
listenToKeys();
countMentions();
document.addEventListener("desk:fresh", () => { showSince(); showMissing(); countMentions(); });

if (box()) {
  completions();
  tray(box().dataset.here);
  document.addEventListener("input", onInput);
  document.addEventListener("submit", beforeSending, true);
  document.addEventListener("desk:answer", onAnswer);
  document.getElementById("since-look").addEventListener("click", look);
  document.getElementById("since-send").addEventListener("click", () => { isSure = typesToo !== ""; seeAll(); reply()?.form.requestSubmit(); });
  addEventListener("pagehide", () => { keep(); say({ is_leaving: true }, true); });
  setInterval(() => say({ is_typing: isTyping() }), LOOK_SECONDS * 1000);
  document.addEventListener("desk:stirred", ({ detail }) => {
    if (detail.some((id) => box()?.dataset.here.endsWith(id))) say({ is_typing: isTyping() });
  });
  say({ is_typing: false });
  showMissing();
}

function seedDrafts() {
  const kept = JSON.parse(document.getElementById("kept")?.textContent ?? "{}");
  for (const [name, { text, seen }] of Object.entries(kept)) {
    if (seen !== null) begun.set(name, seen);
    try { if (!sessionStorage.getItem(name)) sessionStorage.setItem(name, text); } catch { restore(name, text); }
  }
}

function restore(name, text) {
  const field = document.querySelector(`[data-draft="${CSS.escape(name)}"]`);
  if (field && !field.value) field.value = text;
}

function onInput({ target }) {
  const name = target.dataset?.draft;
  if (!name) return;
  if (!target.value) begun.delete(name);
  else if (!begun.has(name)) begun.set(name, newest());
  typedAt = Date.now();
  if (!wasTyping) say({ is_typing: true });
  if (target.id === "reply-text") { isSure = false; typesToo = ""; showMissing(); showSince(); }
  clearTimeout(keeping?.timer);
  if (keeping && keeping.field.dataset.draft !== name) keep();
  keeping = { field: target, timer: setTimeout(keep, KEEP_MILLISECONDS) };
}

function keep() {
  if (!keeping) return;
  const { field, timer } = keeping;
  keeping = null;
  clearTimeout(timer);
  const values = { kind: field.dataset.draft.split(":")[0], text: field.value, seen: begun.get(field.dataset.draft) ?? null };
  isKept = isKept.then(() => post(`${box().dataset.here}/drafts`, values, { keepalive: true })).catch(() => null);
}

// Before forms.js reads the form: what was seen, and what goes with it.
function beforeSending(event) {
  const form = event.target;
  if (form.id !== "reply" && form.id !== "note") return;
  if (keeping?.field.form === form) { clearTimeout(keeping.timer); keeping = null; }
  if (form.id !== "reply") return;
  form.elements.seen.value = begun.get(reply().dataset.draft) ?? newest();
  form.elements.is_sure.value = String(isSure);
}

function onAnswer(event) {
  const { form, status, answer } = event.detail;
  if (form.id === "reply" || form.id === "note") {
    if (status === 200) settled(form);
    else if (answer.error?.code === "seen_since") { event.preventDefault(); begun.set(reply().dataset.draft, begun.get(reply().dataset.draft) ?? 0); showSince(answer.error.details.count); }
    else if (answer.error?.code === "colleague_types") {
      event.preventDefault();
      typesToo = answer.error.details.name;
      showSince();
    }
  }
  if (form.dataset.restores && status === 200) giveBack(answer.text);
}

function settled(form) {
  const field = document.getElementById(form.elements.text.id) ?? form.elements.text;
  begun.delete(field.dataset.draft);
  if (field.value) begun.set(field.dataset.draft, newest());
  isSure = false;
  typesToo = "";
  wasTyping = false;
  typedAt = 0;
  isKept.then(() => { /* a draft that was on its way when its words were sent must not come back */
    if (!field.value) post(`${box().dataset.here}/drafts`, { kind: field.dataset.draft.split(":")[0], text: "" }).catch(() => null);
  });
  showSince();
  showMissing();
}

function giveBack(text) {
  const field = reply();
  if (!field) return;
  field.value = field.value ? `${text}\n\n${field.value}` : text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

function showSince(counted = null) {
  const bar = document.getElementById("since");
  if (!bar) return;
  const field = reply();
  const from = field?.value ? begun.get(field.dataset.draft) : undefined;
  const count = from === undefined ? 0 : counted ?? since(from).length;
  bar.hidden = !count && !typesToo;
  document.getElementById("since-look").hidden = !count;
  if (typesToo && !count) bar.querySelector("p").textContent = words["script.types_too"].replace("{name}", typesToo);
  if (count) bar.querySelector("p").textContent = count === 1 ? words["script.since_one"] : words["script.since"].replace("{count}", count);
}

function since(position) {
  const mine = box().dataset.agent;
  const said = document.querySelectorAll("#timeline li.message:not(.system), #timeline li.note");
  return [...said].filter((item) => item.dataset.by !== mine && Number(item.id.slice(3)) > position);
}

function look() {
  const first = since(begun.get(reply().dataset.draft) ?? 0)[0];
  first?.scrollIntoView({ block: "center" });
  seeAll();
  reply().focus({ preventScroll: true });
}

function seeAll() {
  begun.set(reply().dataset.draft, newest());
  showSince();
}

function showMissing() {
  const line = document.getElementById("missing");
  if (!line) return;
  const names = [...new Set([...reply().value.matchAll(/\{\{\s*((?:contact|case|agent)\.\w+)\s*\}\}/g)].map(([, name]) => name))];
  line.hidden = !names.length;
  line.textContent = names.length ? words["script.missing"].replace("{names}", names.join(", ")) : "";
}

function isTyping() {
  return Date.now() - typedAt < LOOK_SECONDS * 1000;
}

async function say(values, isLast = false) {
  if (!looking || (document.hidden && !isLast)) return;
  wasTyping = values.is_typing ?? false;
  try {
    const [status, answer] = await post(`${box().dataset.here}/looking`, values, { keepalive: isLast });
    if (status === 401 || status === 404) looking = false;
    if (status === 200 && !isLast) { showOthers(answer.others, answer.contact_types); showRead(answer.read_position); }
  } catch { /* the status line says when Relevo does not answer */ }
}

function showRead(position) {
  for (const mark of document.querySelectorAll("[data-mark]")) {
    if (Number(mark.dataset.mark) <= position) mark.textContent = words["script.mark_read"];
  }
}

function showOthers(others, contactTypes) {
  const line = document.getElementById("lookers");
  const typing = others.filter((other) => other.is_typing);
  const named = (typing.length ? typing : others).map((other) => other.name).join(", ");
  const here = named && words[typing.length ? "script.is_typing" : "script.is_here"].replace("{names}", named);
  const said = [contactTypes ? words["script.contact_types"] : "", here].filter(Boolean).join(" · ");
  line.hidden = !said;
  if (line.textContent !== said) line.textContent = said;
}

async function countMentions() {
  const link = document.querySelector(".rooms a[href='/desk/mentions']");
  if (!link || Date.now() - countedAt < LOOK_SECONDS * 1000) return;
  countedAt = Date.now();
  try {
    const response = await fetch("/desk/api/mentions");
    if (!response.ok) return;
    const { unread } = await response.json();
    const count = link.querySelector("b") ?? document.createElement("b");
    count.textContent = unread;
    if (unread) link.append(count);
    else count.remove();
  } catch { /* asked again with the next news */ }
}
