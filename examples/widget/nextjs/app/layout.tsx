// The script with the request's nonce; its chunks need none under strict-dynamic. The chat stays from page to page.

import { headers } from "next/headers";
import Script from "next/script";
import type { ReactNode } from "react";

const CHAT = process.env.NEXT_PUBLIC_RELEVO ?? "https://help.example.com";

export default async function Layout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    <html lang="en">
      <body>
        {children}
        <Script src={`${CHAT}/widget/v1/widget.js`} data-site="shop" strategy="afterInteractive" nonce={nonce} />
      </body>
    </html>
  );
}
