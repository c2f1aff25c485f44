// Photos and documents opened in place: photos zoom and turn, documents are shown by the browser's own viewer, and all of
// them follow one another, by mouse and by keyboard.

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const FILES = "a[data-view]";
const STEP = 1.25, MOST = 8;

let dialog, frame, image, caption, about, problem, hint, save, paper = null, shown = null, scale = 1, turn = 0;

document.addEventListener("click", (event) => {
  const link = event.target.closest(FILES);
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog) build();
  show(link);
  if (!dialog.open) dialog.showModal();
  place();
});

function build() {
  dialog = make("dialog", "viewer", document.body);
  const bar = make("div", "row", dialog);
  caption = make("p", "quiet", bar);
  const buttons = make("div", "tools", bar);
  save = make("a", "button plain", buttons);
  save.textContent = words["script.save"];
  const tools = [["previous", "←", () => step(-1)], ["next", "→", () => step(1)], ["zoom_out", "−", () => zoom(1 / STEP)],
    ["zoom_in", "+", () => zoom(STEP)], ["rotate", "↻", rotate], ["close", "✕", () => dialog.close()]];
  for (const [name, sign, verb] of tools) {
    const button = make("button", `plain ${name}`, buttons);
    button.type = "button";
    button.textContent = sign;
    button.title = words[`script.${name}`];
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", verb);
  }
  about = make("p", "beside", dialog);
  const stage = make("div", "stage", dialog);
  stage.setAttribute("role", "group");
  frame = make("div", "frame", stage);
  image = make("img", "", frame);
  image.addEventListener("load", place);
  image.addEventListener("error", () => { problem.hidden = !shown || paper !== null; });
  problem = make("p", "problem", dialog);
  hint = make("p", "quiet", dialog);
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("close", () => { shown = null; clear(); });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? STEP : 1 / STEP);
  }, { passive: false });
  addEventListener("resize", place);
}

function make(name, className, parent) {
  const made = document.createElement(name);
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function show(link) {
  clear();
  shown = link;
  scale = 1;
  turn = 0;
  caption.textContent = link.title && link.querySelector("img") ? link.title : link.querySelector("bdi")?.textContent ?? link.title;
  about.textContent = link.dataset.about ?? "";
  about.hidden = !about.textContent;
  save.href = link.href;
  save.download = caption.textContent;
  const kind = link.dataset.view;
  dialog.dataset.shows = kind;
  for (const named of [dialog, frame.parentElement]) named.setAttribute("aria-label", words[`script.viewer_${kind}`]);
  problem.textContent = words[`script.viewer_failed_${kind}`];
  hint.textContent = words[`script.viewer_hint_${kind}`];
  if (kind === "document") read(link);
  else {
    frame.parentElement.tabIndex = 0;
    image.alt = `${words["script.viewer_picture"]}: ${caption.textContent}`;
    image.src = link.href;
  }
}

// What a file could do it does in a process of the browser's, under an origin that is nobody's: see the answer's policy.
function read(link) {
  if (navigator.pdfViewerEnabled === false) { problem.hidden = false; return; }
  paper = make("iframe", "paper", frame.parentElement);
  paper.title = `${words["script.viewer_document"]}: ${caption.textContent}`;
  paper.referrerPolicy = "no-referrer";
  paper.src = `${link.href}?in_place=1`;
}

function clear() {
  image.removeAttribute("src");
  paper?.remove();
  paper = null;
  problem.hidden = true;
  frame.parentElement.removeAttribute("tabindex");
}

function step(by) {
  const all = [...document.querySelectorAll(FILES)];
  const at = all.indexOf(shown); // the page may have put another link to the same file in its place
  const next = all[(at < 0 ? all.findIndex((link) => link.href === shown?.href) : at) + by];
  if (next) show(next);
}

function zoom(by) {
  scale = Math.min(MOST, Math.max(1, scale * by));
  place();
}

function rotate() {
  turn = (turn + 90) % 360;
  place();
}

function press(event) {
  const looks = { "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: () => zoom(0), r: rotate, R: rotate };
  const moves = scale === 1 ? { ArrowLeft: () => step(-1), ArrowRight: () => step(1) } : {};
  const verb = (shown?.dataset.view === "picture" && looks[event.key]) || moves[event.key];
  if (!verb || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  verb();
}

// The frame takes the room that the turned picture needs, so that all of it can be scrolled to.
function place() {
  if (!dialog?.open || !image.naturalWidth || paper) return;
  const isTurned = turn % 180 !== 0;
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const [across, down] = isTurned ? [height, width] : [width, height];
  const stage = frame.parentElement;
  const fit = Math.min(stage.clientWidth / across, stage.clientHeight / down, 1) * scale;
  frame.style.width = `${across * fit}px`;
  frame.style.height = `${down * fit}px`;
  image.style.width = `${width * fit}px`;
  image.style.height = `${height * fit}px`;
  image.style.transform = `translate(-50%, -50%) rotate(${turn}deg)`;
}
