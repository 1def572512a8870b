import { TABS, type Tab } from '../lib/placement';

export type Manage = 'departments' | 'staff' | 'sites';
export type Place =
  { page: 'list'; tab: Tab; id: number | null } | { page: 'manage'; section: Manage } | { page: 'setup' };

const SECTIONS: readonly string[] = ['departments', 'staff', 'sites'];

export function parse(path: string): Place {
  const [head = '', rest = ''] = path.split('/').filter(Boolean);
  if (head === 'setup') return { page: 'setup' };
  if (head === 'manage' && SECTIONS.includes(rest)) return { page: 'manage', section: rest as Manage };
  const tab = (TABS as readonly string[]).includes(head) ? (head as Tab) : 'live';
  return { page: 'list', tab, id: /^[1-9]\d{0,17}$/.test(rest) ? Number(rest) : null };
}

export function pathOf(tab: Tab, id?: number | null): string {
  return id ? `/${tab}/${id}` : `/${tab}`;
}

/** The address bar is the truth: what is shown follows it, and the back button works (LIST-1). */
export class Router {
  place: Place = $state.raw(parse(location.pathname));

  constructor() {
    addEventListener('popstate', () => (this.place = parse(location.pathname)));
  }

  go(path: string, how: 'push' | 'replace' = 'push'): void {
    if (path !== location.pathname) {
      if (how === 'push') history.pushState(null, '', path);
      else history.replaceState(null, '', path);
    }
    this.place = parse(path);
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
    this.go(link.pathname);
  };
}
