import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Conversation as Detail, Entry, Me, Row } from '../../client/frames';
import { Api } from '../../client/http';
import { merge } from '../../client/thread';
import { MemoryStore } from '../../client/storage';
import { Card } from './cards.svelte';
import { Conversation, NOTHING } from './conversation.svelte';
import { Drafts } from './drafts.svelte';
import { Lists } from './lists.svelte';
import { parse } from './router.svelte';
import { Team } from './team.svelte';

const ADA = { id: 1, departments: [], settings: {} } as unknown as Me;

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

/** The server, as answers by path; only the network is replaced. */
let answers: Record<string, unknown>;
let asked: string[];
const api = new Api(() => ({}));

beforeEach(() => {
  vi.useFakeTimers();
  answers = {};
  asked = [];
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    const found = Object.entries(answers).find(([start]) => path.startsWith(start));
    return new Response(JSON.stringify(found?.[1] ?? { error: { code: 'not_found', text: 'No.' } }), {
      status: found ? 200 : 404,
    });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function live(...rows: Row[]): Promise<Lists> {
  answers['/api/conversations?tab=live'] = { rows, next: null };
  const lists = new Lists(api, () => ADA);
  await lists.load('live');
  return lists;
}
const ids = (lists: Lists, tab: 'live' | 'closed' = 'live') => lists.of(tab).cards.map((card) => card.id);

test('A card from the socket takes its place, moves up with news and leaves when it is closed.', async () => {
  const lists = await live(row(3), row(2));
  lists.apply(row(9));
  expect(ids(lists)).toEqual([9, 3, 2]);
  lists.apply(row(2, { last_seq: 4, last_customer_at: 50 }));
  expect(ids(lists)).toEqual([2, 9, 3]);
  lists.apply(row(9, { last_seq: 5, state: 'closed' }));
  expect(ids(lists)).toEqual([2, 3]);
});

test('News that is older than what is known changes nothing.', async () => {
  const lists = await live(row(3, { last_seq: 8, preview: 'Now' }));
  lists.apply(row(3, { last_seq: 4, preview: 'Long ago', state: 'closed' }));
  expect([ids(lists), lists.card(3)!.row.preview]).toEqual([[3], 'Now']);
});

test('What came in while a page was under way is not lost to the older page.', async () => {
  const lists = await live(row(3));
  const loading = lists.load('live');
  lists.apply(row(9));
  await loading;
  expect(ids(lists)).toEqual([9, 3]);
});

test('Paging joins pages without doubles; a card below everything loaded waits for its page.', async () => {
  answers['/api/conversations?tab=live'] = { rows: [row(9), row(8)], next: 'more' };
  const lists = new Lists(api, () => ADA);
  await lists.load('live');
  lists.apply(row(1));
  expect(ids(lists)).toEqual([9, 8]);
  answers['/api/conversations?tab=live'] = { rows: [row(8), row(7)], next: null };
  await lists.more('live');
  expect([ids(lists), asked.at(-1)!.includes('after=more')]).toEqual([[9, 8, 7], true]);
});

test('A list that cannot be loaded says so, and loads when asked again.', async () => {
  const lists = new Lists(api, () => ADA);
  await lists.load('closed');
  expect([lists.of('closed').status, lists.of('closed').error]).toEqual(['error', 'No.']);
  answers['/api/conversations?tab=closed'] = { rows: [], next: null };
  await lists.load('closed');
  expect(lists.of('closed').status).toBe('ready');
});

test('Unread and the dot count from what this agent has seen, and what was seen never goes back.', () => {
  const card = new Card(row(3, { customer_messages: 4, last_seq: 9, seen: { seq: 5, count: 1 } }));
  expect([card.unread(1), card.activity(1)]).toEqual([3, true]);
  card.see({ seq: 9, count: 4 });
  card.see({ seq: 6, count: 2 });
  expect([card.unread(1), card.activity(1)]).toEqual([0, false]);
});

test('One’s own last message is no news, and somebody else’s chat has no dot until one is tagged in it.', () => {
  const own = new Card(row(3, { last_seq: 9, last_agent_seq: 9, seen: { seq: 5, count: 1 } }));
  const other = new Card(row(4, { owner: 2, seen: { seq: 0, count: 0 } }));
  expect([own.activity(1), other.activity(1), other.unread(1)]).toEqual([false, false, 0]);
  other.update(row(4, { owner: 2, mentioned: [1] }));
  expect([other.activity(1), other.unread(1)]).toEqual([true, 0]);
});

test('Ticks of a card follow the customer’s marks.', () => {
  const of = (change: Partial<Row>) =>
    new Card(row(3, { preview_by: 'agent', last_agent_seq: 6, ...change })).ticks;
  expect([
    of({}),
    of({ delivered: 6 }),
    of({ delivered: 6, read: 6 }),
    of({ preview_by: 'customer' }),
  ]).toEqual(['stored', 'delivered', 'read', null]);
});

const said = (seq: number, change: Partial<Entry> = {}): Entry => ({
  seq,
  kind: 'message',
  by: 'customer',
  at: seq,
  ...change,
});

function detail(entries: Entry[], change: Partial<Detail> = {}): Detail {
  const marks = { customer: { delivered: 0, read: 0 }, agent: { delivered: 0, read: 0 } };
  const may = { ...NOTHING, write: true, close: true, department: true, labels: true };
  return {
    ...row(7),
    links: [],
    customer: { id: 1, name: 'Marta' },
    agents: [],
    may,
    entries,
    more: false,
    marks,
    ...change,
  };
}

async function opened(sent: object[] = []): Promise<Conversation> {
  answers['/api/conversations/7'] = detail([said(1), said(2)]);
  const wire = { api, send: (frame: object) => sent.push(frame) > 0, loaded: () => undefined };
  const conversation = new Conversation(7, wire);
  await conversation.activate();
  return conversation;
}

test('Opening loads, then joins the thread from the last number held.', async () => {
  const sent: object[] = [];
  await opened(sent);
  expect(sent).toEqual([{ t: 'watch', c: 7, since: 2 }]);
});

test('What is pushed while a chat is being opened does not hide that there is more before it.', async () => {
  answers['/api/conversations/7'] = detail([said(8), said(9)], { more: true });
  const conversation = new Conversation(7, { api, send: () => true, loaded: () => undefined });
  const opening = conversation.activate();
  conversation.entry(said(10));
  await opening;
  expect([conversation.thread.more, conversation.thread.entries.length]).toEqual([true, 3]);
  conversation.thread = merge(conversation.thread, [said(1)], false);
  await conversation.load();
  expect(conversation.thread.more).toBe(false);
});

test('What was missed and is pushed from before the page that is being loaded does not hide what is before it.', async () => {
  answers['/api/conversations/7'] = detail([said(8), said(9)], { more: true });
  const conversation = new Conversation(7, { api, send: () => true, loaded: () => undefined });
  const opening = conversation.activate();
  for (const seq of [6, 7, 8, 9]) conversation.entry(said(seq));
  await opening;
  expect([conversation.thread.more, conversation.thread.entries.length]).toEqual([true, 4]);
});

test('After a gap the thread begins anew, and stays as it was while that cannot be loaded.', async () => {
  const conversation = await opened();
  delete answers['/api/conversations/7'];
  conversation.gap();
  await vi.advanceTimersByTimeAsync(0);
  expect(conversation.thread.entries.map(({ seq }) => seq)).toEqual([1, 2]);
  answers['/api/conversations/7'] = detail([said(8), said(9)], { more: true });
  conversation.gap();
  await vi.advanceTimersByTimeAsync(0);
  expect([conversation.thread.entries.map(({ seq }) => seq), conversation.thread.more]).toEqual([
    [8, 9],
    true,
  ]);
});

test('A missing number is asked for after a moment, and not when it came by itself.', async () => {
  const sent: object[] = [];
  const conversation = await opened(sent);
  conversation.entry(said(4));
  conversation.entry(said(3));
  vi.advanceTimersByTime(3000);
  expect(sent).toHaveLength(1);
  conversation.entry(said(6));
  vi.advanceTimersByTime(3000);
  expect(sent.at(-1)).toEqual({ t: 'watch', c: 7, since: 4 });
});

test('An acknowledged message is an entry at once, and counted once for its agent.', async () => {
  const conversation = await opened();
  const mine = {
    kind: 'message' as const,
    by: 'agent' as const,
    by_id: 1,
    name: 'Ada',
    id: 'mine',
    text: 'Hi',
  };
  conversation.acked({ t: 'ack', id: 'mine', c: 7, seq: 3, at: 9 }, mine);
  conversation.entry(said(3, mine));
  expect(conversation.thread.entries.map((entry) => entry.seq)).toEqual([1, 2, 3]);
  expect(conversation.detail!.agents).toEqual([{ id: 1, name: 'Ada', messages: 1 }]);
});

test('Read is said once for each number, and only while open.', async () => {
  const sent: object[] = [];
  const conversation = await opened(sent);
  conversation.viewed();
  conversation.viewed();
  conversation.leave();
  conversation.entry(said(3));
  conversation.viewed();
  expect(sent.filter((frame) => 't' in frame && frame.t === 'read')).toEqual([{ t: 'read', c: 7, seq: 2 }]);
});

test('A conversation that went to somebody else stays on the screen, without the right to write.', async () => {
  const conversation = await opened();
  answers = {};
  await conversation.load();
  expect([conversation.status, conversation.detail!.may.write]).toEqual(['ready', false]);
  expect(conversation.detail!.may.why_not).toContain('no longer yours');
  conversation.lost(row(7, { owner: 2 }), 'Bruno');
  expect(conversation.detail!.may.why_not).toBe('Bruno has this chat now. What you wrote is kept.');
});

test('Who only watched a chat is told that it was closed, and not that a text of theirs is kept.', async () => {
  const conversation = await opened();
  conversation.detail = { ...conversation.detail!, may: { ...NOTHING, comment: true } };
  conversation.lost(row(7, { state: 'closed' }), 'Bruno');
  answers = {};
  await conversation.load();
  expect(conversation.detail!.may.why_not).toBe('This chat is closed.');
});

test('Typing ends by itself when no word of it comes any more.', async () => {
  const conversation = await opened();
  conversation.type({ t: 'typing', c: 7, by: 'customer', on: true });
  expect(conversation.typing).toBe('Marta');
  vi.advanceTimersByTime(6001);
  expect(conversation.typing).toBeNull();
});

test('A draft is kept per conversation and agent, and goes when it is empty.', () => {
  const store = new MemoryStore();
  new Drafts(store, 1).set(7, { text: 'Half a senten' });
  const drafts = new Drafts(store, 1);
  expect([drafts.has(7), drafts.get(7).text, new Drafts(store, 2).has(7)]).toEqual([
    true,
    'Half a senten',
    false,
  ]);
  drafts.set(7, { text: ' ' });
  expect([drafts.has(7), store.keys()]).toEqual([false, []]);
});

test('Presence changes names and the counts of departments.', async () => {
  const staff = [{ id: 1, name: 'Ada', online: false }];
  answers['/api/departments'] = {
    departments: [{ id: 5, name: 'Support', total: 1, online: 0, offline: 1, staff }],
  };
  const team = new Team(api);
  await team.load('departments');
  team.presence([{ id: 1, online: true }]);
  expect(team.departments[0]).toMatchObject({ online: 1, offline: 0, staff: [{ online: true }] });
});

test('Addresses name a tab and a number; what makes no sense is the live list.', () => {
  expect(parse('/closed/123')).toEqual({ page: 'list', tab: 'closed', id: 123 });
  expect(parse('/nonsense/-1')).toEqual({ page: 'list', tab: 'live', id: null });
  expect(parse('/manage/staff')).toEqual({ page: 'manage', section: 'staff' });
});
