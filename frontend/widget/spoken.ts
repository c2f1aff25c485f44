// What a site says of itself, and the words and language that its visitor reads.

import { Problem } from "../core/problem";
import type { Site, Texts } from "../core/types";
import { Words, chosen, inLanguage } from "../core/words";
import type { Host } from "./contract";
import { PLAIN, Talk } from "./talk";

/** What is said where not even words could be loaded. */
const UNSPOKEN = { title: "Chat", close: "Close", problem_connection: "The connection broke.", load_again: "Try again" };

export abstract class Spoken {
  readonly talk: Talk;
  words: Words | undefined;
  site: Site = PLAIN;
  redraw: () => void = () => undefined;
  /** The language that the visitor has chosen here. */
  #wanted: string | undefined;
  #saysAll = false;

  constructor(readonly host: Host) {
    this.talk = new Talk(host.api, host.site, () => this.language);
  }

  get language(): string {
    return this.words?.language ?? this.#best();
  }

  get name(): string {
    return this.site.name || this.say("bot");
  }

  get languages(): string[] {
    const { locales } = this.host;
    const offered = this.site.languages.filter((language) => locales.includes(language));
    return offered.length ? offered : locales.filter((language) => language === "en" || language === "es");
  }

  say(key: string, gaps?: Record<string, string | number>): string {
    return this.words?.say(key, gaps) ?? "";
  }

  /** Say what went wrong in the visitor's language, or as the server said it where there are no words for it. */
  explain(code = "connection", sentence = ""): string {
    const { max_bytes: most, at_once: n } = this.site.uploads;
    const key = `problem_${code}`;
    return this.words?.has(key) ? this.say(key, { size: `${Math.round(most / 1048576)} MB`, n }) : sentence || this.say("problem_connection");
  }

  /** Learn the words, too, of what is brought in when it is needed. */
  protected async sayAll(again: string): Promise<void> {
    this.#saysAll = true;
    await this.words?.complete(again);
  }

  get greeting(): string {
    return this.host.element.getAttribute("greeting") ?? (this.own(this.site.theme.greeting) || this.say("greeting"));
  }

  /** Give an owner's own text in the visitor's language. */
  own(texts: Texts | undefined | null): string {
    return inLanguage(texts, this.language);
  }

  async speak(language: string): Promise<void> {
    this.#wanted = language;
    this.talk.line.memory.set({ language });
    await this.#learn(language);
  }

  /** Speak the language that the element's attribute names, unless the visitor has chosen another. */
  protected speakAsAsked(): void {
    const asked = this.host.element.getAttribute("locale");
    if (!this.words || this.#wanted || !asked || asked === this.words.language) return;
    if (this.host.locales.includes(asked)) void this.#learn(asked);
  }

  /** Read settings and words; raises the Problem that kept us from it, with a few words learnt all the same. */
  protected async readAll(): Promise<void> {
    const first = this.#best();
    const [site, words] = await Promise.allSettled([this.#settings(), this.#learn(first)]); // most likely in these words
    if (words.status === "rejected") this.words ??= new Words("en", { default: UNSPOKEN });
    if (site.status === "rejected") throw site.reason;
    if (words.status === "rejected") throw words.reason;
    this.site = site.value;
    const language = this.#best();
    if (language !== first || this.site.formal?.length) await this.#learn(language);
  }

  /** Keep the settings for when they cannot be read; nothing is kept of somebody who has not written. */
  protected keepSite(): void {
    const { token, site } = this.talk.line.memory.get();
    if (!token || this.site === PLAIN || JSON.stringify(site) === JSON.stringify(this.site)) return;
    this.talk.line.memory.set({ site: this.site });
  }

  async #settings(): Promise<Site> {
    const { token, site } = this.talk.line.memory.get();
    try {
      const response = await fetch(`${this.host.api}/sites/${encodeURIComponent(this.host.site)}`, { credentials: "omit" });
      const answer = (await response.json().catch(() => ({}))) as Partial<Site> & { error?: Problem };
      if (response.ok) return { ...PLAIN, ...answer };
      const { code = "connection", message } = answer.error ?? {};
      throw new Problem(code, message, response.status);
    } catch (error) {
      if (error instanceof Problem && error.status < 500) throw error;
      if (token) return site ?? PLAIN; // who has talked here goes on with what is known
      throw new Problem("connection");
    }
  }

  async #learn(language: string): Promise<void> {
    const formal = `${language}-formal`;
    const isFormal = this.site.formal?.includes(language) && this.host.locales.includes(formal);
    const words = new Words(language, await this.host.locale(isFormal ? formal : language));
    if (this.#saysAll) await words.complete();
    this.words = words;
    this.redraw();
  }

  #best(): string {
    const { locales, element } = this.host;
    const asked = element.getAttribute("locale") ?? undefined;
    const wanted = [this.#wanted, asked ?? this.talk.line.memory.get().language, ...(asked ? [] : navigator.languages)];
    const there = this.site === PLAIN || asked ? locales : this.languages;
    return chosen(wanted.filter((tag) => tag !== undefined), there) ?? chosen([this.site.default_language], locales) ?? "en";
  }
}
