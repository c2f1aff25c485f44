// Addresses that somebody else wrote.

const SCHEMES = /^(https?:\/\/|mailto:|tel:)/i;

/** Tell whether an address may be followed: pages, mail and telephones, nothing that runs. */
export function isLink(href: string): boolean {
  return SCHEMES.test(href);
}
