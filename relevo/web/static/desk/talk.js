// How the desk's scripts speak to its API, and the words that they say.

export const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

export function token() {
  return document.querySelector(".who [name=form_token]")?.value ?? "";
}

export async function post(address, values, more = {}) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Form-Token": token() },
    body: JSON.stringify(values),
    signal: AbortSignal.timeout(15000),
    ...more,
  });
  return [response.status, await response.json()];
}

export function tell(sentence) {
  const toast = document.getElementById("toast");
  toast.querySelector("p").textContent = sentence;
  toast.hidden = false;
}

export function sentence(error) {
  return words[`problem.${error.code}`] ?? error.message;
}

export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
