/** The present time for texts like "4 m", a tick every 10 s, corrected to the server's clock. */
export class Clock {
  now = $state(Date.now());
  #ahead = 0;

  constructor() {
    setInterval(() => this.tick(), 10_000);
    document.addEventListener('visibilitychange', () => this.tick());
  }

  tick(): void {
    this.now = this.exact;
  }

  /** The present moment, for what counts seconds. */
  get exact(): number {
    return Date.now() + this.#ahead;
  }

  /** The server said what time it is. Small differences are network delay. */
  correct(server: number): void {
    const ahead = server - Date.now();
    this.#ahead = Math.abs(ahead) > 2000 ? ahead : 0;
    this.tick();
  }
}
