import { expect, test } from 'vitest';
import type { Entry } from '../../../client/frames';
import { queue } from '../../../client/pending';
import { linesOf } from './lines';

const noon = new Date(2026, 0, 5, 12).getTime();
const minute = 60_000;

function message(seq: number, by: Entry['by'], at: number, more: Partial<Entry> = {}): Entry {
  return { seq, kind: 'message', by, at, text: String(seq), ...more };
}
const shape = (entries: Entry[], echoes = queue([], { t: 'send', id: 'x', c: 1 }, 0).slice(1)) =>
  linesOf(entries, echoes).map((line) => (line.is === 'group' ? line.items.length : line.is));

test('Messages of one side close in time stand together; another side, an event or a pause parts them.', () => {
  const talk = [
    message(1, 'customer', noon),
    message(2, 'customer', noon + minute),
    message(3, 'agent', noon + 2 * minute, { name: 'Ada' }),
    message(4, 'agent', noon + 3 * minute, { name: 'Ben' }),
    message(5, 'customer', noon + 4 * minute),
    message(6, 'customer', noon + 30 * minute),
    { seq: 7, kind: 'event', by: 'system', at: noon + 31 * minute, event: { name: 'closed' } } as Entry,
  ];
  expect(shape(talk)).toEqual(['day', 2, 1, 1, 1, 1, 'event']);
});

test('Each day begins with its name, also when clocks of servers disagree at midnight.', () => {
  const day = 24 * 60 * minute;
  const lines = linesOf(
    [message(1, 'agent', noon), message(2, 'agent', noon + day), message(3, 'agent', noon)],
    [],
  );
  expect(lines.filter((line) => line.is === 'day')).toHaveLength(3);
  expect(new Set(lines.map((line) => line.key)).size).toBe(lines.length);
});

test('An echo and the entry it becomes are the same line on the screen.', () => {
  const echo = queue([], { t: 'send', id: 'mine', c: 1, text: 'Hi' }, noon);
  const before = linesOf([], echo).at(-1);
  const after = linesOf([message(1, 'customer', noon, { id: 'mine', text: 'Hi' })], []).at(-1);
  expect(after?.key).toBe(before?.key);
});
