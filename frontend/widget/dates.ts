// Days and times as a language writes them.

export function timeOf(at: string, language: string): string {
  return new Date(at).toLocaleTimeString(language, { timeStyle: "short" });
}

export function dayOf(at: string, language: string): string {
  const date = new Date(at);
  const daysAgo = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
  const isNear = daysAgo < 2 && daysAgo >= 0;
  const name = isNear
    ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-daysAgo, "day")
    : date.toLocaleDateString(language, { weekday: "long", day: "numeric", month: "long" });
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
