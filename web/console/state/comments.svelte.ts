import { ApiError, type Api } from '../../client/http';
import { clientId, type Ack, type Entry } from '../../client/frames';
import type { Thread } from '../../client/thread';

type Status = 'idle' | 'loading' | 'ready' | 'error';

/** The comments of one conversation: those of the thread that is held, and older ones fetched on their own (TEAM-1). */
export class Comments {
  /** What is being written; it stays while one looks at something else. */
  draft = $state('');
  chosen: readonly number[] = $state.raw([]);
  problem = $state('');
  busy = $state(false);
  status: Status = $state('idle');
  /** The number up to which they were on the screen. */
  looked = $state(0);
  #older: readonly Entry[] = $state.raw([]);
  /** The same until the server has it, so that a second try is no second comment. */
  #id = clientId();
  readonly #c: number;
  readonly #api: Api;
  readonly #thread: () => Thread;

  constructor(c: number, api: Api, thread: () => Thread) {
    this.#c = c;
    this.#api = api;
    this.#thread = thread;
  }

  /** Ascending; those whose text is gone are not among them (TEAM-5). */
  get list(): readonly Entry[] {
    const { entries } = this.#thread();
    const held = entries.filter((entry) => entry.kind === 'comment');
    const from = entries[0]?.seq ?? Infinity;
    return [...this.#older.filter((entry) => entry.seq < from), ...held].filter((entry) => entry.text);
  }

  unread(me: number): number {
    return this.list.filter((entry) => entry.seq > this.looked && entry.by_id !== me).length;
  }

  /** They are on the screen now. */
  look(): void {
    this.looked = Math.max(this.looked, this.list.at(-1)?.seq ?? 0);
  }

  /** Those that the held part of the thread does not reach. */
  async load(): Promise<void> {
    if (this.status === 'loading' || this.status === 'ready') return;
    this.status = 'loading';
    try {
      const path = `/api/conversations/${this.#c}/comments`;
      this.#older = (await this.#api.get<{ comments: Entry[] }>(path)).comments;
      this.status = 'ready';
    } catch {
      this.status = 'error';
    }
  }

  /** The chat is closed: they are gone for good. */
  forget(): void {
    this.#older = [];
  }

  /** Answers the ack, or null when it was refused: `problem` says why and the text comes back. */
  async post(text: string, mentions: number[]): Promise<Ack | null> {
    const { chosen } = this;
    this.busy = true;
    this.problem = this.draft = '';
    this.chosen = [];
    try {
      const action = { t: 'comment', id: this.#id, c: this.#c, text, mentions };
      const ack = await this.#api.post<Ack>('/api/actions', action);
      this.#id = clientId();
      return ack;
    } catch (error) {
      this.problem = error instanceof ApiError ? error.message : 'Something went wrong.';
      this.draft = this.draft ? `${text}\n${this.draft}` : text;
      this.chosen = [...chosen, ...this.chosen];
      // A refused comment will be another one when it is tried again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) this.#id = clientId();
      return null;
    } finally {
      this.busy = false;
    }
  }
}
