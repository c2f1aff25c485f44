// The element <relevo-chat>: a closed chat costs a button; opening it brings the panel.

import { keyOf } from "../core/memory";
import type { Context } from "../core/types";
import { chosen } from "../core/words";
import type { Happened, Host, Panel } from "./contract";
import css from "./launcher.css?inline";
import { Launcher } from "./launcher";
import { locale, locales, panel } from "./parts";
import { dress } from "./sheet";

const source = (document.currentScript as HTMLScriptElement | null)?.src ?? document.querySelector<HTMLScriptElement>('script[src*="/widget/v1/widget.js"]')?.src ?? location.href;
/** Every element that is on the page, the oldest first. */
export const known = new Set<RelevoChat>();

export class RelevoChat extends HTMLElement {
  static observedAttributes = ["locale", "theme", "color", "color-dark", "position", "offset", "launcher", "z-index"];
  static onFirst: () => void = () => undefined;
  #root = this.attachShadow({ mode: "open" });
  #launcher = new Launcher(() => this.toggle(), () => void panel(this.#base));
  #listeners = new Map<string, Set<(detail: never) => void>>();
  #coming: Promise<Panel> | undefined;
  #isOpen = false;
  #pending: ((shown: Panel) => void)[] = [];
  // No property is named as an attribute is: frameworks set properties first, where there are any.
  #host = hostOf(this, this.#root, this.#launcher, () => this.#base);

  constructor() {
    super();
    dress(this.#root, css);
    this.#root.append(this.#launcher.button);
  }

  get #base(): string {
    return new URL("/widget/v1/", this.getAttribute("api") ?? source).href;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  connectedCallback(): void {
    if (known.has(this)) return;
    known.add(this);
    this.attributeChangedCallback();
    if (this.hasAttribute("fullpage") || this.hasAttribute("preview")) this.open();
    else if (this.hasAttribute("proactive") || this.#isReturning()) whenIdle(() => this.isConnected && void this.#panel());
    this.emit("ready", undefined);
    if (known.size === 1) RelevoChat.onFirst();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return; // it was only moved
      known.delete(this);
      this.#isOpen = false;
      this.#launcher.show(false);
      void this.#coming?.then((shown) => shown.destroy());
      this.#coming = undefined;
    });
  }

  attributeChangedCallback(): void {
    if (!this.isConnected) return;
    const { button } = this.#launcher;
    const [x, y = x] = (this.getAttribute("offset") ?? "").split(/[\s,]+/).filter(Boolean);
    const color = this.getAttribute("color");
    this.#style("--_x", x);
    this.#style("--_y", y);
    this.#style("--relevo-z-index", this.getAttribute("z-index"));
    this.#style("--_accent", color ?? getComputedStyle(this).getPropertyValue("--relevo-color").trim());
    this.#style("--_on-accent", textOn(getComputedStyle(button).backgroundColor));
    button.hidden = this.getAttribute("launcher") === "none" || this.hasAttribute("fullpage");
    this.#launcher.speak(chosen([this.getAttribute("locale") ?? "", ...navigator.languages], this.#host.locales) ?? "en");
    void this.#coming?.then((shown) => shown.refresh());
  }

  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#launcher.show(true);
    this.#ask((shown) => this.#isOpen && shown.open());
    this.emit("open", undefined);
  }

  close(): void {
    if (!this.#isOpen || this.hasAttribute("fullpage")) return;
    this.#isOpen = false;
    this.#launcher.show(false);
    this.#ask((shown) => shown.close());
    this.emit("close", undefined);
  }

  toggle(): void {
    if (this.#isOpen) this.close();
    else this.open();
  }

  show(): void {
    this.hidden = false;
  }

  hide(): void {
    this.close();
    this.hidden = true;
  }

  destroy(): void {
    this.remove();
  }

  identify(jwt: string): void {
    this.#later((shown) => shown.identify(jwt));
  }

  logout(): void {
    this.#ask((shown) => shown.logout());
  }

  reset(): void {
    this.#ask((shown) => shown.reset());
  }

  setContext(context: Context): void {
    this.#later((shown) => shown.setContext(context));
  }

  send(text: string): void {
    this.open();
    this.#ask((shown) => shown.send(text));
  }

  prefill(text: string): void {
    this.open();
    this.#ask((shown) => shown.prefill(text));
  }

  on<Name extends keyof Happened>(name: Name, listener: (detail: Happened[Name]) => void): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener as (detail: never) => void));
    if (name === "ready" && this.isConnected) (listener as () => void)();
  }

  off<Name extends keyof Happened>(name: Name, listener: (detail: Happened[Name]) => void): void {
    this.#listeners.get(name)?.delete(listener as (detail: never) => void);
  }

  emit<Name extends keyof Happened>(name: Name, detail: Happened[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) (listener as (detail: Happened[Name]) => void)(detail);
    this.dispatchEvent(new CustomEvent(`relevo:${name}`, { detail, bubbles: true }));
  }

  /** What needs no network of its own waits for the chat to be opened. */
  #later(wish: (shown: Panel) => void): void {
    if (this.#coming) this.#ask(wish);
    else this.#pending.push(wish);
  }

  #ask(wish: (shown: Panel) => void): void {
    this.#panel().then(wish, () => this.#failed());
  }

  #panel(): Promise<Panel> {
    this.#coming ??= panel(this.#base).then(({ mount }) => {
      const shown = mount(this.#host);
      this.#pending.splice(0).forEach((wish) => wish(shown));
      return shown;
    });
    return this.#coming;
  }

  #failed(): void {
    this.#coming = undefined; // the next click tries again
    this.#isOpen = false;
    this.#launcher.show(false);
    this.emit("error", { code: "connection", message: "The chat could not be loaded." });
  }

  /** Whoever has talked here before sees at once whether there is an answer. */
  #isReturning(): boolean {
    try {
      return localStorage.getItem(keyOf(this.#host.site))?.includes('"token":"') ?? false;
    } catch {
      return false;
    }
  }

  #style(name: string, value: string | null | undefined): void {
    if (value) this.style.setProperty(name, value);
  }
}

/** Give what a panel may ask of its element. */
function hostOf(element: RelevoChat, root: ShadowRoot, launcher: Launcher, base: () => string): Host {
  return {
    element,
    root,
    launcher: launcher.button,
    locales: Object.keys(locales),
    get site() {
      return element.getAttribute("site") ?? "default";
    },
    get api() {
      return new URL("/widget/api/v1", base()).href;
    },
    locale: (language) => locale(base(), language),
    open: () => element.open(),
    close: () => element.close(),
    badge: (count, name) => launcher.count(count, name),
    emit: (name, detail) => element.emit(name, detail),
  };
}

/** Choose what is read best on a colour; core/color.ts does so exactly, once the panel is here. */
function textOn(color: string): string {
  const [r = 0, g = 0, b = 0] = (color.match(/[\d.]+/g) ?? []).map((part) => (Number(part) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.19 ? "#101422" : "#fff";
}

function whenIdle(task: () => void): void {
  const idle = () => ("requestIdleCallback" in window ? requestIdleCallback(task, { timeout: 4000 }) : setTimeout(task, 500));
  if (document.readyState === "complete") idle();
  else addEventListener("load", idle, { once: true });
}
