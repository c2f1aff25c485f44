// Keeps the log at its end unless the visitor reads further up, and leads back from there.

import { live, useEffect, useRef, useState } from "./hooks";
import { Icon } from "./icon";
import type { Room } from "./room";

const NEAR_PX = 80;

export const Newest = live(({ room, scroll }: { room: Room; scroll: { current: HTMLElement | null } }) => {
  const isNear = useRef(true);
  const [isBehind, setBehind] = useState(false);
  const { items, expecting, state, link } = room.talk;
  const newest = items.at(-1);
  const toEnd = () => {
    if (scroll.current) scroll.current.scrollTop = endOf(scroll.current);
  };
  useEffect(() => {
    if (isNear.current || newest?.position === Infinity) toEnd();
    else setBehind(true);
  }, [items.length, newest?.key, expecting, state.typing, state.rating, link]);
  useEffect(() => {
    const place = scroll.current;
    if (!place) return undefined;
    let wasAt = 0;
    const onScroll = () => {
      if (isAtEnd(place)) setBehind(false);
      // What grows below is no wish to read above; only whoever scrolls up has that.
      if (place.scrollTop < wasAt || isAtEnd(place)) isNear.current = isAtEnd(place);
      wasAt = place.scrollTop;
    };
    const watch = new ResizeObserver(() => isNear.current && toEnd()); // pictures, cards and a keyboard come later
    for (const each of [place, ...place.children]) watch.observe(each);
    place.addEventListener("scroll", onScroll);
    return () => {
      watch.disconnect();
      place.removeEventListener("scroll", onScroll);
    };
  }, []);
  if (!isBehind) return null;
  return (
    <div class="notices">
      <button type="button" class="newest" onClick={() => (toEnd(), setBehind(false))}>
        <Icon name="down" />
        {room.say("newest")}
      </button>
    </div>
  );
});

/** Give where the newest message is read from: its end, or its beginning where it is longer than the screen. */
function endOf(place: HTMLElement): number {
  const newest = place.querySelector<HTMLElement>("#chat-log > .message:last-child");
  const isLong = newest && !newest.classList.contains("contact") && newest.offsetHeight > place.clientHeight - 24;
  return isLong ? newest.offsetTop - 12 : place.scrollHeight - place.clientHeight;
}

function isAtEnd(place: HTMLElement): boolean {
  return place.scrollTop > endOf(place) - NEAR_PX;
}
