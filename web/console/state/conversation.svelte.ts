import { ApiError, type Api } from '../../client/http';
import type {
  Ack,
  BothMarks,
  Conversation as Detail,
  Delivery,
  DeliveryFrame,
  Entries,
  Entry,
  MarksFrame,
  May,
  Quote,
  Row,
  TypingFrame,
} from '../../client/frames';
import {
  complete,
  emptyThread,
  head,
  hole,
  mark,
  merge,
  wiped,
  withMarks,
  type Thread,
} from '../../client/thread';
import { heard } from '../lib/reach';
import { Comments } from './comments.svelte';

/** What one may do with a conversation that went into other hands. */
export const NOTHING: May = {
  write: false,
  close: false,
  accept: false,
  flag: false,
  pend: false,
  transfer: false,
  answer_transfer: false,
  answer_offer: false,
  assign: false,
  comment: false,
  department: false,
  labels: false,
  block: false,
  link: false,
};

const TYPING_LASTS = 6000;
const HOLE_PATIENCE = 1500;
const REFRESH_AFTER = 250;
const OLDER = 50;
const PAGE_BACK = 200;
const PAGES_BACK = 10;

export interface Wire {
  api: Api;
  send(
    frame: { t: 'watch'; c: number; since: number } | { t: 'unwatch' | 'read'; c: number; seq?: number },
  ): boolean;
  /** The whole conversation came by HTTP: its card is news too. */
  loaded(detail: Detail): void;
}

/** One open thread: entries, marks, rights, typing. Loaded by HTTP, kept by the socket, complete by number. */
export class Conversation {
  readonly id: number;
  detail: Detail | null = $state.raw(null);
  thread: Thread = $state.raw(emptyThread('staff'));
  status: 'loading' | 'ready' | 'error' | 'missing' = $state('loading');
  error = $state('');
  typing: string | null = $state(null);
  /** What the customer is typing, while that is shown (CHAT-11). */
  typed = $state('');
  /** The message that the reply being written answers. */
  quote: Quote | null = $state.raw(null);
  loadingOlder = $state(false);
  /** What channels said of messages since these were read, by number. */
  deliveries: ReadonlyMap<number, Delivery> = $state.raw(new Map<number, Delivery>());
  /** A template is being chosen in place of writing. */
  choosing = $state(false);
  /** On the screen now. */
  active = false;
  readonly comments: Comments;
  readonly #wire: Wire;
  #readSent = 0;
  #anew = false;
  /** What one was to it before it went out of sight. */
  #lost: 'writer' | 'watcher' | null = null;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #holeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, wire: Wire) {
    this.id = id;
    this.#wire = wire;
    this.comments = new Comments(id, wire.api, () => this.thread);
  }

  get head(): number {
    return head(this.thread);
  }

  async activate(): Promise<void> {
    this.active = true;
    await this.load();
    if (this.active) this.watch();
  }

  leave(): void {
    this.active = false;
    this.choosing = false;
    this.#stopTyping();
    clearTimeout(this.#refreshTimer);
    this.#wire.send({ t: 'unwatch', c: this.id });
  }

  /** Joins the thread on the socket; the answer carries what is missing. */
  watch(): void {
    this.#readSent = 0;
    if (this.status === 'ready') this.#wire.send({ t: 'watch', c: this.id, since: complete(this.thread) });
  }

  async load(): Promise<void> {
    if (this.status !== 'ready') this.status = 'loading';
    const before = this.deliveries;
    try {
      const detail = await this.#wire.api.get<Detail>(`/api/conversations/${this.id}`);
      this.#take(detail);
      this.#forget(detail.entries, before);
      this.status = 'ready';
    } catch (error) {
      const missing = error instanceof ApiError && error.status === 404;
      if (this.status === 'ready') return missing ? this.lost() : undefined;
      this.status = missing ? 'missing' : 'error';
      this.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    }
  }

  /** Entries that were read now know better than what was said `before` they were asked for. */
  #forget(entries: readonly Entry[], before: ReadonlyMap<number, Delivery>): void {
    if (!this.deliveries.size) return;
    const read = new Set(entries.map((entry) => entry.seq));
    const stays = ([seq, said]: [number, Delivery]) => !read.has(seq) || before.get(seq) !== said;
    this.deliveries = new Map([...this.deliveries].filter(stays));
  }

  deliver({ seq, d }: DeliveryFrame): void {
    this.deliveries = new Map(this.deliveries).set(seq, d);
  }

  /** It went out of one's sight while it was open: what is shown stays, writing ends (CHAT-13, LIFE-16, TEAM-3). */
  lost(row?: Row, owner = ''): void {
    clearTimeout(this.#refreshTimer);
    if (!this.detail || (this.#lost && !row)) return;
    const wrote = this.detail.may.write || this.#lost === 'writer';
    this.#lost = wrote ? 'writer' : 'watcher';
    const what = row?.kind ?? 'conversation';
    let now = wrote ? `This ${what} is no longer yours.` : `You can no longer look into this ${what}.`;
    if (row?.state === 'closed') now = `This ${what} is closed.`;
    else if (owner) now = `${owner} has this ${what} now.`;
    const why_not = wrote ? `${now} What you wrote is kept.` : now;
    this.detail = { ...this.detail, may: { ...NOTHING, why_not } };
  }

  #take(detail: Detail): void {
    if (!this.detail) this.comments.looked = detail.seen?.seq ?? 0;
    this.detail = detail;
    this.#lost = null;
    // Replies that were pushed while this answer was on its way are not counted in it.
    for (const entry of this.thread.entries)
      if (entry.seq > detail.last_seq && entry.by === 'agent' && entry.kind === 'message') this.#count(entry);
    if (this.#anew) this.thread = emptyThread('staff');
    this.#anew = false;
    // What was pushed already may go back further than this page; the first number of a thread is 1.
    const held = this.thread.entries[0]?.seq ?? Infinity;
    const more = (detail.entries[0]?.seq ?? Infinity) <= held ? detail.more : held > 1;
    this.#keep(withMarks(merge(this.thread, detail.entries, more), detail.marks));
    this.#wire.loaded(detail);
    this.#mend();
  }

  /** Loads older lines until this one is here. False when there is no such message, or it is too far back. */
  async reach(seq: number): Promise<boolean> {
    for (let page = 0; page < PAGES_BACK && this.thread.more; page++) {
      const first = this.thread.entries[0]?.seq ?? 0;
      if (first <= seq) break;
      await this.older(PAGE_BACK);
      if (this.thread.entries[0]?.seq === first) break;
    }
    return this.thread.entries.some((entry) => entry.seq === seq && entry.kind === 'message');
  }

  async older(limit = OLDER): Promise<void> {
    const first = this.thread.entries[0];
    if (!first || !this.thread.more || this.loadingOlder) return;
    this.loadingOlder = true;
    try {
      const page = await this.#wire.api.get<Entries>(
        `/api/conversations/${this.id}/entries?before=${first.seq}&limit=${limit}`,
      );
      this.#keep(merge(this.thread, page.entries, page.more));
    } catch {
      // The next scroll asks again.
    } finally {
      this.loadingOlder = false;
    }
  }

  entry(entry: Entry): void {
    const fresh = entry.seq > this.head;
    this.#keep(merge(this.thread, [entry]));
    if (entry.by === 'customer') this.#heard(entry);
    if (entry.kind === 'event') {
      if (entry.event?.name === 'closed') this.comments.forget();
      this.refreshSoon();
    } else if (entry.kind === 'message' && entry.by === 'agent' && fresh) this.#count(entry);
    this.#mend();
  }

  /** News of a thread that is not on the screen: kept when nothing is missing before it. */
  overhear(entry: Entry): void {
    if (this.status === 'ready' && entry.seq === this.head + 1) this.#keep(merge(this.thread, [entry]));
  }

  /** A close takes the texts of the comments before it from the screen as well (TEAM-5). */
  #keep(thread: Thread): void {
    this.thread = wiped(thread);
  }

  /** The server has it for good: the echo becomes an entry at once, the server's own copy replaces it later. */
  acked(ack: Ack, entry: Omit<Entry, 'seq' | 'at'>): void {
    if (ack.seq <= this.head && this.thread.entries.some((one) => one.seq === ack.seq)) return;
    this.entry({ ...entry, seq: ack.seq, at: ack.at });
  }

  /** The agent's message count in the header goes up at once (CHAT-7). */
  #count(entry: Entry): void {
    const { detail } = this;
    if (!detail || entry.by_id === undefined) return;
    const known = detail.agents.some((agent) => agent.id === entry.by_id);
    const agents = known
      ? detail.agents.map((agent) =>
          agent.id === entry.by_id ? { ...agent, messages: agent.messages + 1 } : agent,
        )
      : [...detail.agents, { id: entry.by_id, name: entry.name ?? '', messages: 1 }];
    this.detail = { ...detail, agents };
  }

  /** Numbers are missing and did not come on their own: ask for them. */
  #mend(): void {
    clearTimeout(this.#holeTimer);
    if (hole(this.thread) === null) return;
    this.#holeTimer = setTimeout(() => {
      if (hole(this.thread) !== null && this.active) this.watch();
    }, HOLE_PATIENCE);
  }

  resumed(entries: Entry[], marks: BothMarks): void {
    this.#keep(withMarks(merge(this.thread, entries), marks));
    this.#forget(entries, this.deliveries);
    if (entries.some((entry) => entry.kind === 'event')) this.refreshSoon();
  }

  /** Too much was missed: start again from the newest page, once it is here. */
  gap(): void {
    this.#anew = true;
    void this.load();
  }

  mark(frame: MarksFrame): void {
    this.thread = mark(this.thread, frame);
  }

  type(frame: TypingFrame): void {
    if (frame.by !== 'customer') return;
    this.#stopTyping();
    if (!frame.on) return;
    this.typing = frame.name ?? (this.detail?.customer.name || 'The customer');
    this.typed = frame.text ?? '';
    this.#typingTimer = setTimeout(() => this.#stopTyping(), TYPING_LASTS);
  }

  #heard(entry: Entry): void {
    this.#stopTyping();
    const { detail } = this;
    if (entry.kind !== 'message' || !detail?.reach) return;
    this.detail = { ...detail, reach: heard(detail.reach, entry.at) };
    if (!detail.may.write) this.refreshSoon();
  }

  #stopTyping(): void {
    clearTimeout(this.#typingTimer);
    this.typing = null;
    this.typed = '';
  }

  /** Everything up to the end is on the screen. Says so to the server once per number. */
  viewed(): number | null {
    const upTo = this.head;
    if (upTo <= this.#readSent || !this.active || this.status !== 'ready') return null;
    if (this.#wire.send({ t: 'read', c: this.id, seq: upTo })) this.#readSent = upTo;
    return upTo;
  }

  /** Rights, owner and agents may have changed. */
  refreshSoon(after = REFRESH_AFTER): void {
    if (!this.active) return;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => void this.load(), after);
  }
}

/** The card inside the whole conversation: what lists need of it. */
export function rowOf(detail: Detail): Row {
  const {
    customer,
    agents: _agents,
    may: _may,
    entries: _entries,
    more: _more,
    marks: _marks,
    close_note: _note,
    links: _links,
    reach: _reach,
    ...row
  } = detail;
  return {
    ...row,
    customer: {
      id: customer.id,
      name: customer.name,
      ...(customer.online === undefined ? {} : { online: customer.online }),
    },
  };
}
