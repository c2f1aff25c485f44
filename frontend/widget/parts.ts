// What the loader brings in when it is needed, from beside its own address.

import type { Locale } from "../core/words";
import type { PanelModule } from "./contract";

declare const __PANEL__: string;
declare const __LOCALES__: Record<string, string>;

export const locales: Record<string, string> = __LOCALES__;

export function panel(base: string): Promise<PanelModule> {
  return import(/* @vite-ignore */ base + __PANEL__);
}

export async function locale(base: string, language: string): Promise<Locale> {
  return ((await import(/* @vite-ignore */ base + locales[language])) as { default: Locale }).default;
}
