// The line to Relevo: messages go out by an outbox that survives reloads, and come in by one cursor that survives
// everything. A message keeps its own id (cid) in every retry, so it arrives once however often it is sent.

const API = "/widget/api/v1";
const SILENCE_MS = 40_000;
const FIRST_WORD_MS = 10_000;

export class Link extends EventTarget {
  #key;
  #language;
  #memory;
  #position = 0;
  #isFlushing = false;
  #canStream = true;
  #failures = 0;
  #beginning;
  #nudge = () => {};
  #stop;

  constructor(key, language) {
    super();
    this.#key = key;
    this.#language = language;
    for (const name of ["online", "pageshow", "focus"]) addEventListener(name, () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  get outbox() { return this.#load().outbox ?? []; }

  start() {
    this.#listen();
    this.#flush();
  }

  send(message) {
    const item = { cid: newId(), at: new Date().toISOString(), ...message };
    this.#save({ outbox: [...this.outbox, item] });
    this.#tell("pending", item);
    this.#flush();
  }

  // Uploads a file and gives what is kept of it; an XHR, since only that tells how far an upload is.
  async upload(file, onProgress, signal) {
    for (let tries = 2; ; tries -= 1) {
      try {
        return await this.#uploaded(file, onProgress, signal);
      } catch (problem) {
        if (problem.status !== 401 || tries < 2) throw problem;
        this.#forget();
      }
    }
  }

  async file(id, isThumbnail = false) {
    return (await this.#fetch(`attachments/${id}${isThumbnail ? "?thumbnail=1" : ""}`)).blob();
  }

  restart() {
    this.#save({ token: undefined, outbox: [] });
    location.reload();
  }

  async #flush() {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    for (let item; (item = this.outbox[0]);) {
      try {
        await this.#post(item);
        this.#failures = 0;
      } catch (error) {
        if (error.retryAfter === undefined) { this.#drop(item); this.#tell("refused", { item, code: error.code, sentence: error.message }); continue; }
        this.#tell("waiting", item);
        await this.#pause(error.retryAfter);
      }
    }
    this.#isFlushing = false;
  }

  async #post(item) {
    await this.#begin();
    const { cid, text, payload, attachments = [] } = item;
    const ids = attachments.map(({ id }) => id);
    const body = payload === undefined ? { cid, text, attachments: ids } : { cid, payload };
    const { position } = await this.#ask("messages", { ...body, language: this.#language });
    this.#drop(item);
    this.#tell("sent", { item, position });
    this.#hurry(); // from the first message on there is something to listen to
  }

  // One session, however many ask for it at once: files belong to who uploaded them.
  async #begin() {
    if (this.#load().token) return;
    this.#beginning ??= this.#ask("session", { language: this.#language }).finally(() => { this.#beginning = undefined; });
    this.#save({ token: (await this.#beginning).token });
  }

  async #uploaded(file, onProgress, signal) {
    await this.#begin();
    const request = new XMLHttpRequest();
    request.open("POST", `${API}/attachments`);
    request.responseType = "json";
    request.setRequestHeader("authorization", `Bearer ${this.#load().token}`);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.setRequestHeader("x-file-name", encodeURIComponent(file.name.replace(/\p{Surrogate}/gu, "")));
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded / total));
    signal.addEventListener("abort", () => request.abort());
    await new Promise((resolve) => { request.addEventListener("loadend", resolve); request.send(file); });
    if (request.status === 201) return request.response;
    throw problemOf(request.status, request.response, request.getResponseHeader("retry-after"));
  }

  #drop(item) { this.#save({ outbox: this.outbox.filter(({ cid }) => cid !== item.cid) }); }

  async #ask(path, body) {
    const answer = await this.#fetch(path, { method: "POST", body: JSON.stringify(body) });
    this.#tell("state", "online");
    return answer.json();
  }

  async #fetch(path, options) {
    const { token } = this.#load();
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    let response;
    try {
      response = await fetch(`${API}/${path}`, { ...options, headers, cache: "no-store" });
    } catch (error) {
      throw Object.assign(error, { retryAfter: null, code: "connection" });
    }
    if (response.ok) return response;
    if (response.status === 401) this.#forget();
    throw problemOf(response.status, await response.json().catch(() => null), response.headers.get("retry-after"));
  }

  async #listen() {
    for (;;) {
      if (!this.#load().token) { await this.#pause(3_600_000); continue; }
      try {
        await (this.#canStream ? this.#stream() : this.#poll());
        this.#failures = 0;
      } catch (error) {
        await this.#pause(error.retryAfter ?? null);
      }
    }
  }

  async #stream() {
    const stop = (this.#stop = new AbortController());
    const { token } = this.#load();
    let heard = false;
    let watchdog = setTimeout(() => stop.abort(), FIRST_WORD_MS);
    try {
      const response = await this.#fetch(`events?after=${this.#position}`, { signal: stop.signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { value, done } = await reader.read();
        if (done) return;
        if (!heard) { heard = true; this.#failures = 0; this.#tell("state", "online"); }
        clearTimeout(watchdog);
        watchdog = setTimeout(() => stop.abort(), SILENCE_MS);
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) await this.#event(block);
      }
    } catch (error) {
      if (this.#load().token !== token) return; // that session has ended
      if (!heard && stop.signal.aborted) this.#canStream = false; // something on the way holds streams back
      throw Object.assign(error, { retryAfter: error.retryAfter ?? null });
    } finally {
      clearTimeout(watchdog);
    }
  }

  async #event(block) {
    const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const kind = field("event");
    if (kind === "message") this.#receive(JSON.parse(field("data")));
    else if (kind === "answers") this.#tell("answers", JSON.parse(field("data")).by);
    else if (kind === "reset") this.#reset();
    else if (kind === "replaced") await this.#pause(3_600_000); // another window listens; this one when it is looked at
  }

  async #poll() {
    const { events, position, reset, answers } = await (await this.#fetch(`events?after=${this.#position}&wait=25`)).json();
    this.#tell("state", "online");
    if (reset) this.#reset();
    if (answers) this.#tell("answers", answers);
    events.forEach((message) => this.#receive(message));
    this.#position = position;
  }

  #receive(message) {
    this.#position = message.position;
    if (message.cid) this.#drop(message);
    this.#tell("message", message);
  }

  #forget() {
    this.#save({ token: undefined });
    this.#stop?.abort();
    this.#reset();
  }

  #reset() {
    this.#position = 0;
    this.#tell("reset");
  }

  // Waits so long, or with null for longer after each failure; coming back online or into view ends any wait.
  async #pause(milliseconds) {
    if (milliseconds === null) {
      this.#failures += 1;
      if (this.#failures > 1 || !navigator.onLine) this.#tell("state", "offline");
      milliseconds = Math.random() * Math.min(30_000, 500 * 2 ** this.#failures) + 250;
    }
    const others = this.#nudge;
    await new Promise((resolve) => {
      this.#nudge = () => { others(); resolve(); };
      setTimeout(resolve, milliseconds);
    });
  }

  #hurry() {
    const nudge = this.#nudge;
    this.#nudge = () => {};
    nudge();
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  #load() {
    if (this.#memory) return this.#memory;
    try { return JSON.parse(localStorage.getItem(this.#key)) ?? {}; } catch { return {}; }
  }

  #save(change) {
    const state = { ...this.#load(), ...change };
    try {
      if (!this.#memory) return localStorage.setItem(this.#key, JSON.stringify(state));
    } catch { this.#tell("forgetful"); }
    this.#memory = state; // what the browser refuses to keep lives as long as the page
  }
}

// An error with `retryAfter` (ms, or null for "back off") where trying again can help, and without it where it cannot.
function problemOf(status, answer, retryAfter) {
  const { code = "connection", message = "" } = answer?.error ?? {};
  const problem = Object.assign(new Error(message), { status, code });
  if (status === 401) problem.retryAfter = 0;
  else if (status === 429) problem.retryAfter = 1000 * (retryAfter ?? 5);
  else if (status === 0 || status >= 500 || status === 408) problem.retryAfter = null;
  return problem;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID exists over https only
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
