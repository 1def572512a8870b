/** Which lists a card belongs to and where in them. Mirrors the server's list queries, so that lists can change in place (LIST-6). */
import type { Me, Row } from '../../client/frames';

export const TABS = ['live', 'pending', 'tagged', 'closed', 'tickets'] as const;
export type Tab = (typeof TABS)[number];
export const GROUPS = ['unassigned', 'assigned', 'closed'] as const;
/** Of the tickets (TICKET-2). */
export type Group = (typeof GROUPS)[number];
export type Sort = 'activity' | 'new';
export type Scope = 'mine' | 'all';

export interface Looker {
  me: Pick<Me, 'id' | 'departments'>;
  scope: Scope;
}

/** How a list is looked at. `rank`: the agents in the order of their names. */
export interface View {
  tab: Tab;
  group: Group;
  sort: Sort;
  looker: Looker;
  byAgent: boolean;
  rank(agent: number): number;
}

/** It rings at this person, or somebody wants to hand it over to them (LIFE-2, LIFE-14). */
export function calls(row: Row, me: Looker['me']): boolean {
  if (row.offered_to === me.id) return true;
  const { transfer } = row;
  if (!transfer || transfer.by === me.id || (row.state !== 'live' && row.state !== 'pending')) return false;
  return (
    transfer.to === me.id || (transfer.department != null && me.departments.includes(transfer.department))
  );
}

/** Whether an agent may look into it at all; the server says no to anybody else. */
export function mayLook(row: Row, me: Looker['me']): boolean {
  if (row.owner === me.id || calls(row, me) || (row.mentioned ?? []).includes(me.id)) return true;
  if (row.owner != null || (row.state !== 'unassigned' && row.state !== 'archived')) return false;
  return row.department == null || me.departments.includes(row.department);
}

function ticketFor(row: Row, { me, scope }: Looker): boolean {
  if (scope === 'all' || row.owner === me.id) return true;
  if (row.state !== 'unassigned') return false;
  return row.department == null || me.departments.includes(row.department);
}

function liveFor(row: Row, { me, scope }: Looker): boolean {
  if (scope === 'all') return ['queued', 'offered', 'live'].includes(row.state);
  return (row.state === 'live' && row.owner === me.id) || calls(row, me);
}

export function standsIn(tab: Tab, row: Row, looker: Looker): boolean {
  if (row.gone || row.state === 'archived') return false;
  if (tab === 'tickets') return row.kind === 'ticket' && ticketFor(row, looker);
  if (row.kind === 'ticket') return false;
  if (tab === 'live') return liveFor(row, looker);
  const open = row.state === 'live' || row.state === 'pending';
  if (tab === 'tagged') return open && (row.mentioned ?? []).includes(looker.me.id);
  return row.state === tab && (looker.scope === 'all' || row.owner === looker.me.id);
}

/** The tab to look for a card in, or null. */
export function tabOf(row: Row, looker: Looker): Tab | null {
  const found = TABS.filter((tab) => standsIn(tab, row, looker));
  return found.find((tab) => tab !== 'tagged') ?? found[0] ?? null;
}

/** Sections of the supervisors' desk: what calls, what nobody has yet, then the agents by name. */
export type SectionKey = 'calls' | 'queue' | number;

export function sectionOf(row: Row, me: Looker['me']): SectionKey {
  if (calls(row, me)) return 'calls';
  return row.owner ?? 'queue';
}

function sectionRank(view: View, row: Row): number {
  const section = sectionOf(row, view.looker.me);
  if (section === 'calls') return 0;
  return section === 'queue' ? 1 : 2 + view.rank(section);
}

const AHEAD = 1e15;

/** What a list is ordered by, greatest first; ties go to the greater number. */
export function sortKey({ tab, group, sort, looker }: View, row: Row): number {
  if (tab === 'closed') return row.closed_at ?? row.state_at;
  if (tab === 'tickets' && group !== 'assigned') return row.state_at;
  const at = sort === 'new' && tab === 'live' ? row.created_at : (row.last_customer_at ?? row.created_at);
  return tab === 'live' && calls(row, looker.me) ? at + AHEAD : at;
}

export function comesBefore(view: View, a: Row, b: Row): boolean {
  const sections = view.byAgent ? sectionRank(view, a) - sectionRank(view, b) : 0;
  if (sections) return sections < 0;
  const difference = sortKey(view, a) - sortKey(view, b);
  return difference > 0 || (difference === 0 && a.id > b.id);
}
