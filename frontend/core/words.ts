// A locale's words: gaps filled, plurals by the language's own rules.

/** A sentence, or one for each plural category ("one", "other", …). */
export type Locale = Record<string, string | Record<string, string>>;

const RIGHT_TO_LEFT = /^(ar|he|fa|ur)\b/;

export class Words {
  #plural: Intl.PluralRules;

  constructor(
    readonly language: string,
    private readonly locale: Locale,
  ) {
    this.#plural = new Intl.PluralRules(language);
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.test(this.language) ? "rtl" : "ltr";
  }

  has(key: string): boolean {
    return key in this.locale;
  }

  say(key: string, gaps: Record<string, string | number> = {}): string {
    const found = this.locale[key] ?? key;
    const sentence = typeof found === "string" ? found : this.#of(found, Number(gaps["n"] ?? 0));
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = gaps[name];
      return value === undefined ? whole : typeof value === "number" ? this.number(value) : value;
    });
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.language).format(value);
  }

  time(at: string): string {
    return new Date(at).toLocaleTimeString(this.language, { timeStyle: "short" });
  }

  day(at: string): string {
    const date = new Date(at);
    const daysAgo = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
    if (daysAgo < 2 && daysAgo >= 0)
      return this.#capital(new Intl.RelativeTimeFormat(this.language, { numeric: "auto" }).format(-daysAgo, "day"));
    return this.#capital(date.toLocaleDateString(this.language, { weekday: "long", day: "numeric", month: "long" }));
  }

  #capital(text: string): string {
    return text.charAt(0).toLocaleUpperCase(this.language) + text.slice(1);
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

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
