// A button that says something, or a way to a page.

import type { ComponentChildren } from "preact";
import { isLink } from "../core/links";
import type { Button } from "../core/types";
import type { Room } from "./room";

interface Offered {
  room: Room;
  button: Button;
  /** Whether it may still be chosen: what was answered is no question any more. */
  isOpen: boolean;
  children?: ComponentChildren;
}

export function Choice({ room, button: { title, payload, url }, isOpen, children = title }: Offered) {
  if (url) return isLink(url) ? <a href={url} target="_blank" rel="noopener noreferrer nofollow ugc">{children}</a> : null;
  const say = () => room.talk.say(payload ? { payload, title } : { text: title });
  return <button type="button" disabled={!isOpen} onClick={say}>{children}</button>;
}
