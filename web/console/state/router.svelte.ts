import type { ListSettings } from '../../client/frames';
import { parseFilter, queryOf, type Filter } from '../lib/filters';
import { TABS, type Tab } from '../lib/placement';

const SECTIONS = [
  'departments',
  'replies',
  'preferences',
  'tags',
  'labels',
  'fields',
  'blocks',
  'mail',
  'staff',
  'sites',
  'whatsapp',
] as const;
export type Manage = (typeof SECTIONS)[number];
export type Place =
  | { page: 'list'; tab: Tab; id: number | null }
  | { page: 'manage'; section: Manage }
  | { page: 'customer'; id: number }
  | { page: 'visitors' }
  | { page: 'setup' };

const NUMBER = /^[1-9]\d{0,17}$/;

export function parse(path: string): Place {
  const [head = '', rest = ''] = path.split('/').filter(Boolean);
  if (head === 'setup') return { page: 'setup' };
  if (head === 'visitors') return { page: 'visitors' };
  if (head === 'manage' && (SECTIONS as readonly string[]).includes(rest))
    return { page: 'manage', section: rest as Manage };
  if (head === 'customers' && NUMBER.test(rest)) return { page: 'customer', id: Number(rest) };
  const tab = (TABS as readonly string[]).includes(head) ? (head as Tab) : 'live';
  return { page: 'list', tab, id: NUMBER.test(rest) ? Number(rest) : null };
}

export function pathOf(tab: Tab, id?: number | null): string {
  return id ? `/${tab}/${id}` : `/${tab}`;
}

/** The address bar is the truth: what is shown follows it, and the back button works (LIST-1). */
export class Router {
  place: Place = $state.raw(parse(location.pathname));
  /** The message that a link points at (`#m17`), until it has been shown (CHAT-12). */
  message: number | null = $state(null);
  /** What each list is narrowed by, as in the address; a tab that is left keeps its own (LIST-5). */
  queries: Readonly<Partial<Record<Tab, string>>> = $state.raw({});

  constructor() {
    this.#read();
    addEventListener('popstate', () => this.#read());
  }

  #read(): void {
    this.place = parse(location.pathname);
    const named = /^#m([1-9]\d{0,9})$/.exec(location.hash)?.[1];
    this.message = named === undefined ? null : Number(named);
    if (this.place.page === 'list') this.#narrow(this.place.tab, location.search);
  }

  #narrow(tab: Tab, query: string): void {
    const clean = queryOf(parseFilter(query));
    if (clean !== (this.queries[tab] ?? '')) this.queries = { ...this.queries, [tab]: clean };
  }

  /** How this person has left the lists, on whatever device. An address that says something goes before it. */
  restore(settings: ListSettings | null | undefined): void {
    const plain = location.pathname === '/';
    for (const tab of TABS) {
      const here = this.place.page === 'list' && this.place.tab === tab && !plain;
      if (!here) this.#narrow(tab, settings?.filters?.[tab] ?? '');
    }
    if (plain) this.go(`/${settings?.tab ?? 'live'}`, 'replace');
  }

  filter(tab: Tab): Filter {
    return parseFilter(this.queries[tab] ?? '');
  }

  /** `path` without a `?` keeps what the list is narrowed by. */
  go(path: string, how: 'push' | 'replace' = 'push'): void {
    const [pathname = '', query] = path.split('?');
    const place = parse(pathname);
    let address = pathname;
    if (place.page === 'list') {
      if (query !== undefined) this.#narrow(place.tab, query);
      const kept = this.queries[place.tab];
      if (kept) address += `?${kept}`;
    }
    if (address !== location.pathname + location.search) {
      if (how === 'push') history.pushState(null, '', address);
      else history.replaceState(null, '', address);
    }
    this.place = place;
    this.message = null;
  }

  /** For `onclick` of a real link: plain clicks stay in the page, others are the browser's. */
  follow = (event: MouseEvent): void => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.currentTarget as HTMLElement).closest('a');
    if (!link || link.origin !== location.origin) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  };
}
