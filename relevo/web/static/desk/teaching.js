// Teaching: puts made-up words in the place of personal ones, and says that a proposal was kept.

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-mask]");
  if (!button) return;
  const field = button.form.elements.text;
  field.value = button.dataset.mask;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});

document.addEventListener("desk:done", ({ target }) => {
  for (const told of target.querySelectorAll("[data-done]")) told.hidden = false;
});
