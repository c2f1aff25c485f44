// What a bot sent beyond words, drawn where it is something that we know.

import { Cards } from "./cards";
import { readCustom } from "./custom";
import { Form } from "./form";
import type { Room } from "./room";

export function Custom({ room, given, isOpen }: { room: Room; given: unknown; isOpen: boolean }) {
  const custom = readCustom(given);
  if (custom?.kind === "cards") return <Cards room={room} cards={custom.cards} isOpen={isOpen} />;
  return custom ? <Form room={room} form={custom} isOpen={isOpen} /> : null;
}
