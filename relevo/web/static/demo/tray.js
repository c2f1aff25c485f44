// Photos and files beside the composer: uploaded the moment they are chosen, sent with the next message.

const MOST_BYTES = 10 * 1024 * 1024;
const MOST_FILES = 5;

export class Tray extends EventTarget {
  #list;
  #link;
  #words;
  #files = new Set();

  constructor(list, link, words) {
    super();
    this.#list = list;
    this.#link = link;
    this.#words = words;
  }

  get isUploading() { return [...this.#files].some(({ state }) => state === "uploading"); }
  get hasFailed() { return [...this.#files].some(({ state }) => state === "failed"); }

  add(files) {
    for (const file of files) {
      const entry = { file, element: make("li", "chosen"), state: "uploading" };
      this.#files.add(entry);
      this.#draw(entry);
      const { size } = this.#files;
      if (size > MOST_FILES) this.#fail(entry, "too_many_attachments", false);
      else if (!file.size) this.#fail(entry, "empty_file", false);
      else if (file.size > MOST_BYTES) this.#fail(entry, "file_too_large", false);
      else this.#upload(entry);
    }
  }

  // Gives what is ready to go with a message and forgets it; what failed stays to be seen.
  take() {
    const ready = [...this.#files].filter(({ state }) => state === "ready");
    ready.forEach((entry) => this.#remove(entry));
    return ready.map(({ attachment }) => attachment);
  }

  async #upload(entry) {
    entry.state = "uploading";
    entry.stop = new AbortController();
    this.#say(entry, this.#words.uploading);
    try {
      const bar = entry.element.querySelector("progress");
      entry.attachment = await this.#link.upload(entry.file, (share) => { bar.value = share; }, entry.stop.signal);
      entry.state = "ready";
      this.#say(entry, this.#words.attached);
      this.dispatchEvent(new Event("settled"));
    } catch (problem) {
      if (!entry.stop.signal.aborted) this.#fail(entry, problem.code, problem.retryAfter !== undefined, problem.message);
    }
  }

  #fail(entry, code, canRetry, sentence = "") {
    entry.state = "failed";
    this.#say(entry, this.#words[`problem_${code}`] ?? sentence, canRetry);
    this.dispatchEvent(new Event("settled"));
  }

  #remove(entry) {
    entry.stop?.abort();
    if (entry.preview) URL.revokeObjectURL(entry.preview);
    this.#files.delete(entry);
    entry.element.remove();
    this.#list.hidden = !this.#files.size;
    this.dispatchEvent(new Event("settled"));
  }

  #draw(entry) {
    const { file, element } = entry;
    const title = make("bdi", "name", file.name);
    const remove = make("button", "remove", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `${this.#words.remove}: ${file.name}`);
    remove.addEventListener("click", () => {
      this.#remove(entry);
      this.dispatchEvent(new Event("removed"));
    });
    const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    bar.setAttribute("aria-label", `${this.#words.uploading} ${file.name}`);
    element.append(this.#picture(entry), title, make("span", "state"), bar, remove);
    this.#list.append(element);
    this.#list.hidden = false;
  }

  #picture(entry) {
    const { file } = entry;
    if (!/^image\/(jpeg|png|webp|gif)$/.test(file.type)) return make("b", "kind", file.name.split(".").pop().slice(0, 4).toUpperCase());
    entry.preview = URL.createObjectURL(file);
    return Object.assign(make("img"), { src: entry.preview, alt: "" });
  }

  #say(entry, sentence, canRetry = false) {
    const { element } = entry;
    element.dataset.state = entry.state;
    const state = element.querySelector(".state");
    state.setAttribute("role", entry.state === "failed" ? "alert" : "none");
    state.textContent = sentence;
    element.querySelector(".retry")?.remove();
    if (!canRetry) return;
    const retry = make("button", "retry", this.#words.retry);
    retry.type = "button";
    retry.addEventListener("click", () => this.#upload(entry));
    state.after(retry);
  }
}

// Draws the files of a message: pictures small, to be opened; everything else as a card that saves it.
export class Cabinet {
  #link;
  #words;
  #viewer;

  constructor(link, words, viewer) {
    this.#link = link;
    this.#words = words;
    this.#viewer = viewer;
    viewer.addEventListener("close", () => { URL.revokeObjectURL(viewer.querySelector("img").src); });
  }

  draw(attachments) {
    const row = make("div", "files");
    for (const attachment of attachments) row.append(this.#card(attachment));
    return row;
  }

  #card(attachment) {
    const isPicture = attachment.mime.startsWith("image/");
    const button = make("button", isPicture ? "picture" : "file");
    button.type = "button";
    const kind = isPicture ? this.#words.photo : this.#words.file;
    button.setAttribute("aria-label", `${this.#words.open}: ${kind} ${attachment.name}`);
    button.title = attachment.name;
    if (isPicture) this.#thumbnail(button, attachment);
    else button.append(make("b", "kind", "PDF"), make("bdi", "name", attachment.name), make("small", "", size(attachment.size_bytes)));
    button.addEventListener("click", () => this.#open(button, attachment, isPicture));
    return button;
  }

  async #thumbnail(button, attachment) {
    const image = Object.assign(make("img"), { alt: "", ...fitting(attachment) });
    button.append(image);
    try {
      const url = URL.createObjectURL(await this.#link.file(attachment.id, true));
      image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
      image.src = url;
    } catch (problem) { this.#miss(button, problem); }
  }

  async #open(button, attachment, isPicture) {
    try {
      const url = URL.createObjectURL(await this.#link.file(attachment.id));
      if (isPicture) return this.#show(url, attachment);
      Object.assign(document.createElement("a"), { href: url, download: attachment.name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (problem) { this.#miss(button, problem); }
  }

  #show(url, attachment) {
    Object.assign(this.#viewer.querySelector("img"), { src: url, alt: `${this.#words.photo}: ${attachment.name}` });
    this.#viewer.showModal();
  }

  #miss(button, problem) {
    const isGone = problem.status === 410;
    button.disabled = isGone;
    button.classList.add("missing");
    button.querySelector(".why")?.remove();
    button.append(make("span", "why", isGone ? this.#words.erased : this.#words.not_loaded));
  }
}

function fitting({ width = 240, height = 180 }) {
  const scale = Math.min(1, 240 / width, 200 / height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

function size(bytes) {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`;
}

function make(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
