// A word beside the button before anybody asked; it stays until it is taken or waved away.

import type { Rule } from "../core/types";
import { Icon } from "./icon";
import type { Room } from "./room";

export function Teaser({ room, rule }: { room: Room; rule: Rule }) {
  return (
    <div class="teaser" onKeyDown={({ key }) => key === "Escape" && room.wave()} dir={room.words?.direction} lang={room.language} data-theme={room.isDark ? "dark" : "light"}>
      <button type="button" class="say" onClick={() => room.host.open()}>{room.own(rule.text)}</button>
      <button type="button" class="tool" aria-label={room.say("dismiss")} onClick={() => room.wave()}>
        <Icon name="close" />
      </button>
    </div>
  );
}
