// A locale's words: gaps filled, plurals by the language's own rules.

/** A sentence, or one for each plural category ("one", "other", …). */
export type Locale = Record<string, string | Record<string, string>>;

/** The words that an opened chat needs, and those that come when there is something to say with them. */
export interface LocaleModule {
  default: Locale;
  /** Gives the others; `again` tells one try from those before. */
  more?(again: string): Promise<{ default: Locale }>;
}

const RIGHT_TO_LEFT = /^(ar|he|fa|ur)\b/;

export class Words {
  #plural: Intl.PluralRules;
  #locale: Locale;

  constructor(
    readonly language: string,
    private readonly source: LocaleModule,
  ) {
    this.#plural = new Intl.PluralRules(language);
    this.#locale = source.default;
  }

  /** Bring in the words that are not there yet. */
  async complete(again = ""): Promise<void> {
    this.#locale = { ...this.source.default, ...(await this.source.more?.(again))?.default };
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.test(this.language) ? "rtl" : "ltr";
  }

  has(key: string): boolean {
    return key in this.#locale;
  }

  say(key: string, gaps: Record<string, string | number> = {}): string {
    const found = this.#locale[key] ?? key;
    const sentence = typeof found === "string" ? found : this.#of(found, Number(gaps["n"] ?? 0));
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = gaps[name];
      return value === undefined ? whole : typeof value === "number" ? this.number(value) : value;
    });
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.language).format(value);
  }

  #of(forms: Record<string, string>, n: number): string {
    return forms[this.#plural.select(n)] ?? forms["other"] ?? "";
  }
}

/** Give the first language that is there among those wanted, by its exact tag or by its first part. */
export function chosen(wanted: readonly string[], there: readonly string[]): string | undefined {
  for (const tag of wanted) {
    const found = there.find((one) => one.toLowerCase() === tag.toLowerCase()) ?? there.find((one) => one === tag.split("-")[0]);
    if (found) return found;
  }
  return undefined;
}

/** Give what an owner wrote, in this language or in whichever there is. */
export function inLanguage(texts: Record<string, string> | undefined | null, language: string): string {
  if (!texts) return "";
  return texts[language] ?? texts[language.split("-")[0] ?? ""] ?? texts["en"] ?? Object.values(texts)[0] ?? "";
}
