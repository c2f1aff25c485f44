// What is sent before the desk's scripts are there waits for them: nothing that somebody pressed is lost, or leaves the page.
(() => {
  const early = [];
  function keep(event) {
    if (!(event.submitter?.dataset.api ?? event.target.dataset.api)) return;
    event.preventDefault();
    early.push([event.target, event.submitter]);
  }
  document.addEventListener("submit", keep);
  document.addEventListener("desk:ready", () => {
    document.removeEventListener("submit", keep);
    for (const [form, button] of early.splice(0)) if (form.isConnected) form.requestSubmit(button);
  }, { once: true });
  document.addEventListener("click", ({ target }) => {
    const opens = target.closest("[data-opens]")?.dataset.opens;
    if (opens) document.getElementById(opens)?.showModal();
    if (target.closest("[data-closes]")) target.closest("dialog").close();
  });
})();
