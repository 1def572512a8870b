/**
 * Shell around pending.ts: keeps unsent items in storage (one key each, so tabs do not overwrite one another) and hands
 * the due ones to the socket. Each tab sends its own; what a closed or crashed tab left behind is adopted by the next one.
 */
import { clientId, type Ack, type Nack, type Send, type Start, type Close } from './frames';
import * as pending from './pending';
import type { Line, Pending, SendLater } from './pending';
import type { KeyValue } from './storage';

export interface OutboxOptions {
  store: KeyValue;
  /** Whose items these are (a visitor's or a member of staff's id): others' are never touched. */
  scope: string;
  /** Puts a frame on the wire; false when there is no live socket. */
  transmit(frame: Send | Start | Close): boolean;
  changed(line: Line): void;
  now?(): number;
  /** The browser's locks; undefined where it has none (then every tab adopts, and the server sorts it out). */
  locks?: LockManager | undefined;
}

export class Outbox {
  #line: Line = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #release: (() => void) | undefined;
  readonly #tab = clientId();
  readonly #options: OutboxOptions;
  readonly #now: () => number;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get line(): Line {
    return this.#line;
  }

  /** Takes over what no living tab owns. Call once at start. */
  async open(): Promise<void> {
    const { locks } = this.#options;
    try {
      if (locks) await this.#openAmongTabs(locks);
      else this.#adopt(new Set());
    } catch {
      this.#adopt(new Set()); // a frame without storage has no locks either
    }
  }

  async #openAmongTabs(locks: LockManager): Promise<void> {
    await new Promise<void>((held, refused) => {
      const life = new Promise<void>((release) => (this.#release = release));
      locks.request(this.#lockName(this.#tab), () => (held(), life)).catch(refused);
    });
    await locks.request(`deskbell.adopt.${this.#options.scope}`, async () => {
      const state = await locks.query();
      this.#adopt(new Set((state.held ?? []).map((lock) => lock.name ?? '')));
    });
  }

  add(frame: SendLater | Start | Close, note?: unknown): void {
    this.#set(pending.queue(this.#line, frame, this.#now(), note));
    this.flush();
  }

  /** Sends what is due. Call when the socket becomes ready. */
  flush(): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    let line = this.#line;
    for (const item of pending.due(line, now)) {
      if (!this.#options.transmit(item.frame as Send | Start | Close)) break;
      line = pending.sent(line, item.frame.id, now);
    }
    this.#set(line);
    const next = pending.nextDue(line, now);
    if (next !== null) this.#timer = setTimeout(() => this.flush(), Math.max(50, next - now));
  }

  cut(): void {
    this.#set(pending.cut(this.#line));
  }

  ack(ack: Ack): void {
    this.#set(pending.acked(this.#line, ack));
    this.flush();
  }

  nack(nack: Nack): void {
    this.#set(pending.nacked(this.#line, nack, this.#now()));
    this.flush();
  }

  retry(id: string): void {
    this.#set(pending.retry(this.#line, id));
    this.flush();
  }

  drop(id: string): void {
    this.#set(pending.drop(this.#line, id));
    this.flush();
  }

  /** Stops sending; what is unsent stays in storage for the next page. */
  close(): void {
    clearTimeout(this.#timer);
    this.#release?.();
  }

  #prefix(): string {
    return `deskbell.out.${this.#options.scope}.`;
  }

  #lockName(tab: string): string {
    return `deskbell.tab.${this.#options.scope}.${tab}`;
  }

  #adopt(held: Set<string>): void {
    const found: Pending[] = [];
    for (const key of this.#options.store.keys()) {
      if (!key.startsWith(this.#prefix())) continue;
      const kept = readKept(this.#options.store.get(key));
      if (!kept) this.#options.store.remove(key);
      else if (!held.has(this.#lockName(kept.tab))) found.push(kept.item);
    }
    found.sort((a, b) => a.at - b.at);
    const mine = new Set(this.#line.map((item) => item.frame.id));
    const adopted = pending.cut(found.filter((item) => !mine.has(item.frame.id)));
    this.#set([...adopted, ...this.#line]);
    this.flush();
  }

  #set(line: Line): void {
    if (line === this.#line) return;
    const before = new Map(this.#line.map((item) => [item.frame.id, item]));
    for (const item of line) {
      if (before.get(item.frame.id) !== item) {
        this.#options.store.set(this.#prefix() + item.frame.id, JSON.stringify({ tab: this.#tab, item }));
      }
      before.delete(item.frame.id);
    }
    for (const id of before.keys()) this.#options.store.remove(this.#prefix() + id);
    this.#line = line;
    this.#options.changed(line);
  }
}

function readKept(text: string | null): { tab: string; item: Pending } | null {
  try {
    const kept = JSON.parse(text ?? '') as { tab: string; item: Pending };
    return typeof kept.tab === 'string' && typeof kept.item.frame.id === 'string' ? kept : null;
  } catch {
    return null;
  }
}
