// What is brought in when it is needed, and what needs it: files, sound, messages that come unasked.

import type { Rule } from "../core/types";
import { dress } from "./sheet";
import { Spoken } from "./spoken";
import type { Tray } from "./tray";

// Browsers of before 2026 keep a failure of an address for as long as the page lives: each further try has one of its own.
// A bundler cannot follow what is put together here, so the build adds `_again` to the addresses.
const BRING = {
  conversation: (_again: string) => import("./conversation"),
  extras: (_again: string) => import("./extras"),
};

export type Part = keyof typeof BRING;
export type Parts = { [Name in Part]: Awaited<ReturnType<(typeof BRING)[Name]>> };

export abstract class Equipped extends Spoken {
  readonly parts: Partial<Parts> = {};
  /** Parts that could not be brought in. */
  readonly missing = new Set<Part>();
  #failures = 0;
  #coming: Partial<Record<Part, Promise<unknown> | undefined>> = {};
  /** Files beside the composer, once there were any. */
  tray: Tray | undefined;
  teaser: Rule | undefined;
  isOpen = false;
  /** A sentence about the last thing that was asked for. */
  notice = "";
  #stopRules: () => void = () => undefined;

  /** Bring in a part with its words and styles; undefined where that fails, and whoever needs it may ask again. */
  need<Name extends Part>(name: Name): Promise<Parts[Name] | undefined> {
    const coming: Promise<unknown> = (this.#coming[name] ??= this.#bring(name));
    return coming as Promise<Parts[Name] | undefined>;
  }

  async #bring(name: Part): Promise<unknown> {
    this.missing.delete(name);
    const again = this.#failures ? `?${this.#failures}` : "";
    try {
      const [part] = await Promise.all([BRING[name](again), this.sayAll(again)]);
      dress(this.host.root, part.css);
      Object.assign(this.parts, { [name]: part });
    } catch {
      this.#failures += 1;
      this.#coming[name] = undefined;
      this.missing.add(name);
      addEventListener("online", () => void this.need(name), { once: true });
    }
    this.redraw();
    return this.parts[name];
  }

  /** Take files that were chosen, dropped or pasted. */
  async attach(files: File[]): Promise<void> {
    const extras = await this.need("extras");
    this.notice = extras ? "" : this.say("problem_connection");
    if (extras) this.tray ??= new extras.Tray(this.talk.line.api, () => this.site, () => this.redraw());
    this.tray?.add(files);
    this.redraw();
  }

  get hasSound(): boolean {
    return this.talk.line.memory.get().sound ?? this.site.sound;
  }

  toggleSound(): void {
    this.talk.line.memory.set({ sound: !this.hasSound });
    this.chime();
    this.redraw();
  }

  protected chime(): void {
    if (this.hasSound) void this.need("extras").then((extras) => extras?.chime());
  }

  /** Watch the owner's rules for messages that come unasked. */
  protected async watch(): Promise<void> {
    const { proactive } = this.site;
    const extras = proactive.length ? await this.need("extras") : undefined;
    this.unwatch();
    if (extras) this.#stopRules = extras.watchRules(proactive, this.talk.line.memory, (rule) => this.#tease(rule));
  }

  protected unwatch(): void {
    this.#stopRules();
  }

  /** Take a message that came unasked away: it was taken or waved away, and does not come again. */
  wave(): void {
    if (!this.teaser) return;
    this.#remember(this.teaser);
    this.teaser = undefined;
    const { root, launcher } = this.host;
    if (root.activeElement?.closest(".teaser")) launcher.focus();
    this.redraw();
  }

  #tease(rule: Rule): boolean {
    if (this.isOpen || this.teaser) return false;
    this.teaser = rule;
    if (this.talk.line.api.token) this.#remember(rule); // who neither wrote nor answered it leaves no trace
    this.redraw();
    return true;
  }

  #remember({ id }: Rule): void {
    const { told = [] } = this.talk.line.memory.get();
    if (!told.includes(id)) this.talk.line.memory.set({ told: [...told, id] });
  }
}
