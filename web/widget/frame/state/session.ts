/** Who this browser is to the site: the token, kept in the frame's own storage (or in memory where that is blocked). */
import type { Ack, Boot, Close, Entries, File, Send, Start } from '../../../client/frames';
import { Api, type UploadOptions } from '../../../client/http';
import type { KeyValue } from '../../../client/storage';

export class Session {
  readonly key: string;
  readonly store: KeyValue;
  #token: string | null;
  readonly api = new Api(() => this.headers());

  /** `key` is the site's. */
  constructor(key: string, store: KeyValue) {
    this.key = key;
    this.store = store;
    this.#token = this.recall('token');
  }

  get token(): string {
    return this.#token ?? '';
  }

  /** Names unsent messages in storage, so that another visitor of this browser never sends them. */
  get scope(): string {
    return `${this.key}.${this.token.slice(0, 10)}`;
  }

  headers(): Record<string, string> {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  recall(what: string): string | null {
    return this.store.get(`deskbell.${what}.${this.key}`);
  }

  keep(what: string, value: string): void {
    if (value) this.store.set(`deskbell.${what}.${this.key}`, value);
    else this.store.remove(`deskbell.${what}.${this.key}`);
  }

  forget(): void {
    this.#token = null;
    this.keep('token', '');
  }

  async boot(): Promise<Boot> {
    const token = this.#token;
    const boot = await this.api.post<Boot>('/api/widget/session', {
      site: this.key,
      ...(token && { token }),
    });
    this.#token = boot.token;
    this.keep('token', boot.token);
    return boot;
  }

  entries(c: number, range: { before?: number; after?: number } = {}, limit = 50): Promise<Entries> {
    const query = new URLSearchParams({ c: String(c), limit: String(limit) });
    for (const [name, seq] of Object.entries(range)) query.set(name, String(seq));
    return this.api.get<Entries>(`/api/widget/entries?${query}`);
  }

  /** A frame by HTTP, with the same effect as by socket. */
  async post({ t, ...frame }: Send | Start | Close): Promise<Ack> {
    const path = { start: 'start', send: 'messages', close: 'close' }[t];
    return { ...(await this.api.post<Ack>(`/api/widget/${path}`, frame)), t: 'ack', id: frame.id };
  }

  upload(file: globalThis.File, options: UploadOptions): Promise<File> {
    return this.api.upload<File>(`/api/widget/files?name=${encodeURIComponent(file.name)}`, file, options);
  }
}
