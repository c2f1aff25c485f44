// What is going on right now: somebody writes, something takes long, the line is down.

import { Icon } from "./icon";
import type { Room } from "./room";

export function Notices({ room }: { room: Room }) {
  const { expecting, state, link, line } = room.talk;
  const isTyping = state.by !== "queue" && (state.typing || (expecting === "answer" && state.by === "bot"));
  const name = state.by === "person" ? (state.person?.name ?? room.say("agent")) : room.name;
  return (
    <div class="notices">
      <div role="status">
        <p id="chat-typing" hidden={!isTyping}>
          <span class="dots" aria-hidden="true"><i /><i /><i /></span>
          {isTyping && <span class="hidden">{room.say("typing", { name })}</span>}
        </p>
        <p id="chat-slow" hidden={expecting !== "late"}>{expecting === "late" && room.say("slow")}</p>
        <Warning id="chat-offline" sentence={link === "online" ? "" : link === "offline" ? room.say("offline") : room.say("refused")} />
        <Warning id="chat-forgetful" sentence={line.memory.isForgetful && room.talk.items.length ? room.say("storage") : ""} />
        {room.notice && <p>{room.notice}</p>}
        {state.ended && <p id="chat-ended">{room.say("ended")}</p>}
      </div>
    </div>
  );
}

function Warning({ id, sentence }: { id: string; sentence: string }) {
  return (
    <p id={id} class="warning" hidden={!sentence}>
      {sentence && <Icon name="warn" />}
      {sentence}
    </p>
  );
}
