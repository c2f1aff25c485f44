// Where the loader and the panel meet: the loader is on every page, the panel comes when somebody opens it.

import type { LocaleModule } from "../core/words";
import type { Author, Context, Visitor } from "../core/types";

export interface Happened {
  ready: undefined;
  open: undefined;
  close: undefined;
  message: { position: number; author: Author; text?: string };
  unread: { count: number };
  identity: Visitor;
  error: { code: string; message: string };
}

/** What the panel may ask of the element that it stands in. */
export interface Host {
  readonly element: HTMLElement;
  readonly root: ShadowRoot;
  readonly launcher: HTMLButtonElement;
  readonly site: string;
  /** Address of the visitor API, without a slash at its end. */
  readonly api: string;
  readonly locales: readonly string[];
  locale(language: string): Promise<LocaleModule>;
  close(): void;
  open(): void;
  badge(count: number, name: string): void;
  emit<Name extends keyof Happened>(name: Name, detail: Happened[Name]): void;
}

/** What the element asks of its panel. */
export interface Panel {
  open(): void;
  close(): void;
  identify(jwt: string): void;
  logout(): void;
  reset(): void;
  setContext(context: Context): void;
  send(text: string): void;
  prefill(text: string): void;
  /** An attribute of the element changed. */
  refresh(): void;
  destroy(): void;
}

export interface PanelModule {
  mount(host: Host): Panel;
}
