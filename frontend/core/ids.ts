// Ids that nobody else makes.

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID exists over https only
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
