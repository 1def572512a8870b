import type { Me } from '../../client/frames';
import type { Api } from '../../client/http';

/** The person who is signed in: their switch and their settings, the same on all their devices. */
export class Own {
  me: Me = $state.raw()!;
  readonly #api: Api;
  /** Runs an action and says what went wrong. Answers whether it was done. */
  readonly #act: (action: () => Promise<unknown>) => Promise<boolean>;
  #saving = 0;

  constructor(me: Me, api: Api, act: (action: () => Promise<unknown>) => Promise<boolean>) {
    this.me = me;
    this.#api = api;
    this.#act = act;
  }

  async setAvailable(available: boolean): Promise<void> {
    const before = this.me.available;
    this.switched(available);
    const done = await this.#act(() => this.#api.put('/api/me/availability', { available }));
    if (!done) this.switched(before);
  }

  /** The switch was turned, here or on another device. */
  switched(available: boolean): void {
    this.me = { ...this.me, available };
  }

  async setSettings(change: Me['settings']): Promise<void> {
    const before = this.me.settings;
    this.#saving += 1;
    this.me = { ...this.me, settings: { ...before, ...change } };
    const done = await this.#act(() => this.#api.patch('/api/me/settings', change));
    this.#saving -= 1;
    if (!done) this.me = { ...this.me, settings: before };
  }

  /** Something changed elsewhere. What is being saved here is newer than any answer on its way. */
  async reload(): Promise<void> {
    try {
      const me = await this.#api.get<Me>('/api/session');
      if (!this.#saving) this.me = me;
    } catch {
      // A session that ended is handled where every call is made.
    }
  }
}
