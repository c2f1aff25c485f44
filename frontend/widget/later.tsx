// A place for what is brought in when it is needed.

import type { ComponentChildren } from "preact";
import { Icon } from "./icon";
import type { Part, Parts, Room } from "./room";

interface Expected<Name extends Part> {
  room: Room;
  part: Name;
  draw: (part: Parts[Name]) => ComponentChildren;
}

export function Later<Name extends Part>({ room, part, draw }: Expected<Name>) {
  const brought = room.parts[part];
  if (brought) return <>{draw(brought)}</>;
  if (room.missing.has(part)) return <Missing room={room} part={part} />;
  void room.need(part);
  return <span class="spinner" />;
}

function Missing({ room, part }: { room: Room; part: Part }) {
  return (
    <p class="warning" role="alert">
      <Icon name="warn" />
      {room.say("problem_connection")}
      <button type="button" onClick={() => void room.need(part)}>{room.say("load_again")}</button>
    </p>
  );
}
