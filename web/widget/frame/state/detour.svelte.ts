/** Where no WebSocket gets through but HTTP does: after a few failed sockets it goes by HTTP, until the first that works. */
import type { Close, Send, Start } from '../../../client/frames';
import type { Polling, PollingOptions } from './polling';

const POLL_AFTER = 3;

export class Detour {
  working = $state.raw(false);
  readonly #options: Omit<PollingOptions, 'changed'> & { open(): void };
  #polling: Polling | undefined;
  /** Sockets that failed since the last that worked. */
  #misses = 0;

  /** `open` is called when the way by HTTP is there. */
  constructor(options: Omit<PollingOptions, 'changed'> & { open(): void }) {
    this.#options = options;
  }

  async missed(): Promise<void> {
    this.#misses += 1;
    if (this.#misses < POLL_AFTER) return;
    const { Polling } = await import('./polling');
    this.#polling ??= new Polling({
      ...this.#options,
      changed: (working) => {
        this.working = working;
        if (working) this.#options.open();
      },
    });
    if (this.#misses >= POLL_AFTER) this.#polling.start();
  }

  met(): void {
    this.#misses = 0;
    this.#polling?.stop();
  }

  /** True when it took the frame. */
  send(frame: Send | Start | Close): boolean {
    return this.#polling?.send(frame) ?? false;
  }
}
