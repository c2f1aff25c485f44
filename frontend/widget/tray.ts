// Photos and files beside the composer: uploaded the moment they are chosen, sent with the next message.

import type { Api } from "../core/api";
import { newId } from "../core/ids";
import { Problem } from "../core/problem";
import { upload } from "../core/upload";
import type { Attachment, Site } from "../core/types";

export interface Chosen {
  key: string;
  file: File;
  state: "uploading" | "ready" | "failed";
  share: number;
  problem?: Problem | undefined;
  attachment?: Attachment;
  stop: AbortController;
}

export class Tray {
  files: Chosen[] = [];

  constructor(
    private readonly api: Api,
    private readonly site: () => Site,
    private readonly redraw: () => void,
  ) {}

  get isUploading(): boolean {
    return this.files.some(({ state }) => state === "uploading");
  }

  get hasFailed(): boolean {
    return this.files.some(({ state }) => state === "failed");
  }

  add(files: Iterable<File>): void {
    const { max_bytes: most, at_once: together } = this.site().uploads;
    for (const file of files) {
      const entry: Chosen = { key: newId(), file, state: "uploading", share: 0, stop: new AbortController() };
      this.files = [...this.files, entry];
      if (this.files.length > together) this.#change(entry, failed("too_many_attachments"));
      else if (!file.size) this.#change(entry, failed("empty_file"));
      else if (file.size > most) this.#change(entry, failed("file_too_large"));
      else void this.upload(entry);
    }
    this.redraw();
  }

  /** Give what is ready to go with a message and forget it; what failed stays to be seen. */
  take(): Attachment[] {
    const ready = this.files.filter(({ state }) => state === "ready");
    this.files = this.files.filter(({ state }) => state !== "ready");
    this.redraw();
    return ready.map(({ attachment }) => attachment).filter((attachment) => attachment !== undefined);
  }

  async upload(entry: Chosen): Promise<void> {
    entry.stop = new AbortController();
    const { signal } = entry.stop;
    this.#change(entry, { state: "uploading", share: 0, problem: undefined });
    try {
      const attachment = await upload(this.api, entry.file, (share) => this.#change(entry, { share }), signal);
      this.#change(entry, { state: "ready", attachment });
    } catch (error) {
      if (!signal.aborted) this.#change(entry, { state: "failed", problem: error as Problem });
    }
  }

  remove(entry: Chosen): void {
    entry.stop.abort();
    this.files = this.files.filter((each) => each !== entry);
    this.redraw();
    if (entry.attachment) this.api.json(`attachments/${entry.attachment.id}`, { method: "DELETE" }).catch(() => undefined); // expires anyway
  }

  clear(): void {
    for (const { stop } of this.files) stop.abort();
    this.files = [];
  }

  #change(entry: Chosen, change: Partial<Chosen>): void {
    Object.assign(entry, change);
    this.redraw();
  }
}

function failed(code: string): Partial<Chosen> {
  return { state: "failed", problem: new Problem(code) };
}
