// Where the visitor writes: text, photos and files, by hand, by drop and by paste.

import { live, useEffect, useRef, useState } from "./hooks";
import { Icon, type IconName } from "./icon";
import { Later } from "./later";
import type { Room } from "./room";

const LONGEST = 16_000;

export const Composer = live(({ room }: { room: Room }) => {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(() => room.talk.line.memory.get().draft ?? "");
  const [isWaiting, setWaiting] = useState(false);
  const [isOver, setOver] = useState(false);
  const { tray } = room;
  const { types, at_once: together } = room.site.uploads;
  const takes = together > 0 && types.length > 0; // named one by one, phones turn HEIC into JPEG
  const write = (value: string) => {
    setText(value);
    if (room.talk.line.api.token) room.talk.line.memory.set({ draft: value || undefined });
  };
  useEffect(() => {
    if (room.prefilled) write(room.prefilled.text);
    room.prefilled = undefined;
  }, [room.prefilled]);
  useEffect(() => (takes ? acceptDrops(room, setOver) : undefined), [takes]);
  const submit = () => {
    if (tray?.isUploading) return setWaiting(true);
    const said = text.trim();
    const attachments = tray?.take() ?? [];
    if (said || attachments.length) room.talk.say({ ...(said && { text: said }), ...(attachments.length && { attachments }) });
    write("");
  };
  useEffect(() => {
    if (!isWaiting || tray?.isUploading) return;
    setWaiting(false);
    if (!tray?.hasFailed) submit(); // else the sender decides what goes without it
  }, [isWaiting, tray?.isUploading]);
  const back = () => field.current?.focus({ preventScroll: true });
  const send = (event: Event) => {
    event.preventDefault();
    if (!room.isPreview) submit();
    if (!matchMedia("(pointer: coarse)").matches) back(); // no keyboard jumps up
  };
  const onInput = ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => {
    write(currentTarget.value);
    grow(currentTarget);
    room.talk.typing();
    void room.need("conversation"); // is there by the time that the message is
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const onPaste = (event: ClipboardEvent) => {
    if (!takes || !event.clipboardData?.files.length) return;
    event.preventDefault();
    void room.attach([...event.clipboardData.files]);
  };
  const placeholder = room.say("placeholder");
  return (
    <>
      <p class="notices" role="status" id="chat-uploading" hidden={!isWaiting}>{isWaiting && room.say("when_uploaded")}</p>
      {tray && tray.files.length > 0 && <Later room={room} part="extras" draw={({ TrayView }) => <TrayView room={room} tray={tray} onRemoved={back} />} />}
      <form class="composer" part="composer" onSubmit={send}>
        <div class="field">
          {takes && <Picker room={room} id="pick" icon="clip" label="attach" accept={types.join(",")} isMany after={back} />}
          {takes && matchMedia("(pointer: coarse)").matches && <Picker room={room} id="shoot" icon="camera" label="camera" accept="image/jpeg" after={back} />}
          <textarea
            ref={field}
            id="chat-text"
            rows={1}
            maxLength={LONGEST}
            dir="auto"
            placeholder={placeholder}
            aria-label={placeholder}
            value={text}
            onInput={onInput}
            onKeyDown={onKey}
            onPaste={onPaste}
          />
          <button class="send" aria-label={room.say("send")} data-idle={!text.trim() && !tray?.files.length ? "" : undefined}><Icon name="send" /></button>
        </div>
      </form>
      {isOver && <p class="drop" aria-hidden="true">{room.say("drop")}</p>}
    </>
  );
});

interface Picked {
  room: Room;
  id: string;
  icon: IconName;
  label: string;
  accept: string;
  isMany?: boolean;
  after: () => void;
}

const Picker = live(({ room, id, icon, label, accept, isMany = false, after }: Picked) => {
  const input = useRef<HTMLInputElement>(null);
  const onChange = () => {
    void room.attach([...(input.current?.files ?? [])]);
    if (input.current) input.current.value = "";
    after();
  };
  return (
    <>
      <input ref={input} type="file" id={`chat-${id}`} accept={accept} multiple={isMany} capture={isMany ? undefined : "environment"} hidden onChange={onChange} />
      <button type="button" class="tool" aria-label={room.say(label)} title={room.say(label)} onClick={() => input.current?.click()}>
        <Icon name={icon} />
      </button>
    </>
  );
});

/** Grow with what is written, where the browser does not do so by itself. */
function grow(field: HTMLTextAreaElement): void {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function acceptDrops(room: Room, setOver: (isOver: boolean) => void): () => void {
  const end = new AbortController();
  const frame = room.host.root.querySelector<HTMLElement>(".frame");
  const on = (name: string, hear: (event: DragEvent) => void) =>
    frame?.addEventListener(name, (event) => (event.preventDefault(), hear(event as DragEvent)), { signal: end.signal });
  const over = ({ dataTransfer }: DragEvent) => setOver(dataTransfer?.types.includes("Files") ?? false);
  on("dragenter", over);
  on("dragover", over);
  on("dragleave", ({ relatedTarget }) => frame?.contains(relatedTarget as Node | null) || setOver(false));
  on("drop", ({ dataTransfer }) => (setOver(false), void room.attach([...(dataTransfer?.files ?? [])])));
  return () => end.abort();
}
