// A form that the bot asks with; its answer is what a person would have typed.

import { live, useState } from "./hooks";
import type { Field, FormAsked } from "./custom";
import { Entries, goToFirst, mistakes, type Values } from "./fields";
import type { Room } from "./room";

export const Form = live(({ room, form, isOpen }: { room: Room; form: FormAsked; isOpen: boolean }) => {
  const [values, setValues] = useState<Values>({});
  const [wrong, setWrong] = useState<Values>({});
  if (!isOpen) return <p class="done">{form.title}</p>;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const found = mistakes(room, form.fields, values);
    setWrong(found);
    if (!goToFirst(event, found)) room.talk.say({ text: answered(form.fields, values) });
  };
  return (
    <form class="form" noValidate onSubmit={submit} aria-label={form.title}>
      <h3>{form.title}</h3>
      <Entries room={room} fields={form.fields} values={values} wrong={wrong} set={setValues} />
      <button class="primary">{form.submit ?? room.say("send")}</button>
    </form>
  );
});

function answered(fields: Field[], values: Values): string {
  const said = fields.filter(({ name }) => values[name]?.trim()).map((field) => `${field.label}: ${shown(field, values[field.name] ?? "")}`);
  return said.join("; ");
}

function shown({ type, currency, options }: Field, value: string): string {
  if (type === "choice") return options?.find((option) => option.value === value)?.title ?? value;
  return type === "amount" && currency ? `${value.trim()} ${currency}` : value.trim();
}
