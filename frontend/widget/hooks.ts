// State for components that are functions: of Preact's hooks what the chat needs, on Preact's class components.

import { Component, type ComponentChildren } from "preact";

interface Effect {
  after?: readonly unknown[];
  /** What is to be done when the page shows what was drawn. */
  begin?: (() => unknown) | undefined;
  end?: unknown;
}

abstract class Live<Props = unknown> extends Component<Props> {
  readonly cells: unknown[] = [];
  readonly effects: Effect[] = [];

  abstract draw(props: Props): ComponentChildren;

  override render(): ComponentChildren {
    [drawn, place] = [this as Live, 0];
    return this.draw(this.props);
  }

  override componentDidMount(): void {
    for (const effect of this.effects) {
      const { begin } = effect;
      if (!begin) continue;
      end(effect);
      effect.begin = undefined;
      effect.end = begin();
    }
  }

  override componentDidUpdate(): void {
    this.componentDidMount();
  }

  override componentWillUnmount(): void {
    this.effects.forEach(end);
  }
}

let drawn: Live;
let place = 0;

/** Make a component of a function that keeps something from one drawing to the next. */
export function live<Props>(draw: (props: Props) => ComponentChildren) {
  return class extends Live<Props> {
    override draw = draw;
  };
}

export function useRef<Value>(first: Value): { current: Value };
export function useRef<Value>(first: Value | null): { current: Value | null };
export function useRef<Value>(first: Value): { current: Value } {
  return cell(() => ({ current: first }));
}

/** Keep a value; `first` may be a function that gives it. */
export function useState<Value>(): [Value | undefined, (value: Value | undefined) => void];
export function useState<Value>(first: Value | (() => Value)): [Value, (value: Value) => void];
export function useState<Value>(first?: Value | (() => Value)) {
  return cell((component) => {
    const set = (value: Value | undefined) => {
      if (value === state[0]) return;
      state[0] = value;
      component.forceUpdate();
    };
    const state: [Value | undefined, typeof set] = [first instanceof Function ? first() : first, set];
    return state;
  });
}

/** Do something when the page shows what was drawn, and again after any of these changed; what it gives ends it. */
export function useEffect(begin: () => unknown, after: readonly unknown[]): void {
  const effect = cell(({ effects }) => {
    const fresh: Effect = { begin };
    effects.push(fresh);
    return fresh;
  });
  if (after.some((one, index) => one !== effect.after?.[index])) effect.begin = begin;
  effect.after = after;
}

/** Give what this place of the component keeps, made when it is first drawn. */
function cell<Kept>(make: (component: Live) => Kept): Kept {
  return (drawn.cells[place++] ??= make(drawn)) as Kept;
}

function end(effect: Effect): void {
  if (effect.end instanceof Function) effect.end();
}
