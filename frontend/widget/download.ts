// Saves something that was fetched with a token, under its own name.

export function download(url: string, name: string): void {
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
