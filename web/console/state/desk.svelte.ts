import { getContext, setContext } from 'svelte';
import { ApiError, type Api } from '../../client/http';
import type { ClientFrame, EntryFrame, Me, Nack, Row, ServerFrame } from '../../client/frames';
import { DeskSocket, type Status } from '../../client/socket';
import { pageStore } from '../../client/storage';
import { queryOf, type Filter } from '../lib/filters';
import { mayLook, type Scope, type Sort, type Tab } from '../lib/placement';
import { Actions } from './actions';
import { Clock } from './clock.svelte';
import { Composer } from './composer.svelte';
import { Conversation, rowOf, type Wire } from './conversation.svelte';
import { Drafts } from './drafts.svelte';
import { Habits } from './habits.svelte';
import { Kept } from './kept';
import { Lists } from './lists.svelte';
import { News } from './news';
import { Notices } from './notices.svelte';
import { Own } from './own.svelte';
import { Panel } from './panel.svelte';
import { Receipts } from './receipts';
import { Replies } from './replies.svelte';
import { pathOf, type Router } from './router.svelte';
import { Sounds } from './sounds';
import { Team } from './team.svelte';
import { Timers } from './timers.svelte';
import { Visitors } from './visitors.svelte';

/** What a signed-in member of staff has before them: wires the socket to lists, threads, team and sounds. */
export class Desk {
  connection: Status = $state.raw({ is: 'connecting', since: Date.now() });
  open: Conversation | null = $state.raw(null);
  /** The conversation the agent wants to write in: its reply box takes the focus. */
  replyWanted: { c: number; what?: 'canned' | 'files' } | null = $state.raw(null);
  /** Grows when somebody adds or deletes a note on a customer. */
  notesChanged = $state(0);
  customersChanged = $state(0);
  channelsChanged = $state(0);
  readonly own: Own;
  readonly api: Api;
  readonly router: Router;
  readonly clock = new Clock();
  readonly panel = new Panel();
  readonly notices = new Notices();
  readonly sounds = new Sounds(() => this.me.settings.sound ?? true);
  readonly lists: Lists;
  readonly habits: Habits;
  readonly team: Team;
  readonly drafts: Drafts;
  readonly replies: Replies;
  readonly composer: Composer;
  readonly timers: Timers;
  readonly visitors = new Visitors((frame) => this.#socket.send(frame));
  readonly actions: Actions;
  readonly news: News;
  readonly #socket: DeskSocket;
  readonly #kept = new Kept((id) => new Conversation(id, this.#wire()));
  readonly #ended: () => void;
  readonly #receipts = new Receipts((frame) => void this.#socket.send(frame));
  #wasOnline = false;

  constructor(me: Me, api: Api, router: Router, ended: () => void) {
    this.own = new Own(me, api, (action) => this.act(action));
    this.api = api;
    this.router = router;
    this.#ended = ended;
    const store = pageStore();
    this.team = new Team(api);
    this.lists = new Lists(api, () => this.me, {
      tab: () => (router.place.page === 'list' ? router.place.tab : 'live'),
      filter: (tab) => router.filter(tab),
      rank: (agent) => this.team.rank(agent),
    });
    this.habits = new Habits(api, me.settings.lists);
    this.timers = new Timers(api);
    this.composer = new Composer(api);
    this.actions = new Actions(api, {
      act: (action) => this.act(action),
      changed: () => this.open?.refreshSoon(0),
      labelled: () => this.team.load('labels'),
    });
    const { lists, sounds } = this;
    this.news = new News({ api, router, lists, sounds, me: () => this.me, looksAt: (c) => this.looksAt(c) });
    this.drafts = new Drafts(store, me.id);
    this.replies = new Replies({
      store,
      me: () => this.me,
      transmit: (frame) => this.#socket.send(frame),
      open: () => this.open,
      drafts: this.drafts,
    });
    this.#socket = new DeskSocket({
      url: '/api/socket',
      hello: () => ({}),
      frame: (frame) => this.#receive(frame),
      status: (status) => this.#status(status),
    });
  }

  start(): void {
    this.team.loadAll();
    void this.timers.load();
    void this.lists.loadCounts();
    this.replies.start();
    addEventListener('vite:preloadError', this.#missing);
    this.#socket.start();
  }

  stop(): void {
    this.#socket.stop();
    removeEventListener('vite:preloadError', this.#missing);
    this.replies.stop();
  }

  /** A dialog or tab is fetched when it is first wanted; browsers do not ask again for one that failed. */
  readonly #missing = (): void =>
    this.notices.say(
      'A part of the desk could not be loaded. Once the connection is back, load this page anew; what you wrote is kept.',
      'alert',
    );

  get me(): Me {
    return this.own.me;
  }

  get supervises(): boolean {
    return this.me.role !== 'agent';
  }

  // -- threads ------------------------------------------------------------------------------------------------

  /** Shows conversation `id`, at once when it was open lately. */
  show(id: number | null): void {
    if (this.open?.id === id) return;
    this.open?.leave();
    if (id === null) {
      this.open = null;
      return;
    }
    this.open = this.#kept.take(id);
    void this.open.activate();
  }

  /** Own chats that are likely to be opened next. */
  fetchAhead(ids: readonly number[]): void {
    void this.#kept.ahead(ids);
  }

  #wire(): Wire {
    return {
      api: this.api,
      send: (frame) => this.#socket.send(frame as ClientFrame),
      loaded: (detail) => {
        this.lists.apply(rowOf(detail));
        this.#opened(detail.id);
      },
    };
  }

  /** Its owner looks at it: no longer new (LIST-2). */
  #opened(id: number): void {
    const card = this.lists.card(id);
    if (!card?.row.new || card.row.owner !== this.me.id || this.open?.id !== id) return;
    card.row = { ...card.row, new: false };
    this.api.post(`/api/conversations/${id}/open`).catch(() => undefined);
  }

  /** The end of the open thread is on the screen: the dot and the badge go (LIST-3). */
  viewed(): void {
    const upTo = this.open?.viewed();
    const card = this.open && this.lists.card(this.open.id);
    if (upTo && card) card.see({ seq: upTo, count: card.row.customer_messages });
  }

  wantReply(c: number, what?: 'canned' | 'files'): void {
    this.replyWanted = what ? { c, what } : { c };
  }

  typing(c: number, on: boolean): void {
    this.#socket.send({ t: 'typing', c, on });
  }

  #nacked(nack: Nack): void {
    this.replies.nacked(nack);
    if (nack.retry === undefined) this.open?.refreshSoon();
  }

  // -- what the agent does to a conversation --------------------------------------------------------------------

  /** Runs an action; a refusal is shown in the server's words. Answers whether it was done. */
  async act(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.notices.say(error instanceof ApiError ? error.message : 'Something went wrong.', 'alert');
      return false;
    }
  }

  // -- lists ----------------------------------------------------------------------------------------------------

  setSort(sort: Sort): void {
    this.lists.setSort(sort);
    void this.own.setSettings({ live_sort: sort });
  }

  /** Narrows a list: the address says by what (LIST-5). */
  narrow(tab: Tab, filter: Filter, how: 'push' | 'replace' = 'push'): void {
    const { place } = this.router;
    const id = place.page === 'list' && place.tab === tab ? place.id : null;
    this.router.go(`${pathOf(tab, id)}?${queryOf(filter)}`, how);
  }

  setScope(scope: Scope): void {
    this.lists.setScope(scope);
    this.#follow();
  }

  #follow(): void {
    if (this.supervises) this.#socket.send({ t: 'follow', all: this.lists.scope === 'all' });
  }

  // -- the socket -----------------------------------------------------------------------------------------------

  #status(status: Status): void {
    this.connection = status;
    if (status.is === 'online') this.#online();
    else this.news.cut();
    if (status.is === 'offline') this.replies.cut();
    else if (status.is === 'stopped' && (status.why === 'auth' || status.why === 'ended')) this.#ended();
    else if (status.is === 'stopped' && status.why === 'upgrade') location.reload();
  }

  #online(): void {
    if (this.lists.scope === 'all') this.#follow();
    this.open?.watch();
    this.replies.online();
    if (this.#wasOnline) {
      this.lists.refreshSoon();
      this.team.loadAll();
      void this.timers.load();
      this.open?.refreshSoon();
    }
    void this.news.bell.load(); // only from now on do new ones come by themselves
    this.#wasOnline = true;
  }

  #receive(frame: ServerFrame): void {
    switch (frame.t) {
      case 'ready':
        return this.clock.correct(frame.now);
      case 'entry':
        return this.#entry(frame);
      case 'row':
        return this.#row(frame.s);
      case 'resumed':
        if (frame.s) this.#row(frame.s, false);
        return this.#thread(frame.c)?.resumed(frame.entries, frame.marks);
      case 'gap':
        return this.#thread(frame.c)?.gap();
      case 'ack':
        return this.replies.acked(frame);
      case 'nack':
        return this.#nacked(frame);
      case 'marks':
        return this.#marks(frame);
      case 'delivery':
        return this.#thread(frame.c)?.deliver(frame);
      case 'seen':
        return this.lists.card(frame.c)?.see({ seq: frame.seq, count: frame.count });
      case 'typing':
        return this.#thread(frame.c)?.type(frame);
      case 'presence':
        return this.team.presence(frame.staff);
      case 'customers':
      case 'visitors':
        return this.visitors.hear(frame);
      case 'availability':
        return this.own.switched(frame.available);
      case 'notice':
      case 'notices_read':
        return this.news.hear(frame);
      case 'changed':
        return this.#changed(frame.what);
    }
  }

  #thread(c: number): Conversation | null {
    return this.open?.id === c ? this.open : null;
  }

  #entry({ c, e, s }: EntryFrame): void {
    if (this.open?.id === c) this.open.entry(e);
    else this.#kept.hear(c, e);
    if (!s) return;
    if (!this.#sees(s)) this.#thread(c)?.lost(s, this.team.name(s.owner));
    const before = this.lists.card(c)?.row;
    this.#take(s);
    if (s.owner !== this.me.id) return;
    const written = e.kind === 'message' && e.by === 'customer';
    if (s.new && before?.owner !== this.me.id) this.news.card('chat', s);
    else if (written) this.news.card('message', s);
    if (written && !this.looksAt(c)) this.#receipts.note(c, e.seq);
  }

  #row(row: Row, refresh = true): void {
    const before = this.lists.card(row.id)?.row;
    this.#take(row);
    if (row.new && row.owner === this.me.id && before?.owner !== this.me.id) this.news.card('chat', row);
    if (refresh) this.#thread(row.id)?.refreshSoon();
  }

  /** A card from the socket; a strange one brings the lists up to date. */
  #take(row: Row): void {
    if (!this.lists.apply(row)) this.lists.refreshSoon();
    this.news.saw(this.lists.card(row.id)?.row ?? row);
    this.#opened(row.id);
  }

  /** Whether it is before this person's eyes by right. */
  #sees(row: Row): boolean {
    return this.supervises || mayLook(row, this.me);
  }

  looksAt(c: number): boolean {
    return this.open?.id === c && document.visibilityState === 'visible' && document.hasFocus();
  }

  #marks(frame: Extract<ServerFrame, { t: 'marks' }>): void {
    if (frame.by === 'customer') this.lists.card(frame.c)?.got(frame);
    this.#thread(frame.c)?.mark(frame);
  }

  #changed(what: string[]): void {
    if (what.includes('counts')) this.lists.countSoon();
    if (what.includes('customers')) {
      this.lists.refreshSoon();
      // One that went elsewhere is not asked for again.
      const row = this.open && this.lists.card(this.open.id)?.row;
      if (!row || this.#sees(row)) this.open?.refreshSoon();
      this.customersChanged += 1;
    }
    if (what.includes('channels')) {
      this.channelsChanged += 1;
      this.open?.refreshSoon();
    }
    if (what.includes('preferences')) void this.timers.load();
    if (['canned_replies', 'session', 'team', 'preferences'].some((one) => what.includes(one)))
      void this.composer.renew();
    if (what.includes('notices')) void this.news.bell.load();
    if (what.includes('notes')) this.notesChanged += 1;
    if (what.includes('session') || what.includes('preferences')) void this.own.reload();
    for (const one of ['team', 'departments', 'labels', 'closing_tags', 'customer_fields'] as const)
      if (what.includes(one)) void this.team.load(one);
  }
}

const KEY = Symbol('desk');
export const provideDesk = (desk: Desk): Desk => setContext(KEY, desk);
export const useDesk = (): Desk => getContext(KEY);
