// What else can be done in a chat: another language, sound, a copy of it, its end.

import { live, useEffect, useRef } from "./hooks";
import { download } from "./download";
import { Icon } from "./icon";
import type { MoreIconName } from "./more-icons";
import type { Room } from "./room";

export const Menu = live(({ room, close }: { room: Room; close: () => void }) => {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    menu.current?.querySelector("button")?.focus();
    const elsewhere = (event: Event) => menu.current?.parentElement?.contains(event.composedPath()[0] as Node) || close();
    room.host.root.addEventListener("pointerdown", elsewhere);
    return () => room.host.root.removeEventListener("pointerdown", elsewhere);
  }, []);
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  };
  const act = (name: MoreIconName, key: string, action: () => void) => (
    <button type="button" onClick={() => (close(), action())}>
      <Icon name={name} />
      {room.say(key)}
    </button>
  );
  const hasTalked = room.talk.items.length > 0;
  const { transcript } = room.site;
  return (
    <div ref={menu} class="menu" onKeyDown={onKey}>
      {room.languages.length > 1 && <Languages room={room} />}
      {room.hasSound ? act("silent", "sound_off", () => room.toggleSound()) : act("sound", "sound_on", () => room.toggleSound())}
      {hasTalked && transcript?.download !== false && act("save", "save_transcript", () => void saveTranscript(room))}
      {hasTalked && room.isVerified && transcript?.mail && act("mail", "mail_transcript", () => void mailTranscript(room))}
      {hasTalked && !room.talk.state.ended && act("end", "end", () => void endTalk(room))}
      {hasTalked && act("anew", "restart", () => room.reset())}
    </div>
  );
});

function Languages({ room }: { room: Room }) {
  return (
    <div class="languages" role="group" aria-label={room.say("language")}>
      {room.languages.map((language) => (
        <button key={language} type="button" lang={language} aria-pressed={language === room.language} onClick={() => void room.speak(language)}>
          {named(language)}
        </button>
      ))}
    </div>
  );
}

function named(language: string): string {
  const name = new Intl.DisplayNames(language, { type: "language" }).of(language) ?? language;
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
}

async function saveTranscript(room: Room): Promise<void> {
  await told(room, async () => {
    const text = await (await room.talk.line.api.ask("transcript?format=txt")).blob();
    download(URL.createObjectURL(text), `${room.site.name || "chat"}.txt`);
  });
}

async function mailTranscript(room: Room): Promise<void> {
  await told(room, async () => {
    await room.talk.line.api.json("transcript", { method: "POST", body: {} });
    room.notice = room.say("mailed");
  });
}

async function endTalk(room: Room): Promise<void> {
  await told(room, () => room.talk.line.api.json("end", { method: "POST" }));
}

async function told(room: Room, deed: () => Promise<void>): Promise<void> {
  room.notice = "";
  try {
    await deed();
  } catch (error) {
    room.notice = (error as Error).message || room.say("problem_connection");
  }
  room.redraw();
}
