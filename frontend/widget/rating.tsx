// How the visitor found it: five stars and, if they like, a word.

import { live, useState } from "./hooks";
import { Icon } from "./icon";
import type { Room } from "./room";

const SCORES = [1, 2, 3, 4, 5];

export const Rating = live(({ room }: { room: Room }) => {
  const asked = room.talk.state.rating;
  const [rated, setRated] = useState<number>();
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  if (!asked) return null;
  if (rated === asked.episode) return <div class="rating" role="status">{room.say("rated")}</div>;
  const send = async (event: Event) => {
    event.preventDefault();
    const body = { score, ...(comment.trim() && { comment: comment.trim() }) };
    try {
      await room.talk.line.api.json("rating", { method: "POST", body });
      setRated(asked.episode);
    } catch (error) {
      room.notice = (error as Error).message || room.say("problem_connection");
      room.redraw();
    }
  };
  return (
    <form class="rating" onSubmit={(event) => void send(event)}>
      <fieldset>
        <legend>{room.say("rate")}</legend>
        <div class="stars">
          {SCORES.map((n) => (
            <label key={n} class={n <= score ? "is-on" : undefined}>
              <input type="radio" name="score" value={n} aria-label={room.say("rate_n", { n })} checked={n === score} onChange={() => setScore(n)} />
              <Icon name="star" />
            </label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <>
          <textarea rows={2} maxLength={2000} aria-label={room.say("rate_comment")} placeholder={room.say("rate_comment")} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
          <button class="primary">{room.say("rate_send")}</button>
        </>
      )}
    </form>
  );
});
