import type { ClientFrame } from '../../client/frames';

const AFTER = 150;

/** Tells the server what arrived here, gathered for a moment: a busy list must not send a frame per message. */
export class Receipts {
  readonly #upTo = new Map<number, number>();
  readonly #send: (frame: ClientFrame) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (frame: ClientFrame) => void) {
    this.#send = send;
  }

  /** Everything of conversation `c` up to `seq` has arrived. */
  note(c: number, seq: number): void {
    this.#upTo.set(c, seq);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const [id, upTo] of this.#upTo) this.#send({ t: 'delivered', c: id, seq: upTo });
      this.#upTo.clear();
    }, AFTER);
  }
}
