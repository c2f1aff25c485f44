// The panel's frame: where focus goes, what Escape does, and how it fits a phone with its keyboard up.

import { live, useEffect, useRef, useState } from "./hooks";
import { Composer } from "./composer";
import { Face } from "./icon";
import { Later } from "./later";
import { Header } from "./header";
import { Log } from "./log";
import { Notices } from "./notices";
import type { Room } from "./room";

const PHONE = "(max-width: 480px), (max-height: 420px)";
const REACHED = "button:not(:disabled), [href], input:not(:disabled), textarea, select, [tabindex='0']";

export const App = live(({ room }: { room: Room }) => {
  const [, redraw] = useState<object>({});
  useEffect(() => {
    room.redraw = () => redraw({});
    redraw({});
    return () => (room.redraw = () => undefined);
  }, [room]);
  if (!room.words) return null;
  if (room.isOpen) return <Frame room={room} />;
  const { teaser } = room;
  // What is to be read out must be there before it says anything.
  return <div role="status">{teaser && <Later room={room} part="extras" draw={({ Teaser }) => <Teaser room={room} rule={teaser} />} />}</div>;
});

const Frame = live(({ room }: { room: Room }) => {
  const frame = useRef<HTMLDivElement>(null);
  const isPhone = matchMedia(PHONE).matches && !room.isFullPage;
  useEffect(() => () => leave(frame.current, room), []);
  useEffect(() => arrive(frame.current, room), [room.phase]);
  useEffect(() => (frame.current ? fitToScreen(frame.current) : undefined), []);
  return (
    <div
      ref={frame}
      class="frame"
      part="panel"
      role="dialog"
      aria-modal={isPhone || undefined}
      aria-labelledby="chat-title"
      dir={room.words?.direction}
      lang={room.language}
      data-theme={room.isDark ? "dark" : "light"}
      onKeyDown={(event) => onKey(event, room, isPhone)}
    >
      <Header room={room} />
      <Sheet room={room} />
    </div>
  );
});

function Sheet({ room }: { room: Room }) {
  if (room.phase === "loading") return <div class="middle" role="status"><span class="spinner" /><span class="hidden">…</span></div>;
  if (room.phase === "broken" || room.phase === "unknown") return <Broken room={room} />;
  if (room.phase === "asking") return <div class="sheet"><Later room={room} part="extras" draw={({ Prechat }) => <Prechat room={room} />} /></div>;
  return (
    <div class="sheet">
      <Log room={room} />
      <Notices room={room} />
      {room.talk.state.rating && <Later room={room} part="extras" draw={({ Rating }) => <Rating room={room} />} />}
      <Composer room={room} />
      {room.site.powered_by && <p class="foot">{room.say("powered")}</p>}
    </div>
  );
}

function Broken({ room }: { room: Room }) {
  const isUnknown = room.phase === "unknown";
  return (
    <div class="middle" role="alert">
      <Face name="" />
      <p>{isUnknown ? room.say("unknown_site") : room.say("problem_connection")}</p>
      {isUnknown && room.problem && <p><small>{room.problem}</small></p>}
      {!isUnknown && <button type="button" class="primary" onClick={() => void room.load()}>{room.say("load_again")}</button>}
    </div>
  );
}

/** Move to where one goes on, unless the visitor has gone somewhere else meanwhile. */
function arrive(frame: HTMLElement | null, room: Room): void {
  const isTouch = matchMedia("(pointer: coarse)").matches; // where a focused field would bring up a keyboard unasked
  const { root, launcher } = room.host;
  const at = root.activeElement;
  if (!frame || room.isPreview || (room.isFullPage && isTouch) || (at && at !== launcher && at.id !== "chat-title")) return;
  const goal = !isTouch && frame.querySelector<HTMLElement>("#chat-text, .prechat input");
  (goal || frame.querySelector<HTMLElement>("#chat-title"))?.focus({ preventScroll: true });
}

/** Give the focus back to the button, where it was in the panel. */
function leave(frame: HTMLElement | null, { isOpen, host: { root, launcher } }: Room): void {
  const at = root.activeElement;
  const isElsewhere = document.activeElement !== document.body && !(at && (frame?.contains(at) || at === launcher));
  if (!isOpen && !isElsewhere && !launcher.hidden) launcher.focus({ preventScroll: true });
}

function onKey(event: KeyboardEvent, room: Room, isModal: boolean): void {
  if (event.key === "Escape" && !event.defaultPrevented && !room.isFullPage) room.host.close();
  else if (event.key === "Tab" && isModal) keepInside(event, room.host.root);
  event.stopPropagation(); // the page's own shortcuts are not for who writes here
}

function keepInside(event: KeyboardEvent, root: ShadowRoot): void {
  const reached = [...(root.querySelector(".frame")?.querySelectorAll<HTMLElement>(REACHED) ?? [])].filter((each) => each.offsetParent !== null);
  const [first, last] = [reached[0], reached.at(-1)];
  const leaves = event.shiftKey ? root.activeElement === first : root.activeElement === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

/** On phones the keyboard covers the page; what is left of it is ours. */
function fitToScreen(frame: HTMLElement): () => void {
  const screen = window.visualViewport;
  const place = frame.parentElement;
  if (!screen || !place) return () => undefined;
  const fit = () => {
    place.style.setProperty("--_height", `${screen.height}px`);
    place.style.setProperty("--_top", `${screen.offsetTop}px`);
  };
  fit();
  screen.addEventListener("resize", fit);
  screen.addEventListener("scroll", fit);
  return () => {
    screen.removeEventListener("resize", fit);
    screen.removeEventListener("scroll", fit);
  };
}
