import { clientId, type Ack, type ClientFrame, type File, type Nack, type Quote } from '../../client/frames';
import { Outbox } from '../../client/outbox';
import type { Line, Pending } from '../../client/pending';
import type { KeyValue } from '../../client/storage';
import { noteOf, ownEntry } from '../lib/groups';
import type { Conversation } from './conversation.svelte';
import type { Drafts } from './drafts.svelte';

export interface Reply {
  text: string;
  html?: string;
  files: File[];
  quote: Quote | null;
}

interface Around {
  store: KeyValue;
  me(): { id: number; name: string };
  transmit(frame: ClientFrame): boolean;
  open(): Conversation | null;
  drafts: Drafts;
}

/** What this person writes to customers, until the server has it: sent once, kept over reloads, brought back when refused. */
export class Replies {
  line: Line = $state.raw([]);
  /** A message that was not sent and goes back into the reply box. */
  returned: { c: number; text: string; files: File[]; quote: Quote | null } | null = $state.raw(null);
  readonly #outbox: Outbox;
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
    this.#outbox = new Outbox({
      store: around.store,
      scope: `staff.${around.me().id}`,
      transmit: (frame) => around.transmit(frame as ClientFrame),
      changed: (line) => (this.line = line),
      locks: navigator.locks,
    });
  }

  start(): void {
    void this.#outbox.open();
  }

  stop(): void {
    this.#outbox.close();
  }

  online(): void {
    this.#outbox.flush();
  }

  cut(): void {
    this.#outbox.cut();
  }

  send(c: number, reply: Reply): void {
    const open = this.#around.open();
    const seen = open?.id === c ? open.head : undefined;
    this.#outbox.add(
      {
        t: 'send',
        id: clientId(),
        c,
        text: reply.text,
        ...(reply.html ? { html: reply.html } : {}),
        ...(reply.files.length ? { files: reply.files.map((file) => file.id) } : {}),
        ...(seen ? { seen } : {}),
        ...(reply.quote ? { quote: reply.quote.seq } : {}),
      },
      { files: reply.files, quote: reply.quote },
    );
  }

  retry(id: string): void {
    this.#outbox.retry(id);
  }

  discard(id: string): void {
    this.#outbox.drop(id);
  }

  /** The text of a message that was not sent goes back to where it was written; elsewhere it becomes a draft. */
  bringBack(c: number, echo: Pending): void {
    if (echo.frame.t !== 'send') return;
    const back = { text: echo.frame.text ?? '', ...noteOf(echo) };
    const { drafts } = this.#around;
    if (this.#around.open()?.id === c) this.returned = { c, ...back };
    else {
      const kept = drafts.get(c);
      const text = [kept.text, back.text].filter((one) => one.trim()).join('\n');
      drafts.set(c, { text, files: [...(kept.files ?? []), ...back.files], quote: back.quote });
    }
  }

  acked(ack: Ack): void {
    const item = this.#find(ack.id);
    const entry = item && ownEntry(item, this.#around.me());
    const open = this.#around.open();
    if (entry && open?.id === ack.c) open.acked(ack, entry);
    this.#outbox.ack(ack);
  }

  /** With the code `window` only a template goes now: what was written is a draft again (LIFE-10, LIFE-11). */
  nacked(nack: Nack): void {
    const item = this.#find(nack.id);
    if (nack.code === 'window' && item?.frame.t === 'send' && item.frame.c !== null) {
      this.#outbox.drop(nack.id);
      this.bringBack(item.frame.c, item);
    } else this.#outbox.nack(nack);
  }

  #find(id: string): Pending | undefined {
    return this.line.find((one) => one.frame.id === id);
  }
}
