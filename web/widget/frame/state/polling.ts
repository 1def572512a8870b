/**
 * For networks that let no WebSocket through: the same frames go by HTTP, and news are asked for every few seconds. Typing and marks are
 * left out.
 */
import type { Ack, Close, Nack, Send, Start } from '../../../client/frames';
import { ApiError } from '../../../client/http';
import type { Session } from './session';

const EVERY = 5_000;
/** When the server names no time: so long (ms) until a frame is tried again. */
const AGAIN_AFTER = 3_000;

export interface PollingOptions {
  session: Session;
  /** Fetches what is new; throws when the desk cannot be reached by HTTP either. */
  news(): Promise<void>;
  answered(answer: Ack | Nack): void;
  changed(working: boolean): void;
}

export class Polling {
  working = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #options: PollingOptions;

  constructor(options: PollingOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer === undefined) void this.#poll();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#set(false);
  }

  /** True when it took the frame; its answer comes later. */
  send(frame: Send | Start | Close): boolean {
    if (this.working) void this.#post(frame);
    return this.working;
  }

  async #poll(): Promise<void> {
    this.#timer = setTimeout(() => void this.#poll(), EVERY);
    const timer = this.#timer;
    const works = await this.#options.news().then(
      () => true,
      () => false,
    );
    if (timer === this.#timer) this.#set(works);
  }

  #set(working: boolean): void {
    if (working === this.working) return;
    this.working = working;
    this.#options.changed(working);
  }

  async #post(frame: Send | Start | Close): Promise<void> {
    const { session, answered } = this.#options;
    try {
      answered(await session.post(frame));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const passing = error.status === 0 || error.status === 429 || error.status >= 500;
      const retry = passing ? (error.retryAfter ?? AGAIN_AFTER) : undefined;
      const nack: Nack = { t: 'nack', id: frame.id, code: error.code, text: error.message };
      answered(retry === undefined ? nack : { ...nack, retry });
    }
  }
}
