// Everything in one file, for pages that pin it by its hash.

import type { Locale, LocaleModule } from "../core/words";
import type { PanelModule } from "./contract";
import * as whole from "./panel";

const plain = import.meta.glob<Locale>("../locales/*.json", { eager: true, import: "default" });
const formal = import.meta.glob<Locale>("../locales/formal/*.json", { eager: true, import: "default" });
const all = new Map(Object.entries(plain).map(([path, words]) => [languageOf(path), words]));
for (const [path, words] of Object.entries(formal)) all.set(`${languageOf(path)}-formal`, { ...all.get(languageOf(path)), ...words });

function languageOf(path: string): string {
  return /([\w-]+)\.json$/.exec(path)?.[1] ?? "";
}

export const locales: Record<string, string> = Object.fromEntries([...all.keys()].map((language) => [language, ""]));

export function panel(): Promise<PanelModule> {
  return Promise.resolve(whole);
}

export function locale(_base: string, language: string): Promise<LocaleModule> {
  return Promise.resolve({ default: all.get(language) ?? {} });
}
