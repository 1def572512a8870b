import type { Notice } from '../../client/frames';
import { ApiError, type Api } from '../../client/http';

const PAGE = 30;

interface Page {
  notices: Notice[];
  unread: number;
  next: number | null;
}

/** What this person was told, newest first. Reading is written by the server alone, which tells all devices (TEAM-6). */
export class Bell {
  shown: readonly Notice[] = $state.raw([]);
  unread = $state(0);
  next: number | null = $state.raw(null);
  error = $state('');
  busy = $state(false);
  readonly #api: Api;
  #loading = false;
  #again = false;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The first page and the count as they stand. What comes in meanwhile is in what is asked for after it. */
  async load(): Promise<void> {
    this.#again = true;
    if (this.#loading) return;
    this.#loading = true;
    try {
      let page: Page | undefined;
      while (this.#again) {
        this.#again = false;
        page = await this.#page();
      }
      if (page) {
        const last = page.notices.at(-1)?.id ?? 0;
        const joined = page.next !== null && this.shown.some((one) => one.id === last);
        const below = joined ? this.shown.filter((one) => one.id < last) : [];
        this.shown = [...page.notices, ...below];
        if (!below.length) this.next = page.next;
        this.unread = page.unread;
        this.error = '';
      }
    } catch (error) {
      this.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    } finally {
      this.#loading = false;
    }
  }

  async more(): Promise<void> {
    if (this.next === null || this.busy) return;
    this.busy = true;
    try {
      const page = await this.#page(this.next);
      const known = new Set(this.shown.map((one) => one.id));
      this.shown = [...this.shown, ...page.notices.filter((one) => !known.has(one.id))];
      this.next = page.next;
      this.error = '';
    } catch (error) {
      this.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    } finally {
      this.busy = false;
    }
  }

  #page(before?: number): Promise<Page> {
    const query = before === undefined ? '' : `&before=${before}`;
    return this.#api.get(`/api/notifications?limit=${PAGE}${query}`);
  }

  /** A new one came by the socket. Answers whether it is news. */
  told(notice: Notice): boolean {
    this.#again = this.#loading;
    if (this.shown.some((one) => one.id === notice.id)) return false;
    const at = this.shown.findIndex((one) => one.id < notice.id);
    const place = at < 0 ? this.shown.length : at;
    this.shown = [...this.shown.slice(0, place), notice, ...this.shown.slice(place)];
    if (!notice.read) this.unread += 1;
    return true;
  }

  /** Read here or on another device; the server names each once. */
  wasRead(ids: number[]): void {
    this.#again = this.#loading;
    const read = new Set(ids);
    for (const one of this.shown) if (one.read) read.delete(one.id);
    this.unread = Math.max(0, this.unread - read.size);
    this.shown = this.shown.map((one) => (read.has(one.id) ? { ...one, read: true } : one));
  }

  read(id: number): void {
    this.#send({ ids: [id] });
  }

  readAll(): void {
    this.#send({ all: true });
  }

  /** The person looks at conversation `c`: what was told of it is read. */
  looked(c: number): void {
    const known = this.shown.filter((one) => !one.read);
    if (known.some((one) => one.c === c) || this.unread > known.length) this.#send({ c });
  }

  #send(what: { ids?: number[]; c?: number; all?: boolean }): void {
    this.#api.post('/api/notifications/read', what).catch(() => {
      // They stay unread, here as on the server.
    });
  }
}
