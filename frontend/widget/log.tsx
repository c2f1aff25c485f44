// Where the conversation is read; the region for it is there before its first message, as screen readers need it.

import { live, useRef, useState } from "./hooks";
import { Later } from "./later";
import type { Room } from "./room";
import type { Shown } from "./viewer";
import { Welcome } from "./welcome";

export const Log = live(({ room }: { room: Room }) => {
  const scroll = useRef<HTMLDivElement>(null);
  const [viewed, setViewed] = useState<Shown>();
  const hasBegun = room.talk.items.length > 0;
  const { conversation } = room.parts;
  return (
    <>
      <div id="chat-scroll" ref={scroll} tabIndex={0} role="group" aria-label={room.say("log")}>
        {hasBegun ? conversation && <conversation.Greeting room={room} /> : <Welcome room={room} />}
        <div id="chat-log" role="log" aria-label={room.say("log")} part="log">
          {(hasBegun || conversation) && <Later room={room} part="conversation" draw={({ Messages }) => <Messages room={room} view={setViewed} />} />}
        </div>
      </div>
      {conversation && <conversation.Newest room={room} scroll={scroll} />}
      {viewed && <Later room={room} part="extras" draw={({ Viewer }) => <Viewer room={room} shown={viewed} close={() => setViewed(undefined)} />} />}
    </>
  );
});
