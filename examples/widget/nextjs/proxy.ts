// A nonce for each request; with strict-dynamic it is all that the chat's script needs beside connect-src.

import { NextResponse, type NextRequest } from "next/server";

const CHAT = process.env.NEXT_PUBLIC_RELEVO ?? "https://help.example.com";

export function proxy(request: NextRequest) {
  const nonce = btoa(crypto.randomUUID());
  const policy = [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    `connect-src 'self' ${CHAT}`,
    "style-src 'self'",
    "base-uri 'none'",
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}
