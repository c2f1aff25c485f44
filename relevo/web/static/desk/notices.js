// What this agent is told in person: a line that says it as it comes, the list, and marking it as read.

const frame = document.getElementById("notices");
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const LOOK_SECONDS = 30;
const PAUSE_SECONDS = 2; // many pages hear of each change: each asks once in so long
let newest = 0;
let waiting = null;

if (frame) {
  document.addEventListener("desk:changed", () => { waiting ??= setTimeout(look, PAUSE_SECONDS * 1000); });
  setInterval(look, LOOK_SECONDS * 1000);
  document.getElementById("notices-read").addEventListener("click", markRead);
  look();
}

async function look() {
  clearTimeout(waiting);
  waiting = null;
  if (document.hidden) return;
  try {
    const response = await fetch("/desk/api/notices");
    if (response.ok) show((await response.json()).notices);
  } catch { /* the status line says when Relevo does not answer */ }
}

async function markRead() {
  const response = await fetch("/desk/api/notices/read", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Form-Token": document.querySelector(".who [name=form_token]").value },
    body: JSON.stringify({ up_to: newest }),
  });
  if (response.ok) show((await response.json()).notices);
}

function show(notices) {
  const unread = notices.filter((notice) => notice.read_at === null && sentence(notice));
  frame.hidden = unread.length === 0;
  newest = Math.max(0, ...unread.map((notice) => notice.id));
  frame.querySelector(".count").textContent = String(unread.length);
  frame.querySelector("details").hidden = unread.length < 2;
  const line = frame.querySelector("[role=status]");
  const said = unread.length ? sentence(unread[0]) : "";
  if (line.textContent !== said) line.replaceChildren(...(unread.length ? [link(unread[0])] : []));
  frame.querySelector("ul").replaceChildren(...unread.slice(1).map(item));
}

function item(notice) {
  const line = document.createElement("li");
  line.append(link(notice));
  return line;
}

function link(notice) {
  const found = document.createElement("a");
  found.href = `/desk/cases/${encodeURIComponent(notice.case_id)}`;
  found.textContent = sentence(notice);
  return found;
}

function sentence({ kind, case_id, detail }) {
  return words[`script.notice_${kind}`]?.replace("{case}", case_id ?? "").replace("{goal}", words[`script.sla_${detail.goal}`] ?? "");
}
