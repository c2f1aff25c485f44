// The chat as a component: rendered it is there, taken away it stops, and comes back with the same conversation.

import { createElement, useEffect } from "react";

interface Given {
  /** Where Relevo is, such as https://help.example.com. */
  host: string;
  site: string;
  color?: string;
  /** A JWT from your server, while somebody is signed in. */
  jwt?: string;
  onUnread?: (count: number) => void;
}

export function RelevoChat({ host, site, color, jwt, onUnread }: Given) {
  useEffect(() => {
    const src = `${host}/widget/v1/widget.js`;
    if (document.querySelector(`script[src="${src}"]`)) return;
    document.head.append(Object.assign(document.createElement("script"), { src, async: true }));
  }, [host]);
  useEffect(() => {
    if (!jwt) return;
    (window.Relevo ??= []).push(["identify", jwt]);
    return () => void (window.Relevo ??= []).push(["logout"]);
  }, [jwt]);
  useEffect(() => {
    const hear = (event: Event) => onUnread?.((event as CustomEvent<{ count: number }>).detail.count);
    document.addEventListener("relevo:unread", hear);
    return () => document.removeEventListener("relevo:unread", hear);
  }, [onUnread]);
  return createElement("relevo-chat", { site, color, api: host });
}
