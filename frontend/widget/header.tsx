// The panel's head: who answers, and what else can be done.

import { live, useRef, useState } from "./hooks";
import { Face, Icon } from "./icon";
import { Later } from "./later";
import type { Room } from "./room";

export const Header = live(({ room }: { room: Room }) => {
  const [isMenuOpen, setMenuOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const { by, person } = room.talk.state;
  const close = () => {
    setMenuOpen(false);
    opener.current?.focus();
  };
  return (
    <div class="top" part="header">
      <Face name={by === "person" ? (person?.name ?? "") : room.site.name} isPerson={by === "person"} />
      <div class="who">
        <h2 id="chat-title" tabIndex={-1}>{room.own(room.site.theme.title) || room.site.name || room.say("title")}</h2>
        <p role="status" class={by === "person" ? "live" : undefined}>{standing(room)}</p>
      </div>
      {room.phase === "chat" && !room.isPreview && (
        <button ref={opener} type="button" class="tool" aria-label={room.say("menu")} title={room.say("menu")} aria-expanded={isMenuOpen} onClick={() => setMenuOpen(!isMenuOpen)}>
          <Icon name="more" />
        </button>
      )}
      {!room.isFullPage && (
        <button type="button" class="tool" id="chat-close" aria-label={room.say("close")} title={room.say("close")} onClick={() => room.host.close()}>
          <Icon name="close" />
        </button>
      )}
      {isMenuOpen && <Later room={room} part="extras" draw={({ Menu }) => <Menu room={room} close={close} />} />}
    </div>
  );
});

function standing(room: Room): string {
  const { by, person, queue } = room.talk.state;
  if (by === "person") return person?.name ? room.say("person", { name: person.name }) : room.say("person_unnamed");
  if (by === "queue") return queued(room, queue?.position, queue?.wait_seconds);
  if (room.isVerified && room.visitorName) return room.say("verified", { name: room.visitorName });
  return room.site.hours && !room.site.hours.open ? room.own(room.site.hours.text) : room.say("subtitle");
}

function queued(room: Room, position: number | undefined, waitSeconds: number | undefined): string {
  if (!position) return room.say("queue_plain");
  const place = position === 1 ? room.say("queue_next") : room.say("queue", { n: position });
  return waitSeconds ? `${place} · ${room.say("queue_wait", { n: Math.ceil(waitSeconds / 60) })}` : place;
}
