// What the site asks before the first message, and the consent that it needs; what was typed is never lost.

import { live, useState } from "./hooks";
import { isLink } from "../core/links";
import type { PrechatField } from "../core/types";
import type { Field } from "./custom";
import { Entries, goToFirst, mistakes, type Values } from "./fields";
import type { Room } from "./room";

export const Prechat = live(({ room }: { room: Room }) => {
  const kept = room.talk.line.memory.get();
  const [values, setValues] = useState<Values>(kept.prechat ?? (room.visitorName ? { name: room.visitorName } : {}));
  const [wrong, setWrong] = useState<Values>({});
  const [agrees, setAgrees] = useState(false);
  const { consent, prechat } = room.site;
  const fields = kept.token ? [] : (prechat?.fields ?? []).map((field) => asField(room, field));
  const begin = (event: SubmitEvent) => {
    event.preventDefault();
    const found = mistakes(room, fields, values);
    if (consent && !agrees) found["consent"] = room.say("bad_required");
    setWrong(found);
    if (!goToFirst(event, found)) room.answer(values, agrees);
  };
  return (
    <form class="form prechat" noValidate onSubmit={begin}>
      <h3>{room.say("prechat")}</h3>
      <Entries room={room} fields={fields} values={values} wrong={wrong} set={setValues} />
      {consent && (
        <div class="entry">
          <label class="agree">
            <input id="entry-consent" type="checkbox" checked={agrees} aria-invalid={"consent" in wrong} aria-describedby={"consent" in wrong ? "entry-consent-wrong" : undefined} onChange={(event) => setAgrees(event.currentTarget.checked)} />
            <span>
              {room.own(consent.text) || room.say("consent")}{" "}
              {consent.url && isLink(consent.url) && <a href={consent.url} target="_blank" rel="noopener">{room.say("consent_more")}</a>}
            </span>
          </label>
          {wrong["consent"] && <span class="wrong" id="entry-consent-wrong">{wrong["consent"]}</span>}
        </div>
      )}
      <button class="primary">{room.say("begin")}</button>
    </form>
  );
});

function asField(room: Room, { name, label, type, required = false, options }: PrechatField): Field {
  const choices = options?.map(({ value, title }) => ({ value, title: room.own(title) || value }));
  return { name, type, required, label: room.own(label) || name, ...(choices && { options: choices }) };
}
