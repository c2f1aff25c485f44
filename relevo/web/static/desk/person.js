// A contact's page: it begins at the newest line, and what the business has is asked for when its box is opened.

import { localiseTimes } from "./times.js";

const TIMEOUT = 10000;
const life = document.getElementById("life");
if (life && getComputedStyle(life).overflowY === "auto") life.scrollTop = life.scrollHeight;

// Toggling does not bubble; caught on its way down it reaches boxes that came later, too.
document.addEventListener("toggle", ({ target }) => {
  if (target.dataset?.fragment && target.open) ask(target);
}, true);

async function ask(box) {
  const shown = box.querySelector(".fragment");
  shown.setAttribute("aria-busy", "true");
  const fresh = await load(box.dataset.fragment).catch(() => null);
  if (!fresh) {
    const sentence = document.createElement("p");
    sentence.className = "empty";
    sentence.textContent = box.dataset.failed;
    shown.replaceChildren(sentence);
    shown.removeAttribute("aria-busy");
    return;
  }
  const next = document.adoptNode(fresh);
  localiseTimes(next);
  shown.replaceWith(next);
}

// An XHR gives a parsed document without any HTML sink, so that Trusted Types can stay on.
function load(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.timeout = TIMEOUT;
    request.onload = () => {
      const found = request.status === 200 && request.response?.querySelector(".fragment");
      if (found) resolve(found);
      else reject(new Error(String(request.status)));
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}
