import type { File, Quote } from '../../client/frames';
import type { KeyValue } from '../../client/storage';

/** What is written but not sent in one conversation. `doc` is the editor's own form, absent while plain. */
export interface Draft {
  text: string;
  doc?: unknown;
  files?: File[];
  quote?: Quote | null;
}

const MOST = 200;

/** Unsent text survives reload (one key per conversation, per member of staff). */
export class Drafts {
  readonly #store: KeyValue;
  readonly #prefix: string;
  #held: ReadonlySet<number> = $state.raw(new Set<number>());

  constructor(store: KeyValue, me: number) {
    this.#store = store;
    this.#prefix = `deskbell.draft.${me}.`;
    const ids = store.keys().filter((key) => key.startsWith(this.#prefix));
    this.#held = new Set(ids.map((key) => Number(key.slice(this.#prefix.length))));
  }

  has(c: number): boolean {
    return this.#held.has(c);
  }

  get(c: number): Draft {
    try {
      const draft = JSON.parse(this.#store.get(this.#prefix + c) ?? 'null') as Draft | null;
      return typeof draft?.text === 'string' ? draft : { text: '' };
    } catch {
      return { text: '' };
    }
  }

  set(c: number, draft: Draft): void {
    const empty = !draft.text.trim() && !draft.files?.length;
    if (empty) this.#store.remove(this.#prefix + c);
    else if (this.#held.has(c) || this.#held.size < MOST)
      this.#store.set(this.#prefix + c, JSON.stringify(draft));
    if (this.#held.has(c) === !empty) return;
    const held = new Set(this.#held);
    if (empty) held.delete(c);
    else held.add(c);
    this.#held = held;
  }
}
