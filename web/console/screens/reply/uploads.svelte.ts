import { ApiError, type Api } from '../../../client/http';
import { MAX_FILES, type File as Stored } from '../../../client/frames';

const LARGEST = 25_000_000;

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
  readonly #changed: () => void;

  constructor(api: Api, kept: Stored[], changed: () => void) {
    this.#api = api;
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
    this.items = [...this.items, ...items].slice(0, MAX_FILES);
  }

  add(files: Iterable<File>): void {
    this.problem = '';
    for (const file of files) {
      if (this.items.length >= MAX_FILES) {
        this.problem = `A message holds at most ${MAX_FILES} files.`;
        return;
      }
      const item = new Upload(file.name || 'picture.png', file.size);
      this.items = [...this.items, item];
      if (file.size > LARGEST) item.problem = 'Larger than 25 MB';
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
