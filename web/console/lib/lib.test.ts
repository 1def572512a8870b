import { expect, test } from 'vitest';
import type { Entry, Row } from '../../client/frames';
import { agoOf, compactOf, dateOf, dayOf, sizeOf, spanOf } from './format';
import { bubbleOf, echoBubbles, itemsOf } from './groups';
import { askedOf, fits, narrowing, parseFilter, queryOf } from './filters';
import { calls, comesBefore, standsIn, tabOf, type View } from './placement';
import { sectionsOf } from './sections';
import { evenly, HEAD, keepPlace, ROW, stacked, visible } from './window';

const NOON = new Date(2026, 2, 2, 12).getTime();
const MINUTE = 60_000;
const ada = { me: { id: 1, departments: [5] }, scope: 'mine' as const };

function row(change: Partial<Row> = {}): Row {
  return {
    id: 7,
    kind: 'chat',
    state: 'live',
    channel: 'web',
    customer: { id: 1, name: 'Marta' },
    site: 1,
    created_at: NOON,
    state_at: NOON,
    last_seq: 2,
    last_customer_seq: 2,
    last_agent_seq: 0,
    customer_messages: 1,
    agent_messages: 0,
    preview: 'Hello',
    preview_by: 'customer',
    delivered: 0,
    read: 0,
    owner: 1,
    ...change,
  };
}

test('A chat stands with its owner by its state; others see it only in everybody’s lists.', () => {
  expect(tabOf(row(), ada)).toBe('live');
  expect(tabOf(row({ state: 'pending' }), ada)).toBe('pending');
  expect(tabOf(row({ state: 'closed' }), ada)).toBe('closed');
  expect(tabOf(row({ owner: 2 }), ada)).toBeNull();
  expect(tabOf(row({ owner: 2 }), { ...ada, scope: 'all' })).toBe('live');
  expect(tabOf(row({ state: 'queued', owner: null }), ada)).toBeNull();
  expect(tabOf(row({ gone: true }), ada)).toBeNull();
});

test('An unassigned ticket stands with its department, or with all when it has none.', () => {
  const ticket = row({ kind: 'ticket', state: 'unassigned', owner: null });
  expect(tabOf(ticket, ada)).toBe('tickets');
  expect(tabOf({ ...ticket, department: 5 }, ada)).toBe('tickets');
  expect(tabOf({ ...ticket, department: 6 }, ada)).toBeNull();
  expect(tabOf({ ...ticket, state: 'archived' }, ada)).toBeNull();
});

const view = (change: Partial<View> = {}): View => ({
  tab: 'live',
  group: 'unassigned',
  sort: 'activity',
  looker: ada,
  byAgent: false,
  rank: (agent) => agent,
  ...change,
});

test('Live is ordered by the customer’s last message or by the start; ties by number.', () => {
  const old = row({ id: 1, created_at: 1, last_customer_at: 50 });
  const young = row({ id: 2, created_at: 2, last_customer_at: 40 });
  expect(comesBefore(view(), old, young)).toBe(true);
  expect(comesBefore(view({ sort: 'new' }), old, young)).toBe(false);
  expect(comesBefore(view({ sort: 'new' }), row({ id: 9 }), row({ id: 8 }))).toBe(true);
});

test('What rings at me or is handed over to me stands on top of Live; what I hand over does not.', () => {
  const transfer = { by: 2, at: NOON, department: 5 };
  const ringing = row({ state: 'offered', owner: null, offered_to: 1, last_customer_at: 1 });
  expect(
    [ringing, row({ owner: 2, transfer }), row({ transfer: { ...transfer, by: 1 } })].map((one) =>
      calls(one, ada.me),
    ),
  ).toEqual([true, true, false]);
  expect(tabOf(row({ owner: 2, transfer: { by: 2, at: NOON, to: 3 } }), ada)).toBeNull();
  expect(tabOf(ringing, ada)).toBe('live');
  expect(comesBefore(view(), ringing, row({ id: 9, last_customer_at: NOON }))).toBe(true);
});

test('A chat stands in Tagged as long as it is open and names me, whoever has it.', () => {
  const tagged = row({ owner: 2, mentioned: [1] });
  expect([tabOf(tagged, ada), standsIn('tagged', row({ mentioned: [1] }), ada)]).toEqual(['tagged', true]);
  expect(tabOf({ ...tagged, state: 'closed' }, ada)).toBeNull();
});

test('An address and a filter say the same, and what makes no sense is left out.', () => {
  const filter = parseFilter(
    '?label=3&q=two+words&flagged=perhaps&from=2026-03-01&to=2026-13-45&department=x',
  );
  expect(filter).toEqual({ q: 'two words', label: '3', from: '2026-03-01' });
  expect(queryOf(filter)).toBe('q=two+words&label=3&from=2026-03-01');
  expect(narrowing(parseFilter('group=closed'))).toEqual([]);
});

test('A range of days is asked for from the first midnight to the one after the last.', () => {
  const asked = askedOf({ from: '2026-03-02', to: '2026-03-02' }, 'closed');
  const day = new Date(2026, 2, 2).getTime();
  expect([Number(asked.get('from')), Number(asked.get('to'))]).toEqual([day, new Date(2026, 2, 3).getTime()]);
});

test('A card fits a filter by all it shows, and a list of tickets by its group.', () => {
  const labelled = row({ labels: [3, 4], department: 5, flagged_at: NOON });
  const all = { label: '4', department: '5', flagged: 'true', from: '2026-03-02', to: '2026-03-02' };
  expect(fits(labelled, all, 'live')).toBe(true);
  for (const other of [
    { label: '9' },
    { department: '6' },
    { flagged: 'false' },
    { to: '2026-03-01' },
    { agent: '2' },
  ])
    expect(fits(labelled, { ...all, ...other }, 'live')).toBe(false);
  const ticket = row({ kind: 'ticket', state: 'assigned' });
  expect([fits(ticket, {}, 'tickets'), fits(ticket, { group: 'assigned' }, 'tickets')]).toEqual([
    false,
    true,
  ]);
});

test('The supervisors’ desk stands by agent, the queue first, with totals of all chats however few are here.', () => {
  const card = (change: Partial<Row>) => ({ row: row(change) });
  const cards = [
    card({ owner: 2, waiting_since: 9 }),
    card({ owner: 1 }),
    card({ owner: null, state: 'queued' }),
  ];
  const load = { agent: 2, live: 7, pending: 3, waiting: 4, since: 5 };
  const options = {
    me: { id: 8, departments: [] },
    rank: (agent: number) => 10 - agent,
    tab: 'live' as const,
  };
  const some = sectionsOf(cards, [load], { ...options, complete: false });
  expect(some.map((one) => one.key)).toEqual(['queue', 2, 1]);
  expect(some[1]).toMatchObject({ count: 7, pending: 3, waiting: 4, since: 5 });
  expect(sectionsOf(cards, [load], { ...options, complete: true })[1]).toMatchObject({
    count: 1,
    pending: 3,
    waiting: 1,
    since: 9,
  });
});

test('Only the lines around the window are drawn, also when they are not equally high.', () => {
  expect(visible(0, 720, evenly(100_000))).toEqual({ from: 0, to: 16 });
  expect(visible(50_000 * ROW, 720, evenly(100_000))).toEqual({ from: 49_994, to: 50_016 });
  expect(visible(0, 720, evenly(3))).toEqual({ from: 0, to: 3 });
  const heads = stacked([HEAD, ROW, HEAD, ROW, ROW]);
  expect([0, HEAD, HEAD + ROW + 1, heads.height - 1].map(heads.at)).toEqual([0, 1, 2, 4]);
});

test('The place is kept when something comes in above, also when the first visible row is what moved.', () => {
  const drawn = (lines: string[]) => ({ lines, layout: evenly(lines.length) });
  const before = ['a', 'b', 'c', 'd', 'e'];
  const moved = (after: string[], top: number) => keepPlace(drawn(before), drawn(after), top);
  expect(moved(['new', ...before], 2 * ROW)).toBe(ROW);
  expect(moved(['c', 'a', 'b', 'd', 'e'], 2 * ROW)).toBe(0);
  expect(moved(before.slice(1), 2 * ROW)).toBe(-ROW);
  expect(moved(['new', ...before], 0)).toBe(0);
});

function said(seq: number, minutes: number, by: Entry['by'] = 'customer'): Entry {
  return {
    seq,
    kind: by === 'system' ? 'event' : 'message',
    by,
    by_id: 1,
    at: NOON + minutes * MINUTE,
    name: by,
  };
}

test('Bubbles of one writer stand together until somebody else, an event, five minutes or a day come between.', () => {
  const entries = [
    said(1, 0),
    said(2, 1),
    said(3, 2, 'agent'),
    said(4, 3),
    said(5, 9),
    said(6, 10, 'system'),
    said(7, 900),
  ];
  const shapes = itemsOf(entries.map(bubbleOf), null).map((item) =>
    item.type === 'group' ? item.bubbles.map((bubble) => bubble.entry.seq) : item.type,
  );
  expect(shapes).toEqual(['day', [1, 2], [3], [4], [5], 'event', 'day', [7]]);
});

test('The line “New” stands once, before the customer’s first unseen message.', () => {
  const items = itemsOf([said(1, 0), said(2, 1, 'agent'), said(3, 2), said(4, 3)].map(bubbleOf), 2);
  expect(items.map((item) => item.type)).toEqual(['day', 'group', 'group', 'new', 'group']);
});

test('An unsent message is drawn with the key that its entry will have, so that it stays the same bubble.', () => {
  const frame = { t: 'send' as const, id: 'mine', c: 7, text: 'Hi' };
  const [echo] = echoBubbles([{ frame, at: NOON, state: 'queued', tries: 0, after: 0 }], {
    id: 1,
    name: 'Ada',
  });
  expect(echo!.key).toBe(bubbleOf({ ...said(9, 0, 'agent'), id: 'mine' }).key);
});

test('Times, spans, sizes and counts are short and plain.', () => {
  expect([0, 5, 200, 3000].map((minutes) => agoOf(NOON - minutes * MINUTE, NOON))).toEqual([
    'now',
    '5 m',
    '3 h',
    '2 d',
  ]);
  expect([38_000, 12 * MINUTE, 185 * MINUTE].map(spanOf)).toEqual(['38 s', '12 min', '3 h 5 min']);
  expect(dayOf(NOON - 1440 * MINUTE, NOON)).toBe('Yesterday');
  expect([512, 84_213, 1_234_567].map(sizeOf)).toEqual(['512 B', '84 kB', '1.2 MB']);
  expect([27, 1234, 100_000].map(compactOf)).toEqual(['27', '1.2k', '100k']);
});

test('What is a year old or more says its year.', () => {
  const then = new Date(2024, 10, 14).getTime();
  expect([agoOf(then, NOON), dateOf(then, NOON)]).toEqual(['Nov 2024', '14 Nov 2024']);
  expect(dateOf(new Date(2026, 0, 3).getTime(), NOON)).toBe('3 Jan');
});
