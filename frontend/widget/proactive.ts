// Messages that come before anybody asks, by the owner's rules: page, time, scrolling, return.

import type { Memory } from "../core/memory";
import type { Rule } from "../core/types";

const LOOK_MS = 1000;
const MINUTE_MS = 60_000;
const VISIT_MS = 30 * MINUTE_MS; // whoever is away for longer comes back

/** Watch until a rule holds, and show it unless that is refused; gives what ends the watch. */
export function watchRules(rules: Rule[], memory: Memory, show: (rule: Rule) => boolean): () => void {
  if (!rules.length) return () => undefined;
  const begunAt = Date.now();
  const { told, visits: before = 0, visitedAt = 0 } = memory.get();
  const shown = new Set(told);
  const visits = before + Number(begunAt - visitedAt > VISIT_MS);
  const look = () => {
    if (document.hidden) return;
    remember(memory, visits);
    const due = rules.find((rule) => !shown.has(rule.id) && holds(rule, Date.now() - begunAt, visits));
    if (due && show(due)) shown.add(due.id);
  };
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}

/** Note that this visit goes on; who has not written yet leaves no trace. */
function remember(memory: Memory, visits: number): void {
  const { token, visitedAt = 0 } = memory.get();
  if (token && Date.now() - visitedAt > MINUTE_MS) memory.set({ visits, visitedAt: Date.now() });
}

function holds({ when }: Rule, elapsedMs: number, visits: number): boolean {
  const { path, seconds = 0, scroll_percent: scroll = 0, visits: least = 0 } = when;
  return elapsedMs >= seconds * 1000 && scrolled() >= scroll && visits >= least && (!path || matches(path, location.pathname));
}

function matches(glob: string, path: string): boolean {
  const pattern = glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*");
  return new RegExp(`^${pattern}$`).test(path);
}

function scrolled(): number {
  const { scrollHeight } = document.documentElement;
  const far = scrollHeight - innerHeight;
  return far > 0 ? (100 * scrollY) / far : 100;
}
