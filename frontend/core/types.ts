// What passes between the server and a visitor's page: the shapes of /widget/api/v1.

export type Author = "contact" | "bot" | "agent" | "system";

export interface Button {
  title: string;
  payload?: string;
  url?: string;
}

export interface Attachment {
  id: string;
  name: string;
  mime: string;
  size_bytes: number;
  width?: number;
  height?: number;
}

export interface Message {
  position: number;
  author: Author;
  at: string;
  text?: string;
  buttons?: Button[];
  image?: string;
  custom?: unknown;
  attachments?: Attachment[];
  cid?: string;
}

/** A message on its way: what the outbox keeps until the server has it. */
export interface Outgoing {
  cid: string;
  at: string;
  text?: string;
  payload?: string;
  title?: string;
  attachments?: Attachment[];
}

export interface State {
  by: "bot" | "queue" | "person" | "nobody";
  person?: { name: string } | null;
  queue?: { position: number; wait_seconds?: number } | null;
  typing?: boolean;
  read_position?: number;
  rating?: { episode: number } | null;
  ended?: boolean;
  /** Names this snapshot, so that a poll need not repeat it. */
  tag?: string;
}

/** A text for each language that the site's owner has written it in. */
export type Texts = Record<string, string>;

export interface Rule {
  id: string;
  text: Texts;
  when: { path?: string; seconds?: number; scroll_percent?: number; visits?: number };
}

export interface PrechatField {
  name: string;
  label: Texts;
  type: "text" | "email" | "choice";
  required?: boolean;
  options?: { value: string; title?: Texts }[];
}

export interface Site {
  site: string;
  name: string;
  languages: string[];
  /** Languages in which the business addresses people formally. */
  formal?: string[];
  default_language: string;
  theme: {
    color?: string;
    color_dark?: string;
    position?: "end" | "start";
    launcher?: "bubble" | "none";
    title?: Texts;
    greeting?: Texts;
  };
  suggestions: Texts[];
  prechat: { fields: PrechatField[] } | null;
  consent: { text: Texts; url?: string } | null;
  hours: { open: boolean; text: Texts } | null;
  uploads: { max_bytes: number; types: string[]; at_once: number };
  proactive: Rule[];
  transcript?: { download?: boolean; mail?: boolean };
  sound: boolean;
  powered_by: boolean;
}

export interface Visitor {
  verified: boolean;
  name?: string;
}

export interface Session {
  token: string;
  expires_at: string;
  position: number;
  visitor?: Visitor;
}

/** What an owner's page says about itself; the bot and agents see it. */
export interface Context {
  page?: string;
  cart?: unknown;
  [name: string]: unknown;
}
