import { expect, test } from 'vitest';
import type { Entry, Row } from '../../client/frames';
import { agoOf, compactOf, dayOf, sizeOf, spanOf } from './format';
import { bubbleOf, echoBubbles, itemsOf } from './groups';
import { comesBefore, tabOf } from './placement';
import { keepPlace, ROW, visible } from './window';

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

test('Live is ordered by the customer’s last message or by the start; ties by number.', () => {
  const old = row({ id: 1, created_at: 1, last_customer_at: 50 });
  const young = row({ id: 2, created_at: 2, last_customer_at: 40 });
  expect(comesBefore('live', 'activity', old, young)).toBe(true);
  expect(comesBefore('live', 'new', old, young)).toBe(false);
  expect(comesBefore('live', 'new', row({ id: 9 }), row({ id: 8 }))).toBe(true);
});

test('Only the rows around the window are drawn.', () => {
  expect(visible(0, 720, 100_000)).toEqual({ from: 0, to: 16 });
  expect(visible(50_000 * ROW, 720, 100_000)).toEqual({ from: 49_994, to: 50_016 });
  expect(visible(0, 720, 3)).toEqual({ from: 0, to: 3 });
});

test('The place is kept when something comes in above, also when the first visible row is what moved.', () => {
  const before = ['a', 'b', 'c', 'd', 'e'];
  expect(keepPlace(before, ['new', ...before], 2 * ROW)).toBe(ROW);
  expect(keepPlace(before, ['c', 'a', 'b', 'd', 'e'], 2 * ROW)).toBe(0);
  expect(keepPlace(before, before.slice(1), 2 * ROW)).toBe(-ROW);
  expect(keepPlace(before, ['new', ...before], 0)).toBe(0);
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
