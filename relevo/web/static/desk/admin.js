// The administration's pages: what is made and shown once stands in a dialog until somebody has it.

document.addEventListener("desk:answer", ({ detail: { status, answer: detail } }) => {
  if (status !== 200) return;
  const secret = detail.password ?? detail.token ?? detail.secret;
  const dialog = document.getElementById("once");
  if (!secret || !dialog) return;
  document.getElementById("once-whom").textContent = detail.email ?? detail.name ?? detail.url ?? "";
  const field = document.getElementById("once-secret");
  field.value = secret;
  dialog.showModal();
  field.select();
  dialog.addEventListener("close", () => { field.value = ""; }, { once: true });
});
