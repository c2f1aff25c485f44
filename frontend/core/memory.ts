// What a browser keeps for one site: in localStorage, or for as long as the page lives where that is refused.

import type { Outgoing, Site, Visitor } from "./types";

export interface Kept {
  token?: string;
  visitor?: Visitor;
  /** Up to where the visitor has seen messages. */
  seen?: number;
  sound?: boolean;
  language?: string;
  consent?: boolean;
  prechat?: Record<string, string>;
  /** What is written but not sent. */
  draft?: string;
  /** The site's settings, for when they cannot be read. */
  site?: Site;
  visits?: number;
  /** When the newest visit was last seen to go on, in milliseconds. */
  visitedAt?: number;
  /** Proactive messages that were shown, taken or waved away. */
  told?: string[];
}

const MORE = ":more";
const OUTBOX = ":outbox";

export class Memory {
  #key: string;
  #here: Map<string, string> | undefined;

  constructor(site: string) {
    this.#key = keyOf(site);
    try {
      localStorage.getItem(this.#key);
    } catch {
      this.#here = new Map(); // blocked
    }
  }

  /** Whether the browser forgets everything with the page. */
  get isForgetful(): boolean {
    return this.#here !== undefined;
  }

  get(): Kept {
    return { ...this.#read<Kept>(MORE), ...this.#read<Kept>("") };
  }

  set(change: Kept): void {
    this.#write(MORE, { ...this.#read<Kept>(MORE), ...change });
  }

  // Windows see each other's changes a little late. Who the visitor is stands apart from what changes often: a window that
  // is behind must not write over a session that has just begun.
  set who(who: Pick<Kept, "token" | "visitor">) {
    this.#write("", who);
  }

  get outbox(): Outgoing[] {
    return this.#read<{ items?: Outgoing[] }>(OUTBOX).items ?? [];
  }

  set outbox(items: Outgoing[]) {
    this.#write(OUTBOX, items.length ? { items } : undefined);
  }

  #read<Content>(part: string): Partial<Content> {
    try {
      const text = this.#here ? this.#here.get(part) : localStorage.getItem(this.#key + part);
      return (JSON.parse(text ?? "{}") as Partial<Content> | null) ?? {};
    } catch {
      return {}; // not ours any more: begin anew
    }
  }

  #write(part: string, content: unknown): void {
    const text = JSON.stringify(content);
    if (!this.#here) {
      try {
        if (text) localStorage.setItem(this.#key + part, text);
        else localStorage.removeItem(this.#key + part);
        return;
      } catch {
        // Full or blocked: from here on the page itself remembers, beginning with what there was.
        this.#here = new Map(["", MORE, OUTBOX].map((one) => [one, JSON.stringify(this.#read(one))]));
      }
    }
    this.#here.set(part, text ?? "{}");
  }
}

export function keyOf(site: string): string {
  return `relevo:${site}`;
}
