// Server-sent events, from pieces of text that may end anywhere.

export interface Heard {
  event: string;
  data: string;
  id: string | undefined;
}

export class EventParser {
  #rest = "";

  /** Take the next piece and give the events that are whole by now. */
  take(piece: string): Heard[] {
    const blocks = (this.#rest + piece).replace(/\r\n?/g, "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(heard).filter((each) => each !== null);
  }
}

function heard(block: string): Heard | null {
  let event = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "event") event = value;
    else if (name === "id") id = value;
    else if (name === "data") data.push(value);
  }
  return data.length ? { event, data: data.join("\n"), id } : null;
}
