// What is brought in when it is needed, and what needs it: files, sound, messages that come unasked.

import type { Rule } from "../core/types";
import { dress } from "./sheet";
import { Spoken } from "./spoken";
import type { Tray } from "./tray";

export type Extras = typeof import("./extras");

export abstract class Equipped extends Spoken {
  extras: Extras | undefined;
  /** Files beside the composer, once there were any. */
  tray: Tray | undefined;
  teaser: Rule | undefined;
  isOpen = false;
  /** A sentence about the last thing that was asked for. */
  notice = "";
  #stopRules: () => void = () => undefined;

  /** Bring in what not every visitor needs; undefined where that fails, and whoever needs it asks again. */
  async need(): Promise<Extras | undefined> {
    if (this.extras) return this.extras;
    try {
      const extras = await import("./extras");
      if (!this.extras) dress(this.host.root, extras.css);
      this.extras = extras;
      this.notice = "";
    } catch {
      this.notice = this.say("problem_connection");
    }
    this.redraw();
    return this.extras;
  }

  /** Take files that were chosen, dropped or pasted. */
  async attach(files: File[]): Promise<void> {
    const extras = await this.need();
    if (extras) this.tray ??= new extras.Tray(this.talk.line.api, () => this.site, () => this.redraw());
    this.tray?.add(files);
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
    if (this.hasSound) void this.need().then((extras) => extras?.chime());
  }

  /** Watch the owner's rules for messages that come unasked. */
  protected async watch(): Promise<void> {
    const { proactive } = this.site;
    const extras = proactive.length ? await this.need() : undefined;
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
