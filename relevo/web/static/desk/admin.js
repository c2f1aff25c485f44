// The administration's pages: what is made and shown once stands in a dialog until somebody has it.

const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

document.addEventListener("desk:answer", ({ detail: { status, answer: detail } }) => {
  if (status !== 200) return;
  if (detail.is_mailed) say(words["script.link_mailed"].replace("{email}", detail.email));
  const secret = detail.link ?? detail.token ?? detail.secret;
  const dialog = document.getElementById("once");
  if (!secret || !dialog) return;
  document.getElementById("once-whom").textContent = detail.email ?? detail.name ?? detail.url ?? "";
  const field = document.getElementById("once-secret");
  field.value = secret;
  dialog.showModal();
  field.select();
  dialog.addEventListener("close", () => { field.value = ""; }, { once: true });
});

function say(sentence) {
  const toast = document.getElementById("toast");
  toast.querySelector("p").textContent = sentence;
  toast.hidden = false;
}
document.addEventListener("change", ({ target }) => target.closest("form[data-applies-at-once]")?.requestSubmit());
document.addEventListener("click", async ({ target }) => {
  const field = target.dataset?.copies && document.getElementById(target.dataset.copies);
  if (!field) return;
  field.select();
  try { await navigator.clipboard.writeText(field.value); } catch { /* it is selected, and Ctrl + C takes it */ }
});
