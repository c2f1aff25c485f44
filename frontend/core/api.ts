// Asks the visitor API, with the session's token in a header and never anywhere else.

import type { Memory } from "./memory";
import { brokenConnection, problemOf } from "./problem";
import type { Session } from "./types";

export interface Asked {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

export type Begin = () => Record<string, unknown>;

export class Api {
  #beginning: Promise<void> | undefined;

  constructor(
    /** Address of the API, without a slash at its end. */
    readonly base: string,
    readonly memory: Memory,
    /** Gives what a new session is begun with. */
    private readonly begin: Begin,
    private readonly onForget: () => void,
  ) {}

  get token(): string | undefined {
    return this.memory.get().token;
  }

  /** One session, however many ask for it at once: files belong to who uploaded them. */
  async demandSession(): Promise<void> {
    if (this.token) return;
    this.#beginning ??= this.#beginSession().finally(() => {
      this.#beginning = undefined;
    });
    await this.#beginning;
  }

  async #beginSession(): Promise<void> {
    const session = await this.json<Session>("session", { method: "POST", body: this.begin() });
    this.keep(session);
  }

  keep({ token, visitor }: Session): void {
    this.memory.who = { token, visitor };
  }

  async json<Answer>(path: string, asked: Asked = {}): Promise<Answer> {
    const answer = await this.ask(path, asked);
    return (answer.status === 202 || answer.status === 204 ? undefined : await answer.json()) as Answer; // those two have no words
  }

  async ask(path: string, { method = "GET", body, signal }: Asked = {}): Promise<Response> {
    const { token } = this;
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (token) headers["authorization"] = `Bearer ${token}`;
    let response: Response;
    try {
      response = await fetch(`${this.base}/${path}`, {
        method,
        headers,
        cache: "no-store",
        credentials: "omit",
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      });
    } catch {
      throw brokenConnection();
    }
    if (response.ok) return response;
    const problem = problemOf(response.status, await response.json().catch(() => null), response.headers.get("retry-after"));
    if (problem.status === 401 && problem.code !== "bad_identity" && token) this.forget(token);
    throw problem;
  }

  /** Give up a token that the server no longer knows, unless another has taken its place already. */
  forget(token: string): void {
    if (this.token !== token) return;
    this.memory.who = {};
    this.memory.set({ seen: 0 });
    this.onForget();
  }

  async file(id: string, isThumbnail = false): Promise<Blob> {
    return (await this.ask(`attachments/${id}${isThumbnail ? "?thumbnail=1" : ""}`)).blob();
  }
}
