// The desk's pages, kept fresh: the page is asked for again every few seconds and what changed is put in place.
// Everything works without this script too, by reloading.

const INTERVAL = 4000;
const status = document.getElementById("refresh");
const quiet = status?.textContent;

let isAsking = false;
let timer = 0;

localiseTimes(document);
if (document.getElementById("live")) {
  scrollToNewest();
  timer = setTimeout(refresh, INTERVAL);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
}

async function refresh() {
  if (isAsking || document.hidden) return; // becoming visible asks again
  isAsking = true;
  clearTimeout(timer);
  try {
    const page = await load(location.href);
    if (page === null) { location.reload(); return; }
    replace(page.getElementById("live"));
    say(quiet, false);
  } catch {
    say(status.dataset.stale, true);
  }
  isAsking = false;
  timer = setTimeout(refresh, INTERVAL);
}

// An XHR gives a parsed document without any HTML sink, so that Trusted Types can stay on.
function load(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = 10000;
    request.onload = () => {
      const page = request.response;
      if (request.status >= 500 || !page) reject(new Error(String(request.status)));
      else resolve(page.getElementById("live") ? page : null);
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

function replace(fresh) {
  const shown = document.getElementById("live");
  localiseTimes(fresh);
  const next = document.adoptNode(fresh);
  if (shown.isEqualNode(next)) return;
  const wasAtEnd = isAtEnd();
  const focused = document.activeElement?.closest("#live a")?.getAttribute("href");
  shown.replaceWith(next);
  if (focused) next.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  if (wasAtEnd) scrollToNewest();
}

function isAtEnd() {
  return window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 120;
}

function scrollToNewest() {
  const timeline = document.querySelector("main.conversation[data-newest=true] .timeline");
  if (timeline) timeline.lastElementChild?.scrollIntoView({ block: "nearest" });
}

function localiseTimes(root) {
  const language = document.documentElement.lang;
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === today;
    time.title = at.toLocaleString(language, { dateStyle: "full", timeStyle: "medium" });
    time.textContent = at.toLocaleString(language, isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  }
}

function say(words, isStale) {
  if (status.textContent !== words) status.textContent = words;
  status.classList.toggle("is-stale", isStale);
}
