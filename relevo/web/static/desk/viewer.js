// Photos opened in place: they zoom, turn, and follow one another, by mouse and by keyboard.

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const PICTURES = "a[data-view=picture]";
const STEP = 1.25, MOST = 8;

let dialog, frame, image, caption, problem, shown = null, scale = 1, turn = 0;

document.addEventListener("click", (event) => {
  const link = event.target.closest(PICTURES);
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!dialog) build();
  show(link);
  if (!dialog.open) dialog.showModal();
  place();
});

function build() {
  dialog = make("dialog", "viewer", document.body);
  dialog.setAttribute("aria-label", words["script.viewer"]);
  const bar = make("div", "row", dialog);
  caption = make("p", "quiet", bar);
  const buttons = make("div", "tools", bar);
  const tools = [["previous", "←", () => step(-1)], ["next", "→", () => step(1)], ["zoom_out", "−", () => zoom(1 / STEP)],
    ["zoom_in", "+", () => zoom(STEP)], ["rotate", "↻", rotate], ["close", "✕", () => dialog.close()]];
  for (const [name, sign, verb] of tools) {
    const button = make("button", "plain", buttons);
    button.type = "button";
    button.textContent = sign;
    button.title = words[`script.${name}`];
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", verb);
  }
  const stage = make("div", "stage", dialog);
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", words["script.viewer"]);
  frame = make("div", "frame", stage);
  image = make("img", "", frame);
  image.addEventListener("load", place);
  image.addEventListener("error", () => { problem.hidden = !shown; });
  problem = make("p", "problem", dialog);
  problem.textContent = words["script.viewer_failed"];
  make("p", "quiet", dialog).textContent = words["script.viewer_hint"];
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("close", () => { shown = null; image.removeAttribute("src"); });
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
  shown = link;
  scale = 1;
  turn = 0;
  problem.hidden = true;
  caption.textContent = link.title && link.querySelector("img") ? link.title : link.querySelector("bdi")?.textContent ?? link.title;
  image.alt = `${words["script.viewer"]}: ${caption.textContent}`;
  image.src = link.href;
}

function step(by) {
  const all = [...document.querySelectorAll(PICTURES)];
  const next = all[all.findIndex((link) => link.href === shown?.href) + by];
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
  const verbs = { "+": () => zoom(STEP), "=": () => zoom(STEP), "-": () => zoom(1 / STEP), 0: () => zoom(0), r: rotate, R: rotate };
  const moves = scale === 1 ? { ArrowLeft: () => step(-1), ArrowRight: () => step(1) } : {};
  const verb = verbs[event.key] ?? moves[event.key];
  if (!verb || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  verb();
}

// The frame takes the room that the turned picture needs, so that all of it can be scrolled to.
function place() {
  if (!dialog?.open || !image.naturalWidth) return;
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
