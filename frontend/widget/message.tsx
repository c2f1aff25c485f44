// One message: words, choices, cards, files, and what became of it.

import { isLink } from "../core/markdown";
import type { Button } from "../core/types";
import { Extra } from "./extra";
import { Face } from "./icon";
import { Markdown } from "./markdown";
import type { Room } from "./room";
import type { Item } from "./talk";
import type { Shown } from "./viewer";

interface Drawn {
  room: Room;
  item: Item;
  /** The moment whose day is to be named above it. */
  day: string | undefined;
  isFirst: boolean;
  isLast: boolean;
  isNew: boolean;
  isNewest: boolean;
  isLastOwn: boolean;
  view: (shown: Shown) => void;
}

export function MessageView({ room, item, day, isFirst, isLast, isNew, isNewest, isLastOwn, view }: Drawn) {
  const { author, attachments = [], buttons = [], image, note } = item;
  const isOwn = author === "contact";
  const names = { isFirst: "is-first", isLast: "is-last", isNew: "is-new" };
  const marks = Object.entries({ isFirst, isLast, isNew }).map(([name, holds]) => (holds ? ` ${names[name as keyof typeof names]}` : ""));
  return (
    <>
      {day && <div class="day">{room.words?.day(day)}</div>}
      <div class={`message ${author}${marks.join("")}${note === "failed" ? " failed" : ""}`} part="message">
        <span class="hidden">{`${speaker(room, item)}: `}</span>
        <Said room={room} item={item} />
        {attachments.length > 0 && <Extra room={room} draw={({ Files }) => <Files room={room} attachments={attachments} view={view} />} />}
        {image && <Picture room={room} src={image} />}
        {item.custom !== undefined && <Extra room={room} draw={({ Custom }) => <Custom room={room} given={item.custom} isOpen={isNewest} />} />}
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

/** A button that says something, or a way to a page; what was answered is no question any more. */
export function Choice({ room, button: { title, payload, url }, isOpen }: { room: Room; button: Button; isOpen: boolean }) {
  if (url) return isLink(url) ? <a href={url} target="_blank" rel="noopener noreferrer nofollow ugc">{title}</a> : null;
  const say = () => room.talk.say(payload ? { payload, title } : { text: title });
  return <button type="button" disabled={!isOpen} onClick={say}>{title}</button>;
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
  const time = room.words?.time(item.at) ?? "";
  if (item.author !== "contact") return `\u2068${speaker(room, item)}\u2069 · ${time}`;
  if (!isLastOwn || item.note || item.position === Infinity) return time;
  const isRead = (room.talk.state.read_position ?? 0) >= item.position;
  return `${time} · ${room.say(isRead ? "read" : "delivered")}`;
}

function noted(room: Room, { note, problem }: Item): string {
  if (note === "failed") return `${room.say("failed")} ${explained(room, problem?.code, problem?.sentence)}`;
  return note ? room.say(note) : "";
}

/** Say what went wrong in the visitor's language, or as the server said it where there are no words for it. */
export function explained(room: Room, code = "connection", sentence = ""): string {
  const { max_bytes: most, at_once: n } = room.site.uploads;
  const key = `problem_${code}`;
  return room.words?.has(key) ? room.say(key, { size: `${Math.round(most / 1048576)} MB`, n }) : sentence || room.say("problem_connection");
}
