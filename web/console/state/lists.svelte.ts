import { ApiError, type Api } from '../../client/http';
import type { Me, Row } from '../../client/frames';
import { comesBefore, tabOf, TABS, type Looker, type Scope, type Sort, type Tab } from '../lib/placement';
import { Card } from './cards.svelte';

const PAGE = 50;
const REFRESH_AFTER = 400;

export type Counts = Record<Tab, number>;
type Status = 'idle' | 'loading' | 'ready' | 'error';

/** One tab's cards in order; `next` is the server's cursor, null when all are here. */
export class List {
  readonly tab: Tab;
  cards: readonly Card[] = $state.raw([]);
  next: string | null = $state.raw(null);
  status: Status = $state('idle');
  loadingMore = $state(false);
  error = $state('');
  /** Grows at each fresh load, so that a late answer to an older question is dropped. */
  turn = 0;
  /** Cards that moved while a load was under way: the answer may be older than they are. */
  moved: Set<Card> | null = null;

  constructor(tab: Tab) {
    this.tab = tab;
  }
}

/** The five lists, their counts, and the cards in them: loaded by HTTP, kept right by socket frames (LIST-1, 4, 6). */
export class Lists {
  counts: Counts | null = $state.raw(null);
  scope: Scope = $state('mine');
  sort: Sort = $state('activity');
  readonly #api: Api;
  readonly #me: () => Me;
  readonly #cards = new Map<number, Card>();
  readonly #lists = Object.fromEntries(TABS.map((tab) => [tab, new List(tab)])) as Record<Tab, List>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #countTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(api: Api, me: () => Me) {
    this.#api = api;
    this.#me = me;
    this.sort = me().settings.live_sort ?? 'activity';
  }

  of(tab: Tab): List {
    return this.#lists[tab];
  }

  card(id: number): Card | undefined {
    return this.#cards.get(id);
  }

  /** How many of one's own live chats have unread messages, for the title. */
  get unread(): number {
    const me = this.#me().id;
    return this.#lists.live.cards.filter((card) => card.unread(me) > 0).length;
  }

  async load(tab: Tab): Promise<void> {
    const list = this.#lists[tab];
    const turn = ++list.turn;
    if (list.status !== 'ready') list.status = 'loading';
    list.moved = new Set();
    try {
      const page = await this.#page(tab, null);
      if (turn !== list.turn) return;
      const fresh = page.rows.map((row) => this.#card(row));
      list.cards = page.next === null ? fresh : this.#join(list, fresh);
      if (list.cards.length <= fresh.length) list.next = page.next;
      list.status = 'ready';
      for (const card of list.moved) this.#place(list, card, this.#stands(card.row));
      list.moved = null;
    } catch (error) {
      if (turn !== list.turn || list.status === 'ready') return;
      list.status = 'error';
      list.error = error instanceof ApiError ? error.message : 'Something went wrong.';
    }
  }

  /** A refreshed first page, with what had been loaded below it kept. */
  #join(list: List, fresh: Card[]): readonly Card[] {
    const last = fresh.at(-1);
    if (!last || list.cards.length <= fresh.length) return fresh;
    const held = new Set(fresh);
    const below = list.cards.filter(
      (card) =>
        !held.has(card) &&
        comesBefore(list.tab, this.sort, last.row, card.row) &&
        this.#stands(card.row) === list.tab,
    );
    return [...fresh, ...below];
  }

  async more(tab: Tab): Promise<void> {
    const list = this.#lists[tab];
    if (list.next === null || list.loadingMore || list.status !== 'ready') return;
    const turn = list.turn;
    list.loadingMore = true;
    try {
      const page = await this.#page(tab, list.next);
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

  #page(tab: Tab, after: string | null): Promise<{ rows: Row[]; next: string | null }> {
    const query = new URLSearchParams({ tab, scope: this.scope, limit: String(PAGE) });
    if (tab === 'live') query.set('sort', this.sort);
    if (after !== null) query.set('after', after);
    return this.#api.get(`/api/conversations?${query}`);
  }

  async loadCounts(): Promise<void> {
    try {
      this.counts = await this.#api.get<Counts>(`/api/conversations/counts?scope=${this.scope}`);
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
    void this.loadCounts();
  }

  /** After an absence, or when a strange card came in: the lists in use are asked for again, soon and once. */
  refreshSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const list of Object.values(this.#lists)) if (list.status !== 'idle') void this.load(list.tab);
      void this.loadCounts();
    }, REFRESH_AFTER);
  }

  countSoon(): void {
    clearTimeout(this.#countTimer);
    this.#countTimer = setTimeout(() => void this.loadCounts(), REFRESH_AFTER);
  }

  #stands(row: Row): Tab | null {
    const looker: Looker = { me: this.#me(), scope: this.scope };
    return tabOf(row, looker);
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
    const before = known && this.#stands(known.row);
    const card = this.#card(row);
    const stands = this.#stands(row);
    if (before !== stands) this.countSoon();
    for (const list of Object.values(this.#lists)) this.#place(list, card, stands);
    return known !== undefined;
  }

  #place(list: List, card: Card, stands: Tab | null): void {
    list.moved?.add(card);
    if (list.status !== 'ready' || list.tab === 'tagged') return;
    const at = list.cards.indexOf(card);
    if (list.tab !== stands) {
      if (at >= 0) list.cards = list.cards.filter((one) => one !== card);
      return;
    }
    const rest = at >= 0 ? list.cards.filter((one) => one !== card) : list.cards;
    const index = rest.findIndex((one) => comesBefore(list.tab, this.sort, card.row, one.row));
    if (index === at && at >= 0) return;
    // Below everything loaded and more to come: paging brings it in its turn.
    if (index < 0 && list.next !== null && at < 0) return;
    const to = index < 0 ? rest.length : index;
    if (to === at) return;
    list.cards = [...rest.slice(0, to), card, ...rest.slice(to)];
  }
}
