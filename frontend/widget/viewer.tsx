// A picture as large as the screen lets it be.

import { live, useEffect, useRef } from "./hooks";
import { Bitmap } from "./bitmap";
import { download } from "./download";
import { Icon } from "./icon";
import type { Room } from "./room";

export interface Shown {
  blob: Blob;
  name: string;
}

export const Viewer = live(({ room, shown, close }: { room: Room; shown: Shown; close: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const onKey = (event: KeyboardEvent) => event.stopPropagation(); // Escape closes this and not the chat behind it
  return (
    <dialog ref={dialog} class="viewer" aria-label={room.say("photo")} onClose={close} onKeyDown={onKey}>
      <Bitmap load={() => Promise.resolve(shown.blob)} label={`${room.say("photo")}: ${shown.name}`} width={320} height={240} isWhole />
      <div>
        <button type="button" class="tool" aria-label={room.say("save")} onClick={() => download(URL.createObjectURL(shown.blob), shown.name)}>
          <Icon name="save" />
        </button>
        <button type="button" class="tool" aria-label={room.say("close")} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
    </dialog>
  );
});
