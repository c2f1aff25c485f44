// What is chosen and not yet sent: how far it is, what is wrong with it, and how to be rid of it.

import { Bitmap } from "./bitmap";
import { kindOf } from "./files";
import { Icon } from "./icon";
import type { Room } from "./room";
import type { Chosen, Tray } from "./tray";

export function TrayView({ room, tray, onRemoved }: { room: Room; tray: Tray; onRemoved: () => void }) {
  const { files } = tray;
  return (
    <ul id="chat-tray" aria-label={room.say("tray")}>
      {files.map((entry) => <Entry key={entry.key} room={room} tray={tray} entry={entry} onRemoved={onRemoved} />)}
    </ul>
  );
}

function Entry({ room, tray, entry, onRemoved }: { room: Room; tray: Tray; entry: Chosen; onRemoved: () => void }) {
  const { file, state, share, problem } = entry;
  const canRetry = problem?.retryAfter !== undefined;
  const isPicture = /^image\/(jpeg|png|webp|gif)$/.test(file.type);
  return (
    <li class="chosen" data-state={state}>
      {isPicture ? <Bitmap load={() => Promise.resolve(file)} width={44} height={44} /> : <b class="kind">{kindOf(file.name)}</b>}
      <bdi class="name">{file.name}</bdi>
      <span class="state" role={state === "failed" ? "alert" : undefined}>{told(room, entry)}</span>
      {state === "uploading" && <progress max={1} value={share} aria-label={`${room.say("uploading")} ${file.name}`} />}
      {canRetry && <button type="button" class="retry" onClick={() => void tray.upload(entry)}>{room.say("retry")}</button>}
      <button type="button" class="remove" aria-label={`${room.say("remove")}: ${file.name}`} onClick={() => (tray.remove(entry), onRemoved())}>
        <Icon name="close" />
      </button>
    </li>
  );
}

function told(room: Room, { state, problem }: Chosen): string {
  if (state === "failed") return room.explain(problem?.code, problem?.message);
  return room.say(state === "ready" ? "attached" : "uploading");
}
