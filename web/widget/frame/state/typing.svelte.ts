/** Who is writing: the agent, as told; and oneself, told at most every four seconds. */

const LASTS = 6_000;
const EVERY = 4_000;

export class Typing {
  /** The agent's name while they write (perhaps empty), else null. */
  agent = $state.raw<string | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #toldAt = 0;
  readonly #tell: (on: boolean) => boolean;

  /** `tell` says whether it got through. */
  constructor(tell: (on: boolean) => boolean) {
    this.#tell = tell;
  }

  heard(name: string | null): void {
    clearTimeout(this.#timer);
    this.agent = name;
    if (name !== null) this.#timer = setTimeout(() => (this.agent = null), LASTS);
  }

  /** `on` is false when the text is empty again. */
  type(on: boolean): void {
    const now = Date.now();
    if (!on) return this.stop();
    if (now - this.#toldAt >= EVERY && this.#tell(true)) this.#toldAt = now;
  }

  stop(): void {
    if (this.#toldAt) this.#tell(false);
    this.#toldAt = 0;
  }
}
