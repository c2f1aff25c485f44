// The page's side of Relevo's chat. Copy this file into your project, or refer to it from a comment:
// /// <reference path="./relevo-widget.d.ts" />

export interface RelevoEvents {
  /** The element is on the page. */
  ready: undefined;
  open: undefined;
  close: undefined;
  /** Somebody said something: the visitor ("contact"), the bot, an agent, or the system. */
  message: { position: number; author: "contact" | "bot" | "agent" | "system"; text?: string };
  /** How many messages came since the chat was last open. */
  unread: { count: number };
  /** Who the visitor is now: verified by a signed identity, or nobody in particular. */
  identity: { verified: boolean; name?: string };
  error: { code: string; message: string };
}

export interface RelevoContext {
  /** The page that the visitor is on, where its address does not say so. */
  page?: string;
  cart?: unknown;
  [name: string]: unknown;
}

export interface RelevoMethods {
  open(): void;
  close(): void;
  toggle(): void;
  show(): void;
  hide(): void;
  /** Sign the visitor in with a JWT that your server has made; before the chat is opened it only waits. */
  identify(jwt: string): void;
  /** Forget who the visitor was, here and on the server; call it when they sign out of your page. */
  logout(): void;
  /** Begin a new conversation, as somebody whom nobody knows. */
  reset(): void;
  setContext(context: RelevoContext): void;
  /** Open the chat and say something as the visitor. */
  send(text: string): void;
  /** Open the chat and write something for the visitor to send. */
  prefill(text: string): void;
  on<Name extends keyof RelevoEvents>(name: Name, listener: (detail: RelevoEvents[Name]) => void): void;
  off<Name extends keyof RelevoEvents>(name: Name, listener: (detail: RelevoEvents[Name]) => void): void;
  /** Take the chat off the page; nothing of it goes on. */
  destroy(): void;
}

/** One call as a list: the method's name and what it is given. */
export type RelevoCall =
  | { [Method in Exclude<keyof RelevoMethods, "on" | "off">]: [Method, ...Parameters<RelevoMethods[Method]>] }[Exclude<keyof RelevoMethods, "on" | "off">]
  | { [Name in keyof RelevoEvents]: ["on" | "off", Name, (detail: RelevoEvents[Name]) => void] }[keyof RelevoEvents];

/** `window.Relevo`: a list that takes calls before the file has come, and then the real thing. */
export type Relevo = RelevoMethods & {
  <Method extends keyof RelevoMethods>(method: Method, ...given: Parameters<RelevoMethods[Method]>): void;
  push(...calls: RelevoCall[]): void;
};

export interface RelevoChatElement extends HTMLElement, RelevoMethods {
  readonly isOpen: boolean;
}

/** Attributes of `<relevo-chat>`; as `data-…` of the script where that makes the element. */
export interface RelevoAttributes {
  site?: string;
  api?: string;
  locale?: string;
  theme?: "auto" | "light" | "dark";
  color?: string;
  "color-dark"?: string;
  position?: "end" | "start";
  /** Distance from the corner: "20px", or "20px 90px" for side and bottom. */
  offset?: string;
  "z-index"?: string;
  launcher?: "bubble" | "none";
  greeting?: string;
  proactive?: boolean | "";
  fullpage?: boolean | "";
}

declare global {
  interface Window {
    Relevo?: Relevo | RelevoCall[];
  }
  interface HTMLElementTagNameMap {
    "relevo-chat": RelevoChatElement;
  }
}
