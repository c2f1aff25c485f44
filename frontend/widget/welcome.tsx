// Before the first word: a greeting, and questions that others ask.

import { Face, Icon } from "./icon";
import { Markdown } from "./markdown";
import type { Room } from "./room";

export function Welcome({ room }: { room: Room }) {
  const greeting = room.own(room.site.theme.greeting) || room.say("greeting");
  const given = room.host.element.getAttribute("greeting");
  const suggestions = room.site.suggestions.map((texts) => room.own(texts)).filter(Boolean);
  if (room.talk.items.length)
    return (
      <div class="welcome greeting">
        <div class="message bot is-first is-last"><div class="bubble"><Markdown text={given ?? greeting} /></div><Face name={room.site.name} isSmall /></div>
      </div>
    );
  return (
    <div class="welcome" id="chat-welcome">
      <div class="hero"><p>{given ?? greeting}</p></div>
      {suggestions.length > 0 && (
        <div class="suggestions" role="group" aria-label={room.say("suggestions")}>
          {suggestions.map((text) => (
            <button key={text} type="button" disabled={room.isPreview} onClick={() => room.talk.say({ text })}>
              <span>{text}</span>
              <Icon name="next" />
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
