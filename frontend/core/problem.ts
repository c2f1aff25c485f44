// What went wrong with a request, and whether trying again can help.

export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly code: string,
    message = "",
    readonly status = 0,
    /** Milliseconds to wait before another try, null for "back off", undefined where trying again cannot help. */
    readonly retryAfter?: number | null,
  ) {
    super(message);
  }
}

export function brokenConnection(): Problem {
  return new Problem("connection", "", 0, null);
}

export function problemOf(status: number, answer: unknown, retryAfterSeconds: string | null): Problem {
  const told = (answer as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  const { code = "connection", message = "" } = told;
  if (status === 401) return new Problem(code, message, status, 0);
  if (status === 429) return new Problem(code, message, status, 1000 * Number(retryAfterSeconds ?? 5));
  if (status === 0 || status >= 500 || status === 408) return new Problem(code, message, status, null);
  return new Problem(code, message, status);
}
