import { expect, test } from 'vitest';
import type { Delivery, Entry } from '../../client/frames';
import { NO_MARKS } from '../../client/thread';
import { deliveryOf, tickOf, tickWords } from './delivery';

const sent = (delivery?: Delivery): Entry => ({
  seq: 3,
  kind: 'message',
  by: 'agent',
  at: 1,
  via: 'whatsapp',
  ...(delivery ? { delivery } : {}),
});
const none = new Map<number, Delivery>();
const marks = { ...NO_MARKS, customer: { delivered: 9, read: 9 } };

test('A message over a channel has the channel’s ticks and not the customer’s marks.', () => {
  const state = (entry: Entry, newer = none) => tickOf(entry, deliveryOf(entry, newer), marks);
  expect(state(sent())).toBe('waiting');
  expect(state(sent({ state: 'sent', at: 5 }))).toBe('stored');
  expect(state(sent({ state: 'sent', at: 5 }), new Map([[3, { state: 'read', at: 6 }]]))).toBe('read');
  expect(state(sent({ state: 'failed', at: 5, error: 'No.' }))).toBe('failed');
  const { via: _via, ...plain } = sent();
  expect(state(plain)).toBe('read');
});

test('The words name the channel, and when a message was read.', () => {
  const now = new Date(2026, 2, 2, 12).getTime();
  expect(tickWords('stored', { label: 'WhatsApp', now })).toBe('WhatsApp has it, not delivered yet');
  expect(tickWords('read', { readAt: now, now })).toBe('Read Today, 12:00');
});
