import type { Api } from '../../client/http';
import { MAX_FILES, MAX_TEXT } from '../../client/frames';
import type { CannedReply } from '../lib/canned';

export interface Limits {
  text: number;
  file_mb: number;
  files: number;
}

/** What a reply box needs besides the conversation: canned replies and limits. Fetched with the first one, kept until they change. */
export class Composer {
  replies: readonly CannedReply[] = $state.raw([]);
  limits: Limits = $state.raw({ text: MAX_TEXT, file_mb: 25, files: MAX_FILES });
  /** `failed`: the next wish asks again. */
  status: 'idle' | 'loading' | 'ready' | 'failed' = $state('idle');
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Somebody is going to write. */
  want(): void {
    if (this.status === 'loading' || this.status === 'ready') return;
    this.status = 'loading';
    void this.#load();
  }

  /** Something of it may be others now (the list has an ETag, so asking costs little). */
  async renew(): Promise<void> {
    if (this.status !== 'idle') await this.#load();
  }

  async #load(): Promise<void> {
    try {
      const [{ replies }, limits] = await Promise.all([
        this.#api.get<{ replies: CannedReply[] }>('/api/canned-replies'),
        this.#api.get<Limits>('/api/limits'),
      ]);
      this.replies = replies;
      this.limits = limits;
      this.status = 'ready';
    } catch {
      if (this.status !== 'ready') this.status = 'failed';
    }
  }
}
