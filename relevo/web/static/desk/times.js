// Times in the reader's own zone and language; of what is due, the time that is left. What time it is, the server says:
// a machine whose clock is wrong must not make anything late.

const language = document.documentElement.lang;
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

let ahead = 0; // by how many milliseconds this machine's clock is ahead of the server's
keepTime(document);

export function keepTime(page) {
  const served = Date.parse(page.body?.dataset.now);
  if (served) ahead = Date.now() - served;
}

export function now() { return Date.now() - ahead; }

export function localiseTimes(root) {
  const today = new Date(now()).toDateString();
  for (const time of root.querySelectorAll("time:not([data-due])")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === today;
    time.title = at.toLocaleString(language, { dateStyle: "full", timeStyle: "medium" });
    time.textContent = at.toLocaleString(language, isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  }
}

export function tellTimesLeft() {
  for (const time of document.querySelectorAll("time[data-due]")) {
    const at = new Date(time.dateTime);
    const seconds = (at - now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
    const said = time.dataset.due ? forGoal(time.dataset.due, seconds, unit, size) : plainly(seconds, unit, size);
    if (time.textContent !== said) time.textContent = said;
    time.title = at.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
    time.classList.toggle("is-late", seconds < 0);
  }
}

function plainly(seconds, unit, size) {
  const left = new Intl.RelativeTimeFormat(language, { style: "narrow" }).format(Math.trunc(seconds / size), unit);
  return `${words[seconds < 0 ? "script.was_due" : "script.due"]} ${left}`;
}

function forGoal(goal, seconds, unit, size) {
  const number = Math.trunc(Math.abs(seconds) / size);
  const left = number ? new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }).format(number) : words["script.no_minute"];
  return words[`script.${seconds < 0 ? "late" : "due"}_${goal}`].replace("{left}", left);
}
