// The line to Relevo: messages go out by an outbox and come in by one cursor, both of which survive everything.

import { Api, type Begin } from "./api";
import { Emitter } from "./emitter";
import { Listener, type Hearer } from "./listener";
import { Memory } from "./memory";
import { Outbox, type Posted } from "./outbox";
import type { Problem } from "./problem";
import { Tabs, type Link, type Word } from "./tabs";
import type { Message, Outgoing, Session, State, Visitor } from "./types";

export interface LineEvents {
  pending: Outgoing;
  waiting: { cid: string };
  sent: { cid: string; position: number };
  refused: { cid: string; code: string; sentence: string };
  message: Message;
  state: State;
  link: Link;
  reset: undefined;
  seen: number;
  identity: Visitor;
  problem: Problem;
}

const WAKING = ["online", "pageshow", "focus"] as const;

export class Line extends Emitter<LineEvents> implements Hearer, Posted {
  readonly memory: Memory;
  readonly api: Api;
  readonly outbox: Outbox;
  position = 0;
  current: State = { by: "bot" };
  #link: Link = "online";
  #tabs: Tabs;
  #listener: Listener;
  #lead: AbortSignal | undefined;
  #isCatchingUp = false;
  #isBehind = false;
  #stopped = new AbortController();

  constructor(base: string, site: string, begin: Begin, beside: () => Record<string, unknown>) {
    super();
    this.memory = new Memory(site);
    this.api = new Api(base, this.memory, begin, () => this.#renewed(true));
    this.outbox = new Outbox(this.api, this, beside, () => this.#lead !== undefined);
    this.#listener = new Listener(this.api, this);
    this.#tabs = new Tabs(`relevo:${site}`, (stop) => this.#leads(stop), (word) => this.#hears(word));
  }

  start(): void {
    const { signal } = this.#stopped;
    for (const name of WAKING) addEventListener(name, () => this.hurry(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry(), { signal });
    this.#tabs.join(this.memory.isForgetful);
    if (!this.#tabs.isLeader) {
      void this.#catchUp();
      void this.#tabs.demandLeader();
    }
  }

  stop(): void {
    this.#stopped.abort();
    this.#tabs.leave();
  }

  /** Try everything again now. */
  hurry(): void {
    this.#listener.hurry();
    this.outbox.hurry();
    void this.#tabs.demandLeader();
  }

  write(message: Omit<Outgoing, "cid" | "at">): void {
    const item = this.outbox.put(message);
    this.tell("pending", item);
    if (this.memory.isForgetful) this.#tabs.goAlone(); // no other window could read what we keep
    this.#tabs.say({ kind: "pending", item });
    if (this.#lead) void this.outbox.flush(this.#lead);
    else void this.#tabs.demandLeader();
  }

  async identify(jwt: string, site: string): Promise<void> {
    const session = await this.api.json<Session>("identify", { method: "POST", body: { jwt, site } });
    this.api.keep(session);
    this.#renewed(false);
    this.tell("identity", session.visitor ?? { verified: true });
    this.#tabs.say({ kind: "renewed" });
  }

  /** End this visitor's session here; `tellServer` has the token revoked as well. */
  async leave(tellServer: boolean): Promise<void> {
    // Forgotten before the server does, so that nothing is asked with a revoked one; it runs out where the server cannot be told.
    const told = tellServer && this.api.token ? this.api.json("logout", { method: "POST" }).catch(() => undefined) : undefined;
    this.memory.who = {};
    this.memory.set({ seen: 0, draft: undefined, prechat: undefined });
    this.outbox.clear();
    this.#renewed(false);
    this.tell("identity", { verified: false });
    this.#tabs.say({ kind: "renewed" });
    await told;
  }

  saw(position: number): void {
    if (position <= (this.memory.get().seen ?? 0)) return;
    this.memory.set({ seen: position });
    this.#tabs.say({ kind: "seen", position });
  }

  // What the stream says, told to the other windows.

  message(message: Message): void {
    this.#say({ kind: "message", from: this.position, message });
    this.#take(message);
  }

  state(state: State): void {
    this.current = state;
    this.#say({ kind: "state", state });
    this.tell("state", state);
  }

  answers(by: State["by"]): void {
    if (by !== this.current.by) this.state({ ...this.current, by });
  }

  reset(): void {
    this.#say({ kind: "reset" });
    this.#reset();
  }

  link(link: Link, problem?: Problem): void {
    if (problem) this.tell("problem", problem);
    if (link === this.#link) return;
    this.#link = link;
    this.#say({ kind: "link", link });
    this.tell("link", link);
  }

  // What the outbox says, told likewise.

  sent({ cid }: Outgoing, position: number): void {
    this.#say({ kind: "sent", cid, position });
    this.tell("sent", { cid, position });
    this.link("online");
    this.#listener.hurry(); // from the first message on there is something to listen to
  }

  blocked(problem: Problem): void {
    this.tell("problem", problem);
  }

  waiting({ cid }: Outgoing, isOffline: boolean): void {
    this.#say({ kind: "waiting", cid });
    this.tell("waiting", { cid });
    if (isOffline) this.link("offline");
  }

  refused({ cid }: Outgoing, { code, message }: Problem): void {
    this.#say({ kind: "refused", cid, code, sentence: message });
    this.tell("refused", { cid, code, sentence: message });
  }

  #leads(stop: AbortSignal): void {
    this.#lead = stop;
    stop.addEventListener("abort", () => {
      this.#lead = undefined;
    });
    void this.#listener.run(stop);
    void this.outbox.flush(stop);
  }

  /** Tell the other windows what the server said; they heard it from whoever leads, and from nobody else. */
  #say(word: Word): void {
    if (this.#lead) this.#tabs.say(word);
  }

  #hears(word: Word): void {
    if (word.kind === "message") this.#overhear(word.from, word.message);
    else if (word.kind === "pending") this.#hasPending(word.item);
    else if (word.kind === "ping") this.#answers();
    else if (word.kind === "pong") this.#adopt(word.link, word.state);
    else if (word.kind === "state") this.#adopt(this.#link, word.state);
    else if (word.kind === "link") this.#adopt(word.link, this.current);
    else if (word.kind === "reset") this.#reset();
    else if (word.kind === "seen") this.tell("seen", word.position);
    else if (word.kind === "renewed") this.#renewed(true);
    else if (word.kind === "waiting") this.tell("waiting", word);
    else this.#settled(word);
  }

  #settled(word: Extract<Word, { kind: "sent" | "refused" }>): void {
    this.outbox.drop(word.cid);
    if (word.kind === "sent") this.tell("sent", word);
    else this.tell("refused", word);
  }

  #overhear(from: number, message: Message): void {
    if (from > this.position) void this.#catchUp();
    else this.#take(message);
  }

  #hasPending(item: Outgoing): void {
    this.outbox.hear(item);
    this.tell("pending", item);
    if (this.#lead) void this.outbox.flush(this.#lead);
  }

  #answers(): void {
    if (this.#lead) this.#tabs.say({ kind: "pong", link: this.#link, state: this.current });
  }

  #adopt(link: Link, state: State | undefined): void {
    if (link !== this.#link) this.tell("link", (this.#link = link));
    if (state && state !== this.current) this.tell("state", (this.current = state));
  }

  async #catchUp(): Promise<void> {
    this.#isBehind = true;
    if (!this.api.token || this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    while (this.#isBehind) {
      this.#isBehind = false;
      // A failure needs no word here: whoever leads says when the line is down, and its next message brings us here again.
      if (await this.#listener.poll(0).catch(() => 0)) this.#isBehind = true;
    }
    this.#isCatchingUp = false;
  }

  #take(message: Message): void {
    if (message.position <= this.position) return;
    this.position = message.position;
    if (message.cid) this.outbox.drop(message.cid);
    this.tell("message", message);
  }

  #reset(): void {
    this.position = 0;
    this.tell("reset", undefined);
  }

  /** The session is another one: what it hears begins anew. */
  #renewed(isFromElsewhere: boolean): void {
    this.#reset();
    this.tell("state", (this.current = { by: "bot" }));
    this.#listener.hangUp();
    if (isFromElsewhere) this.tell("identity", this.memory.get().visitor ?? { verified: false });
    if (!this.#lead) void this.#catchUp();
  }
}
