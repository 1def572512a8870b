import type { Entry } from '../../client/frames';
import type { Conversation } from './conversation.svelte';

const KEPT = 16;
/** Own chats that are fetched before anybody asks: more than most people may have at once (LIFE-3). */
const AHEAD = 8;

const idle = (): Promise<void> =>
  new Promise((done) => {
    const ask = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 200));
    ask(() => done(), { timeout: 2000 });
  });

/**
 * Threads that were open lately, and one's own chats fetched while nothing else goes on: opening one of them shows it
 * at once. What is shown is asked for once more each time, so nothing here needs to be complete.
 */
export class Kept {
  readonly #threads = new Map<number, Conversation>();
  readonly #make: (id: number) => Conversation;
  #wanted: readonly number[] = [];
  #fetching = false;

  constructor(make: (id: number) => Conversation) {
    this.#make = make;
  }

  take(id: number): Conversation {
    const thread = this.#threads.get(id) ?? this.#make(id);
    this.#put(id, thread);
    return thread;
  }

  /** An entry of a thread that is not on the screen. */
  hear(id: number, entry: Entry): void {
    this.#threads.get(id)?.overhear(entry);
  }

  /** Fetches these conversations, one after the other, whenever there is time. */
  async ahead(ids: readonly number[]): Promise<void> {
    this.#wanted = ids.slice(0, AHEAD);
    if (this.#fetching) return;
    this.#fetching = true;
    await idle();
    for (let id = this.#next(); id !== undefined; id = this.#next()) {
      const thread = this.#make(id);
      await thread.load();
      if (!this.#threads.has(id)) this.#put(id, thread);
      await idle();
    }
    this.#fetching = false;
  }

  #next(): number | undefined {
    return this.#wanted.find((id) => !this.#threads.has(id));
  }

  #put(id: number, thread: Conversation): void {
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    for (const old of this.#threads.keys()) if (this.#threads.size > KEPT) this.#threads.delete(old);
  }
}
