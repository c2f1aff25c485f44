// Typed events for parts that know nothing of a page.

export class Emitter<Events> {
  #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): () => void {
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all.add(listener as (detail: never) => void));
    return () => all.delete(listener as (detail: never) => void);
  }

  protected tell<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) (listener as (detail: Events[Name]) => void)(detail);
  }
}
