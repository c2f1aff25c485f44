// Hears what happens after a cursor: by a stream, or by long polls where something on the way holds streams back.

import type { Api } from "./api";
import { Backoff } from "./backoff";
import { Problem } from "./problem";
import { EventParser, type Heard } from "./sse";
import type { Link } from "./tabs";
import type { Message, State } from "./types";

const SILENCE_MS = 40_000; // more than two of the server's heartbeats
const STALE_MS = 20_000; // more than one: who comes back from sleep asks anew
const FIRST_WORD_MS = 10_000;
const HOUR_MS = 3_600_000;
const STREAM_AGAIN_MS = 300_000;
const AFTER_END_MS = 1000;

export interface Hearer {
  position: number;
  /** The state that is known by now. */
  readonly current: State;
  message(message: Message): void;
  state(state: State): void;
  answers(by: State["by"]): void;
  reset(): void;
  link(link: Link, problem?: Problem): void;
}

interface Polled {
  events: Message[];
  position: number;
  reset?: boolean;
  answers?: State["by"];
  state?: State;
}

export class Listener {
  #backoff = new Backoff();
  #streamsAgainAt = 0;
  #heardAt = 0;
  #open = new Set<AbortController>();

  constructor(
    private readonly api: Api,
    private readonly hearer: Hearer,
  ) {}

  /** Listen until told to stop. */
  async run(stop: AbortSignal): Promise<void> {
    stop.addEventListener("abort", () => this.hangUp());
    while (!stop.aborted) {
      const { token } = this.api;
      if (!token) {
        await this.#backoff.wait(HOUR_MS); // there is nothing to hear before the first word
        continue;
      }
      try {
        await (Date.now() >= this.#streamsAgainAt ? this.#stream() : this.poll(25));
        this.#backoff.succeeded();
      } catch (error) {
        if (stop.aborted || this.api.token !== token) continue; // that session has ended
        await this.#failed(error);
      }
    }
  }

  /** Try again now: the connection is back, or somebody looks. */
  hurry(): void {
    if (this.#open.size && Date.now() - this.#heardAt > STALE_MS) this.hangUp();
    this.#backoff.hurry();
  }

  /** End what is heard now; listening goes on from the cursor. */
  hangUp(): void {
    for (const each of this.#open) each.abort();
    this.#backoff.hurry();
  }

  /** Ask once for what is new, waiting so many seconds for it; gives how much there was. */
  async poll(seconds: number): Promise<number> {
    const stop = this.#begin();
    const { tag } = this.hearer.current;
    const seen = tag === undefined ? "" : `&seen=${encodeURIComponent(tag)}`;
    const asked = `events?after=${this.hearer.position}&wait=${seconds}&state=1${seen}`;
    const answer = this.api.json<Polled>(asked, { signal: stop.signal }).finally(() => this.#open.delete(stop));
    const { events, position, reset, answers, state } = await answer;
    this.hearer.link("online");
    if (reset) this.hearer.reset();
    events.forEach((message) => this.hearer.message(message));
    this.hearer.position = Math.max(position, this.hearer.position);
    if (state) this.hearer.state(state);
    else if (answers) this.hearer.answers(answers);
    return events.length;
  }

  async #failed(error: unknown): Promise<void> {
    const problem = error instanceof Problem ? error : undefined;
    const isFinal = problem !== undefined && problem.retryAfter === undefined;
    const paused = this.#backoff.failed(problem?.retryAfter ?? null);
    if (isFinal) this.hearer.link("refused", problem);
    else if (this.#backoff.failures > 1 || !navigator.onLine) this.hearer.link("offline");
    await paused;
  }

  async #stream(): Promise<void> {
    const stop = this.#begin();
    let hasSpoken = false;
    this.#heardAt = Date.now();
    let watchdog = setTimeout(() => stop.abort(), FIRST_WORD_MS);
    try {
      const response = await this.api.ask(`events?after=${this.hearer.position}`, { signal: stop.signal });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      while (reader) {
        const { value, done } = await reader.read();
        if (done) break;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => stop.abort(), SILENCE_MS);
        this.#heardAt = Date.now();
        if (!hasSpoken) this.#begun();
        hasSpoken = true;
        for (const each of parser.take(value)) await this.#hear(each);
      }
    } catch (error) {
      if (hasSpoken || !(stop.signal.aborted ? this.#isSilent() : await this.#isCut(error))) throw error;
      this.#streamsAgainAt = Date.now() + STREAM_AGAIN_MS;
      return;
    } finally {
      clearTimeout(watchdog);
      this.#open.delete(stop);
    }
    await this.#backoff.wait(AFTER_END_MS);
  }

  #begin(): AbortController {
    const stop = new AbortController();
    this.#open.add(stop);
    return stop;
  }

  #begun(): void {
    this.#backoff.succeeded();
    this.hearer.link("online");
  }

  /** Tell whether nothing was heard for as long as a first word may take: something on the way holds it back. */
  #isSilent(): boolean {
    return navigator.onLine && Date.now() - this.#heardAt >= FIRST_WORD_MS - 100;
  }

  /** Tell whether streams alone fail, as blockers and service workers make them: a second one did, and a plain question is answered. */
  async #isCut(error: unknown): Promise<boolean> {
    const mayAsk = this.#backoff.failures > 0 && (error as Problem).retryAfter === null;
    return mayAsk && this.poll(0).then(() => true, () => false);
  }

  async #hear({ event, data }: Heard): Promise<void> {
    const told: unknown = JSON.parse(data);
    if (event === "message") this.hearer.message(told as Message);
    else if (event === "state") this.hearer.state(told as State);
    else if (event === "answers") this.hearer.answers((told as State).by);
    else if (event === "reset") this.hearer.reset();
    else if (event === "replaced") await this.#backoff.wait(HOUR_MS); // another window listens; this one when looked at
  }
}
