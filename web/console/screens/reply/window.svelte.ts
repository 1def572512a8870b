import type { Clock } from '../../state/clock.svelte';

const LONGEST = 2 ** 31 - 1;
const SECONDS = 5 * 60_000;

/** How long one may still write freely. Made while a component is set up; at the end `over` turns true and `ended` is called. */
export class Window {
  #now = $state(0);
  readonly #until: () => number | null;

  constructor(until: () => number | null, clock: Clock, ended: () => void) {
    this.#until = until;
    this.#now = clock.exact;
    $effect(() => {
      this.#now = Math.max(clock.now, clock.exact);
    });
    // The last minutes are counted in seconds.
    $effect(() => {
      const end = until();
      if (end === null) return;
      const each = () => (this.#now = clock.exact);
      const timer = this.#near ? setInterval(each, 1000) : undefined;
      return () => clearInterval(timer);
    });
    $effect(() => {
      const end = until();
      const left = end === null ? LONGEST : end - clock.exact;
      if (left < 0 || left >= LONGEST) return;
      const timer = setTimeout(() => {
        this.#now = clock.exact;
        ended();
      }, left + 20);
      return () => clearTimeout(timer);
    });
  }

  readonly #near = $derived.by(() => {
    const left = this.left;
    return left !== null && left > 0 && left < SECONDS;
  });

  /** In ms; null: there is no end. */
  get left(): number | null {
    const end = this.#until();
    return end === null ? null : Math.max(0, end - this.#now);
  }

  get over(): boolean {
    return this.left === 0;
  }
}
