// One of a browser's windows leads: it alone holds the stream and sends. The others hear it over a channel.
//
// A leader that sleeps (phones suspend pages that keep their locks) is noticed by whoever needs it, and replaced.

import type { Message, Outgoing, State } from "./types";

const PATIENCE_MS = 2500;
const OF_ANYBODY = new Set(["ping", "pending", "seen", "renewed"]);

export type Link = "online" | "offline" | "refused";

/** What one window tells the others. */
export type Word =
  | { kind: "ping" }
  | { kind: "pong"; link: Link; state: State | undefined }
  | { kind: "message"; from: number; message: Message }
  | { kind: "state"; state: State }
  | { kind: "link"; link: Link }
  | { kind: "reset" }
  | { kind: "pending"; item: Outgoing }
  | { kind: "sent"; cid: string; position: number }
  | { kind: "waiting"; cid: string }
  | { kind: "refused"; cid: string; code: string; sentence: string }
  | { kind: "renewed" }
  | { kind: "seen"; position: number };

export class Tabs {
  #channel: BroadcastChannel | undefined;
  #closing = new AbortController();
  #waiting = new AbortController();
  #leading: AbortController | undefined;
  #answered: (() => void) | undefined;

  constructor(
    private readonly name: string,
    private readonly onLead: (stop: AbortSignal) => void,
    private readonly onWord: (word: Word) => void,
  ) {}

  get isLeader(): boolean {
    return this.#leading !== undefined;
  }

  /** Join the other windows; alone, where the browser cannot say who else there is or keeps nothing for us. */
  join(isAlone: boolean): void {
    if (this.#closing.signal.aborted) return;
    if (isAlone || !navigator.locks || typeof BroadcastChannel === "undefined") {
      this.#lead();
      return;
    }
    this.#channel = new BroadcastChannel(this.name);
    this.#channel.addEventListener("message", ({ data }) => this.#hear(data as Word));
    this.#queueUp();
  }

  leave(): void {
    this.#closing.abort();
    this.#waiting.abort();
    this.#resign();
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Leave the others and lead. */
  goAlone(): void {
    if (!this.#channel) return;
    this.#waiting.abort();
    this.#channel.close();
    this.#channel = undefined;
    if (!this.isLeader) this.#lead();
  }

  say(word: Word): void {
    this.#channel?.postMessage(word);
  }

  /** Make sure that somebody leads and is awake; lead if nobody answers. */
  async demandLeader(): Promise<void> {
    if (this.isLeader || !this.#channel || this.#answered) return;
    const answered = new Promise<boolean>((resolve) => {
      this.#answered = () => resolve(true);
      setTimeout(() => resolve(false), PATIENCE_MS);
    });
    this.say({ kind: "ping" });
    const isAwake = await answered;
    this.#answered = undefined;
    if (isAwake || this.isLeader || this.#closing.signal.aborted) return;
    this.#waiting.abort();
    this.#queueUp({ steal: true });
  }

  #hear(word: Word): void {
    if (!OF_ANYBODY.has(word.kind)) this.#answered?.();
    this.onWord(word);
  }

  #queueUp(options?: LockOptions): void {
    const waiting = (this.#waiting = new AbortController());
    const held = () => new Promise<void>((release) => this.#lead().addEventListener("abort", () => release()));
    navigator.locks.request(this.name, options ?? { signal: waiting.signal }, held).catch(() => {
      if (waiting.signal.aborted || this.#closing.signal.aborted) return;
      this.#resign(); // another window took the lead from us while we slept
      this.#queueUp();
    });
  }

  #lead(): AbortSignal {
    const leading = (this.#leading = new AbortController());
    if (this.#closing.signal.aborted) queueMicrotask(() => leading.abort());
    else this.onLead(leading.signal);
    return leading.signal;
  }

  #resign(): void {
    this.#leading?.abort();
    this.#leading = undefined;
  }
}
