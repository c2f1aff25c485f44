// Files on their way to the customer: dropped, pasted or chosen; each may be cancelled until it is sent.

import { sentence, tell, token, words } from "./talk.js";

const MOST = 5;
const files = []; // { name, request, id, item }

export function tray(here) {
  const place = document.querySelector(".talk");
  document.addEventListener("change", ({ target }) => {
    if (target.id !== "pick") return;
    add(here, target.files);
    target.value = "";
  });
  document.addEventListener("click", ({ target }) => { if (target.id === "attach") document.getElementById("pick").click(); });
  document.addEventListener("paste", (event) => {
    if (event.target.id !== "reply-text" || !event.clipboardData.files.length) return;
    event.preventDefault();
    add(here, event.clipboardData.files);
  });
  place.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files") || !document.getElementById("reply")) return;
    event.preventDefault();
    place.classList.add("is-dropped");
  });
  for (const name of ["dragleave", "drop"]) place.addEventListener(name, () => place.classList.remove("is-dropped"));
  place.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length || !document.getElementById("reply")) return;
    event.preventDefault();
    add(here, event.dataTransfer.files);
  });
  document.addEventListener("submit", beforeSending, true);
  document.addEventListener("desk:answer", ({ detail }) => {
    if (detail.form.id === "reply" && detail.status === 200) for (const file of [...files]) remove(file);
  });
  document.addEventListener("desk:fresh", demandText);
}

function beforeSending(event) {
  if (event.target.id !== "reply") return;
  if (files.some((file) => !file.id)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(words["script.uploading"]);
  }
  event.target.elements.attachments.value = files.map((file) => file.id).join(" ");
}

function add(here, chosen) {
  for (const file of chosen) {
    if (files.length >= MOST) { tell(words["problem.too_many_attachments"]); return; }
    upload(here, file);
  }
}

function upload(here, data) {
  const item = document.createElement("li");
  const name = document.createElement("bdi");
  name.textContent = data.name;
  const progress = document.createElement("progress");
  progress.max = 1;
  progress.setAttribute("aria-label", data.name);
  const cancel = document.createElement("button");
  cancel.type = "button";
  cancel.className = "plain";
  cancel.textContent = "×";
  cancel.setAttribute("aria-label", words["script.cancel_file"].replace("{name}", data.name));
  item.append(name, progress, cancel);
  const request = new XMLHttpRequest();
  const file = { request, id: null, item };
  cancel.addEventListener("click", () => { request.abort(); remove(file); document.getElementById("reply-text")?.focus(); });
  files.push(file);
  show(item);
  request.open("POST", `${here}/attachments`);
  request.setRequestHeader("X-Form-Token", token());
  request.setRequestHeader("X-File-Name", encodeURIComponent(data.name));
  request.setRequestHeader("Content-Type", data.type || "application/octet-stream");
  request.responseType = "json";
  request.upload.onprogress = (event) => { if (event.lengthComputable) progress.value = event.loaded / event.total; };
  request.onload = () => {
    if (request.status !== 200) { fail(file, data.name, request.response?.error); return; }
    file.id = request.response.attachment.id;
    progress.remove();
  };
  request.onerror = () => fail(file, data.name);
  request.send(data);
}

function fail(file, name, error) {
  remove(file);
  tell(error ? `${name}: ${sentence(error)}` : words["script.file_failed"].replace("{name}", name));
}

function remove(file) {
  const place = files.indexOf(file);
  if (place >= 0) files.splice(place, 1);
  file.item.remove();
  show();
}

function show(item) {
  const list = document.getElementById("tray");
  if (item) list.append(item);
  list.hidden = !files.length;
  demandText();
}

function demandText() {
  const field = document.getElementById("reply-text");
  if (field) field.required = !files.length;
}
