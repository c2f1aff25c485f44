// The chat on Aurora's page: draws what the line says, as text and nothing else.

import { Link } from "./link.js";
import { Cabinet, Tray } from "./tray.js";

const SLOW_MS = 20_000;
const part = (name) => document.getElementById(`chat-${name}`);
const words = JSON.parse(document.getElementById("words").textContent);
const link = new Link("aurora-chat", document.documentElement.lang);
const tray = new Tray(part("tray"), link, words);
const cabinet = new Cabinet(link, words, part("viewer"));
const items = new Map(); // position of a message, or cid of one on its way, to its element
const titles = new Map(); // payload to what its button says
let answeredTo = 0;
let answeredBy = "bot"; // who waits in the queue, or writes with a person, is not told that the bot is writing
let slowTimer;
let isSendingWhenUploaded = false;

link.addEventListener("pending", ({ detail }) => draw(detail.cid, Infinity, "contact", { ...detail, note: words.sending }));
link.addEventListener("waiting", ({ detail }) => note(detail.cid, words.waiting));
link.addEventListener("sent", ({ detail }) => settle(detail.item, detail.position));
link.addEventListener("message", ({ detail }) => receive(detail));
link.addEventListener("refused", ({ detail }) => note(detail.item.cid, `${words.failed} ${words[`problem_${detail.code}`] ?? detail.sentence}`, true));
link.addEventListener("state", ({ detail }) => { part("offline").hidden = detail === "online"; });
link.addEventListener("forgetful", () => { part("forgetful").hidden = false; });
link.addEventListener("answers", ({ detail }) => { answeredBy = detail; if (answeredBy !== "bot") typing(false); });
link.addEventListener("reset", () => {
  answeredBy = "bot";
  for (const [key, element] of items) if (typeof key === "number") { element.remove(); items.delete(key); }
});

for (const item of link.outbox) draw(item.cid, Infinity, "contact", { ...item, note: words.waiting });
link.start();

part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  sendWhenUploaded(tray.isUploading);
  if (isSendingWhenUploaded) return;
  const text = part("text").value.trim() || undefined;
  const attachments = tray.take();
  if (!text && !attachments.length) return;
  part("text").value = "";
  say(attachments.length ? { text, attachments } : { text });
});
tray.addEventListener("settled", () => {
  if (!isSendingWhenUploaded || tray.isUploading) return;
  sendWhenUploaded(false);
  if (!tray.hasFailed) part("form").requestSubmit(); // else the sender decides what goes without it
});
tray.addEventListener("removed", () => part("text").focus({ preventScroll: true }));
for (const [button, input] of [["attach", "pick"], ["camera", "shoot"]]) {
  part(button).addEventListener("click", () => part(input).click());
  part(input).addEventListener("change", () => { tray.add(part(input).files); part(input).value = ""; part("text").focus({ preventScroll: true }); });
}
part("text").addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  tray.add(event.clipboardData.files);
});
const room = document.querySelector(".chat");
for (const name of ["dragenter", "dragover"]) room.addEventListener(name, (event) => over(event, event.dataTransfer.types.includes("Files")));
room.addEventListener("dragleave", (event) => { if (!room.contains(event.relatedTarget)) over(event, false); });
room.addEventListener("drop", (event) => { over(event, false); tray.add(event.dataTransfer.files); });
part("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  part("form").requestSubmit();
});
for (const example of document.querySelectorAll("[data-example]"))
  example.addEventListener("click", () => say({ text: example.dataset.example }));
part("restart").addEventListener("click", () => link.restart());

function over(event, isOver) {
  event.preventDefault();
  room.classList.toggle("is-over", isOver);
}

function sendWhenUploaded(isWaiting) {
  isSendingWhenUploaded = isWaiting;
  part("uploading").hidden = !isWaiting;
}

function say(message) {
  link.send(message);
  if (!matchMedia("(pointer: coarse)").matches) part("text").focus({ preventScroll: true }); // no keyboard jumps up
}

function receive(message) {
  for (const { payload, title } of message.buttons ?? []) titles.set(payload, title);
  if (message.cid) settle(message, message.position);
  draw(message.position, message.position, message.author, message);
  if (message.author === "contact" && Date.now() - new Date(message.at) < 60_000) expect(message.position);
  else if (message.position > answeredTo) { answeredTo = message.position; typing(false); }
}

function settle({ cid }, position) {
  const element = items.get(cid);
  items.delete(cid);
  if (element && items.has(position)) element.remove();
  else if (element) {
    items.set(position, element);
    element.dataset.position = position;
    element.querySelector(".note").textContent = "";
    place(element);
    expect(position);
  }
}

function expect(position) { if (position > answeredTo && answeredBy === "bot") typing(true); }

function typing(isTyping) {
  clearTimeout(slowTimer);
  part("typing").hidden = !isTyping;
  part("slow").hidden = true;
  if (isTyping) slowTimer = setTimeout(() => { part("typing").hidden = true; part("slow").hidden = false; }, SLOW_MS);
  toEnd();
}

function draw(key, position, author, { text, payload, title, buttons = [], image, attachments = [], at, note: sentence = "" }) {
  if (items.has(key)) return;
  part("welcome").classList.add("is-small");
  const element = make("li", `message ${author}`);
  element.dataset.position = position;
  const said = title ?? titles.get(payload ?? text) ?? text ?? (image && `${words.picture}: ${image}`);
  element.append(make("span", "hidden", `${words[author === "contact" ? "you" : author] ?? author}: `));
  if (said) element.append(bubble(said, author));
  if (attachments.length) element.append(cabinet.draw(attachments));
  if (buttons.length) element.append(choices(buttons));
  const when = new Date(at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  element.append(make("span", "when", when), make("span", "note"));
  element.lastChild.textContent = sentence;
  items.set(key, element);
  place(element);
}

// What we write may lead somewhere; what a contact writes is text and nothing else.
function bubble(said, author) {
  const paragraph = Object.assign(make("p", "bubble"), { dir: "auto" });
  const pieces = author === "contact" ? [said] : said.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/);
  paragraph.append(...pieces.map((piece, place) => place % 2 ? linkTo(piece) : piece));
  return paragraph;
}

function linkTo(href) {
  return Object.assign(make("a", "", href), { href, target: "_blank", rel: "noopener noreferrer" });
}

function choices(buttons) {
  const row = make("div", "choices");
  for (const { title, payload } of buttons) {
    const button = make("button", "", title);
    button.addEventListener("click", () => say({ payload, title }));
    row.append(button);
  }
  return row;
}

function place(element) {
  const log = part("log");
  const after = [...log.children].find((other) => other !== element && +other.dataset.position > +element.dataset.position);
  // Whoever has the focus in it would lose it by a move to where it is.
  if (element.parentNode !== log || element.nextElementSibling !== (after ?? null)) log.insertBefore(element, after ?? null);
  const last = log.lastElementChild; // only the newest question can be answered by its buttons
  for (const button of log.querySelectorAll(".choices button")) button.disabled = !last.contains(button);
  toEnd();
}

function note(cid, sentence, isFailure = false) {
  const element = items.get(cid);
  if (!element) return;
  element.querySelector(".note").textContent = sentence;
  element.classList.toggle("failed", isFailure);
}

function toEnd() { part("scroll").scrollTop = part("scroll").scrollHeight; }

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
