import { ApiError, type Api } from '../../../client/http';
import type { File as Stored } from '../../../client/frames';
import type { Limits } from '../../state/composer.svelte';

/** One file on its way: progress 0..1, then `stored`, or `problem` in words. */
export class Upload {
  readonly key = crypto.getRandomValues(new Uint32Array(2)).join('-');
  readonly name: string;
  readonly size: number;
  progress = $state(0);
  stored: Stored | null = $state.raw(null);
  problem = $state('');
  readonly stop = new AbortController();

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
  }
}

/** Files put to a reply: taken by button, paste or drop (CHAT-5). Limits are named; the server decides. */
export class Uploads {
  items: readonly Upload[] = $state.raw([]);
  problem = $state('');
  readonly #api: Api;
  readonly #limits: () => Limits;
  readonly #changed: () => void;

  constructor(api: Api, limits: () => Limits, kept: Stored[], changed: () => void) {
    this.#api = api;
    this.#limits = limits;
    this.#changed = changed;
    this.restore(kept);
  }

  get busy(): boolean {
    return this.items.some((item) => !item.stored && !item.problem);
  }

  get stored(): Stored[] {
    return this.items.flatMap((item) => (item.stored ? [item.stored] : []));
  }

  restore(files: Stored[]): void {
    const items = files.map((file) => {
      const item = new Upload(file.name, file.size);
      item.stored = file;
      item.progress = 1;
      return item;
    });
    this.items = [...this.items, ...items].slice(0, this.#limits().files);
  }

  add(files: Iterable<File>): void {
    this.problem = '';
    const { files: most, file_mb } = this.#limits();
    for (const file of files) {
      if (this.items.length >= most) {
        this.problem = `A message holds at most ${most} files.`;
        return;
      }
      const item = new Upload(file.name || 'picture.png', file.size);
      this.items = [...this.items, item];
      if (file.size > file_mb * 1024 * 1024) item.problem = `Larger than ${file_mb} MB`;
      else if (file.size === 0) item.problem = 'This file is empty';
      else void this.#send(item, file);
    }
  }

  async #send(item: Upload, file: File): Promise<void> {
    try {
      const progress = (share: number) => (item.progress = share);
      const path = `/api/files?name=${encodeURIComponent(item.name)}`;
      item.stored = await this.#api.upload<Stored>(path, file, { progress, signal: item.stop.signal });
    } catch (error) {
      item.problem = error instanceof ApiError ? error.message : 'The upload failed.';
    }
    this.#changed();
  }

  remove(item: Upload): void {
    item.stop.abort();
    this.items = this.items.filter((one) => one !== item);
    this.problem = '';
    this.#changed();
  }

  clear(): void {
    this.items = this.items.filter((item) => !item.stored);
  }
}
