// What the agent is offered, wherever they are on the desk: a card with accept, decline, and the seconds that are left.

import { call, sentenceFor } from "./forms.js";

const LOOK_SECONDS = 20;
const SOUND_KEY = "relevo-desk-sound";
const place = document.getElementById("offers");
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const cards = new Map(); // conversation to its card and when its offer ends, by this page's own clock

if (place) {
  document.addEventListener("relevo:changed", look);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  setInterval(look, LOOK_SECONDS * 1000);
  setInterval(count, 1000);
  look();
}

async function look() {
  if (document.hidden && !isLoud()) return; // who looks again is told then; a sound is for who looks elsewhere
  try {
    const answer = await fetch("/desk/api/offers", { signal: AbortSignal.timeout(10000) });
    if (answer.ok) show((await answer.json()).offers);
  } catch { /* the status line says when Relevo does not answer */ }
}

function show(offers) {
  const ids = new Set(offers.map((offer) => offer.conversation_id));
  for (const id of [...cards.keys()]) if (!ids.has(id)) remove(id);
  let isNew = false;
  for (const offer of offers) {
    isNew ||= !cards.has(offer.conversation_id);
    const endsAt = performance.now() + offer.seconds_left * 1000;
    if (cards.has(offer.conversation_id)) cards.get(offer.conversation_id).endsAt = endsAt;
    else cards.set(offer.conversation_id, { card: draw(offer), endsAt });
  }
  place.hidden = !cards.size;
  if (isNew && isLoud()) ring();
  count();
}

function draw(offer) {
  const card = make("section", "offer");
  const who = offer.contact_name ?? words["script.unknown_contact"];
  const title = make("p", "offer-title", words["script.offer"].replace("{who}", who));
  const about = make("p", "quiet", offer.goal?.slice(0, 140) || words["script.offer_waits"]);
  about.dir = "auto";
  const left = make("p", "offer-left");
  left.ariaHidden = "true"; // said once, with the card; a voice that counts would drown everything else
  const acts = make("div", "acts");
  const accept = make("button", "", words["script.offer_accept"]);
  const decline = make("button", "plain", words["script.offer_decline"]);
  accept.addEventListener("click", () => decide(offer, "accept", card));
  decline.addEventListener("click", () => decide(offer, "decline", card));
  acts.append(accept, decline, sound());
  card.append(title, about, left, acts);
  place.append(card);
  return card;
}

async function decide(offer, verb, card) {
  for (const button of card.querySelectorAll("button")) button.disabled = true;
  try {
    const [status, answer] = await call(`/desk/api/conversations/${offer.conversation_id}/${verb}`, {});
    if (status === 200 && verb === "accept") { location.assign(`/desk/conversations/${offer.conversation_id}`); return; }
    if (status !== 200) complain(sentenceFor(answer.error));
  } catch {
    complain(words["problem.offline"]);
  }
  for (const button of card.querySelectorAll("button")) button.disabled = false;
  look();
}

function complain(sentence) {
  const toast = document.getElementById("toast");
  toast.querySelector("p").textContent = sentence;
  toast.hidden = false;
}

function count() {
  for (const [id, { card, endsAt }] of cards) {
    const seconds = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    card.querySelector(".offer-left").textContent = words["script.offer_left"].replace("{seconds}", seconds);
    if (!seconds) { remove(id); setTimeout(look, 500); }
  }
  place.hidden = !cards.size;
}

function remove(id) {
  cards.get(id).card.remove();
  cards.delete(id);
}

function sound() {
  const label = make("label", "offer-sound");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: isLoud() });
  box.addEventListener("change", () => { localStorage.setItem(SOUND_KEY, box.checked ? "on" : ""); if (box.checked) ring(); });
  label.append(box, words["script.offer_sound"]);
  return label;
}

function isLoud() { return localStorage.getItem(SOUND_KEY) === "on"; }

function ring() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.5);
  tone.frequency.value = 660;
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.5);
  tone.addEventListener("ended", () => audio.close());
}

function make(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
