// Everything behind one panel: what it shows now, who the visitor is, and what the page asks of it.

import type { Problem } from "../core/problem";
import type { Context, Message } from "../core/types";
import type { Host, Panel } from "./contract";
import { Equipped, type Part, type Parts } from "./equipped";
import { isDark, paint } from "./theme";

export type { Part, Parts };
export type Phase = "loading" | "broken" | "unknown" | "asking" | "chat";

const REFUSALS = new Set(["unknown_site", "origin"]);

export class Room extends Equipped implements Panel {
  phase: Phase = "loading";
  isDark = false;
  /** Why the chat is not to be had here, as the server says it. */
  problem = "";
  visitorName: string | undefined;
  isVerified = false;
  /** What the composer is to be filled with, until it has been. */
  prefilled: { text: string } | undefined;
  #unread = 0;
  #jwt: string | undefined;
  #isTalking = false;
  #loading: Promise<void> | undefined;
  #toSay: string[] = [];
  #inTurn: Promise<void> = Promise.resolve();
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #onDark = () => this.refresh();

  constructor(host: Host) {
    super(host);
    this.talk.onChange = () => this.#changed();
    this.talk.onMessage = (message) => this.#hear(message);
    this.talk.onIdentity = (verified, name) => this.#identified(verified, name);
    this.talk.onProblem = (code, message) => this.#trouble(code, message);
    this.#dark.addEventListener("change", this.#onDark);
    const { visitor } = this.talk.line.memory.get();
    this.isVerified = visitor?.verified ?? false;
    this.visitorName = visitor?.name;
    void this.load();
  }

  get isPreview(): boolean {
    return this.host.element.hasAttribute("preview");
  }

  get isFullPage(): boolean {
    return this.host.element.hasAttribute("fullpage");
  }

  /** Read the site's settings and words, and begin to listen where that needs no consent first. */
  load(): Promise<void> {
    return (this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      this.#changed();
    }));
  }

  async #load(): Promise<void> {
    this.phase = "loading";
    this.redraw();
    try {
      await this.readAll();
    } catch (error) {
      const { code = "connection", message = "" } = error as Problem;
      this.phase = "broken";
      this.#trouble(code, message);
      return;
    }
    this.refresh();
    this.phase = this.#mustAsk() ? "asking" : "chat";
    if (this.phase === "chat") this.#begin();
    void this.watch();
  }

  #mustAsk(): boolean {
    const { token, prechat, consent } = this.talk.line.memory.get();
    if (this.isPreview || token) return false;
    return (this.site.consent !== null && !consent) || (this.site.prechat !== null && !prechat && !this.#jwt);
  }

  /** Take what was asked before the first message, and go on. */
  answer(prechat: Record<string, string>, consent: boolean): void {
    this.talk.line.memory.set({ ...(Object.keys(prechat).length && { prechat }), ...(consent && { consent }) });
    this.phase = "chat";
    this.talk.blockedBy = undefined;
    this.#begin();
    this.talk.line.hurry();
    this.redraw();
  }

  #begin(): void {
    if (this.isPreview) return;
    if (!this.#isTalking) this.talk.start();
    this.#isTalking = true;
    if (this.#jwt) this.#soon(this.#identify.bind(this, this.#jwt));
    for (const text of this.#toSay.splice(0)) this.talk.say({ text });
  }

  open(): void {
    this.isOpen = true;
    this.wave();
    if (this.talk.line.api.token) void this.need("conversation");
    if (this.phase === "broken") void this.load();
    this.#changed();
  }

  close(): void {
    this.isOpen = false;
    this.#changed();
  }

  identify(jwt: string): void {
    this.#jwt = jwt;
    if (this.phase === "asking" && !this.#mustAsk()) this.phase = "chat";
    if (this.phase === "chat") this.#begin();
    this.redraw();
  }

  async #identify(jwt: string): Promise<void> {
    this.#jwt = undefined;
    try {
      await this.talk.line.identify(jwt, this.host.site);
    } catch (error) {
      const { code, message } = error as Problem; // goes on unnamed: the page is told, the visitor is not to blame
      this.host.emit("error", { code, message });
    }
  }

  logout(): void {
    this.#jwt = undefined;
    this.prefill(""); // at once, and what the page fills in for whoever comes next stays
    this.#soon(() => this.#leave(true));
  }

  reset(): void {
    this.prefill("");
    this.#soon(() => this.#leave(false));
  }

  async #leave(isLogout: boolean): Promise<void> {
    this.tray?.clear();
    this.talk.forgetEverything();
    await this.talk.line.leave(isLogout);
    if (this.phase === "chat" && this.#mustAsk()) this.phase = "asking";
    this.redraw();
  }

  /** Who signs in, out and in again is served in this order. */
  #soon(deed: () => Promise<void>): void {
    this.#inTurn = this.#inTurn.then(deed).catch((error: unknown) => this.#trouble("failed", String(error)));
  }

  setContext(context: Context): void {
    this.talk.setContext(context);
  }

  send(text: string): void {
    if (this.phase === "chat") this.talk.say({ text });
    else this.#toSay.push(text);
  }

  prefill(text: string): void {
    this.prefilled = { text };
    this.redraw();
  }

  refresh(): void {
    this.isDark = isDark(this.host.element, this.#dark.matches);
    paint(this.host.element, this.site, this.isDark);
    this.speakAsAsked();
    this.redraw();
  }

  destroy(): void {
    this.unwatch();
    this.#dark.removeEventListener("change", this.#onDark);
    this.tray?.clear();
    this.talk.stop();
  }

  #changed(): void {
    if (this.talk.blockedBy) this.phase = "asking";
    if (this.isOpen && !document.hidden && this.phase === "chat" && !this.isPreview) this.talk.saw();
    if (this.words) this.#count(this.isOpen ? 0 : this.talk.unread);
    this.redraw();
  }

  #count(unread: number): void {
    const name = this.say(this.isOpen ? "launcher.close" : "launcher.open");
    this.host.badge(unread, unread ? `${name}, ${this.say("launcher.unread", { n: unread })}` : name);
    if (unread !== this.#unread) this.host.emit("unread", { count: (this.#unread = unread) });
  }

  #hear({ position, author, text, at }: Message): void {
    this.host.emit("message", { position, author, ...(text !== undefined && { text }) });
    this.keepSite();
    const { seen = 0 } = this.talk.line.memory.get();
    const isNews = author !== "contact" && position > seen && Date.now() - Date.parse(at) < 60_000;
    if (isNews && (!this.isOpen || document.hidden)) this.chime();
  }

  #identified(verified: boolean, name: string | undefined): void {
    this.isVerified = verified;
    this.visitorName = name;
    this.host.emit("identity", { verified, ...(name !== undefined && { name }) });
    this.redraw();
  }

  #trouble(code: string, message: string): void {
    this.host.emit("error", { code, message });
    if (!REFUSALS.has(code)) return;
    this.phase = "unknown";
    this.problem = message;
    this.redraw();
  }
}
