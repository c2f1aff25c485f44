// What the visitor sees of the conversation: one ordered list, whatever came in which order, and who answers.

import { Line } from "../core/line";
import type { Link } from "../core/tabs";
import type { Context, Message, Outgoing, Site, State } from "../core/types";

const FRESH_MS = 60_000; // an answer to something older is not waited for
const SLOW_MS = 20_000;

export interface Item extends Partial<Outgoing> {
  key: string;
  /** Place in the server's order; Infinity on the way there. */
  position: number;
  author: Message["author"];
  at: string;
  image?: string;
  buttons?: Message["buttons"];
  custom?: unknown;
  note?: "sending" | "waiting" | "failed" | undefined;
  problem?: { code: string; sentence: string };
}

export type Expecting = "nothing" | "answer" | "late";

export class Talk {
  readonly line: Line;
  items: Item[] = [];
  state: State = { by: "bot" };
  link: Link = "online";
  expecting: Expecting = "nothing";
  /** What the site asks for before it takes messages. */
  blockedBy: string | undefined;
  onMessage: (message: Message) => void = () => undefined;
  onChange: () => void = () => undefined;
  onIdentity: (verified: boolean, name: string | undefined) => void = () => undefined;
  onProblem: (code: string, sentence: string) => void = () => undefined;
  #titles = new Map<string, string>();
  #answeredTo = 0;
  #slowTimer: ReturnType<typeof setTimeout> | undefined;
  #context: Context = {};
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #toldRead = 0;
  #typedAt = 0;

  constructor(api: string, site: string, language: () => string) {
    const begin = () => {
      const { prechat, consent } = this.line.memory.get();
      return { site, language: language(), ...(prechat && { prechat }), ...(consent && { consent }) };
    };
    this.line = new Line(api, site, begin, () => ({ language: language(), page: this.#page() }));
    this.#follow();
  }

  start(): void {
    for (const item of this.line.outbox.items) this.#pending(item, "waiting");
    this.line.start();
  }

  say(message: Omit<Outgoing, "cid" | "at">): void {
    this.line.write(message);
  }

  setContext(context: Context): void {
    this.#context = { ...this.#context, ...context };
  }

  /** Tell agents that the visitor is writing, now and then. */
  typing(): void {
    if (Date.now() - this.#typedAt < 3000 || !this.line.api.token) return;
    this.#typedAt = Date.now();
    this.line.api.json("typing", { method: "POST" }).catch(() => undefined); // a courtesy: the message itself tells, too
  }

  /** Note that everything shown so far has been seen. */
  saw(): void {
    const position = this.lastPosition;
    this.line.saw(position);
    if (position <= this.#toldRead || this.#readTimer || !this.line.api.token) return;
    this.#readTimer = setTimeout(() => {
      this.#readTimer = undefined;
      this.#toldRead = this.lastPosition;
      const body = { position: this.#toldRead };
      this.line.api.json("read", { method: "POST", body }).catch(() => (this.#toldRead = 0)); // told with the next one
    }, 1000);
  }

  get lastPosition(): number {
    return Math.max(0, ...this.items.map(({ position }) => position).filter(Number.isFinite));
  }

  get unread(): number {
    const seen = this.line.memory.get().seen ?? 0;
    return this.items.filter(({ author, position }) => author !== "contact" && position > seen && position < Infinity).length;
  }

  titleOf(payload: string | undefined): string | undefined {
    return payload === undefined ? undefined : this.#titles.get(payload);
  }

  forgetEverything(): void {
    this.items = [];
    this.#expect("nothing");
    this.#answeredTo = 0;
    this.onChange();
  }

  stop(): void {
    clearTimeout(this.#slowTimer);
    clearTimeout(this.#readTimer);
    this.line.stop();
  }

  #follow(): void {
    const { line } = this;
    line.on("pending", (item) => this.#pending(item, "sending"));
    line.on("waiting", ({ cid }) => this.#change(cid, { note: "waiting" }));
    line.on("sent", ({ cid, position }) => this.#settle(cid, position));
    line.on("refused", ({ cid, code, sentence }) => this.#change(cid, { note: "failed", problem: { code, sentence } }));
    line.on("message", (message) => this.#receive(message));
    line.on("seen", () => this.onChange());
    line.on("identity", ({ verified, name }) => this.onIdentity(verified, name));
    line.on("problem", ({ code, message }) => {
      if (code.includes("consent") || code.includes("prechat")) this.blockedBy = code;
      this.onProblem(code, message);
      this.onChange();
    });
    line.on("link", (link) => {
      this.link = link;
      this.onChange();
    });
    line.on("state", (state) => {
      this.state = state;
      if (state.by !== "bot") this.#expect("nothing");
      this.onChange();
    });
    line.on("reset", () => {
      this.items = this.items.filter(({ position }) => position === Infinity);
      this.#answeredTo = 0;
      this.onChange();
    });
  }

  #pending(item: Outgoing, note: Item["note"]): void {
    if (this.items.some(({ cid }) => cid === item.cid)) return;
    this.#put({ ...item, key: item.cid, position: Infinity, author: "contact", note });
  }

  #receive(message: Message): void {
    for (const { payload, title } of message.buttons ?? []) if (payload) this.#titles.set(payload, title);
    if (message.cid) this.#settle(message.cid, message.position);
    if (this.items.some(({ position }) => position === message.position)) this.#change(message.cid, message);
    else this.#put({ ...message, key: message.cid ?? String(message.position) });
    if (message.author === "contact" && Date.now() - Date.parse(message.at) < FRESH_MS) this.#await(message.position);
    else if (message.position > this.#answeredTo) {
      this.#answeredTo = message.position;
      this.#expect("nothing");
    }
    this.onMessage(message);
    this.onChange();
  }

  #settle(cid: string, position: number): void {
    const item = this.items.find((each) => each.cid === cid);
    if (!item || item.position === position) return;
    this.items = this.items.filter((each) => each !== item);
    if (!this.items.some((each) => each.position === position)) this.#put({ ...item, position, note: undefined });
    this.#await(position);
  }

  /** Put an item where the server has it, whenever it came. */
  #put(item: Item): void {
    const after = this.items.findIndex(({ position }) => position > item.position);
    const place = after < 0 ? this.items.length : after;
    this.items = [...this.items.slice(0, place), item, ...this.items.slice(place)];
    this.onChange();
  }

  #change(cid: string | undefined, change: Partial<Item>): void {
    this.items = this.items.map((item) => (cid !== undefined && item.cid === cid ? { ...item, ...change } : item));
    this.onChange();
  }

  #await(position: number): void {
    if (position > this.#answeredTo && this.state.by === "bot") this.#expect("answer");
  }

  #expect(expecting: Expecting): void {
    clearTimeout(this.#slowTimer);
    this.expecting = expecting;
    if (expecting !== "answer") return;
    this.#slowTimer = setTimeout(() => {
      this.expecting = "late";
      this.onChange();
    }, SLOW_MS);
  }

  #page(): Record<string, unknown> {
    const { page, ...rest } = this.#context;
    return { url: page ?? location.href.split("#")[0], title: document.title, ...rest };
  }
}

/** What a site is when its owner has said nothing. */
export const PLAIN: Site = {
  site: "default",
  name: "",
  languages: [],
  default_language: "en",
  theme: {},
  suggestions: [],
  prechat: null,
  consent: null,
  hours: null,
  uploads: { max_bytes: 10 * 1024 * 1024, types: ["image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"], at_once: 5 },
  proactive: [],
  sound: false,
  powered_by: true,
};
