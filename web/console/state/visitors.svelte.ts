import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { ClientFrame, LiveVisitor, ServerFrame } from '../../client/frames';

type Heard = Extract<ServerFrame, { t: 'customers' | 'visitors' }>;

/** Who is there: customers with a chat frame or a page open, and (while somebody looks) everybody on the sites. */
export class Visitors {
  readonly #here = new SvelteSet<number>();
  readonly rows = new SvelteMap<number, LiveVisitor>();
  count = $state(0);
  /** The rows are those of now. */
  known = $state(false);
  #looks = false;
  readonly #send: (frame: ClientFrame) => boolean;

  constructor(send: (frame: ClientFrame) => boolean) {
    this.#send = send;
  }

  /** A green dot, or none: whether somebody has gone for good nobody knows. */
  here(customer: number): true | undefined {
    return this.#here.has(customer) || undefined;
  }

  follow(on: boolean): void {
    this.#looks = on;
    this.known = false;
    this.#send({ t: 'follow_visitors', on });
  }

  hear(frame: Heard): void {
    if (frame.t === 'customers') {
      if (frame.all) this.#here.clear();
      if (frame.all && this.#looks) this.follow(true); // the socket is back
      for (const id of frame.on) this.#here.add(id);
      for (const id of frame.off ?? []) this.#here.delete(id);
      return;
    }
    if (frame.all) this.rows.clear();
    for (const row of frame.rows) this.rows.set(row.id, row);
    for (const id of frame.gone) this.rows.delete(id);
    this.count = frame.count;
    this.known = true;
  }
}
