// What a page loads: one element with a button, and the line by which the page talks to it. All else comes when opened.

import { RelevoChat, known } from "./element";

const script = document.currentScript as HTMLScriptElement | null;
const METHODS = ["open", "close", "toggle", "show", "hide", "identify", "logout", "reset", "setContext", "send", "prefill", "on", "off", "destroy"] as const;
type Method = (typeof METHODS)[number];
type Call = [Method, ...unknown[]];

const waiting: Call[] = [];

function call(...[method, ...rest]: Call): unknown {
  const [element] = known;
  if (!METHODS.includes(method)) throw new TypeError(`Relevo has no method “${method}”.`);
  if (element) return (element[method] as (...given: unknown[]) => unknown)(...rest);
  waiting.push([method, ...rest]);
  return undefined;
}

function openToThePage(): void {
  const page = window as unknown as { Relevo?: { q?: ArrayLike<unknown>[] } | ArrayLike<unknown>[] };
  const asked = page.Relevo;
  const before = (Array.isArray(asked) ? asked : asked?.q) ?? [];
  const methods = Object.fromEntries(METHODS.map((method) => [method, (...rest: unknown[]) => call(method, ...rest)]));
  const push = (...calls: ArrayLike<unknown>[]) => calls.forEach((each) => call(...(Array.from(each) as Call)));
  page.Relevo = Object.assign((...given: Call) => call(...given), methods, { push }) as never;
  push(...before);
}

function begin(): void {
  RelevoChat.onFirst = () => waiting.splice(0).forEach((each) => call(...each));
  if (!customElements.get("relevo-chat")) {
    openToThePage();
    customElements.define("relevo-chat", RelevoChat);
    document.addEventListener("click", onClick);
  }
  const site = script?.dataset["site"];
  if (!site || document.querySelector(`relevo-chat[site="${CSS.escape(site)}"]`)) return;
  const element = document.createElement("relevo-chat");
  for (const { name, value } of script.attributes) if (name.startsWith("data-")) element.setAttribute(name.slice(5), value);
  document.body.append(element);
}

/** Anything on the page may open the chat; what its attribute says is written there for the visitor to send. */
function onClick({ target }: Event): void {
  const opener = target instanceof Element ? target.closest<HTMLElement>("[data-open-chat]") : null;
  if (!opener) return;
  call("open");
  if (opener.dataset["openChat"]) call("prefill", opener.dataset["openChat"]);
}

if (document.body) begin();
else document.addEventListener("DOMContentLoaded", begin);
