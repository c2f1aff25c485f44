// The desk's pages, kept fresh: when something changes the page is asked for again, and each part of it that is another
// one by now is put in its place, without losing what is being typed or where somebody is.

import { carry, keepDrafts, restoreDrafts } from "./keep.js";
import { listenToForms, post, sendPresence } from "./forms.js";
import { keepList } from "./list.js";
import { keepTime, localiseTimes, tellTimesLeft } from "./times.js";

const LOOK_SECONDS = 15;
const PAGE_SECONDS = 60;
const PRESENCE_SECONDS = 15;
const DOUBT_SECONDS = 2;
const PENDING_SECONDS = 3;
const PRESS_SECONDS = 0.2;
const status = document.getElementById("refresh");
const quiet = status?.textContent;
const parts = new Map(); // each live part as it last came, before anything was made of it
const held = new Map(); // what came for a part in which something is being pressed

const main = document.querySelector("main");
const about = new Set(main?.dataset.about?.split(" "));
const looked = new Map();

let isAsking = false;
let isWanted = false;
let isPageWanted = false;
let lastSeen = 0;
let lastPage = Date.now();
let awaited = 0;

const refreshList = keepList({ load, replace, refresh });
for (const part of document.querySelectorAll("[data-live]")) parts.set(part.id, part.cloneNode(true));
localiseTimes(document);
markRoom();
if (parts.size) {
  tellTimesLeft();
  restoreDrafts(document);
  if (!scrollToAsked()) scrollToNewest();
  keepDrafts();
  listenToForms(refresh);
  listen();
  look();
  setInterval(lookAgain, LOOK_SECONDS * 1000);
  setInterval(tellTimesLeft, 15000);
  setInterval(here, PRESENCE_SECONDS * 1000);
  here();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { look(); if (isWanted) ask(); } });
}
document.dispatchEvent(new Event("desk:ready"));

function markRoom() {
  const path = location.pathname === "/desk/audit" ? "/desk/admin" : location.pathname;
  const rooms = [...document.querySelectorAll(".rooms a")].filter((link) => path.startsWith(link.pathname));
  const room = rooms.sort((one, other) => other.pathname.length - one.pathname.length)[0];
  room?.setAttribute("aria-current", "page");
  for (const here of [room, document.querySelector(".admin nav [aria-current]")]) here?.scrollIntoView({ block: "nearest", inline: "center" });
}

// Browsers let the timers of hidden pages sleep, but not what arrives: so presence is answered to events, too.
function listen() {
  const stream = new EventSource("/desk/api/changes");
  stream.addEventListener("open", refresh); // what changed since the page was made, or while the stream was away
  stream.addEventListener("changed", ({ data }) => {
    document.dispatchEvent(new Event("relevo:changed"));
    changed(JSON.parse(data).conversations ?? [""]);
    here();
  });
  stream.addEventListener("stirred", ({ data }) => {
    document.dispatchEvent(new CustomEvent("desk:stirred", { detail: JSON.parse(data).conversations }));
    here();
  });
  stream.addEventListener("here", here);
  stream.addEventListener("replaced", () => stream.close());
  stream.addEventListener("ended", () => location.reload());
}

function here() {
  if (Date.now() - lastSeen < PRESENCE_SECONDS * 900) return;
  lastSeen = Date.now();
  sendPresence();
}

// The list is about every conversation; the rest of a page only about its own, or about what is not told.
function changed(conversations) {
  if (main.hasAttribute("data-all") || conversations.some((id) => id === "" || about.has(id))) isPageWanted = true;
  return ask();
}

function lookAgain() {
  if (Date.now() - lastPage > PAGE_SECONDS * 1000 || status.classList.contains("is-stale")) isPageWanted = true;
  return ask();
}

function refresh() {
  isPageWanted = true;
  return ask();
}

async function ask() {
  isWanted = true;
  if (isAsking || document.hidden) return; // becoming visible asks again
  isAsking = true;
  document.dispatchEvent(new Event("desk:changed"));
  try {
    while (isWanted) {
      isWanted = false;
      if (isPageWanted && !main.hasAttribute("data-still")) await refreshPage();
      await refreshList();
    }
    say(quiet, false);
    look();
    document.dispatchEvent(new Event("desk:fresh"));
  } catch {
    isWanted = true;
    say(status.dataset.stale, true);
  } finally {
    isAsking = false;
  }
}

async function refreshPage() {
  isPageWanted = false;
  lastPage = Date.now();
  try {
    const { page } = await load(location.href);
    keepTime(page);
    for (const fresh of page.querySelectorAll("[data-live]:not(#cases [data-live])")) replace(fresh);
    for (const id of page.querySelector("main")?.dataset.about?.split(" ") ?? []) about.add(id);
    awaitDelivery();
  } catch (error) {
    isPageWanted = true;
    throw error;
  }
}

// Nobody tells when a browser has fetched what waits for it: looked for again, while it was said lately.
function awaitDelivery() {
  const waits = [...document.querySelectorAll("[data-pending]")].some(({ dataset }) => Date.parse(dataset.pending) > Date.now());
  clearTimeout(awaited);
  if (waits) awaited = setTimeout(refresh, PENDING_SECONDS * 1000);
}

// What was seen is no longer unread; only what is in front of somebody was.
function look() {
  const shown = document.getElementById("looked")?.dataset;
  if (!shown || document.hidden || looked.get(shown.look) >= Number(shown.position)) return;
  looked.set(shown.look, Number(shown.position));
  post(shown.look, { position: Number(shown.position) }).then(ask, () => looked.delete(shown.look));
}

// An XHR gives a parsed document without any HTML sink, so that Trusted Types can stay on.
// Undefined where nothing is different from what has this tag.
function load(address, etag) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = 10000;
    if (etag) request.setRequestHeader("If-None-Match", etag);
    request.onload = () => {
      if (request.status === 304) { resolve(undefined); return; } // there is no document to look at
      const page = request.response;
      if (request.status >= 500 || request.status === 429 || !page) reject(new Error(String(request.status)));
      else if (page.querySelector("[data-live]")) resolve({ page, etag: request.getResponseHeader("ETag") });
      else location.reload(); // the session has ended, or what was here is gone
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

// `isNew`: it is in the document already, as it came.
function replace(fresh, isNew = false) {
  if (isNew) parts.set(fresh.id, fresh.cloneNode(true));
  if (isNew) localiseTimes(fresh);
  const shown = document.getElementById(fresh.id);
  if (isNew || !shown || parts.get(fresh.id)?.isEqualNode(fresh)) return;
  if (shown.querySelector("dialog[open]")) return; // as soon as it is closed
  if (shown.querySelector(":is(a, button, summary):active")) { hold(fresh); return; }
  held.delete(fresh.id);
  const before = parts.get(fresh.id);
  parts.set(fresh.id, fresh.cloneNode(true));
  const next = document.adoptNode(fresh);
  localiseTimes(next);
  const wasAtEnd = next.id === "timeline" && isAtEnd(shown);
  carry(shown, next, () => {
    reuse(before, shown, next);
    shown.replaceWith(next);
  });
  doubt(shown, next);
  tellTimesLeft();
  if (wasAtEnd) scrollToNewest();
  else next.scrollTop = shown.scrollTop;
}

// A click needs its button under it when it is pressed and when it is let go of.
function hold(fresh) {
  if (!held.has(fresh.id)) setTimeout(release, PRESS_SECONDS * 1000, fresh.id);
  held.set(fresh.id, fresh);
}

function release(id) {
  const fresh = held.get(id);
  held.delete(id);
  if (fresh) replace(fresh);
}

// What has not changed stays as it is: photos are not loaded, and so not viewed, again.
function reuse(before, shown, next) {
  for (const item of next.querySelectorAll("li[id]")) {
    const name = `#${CSS.escape(item.id)}`;
    const kept = before?.querySelector(name)?.isEqualNode(parts.get(next.id).querySelector(name)) && shown.querySelector(name);
    if (kept) item.replaceWith(kept);
  }
}

// Whoever is about to approve must not approve what changed under their hand.
function doubt(shown, next) {
  for (const card of next.querySelectorAll("[data-hash]")) {
    const before = shown.querySelector(`#${CSS.escape(card.id)}`)?.dataset.hash;
    const button = card.querySelector("form[data-api$='/approve'] button");
    if (!before || before === card.dataset.hash || !button) continue;
    button.disabled = true;
    setTimeout(() => { button.disabled = false; }, DOUBT_SECONDS * 1000);
  }
}

function scroller(timeline) {
  return getComputedStyle(timeline).overflowY === "auto" ? timeline : document.scrollingElement;
}

function isAtEnd(timeline) {
  const box = scroller(timeline);
  return box.scrollHeight - box.scrollTop - box.clientHeight < 120;
}

function scrollToAsked() {
  const asked = location.hash.startsWith("#at-") && document.getElementById(location.hash.slice(1));
  if (asked) asked.scrollIntoView({ block: "center" });
  return Boolean(asked);
}

function scrollToNewest() {
  const timeline = document.querySelector("#timeline[data-newest=true]");
  if (timeline && scroller(timeline) === timeline) timeline.scrollTop = timeline.scrollHeight;
}

function say(words, isStale) {
  if (status.textContent !== words) status.textContent = words;
  status.classList.toggle("is-stale", isStale);
}
