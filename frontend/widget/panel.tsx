// The panel that the loader brings in: a room behind it, drawn with Preact into the element's shadow root.

import { render } from "preact";
import { App } from "./app";
import composer from "./composer.css?inline";
import type { Host, Panel } from "./contract";
import frame from "./frame.css?inline";
import log from "./log.css?inline";
import { Room } from "./room";
import { dress } from "./sheet";

export function mount(host: Host): Panel {
  dress(host.root, frame + log + composer);
  const place = Object.assign(document.createElement("div"), { className: "place" });
  host.root.prepend(place); // before the launcher, as it is read
  const room = new Room(host);
  render(<App room={room} />, place);
  return Object.assign(room, { destroy: leave.bind(null, room, place, room.destroy.bind(room)) });
}

function leave(_room: Room, place: HTMLElement, stop: () => void): void {
  stop();
  render(null, place);
  place.remove();
}
