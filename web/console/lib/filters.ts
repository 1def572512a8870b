/** What a list is narrowed by (LIST-5): as in the address, as asked of the server, and as far as a card itself can tell. */
import type { Row } from '../../client/frames';
import { GROUPS, type Group, type Tab } from './placement';

export const NAMES = [
  'q',
  'group',
  'channel',
  'department',
  'label',
  'agent',
  'tag',
  'sentiment',
  'closed_by',
  'flagged',
  'from',
  'to',
] as const;
export type Name = (typeof NAMES)[number];
/** Values as they stand in the address; days as `2026-03-02`, in the viewer's zone. */
export type Filter = Readonly<Partial<Record<Name, string>>>;

const NUMBER = /^[1-9]\d{0,8}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOST = 200;
const SOUND: Record<Name, (value: string) => boolean> = {
  q: (value) => value.trim().length > 0 && value.length <= MOST,
  group: (value) => (GROUPS as readonly string[]).includes(value),
  channel: (value) => /^[a-z]{1,20}$/.test(value),
  department: (value) => NUMBER.test(value),
  label: (value) => NUMBER.test(value),
  agent: (value) => NUMBER.test(value),
  tag: (value) => NUMBER.test(value),
  sentiment: (value) => ['negative', 'neutral', 'positive'].includes(value),
  closed_by: (value) => ['customer', 'agent', 'system'].includes(value),
  flagged: (value) => value === 'true' || value === 'false',
  from: isDay,
  to: isDay,
};

function isDay(value: string): boolean {
  return DAY.test(value) && !Number.isNaN(Date.parse(`${value}T12:00`));
}

/** From an address; what makes no sense there is left out. */
export function parseFilter(query: string): Filter {
  const given = new URLSearchParams(query);
  const pairs = NAMES.map((name) => [name, given.get(name)] as const);
  return Object.fromEntries(pairs.filter(([name, value]) => value !== null && SOUND[name](value)));
}

/** For the address: always in one order, so that equal filters have equal addresses. */
export function queryOf(filter: Filter): string {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    const value = filter[name];
    if (value && !(name === 'group' && value === 'unassigned')) query.set(name, value);
  }
  return query.toString();
}

export function groupOf(filter: Filter): Group {
  return (filter.group as Group | undefined) ?? 'unassigned';
}

/** What narrows the list: everything but the group, which is a list of its own. */
export function narrowing(filter: Filter): Name[] {
  return NAMES.filter((name) => name !== 'group' && filter[name]);
}

/** Midnight of a day, and of so many days later. */
function startOf(day: string, later: number): number {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).getTime();
}

/** Parameters of the server. */
export function askedOf(filter: Filter, tab: Tab): URLSearchParams {
  const asked = new URLSearchParams();
  for (const name of narrowing(filter)) asked.set(name, filter[name]!);
  if (filter.from) asked.set('from', String(Math.max(0, startOf(filter.from, 0))));
  if (filter.to) asked.set('to', String(Math.max(0, startOf(filter.to, 1))));
  if (tab === 'tickets') asked.set('group', groupOf(filter));
  return asked;
}

/** Whether a card fits as far as it shows. Only the server knows whether the words of a search are in it. */
export function fits(row: Row, filter: Filter, tab: Tab): boolean {
  if (tab === 'tickets' && row.state !== groupOf(filter)) return false;
  const ended = tab === 'closed' || (tab === 'tickets' && groupOf(filter) === 'closed');
  const at = ended ? (row.closed_at ?? row.state_at) : row.created_at;
  const is = (value: unknown, name: Name) => !filter[name] || String(value ?? '') === filter[name];
  return (
    is(row.channel, 'channel') &&
    is(row.department, 'department') &&
    is(row.owner, 'agent') &&
    is(row.closing_tag, 'tag') &&
    is(row.sentiment, 'sentiment') &&
    is(row.closed_by, 'closed_by') &&
    is(row.flagged_at != null, 'flagged') &&
    (!filter.label || (row.labels ?? []).includes(Number(filter.label))) &&
    (!filter.from || at >= startOf(filter.from, 0)) &&
    (!filter.to || at < startOf(filter.to, 1))
  );
}
