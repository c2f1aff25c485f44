// The list of cases: further pages as one scrolls, only those near by in the document, selection, and the keyboard.

import { post } from "./forms.js";
import { now } from "./times.js";

const NEAR = "1500px 0px";
const MOST_TOLD = 10;
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const list = document.getElementById("cases");
const parked = new Map(); // a page that is far away: its rows
const etags = new Map();
const selected = new Set();
let matching; // how many a list has, of which all are meant
let load, replace, watcher;
let isLoading = false;

// `ways` are the page's: how to ask for something, and how to put what came in its place.
export function keepList(ways) {
  if (!list) return async () => {};
  ({ load, replace } = ways);
  const root = getComputedStyle(list).overflowY === "auto" ? list : null;
  watcher = new IntersectionObserver(seen, { root, rootMargin: NEAR });
  watcher.observe(lines()[0]);
  watcher.observe(more());
  list.addEventListener("change", ({ target }) => { if (target.matches("[data-case] > input")) pick(target); });
  document.addEventListener("keydown", press);
  document.getElementById("bulk").addEventListener("submit", (event) => { event.preventDefault(); bulk(event.target, ways.refresh); });
  document.getElementById("bulk-none").addEventListener("click", selectNone);
  document.getElementById("bulk-all").addEventListener("click", selectAll);
  document.getElementById("bulk-yes").addEventListener("click", () => bulk(document.getElementById("bulk"), ways.refresh, true));
  document.getElementById("bulk-no").addEventListener("click", () => { showSure(false); document.getElementById("bulk-apply").focus(); });
  return refresh;
}

const lines = () => [...list.querySelectorAll(".pages > ul")];
const more = () => document.getElementById("list-more");

// A page is the stretch between two places: what moves within the list is in one of them, and in no other.
async function refresh() {
  for (const page of lines()) {
    if (parked.has(page)) continue;
    const isLast = page === lines().at(-1);
    const until = isLast && page.dataset.cursor === "" ? "" : page.dataset.next;
    await take(page, address({ cursor: page.dataset.cursor, until }));
  }
  showSelection();
}

function address(more) {
  const asked = new URL(list.dataset.list, location.href);
  const all = { ...more, selected: list.dataset.selected };
  for (const [name, value] of Object.entries(all)) if (value) asked.searchParams.set(name, value);
  return asked.pathname + asked.search;
}

async function take(page, from) {
  const fresh = await load(from, etags.get(from));
  if (fresh === undefined) return;
  if (etags.size > 100) etags.clear();
  etags.set(from, fresh.etag);
  for (const part of [...fresh.page.querySelectorAll("[data-live]")]) {
    const before = document.getElementById(part.id);
    replace(part);
    const after = document.getElementById(part.id);
    if (before === page && after !== before) { watcher.unobserve(before); watcher.observe(after); showMore(); }
  }
}

async function seen(entries) {
  for (const { target, isIntersecting } of entries) {
    if (target === more()) { if (isIntersecting) await further(); }
    else if (isIntersecting) unpark(target);
    else if (target.isConnected) park(target);
  }
}

function park(page) {
  if (parked.has(page) || page.contains(document.activeElement) || !page.offsetHeight) return;
  page.style.blockSize = `${page.offsetHeight}px`;
  parked.set(page, [...page.childNodes]);
  page.replaceChildren();
}

function unpark(page) {
  if (!parked.has(page)) return;
  page.replaceChildren(...parked.get(page));
  parked.delete(page);
  page.style.blockSize = "";
  take(page, address({ cursor: page.dataset.cursor, until: page.dataset.next })).then(showSelection, () => {});
}

async function further() {
  const last = lines().at(-1);
  if (isLoading || !last.dataset.next) return;
  isLoading = true;
  try {
    const fresh = await load(address({ cursor: last.dataset.next }));
    const page = fresh?.page.querySelector("ul.lines");
    if (page) add(page);
  } catch { /* the next look says that Relevo does not answer */ }
  isLoading = false;
  watcher.unobserve(more());
  watcher.observe(more()); // tells again whether the end is still in sight
}

function add(page) {
  const next = document.adoptNode(page);
  list.querySelector(".pages").append(next);
  replace(next, true);
  watcher.observe(next);
  showMore();
  showSelection();
}

function showMore() {
  more().hidden = !lines().at(-1).dataset.next;
}

function pick(box) {
  const id = box.closest("[data-case]").dataset.case;
  if (matching) { matching = undefined; for (const { dataset } of rows()) selected.add(dataset.case); }
  if (box.checked) selected.add(id);
  else selected.delete(id);
  showSure(false);
  showSelection();
}

function showSelection() {
  for (const box of list.querySelectorAll("[data-case] > input")) box.checked = Boolean(matching) || selected.has(box.parentElement.dataset.case);
  document.getElementById("bulk").hidden = !selected.size && !matching;
  document.getElementById("bulk-count").textContent = matching ? matching.number : selected.size;
  document.getElementById("bulk-more").hidden = Boolean(matching);
}

function selectNone() {
  matching = undefined;
  selected.clear();
  showSure(false);
  showSelection();
}

// All that the list has, also what is further down: the server counts them, and changes as many or none.
async function selectAll({ target }) {
  const told = document.getElementById("bulk-told"), asked = target.dataset.matching;
  const answer = await fetch(`/desk/api/counts/matching?${asked}`).then((got) => got.ok && got.json(), () => false);
  if (!answer) told.textContent = words["problem.offline"];
  else if (answer.is_more) told.textContent = words["problem.too_many_match"];
  else {
    matching = { number: answer.number, matching: Object.fromEntries(new URLSearchParams(asked)) };
    selected.clear();
    told.textContent = "";
  }
  showSelection();
  if (matching) document.getElementById("bulk-agent").focus();
}

function showSure(isAsked) {
  const yes = document.getElementById("bulk-yes");
  document.getElementById("bulk-sure").hidden = !isAsked;
  document.getElementById("bulk-apply").hidden = isAsked;
  if (!isAsked) return;
  yes.textContent = words["script.bulk_sure"].replace("{count}", matching.number);
  yes.focus();
}

async function bulk(form, refreshAll, isSure) {
  const wish = wished(form);
  if (!wish || form.getAttribute("aria-busy") === "true") return;
  if (matching && !isSure) { showSure(true); return; }
  form.setAttribute("aria-busy", "true");
  showSure(false);
  const told = document.getElementById("bulk-told");
  const [door, about] = matching ? ["/matching", matching] : ["", { cases: [...selected].slice(0, 100) }];
  try {
    const [status, answer] = await post(`/desk/api/cases/bulk${door}`, { ...about, ...wish });
    if (matching && (status === 200 || answer.error.code === "matching_changed")) matching = undefined;
    if (status === 200) tell(told, answer.cases, form);
    else told.textContent = words[`problem.${answer.error.code}`] ?? answer.error.message;
    await refreshAll();
  } catch {
    told.textContent = words["problem.offline"];
  }
  form.removeAttribute("aria-busy");
  showSelection();
}

function wished(form) {
  const { agent, tag, snooze, outcome } = Object.fromEntries(new FormData(form));
  const wish = {};
  if (agent) wish.agent_id = agent === "nobody" ? null : Number(agent);
  if (tag.trim()) wish.add_tags = [tag];
  if (snooze) wish.snoozed_until = new Date(now() + 1000 * snooze).toISOString();
  if (outcome) wish.outcome = outcome;
  return Object.keys(wish).length ? wish : null;
}

// What was done is no longer selected; what was not stays so, with the reason.
function tell(told, happened, form) {
  for (const { case_id, problem } of happened) if (problem) selected.add(case_id);
    else selected.delete(case_id);
  const left = happened.filter(({ problem }) => problem);
  const done = words["script.changed"].replace("{count}", happened.length - left.length);
  const why = left.slice(0, MOST_TOLD).map(({ case_id, problem }) => `${case_id}: ${words[`problem.${problem.code}`] ?? problem.message}`);
  const more = left.length > MOST_TOLD ? [words["script.bulk_left"].replace("{count}", left.length)] : [];
  told.textContent = [done, ...more, ...why].join(" ");
  if (!left.length) form.reset();
}

function press(event) {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (event.key === "x") toggle();
  else return;
  event.preventDefault();
}

const rows = () => [...list.querySelectorAll("[data-case]")];
const here = () => document.activeElement?.closest("#cases [data-case]") ?? list.querySelector("[aria-current=page]")?.closest("[data-case]");

function move(step) {
  const all = rows();
  const place = all.indexOf(here());
  const next = place < 0 ? all[0] : all[place + step];
  next?.querySelector("a").focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

function toggle() {
  const box = here()?.querySelector("input");
  if (!box) return;
  box.checked = !box.checked;
  pick(box);
}
