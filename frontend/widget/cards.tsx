// Cards side by side, to be moved by hand, by keys or by the two arrows.

import { live, useRef } from "./hooks";
import { Choice } from "./choice";
import type { Card } from "./custom";
import { Icon } from "./icon";
import type { Room } from "./room";

export const Cards = live(({ room, cards, isOpen }: { room: Room; cards: Card[]; isOpen: boolean }) => {
  const row = useRef<HTMLDivElement>(null);
  const turn = (by: number) => {
    const way = room.words?.direction === "rtl" ? -by : by;
    row.current?.scrollBy({ left: way * row.current.clientWidth * 0.8, behavior: "smooth" });
  };
  return (
    <>
      <div ref={row} class={`cards${cards.length === 1 ? " is-one" : ""}`} role="list" tabIndex={cards.length > 1 ? 0 : undefined} aria-label={cards.map(({ title }) => title).join(", ")}>
        {cards.map((card, index) => (
          <div key={index} class="card" role="listitem">
            {card.image && <img src={card.image} alt="" loading="lazy" referrerpolicy="no-referrer" />}
            <div>
              <b>{card.title}</b>
              {card.text && <p>{card.text}</p>}
            </div>
            {card.buttons.map((button, place) => <Choice key={place} room={room} button={button} isOpen={isOpen} />)}
          </div>
        ))}
      </div>
      {cards.length > 1 && (
        <div class="pager">
          <button type="button" aria-label={room.say("previous")} onClick={() => turn(-1)}><Icon name="previous" /></button>
          <button type="button" aria-label={room.say("next")} onClick={() => turn(1)}><Icon name="next" /></button>
        </div>
      )}
    </>
  );
});
