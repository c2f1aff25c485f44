// Public posts: says how many characters are left, as X counts them; the server counts again.

const LINK = /https?:\/\/\S+/gi;
const isLight = (code) =>
  code <= 0x10ff || (code >= 0x2000 && code <= 0x200d) || (code >= 0x2010 && code <= 0x201f) || (code >= 0x2032 && code <= 0x2037);

function weighs(said) {
  const plain = said.normalize("NFC");
  const letters = [...plain.replace(LINK, "")].reduce((sum, letter) => sum + (isLight(letter.codePointAt(0)) ? 1 : 2), 0);
  return letters + 23 * (plain.match(LINK) ?? []).length;
}

document.addEventListener("input", ({ target }) => {
  if (!target.dataset?.weighs) return;
  const left = Number(target.dataset.weighs) - weighs(target.value.trim());
  const shown = document.querySelector(`output[for="${target.id}"]`);
  shown.value = left;
  shown.classList.toggle("missing", left < 0);
});
