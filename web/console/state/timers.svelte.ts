import type { Api } from '../../client/http';

const MINUTE = 60_000;

interface Times {
  agent_minutes: number;
  inactivity_minutes: number;
  pending_minutes: number;
  transfer_minutes: number;
  ring_seconds: number;
}

/** The present times of the desk, by which screens say when something ends (LIFE-18). */
export class Timers {
  #times: Times | null = $state.raw(null);
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  async load(): Promise<void> {
    try {
      this.#times = await this.#api.get<Times>('/api/timers');
    } catch {
      // Without them no end is shown; the next change or reconnect asks again.
    }
  }

  /** When a pending chat closes (LIFE-8), in ms; null while the times are unknown. */
  pendingEnds(since: number): number | null {
    return this.#times && since + this.#times.pending_minutes * MINUTE;
  }

  /** When a transfer goes back (LIFE-14). */
  transferEnds(since: number): number | null {
    return this.#times && since + this.#times.transfer_minutes * MINUTE;
  }

  /** When a ring ends (LIFE-2). */
  ringEnds(since: number): number | null {
    return this.#times && since + this.#times.ring_seconds * 1000;
  }
}
