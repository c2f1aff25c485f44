// The panel's drawings (outlines in the manner of Lucide), each one path.

import type { MoreIconName } from "./more-icons";

const PATHS = {
  close: "M6 6l12 12M18 6 6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M12 19V5M6 11l6-6 6 6",
  clip: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.7-7.7",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3 3 0 1 1-.01 0z",
  next: "M9 6l6 6-6 6",
  warn: "M12 8v5M12 16.5h.01M10.3 4 2.6 17.5A2 2 0 0 0 4.3 20.5h15.4a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0z",
  spark: "M12 3v4M12 17v4M3 12h4M17 12h4M12 8.5 13 11l2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1z",
} as const;

export type IconName = keyof typeof PATHS;
const more: Record<string, string> = {};

/** Add drawings that came later. */
export function learn(paths: Record<string, string>): void {
  Object.assign(more, paths);
}

export function Icon({ name }: { name: IconName | MoreIconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class={name === "next" || name === "previous" ? "turns" : undefined}>
      <path d={PATHS[name as IconName] ?? more[name]} stroke-width={name === "more" ? 3 : undefined} />
    </svg>
  );
}

/** Somebody's mark: a first letter, as those have who have no picture. */
export function Face({ name, isPerson = false, isSmall = false }: { name: string; isPerson?: boolean; isSmall?: boolean }) {
  const letter = [...name.trim()][0]?.toLocaleUpperCase();
  return (
    <span class={`face${isPerson ? " is-person" : ""}${isSmall ? " is-small" : ""}`} aria-hidden="true">
      {letter ?? <Icon name="spark" />}
    </span>
  );
}
