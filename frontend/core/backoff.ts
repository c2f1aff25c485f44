// Waiting before another try: longer after each failure, by chance within that, and not a moment longer than needed.

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

export class Backoff {
  #failures = 0;
  #wake = new Set<() => void>();

  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Wait after a failure; `given` is what the server asked for, null leaves it to us. */
  failed(given: number | null): Promise<void> {
    if (given !== null) return this.wait(given);
    this.#failures += 1;
    return this.wait(50 + Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.#failures - 1)));
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#wake.add(done);
    });
  }

  /** End every wait: the connection is back, or somebody looks. */
  hurry(): void {
    for (const done of [...this.#wake]) done();
  }
}
