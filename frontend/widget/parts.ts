// What the loader brings in when it is needed, from beside its own address.

import type { LocaleModule } from "../core/words";
import type { PanelModule } from "./contract";

declare const __PANEL__: string;
declare const __LOCALES__: Record<string, string>;

export const locales: Record<string, string> = __LOCALES__;

export function panel(base: string): Promise<PanelModule> {
  return import(/* @vite-ignore */ base + __PANEL__);
}

export function locale(base: string, language: string): Promise<LocaleModule> {
  return import(/* @vite-ignore */ base + locales[language]);
}
