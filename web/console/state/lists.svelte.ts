import { ApiError, type Api } from '../../client/http';
import type { Me, Row } from '../../client/frames';
import { askedOf, fits, groupOf, queryOf, type Filter } from '../lib/filters';
import {
  comesBefore,
  standsIn,
  TABS,
  type Group,
  type Looker,
  type Scope,
  type Sort,
  type Tab,
  type View,
} from '../lib/placement';
import type { AgentLoad } from '../lib/sections';
import { Card } from './cards.svelte';

const PAGE = 50;
const REFRESH_AFTER = 400;
const COUNT_ALL_AFTER = 1500;
const ASK_AGAIN_AFTER = 2000;

export type Counts = Record<Tab, number> & {
  groups: Record<Group, number>;
  /** A search is counted up to here. */
  most: number | null;
};
type Status = 'idle' | 'loading' | 'ready' | 'error';

/** What the lists are told from outside: where the person is, and the order of the agents' names. */
export interface Surroundings {
  tab(): Tab;
  filter(tab: Tab): Filter;
  rank(agent: number): number;
}
const NOWHERE: Surroundings = { tab: () => 'live', filter: () => ({}), rank: (agent) => agent };

/** One tab's cards in order; `next` is the server's cursor, null when all are here. */
export class List {
  readonly tab: Tab;
  cards: readonly Card[] = $state.raw([]);
  next: string | null = $state.raw(null);
  status: Status = $state('idle');
  loadingMore = $state(false);
  error = $state('');
  /** What the cards were asked for with. */
  filter: Filter = $state.raw({});
  /** Grows at each fresh load, so that a late answer to an older question is dropped. */
  turn = 0;
  /** Cards that moved while a load was under way: the answer may be older than they are. */
  moved: Set<Card> | null = null;
  /** Always one's own, whatever the lists show. */
  readonly own: boolean;

  constructor(tab: Tab, own = false) {
    this.tab = tab;
    this.own = own;
  }
}

/** The five lists, their counts, and the cards in them: loaded by HTTP, kept right by socket frames (LIST-1, 4, 5, 6). */
export class Lists {
  counts: Counts | null = $state.raw(null);
  /** Everybody's open chats in numbers, for supervisors who look at everyone's (SUPERVISOR-1). */
  loads: readonly AgentLoad[] = $state.raw([]);
  scope: Scope = $state('mine');
  sort: Sort = $state('activity');
  readonly #api: Api;
  readonly #me: () => Me;
  readonly #around: Surroundings;
  readonly #cards = new Map<number, Card>();
  readonly #lists = Object.fromEntries(TABS.map((tab) => [tab, new List(tab)])) as Record<Tab, List>;
  /** One's own live chats, while Live shows everybody's or some of them. */
  readonly #own = new List('live', true);
  #counted = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #countTimer: ReturnType<typeof setTimeout> | undefined;
  #againTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, me: () => Me, around: Surroundings = NOWHERE) {
    this.#api = api;
    this.#me = me;
    this.#around = around;
    const { settings, role } = me();
    this.sort = settings.live_sort ?? 'activity';
    if (role && role !== 'agent') this.scope = settings.lists?.scope ?? 'mine';
  }

  of(tab: Tab): List {
    return this.#lists[tab];
  }

  card(id: number): Card | undefined {
    return this.#cards.get(id);
  }

  /** One's own live chats and what rings at one, whichever list is shown. */
  get own(): readonly Card[] {
    const { live } = this.#lists;
    const same = this.scope === 'mine' && live.status === 'ready' && queryOf(live.filter) === '';
    return (same ? live : this.#own).cards;
  }

  /** Unread messages in one's own live chats, for the title. */
  get unread(): number {
    const me = this.#me().id;
    return this.own.reduce((sum, card) => sum + (card.row.owner === me ? card.unread(me) : 0), 0);
  }

  /** Sorted by whose the chats are: what supervisors see of everyone. */
  byAgent(tab: Tab): boolean {
    return this.scope === 'all' && (tab === 'live' || tab === 'pending');
  }

  /** How long a list is, as far as the server or the cards tell. */
  total(list: List): number {
    const { tab } = list;
    const counted = tab === 'tickets' ? this.counts?.groups[groupOf(list.filter)] : this.counts?.[tab];
    return Math.max(list.cards.length, list.next === null ? 0 : (counted ?? 0));
  }

  /** The person looks at this tab: its cards are those of the address, and so is its count. */
  look(tab: Tab): void {
    const list = this.#lists[tab];
    const query = queryOf(this.#around.filter(tab));
    if (list.status === 'idle' || queryOf(list.filter) !== query) void this.load(tab);
    if (this.counts && this.#counted !== this.#countQuery()) void this.loadCounts();
  }

  async load(tab: Tab): Promise<void> {
    const filter = this.#around.filter(tab);
    const filled = this.#fill(this.#lists[tab], filter);
    if (tab === 'live' && (this.scope === 'all' || queryOf(filter))) this.#keepOwn();
    await filled;
  }

  #keepOwn(): void {
    if (this.#own.status === 'idle') void this.#fill(this.#own, {});
  }

  async #fill(list: List, filter: Filter): Promise<void> {
    const turn = ++list.turn;
    if (queryOf(filter) !== queryOf(list.filter)) list.status = 'idle';
    list.filter = filter;
    if (list.status !== 'ready') list.status = 'loading';
    list.moved = new Set();
    try {
      const page = await this.#page(list, null);
      if (turn !== list.turn) return;
      const fresh = page.rows.map((row) => this.#card(row));
      list.cards = page.next === null || list.status !== 'ready' ? fresh : this.#join(list, fresh);
      if (list.cards.length <= fresh.length) list.next = page.next;
      list.status = 'ready';
      list.error = '';
      for (const card of list.moved) this.#place(list, card);
      list.moved = null;
    } catch (error) {
      if (turn !== list.turn || list.status === 'ready') return;
      list.status = 'error';
      list.cards = [];
      list.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    }
  }

  /** A refreshed first page, with what had been loaded below it kept. */
  #join(list: List, fresh: Card[]): readonly Card[] {
    const last = fresh.at(-1);
    if (!last || list.cards.length <= fresh.length) return fresh;
    const held = new Set(fresh);
    const view = this.#view(list);
    const below = list.cards.filter(
      (card) => !held.has(card) && comesBefore(view, last.row, card.row) && this.#stands(list, card.row),
    );
    return [...fresh, ...below];
  }

  async more(tab: Tab): Promise<void> {
    const list = this.#lists[tab];
    if (list.next === null || list.loadingMore || list.status !== 'ready') return;
    const turn = list.turn;
    list.loadingMore = true;
    try {
      const page = await this.#page(list, list.next);
      if (turn !== list.turn) return;
      const held = new Set(list.cards);
      list.cards = [
        ...list.cards,
        ...page.rows.map((row) => this.#card(row)).filter((card) => !held.has(card)),
      ];
      list.next = page.next;
      list.error = '';
    } catch (error) {
      list.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    } finally {
      list.loadingMore = false;
    }
  }

  #page(list: List, after: string | null): Promise<{ rows: Row[]; next: string | null }> {
    const { tab, filter } = list;
    const query = new URLSearchParams({ tab, scope: this.#scopeOf(list), limit: String(PAGE) });
    if (tab === 'live') query.set('sort', this.sort);
    if (!list.own && this.byAgent(tab)) query.set('by_agent', 'true');
    for (const [name, value] of askedOf(filter, tab)) query.set(name, value);
    if (after !== null) query.set('after', after);
    return this.#api.get(`/api/conversations?${query}`);
  }

  #countQuery(): string {
    const tab = this.#around.tab();
    const query = new URLSearchParams({ scope: this.scope });
    const asked = askedOf(this.#around.filter(tab), tab);
    asked.delete('group');
    if (asked.size) query.set('tab', tab);
    for (const [name, value] of asked) query.set(name, value);
    return query.toString();
  }

  async loadCounts(): Promise<void> {
    const query = this.#countQuery();
    this.#counted = query;
    try {
      const [counts, loads] = await Promise.all([
        this.#api.get<Counts>(`/api/conversations/counts?${query}`),
        this.scope === 'all' ? this.#api.get<{ agents: AgentLoad[] }>('/api/conversations/loads') : null,
      ]);
      if (query !== this.#counted) return;
      this.counts = counts;
      this.loads = loads?.agents ?? [];
    } catch {
      // The old counts stay; the next change or reconnect asks again.
    }
  }

  setScope(scope: Scope): void {
    this.scope = scope;
    this.reset();
  }

  setSort(sort: Sort): void {
    this.sort = sort;
    this.#lists.live.status = 'idle';
    this.#lists.live.cards = [];
    void this.load('live');
  }

  /** Forgets everything shown; each list is asked for again when looked at. */
  reset(): void {
    for (const list of Object.values(this.#lists)) {
      list.turn += 1;
      list.cards = [];
      list.next = null;
      list.status = 'idle';
    }
    this.#keepOwn();
    void this.loadCounts();
  }

  /** After an absence, or when a strange card came in: the lists in use are asked for again, soon and once. */
  refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const list of Object.values(this.#lists)) if (list.status !== 'idle') void this.load(list.tab);
      if (this.#own.status !== 'idle') void this.#fill(this.#own, {});
      void this.loadCounts();
    }, REFRESH_AFTER);
  }

  countSoon(): void {
    this.#countTimer ??= setTimeout(
      () => {
        this.#countTimer = undefined;
        void this.loadCounts();
      },
      this.scope === 'all' ? COUNT_ALL_AFTER : REFRESH_AFTER,
    );
  }

  /** Only the server knows whether a search finds a card: asked now and then, however much goes on. */
  #askAgain(list: List): void {
    this.#againTimer ??= setTimeout(() => {
      this.#againTimer = undefined;
      void this.load(list.tab);
      void this.loadCounts();
    }, ASK_AGAIN_AFTER);
  }

  #scopeOf(list: List): Scope {
    return list.own ? 'mine' : this.scope;
  }

  #looker(scope = this.scope): Looker {
    return { me: this.#me(), scope };
  }

  #view(list: List): View {
    return {
      tab: list.tab,
      group: groupOf(list.filter),
      sort: this.sort,
      looker: this.#looker(this.#scopeOf(list)),
      byAgent: !list.own && this.byAgent(list.tab),
      rank: (agent) => this.#around.rank(agent),
    };
  }

  /** Whether a card stands in a list, as far as it shows: the words of a search are the server's. */
  #stands(list: List, row: Row): boolean {
    return standsIn(list.tab, row, this.#looker(this.#scopeOf(list))) && fits(row, list.filter, list.tab);
  }

  /** What the counts depend on. */
  #counts(row: Row): string {
    const stands = TABS.filter((tab) => standsIn(tab, row, this.#looker()));
    const fit = stands.filter((tab) => fits(row, this.#lists[tab].filter, tab));
    const load = this.scope === 'all' ? [row.owner, row.waiting_since] : [];
    return [...stands, ...fit, row.state, ...load].join();
  }

  #card(row: Row): Card {
    const known = this.#cards.get(row.id);
    if (known) {
      if (row.last_seq >= known.row.last_seq) known.update(row);
      return known;
    }
    const card = new Card(row);
    this.#cards.set(row.id, card);
    return card;
  }

  /** A card from the socket takes its place in the lists that are loaded. Answers whether it was known before. */
  apply(row: Row): boolean {
    const known = this.#cards.get(row.id);
    if (known && row.last_seq < known.row.last_seq) return true;
    const before = known && this.#counts(known.row);
    const card = this.#card(row);
    if (before !== this.#counts(row)) this.countSoon();
    for (const list of [...Object.values(this.#lists), this.#own]) this.#place(list, card);
    return known !== undefined;
  }

  #place(list: List, card: Card): void {
    list.moved?.add(card);
    if (list.status !== 'ready') return;
    const at = list.cards.indexOf(card);
    if (!this.#stands(list, card.row)) {
      if (at >= 0) list.cards = list.cards.filter((one) => one !== card);
      return;
    }
    if (at < 0 && list.filter.q) return this.#askAgain(list);
    const rest = at >= 0 ? list.cards.filter((one) => one !== card) : list.cards;
    const view = this.#view(list);
    const index = rest.findIndex((one) => comesBefore(view, card.row, one.row));
    if (index === at && at >= 0) return;
    // Below everything loaded and more to come: paging brings it in its turn.
    if (index < 0 && list.next !== null && at < 0) return;
    const to = index < 0 ? rest.length : index;
    if (to === at) return;
    list.cards = [...rest.slice(0, to), card, ...rest.slice(to)];
  }
}
