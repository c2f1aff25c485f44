// Times in the reader's own zone and language; of what is due, the time that is left.

const language = document.documentElement.lang;
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

export function localiseTimes(root) {
  const today = new Date().toDateString();
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
    const seconds = (at - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? UNITS.at(-1);
    const left = new Intl.RelativeTimeFormat(language, { style: "narrow" }).format(Math.trunc(seconds / size), unit);
    const said = `${words[seconds < 0 ? "script.was_due" : "script.due"]} ${left}`;
    if (time.textContent !== said) time.textContent = said;
    time.title = at.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
    time.classList.toggle("is-late", seconds < 0);
  }
}
