// What the visitor wrote and the server may not have yet: kept over reloads, sent in order, once.

import type { Api } from "./api";
import { Backoff } from "./backoff";
import { newId } from "./ids";
import { Problem } from "./problem";
import type { Outgoing } from "./types";

export interface Posted {
  sent(item: Outgoing, position: number): void;
  waiting(item: Outgoing, isOffline: boolean): void;
  refused(item: Outgoing, problem: Problem): void;
  /** The site asks for something before it takes messages; what is written waits for that. */
  blocked(problem: Problem): void;
}

const BLOCKING = new Set(["prechat_required", "bad_prechat", "consent_required"]);
const HOUR_MS = 3_600_000;

export class Outbox {
  #backoff = new Backoff();
  #isFlushing = false;
  #items: Outgoing[];

  constructor(
    private readonly api: Api,
    private readonly posted: Posted,
    /** What goes with each message beside its own words. */
    private readonly beside: () => Record<string, unknown>,
    private readonly isLeading: () => boolean,
  ) {
    this.#items = api.memory.outbox;
  }

  get items(): Outgoing[] {
    return this.#items;
  }

  put(message: Omit<Outgoing, "cid" | "at">): Outgoing {
    const item: Outgoing = { cid: newId(), at: new Date().toISOString(), ...message };
    this.#items = [...this.#items, item];
    this.#keep();
    return item;
  }

  /** Take what another window has put: word of it comes before the browser shows what that window has kept. */
  hear(item: Outgoing): void {
    if (!this.#items.some(({ cid }) => cid === item.cid)) this.#items = [...this.#items, item];
    if (this.isLeading()) this.#keep();
  }

  drop(cid: string): void {
    const left = this.#items.filter((item) => item.cid !== cid);
    if (left.length === this.#items.length) return;
    this.#items = left;
    if (this.isLeading()) this.#keep(); // the others may not have heard of everything yet
  }

  clear(): void {
    this.#items = [];
    this.#keep();
  }

  #keep(): void {
    this.api.memory.outbox = this.#items;
  }

  hurry(): void {
    this.#backoff.hurry();
  }

  /** Send everything, for as long as it takes. */
  async flush(stop: AbortSignal): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    stop.addEventListener("abort", () => this.#backoff.hurry(), { once: true });
    for (let item; !stop.aborted && (item = this.items[0]); ) await this.#send(item);
    this.#isFlushing = false;
  }

  async #send(item: Outgoing): Promise<void> {
    try {
      await this.api.demandSession();
      const position = await this.#post(item);
      this.#backoff.succeeded();
      this.drop(item.cid);
      this.posted.sent(item, position);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (BLOCKING.has(error.code)) {
        this.posted.blocked(error);
        await this.#backoff.wait(HOUR_MS);
      } else if (error.retryAfter === undefined) {
        this.drop(item.cid);
        this.posted.refused(item, error);
      } else {
        const paused = this.#backoff.failed(error.retryAfter);
        this.posted.waiting(item, this.#backoff.failures > 1 || !navigator.onLine);
        await paused;
      }
    }
  }

  async #post({ cid, text, payload, attachments = [] }: Outgoing): Promise<number> {
    const what = payload === undefined ? { text, attachments: attachments.map(({ id }) => id) } : { payload };
    const body = { cid, ...what, ...this.beside() };
    return (await this.api.json<{ position: number }>("messages", { method: "POST", body })).position;
  }
}
