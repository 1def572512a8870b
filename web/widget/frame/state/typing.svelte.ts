/** Who is writing: the agent, as told; and oneself, told at most every four seconds. */

const LASTS = 6_000;
const EVERY = 4_000;
const EVERY_SHOWN = 1_200;
const MOST_SHOWN = 500;

export class Typing {
  /** The agent's name while they write (perhaps empty), else null. */
  agent = $state.raw<string | null>(null);
  /** The team sees what is typed before it is sent, and the person is told so (CHAT-11). */
  shown = $state.raw(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;
  #toldAt = 0;
  readonly #tell: (said: { on: boolean; text?: string }) => boolean;

  /** `tell` says whether it got through. */
  constructor(tell: (said: { on: boolean; text?: string }) => boolean) {
    this.#tell = tell;
  }

  heard(name: string | null): void {
    clearTimeout(this.#timer);
    this.agent = name;
    if (name !== null) this.#timer = setTimeout(() => (this.agent = null), LASTS);
  }

  /** `text` is what stands in the box now. */
  type(text: string): void {
    clearTimeout(this.#next);
    if (!text.trim()) return this.stop();
    const now = Date.now();
    const wait = this.#toldAt + (this.shown ? EVERY_SHOWN : EVERY) - now;
    if (wait > 0) {
      if (this.shown) this.#next = setTimeout(() => this.type(text), wait);
    } else if (this.#tell({ on: true, ...(this.shown && { text: [...text].slice(-MOST_SHOWN).join('') }) }))
      this.#toldAt = now;
  }

  stop(): void {
    clearTimeout(this.#next);
    if (this.#toldAt) this.#tell({ on: false });
    this.#toldAt = 0;
  }
}
