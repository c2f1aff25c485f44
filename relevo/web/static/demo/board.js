// The board of Aurora's page: whoever is chosen is signed in, as a business's own page signs its customers in.

const board = document.getElementById("board");
const said = board.querySelector(".said");
const relevo = (...call) => (window.Relevo ??= []).push(call);

board.addEventListener("click", async ({ target }) => {
  const place = target.closest("[data-contact]");
  if (!place) return;
  const { contact, try: sentence } = place.dataset;
  relevo("logout");
  try {
    if (contact) relevo("identify", await signedIdentity(contact));
    choose(place, contact && board.dataset.now.replace("{name}", place.querySelector("b").textContent));
    relevo("open");
    if (sentence) relevo("prefill", sentence);
  } catch {
    choose(null, board.dataset.failed);
  }
});

async function signedIdentity(contact) {
  const answer = await fetch(`/demo/identity/${contact}`, { method: "POST" });
  if (!answer.ok) throw new Error(`The demo signs nobody in: ${answer.status}`);
  return (await answer.json()).jwt;
}

function choose(place, sentence) {
  for (const other of board.querySelectorAll("[data-contact]")) other.setAttribute("aria-pressed", String(other === place));
  said.textContent = sentence ?? "";
}
