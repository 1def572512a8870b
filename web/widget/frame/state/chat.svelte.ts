/** The visitor's side of one site: session, live connection, the thread shown and what is unsent. */
import {
  clientId,
  type Ack,
  type Boot,
  type Close,
  type Entry,
  type File,
  type Nack,
  type Send,
  type ServerFrame,
  type Start,
  type VisitorView,
  type WidgetSite,
} from '../../../client/frames';
import { ApiError } from '../../../client/http';
import { Outbox } from '../../../client/outbox';
import type { Line, Pending } from '../../../client/pending';
import { backoff, DeskSocket, type Status } from '../../../client/socket';
import * as threads from '../../../client/thread';
import type { Thread } from '../../../client/thread';
import { Answers } from './answers.svelte';
import { Detour } from './detour.svelte';
import { Landing } from './landing.svelte';
import type { Session } from './session';
import { refusedStart, type Details, type Failed } from './refused';
import { Typing } from './typing.svelte';

export type Phase = 'loading' | 'ready' | 'failed' | 'forbidden' | 'upgrade';

export class Chat {
  phase = $state.raw<Phase>('loading');
  site = $state.raw<WidgetSite | null>(null);
  customer = $state.raw({ name: '', email: '' });
  readonly answers = new Answers();
  view = $state.raw<VisitorView | null>(null);
  /** The conversation shown; null before the first message is stored. */
  c = $state.raw<number | null>(null);
  thread = $state.raw<Thread>(threads.emptyThread('visitor'));
  line = $state.raw<Line>([]);
  status = $state.raw<Status>({ is: 'connecting', since: Date.now() });
  loadingOlder = $state.raw(false);
  /** A start that the server refused: the form shows it again with its text. */
  refused = $state.raw<Failed | null>(null);
  /** What was begun here went into an earlier message (TICKET-7). */
  merged = $state.raw(false);
  readonly #landing = new Landing();
  #ownMarksKnown = $state.raw(false);
  readonly session: Session;
  greeting: () => Details = () => ({});
  /** Called with each new message of an agent that was not there when the page opened. */
  heard: (entry: Entry) => void = () => undefined;
  #outbox: Outbox | undefined;
  #socket: DeskSocket | undefined;
  readonly typing = new Typing(
    (said) => this.c !== null && (this.#socket?.send({ t: 'typing', c: this.c, ...said }) ?? false),
  );
  readonly #detour: Detour;
  #boots = 0;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #fetching: Promise<void> | undefined;
  /** The chat that was merged away: what still comes of it is not shown. */
  #left = 0;

  constructor(session: Session) {
    this.session = session;
    this.#detour = new Detour({
      session,
      news: () => this.#news(),
      answered: (answer) => (answer.t === 'ack' ? this.#ack(answer) : this.#nack(answer)),
      open: () => this.#outbox?.flush(),
    });
  }

  /** No socket gets through, but HTTP does. */
  get polling(): boolean {
    return this.#detour.working;
  }

  echoes = $derived.by(() => {
    const landing = threads.echoes(this.thread, this.c, this.#landing.list);
    return [...landing, ...threads.echoes(this.thread, this.c, this.line)];
  });
  landed = (item: Pending): boolean => this.#landing.has(item);
  begun = $derived(this.c !== null || this.line.some((item) => item.frame.t === 'start'));
  state = $derived(this.view?.state ?? (this.begun ? 'queued' : null));
  over = $derived(this.state === 'closed' || this.state === 'archived');
  ending = $derived(this.line.some((item) => item.frame.t === 'close' && item.state !== 'failed'));
  unread = $derived(this.#ownMarksKnown ? threads.unread(this.thread) : (this.view?.unread ?? 0));
  /** When the desk is away it goes on trying, ever more slowly. */
  async open(): Promise<void> {
    clearTimeout(this.#openTimer);
    if (this.phase !== 'failed') this.phase = 'loading';
    try {
      const boot = await this.session.boot();
      this.#learn(boot);
      this.#show(boot.view);
      if (boot.view) await this.#loadNewest(boot.view.c);
      this.phase = 'ready';
      await this.#connect();
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      this.phase = status === 403 || status === 404 ? 'forbidden' : 'failed';
      if (this.phase === 'failed') this.#openLater();
    }
  }

  #learn(boot: Boot): void {
    this.site = boot.site;
    this.customer = boot.customer;
    this.answers.learn(boot);
  }

  /** Asks again whether somebody can answer, unless that was a moment ago. */
  async look(): Promise<void> {
    if (this.begun || this.answers.fresh) return;
    const boot = await this.session.boot().catch(() => null);
    if (boot) this.#learn(boot);
  }

  retryNow(): void {
    this.#socket?.retryNow();
  }

  async #connect(): Promise<void> {
    this.#outbox?.close();
    this.#outbox = new Outbox({
      store: this.session.store,
      scope: this.session.scope,
      transmit: (frame) => this.#socket?.send(frame) || this.#detour.send(frame),
      changed: (line) => (this.line = line),
      locks: navigator.locks,
    });
    this.#socket = new DeskSocket({
      url: '/api/widget/socket',
      hello: () => ({ token: this.session.token, have: this.#have() }),
      frame: (frame) => this.#frame(frame),
      status: (status) => this.#statusChanged(status),
    });
    await this.#outbox.open();
    this.#socket.start();
  }

  #have(): Record<string, number> {
    return this.c === null ? {} : { [this.c]: threads.complete(this.thread) };
  }

  #statusChanged(status: Status): void {
    this.status = status;
    if (status.is === 'offline') {
      if (!this.polling) this.#outbox?.cut();
      this.#detour.missed().catch(() => undefined); // asked for again at the next failure
    }
    if (status.is === 'online' || status.is === 'stopped') this.#detour.met();
    if (status.is !== 'stopped') return;
    if (status.why === 'forbidden') this.phase = 'forbidden';
    else if (status.why === 'upgrade') this.phase = 'upgrade';
    else if (status.why !== 'closed') this.#sessionEnded();
  }

  /** The token is not known any more: a new session, ever more slowly if that does not help. */
  #sessionEnded(): void {
    this.session.forget();
    this.#outbox?.close();
    this.#openLater();
  }

  #openLater(): void {
    this.#openTimer = setTimeout(() => void this.open(), backoff(this.#boots++, Math.random()));
  }

  #frame(frame: ServerFrame): void {
    switch (frame.t) {
      case 'ready':
        this.typing.shown = !!frame.typing_preview;
        this.#boots = 0;
        if (frame.c !== undefined && frame.c !== this.c) void this.#refresh();
        return this.#outbox?.flush();
      case 'entry':
        return this.#entry(frame.c, frame.e, frame.view);
      case 'resumed':
        if (frame.c !== this.c) return;
        this.#ownMarksKnown = true;
        this.thread = threads.withMarks(this.thread, frame.marks);
        this.#put(frame.entries);
        if (frame.view) this.view = frame.view;
        return;
      case 'gap':
        return void this.#reload(frame.c);
      case 'ack':
        return this.#ack(frame);
      case 'nack':
        return this.#nack(frame);
      case 'marks':
        if (frame.c === this.c) this.thread = threads.mark(this.thread, frame);
        return;
      case 'typing':
        if (frame.c === this.c && frame.by === 'agent')
          this.typing.heard(frame.on ? (frame.name ?? '') : null);
        return;
      case 'error':
        return this.answers.hear(frame.code);
      case 'queue':
        if (this.view?.c === frame.c) this.view = { ...this.view, queue: frame };
    }
  }

  #entry(c: number, entry: Entry, view: VisitorView | undefined): void {
    if (c === this.#left) return;
    if (c !== this.c) this.#change(c);
    if (view) this.view = view;
    if (entry.event?.name === 'merged') return this.#follow(c, Number(entry.event['number']));
    const fresh = entry.seq > threads.head(this.thread);
    this.#put([entry]);
    if (entry.kind !== 'message' || entry.by !== 'agent') return;
    this.typing.heard(null);
    if (fresh) this.heard(entry);
  }

  #put(entries: readonly Entry[]): void {
    this.thread = threads.merge(this.thread, entries);
    this.#landing.landed(new Set(entries.map((entry) => entry.id)));
    if (threads.hole(this.thread) !== null) void this.#fill();
    this.#tellDelivered();
  }

  /** Soon, and once for many: a burst of messages makes no burst of frames; what is read by then says it too. */
  #tellDelivered(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      const seq = threads.newestOf(this.thread, 'agent');
      const { delivered } = this.thread.marks.customer;
      if (this.c === null || seq <= delivered || !this.#socket?.send({ t: 'delivered', c: this.c, seq }))
        return;
      this.thread = threads.mark(this.thread, { by: 'customer', delivered: seq, read: 0, at: Date.now() });
    }, 150);
  }

  #follow(from: number, to: number): void {
    this.#left = from;
    this.#change(to);
    this.merged = true;
    this.#socket?.send({ t: 'watch', c: to, since: 0 });
  }

  /** Everything there is was in front of the person's eyes. */
  markRead(): void {
    const seq = threads.newestOf(this.thread, 'agent');
    if (this.c === null || !this.#ownMarksKnown || seq <= this.thread.marks.customer.read) return;
    if (this.#socket?.send({ t: 'read', c: this.c, seq }) || this.polling)
      this.thread = threads.mark(this.thread, { by: 'customer', delivered: seq, read: seq, at: Date.now() });
  }

  /** Another conversation became the one shown (started here or in another tab). */
  #change(c: number): void {
    if (this.c !== null) this.thread = threads.emptyThread('visitor');
    this.c = c;
    this.#ownMarksKnown = true;
    if (this.view && this.view.c !== c) this.view = null;
  }

  #show(view: VisitorView | null): void {
    if (view && view.c !== this.c) this.#change(view.c);
    this.view = view;
    this.#ownMarksKnown = false;
    if (!view) return;
    const { delivered, read } = view;
    this.thread = threads.mark(this.thread, { by: 'agent', delivered, read, at: 0 });
  }

  async #refresh(): Promise<void> {
    const boot = await this.session.boot().catch(() => null);
    if (!boot?.view) return;
    const other = boot.view.c !== this.c;
    this.#show(boot.view);
    this.#ownMarksKnown = !other;
    await this.#reload(boot.view.c);
  }

  async #reload(c: number): Promise<void> {
    if (c !== this.c) return;
    this.thread = { ...threads.emptyThread('visitor'), marks: this.thread.marks };
    await this.#loadNewest(c).catch(() => undefined);
    this.#ownMarksKnown = true;
  }

  async #loadNewest(c: number): Promise<void> {
    const { entries, more } = await this.session.entries(c);
    if (c !== this.c) return;
    this.thread = threads.merge(this.thread, entries, more);
    this.#tellDelivered();
  }

  /** What is new, by HTTP. */
  async #news(): Promise<void> {
    const { view } = await this.session.boot();
    if (!view) return;
    if (view.c !== this.c) this.#show(view);
    this.view = view;
    this.thread = threads.mark(this.thread, {
      by: 'agent',
      delivered: view.delivered,
      read: view.read,
      at: Date.now(),
    });
    this.#ownMarksKnown = true;
    const known = threads.head(this.thread);
    const { entries } = known
      ? await this.session.entries(view.c, { after: threads.complete(this.thread) }, 200)
      : await this.session.entries(view.c);
    this.#put(entries);
    for (const entry of entries) if (known && entry.seq > known && entry.by === 'agent') this.heard(entry);
  }

  /** Asks for what is missing in the middle, one question at a time. */
  #fill(): Promise<void> {
    this.#fetching ??= (async () => {
      const c = this.c;
      const after = threads.hole(this.thread);
      if (c === null || after === null) return;
      const { entries } = await this.session.entries(c, { after }, 200);
      if (c === this.c) this.thread = threads.merge(this.thread, entries);
    })()
      .catch(() => undefined)
      .finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async loadOlder(): Promise<void> {
    const before = this.thread.entries[0]?.seq;
    const c = this.c;
    if (this.loadingOlder || !this.thread.more || c === null || before === undefined) return;
    this.loadingOlder = true;
    try {
      const { entries, more } = await this.session.entries(c, { before });
      if (c === this.c) this.thread = threads.merge(this.thread, entries, more);
    } catch {
      /* asked again at the next scroll */
    } finally {
      this.loadingOlder = false;
    }
  }

  /** Throws RangeError when too much is unsent already. */
  send(text: string, files: File[], details: Details): void {
    const id = clientId();
    const body = { id, ...(text && { text }), ...(files.length && { files: files.map((file) => file.id) }) };
    const first = this.c === null && !this.line.some((item) => item.frame.t === 'start');
    const frame: Omit<Send, 'c'> | Start = first
      ? { t: 'start', ...body, ...details, ...this.greeting() }
      : { t: 'send', ...body };
    this.refused = null;
    this.typing.stop();
    this.#outbox?.add(frame.t === 'start' ? frame : { ...frame, c: this.c }, files);
  }

  end(): void {
    if (this.c === null) return;
    const frame: Close = { t: 'close', id: clientId(), c: this.c };
    this.#outbox?.add(frame);
  }

  retry = (id: string): void => this.#outbox?.retry(id);
  drop = (id: string): void => this.#outbox?.drop(id);

  #ack(ack: Ack): void {
    const item = this.line.find((one) => one.frame.id === ack.id);
    if (item?.frame.t === 'start' && this.c !== ack.c && this.#left !== ack.c) this.#change(ack.c);
    if (item && !this.thread.entries.some((entry) => entry.id === ack.id))
      this.#landing.add(item, ack.c, () => void this.#refresh());
    this.#outbox?.ack(ack);
    this.answers.hear('');
    if (item?.frame.t === 'start' && !this.view) void this.#refreshView();
  }

  async #refreshView(): Promise<void> {
    const boot = await this.session.boot().catch(() => null);
    if (boot?.view && boot.view.c === this.c && !this.view) this.view = boot.view;
  }

  #nack(nack: Nack): void {
    const item = this.line.find((one) => one.frame.id === nack.id);
    this.#outbox?.nack(nack);
    this.answers.hear(nack.code);
    if (nack.retry !== undefined || !item) return;
    if (item.frame.t === 'start') this.#startRefused(item.frame, nack.text);
    if (item.frame.t === 'close') this.#outbox?.drop(item.frame.id);
  }

  /** A chat that was not started leaves nothing to answer to: all its texts go back into the form. */
  #startRefused(frame: Start, why: string): void {
    const frames = this.line.map((item) => item.frame);
    const behind = frames.filter((one): one is Send => one.t === 'send' && one.c === null);
    for (const { id } of [frame, ...behind]) this.#outbox?.drop(id);
    this.refused = refusedStart(frame, behind, why);
    this.answers.forget();
    void this.look();
  }
}
