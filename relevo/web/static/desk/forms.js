// Sends the desk's forms to its API as JSON, says refusals in the reader's language, and asks for the page again.

import { forgetDraft } from "./keep.js";
import { now } from "./times.js";

const TIMEOUT = 15000;
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const clientIds = new WeakMap(); // the same in every try of the same words

export function listenToForms(refresh) {
  document.addEventListener("submit", (event) => {
    const address = event.submitter?.dataset.api ?? event.target.dataset.api;
    if (!address) return;
    event.preventDefault();
    submit(event.target, address, refresh);
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#toast button")) hideToast();
  });
  document.addEventListener("input", ({ target, inputType }) => {
    const isFull = target.maxLength > 0 && target.value.length >= target.maxLength;
    if (isFull && inputType?.startsWith("insertFrom")) complain(target.form ?? target, words["script.cut"].replace("{most}", target.maxLength));
  });
  document.addEventListener("keydown", (event) => {
    const isSend = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.tagName === "TEXTAREA";
    if (isSend) event.target.form?.requestSubmit();
  });
}

export async function sendPresence() {
  if (!document.querySelector("form#presence")) return; // whoever may only look takes no conversations
  try { await post("/desk/api/presence", {}); } catch { /* the status line says when Relevo does not answer */ }
}

export function call(address, values) { return post(address, values); }

export function sentenceFor({ code, message }) { return words[`problem.${code}`] ?? message; }

async function submit(form, address, refresh) {
  if (form.getAttribute("aria-busy") === "true") return;
  form.setAttribute("aria-busy", "true");
  const sent = [...form.querySelectorAll("[data-draft]")].map((field) => [field.id, field.value]);
  try {
    const [status, answer] = await post(address, body(form));
    if (status === 200) settle(form, sent);
    const heard = new CustomEvent("desk:answer", { cancelable: true, detail: { form, status, answer } });
    const isSaid = document.dispatchEvent(heard);
    await refresh();
    if (status !== 200 && isSaid) complain(form, sentence(answer.error));
    else if (status === 200) form.dispatchEvent(new Event("desk:done", { bubbles: true }));
  } catch {
    complain(form, words["problem.offline"]);
  }
  form.removeAttribute("aria-busy");
}

export async function post(address, values, timeout = TIMEOUT) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Form-Token": token() },
    body: JSON.stringify(values),
    signal: AbortSignal.timeout(timeout),
  });
  return [response.status, await response.json()];
}

function token() {
  return document.querySelector(".who [name=form_token]").value;
}

function body(form) {
  const values = form.hasAttribute("data-once") ? { client_id: clientId(form) } : {};
  for (const field of form.elements) {
    if (!field.name || (["radio", "checkbox"].includes(field.type) && !field.checked)) continue;
    const read = READ[field.dataset.type];
    const value = read ? read(field.value) : field.value;
    const [name, inner] = field.name.split(".");
    if (field.dataset.type === "each") (values[name] ??= []).push(value);
    else if (inner === undefined) values[name] = value;
    else if (field.value.trim()) (values[name] ??= {})[inner] = value;
  }
  return values;
}

const READ = {
  number: Number,
  contact: (value) => value.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i)?.[0] ?? value,
  minor: (value) => Math.round(Number(value) * 100),
  boolean: (value) => value === "true",
  moment: (value) => new Date(value).toISOString(),
  one: (value) => [value],
  nothing: () => null,
  person: (value) => (value ? Number(value) : null),
  after: (value) => new Date(now() + 1000 * value).toISOString(),
  steps: (value) => value.split("\n").map((line) => line.trim()).filter(Boolean).map(step),
  list: (value) => value.split(/[,;\s]+/).filter(Boolean),
  marks: (value) => value.split("\n").filter((line) => line.includes("=")).map((line) => {
    const at = line.lastIndexOf("=");
    return { value: line.slice(0, at).trim(), entity: line.slice(at + 1).trim() };
  }),
};

// A macro's step as a line: what is done, and with what.
function step(line) {
  const [name, rest] = line.split(/\s+(.*)/s);
  if (name === "reply" && /^\/\S+$/.test(rest ?? "")) return { do: name, code: rest.slice(1) };
  if (name === "promise" || name === "snooze") return { do: name, minutes: Number(rest) };
  if (name === "tag" || name === "untag") return { do: name, tag: rest ?? "" };
  if (name === "priority") return { do: name, level: rest ?? "" };
  if (name === "approve") return { do: name, kind: rest ?? "" };
  if (name === "prepare") {
    const [kind, amount, reason] = (rest ?? "").split(/\s+([\d.,]+)\s+(.*)/s);
    return { do: name, kind, amount: Math.round(100 * Number(amount?.replace(",", "."))), reason: reason ?? "" };
  }
  if (name === "hand_back" || name === "close") {
    const [outcome, told] = (rest ?? "").split(/\s+(.*)/s);
    return { do: name, outcome, ...(told ? { told } : {}) };
  }
  return rest ? { do: name, text: rest } : { do: name };
}

function clientId(form) {
  const field = said(form);
  const text = JSON.stringify([...new FormData(form)]);
  const known = clientIds.get(field);
  if (known?.text === text) return known.id;
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  clientIds.set(field, { text, id });
  return id;
}

function said(form) {
  return form.elements.text ?? form.elements.reason;
}

// What was sent goes from the box, which may be another one by now; what was typed meanwhile stays.
function settle(form, sent) {
  hideToast();
  if (form.hasAttribute("data-once")) clientIds.delete(said(form));
  const typed = sent.map(([id, text]) => [document.getElementById(id), text]).filter(([field]) => field);
  const rests = typed.map(([field, text]) => (field.value.startsWith(text) ? field.value.slice(text.length).trimStart() : field.value));
  form.reset();
  for (const [place, [field]] of typed.entries()) {
    forgetDraft(field);
    field.value = rests[place];
    if (field.value) field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.closest("dialog")?.close();
  for (const box of form.querySelectorAll(".problem")) box.hidden = true;
  if (form.parentElement.tagName === "DETAILS") form.parentElement.open = false;
}

export function sentence({ code, message }) {
  const who = document.getElementById("holder")?.dataset.who;
  if (code === "taken_over") return who ? words["problem.taken_over"].replace("{who}", who) : words["problem.taken_over_nobody"];
  return words[`problem.${code}`] ?? message;
}

export function complain(form, text) {
  const dialog = form.closest("dialog[open]");
  const box = dialog?.querySelector(".problem") ?? document.getElementById("toast");
  (box.querySelector("p") ?? box).textContent = text;
  box.hidden = false;
}

function hideToast() {
  document.getElementById("toast").hidden = true;
}
