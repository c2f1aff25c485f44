// A place for what is brought in when it is needed.

import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Extras, Room } from "./room";

export function Extra({ room, draw }: { room: Room; draw: (extras: Extras) => ComponentChildren }) {
  const { extras } = room;
  useEffect(() => void (extras ?? room.need()), []);
  return extras ? <>{draw(extras)}</> : <span class="spinner" />;
}
