// Ready words and names: completed in the box, or searched in a dialog; macros are run from there.

import { newId, post, sentence, tell, words } from "./talk.js";

const TOKEN = /(^|\s)([/@])([\p{L}\p{N}_-]*)$/u;
const here = () => document.getElementById("composer").dataset.here;
const list = () => document.getElementById("completions");
const loaded = new Map(); // asked once a page: replies by code, colleagues, macros
let choices = [];
let chosen = 0;
let field = null;
let runs = new Map(); // the client id of each macro's run, the same until it is answered

export function completions() {
  document.addEventListener("input", ({ target }) => { if (target.dataset?.completes) complete(target); });
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("focusout", ({ target }) => { if (target === field) setTimeout(() => closeUnless(target), 150); });
  document.addEventListener("input", ({ target }) => { if (target.id === "palette-search") search(target.value); });
  document.addEventListener("keydown", onPaletteKey);
  document.addEventListener("click", ({ target }) => { if (target.id === "ready") openPalette(); });
}

async function load(path, name) {
  if (!loaded.has(path)) {
    const response = await fetch(path);
    if (!response.ok) return [];
    loaded.set(path, (await response.json())[name]);
  }
  return loaded.get(path);
}

const replies = () => load(`${here()}/canned`, "replies");
const macros = () => load("/desk/api/macros", "macros");
const colleagues = () => load("/desk/api/colleagues", "colleagues");

function token(target) {
  const found = target.value.slice(0, target.selectionStart).match(TOKEN);
  return found && found[2] === target.dataset.completes ? found[3] : null;
}

async function complete(target) {
  field = target;
  const typed = token(target);
  if (typed === null) { close(); return; }
  const mark = target.dataset.completes;
  const all = mark === "/" ? await replies() : await colleagues();
  if (token(target) === null) return;
  const wanted = fold(token(target));
  choices = all
    .filter((each) => fold(mark === "/" ? each.code : each.name).startsWith(wanted) || fold(each.title ?? "").includes(wanted || "\0"))
    .slice(0, 8)
    .map((each) => (mark === "/" ? { label: `/${each.code} · ${each.title}`, more: each.text, text: each.text } : { label: each.name, text: `@${each.name} ` }));
  chosen = 0;
  show();
}

function show() {
  const box = list();
  box.replaceChildren(...choices.map((choice, number) => option(choice, number, "completion", () => { chosen = number; take(); })));
  box.hidden = !choices.length;
  field.setAttribute("aria-controls", "completions");
  mark(field, box, chosen);
  const { left, top } = field.getBoundingClientRect();
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.max(8, top - box.offsetHeight - 4)}px`;
}

function option(choice, number, name, act) {
  const item = document.createElement("li");
  item.id = `${name}-${number}`;
  item.setAttribute("role", "option");
  const label = document.createElement("span");
  label.textContent = choice.label;
  item.append(label);
  if (choice.more) {
    const more = document.createElement("small");
    more.textContent = choice.more;
    item.append(more);
  }
  item.addEventListener("pointerdown", (event) => { event.preventDefault(); act(); });
  return item;
}

function mark(owner, box, number) {
  for (const [place, item] of [...box.children].entries()) item.setAttribute("aria-selected", String(place === number));
  box.children[number]?.scrollIntoView({ block: "nearest" });
  if (box.children[number]) owner.setAttribute("aria-activedescendant", box.children[number].id);
  else owner.removeAttribute("aria-activedescendant");
}

// Part of the page may have been replaced under the hand: the box is another one then, and still the same.
function closeUnless(left) {
  if (left === field && document.activeElement?.id !== field.id) close();
}

function onKey(event) {
  if (list().hidden || event.target.id !== field?.id || event.ctrlKey || event.metaKey) return;
  field = event.target;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : choices.length - 1)) % choices.length;
    mark(field, list(), chosen);
  } else if (event.key === "Enter" || event.key === "Tab") take();
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function take() {
  const end = field.selectionStart;
  const start = end - token(field).length - 1;
  const { text } = choices[chosen];
  close();
  insert(field, text, start, end);
}

function insert(target, text, start, end) {
  target.focus();
  target.setRangeText(text, start, end, "end");
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

function close() {
  choices = [];
  list().hidden = true;
  field?.removeAttribute("aria-activedescendant");
}

let found = [];
let picked = 0;

export async function openPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog || dialog.open) return;
  loaded.clear();
  dialog.showModal();
  const input = document.getElementById("palette-search");
  input.value = "";
  await search("");
}

async function search(typed) {
  const wanted = fold(typed).split(/\s+/).filter(Boolean);
  const canWrite = document.getElementById("reply-text") !== null;
  const all = [
    ...(canWrite ? (await replies()).map((each) => ({ label: `/${each.code} · ${each.title}`, more: each.text, act: () => put(each.text) })) : []),
    ...(await macros()).map((each) => ({ label: `${words["script.macro"]} · ${each.name}`, more: each.steps.map((step) => step.do).join(" → "), act: () => run(each) })),
  ];
  found = all.filter((each) => wanted.every((word) => fold(`${each.label} ${each.more}`).includes(word))).slice(0, 50);
  picked = 0;
  const box = document.getElementById("palette-list");
  box.replaceChildren(...found.map((each, number) => option(each, number, "found", () => { picked = number; pick(); })));
  document.getElementById("palette-empty").hidden = found.length > 0;
  mark(document.getElementById("palette-search"), box, picked);
}

function onPaletteKey(event) {
  if (event.target.id !== "palette-search") return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    picked = (picked + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length);
    mark(event.target, document.getElementById("palette-list"), picked);
  } else if (event.key === "Enter") {
    event.preventDefault();
    pick();
  }
}

function pick() {
  const choice = found[picked];
  if (!choice) return;
  document.getElementById("palette").close();
  choice.act();
}

function put(text) {
  const target = document.getElementById("reply-text");
  insert(target, text, target.selectionStart, target.selectionEnd);
}

async function run(macro) {
  if (!runs.has(macro.id)) runs.set(macro.id, newId());
  try {
    const [status, answer] = await post(`${here()}/run`, { macro_id: macro.id, client_id: runs.get(macro.id) });
    runs.delete(macro.id);
    if (status !== 200) { tell(sentence(answer.error)); return; }
    const last = answer.steps.at(-1);
    if (answer.is_done) return;
    const values = { done: answer.steps.length - 1, all: macro.steps.length, step: answer.steps.length, name: last.do, why: sentence(last) };
    tell(words["script.step_failed"].replace(/\{(\w+)\}/g, (_, name) => values[name]));
  } catch { tell(words["problem.offline"]); }
}

function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
