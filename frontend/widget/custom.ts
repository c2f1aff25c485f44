// What a bot may send beyond words, checked before it is drawn; anything else counts as not sent.

import type { Button } from "../core/types";

export interface Card {
  title: string;
  text?: string;
  image?: string;
  buttons: Button[];
}

export interface Field {
  name: string;
  label: string;
  type: "date" | "amount" | "choice" | "text" | "email";
  required?: boolean;
  min?: string | number;
  max?: string | number;
  currency?: string;
  options?: { value: string; title: string }[];
}

export interface FormAsked {
  kind: "form";
  id: string;
  title: string;
  fields: Field[];
  submit?: string;
}

export type Custom = { kind: "cards"; cards: Card[] } | FormAsked;

const TYPES = new Set(["date", "amount", "choice", "text", "email"]);
const MOST = 50;

export function readCustom(given: unknown): Custom | undefined {
  if (!isRecord(given)) return undefined;
  if (given["kind"] === "cards") {
    const cards = list(given["cards"]).map(card).filter((each) => each !== undefined);
    return cards.length ? { kind: "cards", cards } : undefined;
  }
  if (given["kind"] !== "form") return undefined;
  const fields = list(given["fields"]).filter(isField);
  const { id, title, submit } = given;
  if (!fields.length || typeof title !== "string") return undefined;
  return { kind: "form", id: String(id), title, fields, ...(typeof submit === "string" && { submit }) };
}

function card(given: unknown): Card | undefined {
  if (!isRecord(given) || typeof given["title"] !== "string") return undefined;
  const { title, text, image } = given;
  return {
    title,
    buttons: list(given["buttons"]).filter(isButton),
    ...(typeof text === "string" && { text }),
    ...(typeof image === "string" && /^https?:\/\//i.test(image) && { image }),
  };
}

function isField(given: unknown): given is Field {
  if (!isRecord(given)) return false;
  const { name, label, type, options } = given;
  if (typeof name !== "string" || typeof label !== "string" || !TYPES.has(String(type))) return false;
  return type !== "choice" || (list(options).length > 0 && list(options).every((one) => isRecord(one) && typeof one["title"] === "string"));
}

function isButton(given: unknown): given is Button {
  return isRecord(given) && typeof given["title"] === "string";
}

function list(given: unknown): unknown[] {
  return Array.isArray(given) ? given.slice(0, MOST) : [];
}

function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null;
}
