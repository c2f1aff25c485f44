// What a conversation is drawn with: brought in by the first word of a visitor, or for one who has talked here before.

import css from "./conversation.css?inline";

export { Greeting } from "./greeting";
export { Messages } from "./messages";
export { Newest } from "./newest";
export { css };
