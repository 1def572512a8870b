/** A small store of texts that outlives the page when the browser allows it. */
export interface KeyValue {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

export class MemoryStore implements KeyValue {
  readonly #map = new Map<string, string>();
  get(key: string): string | null {
    return this.#map.get(key) ?? null;
  }
  set(key: string, value: string): void {
    this.#map.set(key, value);
  }
  remove(key: string): void {
    this.#map.delete(key);
  }
  keys(): string[] {
    return [...this.#map.keys()];
  }
}

/** localStorage; a full one refuses quietly and what it cannot keep stays in memory. */
class BrowserStore implements KeyValue {
  readonly #spill = new MemoryStore();
  readonly #store: Storage;
  constructor(store: Storage) {
    this.#store = store;
  }
  get(key: string): string | null {
    return this.#spill.get(key) ?? this.#store.getItem(key);
  }
  set(key: string, value: string): void {
    try {
      this.#store.setItem(key, value);
      this.#spill.remove(key);
    } catch {
      this.#spill.set(key, value);
    }
  }
  remove(key: string): void {
    this.#spill.remove(key);
    this.#store.removeItem(key);
  }
  keys(): string[] {
    return [...new Set([...Object.keys(this.#store), ...this.#spill.keys()])];
  }
}

/** localStorage, or memory where the browser blocks storage (private frames, blocked cookies). */
export function pageStore(): KeyValue {
  try {
    const store = window.localStorage;
    store.setItem('deskbell.probe', '1');
    store.removeItem('deskbell.probe');
    return new BrowserStore(store);
  } catch {
    return new MemoryStore();
  }
}
