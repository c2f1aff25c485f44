// Messages: words, choices, cards, files, and what became of each; in order, by days and authors.

import type { Button } from "../core/types";
import { Choice } from "./choice";
import { dayOf, timeOf } from "./dates";
import { live, useRef } from "./hooks";
import { Face } from "./icon";
import { Later } from "./later";
import { Markdown } from "./markdown";
import type { Room } from "./room";
import type { Item } from "./talk";
import type { Shown } from "./viewer";

const GROUP_MS = 5 * 60_000;

interface Given {
  room: Room;
  view: (shown: Shown) => void;
}

export const Messages = live(({ room, view }: Given) => {
  const { items } = room.talk;
  const known = useRef<Set<string> | undefined>(undefined);
  const isFirstLook = !known.current;
  const seen = (known.current ??= new Set());
  const isNew = ({ key }: Item) => !seen.has(key) && Boolean(seen.add(key)) && !isFirstLook;
  const lastOwn = items.filter(({ author }) => author === "contact").at(-1);
  return items.map((item, index) => (
    <MessageView
      key={item.key}
      room={room}
      item={item}
      {...laidOut(item, items[index - 1], items[index + 1])}
      isNew={isNew(item)}
      isNewest={item === items.at(-1)}
      isLastOwn={item === lastOwn}
      view={view}
    />
  ));
});

function laidOut(item: Item, before: Item | undefined, after: Item | undefined) {
  const isNewDay = !before || dateOf(before) !== dateOf(item);
  return {
    day: isNewDay ? item.at : undefined,
    isFirst: isNewDay || !belong(before, item),
    isLast: !after || dateOf(after) !== dateOf(item) || !belong(item, after),
  };
}

function belong(one: Item, next: Item): boolean {
  return one.author === next.author && Math.abs(Date.parse(next.at) - Date.parse(one.at)) < GROUP_MS;
}

function dateOf({ at }: Item): string {
  return new Date(at).toDateString();
}

interface Drawn extends Given {
  item: Item;
  /** The moment whose day is to be named above it. */
  day: string | undefined;
  isFirst: boolean;
  isLast: boolean;
  isNew: boolean;
  isNewest: boolean;
  isLastOwn: boolean;
}

function MessageView({ room, item, day, isFirst, isLast, isNew, isNewest, isLastOwn, view }: Drawn) {
  const { author, attachments = [], buttons = [], image, note } = item;
  const isOwn = author === "contact";
  const names = { isFirst: "is-first", isLast: "is-last", isNew: "is-new" };
  const marks = Object.entries({ isFirst, isLast, isNew }).map(([name, holds]) => (holds ? ` ${names[name as keyof typeof names]}` : ""));
  return (
    <>
      {day && <div class="day">{dayOf(day, room.language)}</div>}
      <div class={`message ${author}${marks.join("")}${note === "failed" ? " failed" : ""}`} part="message">
        <span class="hidden">{`${speaker(room, item)}: `}</span>
        <Said room={room} item={item} />
        {attachments.length > 0 && <Later room={room} part="extras" draw={({ Files }) => <Files room={room} attachments={attachments} view={view} />} />}
        {image && <Picture room={room} src={image} />}
        {item.custom !== undefined && <Later room={room} part="extras" draw={({ Custom }) => <Custom room={room} given={item.custom} isOpen={isNewest} />} />}
        {buttons.length > 0 && isNewest && <Choices room={room} buttons={buttons} />}
        {!isOwn && author !== "system" && isLast && <Face name={author === "agent" ? personOf(room) : room.site.name} isPerson={author === "agent"} isSmall />}
        {author !== "system" && isLast && <span class="when">{caption(room, item, isLastOwn)}</span>}
        <span class="note">{noted(room, item)}</span>
      </div>
    </>
  );
}

function Said({ room, item }: { room: Room; item: Item }) {
  const { author, text, payload, title } = item;
  const said = title ?? room.talk.titleOf(payload ?? text) ?? text;
  if (!said) return null;
  return <div class="bubble" dir="auto">{author === "contact" ? said : <Markdown text={said} />}</div>;
}

function Choices({ room, buttons }: { room: Room; buttons: Button[] }) {
  return (
    <div class="choices">
      {buttons.map((button, index) => <Choice key={index} room={room} button={button} isOpen />)}
    </div>
  );
}

function Picture({ room, src }: { room: Room; src: string }) {
  if (!/^https?:\/\//i.test(src)) return <div class="bubble">{src}</div>;
  const link = { href: src, target: "_blank", rel: "noopener noreferrer nofollow ugc" };
  return <a {...link}><img class="picture" src={src} alt={room.say("picture")} loading="lazy" referrerpolicy="no-referrer" /></a>;
}

function speaker(room: Room, { author }: Item): string {
  if (author === "bot") return room.name;
  if (author === "agent") return personOf(room) || (room.site.name ? room.say("agent_of", { name: room.site.name }) : room.say("agent"));
  return room.say(author === "contact" ? "you" : author);
}

function personOf(room: Room): string {
  return room.talk.state.person?.name ?? "";
}

function caption(room: Room, item: Item, isLastOwn: boolean): string {
  const time = timeOf(item.at, room.language);
  if (item.author !== "contact") return `\u2068${speaker(room, item)}\u2069 · ${time}`;
  if (!isLastOwn || item.note || item.position === Infinity) return time;
  const isRead = (room.talk.state.read_position ?? 0) >= item.position;
  return `${time} · ${room.say(isRead ? "read" : "delivered")}`;
}

function noted(room: Room, { note, problem }: Item): string {
  if (note === "failed") return `${room.say("failed")} ${room.explain(problem?.code, problem?.sentence)}`;
  return note ? room.say(note) : "";
}
