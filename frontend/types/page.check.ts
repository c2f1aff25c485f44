// What a page may write, checked by `npm run types`: it compiles, and each line marked as an error is one.

import type { RelevoEvents, RelevoMethods } from "./relevo-widget";
import type { RelevoChat } from "../widget/element";

const Queue = (window.Relevo ??= []);
if (Array.isArray(Queue)) Queue.push(["on", "message", ({ author, text }: RelevoEvents["message"]) => console.log(author, text?.length)]);
else {
  Queue("identify", "jwt");
  Queue.open();
  Queue.push(["setContext", { page: "/cart", cart: { total: 3 } }], ["toggle"]);
  Queue.on("unread", ({ count }) => console.log(count.toFixed()));
  // @ts-expect-error there is no such event
  Queue.on("opened", () => undefined);
  // @ts-expect-error a JWT is a string
  Queue.identify(7);
  // @ts-expect-error there is no such method
  Queue("shout");
}

document.querySelector("relevo-chat")?.prefill("Where is my order?");
const chat = document.createElement("relevo-chat");
chat.addEventListener("relevo:open", () => chat.close());

/** The element does what the types promise. */
export const promised: (element: RelevoChat) => RelevoMethods = (element) => element;
