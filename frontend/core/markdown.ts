// The Markdown that messages may use, as data for whoever draws it: never as HTML.

import { isLink } from "./links";

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong"; of: Inline[] }
  | { kind: "em"; of: Inline[] }
  | { kind: "link"; href: string; of: Inline[] };

export type Block = { kind: "paragraph"; of: Inline[] } | { kind: "list"; isOrdered: boolean; items: Inline[][] };

const ITEM = /^\s{0,3}(?:[-*•]|(\d{1,3})[.)])\s+(.*)$/;
const PARTS = [
  /`([^`\n]+)`/, // 1
  /\[([^\]\n]+)\]\(([^()\s]+)\)/, // 2, 3
  /\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*/, // 4
  /(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])/, // 5
  /(?<![\w_])_([^\s_](?:[^_\n]*[^\s_])?)_(?![\w_])/, // 6
  /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)'\]])/, // 7
];
const MARK = new RegExp(PARTS.map(({ source }) => source).join("|"));
const DEEPEST = 4;

/** Give a message's blocks; what is no Markdown of ours stays as it was written. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let paragraph: string[] = [];
  const close = () => {
    const written = paragraph.join("\n").replace(/^\n+|\n+$/g, "");
    if (written) found.push({ kind: "paragraph", of: inline(written) });
    paragraph = [];
  };
  for (const line of text.split("\n")) {
    const item = ITEM.exec(line);
    if (!item) {
      if (line.trim()) paragraph.push(line);
      else close();
      continue;
    }
    close();
    const isOrdered = item[1] !== undefined;
    const last = found.at(-1);
    if (last?.kind === "list" && last.isOrdered === isOrdered) last.items.push(inline(item[2] ?? ""));
    else found.push({ kind: "list", isOrdered, items: [inline(item[2] ?? "")] });
  }
  close();
  return found;
}

export function inline(text: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  let rest = text;
  while (rest) {
    const match = depth < DEEPEST ? MARK.exec(rest) : null;
    if (!match) break;
    if (match.index) found.push({ kind: "text", text: rest.slice(0, match.index) });
    found.push(marked(match, depth + 1));
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest) found.push({ kind: "text", text: rest });
  return found;
}

function marked([whole, code, label, href, bold, star, under, url]: RegExpExecArray, depth: number): Inline {
  if (code) return { kind: "code", text: code };
  if (label && href) return isLink(href) ? { kind: "link", href, of: inline(label, depth) } : { kind: "text", text: whole };
  if (bold) return { kind: "strong", of: inline(bold, depth) };
  if (star || under) return { kind: "em", of: inline(star ?? under ?? "", depth) };
  return { kind: "link", href: url ?? "", of: [{ kind: "text", text: url ?? "" }] };
}
