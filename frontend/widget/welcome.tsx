// Before the first word: a greeting, and questions that others ask.

import { Choice } from "./choice";
import { Icon } from "./icon";
import type { Room } from "./room";

export function Welcome({ room }: { room: Room }) {
  const suggestions = room.site.suggestions.map((texts) => room.own(texts)).filter(Boolean);
  const expect = () => void room.need("conversation");
  return (
    <div class="welcome" id="chat-welcome">
      <div class="hero"><p>{room.greeting}</p></div>
      {suggestions.length > 0 && (
        <div class="suggestions" role="group" aria-label={room.say("suggestions")} onPointerEnter={expect} onFocusIn={expect}>
          {suggestions.map((title) => (
            <Choice key={title} room={room} button={{ title }} isOpen={!room.isPreview}>
              <span>{title}</span>
              <Icon name="next" />
            </Choice>
          ))}
        </div>
      )}
    </div>
  );
}
