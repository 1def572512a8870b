import { expect, test } from 'vitest';
import type { Entry } from './frames';
import { queue } from './pending';
import * as t from './thread';

function entry(seq: number, more: Partial<Entry> = {}): Entry {
  return { seq, kind: 'message', by: 'customer', at: seq * 1000, text: `number ${seq}`, ...more };
}
const seqs = (thread: t.Thread) => thread.entries.map((one) => one.seq);

test('Entries in any order, some twice, give one list in order.', () => {
  let thread = t.emptyThread('staff');
  for (const seq of [3, 1, 2, 3, 1]) thread = t.merge(thread, [entry(seq)]);
  expect(seqs(thread)).toEqual([1, 2, 3]);
});

test('Staff see a missing number as a hole until it is filled.', () => {
  let thread = t.merge(t.emptyThread('staff'), [entry(4), entry(5), entry(7)]);
  expect([t.complete(thread), t.hole(thread), t.head(thread)]).toEqual([5, 5, 7]);
  thread = t.merge(thread, [entry(6)]);
  expect([t.complete(thread), t.hole(thread)]).toEqual([7, null]);
});

test('A visitor sees numbers skip without a hole, and a hole when the one before is missing.', () => {
  let thread = t.merge(t.emptyThread('visitor'), [entry(1, { prev: 0 }), entry(4, { prev: 1 })]);
  expect(t.hole(thread)).toBeNull();
  thread = t.merge(thread, [entry(9, { prev: 6 })]);
  expect(t.hole(thread)).toBe(4);
  expect(t.hole(t.merge(thread, [entry(6, { prev: 4 })]))).toBeNull();
});

test('Ticks follow the other side: stored, delivered, read, never back.', () => {
  let thread = t.merge(t.emptyThread('staff'), [entry(1, { by: 'agent' }), entry(2, { by: 'agent' })]);
  const ticks = () => thread.entries.map((one) => t.tick(one, thread.marks));
  expect(ticks()).toEqual(['stored', 'stored']);
  thread = t.mark(thread, { by: 'customer', delivered: 2, read: 1, at: 9000 });
  expect(ticks()).toEqual(['read', 'delivered']);
  thread = t.mark(thread, { by: 'customer', delivered: 1, read: 0, at: 9500 });
  expect(ticks()).toEqual(['read', 'delivered']);
  expect(thread.entries.map((one) => one.read_at)).toEqual([9000, undefined]);
});

test('An own message is shown as an echo until its entry lands, then once.', () => {
  const line = queue([], { t: 'send', id: 'mine', c: 5, text: 'Hi' }, 0);
  const thread = t.emptyThread('visitor');
  expect(t.echoes(thread, 5, line)).toHaveLength(1);
  expect(t.echoes(thread, 6, line)).toHaveLength(0);
  expect(t.echoes(t.merge(thread, [entry(1, { id: 'mine' })]), 5, line)).toHaveLength(0);
});
