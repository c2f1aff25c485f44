// The button in the corner: what every page shows before anybody opens the chat.

/** What the button is called in each language until the panel has words of its own. */
declare const __LABELS__: Record<string, string>;

const SVG = "http://www.w3.org/2000/svg";
const CHAT = [
  ["solid", "M12 3C6.8 3 3 6.6 3 11.2c0 2.3 1 4.3 2.6 5.8-.1 1.3-.6 2.5-1.5 3.5-.3.3-.1.8.3.8 2.1-.1 3.9-.7 5.2-1.6.8.1 1.6.2 2.4.2 5.2 0 9-3.8 9-8.7S17.2 3 12 3Z"],
  ["dot", "M8 10a1.3 1.3 0 1 0 0 2.6A1.3 1.3 0 0 0 8 10Zm4 0a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6Zm4 0a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6Z"],
] as const;
const CLOSE = [["", "M6 9l6 6 6-6"]] as const;

export class Launcher {
  readonly button = document.createElement("button");
  #badge = document.createElement("span");
  #count = 0;

  constructor(onClick: () => void, onNear: () => void) {
    const { button } = this;
    button.type = "button";
    button.className = "launcher";
    button.setAttribute("part", "launcher");
    button.setAttribute("aria-haspopup", "dialog");
    this.#badge.className = "badge";
    this.#badge.setAttribute("aria-hidden", "true");
    button.append(drawing("chat", CHAT), drawing("close", CLOSE), this.#badge);
    button.addEventListener("click", onClick);
    button.addEventListener("pointerenter", onNear, { once: true });
    this.show(false);
  }

  speak(language: string): void {
    this.#name(__LABELS__[language] ?? "");
  }

  show(isOpen: boolean): void {
    this.button.setAttribute("aria-expanded", String(isOpen));
    this.#badge.hidden = isOpen || !this.#count;
  }

  /** Say how many messages wait, and what the button is called by that. */
  count(unread: number, name: string): void {
    this.#count = unread;
    this.#badge.textContent = unread > 99 ? "99+" : `${unread}`;
    this.show(this.button.getAttribute("aria-expanded") === "true");
    this.#name(name);
  }

  #name(name: string): void {
    this.button.setAttribute("aria-label", name);
  }
}

function drawing(name: string, paths: readonly (readonly [string, string])[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", name);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, d] of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
