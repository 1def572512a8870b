import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Me, Row } from '../../client/frames';
import { Api } from '../../client/http';
import type { Filter } from '../lib/filters';
import type { Tab } from '../lib/placement';
import { Habits } from './habits.svelte';
import { Lists } from './lists.svelte';
import { Router } from './router.svelte';

const SVEN = {
  id: 9,
  role: 'supervisor',
  departments: [],
  settings: { lists: { scope: 'all' } },
} as unknown as Me;
const ADA = { id: 1, role: 'agent', departments: [], settings: { lists: { scope: 'all' } } } as unknown as Me;

function row(id: number, change: Partial<Row> = {}): Row {
  return {
    id,
    kind: 'chat',
    state: 'live',
    channel: 'web',
    customer: { id, name: `Customer ${id}` },
    site: 1,
    created_at: id,
    state_at: id,
    last_seq: 3,
    last_customer_seq: 2,
    last_agent_seq: 0,
    last_customer_at: id,
    customer_messages: 1,
    agent_messages: 0,
    preview: 'Hello',
    preview_by: 'customer',
    delivered: 0,
    read: 0,
    owner: ADA.id,
    ...change,
  };
}

/** The server's list of live chats; only the network is replaced. */
let rows: Row[];
let asked: string[];
const api = new Api(() => ({}));

beforeEach(() => {
  vi.useFakeTimers();
  rows = [];
  asked = [];
  history.replaceState(null, '', '/live');
  vi.stubGlobal('fetch', async (path: string, options: { body?: string }) => {
    asked.push(options.body ? `${path} ${options.body}` : path);
    return new Response(JSON.stringify(path.includes('counts') ? {} : { rows, next: null, agents: [] }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function narrowed(filter: Filter, me = ADA, tab: Tab = 'live'): Promise<Lists> {
  const lists = new Lists(api, () => me, { tab: () => tab, filter: () => filter, rank: (agent) => agent });
  await lists.load(tab);
  return lists;
}
const ids = (lists: Lists) => lists.of('live').cards.map((card) => card.id);
const questions = () => asked.filter((path) => path.startsWith('/api/conversations?'));

test('A page and the count of its tab are asked for with the filter of the address; others are counted whole.', async () => {
  const lists = await narrowed({ label: '3', group: 'closed' }, ADA, 'tickets');
  await lists.loadCounts();
  expect(questions()[0]).toContain('label=3&group=closed');
  expect(asked.at(-1)).toBe('/api/conversations/counts?scope=mine&tab=tickets&label=3');
});

test('A card that no longer fits leaves, and one that fits now comes.', async () => {
  rows = [row(3, { labels: [4] })];
  const lists = await narrowed({ label: '4' });
  lists.apply(row(5));
  expect(ids(lists)).toEqual([3]);
  lists.apply(row(5, { last_seq: 4, labels: [4] }));
  lists.apply(row(3, { last_seq: 4 }));
  expect(ids(lists)).toEqual([5]);
});

test('With a search on, the server is asked whether a card fits: once in two seconds, however much goes on.', async () => {
  const lists = await narrowed({ q: 'bicycle' });
  for (let seq = 4; seq < 40; seq++) {
    lists.apply(row(5, { last_seq: seq }));
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(ids(lists)).toEqual([]);
  rows = [row(5, { last_seq: 39 })];
  await vi.advanceTimersByTimeAsync(2000);
  expect([ids(lists), questions().filter((path) => path.includes('q=bicycle')).length]).toEqual([[5], 2]);
});

test('Supervisors find everyone’s chats by agent; an agent’s lists are never those of everyone.', async () => {
  await narrowed({}, SVEN);
  await narrowed({}, ADA);
  expect(questions().map((path) => [path.includes('scope=all'), path.includes('by_agent=true')])).toEqual([
    [true, true],
    [false, false], // their own, for the title
    [false, false],
  ]);
});

test('An address keeps its filter from chat to chat and through other tabs, until it is told another.', () => {
  const router = new Router();
  router.go('/closed?label=3');
  router.go('/closed/7');
  expect(location.pathname + location.search).toBe('/closed/7?label=3');
  router.go('/live');
  expect(location.search).toBe('');
  router.go('/closed');
  expect([location.search, router.filter('closed')]).toEqual(['?label=3', { label: '3' }]);
  router.go('/closed?');
  expect(location.search).toBe('');
});

test('The lists begin as they were left, but an address that says something goes before it.', () => {
  const left = { tab: 'closed', filters: { closed: 'label=3', live: 'flagged=true' } };
  const router = new Router();
  router.restore(left);
  expect([location.pathname, location.search, router.filter('closed')]).toEqual([
    '/live',
    '',
    { label: '3' },
  ]);
  history.replaceState(null, '', '/');
  new Router().restore(left);
  expect(location.pathname + location.search).toBe('/closed?label=3');
});

test('How the lists are left is saved once things are quiet, without the words of a search.', async () => {
  const habits = new Habits(api, null);
  habits.note('live', 'mine', { live: 'q=secret&flagged=true' });
  habits.toggle(4);
  habits.note('live', 'mine', { live: 'q=secrets&flagged=true' });
  await vi.advanceTimersByTimeAsync(5000);
  const lists = { tab: 'live', scope: 'mine', filters: { live: 'flagged=true' }, folded: [4] };
  expect(asked).toEqual([`/api/me/settings ${JSON.stringify({ lists })}`]);
});

test('The title counts one’s own live chats alone, whichever of them and whoever’s the list shows.', async () => {
  rows = [row(3, { customer_messages: 2 })];
  const lists = await narrowed({ label: '4' });
  await vi.advanceTimersByTimeAsync(0);
  lists.apply(row(5, { owner: 2, seen: { seq: 1, count: 0 } }));
  expect(lists.unread).toBe(2);
  const seen = { seq: 1, count: 0 };
  rows = [row(6, { owner: 1, seen }), row(7, { owner: SVEN.id })];
  const everyone = await narrowed({}, SVEN);
  await vi.advanceTimersByTimeAsync(0);
  expect(everyone.unread).toBe(1);
  expect(questions().at(-2)).toContain('scope=all');
});
