/** Which list a card belongs to and where in it. Mirrors the server's list queries, so that lists can change in place (LIST-6). */
import type { Me, Row } from '../../client/frames';

export const TABS = ['live', 'pending', 'tagged', 'closed', 'tickets'] as const;
export type Tab = (typeof TABS)[number];
export type Sort = 'activity' | 'new';
export type Scope = 'mine' | 'all';

export interface Looker {
  me: Pick<Me, 'id' | 'departments'>;
  scope: Scope;
}

function ticketFor(row: Row, looker: Looker): boolean {
  if (looker.scope === 'all' || row.owner === looker.me.id) return true;
  if (row.state !== 'unassigned') return false;
  return row.department == null || looker.me.departments.includes(row.department);
}

/** The tab a card stands in now, or null. Tagged is known to the server alone. */
export function tabOf(row: Row, looker: Looker): Tab | null {
  if (row.gone || row.state === 'archived') return null;
  if (row.kind === 'ticket') return ticketFor(row, looker) ? 'tickets' : null;
  if (looker.scope === 'mine' && row.owner !== looker.me.id) return null;
  if (row.state === 'pending' || row.state === 'closed') return row.state;
  return looker.scope === 'all' || row.state === 'live' ? 'live' : null;
}

/** What a list is ordered by, greatest first; ties go to the greater number. */
export function sortKey(tab: Tab, sort: Sort, row: Row): number {
  if (tab === 'closed') return row.closed_at ?? row.state_at;
  if (tab === 'live' && sort === 'new') return row.created_at;
  return row.last_customer_at ?? row.created_at;
}

export function comesBefore(tab: Tab, sort: Sort, a: Row, b: Row): boolean {
  const difference = sortKey(tab, sort, a) - sortKey(tab, sort, b);
  return difference > 0 || (difference === 0 && a.id > b.id);
}
