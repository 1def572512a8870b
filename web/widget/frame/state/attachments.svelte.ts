/** Files chosen for the next message: uploaded at once, each with progress, a picture and an honest failure (VISITOR-7). */
import { clientId, type File } from '../../../client/frames';
import { ApiError } from '../../../client/http';
import { rare } from '../texts/en.rare';
import { learn, t } from '../texts/index.svelte';
import type { Session } from './session';

learn(rare);

export class Attachment {
  readonly key = clientId();
  readonly file: globalThis.File;
  readonly picture: string | null;
  share = $state.raw(0);
  done = $state.raw<File | null>(null);
  error = $state.raw<string | null>(null);
  readonly stop = new AbortController();

  constructor(file: globalThis.File) {
    this.file = file;
    this.picture = /^image\/(png|jpeg|gif|webp)$/.test(file.type) ? URL.createObjectURL(file) : null;
  }
}

export class Attachments {
  list = $state.raw<readonly Attachment[]>([]);
  problem = $state.raw('');
  busy = $derived(this.list.some((one) => !one.done && !one.error));
  ready = $derived(this.list.flatMap((one) => (one.done ? [one.done] : [])));
  readonly #session: Session;
  readonly #limits: () => { file_mb: number; files: number };

  constructor(session: Session, limits: () => { file_mb: number; files: number }) {
    this.#session = session;
    this.#limits = limits;
  }

  add(files: Iterable<globalThis.File>): void {
    this.problem = '';
    const { file_mb, files: most } = this.#limits();
    for (const file of files) {
      if (this.list.length >= most) this.problem = t('file.many', { limit: most });
      else if (file.size === 0) this.problem = t('file.empty', { name: file.name });
      else if (file.size > file_mb * 1e6) this.problem = t('file.big', { name: file.name, limit: file_mb });
      else this.#begin(new Attachment(file));
    }
  }

  #begin(one: Attachment): void {
    this.list = [...this.list, one];
    void this.upload(one);
  }

  async upload(one: Attachment): Promise<void> {
    one.error = null;
    one.share = 0;
    try {
      const progress = (share: number) => (one.share = share);
      one.done = await this.#session.upload(one.file, { progress, signal: one.stop.signal });
    } catch (error) {
      one.error = whyFailed(error, one.file.name, this.#limits().file_mb);
    }
  }

  remove(one: Attachment): void {
    one.stop.abort();
    if (one.picture) URL.revokeObjectURL(one.picture);
    this.list = this.list.filter((other) => other !== one);
  }

  /** The message took them along. */
  clear(): void {
    for (const one of this.list) this.remove(one);
    this.problem = '';
  }
}

function whyFailed(error: unknown, name: string, limit: number): string {
  if (!(error instanceof ApiError)) return t('file.failed', { name, why: String(error) });
  if (error.status === 413) return t('file.big', { name, limit });
  if (error.status === 415) return t('file.type', { name });
  return t('file.failed', { name, why: error.code === 'network' ? t('offline') : error.message });
}
