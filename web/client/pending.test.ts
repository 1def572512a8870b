import { expect, test } from 'vitest';
import type { Send, Start } from './frames';
import * as p from './pending';

const hi: Send = { t: 'send', id: 'hi', c: 7, text: 'Hi' };
const more: Send = { t: 'send', id: 'more', c: 7, text: 'More' };
const elsewhere: Send = { t: 'send', id: 'elsewhere', c: 8, text: 'Hello' };
const start: Start = { t: 'start', id: 'start', text: 'Help' };

function line(...frames: p.Pending['frame'][]): p.Line {
  return frames.reduce<p.Line>((out, frame) => p.queue(out, frame, 0), []);
}
const ids = (items: p.Line) => items.map((item) => item.frame.id);

test('One message of a conversation is in flight at a time, so they arrive in the order written.', () => {
  let out = line(hi, more, elsewhere);
  expect(ids(p.due(out, 0))).toEqual(['hi', 'elsewhere']);
  out = p.sent(out, 'hi', 0);
  expect(ids(p.due(out, 1))).toEqual(['elsewhere']);
  expect(ids(p.due(p.acked(out, { id: 'hi', c: 7 }), 1))).toEqual(['more', 'elsewhere']);
});

test('A message without an answer is sent again under the same id.', () => {
  const out = p.sent(line(hi), 'hi', 0);
  expect(p.due(out, p.ANSWER_WITHIN - 1)).toEqual([]);
  expect(p.due(out, p.ANSWER_WITHIN)[0]?.frame).toEqual(hi);
  expect(p.nextDue(out, 0)).toBe(p.ANSWER_WITHIN);
});

test('A refusal with "retry" waits as long as the server asked.', () => {
  const out = p.nacked(p.sent(line(hi), 'hi', 0), { id: 'hi', code: 'busy', text: 'Busy', retry: 2000 }, 10);
  expect(p.due(out, 2009)).toEqual([]);
  expect(ids(p.due(out, 2010))).toEqual(['hi']);
});

test('A refusal for good is kept as failed with its text and does not hold up the next message.', () => {
  const out = p.nacked(line(hi, more), { id: 'hi', code: 'closed', text: 'It is closed.' }, 0);
  expect(out[0]).toMatchObject({ state: 'failed', error: { code: 'closed', text: 'It is closed.' } });
  expect(ids(p.due(out, 0))).toEqual(['more']);
  expect(ids(p.due(p.retry(out, 'hi'), 0))).toEqual(['hi']);
});

test('What was in flight when the line was cut goes out again at once.', () => {
  expect(ids(p.due(p.cut(p.sent(line(hi), 'hi', 0)), 1))).toEqual(['hi']);
});

test('Messages behind a start wait for its answer and then go to the conversation it made.', () => {
  let out = line(start, { t: 'send', id: 'next', c: null, text: 'And?' });
  expect(ids(p.due(out, 0))).toEqual(['start']);
  out = p.acked(p.sent(out, 'start', 0), { id: 'start', c: 12 });
  expect(p.due(out, 0)[0]?.frame).toEqual({ t: 'send', id: 'next', c: 12, text: 'And?' });
});

test('Queueing the same id twice keeps one; more than the limit is refused by name.', () => {
  expect(line(hi, hi)).toHaveLength(1);
  let out: p.Line = [];
  for (let n = 0; n < p.MAX_PENDING; n++) out = p.queue(out, { ...hi, id: `m${n}` }, 0);
  expect(() => p.queue(out, hi, 0)).toThrow(`more than ${p.MAX_PENDING}`);
});
