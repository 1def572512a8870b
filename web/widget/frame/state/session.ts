/** Who this browser is to the site: the token, kept in the frame's own storage (or in memory where that is blocked). */
import type { Ack, Boot, Close, Entries, File, Send, Start } from '../../../client/frames';
import { Api, type UploadOptions } from '../../../client/http';
import type { KeyValue } from '../../../client/storage';

export class Session {
  readonly key: string;
  readonly store: KeyValue;
  #token: string | null;
  readonly api = new Api(() => this.headers());

  readonly #visitor: string;
  #identity: string;

  /** `key` is the site's, `visitor` that of the page's reports. `identity`: a JWT of the site, or `out`. */
  constructor(key: string, store: KeyValue, visitor = '', identity = '') {
    this.key = key;
    this.store = store;
    this.#visitor = visitor;
    this.#identity = identity;
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

  /** Another tab may have kept a newer token meanwhile: that one stays. */
  forget(): void {
    if (this.recall('token') === this.#token) this.keep('token', '');
    this.#token = null;
  }

  async boot(): Promise<Boot> {
    if (this.#identity === 'out') await this.#leave();
    const identity = this.#identity;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const body = {
      site: this.key,
      zone,
      token: this.#token || this.recall('token') || undefined,
      visitor: this.#visitor || undefined,
    };
    const post = (more: object) => this.api.post<Boot>('/api/widget/session', { ...body, ...more });
    this.#identity = '';
    /* An identity that is not taken leaves the browser what it was. */
    const boot = await (identity ? post({ identity }).catch(() => post({})) : post({}));
    this.#token = boot.token;
    this.keep('token', boot.token);
    return boot;
  }

  /** Signed out on the site: whoever comes next is somebody else. */
  async #leave(): Promise<void> {
    if (this.#token) await this.api.post('/api/widget/logout', {}).catch(() => undefined);
    for (const what of ['draft', 'form', 'token']) this.keep(what, '');
    this.forget();
    this.#identity = '';
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
