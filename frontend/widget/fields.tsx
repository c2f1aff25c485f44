// Fields of forms: what each kind of value looks like, and when it is right.

import type { Field } from "./custom";
import type { Room } from "./room";

export type Values = Record<string, string>;

interface Filled {
  room: Room;
  fields: Field[];
  values: Values;
  wrong: Values;
  set: (values: Values) => void;
}

/** The fields of one form, with what is wrong beside each. */
export function Entries({ room, fields, values, wrong, set }: Filled) {
  return fields.map((field) => (
    <Entry
      key={field.name}
      room={room}
      field={field}
      value={values[field.name] ?? ""}
      wrong={wrong[field.name]}
      set={(value) => set({ ...values, [field.name]: value })}
    />
  ));
}

/** Go to the first field of a sent form in which something is wrong, and tell whether there is one. */
export function goToFirst(event: SubmitEvent, wrong: Values): boolean {
  const [first] = Object.keys(wrong);
  if (first === undefined) return false;
  const name = CSS.escape(first);
  (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#entry-${name}, [name="${name}"]`)?.focus();
  return true;
}

interface Entered {
  room: Room;
  field: Field;
  value: string;
  wrong: string | undefined;
  set: (value: string) => void;
}

function Entry({ room, field, value, wrong, set }: Entered) {
  const id = `entry-${field.name}`;
  const told = wrong ? `${id}-wrong` : undefined;
  const note = wrong && <span class="wrong" id={told}>{wrong}</span>;
  const label = <>{field.label}{!field.required && <small> ({room.say("optional")})</small>}</>;
  const common = { id, "aria-invalid": Boolean(wrong), "aria-describedby": told, "aria-required": field.required };
  if (field.type === "choice" && (field.options?.length ?? 0) <= 4)
    return (
      <fieldset class="entry" aria-describedby={told}>
        <legend>{label}</legend>
        <div class="options">
          {field.options?.map((option) => (
            <label key={option.value}>
              <input type="radio" name={field.name} checked={value === option.value} onChange={() => set(option.value)} />
              {option.title}
            </label>
          ))}
        </div>
        {note}
      </fieldset>
    );
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      <Control field={field} value={value} set={set} room={room} common={common} />
      {note}
    </div>
  );
}

function Control({ room, field, value, set, common }: Omit<Entered, "wrong"> & { common: Record<string, unknown> }) {
  const onInput = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  if (field.type === "choice")
    return (
      <select {...common} value={value} onChange={onInput}>
        <option value="">{room.say("choose")}</option>
        {field.options?.map((option) => <option key={option.value} value={option.value}>{option.title}</option>)}
      </select>
    );
  if (field.type === "amount")
    return (
      <div class="amount">
        <input {...common} inputMode="decimal" autocomplete="off" value={value} onInput={onInput} />
        <span aria-hidden="true">{field.currency}</span>
      </div>
    );
  if (field.type === "date") return <input {...common} type="date" min={field.min} max={field.max} value={value} onInput={onInput} />;
  if (field.type === "email") return <input {...common} type="email" autocomplete="email" maxLength={500} value={value} onInput={onInput} />;
  return <input {...common} type="text" autocomplete={field.name === "name" ? "name" : "off"} maxLength={500} value={value} onInput={onInput} />;
}

/** Give what is wrong with each field, by its name; nothing where all is well. */
export function mistakes(room: Room, fields: Field[], values: Values): Values {
  const found: Values = {};
  for (const field of fields) {
    const wrong = mistake(room, field, (values[field.name] ?? "").trim());
    if (wrong) found[field.name] = wrong;
  }
  return found;
}

function mistake(room: Room, { type, required, min, max }: Field, value: string): string | undefined {
  if (!value) return required ? room.say("bad_required") : undefined;
  if (type === "email") return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? undefined : room.say("bad_email");
  if (type === "date") return outside(room, value, min, max);
  if (type !== "amount") return undefined;
  const amount = amountOf(value);
  return amount === undefined ? room.say("bad_amount") : outside(room, amount, min, max);
}

function outside(room: Room, value: string | number, min?: string | number, max?: string | number): string | undefined {
  if (min !== undefined && value < min) return room.say("bad_low", { least: min });
  if (max !== undefined && value > max) return room.say("bad_high", { most: max });
  return undefined;
}

/** Read an amount as people write it: with a comma or a point before the cents, and either between thousands. */
export function amountOf(written: string): number | undefined {
  const plain = written.replace(/[\s\u00a0']/g, "");
  if (!/^\d{1,3}(?:[.,]?\d{3})*(?:[.,]\d{1,2})?$|^\d+(?:[.,]\d{1,2})?$/.test(plain)) return undefined;
  const [, cents = ""] = /[.,](\d{1,2})$/.exec(plain) ?? [];
  const whole = (cents ? plain.slice(0, -cents.length - 1) : plain).replace(/[.,]/g, "");
  return Number(`${whole}.${cents || 0}`);
}
