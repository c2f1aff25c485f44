// Files of a message: pictures small, to be opened; everything else as a card that saves it.

import { live, useState } from "./hooks";
import type { Problem } from "../core/problem";
import type { Attachment } from "../core/types";
import { Bitmap } from "./bitmap";
import { download } from "./download";
import type { Room } from "./room";
import type { Shown } from "./viewer";

const WIDE = 232;
const HIGH = 200;

interface Given {
  room: Room;
  view: (shown: Shown) => void;
}

export function Files({ room, attachments, view }: Given & { attachments: Attachment[] }) {
  return (
    <div class="files">
      {attachments.map((file) => <FileView key={file.id} room={room} file={file} view={view} />)}
    </div>
  );
}

const FileView = live(({ room, file, view }: Given & { file: Attachment }) => {
  const [problem, setProblem] = useState<Problem>();
  const { api } = room.talk.line;
  const isPicture = file.mime.startsWith("image/");
  const isGone = problem?.status === 410;
  const fail = (error: unknown) => setProblem(error as Problem);
  const open = async () => {
    try {
      const whole = await api.file(file.id);
      setProblem(undefined);
      if (isPicture) view({ blob: whole, name: file.name });
      else download(URL.createObjectURL(whole), file.name);
    } catch (error) {
      fail(error);
    }
  };
  const label = `${room.say("open")}: ${room.say(isPicture ? "photo" : "file")} ${file.name}`;
  return (
    <button type="button" class={isPicture ? "picture-file" : "file"} aria-label={label} title={file.name} disabled={isGone} onClick={() => void open()}>
      {isPicture ? <Bitmap load={() => api.file(file.id, true)} {...fitting(file)} onFail={fail} /> : <Named file={file} />}
      {problem && <span class="why">{room.say(isGone ? "erased" : "not_loaded")}</span>}
    </button>
  );
});

function Named({ file: { name, size_bytes: bytes, mime } }: { file: Attachment }) {
  return (
    <>
      <span class="kind" aria-hidden="true">{mime === "application/pdf" ? "PDF" : kindOf(name)}</span>
      <bdi class="name">{name}</bdi>
      <small>{bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`}</small>
    </>
  );
}

export function kindOf(name: string): string {
  return (name.split(".").pop() ?? "").slice(0, 4).toUpperCase();
}

function fitting({ width = WIDE, height = 174 }: Attachment): { width: number; height: number } {
  const scale = Math.min(1, WIDE / width, HIGH / height);
  return { width: Math.max(24, Math.round(width * scale)), height: Math.max(24, Math.round(height * scale)) };
}
