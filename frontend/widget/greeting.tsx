// The welcome once there is a conversation: its first message.

import { Face } from "./icon";
import { Markdown } from "./markdown";
import type { Room } from "./room";

export function Greeting({ room }: { room: Room }) {
  return (
    <div class="greeting message bot is-first is-last">
      <div class="bubble"><Markdown text={room.greeting} /></div>
      <Face name={room.site.name} isSmall />
    </div>
  );
}
