// The conversation: in order, by days and authors, at its end unless the visitor reads further up.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Extra } from "./extra";
import { Icon } from "./icon";
import { MessageView } from "./message";
import type { Room } from "./room";
import type { Item } from "./talk";
import type { Shown } from "./viewer";
import { Welcome } from "./welcome";

const GROUP_MS = 5 * 60_000;
const NEAR_PX = 80;

export function Log({ room }: { room: Room }) {
  const scroll = useRef<HTMLDivElement>(null);
  const isNear = useRef(true);
  const wasAt = useRef(0);
  const [isBehind, setBehind] = useState(false);
  const [viewed, setViewed] = useState<Shown>();
  const known = useRef<Set<string>>(undefined);
  const { items, expecting, state } = room.talk;
  const isFirstLook = known.current === undefined;
  const seen = (known.current ??= new Set(items.map(({ key }) => key)));
  const newest = items.at(-1);
  const toEnd = () => {
    if (scroll.current) scroll.current.scrollTop = endOf(scroll.current);
  };
  useLayoutEffect(() => {
    if (isNear.current || newest?.position === Infinity) toEnd();
    else setBehind(true);
    for (const { key } of items) seen.add(key);
  }, [items.length, newest?.key, expecting, state.typing, state.rating, room.talk.link]);
  useEffect(() => {
    const place = scroll.current;
    if (!place) return undefined;
    const watch = new ResizeObserver(() => isNear.current && toEnd()); // pictures, cards and a keyboard come later
    for (const each of [place, ...place.children]) watch.observe(each);
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    const place = scroll.current;
    if (!place) return;
    if (isAtEnd(place)) setBehind(false);
    // What grows below is no wish to read above; only whoever scrolls up has that.
    if (place.scrollTop < wasAt.current || isAtEnd(place)) isNear.current = isAtEnd(place);
    wasAt.current = place.scrollTop;
  };
  const dated = items.map((item, index) => laidOut(item, items[index - 1], items[index + 1]));
  const lastOwn = items.findIndex((item) => item === [...items].reverse().find(({ author }) => author === "contact"));
  return (
    <>
      <div id="chat-scroll" class={items.length ? "is-begun" : undefined} ref={scroll} tabIndex={0} role="group" aria-label={room.say("log")} onScroll={onScroll}>
        <Welcome room={room} />
        <div id="chat-log" role="log" aria-label={room.say("log")} part="log">
          {dated.map(({ item, day, isFirst, isLast }, index) => (
            <MessageView
              key={item.key}
              room={room}
              item={item}
              day={day}
              isFirst={isFirst}
              isLast={isLast}
              isNew={!isFirstLook && !seen.has(item.key)}
              isNewest={item === newest}
              isLastOwn={index === lastOwn}
              view={setViewed}
            />
          ))}
        </div>
      </div>
      {isBehind && (
        <div class="notices">
          <button type="button" class="newest" onClick={() => (toEnd(), setBehind(false))}>
            <Icon name="down" />
            {room.say("newest")}
          </button>
        </div>
      )}
      {viewed && <Extra room={room} draw={({ Viewer }) => <Viewer room={room} shown={viewed} close={() => setViewed(undefined)} />} />}
    </>
  );
}

/** Give where the newest message is read from: its end, or its beginning where it is longer than the screen. */
function endOf(place: HTMLElement): number {
  const newest = place.querySelector<HTMLElement>("#chat-log > .message:last-child");
  const isLong = newest && !newest.classList.contains("contact") && newest.offsetHeight > place.clientHeight - 24;
  return isLong ? newest.offsetTop - 12 : place.scrollHeight - place.clientHeight;
}

function isAtEnd(place: HTMLElement): boolean {
  return place.scrollTop > endOf(place) - NEAR_PX;
}

function laidOut(item: Item, before: Item | undefined, after: Item | undefined) {
  const isNewDay = !before || dayOf(before) !== dayOf(item);
  return {
    item,
    day: isNewDay ? item.at : undefined,
    isFirst: isNewDay || !belong(before, item),
    isLast: !after || dayOf(after) !== dayOf(item) || !belong(item, after),
  };
}

function belong(one: Item, next: Item): boolean {
  return one.author === next.author && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < GROUP_MS;
}

function dayOf({ at }: Item): string {
  return new Date(at).toDateString();
}
